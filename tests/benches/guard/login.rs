//! A session that is fresh for the whole run, from a real login.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http::request::Parts;
use maestrano::config::Settings;
use maestrano::{EnvironmentSecret, Login, Maestrano, PartnerApp, SignIn};
use maestrano_conformance::browser::{Browser, Network, Request, Trail};
use maestrano_conformance::world::{JOHN, SECRET};
use maestrano_sandbox::{Options, Running};

/// A platform that wants to be asked about a session in a quarter of an hour.
pub(crate) async fn platform() -> Running {
    let recheck = Duration::from_secs(15 * 60);
    maestrano_conformance::world::platform(Options::default().recheck(recheck)).await
}

/// An application without pages.
pub(crate) async fn maestrano(platform: &Running) -> Maestrano {
    let environment = platform.environment();
    let settings = Settings::new()
        .developer_platform(platform.url())
        .api_path("/api/config/v1")
        .environment(&environment.name)
        .credentials(&environment.key, &EnvironmentSecret::new(SECRET));
    Maestrano::from_settings(settings).app(App).connect().await.unwrap()
}

/// Signs in at the application that this server is a part of, and gives the cookie as a browser sends it.
pub(crate) async fn session_cookie(server: SocketAddr) -> String {
    let mut network = Network::new();
    network.lead("localhost:3000", server);
    let browser = Browser::new(&network, &Trail::default());
    let mut tab = browser.tab();
    // The sandbox knows the application under this address.
    tab.open("http://localhost:3000/guarded/still").await;
    let form = tab.page().forms().into_iter().find(|form| form.asks_for("password")).unwrap();
    let form = form.fill_kind("email", JOHN.email).fill_kind("password", JOHN.password);
    tab.go(Request::submitted(tab.page(), &form).by_person()).await;
    assert_eq!((tab.page().url.path(), tab.page().status.as_u16()), ("/guarded/still", 200));
    let jar = browser.jar();
    let session = jar.all().iter().find(|cookie| cookie.name.contains("mno_session")).unwrap();
    format!("{}={}", session.name, session.value)
}

struct App;

impl PartnerApp for App {
    type Error = Infallible;

    async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, Self::Error> {
        Ok(SignIn::Allow)
    }
}

//! The stage of a case: a platform of its own at 127.0.0.1, the application at localhost, people and browsers.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use maestrano_sandbox::{Options, Running, Sandbox, Seed};
use time::OffsetDateTime;
use url::{Position, Url};

use crate::browser::{Browser, Context, Kept, Network, Page, Request, Tab, Trail};
use crate::process::Process;
use crate::subject::Subject;

/// The marketplace of a world with one.
pub const MARKETPLACE: &str = "maestrano-local";

/// The secret with which the application reads its configuration.
pub const SECRET: &str = "sandbox-environment-secret-of-this-machine";

/// Somebody with an account at the platform.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The platform's id.
    pub uid: &'static str,
    /// What is typed in.
    pub email: &'static str,
    /// What is typed in, too.
    pub password: &'static str,
}

/// Admin of `cld-1`.
pub const JOHN: Person = Person { uid: "usr-1", email: "john.doe@example.com", password: "john-password" };

/// Member of `cld-1` and of `cld-2`.
pub const JANE: Person = Person { uid: "usr-2", email: "jane.roe@example.com", password: "jane-password" };

/// Member of nothing.
pub const NORA: Person = Person { uid: "usr-3", email: "nora.newman@example.com", password: "nora-password" };

/// What a case wants otherwise than usual.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The marketplaces.
    pub marketplaces: &'static [&'static str],
    /// What the platform holds, as JSON, instead of the usual people and groups at those marketplaces.
    pub seed: Option<String>,
    /// How long a session goes unasked.
    pub recheck: Duration,
    /// The application's address as the platform knows it, when a proxy stands before it; else localhost.
    pub proxy: Option<String>,
    /// Variables of the application, beside or instead of the usual ones.
    pub variables: Vec<(&'static str, String)>,
}

/// A platform, an application, and what happened between them. Its trail and log are printed when a case fails.
#[derive(Debug)]
pub struct World {
    sandbox: Running,
    subject: Subject,
    variables: Vec<(&'static str, String)>,
    app: Process,
    address: Url,
    port: u16,
    trail: Trail,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            marketplaces: &[MARKETPLACE],
            seed: None,
            recheck: Duration::from_secs(180),
            proxy: None,
            variables: Vec::new(),
        }
    }
}

impl World {
    /// The usual world.
    pub async fn new(subject: &Subject) -> Self {
        Self::with(subject, Setting::default()).await
    }

    /// A world with a setting.
    ///
    /// # Panics
    ///
    /// When the sandbox or the application does not start.
    pub async fn with(subject: &Subject, setting: Setting) -> Self {
        loop {
            let port = free_port();
            let address = setting.proxy.clone().unwrap_or_else(|| format!("http://localhost:{port}"));
            let seed = match &setting.seed {
                Some(json) => Seed::from_json(json).unwrap_or_else(|error| panic!("{error}: {json}")),
                None => Seed::with_marketplaces(setting.marketplaces),
            };
            let seed = seed.app_host(&address);
            let address = Url::parse(&address).unwrap_or_else(|error| panic!("{address}: {error}"));
            let sandbox = platform(Options::default().seed(seed).recheck(setting.recheck)).await;
            let mut variables = variables(&sandbox, port);
            variables.extend(setting.variables.iter().cloned());
            if let Some(app) = start(subject, &variables).await {
                let (subject, trail) = (subject.clone(), Trail::default());
                return Self { sandbox, subject, variables, app, address, port, trail };
            }
        }
    }

    /// Starts another process of the application, with the same variables at a port of its own.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub(crate) async fn another(&self) -> (Process, u16) {
        loop {
            let port = free_port();
            let mut variables = self.variables.clone();
            variables.push(("PORT", port.to_string()));
            if let Some(app) = start(&self.subject, &variables).await {
                return (app, port);
            }
        }
    }

    /// Makes the application's name lead to another port of this machine from now on.
    pub(crate) fn enter_at(&mut self, port: u16) {
        self.port = port;
    }

    /// Kills the application as a crash does, and starts it again at the same place.
    ///
    /// # Panics
    ///
    /// When it does not come back.
    pub async fn crash(&mut self) {
        self.app.kill().await;
        let mut app = self.subject.start(&self.variables);
        assert!(Subject::listens(&mut app).await, "the application does not come back:\n{}", app.log());
        self.app = app;
    }

    /// The platform, to be told what to do.
    pub fn sandbox(&self) -> &Running {
        &self.sandbox
    }

    /// An address at the application.
    #[must_use]
    pub fn app(&self, path: &str) -> String {
        format!("{}{path}", self.address.origin().ascii_serialization())
    }

    /// An address at the platform.
    #[must_use]
    pub fn platform(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    /// What the application has written.
    #[must_use]
    pub fn log(&self) -> String {
        self.app.log()
    }

    /// Waits until the application has written `text`, and gives the line it stands in.
    ///
    /// # Panics
    ///
    /// When it never does.
    pub async fn log_line(&mut self, text: &str) -> String {
        assert!(self.app.writes(text).await, "the application ended without a word about `{text}`");
        self.app.log().lines().find(|line| line.contains(text)).unwrap_or_default().to_owned()
    }

    /// How much memory the application holds now, in bytes; `None` where the system does not say.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.app.memory()
    }

    /// The application's process.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.app
    }

    /// A browser as new.
    #[must_use]
    pub fn browser(&self) -> Browser {
        self.browser_for(&[])
    }

    /// A browser as new that finds the applications of other worlds too.
    #[must_use]
    pub fn browser_for(&self, others: &[&Self]) -> Browser {
        let mut network = self.network();
        for other in others {
            other.lead(&mut network, other.port);
        }
        Browser::new(&network, &self.trail)
    }

    /// Fills in the platform's sign-in page, which the tab shows, or else its front page does.
    ///
    /// # Panics
    ///
    /// When there is no such page.
    pub async fn sign_in<'a>(&self, tab: &'a mut Tab, person: &Person) -> &'a Page {
        let _ = self.sign_in_until_pause(tab, person).await;
        tab.page()
    }

    /// As [`World::sign_in`], and gives the request that the tab paused before.
    ///
    /// # Panics
    ///
    /// When there is no sign-in page.
    pub async fn sign_in_until_pause(&self, tab: &mut Tab, person: &Person) -> Option<Request> {
        let form = tab.page().forms().into_iter().find(|form| form.asks_for("password"));
        let form = form.unwrap_or_else(|| panic!("no sign-in form here: {}", tab.page().text()));
        let form = form.fill_kind("email", person.email).fill_kind("password", person.password);
        let request = Request::submitted(tab.page(), &form).by_person();
        tab.go(request).await
    }

    /// A tab of a new browser in which the person has signed in to the application, in `cld-1` if there is a
    /// choice. It shows `/me`.
    pub async fn signed_in(&self, person: &Person) -> Tab {
        let mut tab = self.browser().tab();
        tab.open(&self.app("/me")).await;
        self.sign_in(&mut tab, person).await;
        if tab.page().url.as_str().starts_with(self.sandbox.url()) {
            tab.click_to("group_id=cld-1").await;
        }
        assert_eq!(tab.page().url.path(), "/me", "{}", tab.page().text());
        tab
    }

    /// A login up to the moment when the platform's answer is about to be posted to the application. The request
    /// can be sent by any browser.
    ///
    /// # Panics
    ///
    /// When it does not come so far.
    pub async fn response_for(&self, tab: &mut Tab, start: &str) -> Request {
        tab.pause_before("/consume");
        let start = Url::parse(&self.app(start)).unwrap_or_else(|error| panic!("{start}: {error}"));
        if let Some(request) = tab.go(Request::typed(start)).await {
            return request;
        }
        let request = self.sign_in_until_pause(tab, &JOHN).await;
        request.unwrap_or_else(|| panic!("no response arrives: {}", tab.page().text()))
    }

    /// The port of this machine where the application's name leads: the application's own, or that of a proxy.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the application's name leads.
    pub(crate) fn network(&self) -> Network {
        self.network_to(self.port)
    }

    /// As if the application's name led to that port of this machine.
    pub(crate) fn network_to(&self, port: u16) -> Network {
        let mut network = Network::new();
        self.lead(&mut network, port);
        network
    }

    fn lead(&self, network: &mut Network, port: u16) {
        let host = &self.address[Position::BeforeHost..Position::AfterPort];
        network.lead(host, (Ipv4Addr::LOCALHOST, port).into());
    }

    /// The session cookie of a browser, if it has one.
    #[must_use]
    pub fn session_cookie(&self, browser: &Browser) -> Option<Kept> {
        browser.jar().all().iter().find(|cookie| cookie.name.contains("mno_session")).cloned()
    }

    /// The application's cookies of a browser, as they stand in a header; empty when there are none.
    #[must_use]
    pub fn cookies(&self, browser: &Browser) -> String {
        let jar = browser.jar();
        let cookies = jar.send(&self.address, Context::SameSite, OffsetDateTime::now_utc());
        let pairs: Vec<_> =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        pairs.join("; ")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "--- what the browsers did\n{}--- what the application wrote\n{}",
                self.trail,
                self.log()
            );
        }
    }
}

/// Starts the application; none when somebody else has taken its port since it was found free.
///
/// # Panics
///
/// When it does not start for another reason.
async fn start(subject: &Subject, variables: &[(&'static str, String)]) -> Option<Process> {
    let mut app = subject.start(variables);
    if Subject::listens(&mut app).await {
        return Some(app);
    }
    assert!(app.log().contains("in use"), "the application does not start:\n{}", app.log());
    None
}

/// A sandbox with these options.
///
/// # Panics
///
/// When it does not start.
pub async fn platform(options: Options) -> Running {
    Sandbox::start(options).await.unwrap_or_else(|error| panic!("the sandbox does not start: {error}"))
}

/// The variables an application at this port is started with.
#[must_use]
pub fn variables(sandbox: &Running, port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("HOST", "127.0.0.1".to_owned()),
        ("PORT", port.to_string()),
        ("MNO_DEVPL_HOST", sandbox.url().to_owned()),
        ("MNO_DEVPL_API_PATH", "/api/config/v1/marketplaces".to_owned()),
        ("MNO_DEVPL_ENV_NAME", "sandbox".to_owned()),
        ("MNO_DEVPL_ENV_KEY", "sandbox-environment-key".to_owned()),
        ("MNO_DEVPL_ENV_SECRET", SECRET.to_owned()),
    ]
}

/// A port that is free right now.
///
/// # Panics
///
/// When the system has none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.unwrap_or_else(|error| panic!("there is no free port: {error}")).port()
}

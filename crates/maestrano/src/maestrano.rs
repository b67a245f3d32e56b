//! The library as one value, and how to make it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};

use crate::app::{AnyApp, PartnerApp};
use crate::clock::{Clock, SystemClock};
use crate::config::{Configuration, Plan, Settings};
#[cfg(feature = "reqwest")]
use crate::error::chain;
use crate::error::{Error, Problem, Problems};
use crate::memory::{InProcess, Memory};
use crate::seal::Seal;
use crate::session::Session;
use crate::sso::{Health, Platform, Sso};
use crate::transport::Transport;
use crate::web::{self, Arrival, Denied, GuardedRequest, RequestBody, Site};

/// Maestrano in one value: cheap to clone, shared by all who answer requests.
///
/// An adapter calls two functions of it, and decides nothing itself: [`handle`](Self::handle) answers every
/// request below the mount (`/maestrano`), [`check`](Self::check) stands before every other page.
#[derive(Clone)]
pub struct Maestrano {
    shared: Arc<Shared>,
}

struct Shared {
    plan: Plan,
    site: ArcSwap<Site>,
    arrival: Arrival,
    sso: Sso,
    transport: Arc<dyn Transport>,
    clock: Box<dyn Clock>,
}

impl Maestrano {
    /// Begins with the settings of the environment (`MNO_DEVPL_HOST`, `MNO_DEVPL_API_PATH`,
    /// `MNO_DEVPL_ENV_NAME`, `MNO_DEVPL_ENV_KEY`, `MNO_DEVPL_ENV_SECRET`, `MNO_COOKIE_KEY`,
    /// `MNO_DEFAULT_MARKETPLACE`). Cannot fail; [`Builder::connect`] says what is missing.
    pub fn from_env() -> Builder {
        Self::from_settings(Settings::from_env())
    }

    /// Begins with a TOML, YAML or JSON file; the environment wins over it.
    pub fn from_file(path: impl AsRef<Path>) -> Builder {
        Self::from_settings(Settings::from_file(path.as_ref()))
    }

    /// Begins with settings made in code.
    pub fn from_settings(settings: Settings) -> Builder {
        Builder {
            settings,
            app: None,
            memory: Arc::new(InProcess::default()),
            transport: None,
            clock: Box::new(SystemClock),
            arrival: Arrival::default(),
        }
    }

    /// Answers a request below the mount: starts and finishes logins, signs out, takes webhooks.
    ///
    /// `request.uri()` holds the whole path as the browser sees it, also where the application is mounted
    /// under a prefix. Its body is read only for a route that takes one, for webhooks only after the credentials
    /// were right, and within 15 seconds.
    pub async fn handle(&self, request: Request<impl RequestBody>) -> Response<Bytes> {
        let Shared { site, sso, clock, .. } = &*self.shared;
        web::handle(&site.load_full(), sso, request, clock.now()).await
    }

    /// The session of a request.
    ///
    /// # Errors
    /// When nobody is signed in, when the session has ended, or when the platform has been out of reach for
    /// too long. The error already is the answer.
    pub async fn check(&self, request: &impl GuardedRequest) -> Result<Session, Denied> {
        let Shared { site, sso, clock, .. } = &*self.shared;
        web::check(&site.load_full(), sso, request, clock.now()).await
    }

    /// Fetches the marketplaces again and swaps them in as a whole. Sessions and begun logins go on; those of
    /// a marketplace that is gone end at their recheck.
    ///
    /// # Errors
    /// As [`Builder::connect`]. What was in force stays in force.
    pub async fn refresh(&self) -> Result<(), Error> {
        let configuration = self.shared.plan.load(self.shared.transport.as_ref()).await?;
        self.shared.site.store(Arc::new(Site::new(configuration, self.shared.arrival)));
        Ok(())
    }

    /// How the library is doing, for the application's health page. Asks nobody.
    #[must_use]
    pub fn health(&self) -> Health {
        let site = self.shared.site.load();
        let mut health = self.shared.sso.health();
        let is_configured =
            |platform: &Platform| site.configuration.marketplace(platform.marketplace.as_str()).is_some();
        health.platforms.retain(is_configured);
        health
    }

    /// What is in force: the marketplaces and the rules.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        self.shared.site.load().configuration.clone()
    }

    /// A path that signs this session out when somebody follows it, such as `/maestrano/logout?token=…`. A
    /// form that posts to `/maestrano/logout` needs no token.
    #[must_use]
    pub fn logout_path(&self, session: &Session) -> String {
        web::logout_path(&self.shared.site.load(), session)
    }
}

impl fmt::Debug for Maestrano {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.shared.site.load();
        let names: Vec<_> = site.configuration.marketplaces().map(|market| market.name().as_str()).collect();
        formatter.debug_struct("Maestrano").field("marketplaces", &names).finish_non_exhaustive()
    }
}

/// What is needed to begin.
#[must_use = "nothing happens before connect()"]
pub struct Builder {
    settings: Settings,
    app: Option<Box<dyn AnyApp>>,
    memory: Arc<dyn Memory>,
    transport: Option<Arc<dyn Transport>>,
    clock: Box<dyn Clock>,
    arrival: Arrival,
}

impl Builder {
    /// The application: what happens when somebody signs in. It must be given.
    pub fn app(self, app: impl PartnerApp) -> Self {
        Self { app: Some(Box::new(app)), ..self }
    }

    /// Where spent logins and ended sessions are remembered. [`InProcess`] by default; an application of more
    /// than one process gives all of them a memory that they share.
    pub fn memory(self, memory: impl Memory) -> Self {
        Self { memory: Arc::new(memory), ..self }
    }

    /// How requests leave the process. By default reqwest with rustls (feature `reqwest`).
    pub fn transport(self, transport: impl Transport) -> Self {
        Self { transport: Some(Arc::new(transport)), ..self }
    }

    /// What time it is. By default the machine's clock.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// How a browser arrives at the application after a login: by a redirect, unless the application's own
    /// cookie is `SameSite=Strict`.
    pub fn arrival(self, arrival: Arrival) -> Self {
        Self { arrival, ..self }
    }

    /// Checks the settings, fetches the marketplaces from the developer platform, and is ready.
    ///
    /// Whoever calls [`Maestrano`] inside a tokio runtime has its timer enabled, as `#[tokio::main]`, actix-web
    /// and Rocket do.
    ///
    /// # Errors
    /// [`Error::Settings`] with everything that is wrong or missing, at once; [`Error::Refused`] when the
    /// developer platform says no, [`Error::Unreachable`] when it cannot be asked.
    pub async fn connect(self) -> Result<Maestrano, Error> {
        let Self { settings, app, memory, transport, clock, arrival } = self;
        let mut problems = Vec::new();
        if app.is_none() {
            problems.push(Problem::new("app", "is missing: say what happens at a sign-in with .app(…)"));
        }
        let transport = match transport.map_or_else(default_transport, Ok) {
            Ok(transport) => Some(transport),
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        let plan = match settings.plan() {
            Ok(plan) => Some(plan),
            Err(Error::Settings(found)) => {
                problems.extend(found);
                None
            }
            Err(other) => return Err(other),
        };
        let (Some(app), Some(transport), Some(plan)) = (app, transport, plan) else {
            return Err(Error::Settings(Problems::from(problems)));
        };
        let rules = plan.rules();
        let seal = Seal::new(rules.cookie_keys()).map_err(|broken| Error::App(Box::new(broken)))?;
        let configuration = plan.load(transport.as_ref()).await?;
        configuration.warn_of_dangers();
        let site = ArcSwap::from_pointee(Site::new(configuration, arrival));
        let sso = Sso::new(plan.rules(), app, memory, Arc::clone(&transport), seal, clock.now());
        Ok(Maestrano { shared: Arc::new(Shared { plan, site, arrival, sso, transport, clock }) })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<Arc<dyn Transport>, Problem> {
    match crate::transport::Reqwest::new() {
        Ok(reqwest) => Ok(Arc::new(reqwest)),
        Err(error) => {
            Err(Problem::new("transport", format!("cannot be made by default ({}): give one", chain(&error))))
        }
    }
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<Arc<dyn Transport>, Problem> {
    Err(Problem::new("transport", "is missing: give one, or turn the feature `reqwest` on"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::request::Parts;
    use serde_json::{Value, json};

    use super::*;
    use crate::login::Login;
    use crate::secret::EnvironmentSecret;
    use crate::transport::{Limits, Sending};
    use crate::web::Body;

    struct Crm;

    impl PartnerApp for Crm {
        type Error = std::convert::Infallible;

        async fn sign_in(&self, _: &Login, _: &Parts) -> Result<crate::SignIn, Self::Error> {
            Ok(crate::SignIn::Allow)
        }
    }

    /// A developer platform that tells of these marketplaces; of none at all, when the value is no list.
    #[derive(Clone, Debug)]
    struct DeveloperPlatform(Arc<Mutex<Value>>);

    impl Transport for DeveloperPlatform {
        fn send<'a>(&'a self, _: Request<Bytes>, _: Limits) -> Sending<'a> {
            let body = json!({ "marketplaces": *self.0.lock().unwrap() }).to_string();
            Box::pin(async { Ok(Response::new(Bytes::from(body))) })
        }
    }

    fn entry(name: &str) -> Value {
        json!({
            "marketplace": name,
            "app": {"host": "https://crm.example.com"},
            "api": {"id": "app-1", "key": "key", "host": "https://hub.example.com"},
            "sso": {"idp": "https://hub.example.com",
                    "x509_certificate": include_str!("config/fixtures/platform.pem")},
            "connec": {"host": "https://connec.example.com"},
        })
    }

    fn settings() -> Settings {
        let secret = EnvironmentSecret::new("s".repeat(32));
        Settings::new().developer_platform("https://developer.example.com").credentials("key", &secret)
    }

    async fn status(mno: &Maestrano, path: &str) -> u16 {
        let request = Request::get(path).body(Body::Whole(Bytes::new())).unwrap();
        mno.handle(request).await.status().as_u16()
    }

    #[tokio::test]
    async fn a_refresh_swaps_the_marketplaces_and_a_failed_one_keeps_them() {
        let told = Arc::new(Mutex::new(json!([entry("one")])));
        let builder =
            Maestrano::from_settings(settings()).app(Crm).transport(DeveloperPlatform(told.clone()));
        let mno = builder.connect().await.unwrap();
        let clone = mno.clone();
        let init = ["/maestrano/auth/saml/init/one", "/maestrano/auth/saml/init/two"];
        assert_eq!((status(&clone, init[0]).await, status(&clone, init[1]).await), (303, 404));

        *told.lock().unwrap() = json!([entry("two")]);
        mno.refresh().await.unwrap();
        assert_eq!((status(&clone, init[0]).await, status(&clone, init[1]).await), (404, 303));
        assert!(mno.configuration().marketplace("two").is_some());

        for wrong in [json!("none"), json!([entry("a b")]), json!([])] {
            *told.lock().unwrap() = wrong;
            assert!(mno.refresh().await.is_err());
            assert_eq!((status(&clone, init[0]).await, status(&clone, init[1]).await), (404, 303));
        }
    }

    #[tokio::test]
    async fn all_that_is_missing_is_said_at_once() {
        let error = Maestrano::from_settings(Settings::new()).connect().await.unwrap_err().to_string();
        for setting in ["app: ", "MNO_DEVPL_HOST", "MNO_DEVPL_ENV_KEY", "MNO_DEVPL_ENV_SECRET"] {
            assert!(error.contains(setting), "{setting} in {error}");
        }
    }
}

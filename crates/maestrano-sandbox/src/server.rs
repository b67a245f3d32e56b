use std::{fmt, io, sync::Arc};

use axum::Router;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};

use crate::{
    doors,
    error::Error,
    fault::{Fault, Faults},
    options::{Options, Port},
    platform::{Counter, Keys, Platform, Reach},
    seed::{DEFAULT_PASSWORD, app_host},
    store::{Contents, Environment, Store},
};

/// The stand-in of the platform. [`Sandbox::start`] is all it can do.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sandbox;

/// A sandbox that is listening. Dropping it stops it at once, connections included.
#[must_use = "a sandbox stops when it is dropped"]
pub struct Running {
    platform: Arc<Platform>,
    environment: Environment,
    more_environments: Vec<Environment>,
    accounts: Vec<Account>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

/// An account of the platform, for who wants to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// `usr-1`.
    pub user: String,
    /// First and last name.
    pub name: String,
    /// What to type as e-mail address.
    pub email: String,
    /// What to type as password; `None` when the database was kept from an earlier start.
    pub password: Option<String>,
}

impl Sandbox {
    /// Opens the database, makes the keys that are missing, and listens.
    ///
    /// # Errors
    /// [`Error::Listen`] when the address cannot be had, [`Error::Seed`] when the seed contradicts itself,
    /// [`Error::Recheck`] for an interval below a second, [`Error::Database`] and [`Error::SigningKey`] when data or
    /// keys fail.
    pub async fn start(options: Options) -> Result<Running, Error> {
        let Options { host, port, database, seed, signature, recheck } = options;
        if recheck.as_secs() == 0 {
            return Err(Error::Recheck);
        }
        seed.check()?;
        let listener = listen(&host, port).await?;
        let address =
            listener.local_addr().map_err(|source| Error::Listen { address: host.clone(), source })?;
        let shown = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host };
        let shown = if shown.contains(':') { format!("[{shown}]") } else { shown };

        let passwords: Vec<(String, String)> = seed
            .users
            .iter()
            .map(|user| (user.id.clone(), user.password.as_deref().unwrap_or(DEFAULT_PASSWORD).to_owned()))
            .collect();
        let (store, contents) = Store::open(database, seed).await?;
        let accounts = store.people().await?.into_iter().map(|person| Account {
            name: format!("{} {}", person.name, person.surname),
            email: person.email,
            password: passwords
                .iter()
                .find(|(user, _)| contents == Contents::FromSeed && *user == person.id)
                .map(|(_, password)| password.clone()),
            user: person.id,
        });
        let accounts = accounts.collect();
        let platform = Arc::new(Platform {
            reach: if address.ip().is_loopback() { Reach::Loopback } else { Reach::Network },
            url: format!("http://{shown}:{}", address.port()),
            keys: Keys::of(&store, signature).await?,
            faults: Faults::none(),
            recheck,
            session_checks: Counter::default(),
            configuration_fetches: Counter::default(),
            store,
        });
        let mut more_environments = platform.store.environments().await?;
        if more_environments.is_empty() {
            return Err(Error::Seed { problems: vec!["it names no environment".to_owned()] });
        }
        let environment = more_environments.remove(0);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, doors::router(Arc::clone(&platform)), stopped));
        Ok(Running { platform, environment, more_environments, accounts, stop: Some(stop), server })
    }
}

impl Running {
    /// Where it listens: `http://127.0.0.1:4000`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.platform.url
    }

    /// The environment of the developer platform, for the variables `MNO_DEVPL_ENV_…`; the first when the seed has
    /// several.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Every environment of the developer platform, in the order of the seed.
    pub fn environments(&self) -> impl Iterator<Item = &Environment> {
        std::iter::once(&self.environment).chain(&self.more_environments)
    }

    /// The accounts it started with.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The certificate of a marketplace that verifies its responses, or `None` when there is no such marketplace.
    #[must_use]
    pub fn certificate_pem(&self, marketplace: &str) -> Option<&str> {
        self.platform.keys.certificate_pem(marketplace)
    }

    /// Signs a user out of the platform: the session token changes, so that the next session check says no, and
    /// every browser has to sign in again (session.md 2.6).
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such user, [`Error::Database`] when the database fails.
    pub async fn end_session(&self, user: &str) -> Result<(), Error> {
        let ended = self.platform.store.end_session(user).await?;
        ended.ok_or_else(|| Error::NotFound { kind: "user", id: user.to_owned() })
    }

    /// Moves an app to another address (scheme, host and port): what the configuration says, where tiles lead, and
    /// which ACS URLs are accepted.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such app, [`Error::Seed`] when the address is none,
    /// [`Error::Database`] when the database fails.
    pub async fn set_app_host(&self, app: &str, url: &str) -> Result<(), Error> {
        let host = app_host(url).map_err(|problem| Error::Seed { problems: vec![problem] })?;
        let moved = self.platform.store.set_app_host(app, &host).await?;
        moved.ok_or_else(|| Error::NotFound { kind: "app", id: app.to_owned() })
    }

    /// Commits a fault from now on.
    pub fn commit_fault(&self, fault: Fault) {
        self.platform.faults.commit(fault);
    }

    /// Behaves again. Session checks that hang are answered.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// How many session checks have arrived, faulty ones included.
    #[must_use]
    pub fn session_checks(&self) -> u64 {
        self.platform.session_checks.count()
    }

    /// How many times the configuration has been asked for, faulty and refused ones included.
    #[must_use]
    pub fn configuration_fetches(&self) -> u64 {
        self.platform.configuration_fetches.count()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.server).await;
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Running").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // `serve` owns every connection, so they end with it.
        self.server.abort();
    }
}

/// A response extension: close the connection instead of answering.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CloseConnection;

#[derive(Debug, thiserror::Error)]
#[error("closed without an answer, as told")]
struct Closed;

async fn listen(host: &str, port: Port) -> Result<TcpListener, Error> {
    let (first, last) = match port {
        Port::Any => (0, 0),
        Port::Fixed(port) => (port, port),
        Port::FirstFreeFrom(port) => (port, port.saturating_add(100)),
    };
    let mut refused = None;
    for port in first..=last {
        match TcpListener::bind((host, port)).await {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                let taken = source.kind() == io::ErrorKind::AddrInUse;
                refused = Some(Error::Listen { address: format!("{host}:{port}"), source });
                if !taken {
                    break;
                }
            }
        }
    }
    Err(refused.unwrap_or_else(|| Error::Listen {
        address: format!("{host}:{first}"),
        source: io::ErrorKind::AddrInUse.into(),
    }))
}

async fn serve(listener: TcpListener, router: Router, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn answer(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |request| {
        let answering = hyper::service::Service::call(&router, request);
        async move {
            let Ok(response) = answering.await;
            match response.extensions().get::<CloseConnection>() {
                Some(CloseConnection) => Err(Closed),
                None => Ok(response),
            }
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

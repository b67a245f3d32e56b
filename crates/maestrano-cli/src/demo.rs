//! `maestrano demo`: the platform and the example applications, started together, and what to click.

mod application;
mod build;
mod example;
mod port;
mod progress;
mod ready;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use maestrano_sandbox::{Environment, Options, Port, Running, Sandbox, Seed};
use tokio::sync::mpsc;

use application::{Application, News};
use example::{EXAMPLES, Given};
use progress::{Steps, dim};

/// Starts the platform and the example applications, and says what to click.
#[derive(Debug, clap::Args)]
pub(crate) struct Command {
    /// The platform's port, or the next free one; 0 takes any.
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    platform_port: u16,
    /// The first application's port, or the next free one; the others follow. 0 takes any.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    app_port: u16,
    /// Runs this binary instead of building the example, such as crm-axum=PATH; may be given for each.
    #[arg(long, value_name = "EXAMPLE=PATH")]
    app_binary: Vec<Given>,
    /// Seconds after which an application has to ask whether a session still holds: at most a day.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    recheck: u64,
}

/// Why the demo ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cargo cannot be run")]
    Cargo(#[source] io::Error),
    #[error("the example applications do not build; run the demo inside a checkout. cargo says:\n{0}")]
    Build(String),
    #[error("no ports from {first} on are free: choose another --app-port (0 takes any)")]
    NoPort { first: u16 },
    #[error("the platform does not start")]
    Platform(#[from] maestrano_sandbox::Error),
    #[error("{} cannot be started", binary.display())]
    Start { binary: PathBuf, source: io::Error },
    #[error("{package} has ended by itself ({status}), and the demo with it")]
    Ended { package: &'static str, status: String },
    #[error("{url} does not answer")]
    Silent { url: String, source: io::Error },
    #[error("the applications do not say that they listen")]
    Mute,
}

impl Command {
    /// Runs until Ctrl-C, or until an application ends.
    pub(crate) async fn run(self) -> Result<(), Error> {
        let mut applications = Vec::new();
        let outcome = tokio::select! {
            outcome = self.play(&mut applications) => outcome,
            () = interrupted() => {
                println!("\nStopping.");
                Ok(())
            }
        };
        for application in applications {
            application.stop().await;
        }
        outcome
    }

    /// Starts everything, then passes the applications' logs on. It comes back only when something fails.
    async fn play(self, applications: &mut Vec<Application>) -> Result<(), Error> {
        let mut steps = Steps::of(4);
        let building = match self.app_binary.as_slice() {
            [] => "Building the example applications",
            _ => "Building the example applications that are not given",
        };
        let binaries = steps.step(building, binaries(self.app_binary)).await?;
        let recheck = Duration::from_secs(self.recheck);
        let starting = start_platform(self.platform_port, recheck);
        let platform = steps.step("Starting the platform", starting).await?;
        let (sender, mut news) = mpsc::channel(1024);
        let started = start_applications(binaries, self.app_port, &platform, applications, &sender);
        let addresses = steps.step("Starting the applications", started).await?;
        drop(sender);
        let mut log = Vec::new();
        let answering = ready::all_answer(platform.url(), &addresses, &mut news, &mut log);
        let ready = steps.step("Waiting until all answer", answering).await;
        if ready.is_ok() {
            println!("{}", what_to_click(&platform, &addresses, self.recheck));
        }
        for (package, line) in log {
            show(package, &line);
        }
        ready?;
        while let Some((package, news)) = news.recv().await {
            match news {
                News::Line(line) => show(package, &line),
                News::Ended(status) => return Err(Error::Ended { package, status }),
            }
        }
        Ok(())
    }
}

/// A binary for every example: the given one, or else one that cargo builds; one call of cargo builds all.
async fn binaries(given: Vec<Given>) -> Result<Vec<PathBuf>, Error> {
    let mut found: Vec<Option<PathBuf>> = EXAMPLES
        .iter()
        .map(|example| given.iter().rfind(|given| given.package == example.package))
        .map(|given| given.map(|given| given.binary.clone()))
        .collect();
    let missing = EXAMPLES.iter().zip(&found).filter(|(_, binary)| binary.is_none());
    let missing: Vec<_> = missing.map(|(example, _)| example.package).collect();
    if !missing.is_empty() {
        let built = build::binaries(&missing).await?;
        for (place, binary) in found.iter_mut().filter(|binary| binary.is_none()).zip(built) {
            *place = Some(binary);
        }
    }
    Ok(found.into_iter().flatten().collect())
}

/// The sandbox stands at 127.0.0.1 and the applications at localhost: two sites for a browser, as in real life, so
/// that a mistake with cookies shows here and not at the customer's.
async fn start_platform(port: u16, recheck: Duration) -> Result<Running, Error> {
    let port = if port == 0 { Port::Any } else { Port::FirstFreeFrom(port) };
    let seed = Seed::with_apps(&EXAMPLES.map(|example| example.name));
    Ok(Sandbox::start(Options::default().port(port).seed(seed).recheck(recheck)).await?)
}

/// Starts every example at its port, which the platform is told before, and says where they will be.
async fn start_applications(
    binaries: Vec<PathBuf>,
    first: u16,
    platform: &Running,
    applications: &mut Vec<Application>,
    news: &mpsc::Sender<(&'static str, News)>,
) -> Result<Vec<String>, Error> {
    let ports = port::reserve_each(first, EXAMPLES.len()).ok_or(Error::NoPort { first })?;
    let mut addresses = Vec::new();
    for ((example, binary), (environment, reserved)) in
        EXAMPLES.iter().zip(binaries).zip(platform.environments().zip(ports))
    {
        let port = reserved.port();
        let address = format!("http://localhost:{port}");
        platform.set_app_host(example.app, &address).await?;
        drop(reserved);
        let variables = variables(platform.url(), environment, port);
        applications.push(Application::start(example.package, binary, &variables, news)?);
        addresses.push(address);
    }
    Ok(addresses)
}

fn variables(platform: &str, environment: &Environment, port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("HOST", "localhost".to_owned()),
        ("PORT", port.to_string()),
        ("MNO_DEVPL_HOST", platform.to_owned()),
        ("MNO_DEVPL_API_PATH", "/api/config/v1".to_owned()),
        ("MNO_DEVPL_ENV_NAME", environment.name.clone()),
        ("MNO_DEVPL_ENV_KEY", environment.key.clone()),
        ("MNO_DEVPL_ENV_SECRET", environment.secret.clone()),
    ]
}

fn what_to_click(platform: &Running, addresses: &[String], recheck: u64) -> String {
    let mut text = format!("\nThe platform: open {} and sign in as\n", platform.url());
    for account in platform.accounts() {
        let password = account.password.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        _ = writeln!(text, "    {:<26} {:<18} {}", account.email, password, account.name);
    }
    text.push_str("then click the tile of an application: you are inside. Or begin at an application:\n");
    for (example, address) in EXAMPLES.iter().zip(addresses) {
        _ = writeln!(text, "    {:<26} {address}", example.name);
    }
    _ = write!(
        text,
        "\nSign out at the platform, and every application notices within {recheck} seconds.\n\
         Ctrl-C stops everything.\n"
    );
    text
}

fn show(package: &str, line: &str) {
    println!("{}", dim(&format!("{package} | {line}")));
}

/// Waits for Ctrl-C, or for the end of the terminal.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        if let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

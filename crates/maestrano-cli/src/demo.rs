//! `maestrano demo`: the platform and the example applications, started together, and what to click.

mod application;
mod build;
mod port;
mod progress;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use maestrano_sandbox::{Options, Port, Running, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use application::{Application, News};
use progress::{Steps, dim};

/// Longer than any start takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An example application of this workspace.
struct Example {
    /// Its package and its binary.
    package: &'static str,
    /// What people call it.
    name: &'static str,
    /// Its app at the platform.
    app: &'static str,
}

const EXAMPLES: [Example; 1] = [Example { package: "crm-axum", name: "CRM on axum", app: "app-1" }];

/// Starts the platform and the example application, and says what to click.
#[derive(Debug, clap::Args)]
pub(crate) struct Command {
    /// The platform's port, or the next free one; 0 takes any.
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    platform_port: u16,
    /// The application's port, or the next free one; 0 takes any.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    app_port: u16,
    /// Runs this application instead of building the example.
    #[arg(long, value_name = "PATH")]
    app_binary: Option<PathBuf>,
}

/// Why the demo ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cargo cannot be run")]
    Cargo(#[source] io::Error),
    #[error("the example application does not build; run the demo inside a checkout. cargo says:\n{0}")]
    Build(String),
    #[error("no port from {first} on is free: choose another --app-port (0 takes any)")]
    NoPort { first: u16 },
    #[error("the platform does not start")]
    Platform(#[from] maestrano_sandbox::Error),
    #[error("{} cannot be started", binary.display())]
    Start { binary: PathBuf, source: io::Error },
    #[error("{package} has ended ({status})")]
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
        let binaries = match self.app_binary {
            Some(binary) => steps.step("Taking the given application", async { Ok(vec![binary]) }).await?,
            None => {
                let packages: Vec<_> = EXAMPLES.iter().map(|example| example.package).collect();
                steps.step("Building the example application", build::binaries(&packages)).await?
            }
        };
        let platform = steps.step("Starting the platform", start_platform(self.platform_port)).await?;
        let (sender, mut news) = mpsc::channel(1024);
        let started = start_applications(binaries, self.app_port, &platform, applications, &sender);
        let addresses = steps.step("Starting the example application", started).await?;
        drop(sender);
        let mut log = Vec::new();
        let answering = all_answer(platform.url(), &addresses, &mut news, &mut log);
        let ready = steps.step("Waiting until both answer", answering).await;
        if ready.is_ok() {
            println!("{}", what_to_click(&platform, &addresses));
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

/// The sandbox stands at 127.0.0.1 and the applications at localhost: two sites for a browser, as in real life, so
/// that a mistake with cookies shows here and not at the customer's.
async fn start_platform(port: u16) -> Result<Running, Error> {
    let port = if port == 0 { Port::Any } else { Port::FirstFreeFrom(port) };
    Ok(Sandbox::start(Options::default().port(port)).await?)
}

/// Starts every example at its port, which the platform is told before, and says where they will be.
async fn start_applications(
    binaries: Vec<PathBuf>,
    mut first: u16,
    platform: &Running,
    applications: &mut Vec<Application>,
    news: &mpsc::Sender<(&'static str, News)>,
) -> Result<Vec<String>, Error> {
    let mut addresses = Vec::new();
    for (example, binary) in EXAMPLES.iter().zip(binaries) {
        let reserved = port::reserve(first).ok_or(Error::NoPort { first })?;
        let port = reserved.port();
        first = if first == 0 { 0 } else { port.saturating_add(1) };
        let address = format!("http://localhost:{port}");
        platform.set_app_host(example.app, &address).await?;
        drop(reserved);
        applications.push(Application::start(example.package, binary, &variables(platform, port), news)?);
        addresses.push(address);
    }
    Ok(addresses)
}

fn variables(platform: &Running, port: u16) -> Vec<(&'static str, String)> {
    let environment = platform.environment();
    vec![
        ("HOST", "localhost".to_owned()),
        ("PORT", port.to_string()),
        ("MNO_DEVPL_HOST", platform.url().to_owned()),
        ("MNO_DEVPL_API_PATH", "/api/config/v1".to_owned()),
        ("MNO_DEVPL_ENV_NAME", environment.name.clone()),
        ("MNO_DEVPL_ENV_KEY", environment.key.clone()),
        ("MNO_DEVPL_ENV_SECRET", environment.secret.clone()),
    ]
}

/// Waits until every application has said that it listens, then asks platform and applications for a page. What
/// else the applications say is kept for later.
async fn all_answer(
    platform: &str,
    addresses: &[String],
    news: &mut mpsc::Receiver<(&'static str, News)>,
    log: &mut Vec<(&'static str, String)>,
) -> Result<(), Error> {
    let all_listen = async {
        let mut silent = addresses.len();
        while silent > 0 {
            match news.recv().await {
                Some((_, News::Line(line))) if line.starts_with("listening on ") => silent -= 1,
                Some((package, News::Line(line))) => log.push((package, line)),
                Some((package, News::Ended(status))) => return Err(Error::Ended { package, status }),
                None => return Err(Error::Mute),
            }
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, all_listen).await.map_err(|_| Error::Mute)??;
    answers(platform, "/health").await?;
    for address in addresses {
        answers(address, "/").await?;
    }
    Ok(())
}

/// Asks for a page and is content with 200.
async fn answers(url: &str, path: &str) -> Result<(), Error> {
    let ask = async {
        let authority = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(authority).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        if answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        let answer = String::from_utf8_lossy(&answer);
        Err(io::Error::other(format!("GET {path}: {}", answer.lines().next().unwrap_or("no answer"))))
    };
    let answered =
        tokio::time::timeout(PATIENCE, ask).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    answered.map_err(|source| Error::Silent { url: url.to_owned(), source })
}

fn what_to_click(platform: &Running, addresses: &[String]) -> String {
    let mut text = format!("\nThe platform: open {} and sign in as\n", platform.url());
    for account in platform.accounts() {
        let password = account.password.as_deref().unwrap_or_default();
        // Writing to a String cannot fail.
        _ = writeln!(text, "    {:<26} {:<18} {}", account.email, password, account.name);
    }
    text.push_str("then click the tile of an application: you are inside.\n\n");
    for (example, address) in EXAMPLES.iter().zip(addresses) {
        _ = writeln!(text, "{}: open {address} to begin there instead.", example.name);
    }
    text.push_str("\nSign out at the platform, and the application notices within three minutes.\nCtrl-C stops everything.\n");
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

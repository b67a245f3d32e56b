//! How the program starts and ends: its address, its log, its last words.

use std::error::Error;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

/// Why the program could not start or go on.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Where the application listens: the variables `HOST` (127.0.0.1 when absent) and `PORT` (3000 when absent; 0
/// for any that is free).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    socket: SocketAddr,
}

impl Address {
    /// Reads `HOST` and `PORT`.
    ///
    /// # Errors
    /// When `HOST` is neither an IP address nor `localhost`, or `PORT` is not a port.
    pub fn from_env() -> Result<Self, Failure> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The address, for a framework that takes it by itself. Port 0 is any that is free.
    #[must_use]
    pub fn socket(&self) -> SocketAddr {
        self.socket
    }

    /// Says on standard output that the application can be asked, at the port that it has got.
    pub fn announce(&self, port: u16) {
        println!("listening on http://{}:{port}", self.host);
    }

    /// Takes the address, and announces it. The listener does not block.
    ///
    /// # Errors
    /// When the address cannot be had, for example because somebody else has it.
    pub fn listen(&self) -> Result<TcpListener, Failure> {
        let taken = |error| format!("HOST, PORT: cannot listen on {}: {error}", self.socket);
        let listener = TcpListener::bind(self.socket).map_err(taken)?;
        listener.set_nonblocking(true)?;
        self.announce(listener.local_addr()?.port());
        Ok(listener)
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let host = variable("HOST").unwrap_or_else(|| Ipv4Addr::LOCALHOST.to_string());
        // Clients that look localhost up try both families; all of them come to IPv4.
        let ip = match host.as_str() {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            other => other
                .parse()
                .map_err(|_| format!("HOST: {other:?} is neither an IP address nor \"localhost\""))?,
        };
        let port = match variable("PORT") {
            None => 3000,
            Some(text) => text.parse().map_err(|_| format!("PORT: {text:?} is not a port, 0 to 65535"))?,
        };
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { host };
        Ok(Self { host, socket: SocketAddr::new(ip, port) })
    }
}

/// Sends the log to standard error, as `RUST_LOG` says; `info` when it says nothing.
pub fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// Waits until somebody ends the program: Ctrl-C, or SIGTERM where there are signals.
pub async fn stopped() {
    // Where a signal cannot be listened for, the other one still ends the program.
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signals) => _ = signals.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

/// How long requests that are being answered have to end after a signal. Then the program ends, whatever clients do:
/// one that sends half a request, and no more, must not hold a deployment up.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of its request.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits until [`stopped`] and [`SHUTDOWN_GRACE`] are over, for a framework that waits for its connections without an
/// end.
pub async fn shutdown_is_over() {
    stopped().await;
    tokio::time::sleep(SHUTDOWN_GRACE).await;
}

/// The end of `main`: a failure goes to standard error as text for people, and becomes the exit code.
#[must_use]
pub fn exit(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", whole_text(failure.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, but those that the text before them has already told.
fn whole_text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            // Writing to a String cannot fail.
            _ = write!(text, ": {words}");
        }
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: Option<&str>, port: Option<&str>) -> Result<Address, String> {
        let read = |name: &str| if name == "HOST" { host } else { port }.map(str::to_owned);
        Address::from_variables(read).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_address_comes_from_the_variables() {
        for (host, port, name, socket) in [
            (None, None, "127.0.0.1", "127.0.0.1:3000"),
            (Some("localhost"), Some("0"), "localhost", "127.0.0.1:0"),
            (Some("0.0.0.0"), Some("80"), "0.0.0.0", "0.0.0.0:80"),
            (Some("::1"), Some("80"), "[::1]", "[::1]:80"),
        ] {
            let expected = Address { host: name.to_owned(), socket: socket.parse().unwrap() };
            assert_eq!(address(host, port), Ok(expected));
        }
    }

    #[test]
    fn a_wrong_variable_is_named() {
        assert!(address(Some("my host"), None).unwrap_err().starts_with("HOST: \"my host\""));
        for port in ["", "-1", "65536", "http"] {
            assert!(address(None, Some(port)).unwrap_err().starts_with("PORT: "), "{port}");
        }
    }

    #[test]
    fn an_address_that_somebody_else_has_is_named() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = other.local_addr().unwrap();
        let taken = Address { host: "localhost".to_owned(), socket }.listen().unwrap_err().to_string();
        assert!(taken.starts_with(&format!("HOST, PORT: cannot listen on {socket}: ")), "{taken}");
    }

    #[test]
    fn a_failure_is_told_with_its_causes_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the database cannot be opened")]
        struct Outer(#[source] std::io::Error);

        let cause = || std::io::Error::other("no such directory");
        assert_eq!(whole_text(&Outer(cause())), "the database cannot be opened: no such directory");
        assert_eq!(whole_text(&cause()), "no such directory");
    }
}

//! The command line: `maestrano-sandbox`, and `maestrano sandbox` of the command-line tool.

use std::{fmt::Write, path::PathBuf, time::Duration};

use crate::{
    error::Error,
    options::{Options, Port},
    seed::Seed,
    server::{Running, Sandbox},
};

/// The port that is tried first when none is asked for.
pub const USUAL_PORT: u16 = 4000;

/// Starts a local stand-in of the Maestrano platform.
#[derive(Debug, Clone, clap::Args)]
#[non_exhaustive]
pub struct Command {
    /// The port to listen on; 0 takes any free one. Without it: 4000, or the next free one.
    #[arg(long)]
    pub port: Option<u16>,
    /// The address to listen on. Anything but loopback is open to your network.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: String,
    /// A JSON file with the accounts, groups, apps and marketplaces to begin with.
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// Keep data and keys in this SQLite file instead of in memory.
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Sign as the original platform does: RSA with 1024 bits and SHA-1.
    #[arg(long)]
    pub legacy_signature: bool,
    /// Seconds after which an app has to ask whether a session still holds: at most a day.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub recheck: u64,
}

impl Command {
    /// The options that these arguments stand for.
    ///
    /// # Errors
    /// As [`Seed::from_file`].
    pub fn options(&self) -> Result<Options, Error> {
        let port = match self.port {
            None => Port::FirstFreeFrom(USUAL_PORT),
            Some(0) => Port::Any,
            Some(port) => Port::Fixed(port),
        };
        let mut options =
            Options::default().host(&self.host).port(port).recheck(Duration::from_secs(self.recheck));
        if let Some(file) = &self.seed {
            options = options.seed(Seed::from_file(file)?);
        }
        if let Some(file) = &self.db {
            options = options.database(file);
        }
        if self.legacy_signature {
            options = options.legacy_signature();
        }
        Ok(options)
    }

    /// Starts the sandbox, prints how to use it, and runs until Ctrl-C.
    ///
    /// # Errors
    /// As [`Command::options`] and [`Sandbox::start`].
    pub async fn run(self) -> Result<(), Error> {
        let running = Sandbox::start(self.options()?).await?;
        println!("{}", welcome(&running));
        println!("Ctrl-C stops.");
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "Ctrl-C cannot be waited for; stopping");
        }
        running.stop().await;
        Ok(())
    }
}

/// What a person has to know: the address, the accounts, the variables to export for the app.
#[must_use]
pub fn welcome(running: &Running) -> String {
    let mut text = format!("The Maestrano sandbox is at {}\n\nAccounts:\n", running.url());
    for account in running.accounts() {
        let password = account.password.as_deref().unwrap_or("the password it had before");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<8} {:<32} {password}", account.user, account.email);
    }
    let only = running.environments().count() == 1;
    for environment in running.environments() {
        let which = if only { String::new() } else { format!(" of the environment {}", environment.name) };
        let _ = write!(
            text,
            "\nFor your application{which}:\n\
             \x20 export MNO_DEVPL_HOST='{}'\n\
             \x20 export MNO_DEVPL_API_PATH='/api/config/v1'\n\
             \x20 export MNO_DEVPL_ENV_NAME='{}'\n\
             \x20 export MNO_DEVPL_ENV_KEY='{}'\n\
             \x20 export MNO_DEVPL_ENV_SECRET='{}'\n",
            running.url(),
            environment.name,
            environment.key,
            environment.secret
        );
    }
    text
}

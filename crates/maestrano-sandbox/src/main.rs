//! The local platform as a program of its own.

use std::process::ExitCode;

use clap::Parser;
use maestrano_sandbox::command::Command;
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(
    name = "maestrano-sandbox",
    version,
    about = "A stand-in for the Maestrano platform on your own machine"
)]
struct Arguments {
    #[command(flatten)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Arguments::parse().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

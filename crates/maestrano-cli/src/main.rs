//! The command `maestrano`: what a partner needs beside the library.

mod demo;
mod doctor;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "maestrano", version, about = "Tools for applications of the Maestrano marketplace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a stand-in of the platform on your machine.
    Sandbox(maestrano_sandbox::command::Command),
    /// Starts the platform and the example applications, and says what to click.
    Demo(demo::Command),
    /// Explains why something does not work.
    Doctor(doctor::Command),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome: Result<(), Box<dyn Error>> = match Arguments::parse().command {
        Command::Sandbox(sandbox) => sandbox.run().await.map_err(Into::into),
        Command::Demo(demo) => demo.run().await.map_err(Into::into),
        Command::Doctor(doctor) => doctor.run().await.map_err(Into::into),
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("error: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        eprintln!("  because: {cause}");
        source = cause.source();
    }
    ExitCode::FAILURE
}

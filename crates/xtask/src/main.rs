//! The tasks of this workspace: `cargo xtask test` does all that a change must pass.

mod fuzz;
mod needs;

use std::env;
use std::fs::{self, File};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use needs::Machine;

/// A command that must succeed.
struct Step {
    title: &'static str,
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    advice: &'static str,
    /// Where the standard error goes, when it is too much to read.
    log: Option<&'static str>,
}

const STEPS: [Step; 6] = [
    Step {
        title: "Format",
        arguments: &["fmt", "--all", "--check"],
        variables: &[],
        advice: "run `cargo fmt --all`",
        log: None,
    },
    Step {
        title: "Lints",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features=maestrano/metrics,maestrano/samael",
            "--",
            "-D",
            "warnings",
        ],
        variables: &[],
        advice: "clippy's complaints stand above",
        log: None,
    },
    Step {
        title: "Documentation",
        arguments: &["doc", "--workspace", "--no-deps"],
        variables: &[("RUSTDOCFLAGS", "-D warnings")],
        advice: "rustdoc's complaints stand above",
        log: None,
    },
    Step {
        title: "Tests and documentation tests",
        arguments: &["test", "--workspace"],
        variables: &[],
        advice: "the failed tests are listed above",
        log: None,
    },
    Step {
        title: "Building with all features",
        arguments: &["test", "--package=maestrano", "--features=metrics,samael", "--no-run"],
        variables: &[],
        advice: "the compiler's complaints stand above",
        log: None,
    },
    Step {
        title: "Tests with all features: the second verifier, counters",
        arguments: &["test", "--package=maestrano", "--features=metrics,samael"],
        variables: &[],
        advice: "the failed tests are listed above, and what xmlsec1 says of every document is in the log",
        // xmlsec1 writes several lines for each document that it refuses.
        log: Some("artefacts/second-verifier.log"),
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test(),
        ["fuzz"] => fuzz::smoke(),
        _ => Err("usage: cargo xtask test, or cargo xtask fuzz for its last step alone".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("\nxtask: {complaint}");
            ExitCode::FAILURE
        }
    }
}

/// What the tests need, then every step; stops at the first that fails.
fn test() -> Result<(), String> {
    let start = Instant::now();
    heading("What the tests need from this machine", "");
    needs::satisfy(&Machine::this())?;
    for step in &STEPS {
        step.run()?;
    }
    heading("A short run of every fuzz target", "");
    fuzz::smoke()?;
    println!("\nEverything passed in {}.", time(start.elapsed()));
    Ok(())
}

impl Step {
    fn run(&self) -> Result<(), String> {
        let Self { title, arguments, variables, advice, log } = self;
        heading(title, &format!("cargo {}", arguments.join(" ")));
        let start = Instant::now();
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(*arguments).envs(variables.iter().copied());
        if let Some(log) = log {
            let file = fs::create_dir_all("artefacts").and_then(|()| File::create(log));
            command.stderr(file.map_err(|error| format!("{log} cannot be written: {error}"))?);
        }
        match command.status() {
            Ok(status) if status.success() => {
                println!("-- {title}: passed in {}", time(start.elapsed()));
                Ok(())
            }
            Ok(status) => {
                Err(format!("{title} failed after {} ({status}): {advice}.", time(start.elapsed())))
            }
            Err(error) => Err(format!("cargo cannot be started: {error}")),
        }
    }
}

fn heading(title: &str, command: &str) {
    println!("\n== {title}");
    if !command.is_empty() {
        println!("   {command}");
    }
}

/// `3 min 7 s`, or `12.3 s`.
fn time(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(time(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(time(Duration::from_secs(187)), "3 min 7 s");
    }
}

//! A short run of every fuzz target, where the nightly tool chain is there.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const TARGETS: [&str; 6] = ["response", "c14n", "cookie", "init", "configuration", "webhook"];

/// Runs each target for 30 seconds, two side by side. Says so in a line when it cannot.
pub(crate) fn smoke() -> Result<(), String> {
    if !succeeds(&["+nightly", "--version"]) {
        println!(
            "   the nightly tool chain is missing: nothing was fuzzed (rustup toolchain install nightly)"
        );
        return Ok(());
    }
    if !succeeds(&["+nightly", "fuzz", "--version"]) {
        println!("   cargo install cargo-fuzz");
        if !succeeds(&["+nightly", "install", "--quiet", "--locked", "cargo-fuzz"]) {
            println!("   cargo-fuzz is missing and cannot be installed: nothing was fuzzed");
            return Ok(());
        }
    }
    println!("   cargo +nightly fuzz build --features samael");
    if !succeeds(&["+nightly", "fuzz", "build", "--features", "samael"]) {
        return Err("the fuzz targets do not compile: the complaints stand above.".to_owned());
    }
    let mut failed = Vec::new();
    for two in TARGETS.chunks(2) {
        let running = two.iter().map(|target| Run::start(target)).collect::<Result<Vec<_>, _>>()?;
        failed.extend(running.into_iter().filter_map(Run::fault));
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("fuzzing found a fault: {}.", failed.join(", "))) }
}

/// A target that runs.
struct Run {
    target: &'static str,
    log: String,
    child: Child,
}

impl Run {
    fn start(target: &'static str) -> Result<Self, String> {
        let log = format!("artefacts/fuzz-{target}.log");
        let (corpus, found) = (format!("fuzz/corpus/{target}"), format!("fuzz/target/found/{target}"));
        let file = prepare(&log, &found).map_err(|error| format!("{log} cannot be written: {error}"))?;
        let child = cargo(&["+nightly", "fuzz", "run", "--features", "samael", target, &found, &corpus])
            .args(["--", "-max_total_time=30"])
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| format!("cargo cannot be started: {error}"))?;
        Ok(Self { target, log, child })
    }

    /// Waits for the end; tells where a fault is described.
    fn fault(mut self) -> Option<String> {
        let Self { target, log, child } = &mut self;
        if !child.wait().is_ok_and(|status| status.success()) {
            return Some(format!("{target} (see {log})"));
        }
        let runs = fs::read(&log).ok().and_then(|log| runs(&String::from_utf8_lossy(&log)));
        println!("   {target:<14} {} runs", runs.as_deref().unwrap_or("?"));
        None
    }
}

/// An empty log, and an empty folder for the inputs that are found on the way.
fn prepare(log: &str, found: &str) -> io::Result<File> {
    if Path::new(found).exists() {
        fs::remove_dir_all(found)?;
    }
    fs::create_dir_all(found)?;
    fs::create_dir_all("artefacts")?;
    File::create(log)
}

/// The number in libFuzzer's last line, `Done 38174 runs in 31 second(s)`.
fn runs(log: &str) -> Option<String> {
    let line = log.lines().rev().find_map(|line| line.strip_prefix("Done "))?;
    line.split(' ').next().map(str::to_owned)
}

/// Cargo as it stands in the path, which knows other tool chains by their name.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}

fn succeeds(arguments: &[&str]) -> bool {
    let quiet = arguments.contains(&"--version");
    let mut command = cargo(arguments);
    if quiet {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_runs_is_read_from_the_log() {
        assert_eq!(runs("x\nDone 38174 runs in 31 second(s)\n").as_deref(), Some("38174"));
        assert_eq!(runs("x\n"), None);
    }

    #[test]
    fn every_target_has_its_file_and_its_corpus() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
        for target in TARGETS {
            assert!(fuzz.join(format!("fuzz_targets/{target}.rs")).is_file(), "{target}");
            assert!(fuzz.join("corpus").join(target).is_dir(), "{target}");
        }
        assert_eq!(fs::read_dir(fuzz.join("fuzz_targets")).unwrap().count(), TARGETS.len());
    }
}

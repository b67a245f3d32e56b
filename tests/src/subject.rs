//! The application under test, started as its users start it: a program with variables around it.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::process::Process;

/// What a subject prints when it can be asked.
const LISTENING: &str = "listening on";

/// The variables by which a subject is told how a case wants it: a file for its data, ids of groups that it refuses,
/// the path it lives below, a file with settings of Maestrano, the Redis that its processes share.
const OWN: [&str; 5] = ["DATABASE", "EXCLUDED_COMPANIES", "BASE", "SETTINGS", "REDIS_URL"];

/// An application: a binary that reads `PORT`, `HOST` and the `MNO_DEVPL_*` variables, prints `listening on …`,
/// serves `/` to everybody and `/me` to who is signed in.
#[derive(Clone, Debug)]
pub struct Subject {
    binary: PathBuf,
}

impl Subject {
    /// The application of that binary.
    #[must_use]
    pub fn new(binary: impl AsRef<Path>) -> Self {
        Self { binary: binary.as_ref().to_owned() }
    }

    /// A name for files: the binary's own.
    #[must_use]
    pub fn name(&self) -> String {
        self.binary.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Starts it with these variables, none of the others that it knows, and a talkative log.
    ///
    /// # Panics
    ///
    /// When the binary cannot be started.
    #[must_use]
    pub fn start(&self, variables: &[(&str, String)]) -> Process {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MNO_")) {
            command.env_remove(name);
        }
        for name in OWN {
            command.env_remove(name);
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.env("RUST_LOG", "debug").env("NO_COLOR", "1");
        Process::start(command).unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.name()))
    }

    /// Waits until a started subject can be asked; `false` when it ends before.
    pub async fn listens(process: &mut Process) -> bool {
        process.writes(LISTENING).await
    }
}

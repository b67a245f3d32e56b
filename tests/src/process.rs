//! A program that runs beside the tests.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Longer than any start takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs, and what it writes. Dropping it ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: watch::Receiver<String>,
}

impl Process {
    /// Starts the program.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (sender, log) = watch::channel(String::new());
        collect(child.stdout.take(), sender.clone());
        collect(child.stderr.take(), sender);
        Ok(Self { child, log })
    }

    /// How much of the machine's memory it holds now, in bytes; `None` where the system does not say.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// A field of what the system says of it, in bytes.
    fn status(&self, field: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let held = status.lines().find_map(|line| line.strip_prefix(field))?;
        let kibibytes: u64 = held.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Everything it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until it has written `text`; `false` when it ends before.
    ///
    /// # Panics
    ///
    /// When neither happens for a minute.
    pub async fn writes(&mut self, text: &str) -> bool {
        let written = tokio::time::timeout(PATIENCE, self.log.wait_for(|log| log.contains(text))).await;
        let written = written.map(|written| written.is_ok());
        written.unwrap_or_else(|_| panic!("nobody writes `{text}`:\n{}", self.log()))
    }

    /// The most of the machine's memory that it has held so far, in bytes; `None` where the system does not say.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Sends it a signal, such as `TERM`.
    ///
    /// # Panics
    ///
    /// When it has ended, or the program `kill` cannot send the signal.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("the program runs");
        let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().await;
        assert!(sent.as_ref().is_ok_and(ExitStatus::success), "kill -s {name}: {sent:?}");
    }

    /// Ends it at once, as the machine does when it runs out of memory.
    ///
    /// # Panics
    ///
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap_or_else(|error| panic!("the program cannot be killed: {error}"));
    }

    /// Waits until it has ended by itself, and its log is whole.
    ///
    /// # Panics
    ///
    /// When it does not end for a minute.
    pub async fn ends(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("the program does not end:\n{}", self.log()));
        // The pipes close with the program.
        let _ = self.log.wait_for(|_| false).await;
        status.unwrap_or_else(|error| panic!("the program cannot be waited for: {error}"))
    }
}

/// Adds what comes, line by line, to the log.
fn collect(pipe: Option<impl AsyncRead + Send + Unpin + 'static>, log: watch::Sender<String>) {
    let Some(pipe) = pipe else { return };
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
        }
    });
}

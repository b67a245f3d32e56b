//! An example application as a child process.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::Error;

/// What an application says.
#[derive(Debug)]
pub(crate) enum News {
    /// A line of its log.
    Line(String),
    /// It has ended by itself, in this way; everything it said came before.
    Ended(String),
}

/// An application that runs. It ends when this value is dropped; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub(crate) struct Application {
    stop: oneshot::Sender<()>,
    watcher: JoinHandle<()>,
}

impl Application {
    /// Starts the binary with these variables, and no others of ours.
    ///
    /// # Errors
    /// [`Error::Start`] when the binary cannot be run.
    pub(crate) fn start(
        package: &'static str,
        binary: PathBuf,
        variables: &[(&str, String)],
        news: &mpsc::Sender<(&'static str, News)>,
    ) -> Result<Self, Error> {
        let mut command = Command::new(&binary);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MNO_")) {
            command.env_remove(name);
        }
        for name in ["BASE", "DATABASE", "REDIS_URL", "SETTINGS"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        // Ctrl-C in the terminal is for the demo, which ends its applications itself.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|source| Error::Start { binary, source })?;
        let output = pass_on(child.stdout.take(), package, news.clone());
        let errors = pass_on(child.stderr.take(), package, news.clone());
        let (stop, stopped) = oneshot::channel();
        let news = news.clone();
        let watcher = tokio::spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                _ = stopped => {
                    // It fails only when the application has ended meanwhile.
                    _ = child.kill().await;
                    return;
                }
            };
            // Its last words first; a reader that failed has none.
            _ = tokio::join!(output, errors);
            let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            // Nobody listens when the demo is over.
            _ = news.send((package, News::Ended(status))).await;
        });
        Ok(Self { stop, watcher })
    }

    /// Ends the application and waits until it is gone.
    pub(crate) async fn stop(self) {
        drop(self.stop);
        _ = self.watcher.await;
    }
}

fn pass_on(
    pipe: Option<impl AsyncRead + Send + Unpin + 'static>,
    package: &'static str,
    news: mpsc::Sender<(&'static str, News)>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Some(pipe) = pipe else { return };
        let mut lines = BufReader::new(pipe).split(b'\n');
        while let Ok(Some(line)) = lines.next_segment().await {
            let line = String::from_utf8_lossy(&line).into_owned();
            if news.send((package, News::Line(line))).await.is_err() {
                return;
            }
        }
    })
}

//! The example on axum as a process of its own, built for release, and what is seen of it from outside.

use std::env;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use maestrano_conformance::world::SECRET;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::mpsc;

const PACKAGE: &str = "crm-axum";
/// What it logs of each check that the platform did not answer.
const UNANSWERED: &str = "session cannot be rechecked";

/// The application, running. Dropping it ends it.
pub(crate) struct Application {
    child: Child,
    address: SocketAddr,
    unanswered: Arc<AtomicU64>,
}

impl Application {
    /// Builds it, and starts it at this port with its configuration from that platform.
    pub(crate) async fn start(port: u16, platform: &str) -> Self {
        let mut command = tokio::process::Command::new(binary());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MNO_")) {
            command.env_remove(name);
        }
        command.env_remove("DATABASE").envs([
            ("HOST", "127.0.0.1"),
            ("PORT", &port.to_string()),
            ("RUST_LOG", "warn"),
            ("NO_COLOR", "1"),
            ("MNO_DEVPL_HOST", platform),
            ("MNO_DEVPL_API_PATH", "/api/config/v1"),
            ("MNO_DEVPL_ENV_NAME", "sandbox"),
            ("MNO_DEVPL_ENV_KEY", "sandbox-environment-key"),
            ("MNO_DEVPL_ENV_SECRET", SECRET),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();

        let unanswered = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&unanswered);
        read(child.stderr.take(), move |line| {
            if line.contains(UNANSWERED) {
                counter.fetch_add(1, Ordering::Relaxed);
            } else {
                eprintln!("{PACKAGE}: {line}");
            }
        });
        let (lines, mut read_lines) = mpsc::unbounded_channel();
        read(child.stdout.take(), move |line| _ = lines.send(line));
        while !read_lines.recv().await.unwrap().contains("listening on") {}
        Self { child, address: ([127, 0, 0, 1], port).into(), unanswered }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many checks of sessions have failed, by its log.
    pub(crate) fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// The memory that it really has, in bytes: `VmRSS` of Linux.
    pub(crate) fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() * 1024.0
    }
}

fn read(
    pipe: Option<impl AsyncRead + Send + Unpin + 'static>,
    mut line: impl FnMut(String) + Send + 'static,
) {
    let mut lines = BufReader::new(pipe.unwrap()).lines();
    tokio::spawn(async move {
        while let Ok(Some(next)) = lines.next_line().await {
            line(next);
        }
    });
}

fn binary() -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
    let built = cargo.args(["--package", PACKAGE]).stderr(Stdio::inherit()).output().unwrap();
    let messages = String::from_utf8(built.stdout).unwrap();
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built =
        messages.find(|message| message["target"]["name"] == PACKAGE && !message["executable"].is_null());
    built.unwrap()["executable"].as_str().unwrap().into()
}

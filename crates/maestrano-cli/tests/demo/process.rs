//! The demo as a child process.

use std::io::{BufRead as _, BufReader, Lines, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The examples: package, and the words on the tile.
pub(crate) const EXAMPLES: [(&str, &str); 3] =
    [("crm-axum", "CRM on axum"), ("crm-actix", "CRM on actix-web"), ("crm-rocket", "CRM on Rocket")];

/// The demo on ports of the system's choice. Dropping it ends it, and its applications with it.
pub(crate) struct Demo {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

/// What the demo says is there: addresses without a slash at the end.
pub(crate) struct Addresses {
    pub(crate) platform: String,
    /// In the order of [`EXAMPLES`].
    pub(crate) apps: Vec<String>,
}

impl Demo {
    /// Starts the demo with these arguments beside the usual ones. The applications are those that stand beside the
    /// demo's own binary, as after a build of the workspace; those that are not there, the demo builds.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maestrano"));
        command.args(["demo", "--platform-port", "0", "--app-port", "0"]);
        for (package, _) in EXAMPLES {
            let built = Path::new(env!("CARGO_BIN_EXE_maestrano")).with_file_name(package);
            if built.exists() {
                command.arg("--app-binary").arg(given(package, &built));
            }
        }
        command.args(arguments);
        // Whatever the tests' own environment says, the applications must not hear it.
        command.env("MNO_DEVPL_HOST", "http://nobody.invalid").env("MNO_DEFAULT_MARKETPLACE", "nobody");
        command
            .env("BASE", "/nowhere")
            .env("DATABASE", "/nowhere/crm.db")
            .env("SETTINGS", "/nowhere/crm.toml");
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, seen: Vec::new() }
    }

    /// Waits until all can be visited.
    pub(crate) fn addresses(&mut self) -> Addresses {
        while !self.seen.last().is_some_and(|line| line.starts_with("Ctrl-C stops")) {
            let Some(line) = self.lines.next() else { panic!("the demo ends early:\n{}", self.everything()) };
            self.seen.push(line.unwrap());
        }
        let after = |text: &str| {
            let line = self.seen.iter().find_map(|line| line.trim_start().strip_prefix(text));
            line.unwrap().split_whitespace().next().unwrap().to_owned()
        };
        let apps = EXAMPLES.iter().map(|(_, name)| after(&format!("{name} "))).collect();
        Addresses { platform: after("The platform: open "), apps }
    }

    /// The lines it has written so far.
    pub(crate) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// The process ids of its applications.
    #[cfg(target_os = "linux")]
    pub(crate) fn children(&self) -> Vec<u32> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let children = threads
            .map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap())
            .collect::<String>();
        children.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    /// What Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        assert!(signal("-INT", self.process.id()));
    }

    /// Waits for the end: whether it was a good one, and all that was said.
    pub(crate) fn end(mut self) -> (bool, String) {
        let said = self.everything();
        (self.process.wait().unwrap().success(), said)
    }

    /// Reads on until nobody can say anything any more.
    fn everything(&mut self) -> String {
        self.seen.extend(self.lines.by_ref().map_while(Result::ok));
        let mut said = self.seen.join("\n");
        if let Some(mut errors) = self.process.stderr.take() {
            said.push('\n');
            errors.read_to_string(&mut said).unwrap();
        }
        said
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) && signal("-TERM", self.process.id()) {
            self.lines.by_ref().for_each(drop);
            _ = self.process.wait();
        }
    }
}

/// The value of `--app-binary`.
pub(crate) fn given(package: &str, binary: &Path) -> PathBuf {
    format!("{package}={}", binary.display()).into()
}

/// Sends a signal; whether it could be sent.
pub(crate) fn signal(signal: &str, process: u32) -> bool {
    Command::new("kill").arg(signal).arg(process.to_string()).status().is_ok_and(|status| status.success())
}

//! `maestrano demo`, run as people run it.
#![cfg(unix)]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The demo on ports of the system's choice. Dropping it kills it.
struct Demo {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

impl Demo {
    /// Starts the demo. The example application is the one that stands beside the demo's own binary, as after a
    /// build of the workspace; where it is not there, the demo builds it.
    fn start() -> Self {
        let built = Path::new(env!("CARGO_BIN_EXE_maestrano")).with_file_name("crm-axum");
        if built.exists() { Self::of(Some(&built)) } else { Self::of(None) }
    }

    fn of(app_binary: Option<&Path>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maestrano"));
        command.args(["demo", "--platform-port", "0", "--app-port", "0"]);
        if let Some(binary) = app_binary {
            command.arg("--app-binary").arg(binary);
        }
        // Whatever the tests' own environment says, the application must not hear it.
        command.env("MNO_DEVPL_HOST", "http://nobody.invalid").env("MNO_DEFAULT_MARKETPLACE", "nobody");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines, seen: Vec::new() }
    }

    /// Reads on until a line holds `text`, and gives what follows it up to the next space.
    fn after(&mut self, text: &str) -> String {
        for line in self.lines.by_ref() {
            self.seen.push(line.unwrap());
            let line = self.seen.last().unwrap();
            if let Some((_, rest)) = line.split_once(text) {
                return rest.split(' ').next().unwrap().to_owned();
            }
        }
        panic!("the demo ends and never says {text:?}:\n{}", self.seen.join("\n"));
    }

    fn interrupt(&self) {
        signal("-INT", self.process.id());
    }

    /// Waits for the end: whether it was a good one, and all that was said.
    fn end(mut self) -> (bool, String) {
        self.seen.extend(self.lines.by_ref().map(Result::unwrap));
        (self.process.wait().unwrap().success(), self.seen.join("\n"))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn signal(signal: &str, process: u32) {
    assert!(Command::new("kill").arg(signal).arg(process.to_string()).status().unwrap().success());
}

/// The first line and the headers of the answer to a GET by a browser.
fn visit(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split("\r\n\r\n").next().unwrap().to_owned()
}

#[test]
fn the_demo_says_what_to_open_and_takes_everything_away_at_the_end() {
    let mut demo = Demo::start();
    let platform = demo.after("open http://127.0.0.1:");
    let app = demo.after("open http://localhost:");
    for step in ["[1/4] ", "[2/4] ", "[3/4] ", "[4/4] "] {
        assert!(demo.seen.iter().any(|line| line.starts_with(step)), "{step}");
    }
    assert!(
        demo.seen.iter().any(|line| line.contains("john.doe@example.com") && line.contains("john-password"))
    );

    let (platform, app) = (format!("127.0.0.1:{platform}"), format!("localhost:{app}"));
    assert!(visit(&app, "/").starts_with("HTTP/1.1 200 "));
    let init = visit(&app, "/me");
    assert!(init.starts_with("HTTP/1.1 303 "), "{init}");
    let init = visit(&app, "/maestrano/auth/saml/init/maestrano-local");
    assert!(init.contains(&format!("location: http://{platform}/api/v1/auth/saml?")), "{init}");
    let request = init.split_once(&platform).unwrap().1.lines().next().unwrap();
    assert!(visit(&platform, request).starts_with("HTTP/1.1 "), "the platform is there");

    demo.interrupt();
    let (good, said) = demo.end();
    assert!(good, "{said}");
    for address in [platform, app] {
        assert!(TcpStream::connect(&address).is_err(), "somebody is still at {address}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_demo_ends_when_the_application_does() {
    let mut demo = Demo::start();
    let platform = demo.after("open http://127.0.0.1:");
    demo.after("Ctrl-C");
    let threads = std::fs::read_dir(format!("/proc/{}/task", demo.process.id())).unwrap();
    let children: String = threads
        .map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap())
        .collect();
    signal("-KILL", children.trim().parse().unwrap());
    let (good, said) = demo.end();
    assert!(!good, "{said}");
    assert!(TcpStream::connect(format!("127.0.0.1:{platform}")).is_err());
}

#[test]
fn an_application_that_does_not_start_is_told_of_with_its_own_words() {
    let directory = tempfile::tempdir().unwrap();
    let binary = directory.path().join("app");
    std::fs::write(&binary, "#!/bin/sh\necho DATABASE is full >&2\nexit 3\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&binary).status().unwrap().success());
    let (good, said) = Demo::of(Some(&binary)).end();
    assert!(!good, "{said}");
    assert!(said.contains("[4/4] Waiting until both answer … failed"), "{said}");
    assert!(said.contains("crm-axum | DATABASE is full"), "{said}");
}

#[test]
fn an_application_that_is_not_there_is_named() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_maestrano"));
    demo.args(["demo", "--platform-port", "0", "--app-port", "0", "--app-binary", "/nowhere/crm"]);
    let output = demo.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: /nowhere/crm cannot be started\n"));
}

#[test]
fn the_sandbox_is_a_command_too() {
    let output = Command::new(env!("CARGO_BIN_EXE_maestrano")).args(["sandbox", "--help"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--legacy-signature"));
}

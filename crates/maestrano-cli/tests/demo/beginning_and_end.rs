//! What the demo says, what it starts, and that nothing stays.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::process::{Demo, EXAMPLES, given};

/// The first line and the headers of the answer to a GET by a browser.
fn visit(address: &str, path: &str) -> String {
    let authority = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split("\r\n\r\n").next().unwrap().to_owned()
}

fn is_there(address: &str) -> bool {
    TcpStream::connect(address.trim_start_matches("http://")).is_ok()
}

#[test]
fn the_demo_says_what_to_open_and_takes_everything_away_at_the_end() {
    let mut demo = Demo::start(&["--recheck", "7"]);
    let addresses = demo.addresses();
    for step in ["[1/4] ", "[2/4] ", "[3/4] ", "[4/4] "] {
        assert!(demo.seen().iter().any(|line| line.starts_with(step)), "{step}");
    }
    let account = |line: &String| line.contains("john.doe@example.com") && line.contains("john-password");
    assert!(demo.seen().iter().any(account));
    assert!(demo.seen().iter().any(|line| line.contains("within 7 seconds")));

    assert!(visit(&addresses.platform, "/sign_in").starts_with("HTTP/1.1 200 "));
    assert_eq!(addresses.apps.len(), EXAMPLES.len());
    for app in &addresses.apps {
        assert!(visit(app, "/").starts_with("HTTP/1.1 200 "));
        assert!(visit(app, "/me").starts_with("HTTP/1.1 303 "));
        let init = visit(app, "/maestrano/auth/saml/init/maestrano-local");
        let sign_on = format!("location: {}/api/v1/auth/saml?", addresses.platform);
        assert!(init.contains(&sign_on), "{init}");
    }

    demo.interrupt();
    let (good, said) = demo.end();
    assert!(good, "{said}");
    for address in addresses.apps.iter().chain([&addresses.platform]) {
        assert!(!is_there(address), "somebody is still at {address}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_demo_ends_when_one_application_does() {
    let mut demo = Demo::start(&[]);
    let addresses = demo.addresses();
    let children = demo.children();
    assert_eq!(children.len(), EXAMPLES.len());
    let name = |child: &u32| std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap();
    let actix = children.iter().find(|child| name(child).trim() == "crm-actix").unwrap();
    assert!(crate::process::signal("-KILL", *actix));
    let (good, said) = demo.end();
    assert!(!good, "{said}");
    assert!(said.contains("error: crm-actix has ended by itself (signal: 9 (SIGKILL)), and"), "{said}");
    for child in children {
        assert!(!Path::new(&format!("/proc/{child}")).exists(), "{child} goes on");
    }
    for address in addresses.apps.iter().chain([&addresses.platform]) {
        assert!(!is_there(address), "somebody is still at {address}");
    }
}

#[test]
fn an_application_that_does_not_start_is_told_of_with_its_own_words() {
    let directory = tempfile::tempdir().unwrap();
    let binary = directory.path().join("app");
    std::fs::write(&binary, "#!/bin/sh\necho DATABASE is full >&2\nexit 3\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&binary).status().unwrap().success());
    let binary = given("crm-actix", &binary);
    let (good, said) = Demo::start(&["--app-binary", binary.to_str().unwrap()]).end();
    assert!(!good, "{said}");
    assert!(said.contains("[4/4] Waiting until all answer … failed"), "{said}");
    assert!(said.contains("crm-actix | DATABASE is full"), "{said}");
    assert!(said.contains("error: crm-actix has ended by itself (exit status: 3), and"), "{said}");
}

#[test]
fn an_application_that_is_not_there_is_named() {
    let (good, said) = Demo::start(&["--app-binary", "crm-rocket=/nowhere/crm"]).end();
    assert!(!good);
    assert!(said.contains("\nerror: /nowhere/crm cannot be started\n"), "{said}");
}

#[test]
fn the_sandbox_is_a_command_too() {
    let output = Command::new(env!("CARGO_BIN_EXE_maestrano")).args(["sandbox", "--help"]).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--legacy-signature"));
}

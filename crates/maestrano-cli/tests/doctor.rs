//! `maestrano doctor response`, run as people run it, on responses that the verifier's own tests make.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a failed test panics")]

#[path = "../../maestrano/tests/saml/keys.rs"]
#[allow(dead_code, reason = "the tests of the verifier use all of it")]
mod keys;
#[path = "../../maestrano/tests/saml/kit.rs"]
#[allow(dead_code, reason = "the tests of the verifier use all of it")]
mod kit;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use maestrano_sandbox::{Options, Sandbox};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use keys::{MODERN, STRANGER};
use kit::{ACS, Draft, REQUEST};

/// A folder with the certificate of the platform and a captured response.
struct Capture {
    folder: TempDir,
}

impl Capture {
    fn of(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("response"), content).unwrap();
        fs::write(folder.path().join("platform.pem"), MODERN.pem).unwrap();
        fs::write(folder.path().join("stranger.pem"), STRANGER.pem).unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maestrano"));
        command.current_dir(&self.folder).args(["doctor", "response"]).args(arguments);
        command.env("MNO_DEVPL_HOST", "http://nobody.invalid");
        command
    }

    /// Explains the response on the occasion that it was made for.
    fn explained(&self, more: &[&str]) -> (String, Option<i32>) {
        let usual =
            ["response", "--certificate", "platform.pem", "--acs", ACS, "--at", "2026-03-01T10:00:30Z"];
        said(&self.command(&usual).args(more).output().unwrap())
    }
}

fn said(output: &Output) -> (String, Option<i32>) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

fn json(text: &str) -> Value {
    let end = text.rfind('}').unwrap() + 1;
    serde_json::from_str(&text[..end]).unwrap()
}

#[test]
fn a_right_response_passes_every_check() {
    for content in [Draft::new().form_value(), format!("{}\n", Draft::new().xml())] {
        let (text, code) = Capture::of(content).explained(&["--request", REQUEST]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("usr-1 of cld-1 signs in") && !text.contains("FAILED"), "{text}");
    }
}

#[test]
fn a_response_comes_by_the_standard_input_too() {
    let capture = Capture::of("");
    let mut command = capture.command(&["-", "--certificate", "platform.pem", "--acs", ACS]);
    let command = command.args(["--at", "2026-03-01T10:00:30Z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(Draft::new().form_value().as_bytes()).unwrap();
    let (text, code) = said(&process.wait_with_output().unwrap());
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn every_check_that_failed_is_named_with_what_the_response_says() {
    let draft = Draft::new().before("https://crm.example.com/</", "https://other.example.com/</");
    let (text, code) = Capture::of(draft.form_value()).explained(&["--request", "_mine"]);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text.matches("FAILED").count(), 2, "{text}");
    for expected in [
        "the assertion was made for another audience (audience)",
        "it says: https://other.example.com/",
        "the response answers another request (other_request)",
        &format!("it says: {REQUEST}"),
        "error: the response is refused",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let known = ["--audience", "https://other.example.com/"];
    assert_eq!(Capture::of(draft.form_value()).explained(&known).1, Some(0));
}

#[test]
fn a_login_that_contradicts_itself_is_refused() {
    let draft = Draft::new().before(">usr-1</NameID>", ">usr-2</NameID>");
    let (text, code) = Capture::of(draft.form_value()).explained(&[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("NameID names another user than uid (identity_mismatch)"), "{text}");
}

#[test]
fn neither_tokens_nor_attributes_are_printed() {
    let right = Draft::new();
    let wrong = right.clone().before("cm:bearer", "cm:sender-vouches");
    for draft in [right, wrong] {
        for more in [&[][..], &["--json"]] {
            let (text, _) = Capture::of(draft.form_value()).explained(more);
            for secret in ["token-of-the-session", "zoe@", "Zoë", "Acme", "Sydney"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

#[test]
fn programs_get_json() {
    let (text, code) = Capture::of(Draft::new().form_value()).explained(&["--json"]);
    let report = json(&text);
    assert_eq!((code, report["accepted"].as_bool()), (Some(0), Some(true)), "{text}");
    assert_eq!((report["login"]["user"].as_str(), &report["rejection"]), (Some("usr-1"), &Value::Null));
    assert_eq!(report["at"], "2026-03-01T10:00:30Z");

    let draft = Draft::new().signed_by(&STRANGER);
    let (text, code) = Capture::of(draft.form_value()).explained(&["--json"]);
    let report = json(&text);
    assert_eq!((code, report["rejection"].as_str()), (Some(1), Some("foreign_certificate")), "{text}");
    let last = report["checks"].as_array().unwrap().last().unwrap();
    assert_eq!((last["check"].as_str(), last["passed"].as_bool()), (Some("signature"), Some(false)));
    assert_eq!(report["login"], Value::Null);
}

#[test]
fn any_of_several_certificates_may_be_the_right_one() {
    let capture = Capture::of(Draft::new().signed_by(&STRANGER).form_value());
    assert_eq!(capture.explained(&["--certificate", "stranger.pem"]).1, Some(0));
}

#[test]
fn a_fingerprint_does_where_it_is_all_that_is_known() {
    let capture = Capture::of(Draft::new().form_value());
    let explained = |fingerprint: &str| {
        let usual = ["response", "--acs", ACS, "--at", "2026-03-01T10:00:30Z", "--fingerprint", fingerprint];
        said(&capture.command(&usual).output().unwrap())
    };
    let der = MODERN.certificate().der().to_vec();
    let hex: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(explained(&hex).1, Some(0), "{}", explained(&hex).0);
    let (text, code) = explained(&hex.replace(&hex[..2], "00"));
    assert!(code == Some(1) && text.contains("certificate"), "{text}");
    assert_eq!(explained("12:34").1, Some(2));
}

#[test]
fn clocks_may_differ_by_as_much_as_is_said() {
    let capture = Capture::of(Draft::new().form_value());
    let late = |more: &[&str]| {
        let usual =
            ["response", "--certificate", "platform.pem", "--acs", ACS, "--at", "2026-03-01T10:05:30Z"];
        said(&capture.command(&usual).args(more).output().unwrap()).1
    };
    assert_eq!((late(&["--allowance", "0"]), late(&["--allowance", "300"])), (Some(1), Some(0)));
    assert_eq!(late(&["--allowance", "301"]), Some(2));
}

#[test]
fn what_cannot_be_read_is_said() {
    let capture = Capture::of("neither base64 nor XML!");
    let (text, code) = capture.explained(&[]);
    assert!(code == Some(1) && text.contains("the response is not base64"), "{text}");
    let (text, code) =
        said(&capture.command(&["missing", "--certificate", "platform.pem", "--acs", ACS]).output().unwrap());
    assert!(code == Some(1) && text.contains("missing cannot be read"), "{text}");
    let (text, code) =
        said(&capture.command(&["response", "--certificate", "response", "--acs", ACS]).output().unwrap());
    assert!(code == Some(1) && text.contains("response holds no certificate"), "{text}");
    for incomplete in [&["response"][..], &["response", "--certificate", "platform.pem"]] {
        assert_eq!(capture.command(incomplete).output().unwrap().status.code(), Some(2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marketplace_is_known_from_the_settings_in_the_environment() {
    let platform = Sandbox::start(Options::default()).await.unwrap();
    let capture = Capture::of(Draft::new().form_value());
    let explained = |marketplace: &str| {
        let environment = platform.environment();
        let mut command = capture.command(&["response", "--marketplace", marketplace, "--json"]);
        command
            .env("MNO_DEVPL_HOST", platform.url())
            .env("MNO_DEVPL_ENV_NAME", &environment.name)
            .env("MNO_DEVPL_ENV_KEY", &environment.key)
            .env("MNO_DEVPL_ENV_SECRET", &environment.secret);
        said(&command.output().unwrap())
    };
    let (text, code) = explained("maestrano-local");
    let report = json(&text);
    assert_eq!((code, report["rejection"].as_str()), (Some(1), Some("foreign_certificate")), "{text}");
    assert!(report["acs"].as_str().unwrap().ends_with("/consume/maestrano-local"), "{text}");
    let (text, code) = explained("nowhere");
    assert_eq!(code, Some(1));
    assert!(text.contains("there is no marketplace nowhere; the settings know maestrano-local"), "{text}");
    platform.stop().await;
}

//! Settings that cannot work: the application does not start, and says what to change.

use maestrano_sandbox::{Fault, Options, Running};

use crate::subject::Subject;
use crate::world::{SECRET, free_port, platform, variables};

/// All of them at once.
pub async fn missing_variables_are_named(subject: &Subject) {
    let sandbox = platform(Options::default()).await;
    let mut some = variables(&sandbox, free_port());
    some.retain(|(name, _)| {
        !matches!(*name, "MNO_DEVPL_HOST" | "MNO_DEVPL_ENV_KEY" | "MNO_DEVPL_ENV_SECRET")
    });
    let complaint = complaint(subject, &some).await;
    for name in ["MNO_DEVPL_HOST", "MNO_DEVPL_ENV_KEY", "MNO_DEVPL_ENV_SECRET"] {
        assert!(complaint.contains(name), "{name} is not named: {complaint}");
    }
}

/// Nobody there, the wrong key, a page instead of a configuration, a certificate that is none.
pub async fn a_platform_that_cannot_be_used_is_named(subject: &Subject) {
    let sandbox = platform(Options::default()).await;
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let wrong = [
        ("MNO_DEVPL_HOST", nobody.as_str(), "MNO_DEVPL_HOST"),
        ("MNO_DEVPL_HOST", "not an address", "MNO_DEVPL_HOST"),
        ("MNO_DEVPL_ENV_KEY", "another-key", "MNO_DEVPL_ENV_KEY"),
        ("MNO_DEVPL_ENV_SECRET", "another-secret", "MNO_DEVPL_ENV_SECRET"),
        ("MNO_DEVPL_API_PATH", "/nowhere", "MNO_DEVPL_API_PATH"),
    ];
    for (name, value, named) in wrong {
        let complaint = complaint_with(subject, &sandbox, name, value).await;
        assert!(complaint.contains(named), "{name}={value}: {complaint}");
        assert!(!complaint.contains("another-secret"), "the secret is told");
    }
    let faults = [
        (Fault::ConfigurationRefused, "MNO_DEVPL_ENV_KEY"),
        (Fault::ConfigurationFails, "500"),
        (Fault::ConfigurationHtml, "MNO_DEVPL_"),
        (Fault::ConfigurationWithBrokenCertificate, "x509_certificate"),
    ];
    for (fault, named) in faults {
        sandbox.commit_fault(fault);
        let complaint = complaint(subject, &variables(&sandbox, free_port())).await;
        sandbox.clear_faults();
        assert!(complaint.contains(named), "{fault:?}: {complaint}");
    }
}

/// Nobody there, and what is no URL; the password in it stays where it is.
pub async fn a_redis_that_cannot_be_used_is_named(subject: &Subject) {
    let sandbox = platform(Options::default()).await;
    let nobody = format!("127.0.0.1:{}", free_port());
    for (url, sentence) in [
        (format!("redis://:a-password@{nobody}"), format!("REDIS_URL: Redis at {nobody} cannot be used: ")),
        ("redis:a-password".to_owned(), "REDIS_URL: the URL of Redis cannot be read: ".to_owned()),
    ] {
        let complaint = complaint_with(subject, &sandbox, "REDIS_URL", &url).await;
        assert!(complaint.lines().any(|line| line.starts_with(&sentence)), "{url}: {complaint}");
        assert!(!complaint.contains("a-password"), "the password is told: {complaint}");
    }
}

async fn complaint_with(subject: &Subject, sandbox: &Running, name: &'static str, value: &str) -> String {
    let mut all = variables(sandbox, free_port());
    all.retain(|(known, _)| *known != name);
    all.push((name, value.to_owned()));
    complaint(subject, &all).await
}

/// What the application says before it gives up: it never listens, ends with a failure, and tells no secret.
async fn complaint(subject: &Subject, variables: &[(&'static str, String)]) -> String {
    let mut process = subject.start(variables);
    assert!(!Subject::listens(&mut process).await, "the application starts:\n{}", process.log());
    let status = process.ends().await;
    let log = process.log();
    assert!(status.code().is_some_and(|code| code != 0), "{status}:\n{log}");
    assert!(!log.contains("panicked"), "{log}");
    assert!(!log.contains(SECRET), "the secret is told:\n{log}");
    log
}

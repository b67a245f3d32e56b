//! Starting, stopping, and what stays.

use maestrano_sandbox::{Error, Options, Port, Sandbox, Seed};

use crate::browser::{ACS, Browser, attribute, sign_on_path, start, start_default};

#[tokio::test]
async fn two_sandboxes_run_side_by_side_each_with_its_own_keys() {
    let (first, second) = (start_default().await, start_default().await);
    assert_ne!(first.url(), second.url());
    assert_ne!(first.certificate_pem("maestrano-local"), second.certificate_pem("maestrano-local"));
    for running in [&first, &second] {
        let page = Browser::at(running).get("/health").await;
        assert_eq!((page.status.as_u16(), page.body.as_str()), (200, "{\"status\":\"ok\"}"));
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_or_the_next_one_is_used_as_told() {
    let first = start_default().await;
    let port: u16 = first.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let refused = Sandbox::start(Options::default().port(Port::Fixed(port))).await;
    assert!(matches!(refused, Err(Error::Listen { .. })));
    let next = start(Options::default().port(Port::FirstFreeFrom(port))).await;
    assert_ne!(next.url(), first.url());
}

#[tokio::test]
async fn a_stopped_or_dropped_sandbox_answers_nothing_not_even_on_open_connections() {
    let (stopped, dropped) = (start_default().await, start_default().await);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let urls = [stopped.url().to_owned(), dropped.url().to_owned()].map(|url| format!("{url}/health"));
    for url in &urls {
        assert!(client.get(url).send().await.is_ok_and(|answer| answer.status() == 200));
    }
    stopped.stop().await;
    assert!(client.get(&urls[0]).send().await.is_err());
    drop(dropped);
    // Dropping cannot wait; the connections go as soon as the runtime gets to it.
    while client.get(&urls[1]).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn with_a_database_file_keys_and_data_outlive_the_process_and_stay_private() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.sqlite");
    let options = || Options::default().database(&file);

    let running = start(options()).await;
    let certificate = running.certificate_pem("maestrano-local").expect("a certificate").to_owned();
    let mut browser = Browser::of(&running, "john.doe@example.com").await;
    let token = attribute(&browser.response(&sign_on_path(ACS)).await, "mno_session");
    running.set_app_host("app-1", "http://localhost:3003").await.expect("the app moves");
    running.stop().await;

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let running = start(options().seed(Seed::with_marketplaces(&["ignored"]))).await;
    assert_eq!(running.certificate_pem("maestrano-local"), Some(certificate.as_str()));
    assert!(running.accounts().iter().all(|account| account.password.is_none()));
    let mut browser = Browser::at(&running);
    assert_eq!(browser.sign_in("john.doe@example.com", "john-password").await.status, 303);
    let xml = browser.response(&sign_on_path("http://localhost:3003/consume")).await;
    assert_eq!(attribute(&xml, "mno_session"), token);
    running.stop().await;

    let legacy = start(options().legacy_signature()).await;
    assert_ne!(legacy.certificate_pem("maestrano-local"), Some(certificate.as_str()));
}

#[tokio::test]
async fn what_cannot_be_started_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let no_recheck = Options::default().recheck(std::time::Duration::from_millis(999));
    let no_database = Options::default().database(folder.path().join("missing/sandbox.sqlite"));
    let no_marketplace = Options::default().seed(Seed::with_marketplaces(&[]));
    let no_app = Options::default().seed(Seed::with_apps(&[]));
    let no_host = Options::default().seed(Seed::default().app_host("localhost:3000"));
    for (options, word) in [
        (no_recheck, "second"),
        (no_database, "missing/sandbox.sqlite"),
        (no_marketplace, "marketplace"),
        (no_app, "environment"),
        (no_host, "address"),
    ] {
        let error = Sandbox::start(options).await.expect_err("refused").to_string();
        assert!(error.contains(word), "{error}");
    }
    let file = folder.path().join("seed.json");
    std::fs::write(&file, "{}").expect("a file");
    assert!(matches!(Seed::from_file(&file), Err(Error::SeedShape(_))));
    assert!(matches!(Seed::from_file(folder.path().join("none")), Err(Error::SeedFile { .. })));
}

#[tokio::test]
async fn control_methods_name_what_they_cannot_find() {
    let running = start_default().await;
    assert!(matches!(running.end_session("usr-9").await, Err(Error::NotFound { kind: "user", .. })));
    assert!(matches!(
        running.set_app_host("app-9", "http://a").await,
        Err(Error::NotFound { kind: "app", .. })
    ));
    assert!(matches!(running.set_app_host("app-1", "a/b").await, Err(Error::Seed { .. })));
}

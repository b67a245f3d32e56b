//! Where the settings come from, and which source wins.

use super::*;

#[test]
fn missing_variables_are_all_named() {
    let found = lines(Settings::from_variables(|_| None).plan().unwrap_err());
    assert_eq!(
        found,
        [
            "MNO_DEVPL_HOST (dev_platform.host): is missing: set it to the address of the developer platform",
            "MNO_DEVPL_ENV_KEY (environment.api_key): is missing: set it to the key of your environment",
            "MNO_DEVPL_ENV_SECRET (environment.api_secret): is missing: set it to the secret of your environment",
        ]
    );
    let empty =
        variables(&[("MNO_DEVPL_HOST", " "), ("MNO_DEVPL_ENV_KEY", "k:s"), ("MNO_COOKIE_KEY", "short")]);
    let found = lines(Settings::from_variables(empty).plan().unwrap_err());
    let starts = ["MNO_COOKIE_KEY", "MNO_DEVPL_HOST", "MNO_DEVPL_ENV_KEY", "MNO_DEVPL_ENV_SECRET"];
    assert!(found.iter().zip(starts).all(|(line, start)| line.starts_with(start)), "{found:#?}");
    assert_eq!(found.len(), 4);
}

#[tokio::test]
async fn the_variables_of_the_environment_are_enough() {
    let all = [
        ("MNO_DEVPL_HOST", "https://developer.example.com/"),
        ("MNO_DEVPL_API_PATH", "/config"),
        ("MNO_DEVPL_ENV_NAME", "my-app"),
        ("MNO_DEVPL_ENV_KEY", "env-key"),
        ("MNO_DEVPL_ENV_SECRET", "env-secret"),
        ("MNO_COOKIE_KEY", "the first key of thirty-two bytes, the second key of thirty-two bytes"),
        ("MNO_DEFAULT_MARKETPLACE", "b"),
    ];
    let platform = Platform::with(&[entry("a"), entry("b")]);
    let configuration = load(&Settings::from_variables(variables(&all)), &platform).await.unwrap();
    assert_eq!(platform.urls(), ["https://developer.example.com/config/marketplaces"]);
    assert_eq!(configuration.default_marketplace().unwrap().name().as_str(), "b");
    let keys = [
        CookieKey::new("the first key of thirty-two bytes"),
        CookieKey::new("the second key of thirty-two bytes"),
    ];
    assert_eq!(configuration.rules().cookie_keys(), keys);
}

#[tokio::test]
async fn rules_have_defaults_and_bounds() {
    let configuration = loaded(&[entry("uat")]).await;
    let rules = configuration.rules();
    assert_eq!(rules.mount(), "/maestrano");
    assert_eq!(rules.session_lifetime().as_secs(), 12 * 60 * 60);
    assert_eq!(rules.clock_allowance().as_secs(), 60);
    assert_eq!(rules.outage_grace().as_secs(), 180);
    assert_eq!(rules.recheck_timeout().as_secs(), 2);
    // Without a key for cookies the environment's secret is it.
    assert_eq!(rules.cookie_keys(), [CookieKey::new("env-secret")]);

    let seconds = std::time::Duration::from_secs;
    let wrong = settings()
        .mount("maestrano")
        .session_lifetime(seconds(1))
        .clock_allowance(seconds(301))
        .outage_grace(seconds(1_000_000))
        .recheck_timeout(seconds(0))
        .default_marketplace("a b");
    assert_eq!(lines(wrong.plan().unwrap_err()).len(), 6);
    let right = settings().clock_allowance(seconds(300)).outage_grace(seconds(0));
    assert!(right.plan().is_ok());
}

#[tokio::test]
async fn toml_yaml_and_json_say_the_same() {
    let folder = Folder::of("formats");
    let files = [
        folder.file(
            "maestrano.toml",
            "default_marketplace = 'b'\nclock_allowance_seconds = 90\n\
             [dev_platform]\nhost = 'https://developer.example.com'\napi_path = '/api/config/v1'\n\
             [environment]\nname = 'my-app'\napi_key = 'env-key'\napi_secret = 'env-secret'\n\
             [sso]\ncreation_mode = 'virtual'\n",
        ),
        folder.file(
            "maestrano.yml",
            "default-marketplace: b\nclock_allowance_seconds: 90\n\
             dev-platform:\n  host: https://developer.example.com\n  api-path: /api/config/v1\n\
             environment:\n  name: my-app\n  api-key: env-key\n  api-secret: env-secret\n\
             sso:\n  creation_mode: virtual\n",
        ),
        folder.file(
            "maestrano.json",
            r#"{"default_marketplace": "b", "clock_allowance_seconds": 90,
                "dev-platform": {"host": "https://developer.example.com", "api_path": "/api/config/v1"},
                "environment": {"name": "my-app", "api_key": "env-key", "api_secret": "env-secret"},
                "sso": {"creation_mode": "virtual"}}"#,
        ),
    ];
    for file in files {
        let platform = Platform::with(&[entry("a"), entry("b")]);
        let configuration = load(&Settings::new().file(&file), &platform).await.unwrap();
        assert_eq!(platform.urls(), ["https://developer.example.com/api/config/v1/marketplaces"]);
        let marketplace = configuration.default_marketplace().unwrap();
        assert_eq!((marketplace.name().as_str(), marketplace.creation_mode()), ("b", CreationMode::Virtual));
        assert_eq!(configuration.rules().clock_allowance().as_secs(), 90);
    }
}

#[tokio::test]
async fn the_environment_wins_over_the_file_and_code_over_both() {
    let folder = Folder::of("layers");
    let file = folder.file(
        "maestrano.yaml",
        "dev-platform: {host: 'https://file.example.com', api_path: /from-file}\n\
         environment: {api_key: file-key, api_secret: file-secret}\n",
    );
    let platform = Platform::with(&[entry("a")]);
    let given =
        [("MNO_DEVPL_HOST", "https://env.example.com"), ("MNO_DEVPL_ENV_KEY", ""), ("MNO_COOKIE_KEY", "")];
    let layered = Settings::from_variables(variables(&given)).file(&file);
    load(&layered, &platform).await.unwrap();
    load(&layered.developer_platform("https://code.example.com"), &platform).await.unwrap();
    assert_eq!(
        platform.urls(),
        ["https://env.example.com/from-file/marketplaces", "https://code.example.com/from-file/marketplaces"]
    );
}

#[test]
fn without_the_developer_platform_a_cookie_key_is_needed() {
    let found = lines(Settings::new().marketplace(entry("a")).plan().unwrap_err());
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("MNO_COOKIE_KEY (cookie_keys): is missing"), "{found:#?}");
    let key = CookieKey::new(COOKIE_KEY);
    assert!(Settings::new().marketplace(entry("a")).cookie_keys([&key]).plan().is_ok());
    let blank = Settings::from_variables(variables(&[("MNO_COOKIE_KEY", " , ")])).marketplace(entry("a"));
    assert!(lines(blank.plan().unwrap_err())[0].contains("is missing"));
    let found = lines(Settings::new().marketplace(entry("a")).cookie_keys([]).plan().unwrap_err());
    assert!(found[0].starts_with("MNO_COOKIE_KEY (cookie_keys): is missing"), "{found:#?}");
}

#[tokio::test]
async fn a_default_marketplace_that_is_not_there_is_told() {
    let settings = settings().default_marketplace("c");
    let found = lines(load(&settings, &Platform::with(&[entry("a"), entry("b")])).await.unwrap_err());
    assert_eq!(found, ["MNO_DEFAULT_MARKETPLACE (default_marketplace): there is no c: name one of a, b"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_without_its_content() {
    let folder = Folder::of("broken");
    for (name, text) in [
        ("broken.toml", "[environment]\napi_secret = \"k3v9x2\nhost = 1"),
        ("broken.yaml", "environment:\n  api_secret: \"k3v9x2\n  - x: ["),
        ("broken.json", "{\"environment\": {\"api_secret\": \"k3v9x2}"),
        ("broken.ini", "[environment]\napi_secret=k3v9x2"),
    ] {
        let error = Settings::new().file(folder.file(name, text)).plan().unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains(name) && told.contains("cannot be read") && !told.contains("k3v9x2"), "{told}");
    }
    let error = Settings::new().file(folder.0.join("absent.toml")).plan().unwrap_err();
    assert!(error.to_string().contains("absent.toml"), "{error}");
}

#[tokio::test]
async fn the_file_in_the_readme_is_right() {
    let readme = include_str!("../../../README.md");
    let files = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let text = files.into_iter().find(|text| text.contains("[[marketplaces]]")).unwrap();
    let folder = Folder::of("readme");
    let settings = Settings::new().file(folder.file("maestrano.toml", text));
    let configuration = load(&settings, &Nobody).await.unwrap();
    let marketplace = configuration.marketplace("maestrano-uat").unwrap();
    assert_eq!(marketplace.idp_url(), "https://uat.maestrano.io/api/v1/auth/saml");
    assert!(marketplace.trust().fingerprint().is_some());
}

#[tokio::test]
async fn nothing_that_is_configured_shows_a_secret() {
    let key = CookieKey::new("k3v9x2 of at least thirty-two bytes");
    let settings = Settings::from_variables(variables(&[("MNO_DEVPL_ENV_SECRET", "k3v9x2")]))
        .developer_platform("https://developer.example.com")
        .credentials("env-key", &EnvironmentSecret::new("k3v9x2"))
        .cookie_keys([&key])
        .marketplace(changed(entry("a"), "/api/key", json!("k3v9x2")));
    let plan = settings.plan().unwrap();
    let configuration =
        plan.load(&Platform::with(&[changed(entry("b"), "/api/key", json!("k3v9x2"))])).await.unwrap();
    let shown = format!("{settings:?} {plan:?} {configuration:?} {:?}", configuration.marketplace("b"));
    assert!(shown.contains("[redacted]") && !shown.contains("k3v9x2"), "{shown}");
}

//! What a marketplace must be.

use super::*;

#[tokio::test]
async fn a_marketplace_is_read_whole() {
    let configuration = loaded(&[entry("uat")]).await;
    let marketplace = configuration.marketplace("uat").unwrap();
    assert_eq!(marketplace.name().as_str(), "uat");
    assert_eq!(marketplace.nid(), Some("my-app"));
    assert_eq!(marketplace.environment(), Some("my-environment"));
    assert_eq!(marketplace.app_id().as_str(), "app-1");
    assert_eq!(marketplace.api_key(), &ApiKey::new("key-of-uat"));
    assert_eq!(marketplace.api_host().as_str(), "https://api.example.com/");
    assert_eq!(marketplace.api_base(), "/api/v1/");
    assert_eq!(marketplace.app_host().as_str(), "https://app.example.com/");
    assert_eq!(marketplace.init_path(), "/maestrano/init/?marketplace=uat");
    assert_eq!(marketplace.consume_path(), "/maestrano/auth/saml/consume/uat");
    assert_eq!(marketplace.name_id_format(), "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
    assert_eq!(marketplace.creation_mode(), CreationMode::Real);
    assert_eq!(marketplace.trust().certificates().len(), 1);
    assert!(marketplace.trust().fingerprint().is_none() && !marketplace.trust().allows_sha1());
    assert_eq!(marketplace.webhooks().group.as_deref(), Some("/maestrano/account/groups/:id/uat"));
    assert_eq!(marketplace.webhooks().member, None);
    assert_eq!(marketplace.webhooks().notification.as_deref(), Some("/maestrano/connec/notifications/uat"));
    let connec = marketplace.connec().unwrap();
    assert_eq!((connec.host.as_str(), connec.base_path.as_str()), ("https://connec.example.com/", "/api/v2"));
    assert_eq!(connec.timeout.as_secs(), 300);
    let status_path = marketplace.synchronization().status_path.as_deref();
    assert_eq!(status_path, Some("/maestrano/synchronizations/:cld-uid"));
}

#[tokio::test]
async fn addresses_are_made_of_the_identity_hosts_and_the_paths() {
    let configuration = loaded(&[entry("uat")]).await;
    let marketplace = configuration.marketplace("uat").unwrap();
    assert_eq!(marketplace.init_url(), "https://app.example.com/maestrano/init/?marketplace=uat");
    assert_eq!(marketplace.acs_url(), "https://app.example.com/maestrano/auth/saml/consume/uat");
    assert_eq!(marketplace.idp_url(), "https://hub.example.com/api/v1/auth/saml");
    assert_eq!(
        marketplace.session_check_url(&user("usr-1.cld-1"), &SessionToken::new("a/b?c&d é+")),
        "https://hub.example.com/api/v1/auth/saml/usr-1?session=a%2Fb%3Fc%26d%20%C3%A9%2B"
    );
    assert_eq!(
        marketplace.logout_url(Some(&user("usr-1.cld-1"))),
        "https://hub.example.com/app_logout?user_uid=usr-1"
    );
    assert_eq!(marketplace.logout_url(None), "https://hub.example.com/app_logout");
    assert_eq!(marketplace.unauthorized_url(), "https://hub.example.com/app_access_unauthorized");

    let elsewhere = changed(entry("uat"), "/sso/idm", json!("https://login.example.com:8443/"));
    let configuration = loaded(&[elsewhere]).await;
    let marketplace = configuration.marketplace("uat").unwrap();
    assert_eq!(marketplace.acs_url(), "https://login.example.com:8443/maestrano/auth/saml/consume/uat");
}

#[tokio::test]
async fn what_may_be_absent_has_a_default() {
    let mut entry = entry("uat");
    for (pointer, keys) in [
        ("", &["nid", "environment", "webhooks", "connec"][..]),
        ("/api", &["base"]),
        ("/sso", &["idm", "init_path", "consume_path", "x509_fingerprint"]),
    ] {
        let table = entry.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        table.retain(|key, _| !keys.contains(&key.as_str()));
    }
    let configuration = loaded(&[entry.clone()]).await;
    let marketplace = configuration.marketplace("uat").unwrap();
    assert_eq!(marketplace.idp_url(), "https://hub.example.com/api/v1/auth/saml");
    assert_eq!(marketplace.init_url(), "https://app.example.com/maestrano/auth/saml/init/uat");
    assert_eq!(marketplace.consume_path(), "/maestrano/auth/saml/consume/uat");
    assert_eq!(marketplace.webhooks(), &WebhookPaths::default());
    assert!(marketplace.connec().is_none());

    entry["connec"] = json!({"host": "https://connec.example.com"});
    entry["webhook"] = json!({"account": {"group_path": "/maestrano/gone/:id"}});
    let configuration = loaded(&[entry]).await;
    let marketplace = configuration.marketplace("uat").unwrap();
    let connec = marketplace.connec().unwrap();
    assert_eq!((connec.base_path.as_str(), connec.timeout.as_secs()), ("/api/v2", 60));
    assert_eq!(marketplace.webhooks().group.as_deref(), Some("/maestrano/gone/:id"));
}

#[tokio::test]
async fn every_problem_of_every_marketplace_is_told_at_once() {
    let broken = json!({
        "marketplace": "broken",
        "app": {"host": "https://app.example.com/path"},
        "api": {"id": 5, "key": "", "host": "ftp://api.example.com", "base": "/api?x"},
        "sso": {"idp": "http://hub.example.com", "idm": "app", "init_path": "init", "consume_path": "/other/consume",
                "x509_certificate": "-----BEGIN CERTIFICATE-----\nMIIDezCCQ....\n-----END CERTIFICATE-----",
                "x509_fingerprint": "8a:1e", "creation_mode": "imagined"},
        "connec": {"host": "http://connec.example.com", "timeout": "long", "base_path": 5},
        "webhooks": {"account": {"group_path": "test", "group_user_path": "/maestrano/../x"}, "connec": []}
    });
    let found = problems(&[entry("uat"), broken, json!("text"), json!({"marketplace": "a b"})]).await;
    let of = |start: &str| found.iter().filter(|line| line.starts_with(start)).count();
    for (setting, message) in [
        ("app.host", "has more than scheme, host and port"),
        ("api.id", "is a number: give a text"),
        ("api.key", "is missing"),
        ("api.host", "is not a web address"),
        ("api.base", "is not a path"),
        ("sso.idp", "is plain http"),
        ("sso.idm", "is not a URL"),
        ("sso.init_path", "is not a path"),
        ("sso.consume_path", "is outside /maestrano"),
        ("sso.x509_certificate", "it"),
        ("sso.x509_fingerprint", ""),
        ("sso.creation_mode", "is neither"),
        ("connec.host", "is plain http"),
        ("connec.timeout", "is not a number of seconds"),
        ("connec.base_path", "is a number"),
        ("webhooks.account.group_path", "is not a path"),
        ("webhooks.account.group_user_path", "is not a path as a browser"),
        ("webhooks.connec", "is a list"),
    ] {
        let start = format!("developer platform: marketplaces[1] (broken) {setting}: {message}");
        assert_eq!(of(&start), 1, "{start}\n{found:#?}");
    }
    assert_eq!(of("developer platform: marketplaces[1]"), 18, "{found:#?}");
    assert_eq!(of("developer platform: marketplaces[2]: is a text"), 1, "{found:#?}");
    assert_eq!(of("developer platform: marketplaces[3] marketplace: an identifier"), 1, "{found:#?}");
    assert_eq!(of("developer platform: marketplaces[0]"), 0, "{found:#?}");
}

#[tokio::test]
async fn two_marketplaces_of_one_name_are_refused() {
    let second = entry("uat");
    let found = problems(&[entry("uat"), second]).await;
    assert!(
        found[0].starts_with(
            "developer platform: marketplaces[1] (uat) marketplace: claims the name that developer platform: \
             marketplaces[0] (uat) marketplace has"
        ),
        "{found:#?}"
    );
}

#[tokio::test]
async fn two_claims_of_one_path_are_refused() {
    let init = |path: &str| changed(entry("b"), "/sso/init_path", json!(path));
    for path in
        ["/maestrano/auth/saml/consume/a", "/maestrano/auth/saml/consume/a/", "/maestrano/init?marketplace=a"]
    {
        let found = problems(&[entry("a"), init(path)]).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains("(b) sso.init_path: claims the path that"), "{found:#?}");
    }
    let group =
        changed(entry("b"), "/webhooks/account/group_path", json!("/maestrano/account/groups/:uid/a"));
    assert_eq!(problems(&[entry("a"), group]).await.len(), 1);
    let first = changed(entry("a"), "/sso/init_path", json!("/maestrano/init?a=1&b=2"));
    assert_eq!(problems(&[first, init("/maestrano/init?b=2&a=1")]).await.len(), 1);
    let encoded = init("/maestrano/init?marketplac%65=%61");
    assert_eq!(problems(&[entry("a"), encoded]).await.len(), 1);
    loaded(&[entry("a"), init("/maestrano/init/?marketplace=b2")]).await;
}

#[tokio::test]
async fn the_librarys_own_paths_are_taken() {
    for path in ["/maestrano/logout", "/maestrano/auth/saml/finish", "/maestrano/auth/saml/finish/"] {
        for setting in ["/sso/init_path", "/sso/consume_path"] {
            let found = problems(&[changed(entry("a"), setting, json!(path))]).await;
            assert_eq!(found.len(), 1, "{path}");
            assert!(found[0].contains("claims the path that this library itself has"), "{found:#?}");
        }
    }
}

#[tokio::test]
async fn certificate_and_fingerprint_must_agree() {
    let other = changed(entry("uat"), "/sso/x509_certificate", json!(OTHER_CERTIFICATE));
    let found = problems(std::slice::from_ref(&other)).await;
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("sso.x509_fingerprint: is not the fingerprint of the certificate"),
        "{found:#?}"
    );
    let none = changed(
        changed(entry("uat"), "/sso/x509_certificate", json!("")),
        "/sso/x509_fingerprint",
        json!(null),
    );
    let found = problems(&[none]).await;
    assert!(found[0].contains("sso.x509_certificate: is missing"), "{found:#?}");

    // While the platform changes from one certificate to the next, one of them has the fingerprint.
    let several = changed(other, "/sso/x509_certificates", json!([CERTIFICATE]));
    let configuration = loaded(&[several]).await;
    assert_eq!(configuration.marketplace("uat").unwrap().trust().certificates().len(), 2);
}

#[tokio::test]
async fn a_certificate_may_lack_its_frame_and_a_fingerprint_may_stand_alone() {
    let body: String = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect();
    loaded(&[changed(entry("uat"), "/sso/x509_certificate", json!(body))]).await;
    for fingerprint in [FINGERPRINT, SHA256_FINGERPRINT] {
        let alone = changed(entry("uat"), "/sso/x509_certificate", json!(null));
        let alone = changed(alone, "/sso/x509_fingerprint", json!(fingerprint.to_lowercase()));
        let configuration = loaded(&[alone]).await;
        let trust = configuration.marketplace("uat").unwrap().trust();
        assert_eq!(trust.fingerprint().unwrap().to_string(), fingerprint);
    }
}

#[tokio::test]
async fn the_public_sandbox_key_is_trusted_only_under_the_name_local() {
    let public = changed(entry("uat"), "/sso/x509_certificate", json!(null));
    let public = changed(public, "/sso/x509_fingerprint", json!(PUBLIC_FINGERPRINT));
    let found = problems(std::slice::from_ref(&public)).await;
    assert!(found[0].contains("sso.x509_certificate: is the sandbox's public one"), "{found:#?}");
    let sha256 = environment::PUBLIC_SANDBOX[0];
    assert_eq!(problems(&[changed(public.clone(), "/sso/x509_fingerprint", json!(sha256))]).await.len(), 1);

    // The developer platform's word for an environment is not ours.
    let local = changed(public.clone(), "/environment", json!("local"));
    assert_eq!(problems(std::slice::from_ref(&local)).await.len(), 1);
    load(&settings().marketplace(&local), &Platform::with(&[])).await.unwrap();
    load(&settings().environment("local"), &Platform::with(std::slice::from_ref(&public))).await.unwrap();
    load(&settings().environment("uat"), &Platform::with(&[public])).await.unwrap_err();
}

#[tokio::test]
async fn plain_http_to_the_platform_is_for_this_machine_only() {
    for pointer in ["/api/host", "/sso/idp", "/connec/host"] {
        for host in
            ["http://localhost:5301", "http://127.0.0.1:5301", "http://[::1]:5301", "http://mno.localhost"]
        {
            loaded(&[changed(entry("uat"), pointer, json!(host))]).await;
        }
        let plain = changed(entry("uat"), pointer, json!("http://localhost.example.com"));
        let found = problems(std::slice::from_ref(&plain)).await;
        assert!(found[0].contains("is plain http"), "{found:#?}");
        load(&settings().danger_allow_http(), &Platform::with(&[plain])).await.unwrap();
    }
    // The application itself may be served without TLS.
    loaded(&[changed(entry("uat"), "/app/host", json!("http://app.example.com"))]).await;

    let found = lines(settings().developer_platform("http://developer.example.com").plan().unwrap_err());
    assert!(found[0].starts_with("MNO_DEVPL_HOST (dev_platform.host): is plain http"), "{found:#?}");
}

#[tokio::test]
async fn marketplaces_of_a_file_need_no_developer_platform() {
    let folder = Folder::of("entries");
    let file = folder.file(
        "maestrano.toml",
        "cookie_keys = ['a key of thirty-two bytes or more']\n\
         [[marketplaces]]\nmarketplace = 'mine'\nenvironment = 'uat'\napp.host = 'https://app.example.com'\n\
         api.id = 'app-1'\napi.key = 'k1'\nsso.creation_mode = 'virtual'\n\
         [[marketplaces]]\nmarketplace = 'live'\nenvironment = 'maestrano-production'\n\
         app.host = 'https://app.example.com'\napi.id = 'app-2'\napi.key = 'k2'\nsso.danger_allow_sha1 = true\n",
    );
    let configuration = load(&Settings::new().file(file), &Nobody).await.unwrap();
    let names: Vec<&str> =
        configuration.marketplaces().map(|marketplace| marketplace.name().as_str()).collect();
    assert_eq!(names, ["mine", "live"]);
    assert!(configuration.default_marketplace().is_none());
    let mine = configuration.marketplace("mine").unwrap();
    assert_eq!(mine.idp_url(), "https://uat.maestrano.io/api/v1/auth/saml");
    assert_eq!(mine.acs_url(), "https://app.example.com/maestrano/auth/saml/consume/mine");
    assert_eq!(mine.connec().unwrap().host.as_str(), "https://api-connec-uat.maestrano.io/");
    assert_eq!(mine.connec().unwrap().timeout.as_secs(), 180);
    assert!(mine.trust().fingerprint().unwrap().to_string().starts_with("6F:19:C4:FD"));
    assert_eq!(
        mine.mask_user(&user("usr-1.cld-1"), &"cld-2".parse::<GroupId>().unwrap()),
        user("usr-1.cld-2")
    );
    assert_eq!(mine.unmask_user(&user("usr-1.cld-1")), user("usr-1"));
    let live = configuration.marketplace("live").unwrap();
    assert!(live.trust().allows_sha1() && !mine.trust().allows_sha1());
    assert_eq!(live.mask_user(&user("usr-1.cld-1"), &"cld-2".parse::<GroupId>().unwrap()), user("usr-1"));
}

#[tokio::test]
async fn the_environment_local_is_asked_for_by_name() {
    let local = json!({"marketplace": "local", "environment": "local", "app": {"host": "http://localhost:3000"},
                       "api": {"id": "app-1", "key": "k1"}});
    let key = CookieKey::new(COOKIE_KEY);
    let configuration = load(&Settings::new().cookie_keys([&key]).marketplace(local), &Nobody).await.unwrap();
    let only = configuration.default_marketplace().unwrap();
    assert_eq!(only.idp_url(), "http://localhost:3001/api/v1/auth/saml");
    assert!(only.connec().is_none());
    // The developer platform's word for an environment is a handle, not one of the known names.
    let unknown = json!({"marketplace": "m", "environment": "uat", "app": {"host": "http://localhost:3000"},
                         "api": {"id": "app-1", "key": "k1"}});
    let found = problems(&[unknown]).await;
    let wanting = ["api.host", "sso.idp", "sso.x509_certificate"];
    assert!(
        found.len() == 3 && found.iter().zip(wanting).all(|(line, key)| line.contains(key)),
        "{found:#?}"
    );
}

#[tokio::test]
async fn own_marketplaces_come_before_those_of_the_developer_platform() {
    let both = settings().marketplace(entry("mine"));
    let configuration = load(&both, &Platform::with(&[entry("theirs")])).await.unwrap();
    let names: Vec<&str> =
        configuration.marketplaces().map(|marketplace| marketplace.name().as_str()).collect();
    assert_eq!(names, ["mine", "theirs"]);
    let found = lines(load(&both, &Platform::with(&[entry("mine")])).await.unwrap_err());
    assert!(found[0].contains("claims the name that marketplaces[0] (mine) marketplace has"), "{found:#?}");
}

#[tokio::test]
async fn a_platform_cannot_allow_sha1_by_itself() {
    let daring = changed(entry("uat"), "/sso/danger_allow_sha1", json!(true));
    let configuration = loaded(std::slice::from_ref(&daring)).await;
    assert!(!configuration.marketplace("uat").unwrap().trust().allows_sha1());
    let configuration = load(&settings().danger_allow_sha1(), &Platform::with(&[daring])).await.unwrap();
    assert!(configuration.marketplace("uat").unwrap().trust().allows_sha1());
}

#[tokio::test]
async fn a_marketplace_is_found_by_its_credentials() {
    let configuration = loaded(&[entry("a"), entry("b")]).await;
    let found = |id: &str, key: &str| {
        let marketplace = configuration.with_credentials(&id.parse().unwrap(), &ApiKey::new(key))?;
        Some(marketplace.name().to_string())
    };
    assert_eq!(found("app-1", "key-of-b").as_deref(), Some("b"));
    assert_eq!(found("app-1", "key-of-c"), None);
    assert_eq!(found("app-2", "key-of-b"), None);
    assert_eq!(found("app-1", ""), None);
}

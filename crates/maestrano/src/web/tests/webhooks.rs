//! What the platform sends by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn key_of(market: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("app-1:key-of-{market}")))
}

impl World {
    async fn sent(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
        now: UtcDateTime,
    ) -> Response<Bytes> {
        let headers = [("authorization", key), ("accept", "text/html")];
        let headers = if key.is_empty() { &headers[1..] } else { &headers };
        self.send(self.request(method, path, headers, body), now).await
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// A world whose marketplaces have these webhooks and this creation mode.
    async fn hooked(webhooks: serde_json::Value, mode: crate::config::CreationMode) -> Self {
        let key = CookieKey::new("k".repeat(32));
        let mut settings = Settings::new().cookie_keys([&key]).creation_mode(mode);
        for name in ["one", "two"] {
            let mut entry = marketplace(name);
            entry["webhooks"] = serde_json::from_str(&webhooks.to_string().replace("NAME", name)).unwrap();
            settings = settings.marketplace(entry);
        }
        let configuration = settings.plan().unwrap().load(&Platform::default()).await.unwrap();
        let mut world = Self::new(&["one", "two"]).await;
        world.site = Site::new(configuration, Arrival::Redirect);
        world
    }
}

const REAL: crate::config::CreationMode = crate::config::CreationMode::Real;

#[tokio::test]
async fn webhooks_come_in_at_the_usual_places_and_where_the_configuration_says() {
    let paths = serde_json::json!({
        "account": {"group_path": "/maestrano/account/groups/:id/NAME",
                    "group_user_path": "/maestrano/account/groups/:group_id/users/:id/NAME"},
        "connec": {"notification_path": "/maestrano/connec/notifications/NAME"},
    });
    let queries = serde_json::json!({
        "account": {"group_path": "/maestrano/gone/:id?marketplace=NAME",
                    "group_user_path": "/maestrano/left?marketplace=NAME&user=:id&group=:group_id"},
        "connec": {"notification_path": "/maestrano/news/?marketplace=NAME"},
    });
    let nothing = serde_json::json!({"account": {"group_path": "/maestrano/gone/NAME"}});
    let usual = [
        "/maestrano/account/groups/cld-1/two",
        "/maestrano/account/groups/cld-1/users/usr-1/two",
        "/maestrano/connec/notifications/two",
    ];
    for (webhooks, [group, member, notification]) in [
        (paths, usual),
        (
            queries,
            [
                "/maestrano/gone/cld-1?x=1&marketplace=two",
                "/maestrano/left?user=usr-1&marketplace=two&group=cld%2D1",
                "/maestrano/news/?marketplace=two",
            ],
        ),
        (nothing, usual),
    ] {
        let world = World::hooked(webhooks, REAL).await;
        let body = r#"{"people": [{"id": "a"}], "items": [{"id": "b"}]}"#;
        for (method, path) in [("DELETE", group), ("DELETE", member), ("POST", notification)] {
            let answer = world.sent(method, path, &key_of("two"), body, NOW).await;
            assert_eq!((answer.status(), text(&answer)), (StatusCode::OK, r#"{"success":true}"#), "{path}");
            let other = world.sent("GET", path, &key_of("two"), "", NOW).await;
            assert_eq!((other.status().as_u16(), header(&other, &ALLOW)), (405, method), "{path}");
        }
        assert_eq!(
            world.heard(),
            ["two without cld-1", "two cld-1 without usr-1", "two has people and items"]
        );
    }
}

#[tokio::test]
async fn an_application_of_one_marketplace_needs_no_name_in_the_address() {
    let world = World::new(&["one"]).await;
    let answer = world.sent("DELETE", "/maestrano/account/groups/cld-1", &key_of("one"), "", NOW).await;
    assert_eq!((answer.status(), world.heard()), (StatusCode::OK, vec!["one without cld-1".to_owned()]));
    let two = World::new(&["one", "two"]).await;
    let answer = two.sent("DELETE", "/maestrano/account/groups/cld-1", &key_of("one"), "", NOW).await;
    assert_eq!((answer.status(), two.heard()), (StatusCode::UNAUTHORIZED, vec![]));
}

#[tokio::test]
async fn nobody_gets_in_without_the_marketplaces_own_credentials() {
    let world = World::new(&["one", "two"]).await;
    world.sign_in("one", NOW).await;
    for (path, key) in [
        ("/maestrano/account/groups/cld-1/one", String::new()),
        ("/maestrano/account/groups/cld-1/one", key_of("two")),
        ("/maestrano/account/groups/cld-1/one", "Basic".to_owned()),
        ("/maestrano/account/groups/cld-1/users/usr-1/one", key_of("one") + "x"),
        ("/maestrano/account/groups/cld-1/three", key_of("one")),
        ("/maestrano/account/groups/cld-1/users/usr-1/three", key_of("one")),
    ] {
        let answer = world.sent("DELETE", path, &key, "", NOW).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} {key}");
        assert_eq!(header(&answer, &http::header::WWW_AUTHENTICATE), "Basic realm=\"maestrano\"");
        assert!(text(&answer).contains("invalid_credentials") && !sets_cookie(&answer));
    }
    for path in ["/maestrano/connec/notifications/one", "/maestrano/connec/notifications/three"] {
        let answer = world.sent("POST", path, &key_of("two"), "{}", NOW).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(world.check(NOW).await.is_ok() && world.heard().is_empty());
}

#[tokio::test]
async fn who_is_removed_is_out_at_the_next_request_and_may_come_back() {
    for (path, ends) in [
        ("/maestrano/account/groups/cld-1/one", true),
        ("/maestrano/account/groups/cld-1/users/usr-1/one", true),
        ("/maestrano/account/groups/cld-1/users/usr-1.cld-1/one", true),
        ("/maestrano/account/groups/cld-1/users/usr-2/one", false),
        ("/maestrano/account/groups/cld-2/users/usr-1/one", false),
        ("/maestrano/account/groups/cld-2/one", false),
    ] {
        let world = World::new(&["one"]).await;
        world.sign_in("one", NOW).await;
        let now = NOW + Duration::seconds(5);
        for _ in 0..2 {
            assert_eq!(world.sent("DELETE", path, &key_of("one"), "", now).await.status(), StatusCode::OK);
        }
        assert_eq!(world.check(now).await.is_err(), ends, "{path}");
        world.sign_in("one", now + Duration::seconds(1)).await;
        assert!(world.check(now + Duration::seconds(1)).await.is_ok(), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_was_held_back_does_not_bring_back_who_was_removed() {
    let world = World::new(&["one"]).await;
    let id = world.begin("one", "", NOW).await;
    let removed = NOW + Duration::milliseconds(500);
    let path = "/maestrano/account/groups/cld-1/users/usr-1/one";
    world.sent("DELETE", path, &key_of("one"), "", removed).await;
    let login = login("one", &id, NOW);
    let finished = NOW + Duration::seconds(30);
    let answer = world.go(&world.finish(&login, finished), finished).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(world.check(finished).await.is_err());
    // Who begins after the removal is the platform's business again.
    world.sign_in("one", removed + Duration::milliseconds(1)).await;
    assert!(world.check(finished).await.is_ok());
}

#[tokio::test]
async fn a_path_for_any_tenant_is_no_marketplaces_own() {
    let paths = serde_json::json!({"account": {"group_path": "/maestrano/gone/:id/:tenant/NAME"}});
    let world = World::hooked(paths, REAL).await;
    let answer = world.sent("DELETE", "/maestrano/gone/cld-1/x/one", &key_of("one"), "", NOW).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn in_virtual_mode_the_application_hears_of_its_own_user() {
    let world = World::hooked(serde_json::json!({}), crate::config::CreationMode::Virtual).await;
    let path = "/maestrano/account/groups/cld-1/users/usr-1/one";
    assert_eq!(world.sent("DELETE", path, &key_of("one"), "", NOW).await.status(), StatusCode::OK);
    assert_eq!(world.heard(), ["one cld-1 without usr-1.cld-1"]);
}

#[tokio::test]
async fn what_fails_ends_the_sessions_all_the_same_and_is_to_be_sent_again() {
    let removal = "/maestrano/account/groups/cld-1/one";
    for memory in [Arc::new(NoMemory::default()) as Arc<dyn Memory>, Arc::new(InProcess::default())] {
        let says = if memory.is_reachable() { Err("the database is down") } else { Ok(SignIn::Allow) };
        let open = World::new(&["one"]).await;
        open.sign_in("one", NOW).await;
        let mut world = World::with(&["one"], None, says, memory, Arrival::Redirect).await;
        world.cookies = open.cookies;
        let answer = world.sent("DELETE", removal, &key_of("one"), "", NOW).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(text(&answer).contains("not_taken") && !text(&answer).contains("database"));
        assert_eq!(world.heard(), ["one without cld-1"]);
        assert!(world.check(NOW).await.is_err());
    }
    let world = World::saying(Err("the queue is full")).await;
    let news = world.sent("POST", "/maestrano/connec/notifications/one", &key_of("one"), "{}", NOW).await;
    assert_eq!(news.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_what_is_about_nobody_is_done() {
    let world = World::new(&["one"]).await;
    for body in ["", "x", "[]", &format!(r#"{{"a": {}{}}}"#, "[".repeat(64), "]".repeat(64))] {
        let answer =
            world.sent("POST", "/maestrano/connec/notifications/one", &key_of("one"), body, NOW).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(text(&answer).contains("malformed"));
    }
    for path in ["/maestrano/account/groups/a%20b/one", "/maestrano/account/groups/cld-1/users/%3Cb%3E/one"] {
        assert_eq!(
            world.sent("DELETE", path, &key_of("one"), "", NOW).await.status(),
            StatusCode::OK,
            "{path}"
        );
    }
    assert!(world.heard().is_empty());
    for path in ["/maestrano/account/groups//one", "/maestrano/account/groups/%ff/one"] {
        let answer = world.sent("DELETE", path, &key_of("one"), "", NOW).await;
        assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

#[tokio::test]
async fn an_application_that_has_written_nothing_takes_everything() {
    struct Quiet;

    impl crate::app::PartnerApp for Quiet {
        type Error = std::convert::Infallible;

        async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, Self::Error> {
            Ok(SignIn::Allow)
        }
    }

    let mut world = World::new(&["one"]).await;
    let (memory, transport) = (Arc::new(InProcess::default()), Arc::new(world.platform.clone()));
    let rules = world.site.configuration.rules();
    let seal = Seal::new(rules.cookie_keys()).unwrap();
    world.sso = Sso::new(rules, Box::new(Quiet), memory, transport, seal, NOW);
    for (method, path) in [
        ("DELETE", "/maestrano/account/groups/cld-1/one"),
        ("DELETE", "/maestrano/account/groups/cld-1/users/usr-1/one"),
        ("POST", "/maestrano/connec/notifications/one"),
    ] {
        let answer = world.sent(method, path, &key_of("one"), r#"{"people": [{}]}"#, NOW).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_panic_of_the_application_is_a_webhook_to_be_sent_again() {
    for (method, path) in [
        ("DELETE", "/maestrano/account/groups/cld-1/one"),
        ("DELETE", "/maestrano/account/groups/cld-1/users/usr-1/one"),
        ("POST", "/maestrano/connec/notifications/one"),
    ] {
        let world = World::saying(Err(PANIC)).await;
        let answer = world.sent(method, path, &key_of("one"), "{}", NOW).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(text(&answer).contains("not_taken") && !text(&answer).contains(PANIC));
    }
}

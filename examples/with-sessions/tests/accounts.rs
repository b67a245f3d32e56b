//! People come in by a password and by a marketplace, and nobody gets another one's account.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::time::Duration;

use maestrano_conformance::browser::{Browser, Form, Tab};
use maestrano_conformance::world::{JANE, JOHN, Person, Setting};
use maestrano_conformance::{Subject, World, play};

const PASSWORD: &str = "a password of the shop's own";

struct Shop(World);

impl Shop {
    async fn open() -> Self {
        Self(World::new(&subject()).await)
    }

    /// A new browser that shows the start page.
    async fn browser(&self) -> (Browser, Tab) {
        let browser = self.0.browser();
        let mut tab = browser.tab();
        tab.open(&self.0.app("/")).await;
        (browser, tab)
    }

    /// Comes in from the platform as this person, in `cld-1`.
    async fn arrive(&self, tab: &mut Tab, person: &Person) {
        tab.open(&self.0.app("/maestrano/auth/saml/init?group_id=cld-1&return_to=/me")).await;
        if tab.page().url.as_str().starts_with(self.0.sandbox().url()) {
            self.0.sign_in(tab, person).await;
        }
    }

    /// A new browser whose user has opened account 0 with John's address and a password.
    async fn customer(&self) -> (Browser, Tab) {
        let (browser, mut tab) = self.browser().await;
        self.say_password(&mut tab, "/sign-up", PASSWORD).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 0 of john.doe@example.com"));
        (browser, tab)
    }

    /// Fills in a form of the sign-in page, with John's address.
    async fn say_password(&self, tab: &mut Tab, action: &str, password: &str) {
        tab.open(&self.0.app("/sign-in")).await;
        let form = form(tab, action).fill("email", "John.Doe@example.com").fill("password", password);
        tab.submit(form).await;
    }
}

fn subject() -> Subject {
    Subject::new(env!("CARGO_BIN_EXE_crm-with-sessions"))
}

fn form(tab: &Tab, action: &str) -> Form {
    tab.page().forms().into_iter().find(|form| form.action.path() == action).unwrap()
}

/// Where the tab is, whether all is well there, and the heading.
fn shown(tab: &Tab) -> (&str, bool, &str) {
    let page = tab.page();
    let heading = page.body.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
    (page.url.path(), page.status.is_success(), heading.unwrap_or_default())
}

/// The id of the shop's session.
fn id(browser: &Browser) -> String {
    browser.jar().all().iter().find(|cookie| cookie.name == "shop").unwrap().value.clone()
}

async fn fill_cart(tab: &mut Tab, item: &str) {
    tab.submit(form(tab, "/cart").fill("item", item)).await;
}

#[test]
fn somebody_new_gets_an_account_and_the_same_one_the_second_time() {
    play(async {
        let shop = Shop::open().await;
        for _ in 0..2 {
            let (_, mut tab) = shop.browser().await;
            shop.arrive(&mut tab, &JOHN).await;
            assert_eq!(shown(&tab), ("/me", true, "Account 0 of John"));
            assert!(tab.page().text().contains("You came from maestrano-local"), "{}", tab.page().text());
        }
    });
}

#[test]
fn an_account_with_the_same_address_is_not_given_away() {
    play(async {
        let shop = Shop::open().await;
        shop.customer().await;
        let (_, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        assert_eq!(shown(&tab), ("/link", true, "Is this account yours?"));
        tab.open(&shop.0.app("/me")).await;
        assert_eq!(shown(&tab), ("/sign-in", true, "Sign in"));
    });
}

#[test]
fn who_says_yes_and_the_password_is_linked_and_comes_straight_in_from_then_on() {
    play(async {
        let shop = Shop::open().await;
        let (_, mut own) = shop.customer().await;
        let (_, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        tab.submit(form(&tab, "/link").fill("password", PASSWORD)).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 0 of john.doe@example.com"));

        let (_, mut again) = shop.browser().await;
        shop.arrive(&mut again, &JOHN).await;
        assert_eq!(shown(&again), ("/me", true, "Account 0 of john.doe@example.com"));

        own.submit(form(&own, "/sign-out")).await;
        shop.say_password(&mut own, "/sign-in", PASSWORD).await;
        assert_eq!(shown(&own), ("/me", true, "Account 0 of john.doe@example.com"));
        assert!(own.page().text().contains("You came by your password"));
    });
}

#[test]
fn a_wrong_password_links_nothing_and_the_question_stays() {
    play(async {
        let shop = Shop::open().await;
        shop.customer().await;
        let (_, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        for wrong in ["", "a guess"] {
            tab.submit(form(&tab, "/link").fill("password", wrong)).await;
            assert_eq!(shown(&tab), ("/link", false, "Is this account yours?"));
        }
        shop.arrive(&mut tab, &JOHN).await;
        assert_eq!(shown(&tab), ("/link", true, "Is this account yours?"));
    });
}

#[test]
fn who_says_no_gets_another_account_and_keeps_it() {
    play(async {
        let shop = Shop::open().await;
        let (_, mut own) = shop.customer().await;
        let (_, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        tab.submit(form(&tab, "/link/new")).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 1 of John"));

        let (_, mut again) = shop.browser().await;
        shop.arrive(&mut again, &JOHN).await;
        assert_eq!(shown(&again), ("/me", true, "Account 1 of John"));
        own.open(&shop.0.app("/me")).await;
        assert_eq!(shown(&own), ("/me", true, "Account 0 of john.doe@example.com"));
    });
}

#[test]
fn nobody_is_linked_who_has_not_come_from_a_marketplace() {
    play(async {
        let shop = Shop::open().await;
        let (_, mut tab) = shop.customer().await;
        tab.open(&shop.0.app("/link")).await;
        assert!(tab.page().url.as_str().starts_with(shop.0.sandbox().url()), "{}", tab.page().url);
        shop.arrive(&mut tab, &JANE).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 1 of Jane"));
        tab.open(&shop.0.app("/link")).await;
        assert_eq!(shown(&tab).0, "/");
    });
}

#[test]
fn every_way_in_changes_the_sessions_id_and_keeps_the_cart() {
    play(async {
        let shop = Shop::open().await;
        let (browser, mut tab) = shop.browser().await;
        fill_cart(&mut tab, "apples").await;
        let mut ids = vec![id(&browser)];
        shop.say_password(&mut tab, "/sign-up", PASSWORD).await;
        ids.push(id(&browser));
        shop.say_password(&mut tab, "/sign-in", PASSWORD).await;
        ids.push(id(&browser));
        assert!(tab.page().text().contains("In your cart: apples"), "{}", tab.page().text());

        let (browser, mut tab) = shop.browser().await;
        fill_cart(&mut tab, "pears").await;
        ids.push(id(&browser));
        shop.arrive(&mut tab, &JOHN).await;
        ids.push(id(&browser));
        tab.submit(form(&tab, "/link").fill("password", PASSWORD)).await;
        ids.push(id(&browser));
        shop.arrive(&mut tab, &JOHN).await;
        ids.push(id(&browser));
        assert!(tab.page().text().contains("In your cart: pears"), "{}", tab.page().text());

        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((count, ids.len()), (7, 7), "{ids:?}");
    });
}

#[test]
fn the_next_user_of_a_browser_does_not_find_the_cart_of_the_one_before() {
    play(async {
        let shop = Shop::open().await;
        let (_, mut tab) = shop.customer().await;
        tab.open(&shop.0.app("/")).await;
        fill_cart(&mut tab, "apples").await;
        shop.arrive(&mut tab, &JANE).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 1 of Jane"));
        assert!(tab.page().text().contains("In your cart: nothing"), "{}", tab.page().text());
    });
}

#[test]
fn a_session_planted_beside_the_login_of_somebody_else_is_not_used() {
    play(async {
        let shop = Shop::open().await;
        shop.customer().await;
        let (waiting, mut asked) = shop.browser().await;
        shop.arrive(&mut asked, &JOHN).await;
        assert_eq!(shown(&asked).0, "/link");
        let (signed_in, mut answered) = shop.browser().await;
        shop.arrive(&mut answered, &JOHN).await;
        answered.submit(form(&answered, "/link/new")).await;
        assert_eq!(shown(&answered), ("/me", true, "Account 1 of John"));

        let (victim, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JANE).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 2 of Jane"));
        for (thief, page, arrived) in [(waiting, "/link", "/"), (signed_in, "/me", "/sign-in")] {
            victim.jar().tamper("shop", &id(&thief));
            tab.open(&shop.0.app(page)).await;
            assert_eq!(shown(&tab).0, arrived);
        }
    });
}

#[test]
fn a_form_on_another_site_changes_nothing() {
    play(async {
        let shop = Shop::open().await;
        for path in ["/cart", "/sign-in", "/sign-up", "/sign-out", "/link", "/link/new", "/maestrano/logout"]
        {
            let fields = [
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://www.example.com"),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let body = "item=a&email=a@example.com&password=b";
            let answer = shop.0.ask(http::Method::POST, path, &fields, body).await;
            assert_eq!(answer.status, 403, "{path}");
            assert!(answer.cookies_set().is_empty(), "{path}");
        }
    });
}

#[test]
fn who_came_from_a_marketplace_signs_out_there_too() {
    play(async {
        let shop = Shop::open().await;
        let (browser, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        tab.submit(form(&tab, "/sign-out")).await;
        assert!(tab.page().url.as_str().starts_with(shop.0.sandbox().url()), "{}", tab.page().url);
        assert!(shop.0.session_cookie(&browser).is_none());
        tab.open(&shop.0.app("/me")).await;
        assert_eq!(shown(&tab).0, "/sign-in");
    });
}

#[test]
fn a_session_that_a_marketplace_opened_ends_with_the_marketplaces_own() {
    play(async {
        let setting = Setting { recheck: Duration::from_secs(1), ..Setting::default() };
        let shop = Shop(World::with(&subject(), setting).await);
        let (_, mut tab) = shop.browser().await;
        shop.arrive(&mut tab, &JOHN).await;
        assert_eq!(shown(&tab), ("/me", true, "Account 0 of John"));
        shop.0.sandbox().end_session(JOHN.uid).await.unwrap();
        let noticed = async {
            let mut beat = tokio::time::interval(Duration::from_millis(100));
            while tab.open(&shop.0.app("/me")).await.url.path() == "/me" {
                beat.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), noticed).await.unwrap();
        assert!(tab.page().url.as_str().starts_with(shop.0.sandbox().url()), "{}", tab.page().url);
    });
}

#[test]
fn the_log_tells_no_password() {
    play(async {
        let shop = Shop::open().await;
        let (_, mut tab) = shop.customer().await;
        shop.say_password(&mut tab, "/sign-in", PASSWORD).await;
        let log = shop.0.log();
        assert!(!log.contains(PASSWORD) && !log.contains("$argon2id$"), "{log}");
    });
}

//! The same with a browser that people use.

use std::time::Duration;

use crate::chromium::Chromium;
use crate::subject::Subject;
use crate::world::{JOHN, Setting, World};

/// E-mail, password, one click, inside; signed out at the platform, soon outside.
pub async fn chromium_signs_in_and_is_signed_out(subject: &Subject) {
    let setting = Setting { recheck: Duration::from_secs(1), ..Setting::default() };
    let world = World::with(subject, setting).await;
    let chromium = Chromium::start(&subject.name()).await;

    chromium.open(&world.platform("/")).await;
    chromium.shoot("1-platform-sign-in").await;
    chromium.write("input[type=email]", JOHN.email).await;
    chromium.write("input[type=password]", JOHN.password).await;
    chromium.click("form button").await;
    chromium.click("a[href*='/launch/']").await;
    chromium.arrive_at(&world.app("/")).await;
    chromium.shoot("2-first-page").await;

    chromium.open(&world.app("/me")).await;
    assert_eq!(chromium.url().await.as_str(), world.app("/me"));
    let text = chromium.text().await;
    assert!(text.contains("John") && text.contains("Doe & Daughters"), "{text}");
    chromium.shoot("3-signed-in").await;

    chromium.open(&world.platform("/")).await;
    chromium.shoot("4-dashboard").await;
    chromium.press("Sign out").await;
    chromium.open_until_at(&world.app("/me"), world.sandbox().url()).await;
    chromium.write("input[type=email]", JOHN.email).await;
    chromium.shoot("5-signed-out").await;
    chromium.close().await;
}

/// Tabs that are opened at the same moment, as a browser restores them: none of them knows of the others' logins.
pub async fn tabs_opened_at_once_arrive_at_their_pages(subject: &Subject) {
    let world = World::new(subject).await;
    let chromium = Chromium::start(&subject.name()).await;
    sign_in_at_platform(&world, &chromium).await;
    for count in [6, 20] {
        chromium.open(&world.app("/")).await;
        chromium.forget_cookies().await;
        let known = chromium.tabs().await;
        let open = "for (let tab = 0; tab < COUNT; tab++) window.open('/me?tab=' + tab)";
        chromium.run(&open.replace("COUNT", &count.to_string())).await;
        let mut arrived = Vec::new();
        for tab in chromium.tabs().await.into_iter().filter(|tab| !known.contains(tab)) {
            chromium.switch_to(&tab).await;
            chromium.arrive_at(&world.app("/me?tab=")).await;
            let text = chromium.text().await;
            assert!(text.contains("Doe & Daughters"), "{text}");
            arrived.push(chromium.url().await.query().unwrap_or_default().to_owned());
        }
        arrived.sort();
        let mut expected: Vec<_> = (0..count).map(|tab| format!("tab={tab}")).collect();
        expected.sort();
        assert_eq!(arrived, expected);
        assert_eq!(login_cookies(&chromium).await, 0, "a finished login leaves no cookie");
    }
    chromium.close().await;
}

/// Tabs that were opened one after the other, all of them at the platform's sign-in page, and then used.
pub async fn eight_tabs_that_wait_at_the_platform_all_arrive(subject: &Subject) {
    let world = World::new(subject).await;
    let chromium = Chromium::start(&subject.name()).await;
    let mut waiting = Vec::new();
    for number in 0..8 {
        let known = chromium.tabs().await;
        chromium.new_tab().await;
        let page = world.app(&format!("/me?tab={number}"));
        chromium.open(&page).await;
        chromium.arrive_at(world.sandbox().url()).await;
        let tab = chromium.tabs().await.into_iter().find(|tab| !known.contains(tab)).expect("a new tab");
        waiting.push((tab, page));
    }
    for (number, (tab, page)) in waiting.iter().enumerate() {
        chromium.switch_to(tab).await;
        // The first signs in at the platform, which then lets the others through.
        if number == 0 {
            fill_in(&chromium).await;
        } else {
            chromium.reload().await;
        }
        chromium.arrive_at(page).await;
    }
    for page in ["/", "/me"] {
        chromium.open(&world.app(page)).await;
        let sent: usize =
            chromium.cookies().await.iter().map(|(name, value)| name.len() + value.len() + 3).sum();
        assert!(sent < 8_000, "{sent} bytes of cookies");
    }
    chromium.close().await;
}

/// Back to the platform's page, which posts again; reloading; and pages and the sign-out link that are fetched before
/// anybody has asked for them.
pub async fn back_reload_and_prefetch_keep_the_user_at_the_page(subject: &Subject) {
    const PREFETCH: &str = "
        return Promise.all(ADDRESSES.map(address => new Promise(done => {
            const link = Object.assign(document.createElement('link'), { rel: 'prefetch', href: address });
            link.onload = link.onerror = () => done(address);
            document.head.append(link);
        })))";
    let world = World::new(subject).await;
    let chromium = Chromium::start(&subject.name()).await;
    chromium.open(&world.app("/")).await;
    let guarded: Vec<_> = (0..9).map(|number| format!("/me?ahead={number}")).collect();
    chromium.run(&PREFETCH.replace("ADDRESSES", &format!("{guarded:?}"))).await;
    assert_eq!(login_cookies(&chromium).await, 0, "what is fetched ahead begins no login");

    sign_in_at_platform(&world, &chromium).await;
    let page = world.app("/me?page=2");
    chromium.open(&page).await;
    chromium.arrive_at(&page).await;
    for _ in 0..2 {
        chromium.reload().await;
        chromium.arrive_at(&page).await;
    }
    let sign_out = ["/maestrano/logout", "/maestrano/logout?token=x"];
    let links = "return [...document.links].map(link => link.href).filter(link => link.includes('/maestrano/logout'))";
    let links: Vec<String> = serde_json::from_value(chromium.run(links).await).expect("a list of links");
    let ahead: Vec<_> = sign_out.iter().map(|path| world.app(path)).chain(links).collect();
    chromium.run(&PREFETCH.replace("ADDRESSES", &format!("{ahead:?}"))).await;
    chromium.reload().await;
    chromium.arrive_at(&page).await;

    chromium.open(&world.platform("/")).await;
    chromium.click("a[href*='/launch/']").await;
    chromium.arrive_at(&world.app("/")).await;
    chromium.back().await;
    chromium.back().await;
    chromium.open(&page).await;
    chromium.back().await;
    let text = chromium.text().await;
    assert!(!text.contains("did not complete") && !text.contains("failed"), "{text}");
    chromium.close().await;
}

/// A page whose forms may only be sent to its own origin; another name of the host; and a frame on a foreign page.
pub async fn signing_out_aliases_and_frames_lead_where_they_should(subject: &Subject) {
    const POLICY: &str = "
        const policy = document.createElement('meta');
        policy.httpEquiv = 'Content-Security-Policy';
        policy.content = \"form-action 'self'\";
        document.head.append(policy);
        const form = Object.assign(document.createElement('form'), { method: 'post', action: '/maestrano/logout' });
        document.body.append(form);
        form.submit()";
    let world = World::new(subject).await;
    let chromium = Chromium::start(&subject.name()).await;
    sign_in_at_platform(&world, &chromium).await;
    let alias = format!("http://127.0.0.1:{}/me?alias=1", world.port());
    chromium.open(&alias).await;
    chromium.arrive_at(&world.app("/me?alias=1")).await;

    chromium.run(POLICY).await;
    chromium.arrive_at(&world.platform("/app_logout")).await;
    chromium.open(&world.app("/")).await;
    assert!(!chromium.text().await.contains("Doe & Daughters"), "{}", chromium.text().await);

    chromium.open(&world.platform("/health")).await;
    let frame = "document.body.append(Object.assign(document.createElement('iframe'), { src: 'ADDRESS' }))";
    chromium.run(&frame.replace("ADDRESS", &world.app("/me?framed=1"))).await;
    chromium.enter_frame().await;
    chromium.follow("Sign in").await;
    chromium.leave_frame().await;
    chromium.arrive_at(world.sandbox().url()).await;
    fill_in(&chromium).await;
    chromium.arrive_at(&world.app("/me?framed=1")).await;
    chromium.close().await;
}

async fn sign_in_at_platform(world: &World, chromium: &Chromium) {
    chromium.open(&world.platform("/")).await;
    fill_in(chromium).await;
    chromium.click("a[href*='/launch/']").await;
    chromium.arrive_at(&world.app("/")).await;
    chromium.forget_cookies().await;
}

async fn fill_in(chromium: &Chromium) {
    chromium.write("input[type=email]", JOHN.email).await;
    chromium.write("input[type=password]", JOHN.password).await;
    chromium.click("form button").await;
}

async fn login_cookies(chromium: &Chromium) -> usize {
    chromium.cookies().await.iter().filter(|(name, _)| name.contains("mno_login")).count()
}

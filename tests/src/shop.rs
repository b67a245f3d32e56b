//! What the adapters' tests of applications with sessions of their own have in common: the way in to a shop that
//! keeps its session in a cookie named `shop`.

use time::OffsetDateTime;
use url::Url;

use crate::browser::{Browser, Context, Network, Tab, Trail};
use crate::world::{MARKETPLACE, Person};

/// Goes to the platform from the shop at this address, says the password, and comes back to the desk.
///
/// # Panics
///
/// When the platform does not ask for it.
pub async fn sign_in(address: &str, tab: &mut Tab, person: &Person) {
    let init = format!("{address}/maestrano/auth/saml/init/{MARKETPLACE}?group_id=cld-1&return_to=/desk");
    tab.open(&init).await;
    let form = tab.page().forms().into_iter().next().expect("a form that asks for the password");
    tab.submit(form.fill_kind("email", person.email).fill_kind("password", person.password)).await;
}

/// Puts the shop's session of one browser into another, as somebody does who prepares one for a victim.
///
/// # Panics
///
/// When there is none, or it is not taken.
pub fn plant(address: &str, thief: &Browser, victim: &Browser) {
    let planted = format!("shop={}; Path=/", cookie(thief));
    let url = Url::parse(address).expect("an address");
    assert!(victim.jar().keep(&planted, &url, Context::SameSite, OffsetDateTime::now_utc()));
}

/// A browser as new.
#[must_use]
pub fn browser() -> Browser {
    Browser::new(&Network::new(), &Trail::default())
}

/// The value of the shop's own cookie.
///
/// # Panics
///
/// When the browser has none.
#[must_use]
pub fn cookie(browser: &Browser) -> String {
    let jar = browser.jar();
    jar.all().iter().find(|cookie| cookie.name == "shop").expect("the shop's cookie").value.clone()
}

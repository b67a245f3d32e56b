//! What the cases know of the application under test: its pages and the words on them.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::ask::ask_until;
use crate::browser::{Form, Page, Tab};

/// Who the application takes the browser for.
///
/// # Panics
///
/// When it takes it for nobody.
pub async fn me(tab: &Tab) -> Value {
    let answer = tab.fetch(Method::GET, "/me").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// Whether the application takes the browser for somebody.
pub async fn is_signed_in(tab: &Tab) -> bool {
    tab.fetch(Method::GET, "/me").await.status == StatusCode::OK
}

/// Asks who the application takes the browser for, again and again until the answer is the one.
///
/// # Panics
///
/// When it never is.
pub async fn me_until(tab: &Tab, is_it: impl Fn(&Page) -> bool) -> Page {
    ask_until(async || tab.fetch(Method::GET, "/me").await, is_it).await
}

/// Presses the sign-out button of the page that the tab shows.
///
/// # Panics
///
/// When there is none.
pub async fn sign_out(tab: &mut Tab) -> &Page {
    let form = tab.page().forms().into_iter().find(|form| form.action.path().ends_with("/maestrano/logout"));
    tab.submit(form.unwrap_or_else(|| panic!("no sign-out form: {}", tab.page().text()))).await
}

/// The form for a new contact on the page that the tab shows, filled in.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn new_contact(tab: &Tab, name: &str) -> Form {
    let form = tab.page().forms().into_iter().find(|form| form.action.path().ends_with("/contacts"));
    let form = form.unwrap_or_else(|| panic!("no form for contacts: {}", tab.page().text()));
    form.fill("name", name).fill("email", "somebody@example.com")
}

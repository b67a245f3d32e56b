//! The pages. maud escapes every value.

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use crate::accounts::{Account, Identity};

pub(crate) fn home(cart: &[String]) -> Html<String> {
    page(&html! {
        h1 { "A small shop" }
        p { "In your cart: " (words(cart)) }
        form method="post" action="/cart" { input name="item" aria-label="Item"; button { "Put into the cart" } }
        p { a href="/me" { "My account" } }
    })
}

pub(crate) fn me(account: &Account, identity: Option<&Identity>, cart: &[String]) -> Html<String> {
    page(&html! {
        h1 { "Account " (account.id) " of " (account.name) }
        p {
            "You came " @match identity {
                Some(identity) => { "from " (identity.marketplace) }
                None => { "by your password" }
            }
        }
        p { "In your cart: " (words(cart)) }
        form method="post" action="/sign-out" { button { "Sign out" } }
    })
}

pub(crate) fn sign_in(complaint: Option<&str>) -> Html<String> {
    page(&html! {
        h1 { "Sign in" }
        @if let Some(complaint) = complaint { p { (complaint) } }
        p { a href="/maestrano/auth/saml/init?return_to=/me" { "Sign in with Maestrano" } }
        @for (action, button) in [("/sign-in", "Sign in"), ("/sign-up", "Open an account")] {
            form method="post" action=(action) {
                input name="email" type="email" aria-label="E-mail" required;
                input name="password" type="password" aria-label="Password" required;
                button { (button) }
            }
        }
    })
}

pub(crate) fn link(email: &str, complaint: Option<&str>) -> Html<String> {
    page(&html! {
        h1 { "Is this account yours?" }
        p { "There is an account with the address " (email) ". With its password you open it from here, too." }
        @if let Some(complaint) = complaint { p { (complaint) } }
        form method="post" action="/link" {
            input name="password" type="password" aria-label="Password" required;
            button { "Yes, it is mine" }
        }
        form method="post" action="/link/new" { button { "No, open another one" } }
    })
}

fn words(cart: &[String]) -> String {
    if cart.is_empty() { "nothing".to_owned() } else { cart.join(", ") }
}

fn page(content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "A small shop" } }
            body { (content) }
        }
    };
    Html(page.into_string())
}

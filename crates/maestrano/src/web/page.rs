//! The few pages that the library shows itself.

use maud::{DOCTYPE, Markup, html};

use super::answer::Answer;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto 0;padding:0 1.5rem;\
    color:#1f2933;background:#fff}h1{font-size:1.25rem}a,button{color:#0b5fa5;font:inherit}code{color:#52606d}\
    button{border:1px solid;border-radius:.3rem;background:none;padding:.3rem 1rem;cursor:pointer}\
    @media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#1f2933}a,button{color:#7cc4fa}\
    code{color:#9aa5b1}}";

/// The page of an answer: a heading, one sentence, one action, and the reference of the log line.
pub(super) fn page(answer: &Answer) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                @if let Answer::RefreshTo { to } = answer {
                    meta http-equiv="refresh" content={ "0; url=" (to) };
                }
                title { (answer.heading()) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (answer.heading()) }
                p { (answer.message()) }
                @if let Some(hint) = answer.hint() {
                    p { (hint) }
                }
                (action(answer))
                @if let Some(reference) = answer.reference() {
                    p { "Reference: " code { (reference) } }
                }
            }
        }
    }
    .into_string()
}

fn action(answer: &Answer) -> Markup {
    html! {
        @match answer {
            Answer::RefreshTo { to } => p { a href=(to) { "Continue" } },
            Answer::Choose { marketplaces } => ul {
                @for (name, address) in marketplaces {
                    li { a href=(address) { (name) } }
                }
            },
            Answer::ConfirmLogout { action, token } => form method="post" action=(action) {
                input type="hidden" name="token" value=(token);
                button { "Sign out" }
            },
            // In a frame the sign-in would stay in the frame, where the platform refuses to be shown.
            _ => @if let Some(again) = answer.again() {
                p { a href=(again) target="_top" { (answer.again_label()) } }
            },
        }
    }
}

//! The pages. maud escapes every value. Links are relative: all pages stand side by side, wherever that is.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::contact::Contact;
use crate::database::Member;

const STYLE: &str = "
    :root { color-scheme: light dark; --line: #8884; --ink: #1d4ed8; }
    * { box-sizing: border-box; }
    body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
    header { display: flex; gap: 1rem; align-items: center; padding: .8rem 1.5rem;
             border-bottom: 1px solid var(--line); }
    header a { font-weight: 700; text-decoration: none; color: inherit; }
    header span { margin-left: auto; opacity: .75; }
    main { max-width: 46rem; margin: 2.5rem auto; padding: 0 1.5rem; }
    h1 { line-height: 1.2; margin: 0 0 .3rem; }
    .quiet { opacity: .7; margin-top: 0; }
    table { width: 100%; border-collapse: collapse; margin: 1.5rem 0; }
    th, td { text-align: left; padding: .55rem .4rem; border-bottom: 1px solid var(--line); }
    form { margin: 0; }
    .add { display: flex; flex-wrap: wrap; gap: .5rem; }
    input { flex: 1 1 12rem; font: inherit; padding: .45rem .6rem; border: 1px solid var(--line);
            border-radius: .4rem; background: transparent; color: inherit; }
    button, .button { font: inherit; padding: .45rem .9rem; border: 0; border-radius: .4rem; cursor: pointer;
                      background: var(--ink); color: #fff; text-decoration: none; display: inline-block; }
    header button { background: transparent; color: inherit; border: 1px solid var(--line); }";

/// The page for everybody.
pub(crate) fn home(member: Option<&Member>) -> String {
    let content = match member {
        Some(member) => html! {
            h1 { "Welcome back, " (member.first_name) }
            p { "You are signed in for " strong { (member.group_name) } "." }
            p { a.button href="me" { "Open my desk" } }
        },
        None => html! {
            h1 { "A small CRM" }
            p { "Companies keep their contacts here. Nobody has a password: people come from the marketplace." }
            p { a.button href="me" { "Sign in with Maestrano" } }
        },
    };
    page("A small CRM", member, &content)
}

/// The page of somebody who is signed in.
pub(crate) fn desk(member: &Member, contacts: &[Contact]) -> String {
    let content = html! {
        h1 { (member.group_name) }
        p.quiet {
            (member.first_name) " " (member.last_name) " · " (member.email) " · " (member.role)
            " · " (member.group_uid) " at " (member.marketplace)
        }
        table {
            thead { tr { th { "Contact" } th { "E-mail" } } }
            tbody {
                @for contact in contacts {
                    tr { td { (contact.name) } td { (contact.email) } }
                }
            }
        }
        form.add method="post" action="contacts" {
            input name="name" placeholder="Name" aria-label="Name" required maxlength="100";
            input name="email" type="email" placeholder="E-mail" aria-label="E-mail" required maxlength="100";
            button { "Add contact" }
        }
    };
    page(&member.group_name, Some(member), &content)
}

/// The page of somebody who has a session but no membership.
pub(crate) fn stranger() -> String {
    let content = html! {
        h1 { "Have we met?" }
        p { "We do not know you here any more. Sign in again and we will." }
        p { a.button href="maestrano/auth/saml/init" { "Sign in" } }
    };
    page("Have we met?", None, &content)
}

/// The page that says why something was not done.
pub(crate) fn refusal(sentence: &str) -> String {
    let content = html! {
        h1 { "Sorry" }
        p { (sentence) }
        p { a.button href="." { "Back" } }
    };
    page("Sorry", None, &content)
}

fn page(title: &str, member: Option<&Member>, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a href="." { "CRM" }
                    @if let Some(member) = member {
                        span { (member.first_name) " " (member.last_name) }
                        form method="post" action="maestrano/logout" { button { "Sign out" } }
                    }
                }
                main { (content) }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_typed_is_text_not_markup() {
        let hostile = || "<script>\"'&".to_owned();
        let member = Member {
            uid: hostile(),
            email: hostile(),
            first_name: hostile(),
            last_name: hostile(),
            group_uid: hostile(),
            group_name: hostile(),
            role: hostile(),
            marketplace: hostile(),
        };
        let contacts = [Contact { name: hostile(), email: hostile() }];
        for page in [home(Some(&member)), desk(&member, &contacts)] {
            assert!(page.contains("&lt;script&gt;"));
            assert!(!page.contains("<script"));
        }
    }

    #[test]
    fn only_somebody_who_is_signed_in_can_sign_out() {
        assert!(!home(None).contains("maestrano/logout"));
    }
}

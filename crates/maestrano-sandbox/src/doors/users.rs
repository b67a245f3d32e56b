//! Users, their roles and their sessions, for whoever is signed in: the platform is the developer's own.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};

use crate::{
    doors::{
        browser::{Browser, SignedIn, Submitted, SubmittedBy},
        page::{Failure, back_to, page, problem},
    },
    password,
    platform::Platform,
    seed::Role,
    store::{Person, PersonForm},
};

type Shared = State<Arc<Platform>>;

pub(super) async fn users(State(platform): Shared, who: SignedIn) -> Result<Response, Failure> {
    let people = platform.store.people().await?;
    let content = html! {
        table {
            tr { th { "User" } th { "Name" } th { "E-mail" } th { "Company" } }
            @for person in &people {
                tr {
                    td { a href={ "/users/" (person.id) } { (person.id) } }
                    td { (person.name) " " (person.surname) }
                    td { (person.email) }
                    td { (person.company) }
                }
            }
        }
        h2 { "Add a user" }
        (person_form(&who.browser, "/users", None))
    };
    Ok(page(StatusCode::OK, "Users", &who.browser, &content))
}

pub(super) async fn user(
    State(platform): Shared,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(person) = platform.store.person(&id).await? else {
        return Ok(problem(StatusCode::NOT_FOUND, &who.browser, "There is no such user."));
    };
    let memberships = platform.store.memberships(&id).await?;
    let groups = platform.store.groups().await?;
    let token = who.browser.form_token_field();
    let content = html! {
        (person_form(&who.browser, &format!("/users/{id}"), Some(&person)))
        h2 { "Groups" }
        table {
            tr { th { "Group" } th { "Role" } }
            @for group in &groups {
                @let role = memberships.iter().find(|(of, _)| of.id == group.id).map(|(_, role)| role.as_str());
                tr {
                    td { a href={ "/groups/" (group.id) } { (group.id) } " " (group.name) }
                    td {
                        form.row method="post" action={ "/users/" (id) "/membership" } {
                            (token)
                            input type="hidden" name="group" value=(group.id);
                            select name="role" aria-label={ "Role in " (group.name) } {
                                option value="" selected[role.is_none()] { "No member" }
                                @for each in Role::ALL {
                                    option value=(each.label()) selected[role == Some(each.label())] { (each.label()) }
                                }
                            }
                            button type="submit" { "Save" }
                        }
                    }
                }
            }
        }
        h2 { "Session" }
        p { "Ending the session signs the user out of the platform; apps notice at their next check." }
        form #end-session method="post" action={ "/users/" (id) "/end_session" } {
            (token)
            button type="submit" { "End session" }
        }
    };
    Ok(page(StatusCode::OK, &format!("{} {}", person.name, person.surname), &who.browser, &content))
}

pub(super) async fn add_user(
    State(platform): Shared,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    if form.text("password").is_empty() {
        return Ok(problem(StatusCode::BAD_REQUEST, &form.browser, "A new user needs a password."));
    }
    save_person(&form, |person| async {
        let added = platform.store.add_person(person).await?;
        Ok(added.map(|id| format!("/users/{id}")))
    })
    .await
}

pub(super) async fn change_user(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    save_person(&form, |person| async {
        let changed = platform.store.change_person(&id, person).await?;
        Ok(changed.map(|()| format!("/users/{id}")))
    })
    .await
}

pub(super) async fn set_membership(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    let role = Role::from_label(&form.text("role"));
    platform.store.set_membership(&id, &form.text("group"), role).await?;
    Ok(back_to(&format!("/users/{id}")))
}

pub(super) async fn end_session(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, person }: SubmittedBy,
) -> Result<Response, Failure> {
    tracing::info!(user = id, by = person.id, "a session was ended");
    match platform.store.end_session(&id).await? {
        Some(()) => Ok(back_to(&format!("/users/{id}"))),
        None => Ok(problem(StatusCode::NOT_FOUND, &form.browser, "There is no such user.")),
    }
}

/// Reads the form of a user and lets `save` keep it; `None` from `save` means that the e-mail address is taken.
async fn save_person<Saving>(
    form: &Submitted,
    save: impl FnOnce(PersonForm) -> Saving,
) -> Result<Response, Failure>
where
    Saving: Future<Output = Result<Option<String>, Failure>>,
{
    let email = form.text("email").trim().to_owned();
    if !email.contains('@') {
        return Ok(problem(StatusCode::BAD_REQUEST, &form.browser, "A user needs an e-mail address."));
    }
    let password = form.text("password");
    let password_hash = if password.is_empty() {
        None
    } else {
        tokio::task::spawn_blocking(move || password::hash(&password)).await.ok()
    };
    let person = PersonForm {
        name: form.text("name"),
        surname: form.text("surname"),
        email,
        country: form.text("country"),
        company: form.text("company"),
        password_hash,
    };
    match save(person).await? {
        Some(path) => Ok(back_to(&path)),
        None => Ok(problem(
            StatusCode::BAD_REQUEST,
            &form.browser,
            "There is no such user, or another user has this e-mail address.",
        )),
    }
}

fn person_form(browser: &Browser, action: &str, person: Option<&Person>) -> Markup {
    let value = |field: fn(&Person) -> &String| person.map(field).map(String::as_str).unwrap_or_default();
    html! {
        form.card method="post" action=(action) {
            (browser.form_token_field())
            label { "First name" input name="name" value=(value(|it| &it.name)); }
            label { "Last name" input name="surname" value=(value(|it| &it.surname)); }
            label { "E-mail" input type="email" name="email" required value=(value(|it| &it.email)); }
            label { "Country" input name="country" value=(value(|it| &it.country)); }
            label { "Company" input name="company" value=(value(|it| &it.company)); }
            @if person.is_some() {
                label { "New password (empty: as before)" input type="password" name="password" autocomplete="new-password"; }
            } @else {
                label { "Password" input type="password" name="password" autocomplete="new-password" required; }
            }
            button type="submit" { "Save" }
        }
    }
}

//! Groups and the apps they use.

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
    platform::Platform,
    store::Group,
};

type Shared = State<Arc<Platform>>;

pub(super) async fn groups(State(platform): Shared, who: SignedIn) -> Result<Response, Failure> {
    let groups = platform.store.groups().await?;
    let content = html! {
        table {
            tr { th { "Group" } th { "Name" } th { "City" } th { "Country" } }
            @for group in &groups {
                tr {
                    td { a href={ "/groups/" (group.id) } { (group.id) } }
                    td { (group.name) }
                    td { (group.city) }
                    td { (group.country) }
                }
            }
        }
        h2 { "Add a group" }
        (group_form(&who.browser, "/groups", &Group::default()))
    };
    Ok(page(StatusCode::OK, "Groups", &who.browser, &content))
}

pub(super) async fn group(
    State(platform): Shared,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Some(group) = platform.store.group(&id).await? else {
        return Ok(problem(StatusCode::NOT_FOUND, &who.browser, "There is no such group."));
    };
    let apps = platform.store.apps().await?;
    let used = platform.store.apps_of_group(&id).await?;
    let content = html! {
        (group_form(&who.browser, &format!("/groups/{id}"), &group))
        h2 { "Applications" }
        table {
            tr { th { "App" } th { "Used by this group" } }
            @for app in &apps {
                @let (state, next, action) = if used.contains(&app.id) {
                    ("yes", "stop", "Stop using it")
                } else {
                    ("no", "start", "Start using it")
                };
                tr {
                    td { (app.id) " " (app.name) }
                    td {
                        form.row method="post" action={ "/groups/" (id) "/app" } {
                            (who.browser.form_token_field())
                            (state)
                            input type="hidden" name="app" value=(app.id);
                            button type="submit" name="use" value=(next) { (action) }
                        }
                    }
                }
            }
        }
    };
    Ok(page(StatusCode::OK, &group.name, &who.browser, &content))
}

pub(super) async fn add_group(
    State(platform): Shared,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    let id = platform.store.add_group(submitted_group(&form, String::new())).await?;
    Ok(back_to(&format!("/groups/{id}")))
}

pub(super) async fn change_group(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    platform.store.change_group(submitted_group(&form, id.clone())).await?;
    Ok(back_to(&format!("/groups/{id}")))
}

pub(super) async fn set_app_of_group(
    State(platform): Shared,
    Path(id): Path<String>,
    SubmittedBy { form, .. }: SubmittedBy,
) -> Result<Response, Failure> {
    match form.text("use").as_str() {
        "start" => platform.store.start_using(&id, &form.text("app")).await?,
        _ => platform.store.stop_using(&id, &form.text("app")).await?,
    }
    Ok(back_to(&format!("/groups/{id}")))
}

fn submitted_group(form: &Submitted, id: String) -> Group {
    Group {
        id,
        name: form.text("name"),
        email: form.text("email"),
        currency: form.text("currency"),
        timezone: form.text("timezone"),
        country: form.text("country"),
        city: form.text("city"),
        free_trial_end: String::new(),
    }
}

fn group_form(browser: &Browser, action: &str, group: &Group) -> Markup {
    html! {
        form.card method="post" action=(action) {
            (browser.form_token_field())
            label { "Name" input name="name" required value=(group.name); }
            label { "E-mail" input type="email" name="email" value=(group.email); }
            label { "Currency" input name="currency" value=(group.currency); }
            label { "Time zone" input name="timezone" value=(group.timezone); }
            label { "Country" input name="country" value=(group.country); }
            label { "City" input name="city" value=(group.city); }
            button type="submit" { "Save" }
        }
    }
}

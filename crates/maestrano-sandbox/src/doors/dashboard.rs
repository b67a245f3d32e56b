//! The tiles, and where a click on one leads (sso.md 1.3).

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use crate::{
    doors::{
        browser::SignedIn,
        page::{Failure, page},
        sign_in::access_refused_page,
    },
    platform::Platform,
    store::{Instance, Offer},
};

/// The launch parameter that says that a reseller clicked.
const RESELLER: &str = "reseller_sso";

pub(super) async fn dashboard(
    State(platform): State<Arc<Platform>>,
    SignedIn { browser, person }: SignedIn,
) -> Result<Response, Failure> {
    let mut instances = platform.store.instances_of(&person.id).await?;
    instances.retain(|instance| instance.app.offer.is_some());
    let content = html! {
        @if instances.is_empty() {
            p { "No organisation has given you access to an application yet." }
        }
        ul.tiles {
            @for instance in &instances {
                li {
                    a.tile href={ "/launch/" (instance.id) } {
                        strong { (instance.app.name) }
                        span { (instance.group.name) }
                        @if let Some(offer) = &instance.app.offer { span.small { (offer.marketplace) } }
                    }
                    a.small href={ "/launch/" (instance.id) "?" (RESELLER) "=1" } { "Open as the reseller" }
                }
            }
        }
    };
    Ok(page(StatusCode::OK, "Your applications", &browser, &content))
}

/// To the app's init URL, with the group and everything else the launch was given.
pub(super) async fn launch(
    State(platform): State<Arc<Platform>>,
    SignedIn { browser, person }: SignedIn,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let instances = platform.store.instances_of(&person.id).await?;
    let chosen = instances.iter().find(|instance| instance.id.to_string() == id);
    let Some((instance, offer)) = chosen.and_then(|instance| Some((instance, instance.app.offer.as_ref()?)))
    else {
        return Ok(access_refused_page(StatusCode::FORBIDDEN, &browser));
    };
    let query = query.unwrap_or_default();
    let by_reseller = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == RESELLER);
    platform.store.set_reseller_launch(&browser.key(), by_reseller.then_some(instance.id)).await?;
    Ok(Redirect::to(&init_url(instance, offer, &query)).into_response())
}

/// The app's init URL, whose path may already have a query, with the group and the launch's other parameters.
fn init_url(instance: &Instance, offer: &Offer, query: &str) -> String {
    let passed_on = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !matches!(name.as_ref(), RESELLER | "group_id"));
    let parameters = form_urlencoded::Serializer::new(String::new())
        .append_pair("group_id", &instance.group.id)
        .extend_pairs(passed_on)
        .finish();
    let separator = if offer.init_path.contains('?') { '&' } else { '?' };
    format!("{}{}{separator}{parameters}", instance.app.host, offer.init_path)
}

//! An app asks who the user is: request in, response out by a form that posts itself (sso.md 1.6 to 1.8).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use maud::html;
use time::OffsetDateTime;
use url::Url;

use crate::{
    doors::{
        browser::Browser,
        page::{Failure, page, self_posting_page},
        sign_in::{access_refused_page, sign_in_page},
    },
    fault::Fault,
    instant,
    platform::Platform,
    saml::{self, AuthnRequest, LaunchedBy, Login},
    secret::random_token,
    store::{App, Instance, SignIn},
};

pub(super) async fn sign_on(
    State(platform): State<Arc<Platform>>,
    browser: Browser,
    uri: Uri,
) -> Result<Response, Failure> {
    let query = uri.query().unwrap_or_default();
    let request = parameter(query, "SAMLRequest").unwrap_or_default();
    let request = match AuthnRequest::from_parameter(&request) {
        Ok(request) => request,
        Err(problem) => {
            return Ok(refusal(
                &browser,
                StatusCode::BAD_REQUEST,
                &format!("This is no request: {problem}."),
            ));
        }
    };
    let Some(app) = platform.store.app(&request.issuer).await? else {
        return Ok(unknown_app());
    };
    if !belongs_to(&request.acs, &app) {
        let text = format!(
            "The request asks to be answered at {}, but {} is registered at {}. Register that address, or correct \
             the app's configuration.",
            request.acs, app.id, app.host
        );
        return Ok(refusal(&browser, StatusCode::FORBIDDEN, &text));
    }
    let Some(sign_in) = browser.sign_in() else {
        let here = uri.path_and_query().map_or("/", |path| path.as_str());
        return Ok(sign_in_page(StatusCode::OK, &browser, here, None));
    };
    let mut instances = platform.store.instances_of(&sign_in.person.id).await?;
    instances.retain(|instance| instance.app.id == app.id);
    let wanted = parameter(query, "group_id").unwrap_or_default();
    let chosen = match instances.as_slice() {
        [] => return Ok(access_refused_page(StatusCode::FORBIDDEN, &browser)),
        [only] => only,
        several => match several.iter().find(|instance| instance.group.id == wanted) {
            Some(instance) => instance,
            None => return Ok(group_page(&browser, &uri, several)),
        },
    };
    respond(&platform, &request, &uri, sign_in, chosen).await
}

async fn respond(
    platform: &Platform,
    request: &AuthnRequest,
    uri: &Uri,
    sign_in: &SignIn,
    instance: &Instance,
) -> Result<Response, Failure> {
    let now = OffsetDateTime::now_utc();
    let person = &sign_in.person;
    let login = Login {
        person,
        group: &instance.group,
        role: &instance.role,
        session: &platform.store.session_token(&person.id).await?.unwrap_or_default(),
        recheck: &instant::written(now + platform.recheck),
        launched_by: match sign_in.reseller_launch {
            Some(launched) if launched == instance.id => LaunchedBy::Reseller,
            _ => LaunchedBy::Customer,
        },
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let issuer = format!("{}{}", platform.url, path.split('&').next().unwrap_or_default());
    let mut response = saml::Response::new(request, issuer, &person.id, login.attributes(), now);
    let faults = platform.faults.all();
    for fault in &faults {
        response.commit(*fault);
    }
    let marketplace = instance.app.offer.as_ref().map(|offer| offer.marketplace.as_str());
    let key = if faults.contains(&Fault::ResponseUnsigned) {
        None
    } else if faults.contains(&Fault::ResponseSignedByStranger) {
        Some(platform.keys.stranger().await?)
    } else {
        Some(platform.keys.of_marketplace(marketplace))
    };
    let xml = response.write(key.map(AsRef::as_ref))?;
    tracing::debug!(user = person.id, group = instance.group.id, app = instance.app.id, "signed on");
    Ok(response_page(&request.acs, &xml))
}

/// The page of sso.md 1.7: the same fields in the same order.
fn response_page(acs: &str, xml: &str) -> Response {
    let form = html! {
        form action=(acs) accept-charset="UTF-8" method="post" {
            input type="hidden" name="utf8" value="✓";
            input type="hidden" name="authenticity_token" value=(random_token());
            input #SAMLResponse type="hidden" name="SAMLResponse" value=(base64_lines(xml));
            noscript {
                p { "You are signed in. One click takes you to the application." }
                button type="submit" name="commit" value="Submit" { "Continue" }
            }
        }
    };
    self_posting_page("One moment", &form)
}

fn group_page(browser: &Browser, uri: &Uri, instances: &[Instance]) -> Response {
    let others: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("group_id"))
        .collect();
    let content = html! {
        p { "You use this application in more than one organisation." }
        ul.tiles {
            @for instance in instances {
                li {
                    a.tile href={ (uri.path()) "?" (others.join("&")) "&group_id=" (instance.group.id) } {
                        strong { (instance.group.name) }
                        span { (instance.group.id) " · " (instance.role) }
                    }
                }
            }
        }
    };
    page(StatusCode::OK, "Which organisation?", browser, &content)
}

fn refusal(browser: &Browser, status: StatusCode, text: &str) -> Response {
    page(status, "This sign-on cannot go on", browser, &html! { p { (text) } })
}

/// As the original platform answers it: status 200 and a line of text (sso.md 1.6, step 3).
fn unknown_app() -> Response {
    let text = "Wrong APP ID! The API app_id parameter is likely to be misconfigured.";
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// Scheme, host and port of the ACS URL are those of the app.
fn belongs_to(acs: &str, app: &App) -> bool {
    match (Url::parse(acs), Url::parse(&app.host)) {
        (Ok(acs), Ok(host)) => {
            matches!(acs.scheme(), "http" | "https")
                && acs.origin() == host.origin()
                && acs.username().is_empty()
                && acs.password().is_none()
        }
        _ => false,
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// Base64 with a line feed after every 60 characters and at the end.
fn base64_lines(xml: &str) -> String {
    let mut lines = String::new();
    // 45 bytes are 60 characters.
    for bytes in xml.as_bytes().chunks(45) {
        BASE64_STANDARD.encode_string(bytes, &mut lines);
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acs_url_belongs_to_an_app_with_its_scheme_host_and_port_only() {
        let app = App {
            id: String::new(),
            name: String::new(),
            key: String::new(),
            host: "http://localhost:3000".to_owned(),
            offer: None,
        };
        for (acs, belongs) in [
            ("http://localhost:3000/maestrano/consume?marketplace=a&x=1", true),
            ("http://localhost:3000", true),
            ("HTTP://LOCALHOST:3000/", true),
            ("https://localhost:3000/", false),
            ("http://localhost:3001/", false),
            ("http://localhost/", false),
            ("http://127.0.0.1:3000/", false),
            ("http://localhost:3000.evil.example/", false),
            ("http://localhost:3000@evil.example/", false),
            ("http://evil.example@localhost:3000/", false),
            ("javascript:alert(1)//localhost:3000", false),
            ("//localhost:3000/", false),
            ("", false),
        ] {
            assert_eq!(belongs_to(acs, &app), belongs, "{acs}");
        }
    }

    #[test]
    fn base64_breaks_after_60_characters_and_at_the_end() {
        assert_eq!(base64_lines(&"a".repeat(45)), format!("{}\n", "YWFh".repeat(15)));
        assert_eq!(base64_lines(&"a".repeat(46)), format!("{}\nYQ==\n", "YWFh".repeat(15)));
    }
}

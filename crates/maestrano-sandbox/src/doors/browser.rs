//! Who is at the other end: the console's cookie, its forms, and where they come from.

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use crate::{
    doors::{page::Failure, sign_in::sign_in_page},
    platform::{Platform, Reach},
    secret::{hexadecimal, random_token},
    store::{Person, SignIn},
};

/// A browser, known by a random cookie. The database knows it by the cookie's hash.
pub(super) struct Browser {
    cookie_name: String,
    cookie: String,
    is_new: IsNew,
    sign_in: Option<SignIn>,
}

#[derive(PartialEq, Eq)]
enum IsNew {
    Yes,
    No,
}

/// A browser in which somebody is signed in; others are shown the sign-in page.
pub(super) struct SignedIn {
    pub(super) browser: Browser,
    pub(super) person: Person,
}

/// A form of ours that this very browser was shown.
pub(super) struct Submitted {
    pub(super) browser: Browser,
    fields: HashMap<String, String>,
}

/// A [`Submitted`] form of somebody who is signed in.
pub(super) struct SubmittedBy {
    pub(super) form: Submitted,
    pub(super) person: Person,
}

impl Browser {
    async fn from_headers(headers: &HeaderMap, platform: &Platform) -> Result<Self, Failure> {
        // Cookies know no ports: two sandboxes on one machine share a jar.
        let port = platform.url.rsplit(':').next().unwrap_or_default();
        let cookie_name = format!("maestrano_sandbox_{port}");
        match cookie_value(headers, &cookie_name) {
            Some(cookie) => {
                let sign_in = platform.store.signed_in(&hash(&cookie)).await?;
                Ok(Self { cookie_name, cookie, is_new: IsNew::No, sign_in })
            }
            None => Ok(Self { cookie_name, cookie: random_token(), is_new: IsNew::Yes, sign_in: None }),
        }
    }

    /// The same browser with a fresh cookie, as after signing in: what was known before is worth nothing now.
    pub(super) fn renewed(&self) -> Self {
        let cookie_name = self.cookie_name.clone();
        Self { cookie_name, cookie: random_token(), is_new: IsNew::Yes, sign_in: None }
    }

    /// How the database knows this browser.
    pub(super) fn key(&self) -> String {
        hash(&self.cookie)
    }

    pub(super) fn sign_in(&self) -> Option<&SignIn> {
        self.sign_in.as_ref()
    }

    pub(super) fn person(&self) -> Option<&Person> {
        self.sign_in.as_ref().map(|sign_in| &sign_in.person)
    }

    /// The hidden field that proves that a form was ours: nobody else can derive it from a cookie they cannot read.
    pub(super) fn form_token_field(&self) -> Markup {
        html! { input type="hidden" name="form_token" value=(self.form_token()); }
    }

    pub(super) fn cookie_to_set(&self) -> Option<HeaderValue> {
        let cookie = format!("{}={}; HttpOnly; SameSite=Lax; Path=/", self.cookie_name, self.cookie);
        if self.is_new == IsNew::Yes { HeaderValue::from_str(&cookie).ok() } else { None }
    }

    fn form_token(&self) -> String {
        hash(&format!("forms of {}", self.cookie))
    }
}

impl Submitted {
    /// A field's value without control characters; empty when it was not sent.
    pub(super) fn text(&self, name: &str) -> String {
        let value = self.fields.get(name).map(String::as_str).unwrap_or_default();
        value.chars().filter(|c| !c.is_control()).collect()
    }
}

impl FromRequestParts<Arc<Platform>> for Browser {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, Failure> {
        Self::from_headers(&parts.headers, platform).await
    }
}

impl FromRequestParts<Arc<Platform>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self, Response> {
        let browser =
            Browser::from_headers(&parts.headers, platform).await.map_err(IntoResponse::into_response)?;
        match browser.person().cloned() {
            Some(person) => Ok(Self { browser, person }),
            None => {
                let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                Err(sign_in_page(StatusCode::OK, &browser, here, None))
            }
        }
    }
}

impl FromRequest<Arc<Platform>> for Submitted {
    type Rejection = Response;

    async fn from_request(request: Request, platform: &Arc<Platform>) -> Result<Self, Response> {
        let browser =
            Browser::from_headers(request.headers(), platform).await.map_err(IntoResponse::into_response)?;
        let body = to_bytes(request.into_body(), 64 * 1024)
            .await
            .map_err(|_| (StatusCode::PAYLOAD_TOO_LARGE, "That is too much for a form.\n").into_response())?;
        let fields: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        if fields.get("form_token") != Some(&browser.form_token()) {
            let text = "This form was not shown to this browser, or is out of date. Go back and load the page again.\n";
            return Err((StatusCode::FORBIDDEN, text).into_response());
        }
        Ok(Self { browser, fields })
    }
}

impl FromRequest<Arc<Platform>> for SubmittedBy {
    type Rejection = Response;

    async fn from_request(request: Request, platform: &Arc<Platform>) -> Result<Self, Response> {
        let form = Submitted::from_request(request, platform).await?;
        match form.browser.person().cloned() {
            Some(person) => Ok(Self { form, person }),
            None => Err(sign_in_page(StatusCode::FORBIDDEN, &form.browser, "/", None)),
        }
    }
}

/// Middleware: on loopback, requests that came by another name are refused (a foreign page whose name was made to
/// point here), and whatever may change something has to come from a page of ours. Programs send no `Origin`; they
/// still need the form token.
pub(super) async fn refuse_strangers(
    State(platform): State<Arc<Platform>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("unreadable"));
    let host = text("host").unwrap_or_default();
    if platform.reach == Reach::Loopback && !is_loopback_name(host, &platform.url) {
        let refusal = (StatusCode::MISDIRECTED_REQUEST, "The sandbox is not known by this name.\n");
        return refusal.into_response();
    }
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let other_site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let other_origin = text("origin").is_some_and(|origin| origin.strip_prefix("http://") != Some(host));
    if !is_safe && (other_site || other_origin) {
        let refusal = (StatusCode::FORBIDDEN, "Forms of the sandbox are only taken from its own pages.\n");
        return refusal.into_response();
    }
    next.run(request).await
}

fn is_loopback_name(host: &str, url: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]") || url.strip_prefix("http://") == Some(host)
}

fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

fn hash(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

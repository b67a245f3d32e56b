//! Signing out: by a form of the application, or by a link that carries the session's token.

use bytes::Bytes;
use http::header::ORIGIN;
use http::{HeaderValue, Method, Response};
use tracing::warn;

use super::answer::Answer;
use super::body::{self, RequestBody};
use super::guard::{is_logout_token, logout_token};
use super::visitor::{accepts_html, header, is_background, is_prefetch};
use super::{Exchange, with_cookies};
use crate::session::Session;

/// The largest form that the logout route takes: it needs room for a token.
const MAX_FORM_BYTES: usize = 4 * 1024;
const TOKEN: &str = "token";

impl Exchange<'_> {
    /// Signs out by a form of the application itself, or by a link that carries the session's own token: nobody
    /// else can end a session by leading a browser here, not even from a neighboring host. A browser that only
    /// loads the link ahead of time, or in the background, signs nobody out.
    pub(super) async fn logout(&self, body: impl RequestBody) -> Response<Bytes> {
        let headers = &self.parts.headers;
        let is_post = self.parts.method == Method::POST;
        if is_prefetch(headers) {
            return Answer::Prefetch.response(self.visitor);
        }
        if !is_post && is_background(headers) {
            return Answer::NavigationRequired.response(self.visitor);
        }
        let home = self.site.configuration.rules().home();
        let Some((cookies, session)) = self.site.session(self.sso, self.parts, self.now) else {
            return self.leave(home.to_owned());
        };
        if !(self.has_token(&session) || is_post && self.is_own_form(&session, body).await) {
            let (action, token) = (self.site.routes.logout().to_owned(), logout_token(&session));
            return Answer::ConfirmLogout { action, token }.response(self.visitor);
        }
        // A copy of the cookie that is used again revokes nothing more.
        if !self.sso.has_ended(&session) {
            self.sso.sign_out(&session, self.now).await;
        }
        let marketplace = self.site.configuration.marketplace(session.marketplace().as_str());
        let response = self.leave(match marketplace {
            Some(marketplace) => marketplace.logout_url(Some(&session.user().real())),
            None => home.to_owned(),
        });
        let cleared = [cookies.clear_session().ok(), cookies.clear_lost_sessions(headers)];
        with_cookies(response, cleared.into_iter().flatten())
    }

    /// Goes on after a logout. The page that has sent the form may forbid redirects to other origins (`form-action`
    /// of its Content-Security-Policy), so a browser that has posted gets a page that goes on by itself.
    fn leave(&self, to: String) -> Response<Bytes> {
        let is_form = self.parts.method == Method::POST && accepts_html(&self.parts.headers);
        let answer = if is_form { Answer::RefreshTo { to } } else { Answer::SeeOther { to } };
        answer.response(self.visitor)
    }

    fn has_token(&self, session: &Session) -> bool {
        self.parameter(TOKEN).is_some_and(|token| is_logout_token(session, &token))
    }

    /// Whether a page of the application has sent the form: the browser says so, or the form holds the token.
    async fn is_own_form(&self, session: &Session, body: impl RequestBody) -> bool {
        let headers = &self.parts.headers;
        match (header(headers, "sec-fetch-site"), headers.get(ORIGIN)) {
            (Some(b"same-origin"), _) => return true,
            (None, Some(origin)) if self.is_own_origin(origin) => return true,
            _ => {}
        }
        match body::read(body, headers, MAX_FORM_BYTES).await {
            Ok(form) => {
                let mut fields = form_urlencoded::parse(&form);
                fields.any(|(name, value)| name == TOKEN && is_logout_token(session, &value))
            }
            Err(error) => {
                warn!(?error, "logout form not read");
                false
            }
        }
    }

    fn is_own_origin(&self, origin: &HeaderValue) -> bool {
        let mut marketplaces = self.site.configuration.marketplaces();
        marketplaces.any(|marketplace| {
            let hosts = [marketplace.identity_host(), marketplace.app_host()];
            hosts.iter().any(|host| host.origin().ascii_serialization().as_bytes() == origin.as_bytes())
        })
    }
}

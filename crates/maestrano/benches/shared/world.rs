//! A whole application in memory: it signs users in and checks their sessions through the library's own two
//! doors, and nothing leaves the process.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::read::DeflateDecoder;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use maestrano::config::Settings;
use maestrano::memory::{Ended, EndedSessions, InProcess, Memory, Remembering};
use maestrano::transport::{Limits, Sending, Transport, TransportError};
use maestrano::{Body, Clock, CookieKey, Login, Maestrano, PartnerApp, SignIn};
use time::UtcDateTime;

use crate::documents::usual;
use crate::keys::MODERN;
use crate::kit::{ACS, NOW, REQUEST};

/// The application, and one browser that has begun a login and has got the platform's answer.
pub(crate) struct World {
    maestrano: Maestrano,
    /// The form that the browser posts.
    form: Bytes,
    /// The login that the browser has begun.
    cookie: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let entry = serde_json::json!({
            "marketplace": "uat",
            "app": {"host": "https://crm.example.com"},
            "api": {"id": "app-1", "key": "key", "host": "https://idp.example.com"},
            "sso": {
                "idp": "https://idp.example.com",
                "x509_certificate": MODERN.pem,
                "init_path": INIT,
                "consume_path": ACS.strip_prefix("https://crm.example.com").unwrap(),
            },
            "connec": {"host": "https://connec.example.com"},
        });
        let settings = Settings::new().cookie_keys([&CookieKey::new("k".repeat(32))]).marketplace(entry);
        let builder = Maestrano::from_settings(settings)
            .app(App)
            .memory(Blank::default())
            .transport(Nowhere)
            .clock(Still);
        let maestrano = at_once(builder.connect()).unwrap();

        let started = at_once(maestrano.handle(request(Method::GET, INIT, "", Bytes::new())));
        let draft = usual().before(REQUEST, &request_id(header(&started, LOCATION)));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", &draft.form_value())
            .finish();
        Self { maestrano, form: form.into(), cookie: cookie(header(&started, SET_COOKIE)) }
    }

    /// Signs in: the platform's answer is posted, and the browser comes back for its session. Gives the
    /// session's cookie.
    pub(crate) fn sign_in(&self) -> String {
        let consume = request(Method::POST, ACS, "", self.form.clone());
        let consumed = at_once(self.maestrano.handle(consume));
        assert_eq!(consumed.status(), StatusCode::SEE_OTHER);
        let finish = request(Method::GET, header(&consumed, LOCATION), &self.cookie, Bytes::new());
        let finished = at_once(self.maestrano.handle(finish));
        assert_eq!(finished.status(), StatusCode::SEE_OTHER);
        cookie(header(&finished, SET_COOKIE))
    }

    /// The answer to a GET of one of the library's routes.
    pub(crate) fn ask(&self, path: &str) -> Response<Bytes> {
        at_once(self.maestrano.handle(request(Method::GET, path, "", Bytes::new())))
    }

    /// The guard: whether somebody is signed in.
    pub(crate) fn check(&self, request: &Parts) -> bool {
        at_once(self.maestrano.check(request)).is_ok()
    }
}

/// A request for a page of the application, with the cookies that a browser sends.
pub(crate) fn page(session: &str) -> Parts {
    let cookies = format!("theme=dark; _ga=GA1.2.1234567890.1234567890; {session}");
    request(Method::GET, "/invoices?page=2", &cookies, Bytes::new()).into_parts().0
}

pub(crate) const INIT: &str = "/maestrano/auth/saml/init/uat";

fn request(method: Method, uri: &str, cookie: &str, body: Bytes) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri).header(COOKIE, cookie);
    request.body(Body::Whole(body)).unwrap()
}

fn header(response: &Response<Bytes>, name: http::HeaderName) -> &str {
    response.headers()[name].to_str().unwrap()
}

fn cookie(set_cookie: &str) -> String {
    set_cookie.split(';').next().unwrap().to_owned()
}

/// The id of the AuthnRequest in the address that a login starts with.
fn request_id(location: &str) -> String {
    let query = location.split_once('?').unwrap().1;
    let request = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "SAMLRequest").unwrap().1;
    let deflated = BASE64_STANDARD.decode(request.as_bytes()).unwrap();
    let xml = std::io::read_to_string(DeflateDecoder::new(deflated.as_slice())).unwrap();
    xml.split_once(" ID=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// The value of a future that waits for nothing.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something outside"),
    }
}

struct App;

impl PartnerApp for App {
    type Error = std::io::Error;

    async fn sign_in(&self, _: &Login, _: &Parts) -> Result<SignIn, Self::Error> {
        Ok(SignIn::Allow)
    }
}

/// It is always the moment at which the platform's answer arrives.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> UtcDateTime {
        NOW
    }
}

#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn send<'a>(&'a self, _: Request<Bytes>, _: Limits) -> Sending<'a> {
        Box::pin(async { Err(TransportError::connect(std::io::Error::other("nothing is out there"))) })
    }
}

/// The usual memory, in which every id is a new one, so that the same answer can be given again and again; and many
/// sessions have ended.
#[derive(Debug)]
struct Blank {
    usual: InProcess,
    claims: AtomicU64,
    ended: EndedSessions,
}

impl Default for Blank {
    fn default() -> Self {
        let ended = EndedSessions::default();
        let (now, market) = (Still.now(), "other".parse().unwrap());
        for group in 0..10_000 {
            let group = format!("cld-{group}").parse().unwrap();
            ended.insert(Ended::group(&market, &group, now, now + time::Duration::HOUR), now);
        }
        Self { usual: InProcess::default(), claims: AtomicU64::new(0), ended }
    }
}

impl Memory for Blank {
    fn spend<'a>(&'a self, id: &'a str, until: UtcDateTime, now: UtcDateTime) -> Remembering<'a, bool> {
        let id = format!("{id} {}", self.claims.fetch_add(1, Ordering::Relaxed));
        Box::pin(async move { self.usual.spend(&id, until, now).await })
    }

    fn end(&self, ended: Ended, now: UtcDateTime) -> Remembering<'_, ()> {
        self.ended.insert(ended, now);
        Box::pin(async { Ok(()) })
    }

    fn ended(&self) -> &EndedSessions {
        &self.ended
    }
}

//! The wire under the browser: one request, one answer, nothing remembered.

use std::collections::HashMap;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use url::{Position, Url};

use super::page::Page;

/// Sends requests over HTTP/1.1.
#[derive(Clone, Debug)]
pub struct Network {
    client: Client<HttpConnector, Full<Bytes>>,
    hosts: HashMap<String, SocketAddr>,
}

impl Network {
    /// A network where every name leads where the system says.
    #[must_use]
    pub fn new() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), hosts: HashMap::new() }
    }

    /// Makes a host, with its port if the address has one, lead to an address of this machine, over plain HTTP
    /// whatever the scheme says: the way to be at `https://crm.example.com` without a certificate, as behind a proxy.
    pub fn lead(&mut self, host: &str, address: SocketAddr) {
        self.hosts.insert(host.to_owned(), address);
    }

    /// Sends one request and takes its answer.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(&self, method: &Method, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Page {
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let at = match self.hosts.get(authority) {
            Some(address) => address.to_string(),
            None => authority.to_owned(),
        };
        let target = format!("http://{at}{}", &url[Position::BeforePath..Position::AfterQuery]);
        let mut message = http::Request::new(Full::from(body));
        *message.method_mut() = method.clone();
        *message.uri_mut() = target.parse().unwrap_or_else(|error| panic!("{target} is no URI: {error}"));
        *message.headers_mut() = headers;
        message.headers_mut().insert("host", header_value(authority));
        let answer = self.client.request(message).await;
        let (head, body) =
            answer.unwrap_or_else(|error| panic!("{url} cannot be reached: {error:?}")).into_parts();
        let body =
            body.collect().await.unwrap_or_else(|error| panic!("{url} broke off: {error:?}")).to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Page { url: url.clone(), status: head.status, headers: head.headers, body }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|error| panic!("{text:?} cannot be sent in a header: {error}"))
}

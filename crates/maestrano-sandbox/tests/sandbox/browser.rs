//! A browser that keeps one cookie and follows nothing, and the request an app would make.

use std::io::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::{Compression, write::DeflateEncoder};
use maestrano_sandbox::{DEFAULT_PASSWORD, Options, Running, Sandbox, Seed};
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};

pub(crate) const ACS: &str = "http://localhost:3000/maestrano/auth/saml/consume/maestrano-local";

pub(crate) struct Browser {
    url: String,
    cookie: Option<String>,
    client: Client,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: String,
}

pub(crate) async fn start(options: Options) -> Running {
    Sandbox::start(options).await.expect("the sandbox starts")
}

pub(crate) async fn start_default() -> Running {
    start(Options::default()).await
}

pub(crate) fn seed(json: &serde_json::Value) -> Seed {
    Seed::from_json(&json.to_string()).expect("a good seed")
}

/// The path and query of a request by `app-1`, answered at `acs`.
pub(crate) fn sign_on_path(acs: &str) -> String {
    let acs = acs.replace('&', "&amp;").replace('\'', "&apos;");
    path_for_xml(&format!(
        "<samlp:AuthnRequest AssertionConsumerServiceURL='{acs}' ID='_request' Version='2.0' \
         xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'><saml:Issuer \
         xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'>app-1</saml:Issuer></samlp:AuthnRequest>"
    ))
}

pub(crate) fn path_for_xml(xml: &str) -> String {
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(xml.as_bytes()).expect("memory");
    let value = BASE64_STANDARD.encode(deflate.finish().expect("memory"));
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLRequest", &value).finish();
    format!("/api/v1/auth/saml?{query}")
}

impl Browser {
    pub(crate) fn at(running: &Running) -> Self {
        let client =
            Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { url: running.url().to_owned(), cookie: None, client }
    }

    /// A browser in which the user of this e-mail address is signed in.
    pub(crate) async fn of(running: &Running, email: &str) -> Self {
        let account = running.accounts().iter().find(|account| account.email == email);
        let password = account.and_then(|account| account.password.clone());
        let mut browser = Self::at(running);
        let page = browser.sign_in(email, password.as_deref().unwrap_or(DEFAULT_PASSWORD)).await;
        assert_eq!(page.status, 303, "{}", page.body);
        browser
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        let form = self.get("/sign_in").await;
        self.submit(&form, "/sign_in", &[("email", email), ("password", password)]).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.get_with(path, &[("accept", "text/html")]).await
    }

    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        let mut request = self.client.get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Submits a form of the page: its form token and return address, and these fields.
    pub(crate) async fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = ["form_token", "return_to"].map(|name| (name, page.field(name)));
        let hidden = hidden.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
        let body: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        let origin = self.url.clone();
        self.post(action, &body, &[("origin", &origin), ("sec-fetch-site", "same-origin")]).await
    }

    pub(crate) async fn post(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .client
            .post(format!("{}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Goes to the platform with a request and takes the response out of the form.
    pub(crate) async fn response(&mut self, path: &str) -> String {
        let page = self.get(path).await;
        page.response().unwrap_or_else(|| panic!("no response: {} {}", page.status, page.body))
    }

    async fn send(&mut self, mut request: RequestBuilder) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        if let Some(cookie) = headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        Page { status, headers, body: response.text().await.expect("a body") }
    }
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }

    /// The value of the first field with this name.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let (_, tag) = self.body.split_once(&format!("name=\"{name}\" value=\""))?;
        Some(unescaped(tag.split('"').next()?))
    }

    /// The XML of the response in the page, if there is one.
    pub(crate) fn response(&self) -> Option<String> {
        let base64: String = self.field("SAMLResponse")?.split('\n').collect();
        let xml = BASE64_STANDARD.decode(base64).expect("base64");
        Some(String::from_utf8(xml).expect("UTF-8"))
    }
}

/// The value of an attribute of the assertion.
pub(crate) fn attribute(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).expect("well-formed");
    let attribute = document.descendants().find(|node| {
        node.has_tag_name(("urn:oasis:names:tc:SAML:2.0:assertion", "Attribute"))
            && node.attribute("Name") == Some(name)
    })?;
    Some(attribute.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect())
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

//! Asking the application without a browser: every header field as the case says, nothing followed.

use std::net::Ipv4Addr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::browser::Page;
use crate::world::World;

/// Who asks: the header fields that tell.
pub type Asker = [(&'static str, &'static str); 2];

/// A browser that goes to a page.
pub const NAVIGATION: Asker = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];

/// A script of a page.
pub const PROGRAM: Asker = [("accept", "application/json"), ("sec-fetch-mode", "cors")];

/// A program that is no browser, and says nothing of how it fetches.
pub const CLIENT: Asker = [("accept", "application/json"), ("user-agent", "client")];

/// Longer than any answer takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to wait before something is asked again.
const BEAT: Duration = Duration::from_millis(100);

/// The asker's fields with cookies beside them.
#[must_use]
pub fn with_cookies(asker: Asker, cookies: &str) -> [(&'static str, &str); 3] {
    let [accept, mode] = asker;
    [accept, mode, ("cookie", cookies)]
}

/// Asks again and again until the answer is the one.
///
/// # Panics
///
/// When it never is.
pub async fn ask_until(mut ask: impl AsyncFnMut() -> Page, is_it: impl Fn(&Page) -> bool) -> Page {
    let mut last = None;
    let asking = async {
        let mut beat = tokio::time::interval(BEAT);
        loop {
            beat.tick().await;
            let answer = ask().await;
            if is_it(&answer) {
                return answer;
            }
            last = Some(answer);
        }
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.unwrap_or_else(|_| panic!("the answer does not come, this does: {last:?}"))
}

/// The reference in an answer, shown to a person or told to a program.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn reference(answer: &Page) -> String {
    let told = answer.json()["reference"].as_str().map(str::to_owned);
    told.or_else(|| answer.reference()).unwrap_or_else(|| panic!("no reference in {}", answer.body))
}

/// That nothing of the answer is kept, framed, sniffed, or told to the next page, and each field says so once.
///
/// # Panics
///
/// When it is otherwise.
pub fn assert_quiet(answer: &Page) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {}", answer.url);
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name} of {}", answer.url);
    }
}

impl World {
    /// Asks the application as a program does: no cookie but those given, nothing followed.
    ///
    /// # Panics
    ///
    /// When a header field is none, or there is no answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Page {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name =
                HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
            headers.append(
                name,
                HeaderValue::from_str(value).unwrap_or_else(|error| panic!("{value}: {error}")),
            );
        }
        self.send(method, path, headers, body).await
    }

    /// As [`World::ask`], with header fields of any bytes.
    ///
    /// # Panics
    ///
    /// When there is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: impl Into<Vec<u8>>,
    ) -> Page {
        let url = Url::parse(&self.app(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.network().send(&method, &url, headers, body.into()).await
    }

    /// Writes these bytes to the application and reads what comes back until it closes the connection.
    ///
    /// # Panics
    ///
    /// When there is no connection, or it never closes.
    pub async fn write(&self, bytes: &[u8]) -> String {
        let talking = async {
            let mut stream =
                TcpStream::connect((Ipv4Addr::LOCALHOST, self.port())).await.expect("a connection");
            // Whoever has read enough may close before everything is written.
            let _ = stream.write_all(bytes).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::time::timeout(PATIENCE, talking).await.expect("the application closes the connection")
    }
}

//! The transport on reqwest with rustls.

use std::time::Duration;

use ::reqwest::{Client, ClientBuilder, redirect};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};

use super::{Limits, Sending, Transport, TransportError, is_loopback};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The transport of the feature `reqwest` (default): rustls with the certificates of the system.
///
/// A proxy named in the environment (`HTTPS_PROXY`) is used for every host but this machine itself.
#[derive(Clone, Debug)]
pub struct Reqwest {
    outward: Client,
    loopback: Client,
}

impl Reqwest {
    /// Prepares the connections; none is made yet.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up, for example because the system has no certificates.
    pub fn new() -> Result<Self, TransportError> {
        let build = |builder: ClientBuilder| builder.build().map_err(TransportError::from);
        Ok(Self { outward: build(builder())?, loopback: build(builder().no_proxy())? })
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut request = ::reqwest::Request::try_from(request)?;
        *request.timeout_mut() = Some(limits.timeout);
        let client = if is_loopback(request.url()) { &self.loopback } else { &self.outward };
        let mut answer = client.execute(request).await?;

        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > limits.body {
                return Err(TransportError::too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl Transport for Reqwest {
    fn send<'a>(&'a self, request: Request<Bytes>, limits: Limits) -> Sending<'a> {
        Box::pin(self.exchange(request, limits))
    }
}

fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("maestrano-rust/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
}

impl From<::reqwest::Error> for TransportError {
    fn from(error: ::reqwest::Error) -> Self {
        let error = error.without_url();
        // A connection that took too long was still never made.
        if error.is_connect() {
            Self::connect(error)
        } else if error.is_timeout() {
            Self::timeout(error)
        } else {
            Self::other(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const LIMITS: Limits = Limits::new(Duration::from_secs(10), 10);

    /// Sends one request to a server that answers with these bytes and then keeps the connection open.
    async fn ask(answer: &'static str, limits: Limits) -> Result<Response<Bytes>, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/path?session=k3v9x2", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = connection.read(&mut request).await.unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
            (String::from_utf8_lossy(&request[..read]).into_owned(), connection)
        });
        let result = send(&url, limits).await;
        let (request, _connection) = server.await.unwrap();
        assert!(request.starts_with("GET /path?session=k3v9x2 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("x-test: yes"), "{request}");
        result
    }

    async fn send(url: &str, limits: Limits) -> Result<Response<Bytes>, TransportError> {
        let request = Request::get(url).header("x-test", "yes").body(Bytes::new()).unwrap();
        Reqwest::new().unwrap().send(request, limits).await
    }

    fn shown(error: &TransportError) -> String {
        let mut text = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&format!(" {cause}"));
            source = cause.source();
        }
        text
    }

    #[tokio::test]
    async fn an_answer_comes_whole() {
        let answer = "HTTP/1.1 404 Not Found\r\nx-kind: test\r\ncontent-length: 10\r\n\r\n0123456789";
        let response = ask(answer, LIMITS).await.unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["x-kind"], "test");
        assert_eq!(response.body().as_ref(), b"0123456789");
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let answer = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(ask(answer, LIMITS).await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        for answer in [
            "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n0123456789a",
            // The rest never comes: the limit ends it, not the time.
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n678901\r\n",
        ] {
            let error = ask(answer, LIMITS).await.unwrap_err();
            assert!(error.is_too_large() && !error.is_timeout() && !error.is_connect(), "{error:?}");
        }
    }

    #[tokio::test]
    async fn the_time_limit_covers_the_body() {
        for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n0123"] {
            let error = ask(answer, Limits::new(Duration::from_millis(200), 10)).await.unwrap_err();
            assert!(error.is_timeout() && !error.is_connect(), "{error:?}");
            assert!(!shown(&error).contains("k3v9x2"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_never_made_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/path?session=k3v9x2", listener.local_addr().unwrap());
        drop(listener);
        let error = send(&url, LIMITS).await.unwrap_err();
        assert!(error.is_connect() && error.source().is_some(), "{error:?}");
        assert!(!shown(&error).contains("k3v9x2"), "{error:?}");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_http_is_an_error() {
        let error = ask("hello\r\n\r\n", LIMITS).await.unwrap_err();
        assert!(!error.is_connect() && !error.is_timeout() && !error.is_too_large(), "{error:?}");
    }

    #[tokio::test]
    async fn https_is_never_spoken_in_plain() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        });
        let error = send(&url, LIMITS).await.unwrap_err();
        server.await.unwrap();
        assert!(error.is_connect(), "{error:?}");
    }
}

//! Request bodies that do not arrive, arrive slowly, or are too large (security.md 1.2 and 5.3).

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::subject::Subject;
use crate::world::{MARKETPLACE, World};

/// The application waits 15 seconds for a body. An answer within this time did not wait for it.
const BEFORE_THE_BODY: Duration = Duration::from_secs(10);

/// Longer than the application waits for a body, also on a busy machine.
const AFTER_THE_BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// A process ends within this time after SIGTERM or Ctrl-C.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// The beginning of a form. Rocket reads up to 14 bytes of every body before it looks for a route, so a client that
/// sends fewer gets no answer there.
const BEGINNING: &[u8] = b"SAMLResponse=AAAAAAAAAAAAAAAAAAAA";

const MEBIBYTE: usize = 1024 * 1024;

/// Enough connections to hold more than the memory of a small machine, if each of them held a body of 1 MiB.
const CONNECTIONS: usize = 300;

/// The most memory that the application may hold, in bytes, when no route takes the bodies.
const MEMORY: u64 = 128 * 1024 * 1024;

/// The same when each connection has sent a body that a route takes, but for its last byte.
const MEMORY_WITH_BODIES: u64 = 512 * 1024 * 1024;

/// A path that does not exist, a method that is not allowed, and a page that needs no body.
pub async fn a_body_that_no_route_takes_is_not_awaited(subject: &Subject) {
    let world = World::new(subject).await;
    let init = format!("/maestrano/auth/saml/init/{MARKETPLACE}");
    for (method, path, status) in [
        (Method::POST, "/maestrano/nowhere", StatusCode::NOT_FOUND),
        (Method::POST, "/maestrano/auth/saml/consume/nobody", StatusCode::NOT_FOUND),
        (Method::POST, &init, StatusCode::METHOD_NOT_ALLOWED),
        (Method::GET, &init, StatusCode::SEE_OTHER),
    ] {
        let mut client = Client::connect(&world).await;
        client.announce(&method, path, 100_000).await;
        client.send(BEGINNING).await.expect("the connection is open");
        let answer = client.answer_within(BEFORE_THE_BODY).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
}

/// The credentials stand in the header, so they are checked first.
pub async fn a_webhook_body_is_read_after_the_credentials(subject: &Subject) {
    let world = World::new(subject).await;
    for (method, path) in [
        (Method::POST, format!("/maestrano/connec/notifications/{MARKETPLACE}")),
        (Method::DELETE, format!("/maestrano/account/groups/cld-1/{MARKETPLACE}")),
    ] {
        let mut client = Client::connect(&world).await;
        client.announce(&method, &path, 100_000).await;
        client.send(BEGINNING).await.expect("the connection is open");
        let answer = client.answer_within(BEFORE_THE_BODY).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}: {}", answer.text);
    }
}

/// Whether the length of the body was announced or not.
pub async fn a_stalled_body_gets_408(subject: &Subject) {
    let world = World::new(subject).await;
    let mut announced = Client::connect(&world).await;
    announced.announce(&Method::POST, &consume(), 100_000).await;
    announced.send(BEGINNING).await.expect("the connection is open");
    let mut chunked = Client::connect(&world).await;
    chunked.head(&Method::POST, &consume(), "Transfer-Encoding: chunked").await;
    chunked.send_chunk(BEGINNING).await.expect("the connection is open");
    for client in [&mut announced, &mut chunked] {
        let answer = client.answer_within(AFTER_THE_BODY_TIMEOUT).await;
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{}", answer.text);
        assert!(answer.text.contains("request_timeout"), "{}", answer.text);
    }
}

/// A client that reads its answer late writes all of its body first. A reset in the meantime would be all that it sees.
pub async fn a_client_that_still_sends_gets_its_answer(subject: &Subject) {
    let world = World::new(subject).await;
    let notification = format!("/maestrano/connec/notifications/{MARKETPLACE}");
    for (path, status) in [
        (consume(), StatusCode::PAYLOAD_TOO_LARGE),
        (notification, StatusCode::UNAUTHORIZED),
        ("/maestrano/nowhere".to_owned(), StatusCode::NOT_FOUND),
    ] {
        let length = MEBIBYTE + 100_000;
        let mut client = Client::connect(&world).await;
        client.announce(&Method::POST, &path, length).await;
        client.send(BEGINNING).await.expect("the connection is open");
        let answer = client.answer_within(BEFORE_THE_BODY).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        for piece in vec![b'A'; length - BEGINNING.len()].chunks(16 * 1024) {
            client.send(piece).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        client.ends().await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let mut client = Client::connect(&world).await;
    client.head(&Method::POST, &consume(), "Transfer-Encoding: chunked").await;
    for chunk in vec![b'A'; MEBIBYTE].chunks(16 * 1024) {
        client.send_chunk(chunk).await.unwrap_or_else(|error| panic!("without a length: {error}"));
    }
    let answer = client.answer_within(BEFORE_THE_BODY).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text);
    client.send(b"0\r\n\r\n").await.expect("the connection is open");
    client.ends().await.expect("no reset");
}

/// Each client sends a body but for its last byte, and stays. The first three kinds of body are not taken; the
/// application waits for the fourth, the largest that it takes. The figure is the peak of the resident memory: a limit of
/// the address space would count what the stacks and pools of the threads reserve and never use.
pub async fn stalled_bodies_do_not_fill_the_memory(subject: &Subject) {
    let mut world = World::new(subject).await;
    let notification = format!("/maestrano/connec/notifications/{MARKETPLACE}");
    let kinds = [
        (consume(), MEBIBYTE, MEMORY),
        ("/maestrano/nowhere".to_owned(), MEBIBYTE, MEMORY),
        (notification, MEBIBYTE, MEMORY),
        (consume(), 256 * 1024, MEMORY_WITH_BODIES),
    ];
    for (path, length, most) in kinds {
        let mut clients = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (mut client, path) = (Client::connect(&world).await, path.clone());
            clients.spawn(async move {
                client.announce(&Method::POST, &path, length).await;
                // Under so many connections, those that exceed a limit may be closed.
                let _ = client.send(&vec![b'A'; length - 1]).await;
                client
            });
        }
        let clients = clients.join_all().await;
        let home = world.ask(Method::GET, "/", &[], "").await;
        assert_eq!(home.status, StatusCode::OK, "{path}: other requests are answered meanwhile");
        let Some(peak) = world.process().peak_memory() else {
            println!("this system does not say how much memory a program held");
            return;
        };
        println!("{CONNECTIONS} bodies of {length} bytes at {path}: at most {} MiB held", peak / 1024 / 1024);
        assert!(peak < most, "the application held {peak} bytes");
        drop(clients);
    }
}

/// A body that stalls, a header that stalls, and an idle connection, at SIGTERM and at Ctrl-C.
pub async fn stalled_clients_do_not_delay_shutdown(subject: &Subject) {
    tokio::join!(stops(subject, "TERM"), stops(subject, "INT"));
}

async fn stops(subject: &Subject, signal: &str) {
    let mut world = World::new(subject).await;
    let mut stalled = Client::connect(&world).await;
    stalled.announce(&Method::POST, &consume(), 100_000).await;
    stalled.send(BEGINNING).await.expect("the connection is open");
    let mut nowhere = Client::connect(&world).await;
    nowhere.announce(&Method::POST, "/maestrano/nowhere", 100_000).await;
    nowhere.send(BEGINNING).await.expect("the connection is open");
    let mut header = Client::connect(&world).await;
    header.send(b"GET / HT").await.expect("the connection is open");
    // The others were accepted before this one was.
    let mut idle = Client::connect(&world).await;
    idle.head(&Method::GET, "/", "Accept: text/html").await;
    assert_eq!(idle.answer_within(BEFORE_THE_BODY).await.status, StatusCode::OK);
    world.process().signal(signal).await;
    let status = timeout(SHUTDOWN, world.process().ends()).await;
    let status = status.unwrap_or_else(|_| panic!("SIG{signal}: it still runs after {SHUTDOWN:?}"));
    assert!(status.success(), "SIG{signal}: {status}");
}

fn consume() -> String {
    format!("/maestrano/auth/saml/consume/{MARKETPLACE}")
}

/// A connection to the application, to which a case writes what it wants and when it wants.
struct Client(TcpStream);

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    text: String,
}

impl Client {
    async fn connect(world: &World) -> Self {
        Self(TcpStream::connect((Ipv4Addr::LOCALHOST, world.port())).await.expect("a connection"))
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    async fn send_chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(&chunk).await
    }

    async fn head(&mut self, method: &Method, path: &str, field: &str) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{field}\r\n\r\n"
        );
        self.send(head.as_bytes()).await.expect("the connection is open");
    }

    /// The head of a request whose body will have this length.
    async fn announce(&mut self, method: &Method, path: &str, length: usize) {
        self.head(method, path, &format!("Content-Length: {length}")).await;
    }

    /// The next answer, with its whole body.
    async fn answer_within(&mut self, time: Duration) -> Answer {
        timeout(time, self.answer()).await.unwrap_or_else(|_| panic!("no answer within {time:?}"))
    }

    async fn answer(&mut self) -> Answer {
        let mut read = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let field = |line: &str| {
                    line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                };
                let length: usize =
                    head.lines().find_map(field).unwrap_or_else(|| panic!("no length: {head}"));
                if body.len() >= length {
                    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
                    let status = status.unwrap_or_else(|| panic!("no status: {head}"));
                    return Answer { status, text };
                }
            }
            let length = self.0.read_buf(&mut read).await;
            let length = length.unwrap_or_else(|error| panic!("{error} instead of an answer: {text}"));
            assert!(length > 0, "the connection ends before the answer: {text}");
        }
    }

    /// Closes this side, and reads until the application closes its own.
    async fn ends(mut self) -> io::Result<()> {
        self.0.shutdown().await?;
        let rest = timeout(BEFORE_THE_BODY, self.0.read_to_end(&mut Vec::new())).await;
        rest.map(|rest| rest.map(drop)).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

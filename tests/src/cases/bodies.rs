//! Clients that send half a request and stop: they hold no memory, no shutdown, and nobody else up.

use std::net::Ipv4Addr;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::subject::Subject;
use crate::world::{MARKETPLACE, World};

/// The most memory that an application may take.
const MAX_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// A form that is a byte short of what the consume route takes.
const FORM_BYTES: usize = 256 * 1024;
/// A body that is a byte short of what any route takes.
const BODY_BYTES: usize = 1024 * 1024;
/// Longer than the library waits for a body, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an application may take to end.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// The answer comes without the rest of the body, which is not read for a request that is refused anyway. (Rocket looks
/// at the first 512 bytes of a form before it routes.)
pub async fn a_refused_request_is_answered_before_its_body(subject: &Subject) {
    let world = World::new(subject).await;
    let consume = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let table = [
        ("POST", "/maestrano/nowhere", "404"),
        ("POST", "/maestrano/auth/saml/finish", "405"),
        ("POST", "/maestrano/auth/saml/consume/nobody", "404"),
        ("POST", "/maestrano/connec/notifications/maestrano-local", "401"),
        ("DELETE", "/maestrano/account/groups/cld-1/maestrano-local", "401"),
        ("POST", &consume, "413"),
    ];
    for (method, path, status) in table {
        let mut client = Client::connect(&world).await;
        client.send(&head(method, path, BODY_BYTES)).await;
        client.send(&[b'a'; 1024]).await;
        assert_eq!(client.status().await, status, "{method} {path}");
    }
}

/// Three hundred of them take no memory worth speaking of, and those whose body is waited for get 408.
pub async fn stalled_bodies_take_little_memory_and_end(subject: &Subject) {
    let mut world = World::new(subject).await;
    let consume = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let notifications = "/maestrano/connec/notifications/maestrano-local";
    let table =
        [(consume.as_str(), FORM_BYTES), ("/maestrano/nowhere", BODY_BYTES), (notifications, BODY_BYTES)];
    let mut clients = Vec::new();
    for (path, length) in table {
        for _ in 0..100 {
            let mut client = Client::connect(&world).await;
            client.send(&head("POST", path, length)).await;
            client.send(&vec![b'a'; length - 1]).await;
            clients.push((path, client));
        }
    }
    assert_eq!(world.ask(Method::GET, "/", &[], "").await.status, StatusCode::OK, "others are answered");
    for (path, mut client) in clients.into_iter().filter(|(path, _)| *path == consume) {
        assert_eq!(client.status().await, "408", "{path}");
    }
    assert_eq!(world.ask(Method::GET, "/", &[], "").await.status, StatusCode::OK);
    if let Some(peak) = world.process().peak_memory() {
        println!("{} held {} MiB at most", subject.name(), peak / 1024 / 1024);
        assert!(peak < MAX_MEMORY_BYTES, "{peak} bytes");
    }
}

/// A client in the middle of its body, one in the middle of its head, and an idle one: the application ends all the
/// same when it is told to.
pub async fn stalled_clients_do_not_delay_a_shutdown(subject: &Subject) {
    let mut world = World::new(subject).await;
    let consume = format!("/maestrano/auth/saml/consume/{MARKETPLACE}");
    let mut in_body = Client::connect(&world).await;
    in_body.send(&head("POST", &consume, FORM_BYTES)).await;
    in_body.send(&[b'a'; 1024]).await;
    let mut in_head = Client::connect(&world).await;
    in_head.send(b"GET /me HTTP/1.1\r\nHost: localh").await;
    let mut idle = Client::connect(&world).await;
    idle.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(idle.status().await, "200");
    world.process().terminate().await;
    let ended = tokio::time::timeout(SHUTDOWN, world.process().ends()).await;
    assert!(ended.is_ok(), "it still runs after ten seconds:\n{}", world.log());
}

fn head(method: &str, path: &str, length: usize) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// A connection that does as it likes.
struct Client(TcpStream);

impl Client {
    async fn connect(world: &World) -> Self {
        Self(TcpStream::connect((Ipv4Addr::LOCALHOST, world.port())).await.expect("a connection"))
    }

    /// An application that has answered already may have closed the connection.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.0.write_all(bytes)).await;
    }

    /// The status of the answer; empty when the connection was closed without one.
    async fn status(&mut self) -> String {
        let mut start = [0; 12];
        let read = tokio::time::timeout(PATIENCE, self.0.read_exact(&mut start)).await;
        assert!(read.is_ok(), "no answer comes");
        String::from_utf8_lossy(&start[9..]).into_owned()
    }
}

//! The one Redis: the connection to it while there is one, and a bound on every wait.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, cmd};
use tokio::time::timeout;
use tracing::{info, warn};

/// A Redis and how to talk to it.
///
/// A command that fails, for whatever reason, drops the connection; the follower makes the next one. So a
/// connection that is there is one that has worked, and after a failover the name is resolved again.
pub(crate) struct Server {
    client: Client,
    connection: RwLock<Option<Arc<MultiplexedConnection>>>,
    waits: Waits,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    pub(crate) command: Duration,
    pub(crate) connect: Duration,
}

/// The longest that a command may take: by far less than ends are news, or nobody would be in touch.
pub(crate) const LONGEST_COMMAND: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no connection to it at the moment")]
    NotConnected,
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("it has not answered within {0:?}")]
    Silent(Duration),
}

impl Server {
    pub(crate) fn new(client: Client, waits: Waits) -> Self {
        Self { client, connection: RwLock::default(), waits }
    }

    /// Host and port, or the path of a socket.
    pub(crate) fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// How long a command may take.
    pub(crate) const fn wait(&self) -> Duration {
        self.waits.command
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connection().is_some()
    }

    /// Makes the connection, and keeps it when what is tried on it succeeds.
    pub(crate) async fn connect<Probe>(
        &self,
        probe: impl FnOnce(MultiplexedConnection) -> Probe,
    ) -> Result<(), Failure>
    where
        Probe: Future<Output = RedisResult<()>>,
    {
        // Waits are bounded here, for everything in one way.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connect = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            probe(connection.clone()).await?;
            self.warn_of_eviction(&mut connection).await;
            Ok(connection)
        };
        let connection = within(self.waits.connect, connect).await?;
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(connection));
        info!(address = %self.address(), "connected to Redis");
        Ok(())
    }

    /// Talks to Redis, for as long as one command may take.
    pub(crate) async fn ask<T, Talk>(
        &self,
        talk: impl FnOnce(MultiplexedConnection) -> Talk,
    ) -> Result<T, Failure>
    where
        Talk: Future<Output = RedisResult<T>>,
    {
        let connection = self.connection().ok_or(Failure::NotConnected)?;
        let answer = within(self.waits.command, talk((*connection).clone())).await;
        if let Err(failure) = &answer {
            self.give_up(&connection, failure);
        }
        answer
    }

    fn connection(&self) -> Option<Arc<MultiplexedConnection>> {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Drops a connection, unless there is another one already.
    fn give_up(&self, lost: &Arc<MultiplexedConnection>, failure: &Failure) {
        let mut connection = self.connection.write().unwrap_or_else(PoisonError::into_inner);
        if connection.take_if(|connection| Arc::ptr_eq(connection, lost)).is_some() {
            warn!(address = %self.address(), %failure, "the connection to Redis is given up");
        }
    }

    /// A Redis that makes room for new keys by dropping old ones forgets which logins are spent.
    async fn warn_of_eviction(&self, connection: &mut MultiplexedConnection) {
        // Who may not ask is not told.
        let memory: RedisResult<String> = cmd("INFO").arg("memory").query_async(connection).await;
        if let Some(policy) = memory.ok().as_deref().and_then(eviction) {
            warn!(
                address = %self.address(),
                "this Redis forgets keys when it is full (maxmemory-policy {policy}), spent logins among \
                 them: set it to noeviction"
            );
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut server = formatter.debug_struct("Server");
        server.field("address", &self.address()).field("connected", &self.is_connected()).finish()
    }
}

async fn within<T>(wait: Duration, talk: impl Future<Output = RedisResult<T>>) -> Result<T, Failure> {
    match timeout(wait, talk).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::Silent(wait)),
    }
}

/// The policy of a server that has a bound and drops keys when it has reached it.
fn eviction(memory: &str) -> Option<&str> {
    let value =
        |name: &str| memory.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'));
    let policy = value("maxmemory_policy")?;
    (policy != "noeviction" && value("maxmemory")? != "0").then_some(policy)
}

#[cfg(test)]
mod tests {
    use redis::io::tcp::TcpSettings;
    use redis::{ErrorKind, IntoConnectionInfo};
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;
    use tokio::sync::oneshot;

    use super::*;

    /// The port of one who says OK to every command.
    async fn agreeable() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (read, mut write) = stream.into_split();
                    let mut lines = BufReader::new(read).lines();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line.starts_with('*') {
                            write.write_all(b"+OK\r\n").await.unwrap();
                        }
                    }
                });
            }
        });
        port
    }

    #[tokio::test]
    async fn a_late_failure_of_an_old_connection_leaves_the_new_one_alone() {
        let info = format!("redis://127.0.0.1:{}", agreeable().await).into_connection_info().unwrap();
        let client = Client::open(info.set_tcp_settings(TcpSettings::default())).unwrap();
        let wait = Duration::from_secs(30);
        let server = Arc::new(Server::new(client, Waits { command: wait, connect: wait }));
        // A command that fails when it is told to.
        let slow = async || {
            let ((begin, begun), (fail, failed)) = (oneshot::channel(), oneshot::channel::<()>());
            let server = Arc::clone(&server);
            let talk = move |_| async {
                begin.send(()).unwrap();
                failed.await.unwrap();
                Err::<(), _>(RedisError::from((ErrorKind::Io, "late")))
            };
            let asking = tokio::spawn(async move { server.ask(talk).await });
            begun.await.unwrap();
            (fail, asking)
        };
        server.connect(|_| async { Ok(()) }).await.unwrap();
        let (fail_first, first) = slow().await;
        let (fail_second, second) = slow().await;
        fail_first.send(()).unwrap();
        assert!(first.await.unwrap().is_err());
        assert!(!server.is_connected());
        server.connect(|_| async { Ok(()) }).await.unwrap();
        fail_second.send(()).unwrap();
        assert!(second.await.unwrap().is_err());
        assert!(server.is_connected());
    }

    #[test]
    fn a_server_that_drops_keys_is_told_from_others() {
        let says = |maxmemory, policy| {
            let lines = ["# Memory", "maxmemory:N", "maxmemory_human:N", "maxmemory_policy:P", ""];
            lines.join("\r\n").replace('N', maxmemory).replace('P', policy)
        };
        assert_eq!(eviction(&says("100", "allkeys-lru")), Some("allkeys-lru"));
        assert_eq!(eviction(&says("100", "volatile-ttl")), Some("volatile-ttl"));
        assert_eq!(eviction(&says("0", "allkeys-lru")), None);
        assert_eq!(eviction(&says("100", "noeviction")), None);
        assert_eq!(eviction(""), None);
    }
}

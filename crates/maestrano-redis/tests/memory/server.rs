//! Servers of the tests' own, on a port from the system, without files.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use maestrano_redis::{Builder, Redis};
use redis::{Client, FromRedisValue, cmd};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// A program that speaks Redis's protocol.
pub(crate) type Engine = &'static str;

/// Those that this machine has.
pub(crate) fn engines() -> Vec<Engine> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &&str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    let found: Vec<_> = ["redis-server", "valkey-server"].into_iter().filter(is_there).collect();
    assert!(
        !found.is_empty(),
        "Neither redis-server nor valkey-server can be found: `cargo xtask test` installs one, or install \
         the package redis-server (Debian), redis (Fedora, Homebrew) or valkey (Arch)."
    );
    found
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    engine: Engine,
    port: u16,
    options: Vec<String>,
    process: Child,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start(engine: Engine) -> Self {
        Self::start_with(engine, &[])
    }

    pub(crate) fn start_with(engine: Engine, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            // Unless somebody else has taken the port meanwhile.
            if let Some(process) = spawn(engine, port, &options, &folder) {
                return Self { engine, port, options, process, folder };
            }
        }
        panic!("{engine} {options:?} does not start");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn memory(&self) -> Builder {
        Redis::at(format!("redis://127.0.0.1:{}", self.port))
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again where it was, empty.
    pub(crate) fn restart(&mut self) {
        let Self { engine, port, options, folder, .. } = self;
        self.process = spawn(engine, *port, options, folder).unwrap();
    }

    /// Keeps it from doing anything, or lets it go on: `STOP`, `CONT`.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
    }

    /// Sends a command as an administrator does; words are apart by spaces.
    pub(crate) async fn say<T: FromRedisValue>(&self, command: &str) -> T {
        self.say_words(&command.split(' ').collect::<Vec<_>>()).await
    }

    pub(crate) async fn say_words<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let client = Client::open(("127.0.0.1", self.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let (verb, arguments) = words.split_first().unwrap();
        cmd(verb).arg(arguments).query_async(&mut connection).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Stands for the port in options.
pub(crate) const PORT: &str = "PORT";

/// Starts a server; none when it ends at once.
fn spawn(engine: Engine, port: u16, options: &[String], folder: &TempDir) -> Option<Child> {
    let port = port.to_string();
    let mut command = Command::new(engine);
    command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
    command.args(options.iter().map(|option| if option == PORT { &port } else { option }));
    command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    if lines.map_while(Result::ok).any(|line| line.contains("Ready to accept connections")) {
        return Some(process);
    }
    process.wait().unwrap();
    None
}

/// Waits until something is so, which must be soon.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(Duration::from_secs(30), wait).await.is_ok(), "never: {what}");
}

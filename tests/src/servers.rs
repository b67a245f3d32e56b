//! The servers that several processes stand between: nginx before them, Redis or Valkey behind.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use tokio::process::Command;

use crate::process::Process;
use crate::world::free_port;

/// A Redis at a port of its own, without files. Dropping it ends it.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
}

impl Redis {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start() -> Self {
        loop {
            let port = free_port();
            if let Some(process) = redis(port).await {
                return Self { process, port };
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut does.
    ///
    /// # Panics
    ///
    /// When it cannot be killed.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again where it was, empty.
    ///
    /// # Panics
    ///
    /// When it does not come back.
    pub async fn restart(&mut self) {
        self.process = redis(self.port).await.expect("nobody else takes the port of Redis");
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// Starts an nginx that listens at a port and hands requests to those ports in turn; it keeps its files in that folder.
/// It writes of every request who got it: `127.0.0.1:PORT METHOD PATH STATUS`. None when somebody else has taken the
/// port.
///
/// # Panics
///
/// When it does not start for another reason.
pub async fn nginx(folder: &Path, port: u16, processes: &[u16]) -> Option<Process> {
    let mut servers = String::new();
    for process in processes {
        let _ = write!(servers, "server 127.0.0.1:{process}; ");
    }
    // One process, so that whoever ends it ends all of it. The temporary paths that a system knows may be out of reach.
    let configuration = format!(
        "daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr notice;
        events {{}}
        http {{
            log_format hop '$upstream_addr $request_method $uri $status';
            access_log /dev/stderr hop;
            client_body_temp_path temporary;
            proxy_temp_path temporary;
            fastcgi_temp_path temporary;
            uwsgi_temp_path temporary;
            scgi_temp_path temporary;
            upstream processes {{ {servers}}}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://processes;
                    proxy_set_header Host $http_host;
                }}
            }}
        }}"
    );
    std::fs::write(folder.join("nginx.conf"), configuration).expect("the configuration can be written");
    let folder = folder.display().to_string();
    let arguments = ["-p", &folder, "-e", "stderr", "-c", "nginx.conf"];
    let process = start(&["nginx", "/usr/sbin/nginx"], &arguments, "nginx");
    ready(process, "event method").await
}

async fn redis(port: u16) -> Option<Process> {
    let port = port.to_string();
    let arguments = ["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"];
    let packages = "redis-server (Debian), redis (Fedora, Homebrew) or valkey (Arch)";
    let process = start(&["redis-server", "valkey-server"], &arguments, packages);
    ready(process, "Ready to accept connections").await
}

/// Starts the first of these programs that this machine has.
fn start(programs: &[&str], arguments: &[&str], packages: &str) -> Process {
    for program in programs {
        let mut command = Command::new(program);
        command.args(arguments);
        match Process::start(command) {
            Ok(process) => return process,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => panic!("{program} cannot be started: {error}"),
        }
    }
    panic!(
        "{} cannot be found: `cargo xtask test` installs it, or install the package {packages}.",
        programs.join(" or ")
    )
}

/// Waits until the server says that it can be asked; none when its port is taken.
async fn ready(mut process: Process, words: &str) -> Option<Process> {
    if process.writes(words).await {
        return Some(process);
    }
    assert!(process.log().contains("in use"), "the server does not start:\n{}", process.log());
    None
}

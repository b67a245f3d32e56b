//! An application of several processes: nginx before them, one Redis and one database behind.

use std::thread;

use tempfile::TempDir;

use crate::browser::{Browser, Tab};
use crate::process::Process;
use crate::servers::{Redis, nginx};
use crate::subject::Subject;
use crate::world::{Setting, World, free_port};

/// Two processes of an application and those that join later. Everything ends when it is dropped, and is printed when
/// a case fails.
#[derive(Debug)]
pub struct Cluster {
    world: World,
    others: Vec<Process>,
    /// Where each process listens, in the order in which they were started.
    ports: Vec<u16>,
    nginx: Process,
    redis: Redis,
    _folder: TempDir,
}

impl Cluster {
    /// Two processes, to which nginx hands requests in turn.
    ///
    /// # Panics
    ///
    /// When one of the programs does not start.
    pub async fn new(subject: &Subject) -> Self {
        let folder = TempDir::new().expect("a folder");
        let database = folder.path().join("crm.db").display().to_string();
        let redis = Redis::start().await;
        loop {
            let entrance = free_port();
            let setting = Setting {
                proxy: Some(format!("http://localhost:{entrance}")),
                variables: vec![("REDIS_URL", redis.url()), ("DATABASE", database.clone())],
                ..Setting::default()
            };
            let mut world = World::with(subject, setting).await;
            let (other, port) = world.another().await;
            let ports = vec![world.port(), port];
            if let Some(nginx) = nginx(folder.path(), entrance, &ports).await {
                world.enter_at(entrance);
                return Self { world, others: vec![other], ports, nginx, redis, _folder: folder };
            }
        }
    }

    /// The platform and the application, as they look from outside: requests go to nginx.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Waits until the first process has written `text`, and gives the line it stands in.
    ///
    /// # Panics
    ///
    /// When it never does.
    pub async fn log_line(&mut self, text: &str) -> String {
        self.world.log_line(text).await
    }

    /// The memory of all processes, to be killed and started again.
    pub fn redis(&mut self) -> &mut Redis {
        &mut self.redis
    }

    /// Starts one more process. nginx does not know it.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn join(&mut self) {
        let (process, port) = self.world.another().await;
        self.others.push(process);
        self.ports.push(port);
    }

    /// For each process a tab that goes straight to it, past nginx, in a browser with the cookies that the given one
    /// has now. The tabs show the start page.
    pub async fn tabs(&self, browser: &Browser) -> Vec<Tab> {
        let mut tabs = Vec::new();
        for port in &self.ports {
            let mut tab = browser.copy_on(&self.world.network_to(*port)).tab();
            tab.open(&self.world.app("/")).await;
            tabs.push(tab);
        }
        tabs
    }

    /// Which process nginx has handed the first request with this method and path to, counted from 0.
    ///
    /// # Panics
    ///
    /// When there was no such request.
    pub async fn served_by(&mut self, method_and_path: &str) -> usize {
        let words = format!(" {method_and_path} ");
        assert!(self.nginx.writes(&words).await, "nginx has ended:\n{}", self.nginx.log());
        let log = self.nginx.log();
        let line = log.lines().find(|line| line.contains(&words)).unwrap_or_default();
        let is_its = |port: &u16| line.starts_with(&format!("127.0.0.1:{port} "));
        self.ports.iter().position(is_its).unwrap_or_else(|| panic!("none of the processes: {line}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            for process in &self.others {
                eprintln!("--- what another process wrote\n{}", process.log());
            }
            eprintln!("--- nginx\n{}--- Redis\n{}", self.nginx.log(), self.redis.log());
        }
    }
}

//! What the platform remembers, in SQLite. Each question it answers is a method in one of the two submodules.

mod apps;
mod people;
mod schema;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

pub use self::apps::Environment;
pub(crate) use self::{
    apps::{App, Group, Instance, Offer},
    people::{Person, PersonForm, SignIn},
    schema::{Contents, StoredKey},
};
use crate::{error::Error, seed::Seed};

/// A handle to the one connection; work on it happens on blocking threads.
#[derive(Clone)]
pub(crate) struct Store {
    connection: Arc<Mutex<Connection>>,
    file: Option<PathBuf>,
}

impl Store {
    /// Opens the database, and fills it from the seed when it is new.
    pub(crate) async fn open(file: Option<PathBuf>, seed: Seed) -> Result<(Self, Contents), Error> {
        let at = file.clone();
        blocking(move || {
            let failed = |source| Error::Database { at: at.clone(), source };
            if let Some(path) = &at {
                make_private(path).map_err(|source| failed(source.into()))?;
            }
            let opened = match &at {
                Some(path) => Connection::open(path),
                None => Connection::open_in_memory(),
            };
            let mut connection = opened.map_err(|source| failed(source.into()))?;
            let contents = schema::prepare(&mut connection, &seed).map_err(|source| failed(source.into()))?;
            let store = Self { connection: Arc::new(Mutex::new(connection)), file: at.clone() };
            Ok((store, contents))
        })
        .await
        .map_err(|source| Error::Database { at: file, source: source.into() })?
    }

    /// Runs one piece of work on the connection, away from the asynchronous threads.
    async fn with<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let connection = Arc::clone(&self.connection);
        let failed = |source| Error::Database { at: self.file.clone(), source };
        blocking(move || work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
            .map_err(|source| failed(source.into()))?
            .map_err(|source| failed(source.into()))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

/// The file holds private keys and password hashes: only its owner may read it, from the first byte on.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

use std::{io, path::PathBuf};

/// Why the sandbox could not start, or could not do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host could not be resolved, or no port of it could be had.
    #[error("cannot listen on {address}: choose another --host or --port (0 takes any free port)")]
    Listen {
        /// Host and port as they were asked for.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The seed file could not be read.
    #[error("cannot read the seed file {}", path.display())]
    SeedFile {
        /// The file that was named.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The seed is not JSON of the expected shape.
    #[error("the seed is not JSON of the shape the sandbox reads")]
    SeedShape(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The seed reads well but contradicts itself; every problem is listed.
    #[error("the seed cannot be used: {}", problems.join("; "))]
    Seed {
        /// One sentence for each problem.
        problems: Vec<String>,
    },
    /// The recheck interval is shorter than a second.
    #[error("the recheck interval must be at least one second: the wire carries whole seconds")]
    Recheck,
    /// The database could not be opened, read or written.
    #[error("the sandbox's database failed{}", at.as_deref().map(|file| format!(" ({})", file.display())).unwrap_or_default())]
    Database {
        /// The database's file, when it is one.
        at: Option<PathBuf>,
        /// What the database or the file system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A signing key or its certificate could not be made, read or used.
    #[error("the sandbox's signing key failed")]
    SigningKey(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A control method named something that does not exist.
    #[error("the sandbox has no {kind} {id:?}")]
    NotFound {
        /// What was looked for: `user`, `app`.
        kind: &'static str,
        /// The identifier that was given.
        id: String,
    },
}

//! Where the settings come from: files, the environment over them, code over both.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use config::{Config, ConfigError, File, Map, Source, Value, ValueKind};
use serde::Serialize;

use super::marketplace::CreationMode;
use super::plan::Plan;
use super::section::Findings;
use crate::error::{Error, Problem, Problems};
use crate::secret::{CookieKey, EnvironmentSecret};

const VARIABLES: [(&str, &str); 7] = [
    ("MNO_DEVPL_HOST", "dev_platform.host"),
    ("MNO_DEVPL_API_PATH", "dev_platform.api_path"),
    ("MNO_DEVPL_ENV_NAME", "environment.name"),
    ("MNO_DEVPL_ENV_KEY", "environment.api_key"),
    ("MNO_DEVPL_ENV_SECRET", "environment.api_secret"),
    ("MNO_COOKIE_KEY", "cookie_keys"),
    ("MNO_DEFAULT_MARKETPLACE", "default_marketplace"),
];

/// Where the settings come from. Collecting never fails; [`plan`](Self::plan) tells all that is wrong.
///
/// A later source wins over an earlier one: files in their order, then the environment, then what the code
/// says. The [module](super) lists every setting.
#[derive(Clone, Default)]
#[must_use]
pub struct Settings {
    files: Vec<PathBuf>,
    variables: Vec<(&'static str, String)>,
    code: Vec<(&'static str, Value)>,
    entries: Vec<serde_json::Value>,
    problems: Vec<Problem>,
}

impl Settings {
    /// No source yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The environment of the process: `MNO_DEVPL_HOST`, `MNO_DEVPL_API_PATH`, `MNO_DEVPL_ENV_NAME`,
    /// `MNO_DEVPL_ENV_KEY`, `MNO_DEVPL_ENV_SECRET`, `MNO_COOKIE_KEY` (several with commas between them, the
    /// first seals), `MNO_DEFAULT_MARKETPLACE`. An empty variable counts as missing.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same variables, taken from `variable` instead of the process.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let read = |(name, key): (&str, &'static str)| {
            variable(name).filter(|value| !value.trim().is_empty()).map(|value| (key, value))
        };
        Self { variables: VARIABLES.into_iter().filter_map(read).collect(), ..Self::default() }
    }

    /// A file and the environment of the process over it.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self::from_env().file(path)
    }

    /// Adds a file: TOML, YAML or JSON, as its name ends (`.toml`, `.yaml`, `.yml`, `.json`).
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// The address of the developer platform, as `MNO_DEVPL_HOST`.
    pub fn developer_platform(self, host: impl Into<String>) -> Self {
        self.say("dev_platform.host", host.into())
    }

    /// The path of its API, as `MNO_DEVPL_API_PATH`; with or without `/marketplaces`.
    pub fn api_path(self, path: impl Into<String>) -> Self {
        self.say("dev_platform.api_path", path.into())
    }

    /// The name of your environment, as `MNO_DEVPL_ENV_NAME`. Under the name `local` the public key of the
    /// original sandbox is trusted: only for your own machine.
    pub fn environment(self, name: impl Into<String>) -> Self {
        self.say("environment.name", name.into())
    }

    /// The key and the secret of your environment, as `MNO_DEVPL_ENV_KEY` and `MNO_DEVPL_ENV_SECRET`.
    pub fn credentials(self, key: impl Into<String>, secret: &EnvironmentSecret) -> Self {
        self.say("environment.api_key", key.into()).say("environment.api_secret", secret.expose())
    }

    /// Adds a marketplace without asking the developer platform: anything that serializes to the shape of
    /// the developer platform's entries (contract/config.md 3.5). With `environment` one of `local`, `uat` or
    /// `production`, the hosts and the certificate of that environment need not be given.
    pub fn marketplace(mut self, entry: impl Serialize) -> Self {
        match serde_json::to_value(entry) {
            Ok(entry) => self.entries.push(entry),
            Err(error) => {
                let message = format!("a marketplace given in code is no table: {error}");
                self.problems.push(Problem::new("marketplaces", message));
            }
        }
        self
    }

    /// The marketplace to sign on at when nothing else says which, as `MNO_DEFAULT_MARKETPLACE`.
    pub fn default_marketplace(self, name: impl Into<String>) -> Self {
        self.say("default_marketplace", name.into())
    }

    /// The path below which the library answers; `/maestrano` by default.
    pub fn mount(self, path: impl Into<String>) -> Self {
        self.say("mount", path.into())
    }

    /// The application's start page: where a browser goes after a login or a logout when nothing else is said;
    /// `/` by default. An application below a prefix says the prefix.
    pub fn home(self, path: impl Into<String>) -> Self {
        self.say("home", path.into())
    }

    /// The keys that cookies are sealed with, as `MNO_COOKIE_KEY`: the first seals, all open. At least 32
    /// bytes each.
    pub fn cookie_keys<'a>(self, keys: impl IntoIterator<Item = &'a CookieKey>) -> Self {
        let keys: Vec<Value> = keys.into_iter().map(|key| Value::from(key.expose())).collect();
        self.say("cookie_keys", keys)
    }

    /// Which user the application keeps at marketplaces that do not say; [`CreationMode::Real`] by default.
    pub fn creation_mode(self, mode: CreationMode) -> Self {
        let mode = match mode {
            CreationMode::Real => "real",
            CreationMode::Virtual => "virtual",
        };
        self.say("sso.creation_mode", mode)
    }

    /// How long a session lives at most, one minute to 30 days; 12 hours by default.
    pub fn session_lifetime(self, lifetime: Duration) -> Self {
        self.say("session_lifetime_seconds", lifetime.as_secs_f64())
    }

    /// How far the platform's clock may be off, at most 5 minutes; one minute by default.
    pub fn clock_allowance(self, allowance: Duration) -> Self {
        self.say("clock_allowance_seconds", allowance.as_secs_f64())
    }

    /// How long a session goes on unchecked while the platform cannot be asked, at most a day; 3 minutes by
    /// default.
    pub fn outage_grace(self, grace: Duration) -> Self {
        self.say("outage_grace_seconds", grace.as_secs_f64())
    }

    /// How long one check of a session may take, at most a minute; 2 seconds by default.
    pub fn recheck_timeout(self, timeout: Duration) -> Self {
        self.say("recheck_timeout_seconds", timeout.as_secs_f64())
    }

    /// How many checks of sessions may be under way at once, and while the platform is silent in any five
    /// seconds: 1 to 10,000; 64 by default.
    pub fn rechecks_at_once(self, most: usize) -> Self {
        self.say("rechecks_at_once", u64::try_from(most).unwrap_or(u64::MAX))
    }

    /// The largest form that the consume route takes, in bytes: 16 KiB to 1 MiB; 256 KiB by default.
    pub fn max_response_bytes(self, bytes: usize) -> Self {
        self.say("max_response_bytes", u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Lets platform hosts be plain http, so that anybody on the way reads the credentials and the sessions.
    /// A host on this machine needs no leave.
    pub fn danger_allow_http(self) -> Self {
        self.say("danger_allow_http", true)
    }

    /// Accepts SHA-1 signatures under modern certificates at every marketplace. Collisions of SHA-1 can be
    /// made.
    pub fn danger_allow_sha1(self) -> Self {
        self.say("sso.danger_allow_sha1", true)
    }

    /// Checks everything that can be known without asking anybody.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] with every problem at once: a file that cannot be read, a missing credential, a
    /// value of the wrong type, a marketplace given here that is wrong.
    pub fn plan(&self) -> Result<Plan, Error> {
        let findings = Findings::default();
        for problem in &self.problems {
            findings.note(problem.setting.as_str(), &problem.message);
        }
        let settings = self.layered()?;
        Ok(Plan::check(&settings, &self.entries, findings)?)
    }

    fn layered(&self) -> Result<serde_json::Value, Problems> {
        let builder = Config::builder();
        let builder =
            self.files.iter().fold(builder, |builder, path| builder.add_source(SettingsFile(path.clone())));
        let variables = self.variables.iter().map(|(key, value)| (*key, Value::from(value.as_str())));
        variables
            .chain(self.code.iter().cloned())
            .try_fold(builder, |builder, (key, value)| builder.set_override(key, value))
            .and_then(|builder| builder.build()?.try_deserialize())
            .map_err(|error| self.problem(&error).into())
    }

    fn say(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.code.push((key, value.into()));
        self
    }

    fn problem(&self, error: &ConfigError) -> Problem {
        let files: Vec<String> = self.files.iter().map(|path| path.display().to_string()).collect();
        let message = match error {
            ConfigError::FileParse { uri, cause } => {
                let file = uri.as_deref().unwrap_or("a file");
                return Problem::new(
                    file,
                    format!("cannot be read: {}", without_excerpt(&cause.to_string())),
                );
            }
            other => without_excerpt(&other.to_string()),
        };
        Problem::new(files.join(", "), format!("cannot be read: {message}"))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&str> = self.variables.iter().map(|(key, _)| *key).collect();
        let code: Vec<&str> = self.code.iter().map(|(key, _)| *key).collect();
        formatter
            .debug_struct("Settings")
            .field("files", &self.files)
            .field("variables", &variables)
            .field("code", &code)
            .field("marketplaces", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// A file in which `dev-platform` means `dev_platform`.
#[derive(Clone, Debug)]
struct SettingsFile(PathBuf);

impl Source for SettingsFile {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        File::from(self.0.as_path()).collect().map(underscored)
    }
}

fn underscored(table: Map<String, Value>) -> Map<String, Value> {
    let rename = |(key, mut value): (String, Value)| {
        if let ValueKind::Table(inner) = value.kind {
            value.kind = ValueKind::Table(underscored(inner));
        }
        (key.replace('-', "_"), value)
    };
    table.into_iter().map(rename).collect()
}

/// The message without the lines of the file that a parser shows with it: they may hold a secret.
fn without_excerpt(message: &str) -> String {
    let lines = message.lines().filter(|line| !line.contains('|')).map(str::trim);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(": ")
}

//! What the settings come to: the rules, and where the marketplaces are known.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::address::{self, path};
use super::configuration::Configuration;
use super::entry::{Author, Draft, creation_mode, platform_origin};
use super::environment::LOCAL;
use super::marketplace::{CreationMode, Marketplace};
use super::platform::{DeveloperPlatform, marketplaces_path};
use super::section::{Findings, Section};
use crate::error::{Error, Problems};
use crate::ids::MarketplaceName;
use crate::secret::{CookieKey, EnvironmentSecret};
use crate::transport::Transport;

const HOST: &str = "MNO_DEVPL_HOST (dev_platform.host)";
const API_PATH: &str = "MNO_DEVPL_API_PATH (dev_platform.api_path)";
const KEY: &str = "MNO_DEVPL_ENV_KEY (environment.api_key)";
const SECRET: &str = "MNO_DEVPL_ENV_SECRET (environment.api_secret)";
const COOKIE_KEY: &str = "MNO_COOKIE_KEY (cookie_keys)";

const DEFAULT_API_PATH: &str = "/api/config/v1/marketplaces";
const SHORTEST_COOKIE_KEY: usize = 32;

/// Settings that have been checked. [`load`](Self::load) may be called again and again.
#[derive(Clone)]
pub struct Plan {
    rules: Arc<Rules>,
    platform: Option<DeveloperPlatform>,
    entries: Vec<Value>,
}

/// What holds whatever the marketplace.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) mount: String,
    home: String,
    pub(super) creation_mode: CreationMode,
    pub(super) danger_allow_http: bool,
    pub(super) danger_allow_sha1: bool,
    /// The environment was called `local`.
    pub(super) local: bool,
    default_marketplace: Option<MarketplaceName>,
    cookie_keys: Vec<CookieKey>,
    session_lifetime: Duration,
    clock_allowance: Duration,
    outage_grace: Duration,
    recheck_timeout: Duration,
    rechecks_at_once: usize,
    max_response_bytes: usize,
}

impl Rules {
    /// The path below which the library answers, without a slash at the end (`mount`, `/maestrano`).
    #[must_use]
    pub fn mount(&self) -> &str {
        &self.mount
    }

    /// The application's start page, where a browser goes when nothing else is said (`home`, `/`).
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// The marketplace to sign on at when nothing else says which (`default_marketplace`).
    #[must_use]
    pub fn default_marketplace(&self) -> Option<&MarketplaceName> {
        self.default_marketplace.as_ref()
    }

    /// The keys that cookies are sealed with: the first seals, all open (`cookie_keys`). Never empty; without
    /// the setting it is the environment's secret.
    #[must_use]
    pub fn cookie_keys(&self) -> &[CookieKey] {
        &self.cookie_keys
    }

    /// How long a session lives at most (`session_lifetime_seconds`, 12 hours).
    #[must_use]
    pub fn session_lifetime(&self) -> Duration {
        self.session_lifetime
    }

    /// How far the platform's clock may be off (`clock_allowance_seconds`, 60 seconds, at most 300).
    #[must_use]
    pub fn clock_allowance(&self) -> Duration {
        self.clock_allowance
    }

    /// How long a session goes on unchecked while the platform cannot be asked (`outage_grace_seconds`,
    /// 3 minutes, may be 0).
    #[must_use]
    pub fn outage_grace(&self) -> Duration {
        self.outage_grace
    }

    /// How long one check of a session may take (`recheck_timeout_seconds`, 2 seconds).
    #[must_use]
    pub fn recheck_timeout(&self) -> Duration {
        self.recheck_timeout
    }

    /// How many checks of sessions may be under way at once, and while the platform is silent in any five
    /// seconds, or in the time of one check where that is longer (`rechecks_at_once`, 64).
    #[must_use]
    pub fn rechecks_at_once(&self) -> usize {
        self.rechecks_at_once
    }

    /// The largest form that the consume route takes, in bytes (`max_response_bytes`, 256 KiB, at most 1 MiB).
    #[must_use]
    pub fn max_response_bytes(&self) -> usize {
        self.max_response_bytes
    }

    fn read(root: &Section<'_>, secret: Option<&EnvironmentSecret>, findings: &Findings) -> Self {
        let sso = root.section("sso");
        let seconds =
            |key: &str, range, default| root.seconds(key, range).unwrap_or(Duration::from_secs(default));
        Self {
            mount: root.parsed("mount", address::mount).unwrap_or_else(|| "/maestrano".to_owned()),
            home: root.parsed("home", path).unwrap_or_else(|| "/".to_owned()),
            creation_mode: sso.parsed("creation_mode", creation_mode).unwrap_or_default(),
            danger_allow_http: root.flag("danger_allow_http"),
            danger_allow_sha1: sso.flag("danger_allow_sha1"),
            local: false,
            default_marketplace: root.parsed("default_marketplace", str::parse::<MarketplaceName>),
            cookie_keys: cookie_keys(root, secret, findings),
            session_lifetime: seconds("session_lifetime_seconds", 60.0..=2_592_000.0, 43_200),
            clock_allowance: seconds("clock_allowance_seconds", 0.0..=300.0, 60),
            outage_grace: seconds("outage_grace_seconds", 0.0..=86_400.0, 180),
            recheck_timeout: seconds("recheck_timeout_seconds", 0.1..=60.0, 2),
            rechecks_at_once: root.whole("rechecks_at_once", 1..=10_000).unwrap_or(64),
            max_response_bytes: root.whole("max_response_bytes", 16_384..=1_048_576).unwrap_or(262_144),
        }
    }
}

impl Plan {
    /// What holds whatever the marketplace.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Fetches the marketplaces from the developer platform, if there is one, and parses everything.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] and [`Error::Refused`] when the developer platform does not tell;
    /// [`Error::Settings`] with everything that is wrong in what it told, or when the marketplaces do not
    /// fit together.
    pub async fn load(&self, transport: &dyn Transport) -> Result<Configuration, Error> {
        let fetched = match &self.platform {
            Some(platform) => Some(platform.fetch(transport).await?),
            None => None,
        };
        let findings = Findings::default();
        let marketplaces = self.marketplaces(fetched.as_deref(), &findings);
        Problems::none(findings.into_problems())?;
        Ok(Configuration { rules: Arc::clone(&self.rules), marketplaces })
    }

    /// Everything that can be known without asking anybody.
    pub(super) fn check(settings: &Value, entries: &[Value], findings: Findings) -> Result<Self, Problems> {
        let root = Section::new(settings, "", &findings);
        let (developer, environment) = (root.section("dev_platform"), root.section("environment"));
        let entries = [root.list("marketplaces"), entries].concat();
        let asks_platform = entries.is_empty()
            || developer.has("host")
            || environment.has("api_key")
            || environment.has("api_secret");
        let secret = environment.text("api_secret").map(EnvironmentSecret::new);
        let local = environment.text("name") == Some(LOCAL);
        let rules = Rules { local, ..Rules::read(&root, secret.as_ref(), &findings) };
        let platform = if asks_platform {
            developer_platform(&developer, &environment, secret, &rules, &findings)
        } else {
            if rules.cookie_keys.is_empty() {
                let advice = "give 32 bytes or more that nobody can guess, the same in every process";
                findings.note(COOKIE_KEY, format_args!("is missing: {advice}"));
            }
            None
        };
        let rules = Arc::new(rules);
        let plan = Self { rules, platform, entries };
        if asks_platform {
            Draft::new(&plan.rules, &findings).read(&plan.entries, Author::Application);
        } else {
            plan.marketplaces(None, &findings);
        }
        Problems::none(findings.into_problems())?;
        Ok(plan)
    }

    fn marketplaces(&self, fetched: Option<&[Value]>, findings: &Findings) -> Vec<Marketplace> {
        let mut draft = Draft::new(&self.rules, findings);
        draft.read(&self.entries, Author::Application);
        if let Some(fetched) = fetched {
            draft.read(fetched, Author::DeveloperPlatform);
            if fetched.is_empty() && self.entries.is_empty() {
                findings
                    .note("developer platform: marketplaces", "is empty: add this environment to one there");
            }
        }
        let marketplaces = draft.into_marketplaces();
        if let Some(default) = self.rules.default_marketplace()
            && findings.is_empty()
            && !marketplaces.iter().any(|marketplace| marketplace.name() == default)
        {
            let names: Vec<&str> =
                marketplaces.iter().map(|marketplace| marketplace.name().as_str()).collect();
            let message = format!("there is no {default}: name one of {}", names.join(", "));
            findings.note("MNO_DEFAULT_MARKETPLACE (default_marketplace)", message);
        }
        marketplaces
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plan")
            .field("rules", &self.rules)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

fn developer_platform(
    platform: &Section<'_>,
    environment: &Section<'_>,
    secret: Option<EnvironmentSecret>,
    rules: &Rules,
    findings: &Findings,
) -> Option<DeveloperPlatform> {
    let missing = |section: &Section<'_>, key: &str, setting: &str, advice: &str| {
        if !section.has(key) {
            findings.note(setting, format_args!("is missing: {advice}"));
        }
    };
    missing(platform, "host", HOST, "set it to the address of the developer platform");
    let host = platform
        .text("host")
        .and_then(|text| platform_origin(text, rules).map_err(|problem| findings.note(HOST, problem)).ok());
    let api_path = marketplaces_path(platform.text("api_path").unwrap_or(DEFAULT_API_PATH));
    if let Err(problem) = path(&api_path) {
        findings.note(API_PATH, problem);
    }
    missing(environment, "api_key", KEY, "set it to the key of your environment");
    let key = environment.text("api_key");
    if key.is_some_and(|key| key.contains(':')) {
        findings.note(KEY, "has a colon, which no key has: is it key and secret together?");
    }
    missing(environment, "api_secret", SECRET, "set it to the secret of your environment");
    Some(DeveloperPlatform::new(&host?, &api_path, key?, secret?))
}

fn cookie_keys(
    root: &Section<'_>,
    secret: Option<&EnvironmentSecret>,
    findings: &Findings,
) -> Vec<CookieKey> {
    let keys = root.texts("cookie_keys");
    for (index, key) in keys.iter().enumerate().filter(|(_, key)| key.len() < SHORTEST_COOKIE_KEY) {
        let (number, length) = (index + 1, key.len());
        findings.note(
            COOKIE_KEY,
            format_args!(
                "key {number} has {length} bytes: take {SHORTEST_COOKIE_KEY} or more that nobody can guess"
            ),
        );
    }
    match secret {
        Some(secret) if keys.is_empty() => vec![CookieKey::new(secret.expose())],
        _ => keys.into_iter().map(CookieKey::new).collect(),
    }
}

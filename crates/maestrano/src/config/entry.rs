//! From the entries of a configuration, ours or the developer platform's, to marketplaces that are right.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::address::{base, origin, path, path_below};
use super::environment::{Environment, LOCAL};
use super::marketplace::{Connec, CreationMode, Marketplace, Synchronization, WebhookPaths};
use super::plan::Rules;
use super::section::{Findings, Section};
use super::trust;
use crate::ids::{AppId, MarketplaceName};
use crate::secret::ApiKey;
use crate::transport::is_loopback;

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

const PUBLIC_KEY: &str = "is the sandbox's public one, whose private key everybody has: take the platform's own, \
                          or name your environment `local` (MNO_DEVPL_ENV_NAME) if this is your own machine";

/// Who wrote an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// The application: `environment` may be one of the known names.
    Application,
    /// The developer platform: `environment` is the handle of the application's environment there.
    DeveloperPlatform,
}

/// The marketplaces of a configuration in the making, with everything that is wrong so far.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    rules: &'a Rules,
    findings: &'a Findings,
    marketplaces: Vec<Marketplace>,
    /// Names and paths by the setting that claimed them first.
    claims: HashMap<String, String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(rules: &'a Rules, findings: &'a Findings) -> Self {
        let own = |path| (pattern(&format!("{}/{path}", rules.mount())), "this library itself".to_owned());
        let claims = ["auth/saml/finish", "logout"].map(own).into();
        Self { rules, findings, marketplaces: Vec::new(), claims }
    }

    /// Reads entries in the shape of the developer platform's answer (contract/config.md 3.5).
    pub(super) fn read(&mut self, entries: &[Value], author: Author) {
        for (index, entry) in entries.iter().enumerate() {
            let prefix = prefix(index, entry, author);
            let entry = Section::new(entry, prefix, self.findings);
            if let Some(marketplace) = self.marketplace(&entry, author) {
                self.marketplaces.push(marketplace);
            }
        }
    }

    /// The marketplaces that were read without a problem, in the order they were given.
    pub(super) fn into_marketplaces(self) -> Vec<Marketplace> {
        self.marketplaces
    }

    fn marketplace(&mut self, entry: &Section<'_>, author: Author) -> Option<Marketplace> {
        let name =
            entry.required("marketplace", "give the marketplace's name", str::parse::<MarketplaceName>);
        if let Some(name) = &name {
            self.claim(entry, "marketplace", name.to_string(), "the name");
        }
        let environment = entry.text("environment");
        let known = match author {
            Author::Application => environment.and_then(Environment::named),
            Author::DeveloperPlatform => None,
        };

        let app = entry.section("app");
        let app_host = app.required("host", "give the public address of your application", origin);
        let api = entry.section("api");
        let app_id = api.required("id", "give the id of your application there", str::parse::<AppId>);
        let api_key = api.required_text("key", "give the key that belongs to api.id").map(ApiKey::new);
        let api_host = self.platform_host(&api, "host", known.map(|known| known.host));
        let api_base = if api.has("base") { api.parsed("base", base) } else { Some("/api/v1/".to_owned()) };

        let sso = entry.section("sso");
        let identity_provider = self.platform_host(&sso, "idp", known.map(|known| known.host));
        let identity_host = if sso.has("idm") { sso.parsed("idm", origin) } else { app_host.clone() };
        let init_path = self.sign_on_path(&sso, "init_path", "init", name.as_ref());
        let consume_path = self.sign_on_path(&sso, "consume_path", "consume", name.as_ref());
        let name_id_format = sso.text("name_id_format").unwrap_or(PERSISTENT).to_owned();
        let creation_mode = sso.parsed("creation_mode", creation_mode);
        let trust = trust::read(&sso, known);
        // What the developer platform calls an environment is no word of ours.
        let named = author == Author::Application && environment == Some(LOCAL);
        let local = named || self.rules.local;
        if !local && trust.as_ref().is_some_and(trust::is_public) {
            sso.note("x509_certificate", PUBLIC_KEY);
        }
        // The platform does not decide what the application dares.
        let sha1 =
            self.rules.danger_allow_sha1 || (author == Author::Application && sso.flag("danger_allow_sha1"));

        let webhooks = self.webhooks(entry, name.as_ref());
        let connec = self.connec(&entry.section("connec"), known);
        let synchronization = synchronization(&app);

        let (app_host, identity_provider) = (app_host?, identity_provider?);
        let (api_base, init_path, consume_path) = (api_base?, init_path?, consume_path?);
        let identity_host = identity_host?;
        Some(Marketplace {
            name: name?,
            nid: entry.text("nid").map(str::to_owned),
            environment: environment.map(str::to_owned),
            app_id: app_id?,
            api_key: api_key?,
            api_host: api_host?,
            app_host,
            init_url: join(&identity_host, &init_path),
            acs_url: join(&identity_host, &consume_path),
            idp_url: format!("{}auth/saml", join(&identity_provider, &api_base)),
            identity_provider,
            identity_host,
            api_base,
            init_path,
            consume_path,
            name_id_format,
            creation_mode: creation_mode.unwrap_or(self.rules.creation_mode),
            trust: if sha1 { trust?.danger_allow_sha1() } else { trust? },
            webhooks,
            connec,
            synchronization,
        })
    }

    /// A host of the platform, to which credentials and sessions are sent (security.md 7.1).
    fn platform_host(&self, section: &Section<'_>, key: &str, known: Option<&'static str>) -> Option<Url> {
        let parse = |text: &str| platform_origin(text, self.rules);
        match known {
            Some(known) if !section.has(key) => parse(known).ok(),
            _ => section.required(key, "give the address of the platform", parse),
        }
    }

    /// The path of a door of sign-on, by default `/maestrano/auth/saml/init/maestrano-uat`.
    fn sign_on_path(
        &mut self,
        sso: &Section<'_>,
        key: &str,
        door: &str,
        name: Option<&MarketplaceName>,
    ) -> Option<String> {
        let mount = &self.rules.mount;
        let path = if sso.has(key) {
            sso.parsed(key, |text| path_below(mount, text))?
        } else {
            format!("{mount}/auth/saml/{door}/{}", name?)
        };
        self.claim(sso, key, pattern(&path), "the path");
        Some(path)
    }

    fn webhooks(&mut self, entry: &Section<'_>, name: Option<&MarketplaceName>) -> WebhookPaths {
        let block = entry.section(if entry.has("webhooks") { "webhooks" } else { "webhook" });
        let (account, connec) = (block.section("account"), block.section("connec"));
        // The usual paths are claimed too, so that no other marketplace takes them away.
        let mut path = |section: &Section<'_>, key: &str, usual: &str| {
            let mount = &self.rules.mount;
            let path = section.parsed(key, |text| path_below(mount, text));
            let usual = name.map(|name| format!("{mount}/{usual}/{name}"));
            if let Some(claimed) = path.as_ref().or(usual.as_ref().filter(|_| !section.has(key))) {
                self.claim(section, key, pattern(claimed), "the path");
            }
            path
        };
        WebhookPaths {
            group: path(&account, "group_path", "account/groups/:id"),
            member: path(&account, "group_user_path", "account/groups/:group_id/users/:id"),
            notification: path(&connec, "notification_path", "connec/notifications"),
        }
    }

    fn connec(&self, connec: &Section<'_>, known: Option<Environment>) -> Option<Connec> {
        let parse = |text: &str| platform_origin(text, self.rules);
        let known_host = known.and_then(|known| known.connec).and_then(|host| parse(host).ok());
        let host = connec.parsed("host", parse).or(known_host);
        let base_path = connec.parsed("base_path", base);
        let timeout = connec.seconds("timeout", 1.0..=3600.0);
        let base_path = base_path.unwrap_or_else(|| "/api/v2/".to_owned());
        Some(Connec {
            host: host?,
            base_path: base_path.trim_end_matches('/').to_owned(),
            timeout: timeout.or(known.map(|known| known.connec_timeout)).unwrap_or(Duration::from_secs(60)),
        })
    }

    /// Names and paths belong to one marketplace and one purpose.
    fn claim(&mut self, section: &Section<'_>, key: &str, what: String, noun: &str) {
        let setting = section.name(key);
        match self.claims.get(&what) {
            Some(first) => {
                section.note(key, format_args!("claims {noun} that {first} has: change one of them"))
            }
            None => {
                self.claims.insert(what, setting);
            }
        }
    }
}

/// A host of the platform: https, unless it is this machine or plain http was allowed (security.md 7.1).
pub(super) fn platform_origin(text: &str, rules: &Rules) -> Result<Url, &'static str> {
    let url = origin(text)?;
    if url.scheme() == "https" || is_loopback(&url) || rules.danger_allow_http {
        Ok(url)
    } else {
        Err(
            "is plain http, which anybody on the way can read and change: use https (or set danger_allow_http)",
        )
    }
}

/// `marketplaces[0] (maestrano-uat) `.
fn prefix(index: usize, entry: &Value, author: Author) -> String {
    let origin = match author {
        Author::Application => "",
        Author::DeveloperPlatform => "developer platform: ",
    };
    let name = entry
        .get("marketplace")
        .and_then(Value::as_str)
        .and_then(|name| name.parse::<MarketplaceName>().ok());
    match name {
        Some(name) => format!("{origin}marketplaces[{index}] ({name}) "),
        None => format!("{origin}marketplaces[{index}] "),
    }
}

pub(super) fn creation_mode(text: &str) -> Result<CreationMode, &'static str> {
    match text {
        "real" => Ok(CreationMode::Real),
        "virtual" => Ok(CreationMode::Virtual),
        _ => Err("is neither `real` nor `virtual`"),
    }
}

fn synchronization(app: &Section<'_>) -> Synchronization {
    let path = |key: &str| app.parsed(key, path);
    Synchronization {
        start_path: path("synchronization_start_path"),
        toggle_path: path("synchronization_toggle_path"),
        status_path: path("synchronization_status_path"),
    }
}

/// The origin's text and the path's text, one after the other.
fn join(origin: &Url, path: &str) -> String {
    format!("{}{path}", origin.as_str().trim_end_matches('/'))
}

/// What a path matches: the names of its placeholders, a slash at its end and the order of its query make no
/// difference.
fn pattern(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments = path.trim_end_matches('/').split('/');
    let segments: Vec<&str> = segments.map(|part| if part.starts_with(':') { ":" } else { part }).collect();
    let mut query: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    query.sort_unstable();
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}?{query}", segments.join("/"))
}

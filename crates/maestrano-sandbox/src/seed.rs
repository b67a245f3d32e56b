use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use serde::Deserialize;
use url::Url;

use crate::error::Error;

/// The password of every account whose seed names none.
pub const DEFAULT_PASSWORD: &str = "sandbox";

/// What the platform holds when it starts for the first time: environment, marketplaces, apps, groups, users.
///
/// The JSON form is an object with `dev_platform`, `apps`, `groups` and `users`; see the crate's README for an
/// example. [`Seed::default`] holds John Doe (`usr-1`, Admin of `cld-1`), Jane Roe (`usr-2`, member of `cld-1` and
/// `cld-2`), Nora Newman (`usr-3`, without access), and `app-1` at the marketplace `maestrano-local`.
#[derive(Debug, Clone, Deserialize)]
pub struct Seed {
    #[serde(default)]
    pub(crate) partner_url: Option<String>,
    #[serde(default)]
    pub(crate) dev_platform: DeveloperPlatform,
    pub(crate) apps: Vec<App>,
    pub(crate) groups: Vec<Group>,
    pub(crate) users: Vec<User>,
}

/// The partner's environment at the developer platform (config.md 3.5).
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct DeveloperPlatform {
    pub(crate) environment: String,
    pub(crate) environment_key: String,
    pub(crate) environment_secret: String,
    pub(crate) marketplaces: Vec<Marketplace>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(from = "MarketplaceForm")]
pub(crate) struct Marketplace {
    pub(crate) name: String,
    pub(crate) init_path: String,
    pub(crate) consume_path: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) host: Option<String>,
    pub(crate) marketplace: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) app: Option<String>,
    #[serde(default)]
    pub(crate) apps: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) city: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) surname: String,
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) country: String,
    pub(crate) company: Option<String>,
    pub(crate) password: Option<String>,
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Role>,
}

/// What a user may do in a group (sso.md 1.11, `group_role`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Role {
    Member,
    #[serde(rename = "Power User")]
    PowerUser,
    Admin,
    #[serde(rename = "Super Admin")]
    SuperAdmin,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MarketplaceForm {
    Name(String),
    Paths { name: String, init_path: Option<String>, consume_path: Option<String> },
}

impl Default for Seed {
    fn default() -> Self {
        Self::with_marketplaces(&["maestrano-local"])
    }
}

impl Seed {
    /// The default accounts and groups, with one app for each marketplace: `app-1` for the first, and so on, all at
    /// `http://localhost:3000` until [`Seed::app_host`] or [`Running::set_app_host`](crate::Running::set_app_host)
    /// says otherwise. Every group uses every app; the paths end with the marketplace's name.
    #[must_use]
    pub fn with_marketplaces(names: &[&str]) -> Self {
        let app_ids: Vec<String> = (1..=names.len()).map(|number| format!("app-{number}")).collect();
        let apps = names.iter().zip(&app_ids).map(|(marketplace, id)| App {
            id: id.clone(),
            name: "My application".to_owned(),
            key: format!("{id}-key-of-the-sandbox"),
            host: None,
            marketplace: Some((*marketplace).to_owned()),
        });
        let group = |id: &str, name: &str, city: &str, country: &str| Group {
            id: id.to_owned(),
            name: name.to_owned(),
            app: None,
            apps: app_ids.clone(),
            email: None,
            currency: None,
            timezone: None,
            country: Some(country.to_owned()),
            city: Some(city.to_owned()),
        };
        let user = |id: &str, name: &str, surname: &str, company: &str, groups: &[(&str, Role)]| User {
            id: id.to_owned(),
            name: name.to_owned(),
            surname: surname.to_owned(),
            email: format!("{}.{}@example.com", name.to_lowercase(), surname.to_lowercase()),
            country: "AU".to_owned(),
            company: Some(company.to_owned()),
            password: Some(format!("{}-password", name.to_lowercase())),
            groups: groups.iter().map(|(group, role)| ((*group).to_owned(), *role)).collect(),
        };
        Self {
            partner_url: None,
            dev_platform: DeveloperPlatform {
                marketplaces: names.iter().map(|name| Marketplace::named(name)).collect(),
                ..DeveloperPlatform::default()
            },
            apps: apps.collect(),
            groups: vec![
                group("cld-1", "Doe & Daughters", "Sydney", "AU"),
                group("cld-2", "Roe Trading", "London", "GB"),
            ],
            users: vec![
                user("usr-1", "John", "Doe", "DoeCorp", &[("cld-1", Role::Admin)]),
                user(
                    "usr-2",
                    "Jane",
                    "Roe",
                    "RoeCorp",
                    &[("cld-1", Role::Member), ("cld-2", Role::SuperAdmin)],
                ),
                user("usr-3", "Nora", "Newman", "NewCorp", &[]),
            ],
        }
    }

    /// Reads a seed from JSON text.
    ///
    /// # Errors
    /// [`Error::SeedShape`] when the text is not JSON of the expected shape, [`Error::Seed`] when it contradicts
    /// itself.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let mut seed: Self = serde_json::from_str(text).map_err(|source| Error::SeedShape(source.into()))?;
        seed.settle_marketplaces();
        seed.check()?;
        Ok(seed)
    }

    /// Reads a seed from a JSON file.
    ///
    /// # Errors
    /// As [`Seed::from_json`], and [`Error::SeedFile`] when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::SeedFile { path: path.to_owned(), source })?;
        Self::from_json(&text)
    }

    /// Puts every app at this address (scheme, host and port), such as `http://localhost:3000`.
    #[must_use]
    pub fn app_host(mut self, url: &str) -> Self {
        for app in &mut self.apps {
            app.host = Some(url.to_owned());
        }
        self
    }

    pub(crate) fn host_of(&self, app: &App) -> String {
        let host = app.host.as_deref().or(self.partner_url.as_deref()).unwrap_or("http://localhost:3000");
        host.trim_end_matches('/').to_owned()
    }

    /// Every contradiction, as sentences.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut problems = Vec::new();
        let marketplaces: Vec<&str> =
            self.dev_platform.marketplaces.iter().map(|m| m.name.as_str()).collect();
        let apps: Vec<&str> = self.apps.iter().map(|app| app.id.as_str()).collect();
        let groups: Vec<&str> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let users: Vec<&str> = self.users.iter().map(|user| user.id.as_str()).collect();
        let emails: Vec<String> = self.users.iter().map(|user| user.email.to_lowercase()).collect();

        if marketplaces.is_empty() {
            problems.push("it names no marketplace".to_owned());
        }
        for (kind, ids) in
            [("marketplace", &marketplaces), ("app", &apps), ("group", &groups), ("user", &users)]
        {
            let mut seen = HashSet::new();
            for id in ids {
                if !is_identifier(id) {
                    problems.push(format!("the {kind} {id:?} must be made of letters, digits, - and _"));
                }
                if !seen.insert(id) {
                    problems.push(format!("the {kind} {id:?} comes twice"));
                }
            }
        }
        for marketplace in &self.dev_platform.marketplaces {
            for path in [&marketplace.init_path, &marketplace.consume_path] {
                if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
                    problems.push(format!(
                        "the path {path:?} of {:?} must begin with / and be a part of an URL",
                        marketplace.name
                    ));
                }
            }
        }
        let mut seen = HashSet::new();
        for email in emails.iter().filter(|email| !seen.insert(*email)) {
            problems.push(format!("the e-mail {email:?} comes twice"));
        }
        for app in &self.apps {
            if let Err(problem) = app_host(&self.host_of(app)) {
                problems.push(format!("the app {:?}: {problem}", app.id));
            }
            if let Some(name) = app.marketplace.as_deref().filter(|name| !marketplaces.contains(name)) {
                problems.push(format!("the app {:?} names the unknown marketplace {name:?}", app.id));
            }
        }
        for group in &self.groups {
            for app in group.uses().filter(|app| !apps.contains(app)) {
                problems.push(format!("the group {:?} uses the unknown app {app:?}", group.id));
            }
        }
        for user in &self.users {
            for group in user.groups.keys().filter(|group| !groups.contains(&group.as_str())) {
                problems.push(format!("the user {:?} is in the unknown group {group:?}", user.id));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Seed { problems }) }
    }

    /// Apps that name no marketplace take, in order, the marketplaces no other app has taken. An app that finds none
    /// left belongs to somebody else: it signs in, but our environment's configuration does not list it.
    fn settle_marketplaces(&mut self) {
        let taken: HashSet<String> = self.apps.iter().filter_map(|app| app.marketplace.clone()).collect();
        let mut free = self.dev_platform.marketplaces.iter().filter(|market| !taken.contains(&market.name));
        for app in self.apps.iter_mut().filter(|app| app.marketplace.is_none()) {
            app.marketplace = free.next().map(|market| market.name.clone());
        }
    }
}

impl Default for DeveloperPlatform {
    fn default() -> Self {
        Self {
            environment: "sandbox".to_owned(),
            environment_key: "sandbox-environment-key".to_owned(),
            environment_secret: "sandbox-environment-secret-of-this-machine".to_owned(),
            marketplaces: vec![Marketplace::named("maestrano-local")],
        }
    }
}

impl Marketplace {
    fn named(name: &str) -> Self {
        MarketplaceForm::Name(name.to_owned()).into()
    }
}

impl From<MarketplaceForm> for Marketplace {
    fn from(form: MarketplaceForm) -> Self {
        let (name, init_path, consume_path) = match form {
            MarketplaceForm::Name(name) => (name, None, None),
            MarketplaceForm::Paths { name, init_path, consume_path } => (name, init_path, consume_path),
        };
        Self {
            init_path: init_path.unwrap_or_else(|| format!("/maestrano/auth/saml/init/{name}")),
            consume_path: consume_path.unwrap_or_else(|| format!("/maestrano/auth/saml/consume/{name}")),
            name,
        }
    }
}

impl Group {
    pub(crate) fn uses(&self) -> impl Iterator<Item = &str> {
        self.app.iter().chain(&self.apps).map(String::as_str)
    }
}

impl Role {
    pub(crate) const ALL: [Self; 4] = [Self::Member, Self::PowerUser, Self::Admin, Self::SuperAdmin];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::PowerUser => "Power User",
            Self::Admin => "Admin",
            Self::SuperAdmin => "Super Admin",
        }
    }

    pub(crate) fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.label() == label)
    }
}

/// Reads an app's address: http or https, a host, perhaps a port, nothing else. Without the slash at its end.
pub(crate) fn app_host(text: &str) -> Result<String, String> {
    let refused = || format!("{text:?} is not the address of an app, such as http://localhost:3000");
    let url = Url::parse(text).map_err(|_| refused())?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(refused()) }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contradiction_of_a_seed_is_listed_at_once() {
        let seed = r#"{"dev_platform": {"marketplaces": ["a", {"name": "c", "init_path": "x"}]},
            "apps": [{"id": "app 1", "name": "", "key": "", "host": "ftp://x", "marketplace": "b"}],
            "groups": [{"id": "cld-1", "name": "", "app": "app-9"}],
            "users": [{"id": "u", "name": "", "surname": "", "email": "a@b", "groups": {"cld-9": "Admin"}},
                      {"id": "u", "name": "", "surname": "", "email": "A@b", "groups": {}}]}"#;
        let Err(Error::Seed { problems }) = Seed::from_json(seed) else { panic!("accepted") };
        assert_eq!(problems.len(), 8, "{problems:?}");
    }

    #[test]
    fn apps_without_a_marketplace_take_the_free_ones_in_order() {
        let seed = r#"{"partner_url": "http://localhost:5302", "dev_platform": {"marketplaces": ["a"]}, "groups": [],
            "apps": [{"id": "app-1", "name": "", "key": ""}, {"id": "app-2", "name": "", "key": ""}], "users": []}"#;
        let seed = Seed::from_json(seed).expect("a good seed");
        let found: Vec<_> =
            seed.apps.iter().map(|app| (app.marketplace.as_deref(), seed.host_of(app))).collect();
        let host = "http://localhost:5302".to_owned();
        assert_eq!(found, [(Some("a"), host.clone()), (None, host)]);
    }
}

mod check;

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use serde::Deserialize;

pub(crate) use self::check::app_host;
use crate::{error::Error, store::Environment};

/// The password of every account whose seed names none.
pub const DEFAULT_PASSWORD: &str = "sandbox";

/// The marketplace of a seed that says nothing else.
const LOCAL: &str = "maestrano-local";

/// What the platform holds when it starts for the first time: environments, marketplaces, apps, groups, users.
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

/// The partner's environments at the developer platform, and the marketplaces (config.md 3.5).
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "DeveloperPlatformForm")]
pub(crate) struct DeveloperPlatform {
    pub(crate) environments: Vec<Environment>,
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
    /// The name of its environment; the first one when absent.
    pub(crate) environment: Option<String>,
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

/// One environment, in three fields, or several in a list.
#[derive(Deserialize)]
#[serde(default)]
struct DeveloperPlatformForm {
    environment: String,
    environment_key: String,
    environment_secret: String,
    environments: Vec<Environment>,
    marketplaces: Vec<Marketplace>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MarketplaceForm {
    Name(String),
    Paths { name: String, init_path: Option<String>, consume_path: Option<String> },
}

impl Default for Seed {
    fn default() -> Self {
        Self::with_marketplaces(&[LOCAL])
    }
}

impl Seed {
    /// The default accounts and groups, with one app for each marketplace: `app-1` for the first, and so on, all at
    /// `http://localhost:3000` until [`Seed::app_host`] or [`Running::set_app_host`](crate::Running::set_app_host)
    /// says otherwise. Every group uses every app; the paths end with the marketplace's name.
    #[must_use]
    pub fn with_marketplaces(names: &[&str]) -> Self {
        let marketplaces = names.iter().map(|name| Marketplace::named(name)).collect();
        let apps = (1..=names.len()).map(|number| App::numbered(number, "My application")).collect();
        Self::of(DeveloperPlatform { marketplaces, ..DeveloperPlatform::default() }, apps)
    }

    /// The default accounts and groups, with several apps of these names at the one marketplace `maestrano-local`:
    /// `app-1` for the first, and so on. Each has an environment of its own, with its own key and secret, in the same
    /// order. Hosts are told as for [`Seed::with_marketplaces`]; every group uses every app.
    ///
    /// ```
    /// let seed = maestrano_sandbox::Seed::with_apps(&["CRM", "Payroll"]);
    /// # let _ = seed;
    /// ```
    #[must_use]
    pub fn with_apps(names: &[&str]) -> Self {
        let environments: Vec<_> = (1..=names.len()).map(Environment::numbered).collect();
        let apps = (1..).zip(names).zip(&environments).map(|((number, name), environment)| App {
            environment: Some(environment.name.clone()),
            ..App::numbered(number, name)
        });
        let apps = apps.collect();
        Self::of(DeveloperPlatform { environments, ..DeveloperPlatform::default() }, apps)
    }

    /// Reads a seed from JSON text.
    ///
    /// # Errors
    /// [`Error::SeedShape`] when the text is not JSON of the expected shape, [`Error::Seed`] when it contradicts
    /// itself.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let mut seed: Self = serde_json::from_str(text).map_err(|source| Error::SeedShape(source.into()))?;
        seed.settle();
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

    /// The default accounts and groups, who use all these apps.
    fn of(dev_platform: DeveloperPlatform, apps: Vec<App>) -> Self {
        let group = |id: &str, name: &str, city: &str, country: &str| Group {
            id: id.to_owned(),
            name: name.to_owned(),
            app: None,
            apps: apps.iter().map(|app| app.id.clone()).collect(),
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
        let mut seed = Self {
            partner_url: None,
            dev_platform,
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
            apps,
        };
        seed.settle();
        seed
    }

    /// Apps that name no environment are of the first. Apps that name no marketplace take, in order, the marketplaces
    /// that no other app of their environment has taken. An app that finds none left belongs to somebody else: it
    /// signs in, but no configuration lists it.
    fn settle(&mut self) {
        let DeveloperPlatform { environments, marketplaces } = &self.dev_platform;
        for app in self.apps.iter_mut().filter(|app| app.environment.is_none()) {
            app.environment = environments.first().map(|first| first.name.clone());
        }
        let place = |app: &App, marketplace: &str| (app.environment.clone(), marketplace.to_owned());
        let taken = self.apps.iter().filter_map(|app| Some(place(app, app.marketplace.as_deref()?)));
        let mut taken: HashSet<_> = taken.collect();
        for app in self.apps.iter_mut().filter(|app| app.marketplace.is_none()) {
            let free = marketplaces.iter().find(|marketplace| taken.insert(place(app, &marketplace.name)));
            app.marketplace = free.map(|marketplace| marketplace.name.clone());
        }
    }
}

impl Default for DeveloperPlatform {
    fn default() -> Self {
        DeveloperPlatformForm::default().into()
    }
}

impl Default for DeveloperPlatformForm {
    fn default() -> Self {
        Self {
            environment: "sandbox".to_owned(),
            environment_key: "sandbox-environment-key".to_owned(),
            environment_secret: "sandbox-environment-secret-of-this-machine".to_owned(),
            environments: Vec::new(),
            marketplaces: vec![Marketplace::named(LOCAL)],
        }
    }
}

impl From<DeveloperPlatformForm> for DeveloperPlatform {
    fn from(form: DeveloperPlatformForm) -> Self {
        let environments = if form.environments.is_empty() {
            vec![Environment {
                name: form.environment,
                key: form.environment_key,
                secret: form.environment_secret,
            }]
        } else {
            form.environments
        };
        Self { environments, marketplaces: form.marketplaces }
    }
}

impl Environment {
    fn numbered(number: usize) -> Self {
        Self {
            name: format!("sandbox-{number}"),
            key: format!("sandbox-environment-key-{number}"),
            secret: format!("sandbox-environment-secret-{number}-of-this-machine"),
        }
    }
}

impl App {
    /// `app-1`, …, of no marketplace yet.
    fn numbered(number: usize, name: &str) -> Self {
        Self {
            id: format!("app-{number}"),
            name: name.to_owned(),
            key: format!("app-{number}-key-of-the-sandbox"),
            host: None,
            environment: None,
            marketplace: None,
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_marketplace_is_free_once_in_every_environment() {
        let seed = r#"{"dev_platform": {"marketplaces": ["a", "b"], "environments": [
                {"name": "one", "key": "1", "secret": "s"}, {"name": "two", "key": "2", "secret": "s"}]},
            "apps": [{"id": "app-1", "name": "", "key": "", "environment": "two", "marketplace": "a"},
                     {"id": "app-2", "name": "", "key": "", "environment": "two"},
                     {"id": "app-3", "name": "", "key": ""}], "groups": [], "users": []}"#;
        let seed = Seed::from_json(seed).expect("a good seed");
        let found: Vec<_> =
            seed.apps.iter().map(|app| (app.environment.as_deref(), app.marketplace.as_deref())).collect();
        assert_eq!(found, [(Some("two"), Some("a")), (Some("two"), Some("b")), (Some("one"), Some("a"))]);
    }
}

//! The environments, the marketplaces and apps, the groups, and which group uses which app.

use rusqlite::{OptionalExtension, Row, params};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::{
    error::Error,
    instant,
    store::{Store, people::next_id},
};

/// A partner's environment at the developer platform. Its key reads the configuration of its own apps only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Environment {
    /// Its name, for `MNO_DEVPL_ENV_NAME`.
    pub name: String,
    /// Its key, for `MNO_DEVPL_ENV_KEY`.
    pub key: String,
    /// Its secret, for `MNO_DEVPL_ENV_SECRET`.
    pub secret: String,
}

/// An application, with the marketplace that offers it when it is one of an environment's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) key: String,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) host: String,
    pub(crate) offer: Option<Offer>,
}

/// How a marketplace reaches an app, as the configuration of its environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) environment: String,
    pub(crate) marketplace: String,
    pub(crate) init_path: String,
    pub(crate) consume_path: String,
}

/// A customer's organisation, tenant of apps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) currency: String,
    pub(crate) timezone: String,
    pub(crate) country: String,
    pub(crate) city: String,
    /// As it goes over the wire: `2016-04-01T10:00:00Z`.
    pub(crate) free_trial_end: String,
}

/// A group's use of an app.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: i64,
    pub(crate) app: App,
    pub(crate) group: Group,
    pub(crate) role: String,
}

const APP: &str = "app.id, app.name, app.key, app.host, marketplace.name, marketplace.init_path, \
                   marketplace.consume_path, app.environment";
const APPS: &str = "app LEFT JOIN marketplace ON marketplace.name = app.marketplace";

impl Store {
    /// The environments, in the order of the seed.
    pub(crate) async fn environments(&self) -> Result<Vec<Environment>, Error> {
        self.with(|connection| {
            let environment =
                |row: &Row<'_>| Ok(Environment { name: row.get(0)?, key: row.get(1)?, secret: row.get(2)? });
            connection
                .prepare("SELECT name, key, secret FROM environment ORDER BY rowid")?
                .query_map([], environment)?
                .collect()
        })
        .await
    }

    /// The names of the marketplaces, in the order of the seed.
    pub(crate) async fn marketplaces(&self) -> Result<Vec<String>, Error> {
        self.with(|connection| {
            connection
                .prepare("SELECT name FROM marketplace ORDER BY position")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await
    }

    pub(crate) async fn apps(&self) -> Result<Vec<App>, Error> {
        self.with(|connection| {
            let mut query = connection.prepare(&format!(
                "SELECT {APP} FROM {APPS} ORDER BY coalesce(marketplace.position, 1 << 30), app.rowid"
            ))?;
            query.query_map([], |row| App::from_row(row, 0))?.collect()
        })
        .await
    }

    pub(crate) async fn app(&self, id: &str) -> Result<Option<App>, Error> {
        let id = id.to_owned();
        self.with(move |connection| {
            connection
                .query_row(&format!("SELECT {APP} FROM {APPS} WHERE app.id = ?"), [id], |row| {
                    App::from_row(row, 0)
                })
                .optional()
        })
        .await
    }

    /// Moves an app to another address. `None` when there is no such app.
    pub(crate) async fn set_app_host(&self, id: &str, host: &str) -> Result<Option<()>, Error> {
        let (id, host) = (id.to_owned(), host.to_owned());
        self.with(move |connection| {
            let changed = connection.execute("UPDATE app SET host = ? WHERE id = ?", [host, id])?;
            Ok((changed == 1).then_some(()))
        })
        .await
    }

    pub(crate) async fn groups(&self) -> Result<Vec<Group>, Error> {
        self.with(|connection| {
            connection
                .prepare(&format!("SELECT {} FROM customer ORDER BY rowid", Group::COLUMNS))?
                .query_map([], Group::from_row)?
                .collect()
        })
        .await
    }

    pub(crate) async fn group(&self, id: &str) -> Result<Option<Group>, Error> {
        let id = id.to_owned();
        self.with(move |connection| {
            connection
                .query_row(
                    &format!("SELECT {} FROM customer WHERE id = ?", Group::COLUMNS),
                    [id],
                    Group::from_row,
                )
                .optional()
        })
        .await
    }

    /// Adds a group; its identifier and the end of its free trial are the platform's to say.
    pub(crate) async fn add_group(&self, group: Group) -> Result<String, Error> {
        self.with(move |connection| {
            let id = next_id(connection, "customer", "cld-")?;
            let free_trial_end = instant::written(instant::a_month_after(OffsetDateTime::now_utc()));
            connection.execute(
                "INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    id,
                    group.name,
                    group.email,
                    group.currency,
                    group.timezone,
                    group.country,
                    group.city,
                    free_trial_end
                ],
            )?;
            Ok(id)
        })
        .await
    }

    pub(crate) async fn change_group(&self, group: Group) -> Result<(), Error> {
        self.with(move |connection| {
            connection
                .execute(
                    "UPDATE customer SET name = ?, email = ?, currency = ?, timezone = ?, country = ?, city = ?
                     WHERE id = ?",
                    params![
                        group.name,
                        group.email,
                        group.currency,
                        group.timezone,
                        group.country,
                        group.city,
                        group.id
                    ],
                )
                .map(drop)
        })
        .await
    }

    /// The identifiers of the apps a group uses.
    pub(crate) async fn apps_of_group(&self, group: &str) -> Result<Vec<String>, Error> {
        let group = group.to_owned();
        self.with(move |connection| {
            connection
                .prepare("SELECT app FROM instance WHERE customer = ? ORDER BY id")?
                .query_map([group], |row| row.get(0))?
                .collect()
        })
        .await
    }

    pub(crate) async fn start_using(&self, group: &str, app: &str) -> Result<(), Error> {
        let (group, app) = (group.to_owned(), app.to_owned());
        self.with(move |connection| {
            connection
                .execute(
                    "INSERT OR IGNORE INTO instance (customer, app)
                     SELECT customer.id, app.id FROM customer, app WHERE customer.id = ? AND app.id = ?",
                    [group, app],
                )
                .map(drop)
        })
        .await
    }

    pub(crate) async fn stop_using(&self, group: &str, app: &str) -> Result<(), Error> {
        let (group, app) = (group.to_owned(), app.to_owned());
        self.with(move |connection| {
            connection.execute("DELETE FROM instance WHERE customer = ? AND app = ?", [group, app]).map(drop)
        })
        .await
    }

    /// Every app instance a user may open.
    pub(crate) async fn instances_of(&self, person: &str) -> Result<Vec<Instance>, Error> {
        let person = person.to_owned();
        self.with(move |connection| {
            let mut query = connection.prepare(&format!(
                "SELECT {}, membership.role, instance.id, {APP} FROM {APPS}
                 JOIN instance ON instance.app = app.id
                 JOIN customer ON customer.id = instance.customer
                 JOIN membership ON membership.customer = customer.id
                 WHERE membership.person = ? ORDER BY customer.rowid, instance.id",
                Group::COLUMNS
            ))?;
            let instance = |row: &Row<'_>| {
                Ok(Instance {
                    group: Group::from_row(row)?,
                    role: row.get(8)?,
                    id: row.get(9)?,
                    app: App::from_row(row, 10)?,
                })
            };
            query.query_map([person], instance)?.collect()
        })
        .await
    }
}

impl App {
    fn from_row(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let offer = match row.get(first + 4)? {
            Some(marketplace) => Some(Offer {
                environment: row.get(first + 7)?,
                marketplace,
                init_path: row.get(first + 5)?,
                consume_path: row.get(first + 6)?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.get(first)?,
            name: row.get(first + 1)?,
            key: row.get(first + 2)?,
            host: row.get(first + 3)?,
            offer,
        })
    }
}

impl Group {
    pub(super) const COLUMNS: &str = "customer.id, customer.name, customer.email, customer.currency, \
                                      customer.timezone, customer.country, customer.city, customer.free_trial_end";

    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            currency: row.get(3)?,
            timezone: row.get(4)?,
            country: row.get(5)?,
            city: row.get(6)?,
            free_trial_end: row.get(7)?,
        })
    }
}

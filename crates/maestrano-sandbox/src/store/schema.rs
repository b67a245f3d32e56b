//! The tables, and how a seed fills them.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use time::OffsetDateTime;

use crate::{
    instant,
    options::Signature,
    password,
    secret::random_token,
    seed::{DEFAULT_PASSWORD, Seed, app_host},
    store::Store,
};

const TABLES: &str = "
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS environment (
        name TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, secret TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS marketplace (
        name TEXT PRIMARY KEY, init_path TEXT NOT NULL, consume_path TEXT NOT NULL, position INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS signing_key (
        marketplace TEXT NOT NULL REFERENCES marketplace, signature TEXT NOT NULL,
        private TEXT NOT NULL, certificate TEXT NOT NULL, PRIMARY KEY (marketplace, signature)
    );
    CREATE TABLE IF NOT EXISTS app (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, host TEXT NOT NULL,
        environment TEXT NOT NULL REFERENCES environment, marketplace TEXT REFERENCES marketplace
    );
    CREATE TABLE IF NOT EXISTS customer (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, currency TEXT NOT NULL,
        timezone TEXT NOT NULL, country TEXT NOT NULL, city TEXT NOT NULL, free_trial_end TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS instance (
        id INTEGER PRIMARY KEY, customer TEXT NOT NULL REFERENCES customer, app TEXT NOT NULL REFERENCES app,
        UNIQUE (customer, app)
    );
    CREATE TABLE IF NOT EXISTS person (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, surname TEXT NOT NULL,
        email TEXT NOT NULL UNIQUE COLLATE NOCASE, country TEXT NOT NULL, company TEXT NOT NULL,
        password TEXT NOT NULL, session TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS membership (
        person TEXT NOT NULL REFERENCES person, customer TEXT NOT NULL REFERENCES customer, role TEXT NOT NULL,
        PRIMARY KEY (person, customer)
    );
    CREATE TABLE IF NOT EXISTS sign_in (
        browser TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES person, reseller_launch INTEGER
    );
";

/// Whether the database is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Just filled from the seed, whose passwords hold.
    FromSeed,
    /// Kept from an earlier start.
    Kept,
}

/// A signing key as it is written down.
pub(crate) struct StoredKey {
    pub(crate) private: String,
    pub(crate) certificate: String,
}

impl Store {
    pub(crate) async fn signing_key(
        &self,
        marketplace: &str,
        signature: Signature,
    ) -> Result<Option<StoredKey>, crate::Error> {
        let marketplace = marketplace.to_owned();
        self.with(move |connection| {
            connection
                .query_row(
                    "SELECT private, certificate FROM signing_key WHERE marketplace = ? AND signature = ?",
                    params![marketplace, signature.label()],
                    |row| Ok(StoredKey { private: row.get(0)?, certificate: row.get(1)? }),
                )
                .optional()
        })
        .await
    }

    pub(crate) async fn keep_signing_key(
        &self,
        marketplace: &str,
        signature: Signature,
        key: StoredKey,
    ) -> Result<(), crate::Error> {
        let marketplace = marketplace.to_owned();
        self.with(move |connection| {
            connection
                .execute(
                    "INSERT INTO signing_key VALUES (?, ?, ?, ?)",
                    params![marketplace, signature.label(), key.private, key.certificate],
                )
                .map(drop)
        })
        .await
    }
}

pub(super) fn prepare(connection: &mut Connection, seed: &Seed) -> rusqlite::Result<Contents> {
    connection.execute_batch(TABLES)?;
    let transaction = connection.transaction()?;
    let filled: bool =
        transaction.query_row("SELECT EXISTS (SELECT 1 FROM environment)", [], |row| row.get(0))?;
    if filled {
        return Ok(Contents::Kept);
    }
    fill(&transaction, seed)?;
    transaction.commit()?;
    Ok(Contents::FromSeed)
}

fn fill(transaction: &Transaction<'_>, seed: &Seed) -> rusqlite::Result<()> {
    let platform = &seed.dev_platform;
    for environment in &platform.environments {
        transaction.execute(
            "INSERT INTO environment VALUES (?, ?, ?)",
            [&environment.name, &environment.key, &environment.secret],
        )?;
    }
    for (position, marketplace) in (0_i64..).zip(&platform.marketplaces) {
        transaction.execute(
            "INSERT INTO marketplace VALUES (?, ?, ?, ?)",
            params![marketplace.name, marketplace.init_path, marketplace.consume_path, position],
        )?;
    }
    for app in &seed.apps {
        let host = seed.host_of(app);
        let host = app_host(&host).unwrap_or(host);
        transaction.execute(
            "INSERT INTO app VALUES (?, ?, ?, ?, ?, ?)",
            params![app.id, app.name, app.key, host, app.environment, app.marketplace],
        )?;
    }
    for group in &seed.groups {
        let word = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
        transaction.execute(
            "INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                group.id,
                group.name,
                word(&group.email, &format!("{}@example.com", group.id)),
                word(&group.currency, "USD"),
                word(&group.timezone, "America/Los_Angeles"),
                word(&group.country, "US"),
                word(&group.city, "Los Angeles"),
                instant::written(instant::a_month_after(OffsetDateTime::now_utc())),
            ],
        )?;
        for app in group.uses() {
            transaction
                .execute("INSERT OR IGNORE INTO instance (customer, app) VALUES (?, ?)", [&group.id, app])?;
        }
    }
    for user in &seed.users {
        transaction.execute(
            "INSERT INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                user.id,
                user.name,
                user.surname,
                user.email,
                user.country,
                user.company.as_deref().unwrap_or_default(),
                password::hash(user.password.as_deref().unwrap_or(DEFAULT_PASSWORD)),
                random_token(),
            ],
        )?;
        for (group, role) in &user.groups {
            transaction.execute(
                "INSERT INTO membership VALUES (?, ?, ?)",
                [user.id.as_str(), group, role.label()],
            )?;
        }
    }
    Ok(())
}

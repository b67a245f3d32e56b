//! Users, what they may do where, and the browsers they are signed in with.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    error::Error,
    secret::random_token,
    seed::Role,
    store::{Group, Store},
};

/// A user of the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) surname: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) company: String,
}

/// What the console's form says about a user. Without a password hash the password stays.
pub(crate) struct PersonForm {
    pub(crate) name: String,
    pub(crate) surname: String,
    pub(crate) email: String,
    pub(crate) country: String,
    pub(crate) company: String,
    pub(crate) password_hash: Option<String>,
}

/// A browser in which somebody is signed in.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) person: Person,
    /// The app instance that was last launched on behalf of a reseller.
    pub(crate) reseller_launch: Option<i64>,
}

const PERSON: &str = "person.id, person.name, person.surname, person.email, person.country, person.company";

impl Store {
    pub(crate) async fn people(&self) -> Result<Vec<Person>, Error> {
        self.with(|connection| {
            let mut query = connection.prepare(&format!("SELECT {PERSON} FROM person ORDER BY rowid"))?;
            query.query_map([], person)?.collect()
        })
        .await
    }

    pub(crate) async fn person(&self, id: &str) -> Result<Option<Person>, Error> {
        let id = id.to_owned();
        self.with(move |connection| {
            connection
                .query_row(&format!("SELECT {PERSON} FROM person WHERE id = ?"), [id], person)
                .optional()
        })
        .await
    }

    /// The user with this e-mail address and the hash of the password.
    pub(crate) async fn person_by_email(&self, email: &str) -> Result<Option<(Person, String)>, Error> {
        let email = email.to_owned();
        self.with(move |connection| {
            connection
                .query_row(
                    &format!("SELECT {PERSON}, password FROM person WHERE email = ?"),
                    [email],
                    |row| Ok((person(row)?, row.get(6)?)),
                )
                .optional()
        })
        .await
    }

    /// Adds a user, or says `None` when the e-mail address is taken.
    pub(crate) async fn add_person(&self, form: PersonForm) -> Result<Option<String>, Error> {
        self.with(move |connection| {
            let id = next_id(connection, "person", "usr-")?;
            let added = connection.execute(
                "INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    id,
                    form.name,
                    form.surname,
                    form.email,
                    form.country,
                    form.company,
                    form.password_hash.unwrap_or_default(),
                    random_token()
                ],
            )?;
            Ok((added == 1).then_some(id))
        })
        .await
    }

    /// Changes a user, or says `None` when the e-mail address is taken.
    pub(crate) async fn change_person(&self, id: &str, form: PersonForm) -> Result<Option<()>, Error> {
        let id = id.to_owned();
        self.with(move |connection| {
            let changed = connection.execute(
                "UPDATE OR IGNORE person SET name = ?, surname = ?, email = ?, country = ?, company = ?,
                    password = coalesce(?, password) WHERE id = ?",
                params![
                    form.name,
                    form.surname,
                    form.email,
                    form.country,
                    form.company,
                    form.password_hash,
                    id
                ],
            )?;
            Ok((changed == 1).then_some(()))
        })
        .await
    }

    /// The groups of a user, with the role in each.
    pub(crate) async fn memberships(&self, person: &str) -> Result<Vec<(Group, String)>, Error> {
        let person = person.to_owned();
        self.with(move |connection| {
            let mut query = connection.prepare(&format!(
                "SELECT {}, role FROM customer JOIN membership ON membership.customer = customer.id
                 WHERE person = ? ORDER BY customer.rowid",
                Group::COLUMNS
            ))?;
            query.query_map([person], |row| Ok((Group::from_row(row)?, row.get(8)?)))?.collect()
        })
        .await
    }

    /// Gives a user a role in a group, or takes the membership away.
    pub(crate) async fn set_membership(
        &self,
        person: &str,
        group: &str,
        role: Option<Role>,
    ) -> Result<(), Error> {
        let (person, group) = (person.to_owned(), group.to_owned());
        self.with(move |connection| match role {
            Some(role) => connection
                .execute(
                    "INSERT OR REPLACE INTO membership
                     SELECT person.id, customer.id, ? FROM person, customer WHERE person.id = ? AND customer.id = ?",
                    [role.label(), &person, &group],
                )
                .map(drop),
            None => connection
                .execute("DELETE FROM membership WHERE person = ? AND customer = ?", [person, group])
                .map(drop),
        })
        .await
    }

    /// The user's session token (sso.md 1.11, `mno_session`), if there is such a user.
    pub(crate) async fn session_token(&self, person: &str) -> Result<Option<String>, Error> {
        let person = person.to_owned();
        self.with(move |connection| {
            connection
                .query_row("SELECT session FROM person WHERE id = ?", [person], |row| row.get(0))
                .optional()
        })
        .await
    }

    /// Signs the user out of the platform: a new session token, and no browser is signed in any more
    /// (session.md 2.6). `None` when there is no such user.
    pub(crate) async fn end_session(&self, person: &str) -> Result<Option<()>, Error> {
        let person = person.to_owned();
        self.with(move |connection| {
            let transaction = connection.transaction()?;
            let changed = transaction
                .execute("UPDATE person SET session = ? WHERE id = ?", [&random_token(), &person])?;
            transaction.execute("DELETE FROM sign_in WHERE person = ?", [person])?;
            transaction.commit()?;
            Ok((changed == 1).then_some(()))
        })
        .await
    }

    pub(crate) async fn sign_in(&self, browser: &str, person: &str) -> Result<(), Error> {
        let (browser, person) = (browser.to_owned(), person.to_owned());
        self.with(move |connection| {
            connection.execute("INSERT INTO sign_in VALUES (?, ?, NULL)", [browser, person]).map(drop)
        })
        .await
    }

    /// Nobody is signed in in this browser any more; the user's session goes on elsewhere.
    pub(crate) async fn forget_browser(&self, browser: &str) -> Result<(), Error> {
        let browser = browser.to_owned();
        self.with(move |connection| {
            connection.execute("DELETE FROM sign_in WHERE browser = ?", [browser]).map(drop)
        })
        .await
    }

    pub(crate) async fn signed_in(&self, browser: &str) -> Result<Option<SignIn>, Error> {
        let browser = browser.to_owned();
        self.with(move |connection| {
            connection
                .query_row(
                    &format!(
                        "SELECT {PERSON}, reseller_launch FROM sign_in JOIN person ON person.id = person
                         WHERE browser = ?"
                    ),
                    [browser],
                    |row| Ok(SignIn { person: person(row)?, reseller_launch: row.get(6)? }),
                )
                .optional()
        })
        .await
    }

    /// Remembers which app instance this browser launched on behalf of a reseller, if any.
    pub(crate) async fn set_reseller_launch(
        &self,
        browser: &str,
        instance: Option<i64>,
    ) -> Result<(), Error> {
        let browser = browser.to_owned();
        self.with(move |connection| {
            connection
                .execute(
                    "UPDATE sign_in SET reseller_launch = ? WHERE browser = ?",
                    params![instance, browser],
                )
                .map(drop)
        })
        .await
    }
}

/// The next free identifier of a table: the prefix and one more than the highest number in use.
pub(super) fn next_id(connection: &Connection, table: &str, prefix: &str) -> rusqlite::Result<String> {
    let highest: i64 = connection.query_row(
        &format!("SELECT coalesce(max(CAST(substr(id, {}) AS INTEGER)), 0) FROM {table}", prefix.len() + 1),
        [],
        |row| row.get(0),
    )?;
    Ok(format!("{prefix}{}", highest.saturating_add(1)))
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: row.get(0)?,
        name: row.get(1)?,
        surname: row.get(2)?,
        email: row.get(3)?,
        country: row.get(4)?,
        company: row.get(5)?,
    })
}

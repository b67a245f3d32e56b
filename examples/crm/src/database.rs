//! What the CRM remembers: companies, users, who belongs where, and contacts.
//!
//! A user and a company are known by the marketplace and the id that the marketplace gives them. An e-mail address
//! identifies nobody: the same one may stand for different people at two marketplaces, and may change (users.md 9.1).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use maestrano::Session;
use maestrano::webhook::MemberRemoved;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, named_params, params};
use serde::Serialize;

use crate::contact::{Contact, NewContact};

const TABLES: &str = "
    create table if not exists companies (
        id          integer primary key,
        marketplace text not null,
        uid         text not null,
        name        text not null,
        unique (marketplace, uid)
    ) strict;
    create table if not exists users (
        id          integer primary key,
        marketplace text not null,
        uid         text not null,
        email       text not null,
        first_name  text not null,
        last_name   text not null,
        unique (marketplace, uid)
    ) strict;
    create table if not exists memberships (
        company integer not null references companies,
        user    integer not null references users,
        role    text not null,
        primary key (company, user)
    ) strict;
    create table if not exists contacts (
        id      integer primary key,
        company integer not null references companies,
        name    text not null,
        email   text not null
    ) strict;
    create index if not exists contacts_of_company on contacts (company);";

/// A new company is not an empty page.
const FIRST_CONTACTS: [(&str, &str); 3] = [
    ("Ada Lovelace", "ada@analytical.example"),
    ("Grace Hopper", "grace@compilers.example"),
    ("Alan Turing", "alan@machines.example"),
];

/// Somebody who works for a company, as the platform described them at their last sign-in. As JSON: an object with
/// these eight fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// The user's id at the marketplace (`usr-1`).
    pub uid: String,
    /// The user's e-mail address.
    pub email: String,
    /// The user's first name.
    pub first_name: String,
    /// The user's last name.
    pub last_name: String,
    /// The company's id at the marketplace (`cld-1`).
    pub group_uid: String,
    /// The company's name.
    pub group_name: String,
    /// What the user is in the company (`Admin`).
    pub role: String,
    /// The marketplace that both come from.
    pub marketplace: String,
}

/// Which member of which company: what a session says.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    marketplace: String,
    user: String,
    group: String,
}

/// The database, shared by all who ask.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    connection: Arc<Mutex<Connection>>,
}

impl From<&Session> for Key {
    fn from(session: &Session) -> Self {
        Self {
            marketplace: session.marketplace().to_string(),
            user: session.user().to_string(),
            group: session.group().to_string(),
        }
    }
}

impl From<&MemberRemoved> for Key {
    fn from(removed: &MemberRemoved) -> Self {
        Self {
            marketplace: removed.marketplace().to_string(),
            user: removed.real_user().to_string(),
            group: removed.group().to_string(),
        }
    }
}

impl Database {
    /// Opens the file, or makes it.
    pub(crate) fn open(file: &Path) -> rusqlite::Result<Self> {
        Self::prepare(Connection::open(file)?)
    }

    /// A database that ends with the process.
    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        Self::prepare(Connection::open_in_memory()?)
    }

    /// Finds or creates company, user and membership, and brings names, e-mail and role up to date: all of it or
    /// nothing.
    pub(crate) async fn sign_in(&self, member: Member) -> rusqlite::Result<()> {
        self.with(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let company = find_or_create_company(&transaction, &member)?;
            let user = find_or_create_user(&transaction, &member)?;
            transaction.execute(
                "insert into memberships (company, user, role) values (?1, ?2, ?3)
                 on conflict (company, user) do update set role = excluded.role",
                params![company, user, member.role],
            )?;
            transaction.commit()
        })
        .await
    }

    /// The member and the contacts of the member's company; `None` when the CRM knows no such member.
    pub(crate) async fn desk(&self, key: Key) -> rusqlite::Result<Option<(Member, Vec<Contact>)>> {
        self.with(move |connection| {
            let Some((company, member)) = member(connection, &key)? else { return Ok(None) };
            let mut contacts = connection
                .prepare_cached("select name, email from contacts where company = ?1 order by name")?;
            let contacts = contacts
                .query_map([company], |row| Ok(Contact { name: row.get(0)?, email: row.get(1)? }))?
                .collect::<Result<_, _>>()?;
            Ok(Some((member, contacts)))
        })
        .await
    }

    /// Adds a contact to the company of the member; `false` when the CRM knows no such member.
    pub(crate) async fn add_contact(&self, key: Key, contact: NewContact) -> rusqlite::Result<bool> {
        self.with(move |connection| {
            let Some((company, _)) = member(connection, &key)? else { return Ok(false) };
            let Contact { name, email } = contact.into_contact();
            connection.execute(
                "insert into contacts (company, name, email) values (?1, ?2, ?3)",
                params![company, name, email],
            )?;
            Ok(true)
        })
        .await
    }

    /// Nobody works for the company any more. What it has written stays, until somebody decides otherwise.
    pub(crate) async fn close_company(&self, marketplace: String, group: String) -> rusqlite::Result<()> {
        self.with(move |connection| {
            connection.execute(
                "delete from memberships where company in
                 (select id from companies where marketplace = ?1 and uid = ?2)",
                [marketplace, group],
            )?;
            Ok(())
        })
        .await
    }

    /// The user does not work for the company any more; perhaps for others.
    pub(crate) async fn remove_member(&self, key: Key) -> rusqlite::Result<()> {
        self.with(move |connection| {
            let Key { marketplace, user, group } = key;
            connection.execute(
                "delete from memberships
                 where company in (select id from companies where marketplace = ?1 and uid = ?2)
                   and user in (select id from users where marketplace = ?1 and uid = ?3)",
                [marketplace, group, user],
            )?;
            Ok(())
        })
        .await
    }

    fn prepare(connection: Connection) -> rusqlite::Result<Self> {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// SQLite waits for the disk: that happens on a thread which may wait.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> rusqlite::Result<T> {
        let connection = Arc::clone(&self.connection);
        // A transaction that a panic left open has been rolled back: the connection can be used again.
        let work = move || work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner));
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(stopped) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(stopped))),
        }
    }
}

fn find_or_create_company(transaction: &Transaction<'_>, member: &Member) -> rusqlite::Result<i64> {
    let Member { marketplace, group_uid, group_name, .. } = member;
    let known = transaction
        .query_row(
            "update companies set name = ?3 where marketplace = ?1 and uid = ?2 returning id",
            [marketplace, group_uid, group_name],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(company) = known {
        return Ok(company);
    }
    transaction.execute(
        "insert into companies (marketplace, uid, name) values (?1, ?2, ?3)",
        [marketplace, group_uid, group_name],
    )?;
    let company = transaction.last_insert_rowid();
    for (name, email) in FIRST_CONTACTS {
        transaction.execute(
            "insert into contacts (company, name, email) values (?1, ?2, ?3)",
            params![company, name, email],
        )?;
    }
    Ok(company)
}

fn find_or_create_user(transaction: &Transaction<'_>, member: &Member) -> rusqlite::Result<i64> {
    let Member { marketplace, uid, email, first_name, last_name, .. } = member;
    transaction.query_row(
        "insert into users (marketplace, uid, email, first_name, last_name) values (?1, ?2, ?3, ?4, ?5)
         on conflict (marketplace, uid) do update
         set email = excluded.email, first_name = excluded.first_name, last_name = excluded.last_name
         returning id",
        [marketplace, uid, email, first_name, last_name],
        |row| row.get(0),
    )
}

/// The company's row number and the member.
fn member(connection: &Connection, key: &Key) -> rusqlite::Result<Option<(i64, Member)>> {
    let mut member = connection.prepare_cached(
        "select companies.id as company, users.uid, users.email, users.first_name, users.last_name,
                companies.uid as group_uid, companies.name as group_name, memberships.role, users.marketplace
         from memberships
         join users on users.id = memberships.user
         join companies on companies.id = memberships.company
         where users.marketplace = :marketplace and users.uid = :user
           and companies.marketplace = :marketplace and companies.uid = :group",
    )?;
    let Key { marketplace, user, group } = key;
    member
        .query_row(named_params! { ":marketplace": marketplace, ":user": user, ":group": group }, |row| {
            let member = Member {
                uid: row.get("uid")?,
                email: row.get("email")?,
                first_name: row.get("first_name")?,
                last_name: row.get("last_name")?,
                group_uid: row.get("group_uid")?,
                group_name: row.get("group_name")?,
                role: row.get("role")?,
                marketplace: row.get("marketplace")?,
            };
            Ok((row.get("company")?, member))
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn john() -> Member {
        let text = str::to_owned;
        Member {
            uid: text("usr-1"),
            email: text("john.doe@example.com"),
            first_name: text("John"),
            last_name: text("Doe"),
            group_uid: text("cld-1"),
            group_name: text("Doe & Daughters"),
            role: text("Admin"),
            marketplace: text("maestrano-uat"),
        }
    }

    fn key(member: &Member) -> Key {
        Key {
            marketplace: member.marketplace.clone(),
            user: member.uid.clone(),
            group: member.group_uid.clone(),
        }
    }

    async fn after(sign_ins: &[&Member]) -> Database {
        let database = Database::in_memory().unwrap();
        for member in sign_ins {
            database.sign_in((*member).clone()).await.unwrap();
        }
        database
    }

    /// How many companies, users and memberships there are.
    async fn counts(database: &Database) -> (i64, i64, i64) {
        let count = "select (select count(*) from companies), (select count(*) from users),
                            (select count(*) from memberships)";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        database.with(move |connection| connection.query_row(count, [], read)).await.unwrap()
    }

    #[tokio::test]
    async fn the_first_launch_creates_user_and_company() {
        let database = after(&[&john()]).await;
        assert_eq!(counts(&database).await, (1, 1, 1));
        let (member, contacts) = database.desk(key(&john())).await.unwrap().unwrap();
        assert_eq!(member, john());
        assert_eq!(contacts.len(), FIRST_CONTACTS.len());
    }

    #[tokio::test]
    async fn the_same_user_again_lands_in_the_existing_account() {
        let database = after(&[&john(), &john()]).await;
        assert_eq!(counts(&database).await, (1, 1, 1));
        let (_, contacts) = database.desk(key(&john())).await.unwrap().unwrap();
        assert_eq!(contacts.len(), FIRST_CONTACTS.len());
    }

    #[tokio::test]
    async fn names_email_and_role_are_those_of_the_last_sign_in() {
        let changed = Member {
            email: "johnny@example.com".to_owned(),
            first_name: "Johnny".to_owned(),
            group_name: "Doe & Sons".to_owned(),
            role: "Member".to_owned(),
            ..john()
        };
        let database = after(&[&john(), &changed]).await;
        assert_eq!(counts(&database).await, (1, 1, 1));
        assert_eq!(database.desk(key(&john())).await.unwrap().unwrap().0, changed);
    }

    #[tokio::test]
    async fn a_second_company_is_a_new_company_with_its_own_role_and_contacts() {
        let there = Member {
            group_uid: "cld-2".to_owned(),
            group_name: "Roe Trading".to_owned(),
            role: "Member".to_owned(),
            ..john()
        };
        let database = after(&[&john(), &there]).await;
        assert_eq!(counts(&database).await, (2, 1, 2));
        let contact = NewContact::new("Only there", "only@there.example").unwrap();
        assert!(database.add_contact(key(&there), contact.clone()).await.unwrap());
        let (here, contacts_here) = database.desk(key(&john())).await.unwrap().unwrap();
        let (second, contacts_there) = database.desk(key(&there)).await.unwrap().unwrap();
        assert_eq!((here, second), (john(), there));
        assert!(!contacts_here.contains(&contact.clone().into_contact()));
        assert!(contacts_there.contains(&contact.into_contact()));
    }

    #[tokio::test]
    async fn an_invited_user_is_a_new_user_in_the_existing_company() {
        let jane = Member {
            uid: "usr-2".to_owned(),
            email: "jane.roe@example.com".to_owned(),
            role: "Member".to_owned(),
            ..john()
        };
        let database = after(&[&john(), &jane]).await;
        assert_eq!(counts(&database).await, (1, 2, 2));
        let (of_john, of_jane) = (database.desk(key(&john())).await, database.desk(key(&jane)).await);
        assert_eq!(of_john.unwrap().unwrap().1, of_jane.unwrap().unwrap().1);
    }

    #[tokio::test]
    async fn the_same_ids_at_two_marketplaces_are_two_users_and_two_companies() {
        let elsewhere =
            Member { marketplace: "other-market".to_owned(), role: "Member".to_owned(), ..john() };
        let database = after(&[&john(), &elsewhere]).await;
        assert_eq!(counts(&database).await, (2, 2, 2));
        for member in [john(), elsewhere] {
            assert_eq!(database.desk(key(&member)).await.unwrap().unwrap().0, member);
        }
    }

    #[tokio::test]
    async fn the_same_email_never_links_two_users() {
        let stranger = Member { uid: "usr-9".to_owned(), group_uid: "cld-9".to_owned(), ..john() };
        let database = after(&[&john(), &stranger]).await;
        assert_eq!(counts(&database).await, (2, 2, 2));
        let into_the_first = Key { group: "cld-1".to_owned(), ..key(&stranger) };
        assert!(database.desk(into_the_first).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn nobody_adds_a_contact_to_a_company_of_others() {
        let stranger = Member { uid: "usr-9".to_owned(), group_uid: "cld-9".to_owned(), ..john() };
        let database = after(&[&john(), &stranger]).await;
        let into_the_first = Key { group: "cld-1".to_owned(), ..key(&stranger) };
        let contact = NewContact::new("Mallory", "mallory@example.com").unwrap();
        assert!(!database.add_contact(into_the_first, contact).await.unwrap());
        assert_eq!(database.desk(key(&john())).await.unwrap().unwrap().1.len(), FIRST_CONTACTS.len());
    }

    #[tokio::test]
    async fn many_first_sign_ins_at_once_make_one_user() {
        let database = Database::in_memory().unwrap();
        let all: Vec<_> = (0..20)
            .map(|_| {
                tokio::spawn({
                    let database = database.clone();
                    async move { database.sign_in(john()).await }
                })
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        assert_eq!(counts(&database).await, (1, 1, 1));
    }

    #[tokio::test]
    async fn a_database_in_a_file_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("crm.db");
        Database::open(&file).unwrap().sign_in(john()).await.unwrap();
        let member = Database::open(&file).unwrap().desk(key(&john())).await.unwrap().unwrap().0;
        assert_eq!(member, john());
    }
}

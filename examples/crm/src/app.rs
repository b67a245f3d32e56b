//! What the CRM does when somebody signs in, and what it shows to whom.

use std::path::PathBuf;
use std::sync::Arc;

use maestrano::webhook::{GroupRemoved, MemberRemoved};
use maestrano::{Login, PartnerApp, Session, SignIn};

use crate::contact::{Contact, NewContact};
use crate::database::{Database, Key, Member};
use crate::pages;

/// The CRM: cheap to clone, shared by all handlers.
#[derive(Clone, Debug)]
pub struct Crm {
    database: Database,
    excluded: Arc<[String]>,
}

/// What somebody who is signed in sees: who they are, and the contacts of their company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    member: Member,
    contacts: Vec<Contact>,
}

/// Why the CRM does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database file cannot be opened.
    #[error("DATABASE: {} cannot be opened: {source}", file.display())]
    #[non_exhaustive]
    Open {
        /// The file that `DATABASE` names.
        file: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The database does not answer.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The session is good, but the CRM does not know such a member of such a company: its database is younger
    /// than the session.
    #[error("the CRM does not know this member")]
    UnknownMember,
    /// The form was posted from a page that is not the CRM's.
    #[error("the form was posted from another site")]
    ForeignForm,
}

impl Crm {
    /// Opens the database file that the variable `DATABASE` names; without it the data is kept in memory. Companies
    /// that the CRM does not work for any more are left out: the variable `EXCLUDED_COMPANIES` holds their ids at
    /// the marketplaces, with commas between them.
    ///
    /// # Errors
    /// [`Error::Open`] when the file cannot be opened or is no database of the CRM.
    pub fn from_env() -> Result<Self, Error> {
        let database = match std::env::var_os("DATABASE").filter(|file| !file.is_empty()).map(PathBuf::from) {
            Some(file) => Database::open(&file).map_err(|source| Error::Open { file, source })?,
            None => Database::in_memory()?,
        };
        let excluded = std::env::var("EXCLUDED_COMPANIES").unwrap_or_default();
        let excluded = excluded.split(',').map(|company| company.trim().to_owned()).collect();
        Ok(Self { database, excluded })
    }

    /// The page for everybody: it says who is signed in.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn home(&self, session: Option<&Session>) -> Result<String, Error> {
        let desk = match session {
            Some(session) => self.database.desk(Key::from(session)).await?,
            None => None,
        };
        Ok(pages::home(desk.as_ref().map(|(member, _)| member)))
    }

    /// The desk of the session's user in the session's group.
    ///
    /// # Errors
    /// [`Error::UnknownMember`] and [`Error::Database`].
    pub async fn desk(&self, session: &Session) -> Result<Desk, Error> {
        let (member, contacts) = self.database.desk(Key::from(session)).await?.ok_or(Error::UnknownMember)?;
        Ok(Desk { member, contacts })
    }

    /// Adds a contact to the session's group.
    ///
    /// # Errors
    /// [`Error::UnknownMember`] and [`Error::Database`].
    pub async fn add_contact(&self, session: &Session, contact: NewContact) -> Result<(), Error> {
        let added = self.database.add_contact(Key::from(session), contact).await?;
        if added { Ok(()) } else { Err(Error::UnknownMember) }
    }
}

impl PartnerApp for Crm {
    type Error = Error;

    async fn sign_in(&self, login: &Login, _: &http::request::Parts) -> Result<SignIn, Error> {
        let member = Member::from(login);
        if self.excluded.contains(&member.group_uid) {
            return Ok(SignIn::Refuse);
        }
        self.database.sign_in(member).await?;
        Ok(SignIn::Allow)
    }

    async fn group_removed(&self, removed: &GroupRemoved) -> Result<(), Error> {
        let (marketplace, group) = (removed.marketplace().to_string(), removed.group().to_string());
        Ok(self.database.close_company(marketplace, group).await?)
    }

    async fn member_removed(&self, removed: &MemberRemoved) -> Result<(), Error> {
        Ok(self.database.remove_member(Key::from(removed)).await?)
    }
}

impl Desk {
    /// Who is signed in; serializes to the JSON of `/me`.
    #[must_use]
    pub fn member(&self) -> &Member {
        &self.member
    }

    /// The desk as a page.
    #[must_use]
    pub fn page(&self) -> String {
        pages::desk(&self.member, &self.contacts)
    }
}

impl Error {
    /// The HTTP status that says so.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::UnknownMember | Self::ForeignForm => 403,
            Self::Open { .. } | Self::Database(_) => 500,
        }
    }

    /// The page that says so. It tells nothing of the database.
    #[must_use]
    pub fn page(&self) -> String {
        match self {
            Self::UnknownMember => pages::stranger(),
            Self::ForeignForm => pages::refusal("This form came from another site, so nothing was changed."),
            Self::Open { .. } | Self::Database(_) => {
                pages::refusal("Something is wrong on our side. Please try again later.")
            }
        }
    }
}

impl From<&Login> for Member {
    /// The real user stands for a person in all their companies: that is the one a [`Session`] names.
    fn from(login: &Login) -> Self {
        let (user, group) = (login.user(), login.group());
        let known = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            uid: user.real_id().to_string(),
            email: known(user.real_email()),
            first_name: known(user.first_name()),
            last_name: known(user.last_name()),
            group_uid: group.id().to_string(),
            group_name: group.name().unwrap_or(group.id().as_str()).to_owned(),
            role: login.role().to_string(),
            marketplace: login.marketplace().to_string(),
        }
    }
}

//! The application's own accounts. Some are opened by an e-mail address and a password, some by a marketplace, some
//! by both.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use axum_login::{AuthUser, AuthnBackend};
use maestrano::{Login, Session};
use serde::{Deserialize, Serialize};
use tokio::task::{JoinError, spawn_blocking};

/// Somebody as a marketplace knows them. The same id at two marketplaces is two people, and an e-mail address is
/// nobody's proof of anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) marketplace: String,
    user: String,
}

#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: usize,
    pub(crate) name: String,
    /// What a password opens the account with, in small letters.
    email: Option<String>,
    /// The hash of the password; empty when there is none.
    password: String,
}

/// E-mail address and password, as they were typed.
#[derive(Deserialize)]
pub(crate) struct Credentials {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// All accounts, and who opens which from a marketplace. In memory, for the sake of the example.
#[derive(Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    accounts: Vec<Account>,
    linked: HashMap<Identity, usize>,
}

impl Accounts {
    /// The account that this identity opens.
    pub(crate) fn linked_to(&self, identity: &Identity) -> Option<Account> {
        let table = self.table();
        table.linked.get(identity).and_then(|id| table.accounts.get(*id)).cloned()
    }

    /// The account that a password opens at this address.
    pub(crate) fn of_address(&self, email: &str) -> Option<Account> {
        let email = email.trim().to_lowercase();
        self.table().accounts.iter().find(|account| account.email.as_ref() == Some(&email)).cloned()
    }

    /// From now on the identity opens this account.
    pub(crate) fn link(&self, identity: Identity, account: &Account) {
        self.table().linked.insert(identity, account.id);
    }

    /// An account that this identity alone opens. Of two logins at once, the second gets the first one's.
    pub(crate) fn open_for(&self, identity: Identity, name: &str) -> Account {
        let mut table = self.table();
        if let Some(account) = table.linked.get(&identity).and_then(|id| table.accounts.get(*id)) {
            return account.clone();
        }
        let account = table.add(name, None, String::new());
        table.linked.insert(identity, account.id);
        account
    }

    /// An account that a password opens; none when the address has one. (Here ends the example: an application sends
    /// a message to the address first.)
    pub(crate) async fn sign_up(&self, typed: Credentials) -> Result<Option<Account>, JoinError> {
        let Credentials { email, password } = typed;
        let hash = spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).ok()).await?;
        let (email, mut table) = (email.trim().to_lowercase(), self.table());
        let taken = table.accounts.iter().any(|account| account.email.as_ref() == Some(&email));
        let hash = hash.filter(|_| !taken);
        Ok(hash.map(|hash| table.add(&email, Some(email.clone()), hash.to_string())))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn add(&mut self, name: &str, email: Option<String>, password: String) -> Account {
        let account = Account { id: self.accounts.len(), name: name.to_owned(), email, password };
        self.accounts.push(account.clone());
        account
    }
}

impl AuthnBackend for Accounts {
    type User = Account;
    type Credentials = Credentials;
    type Error = JoinError;

    async fn authenticate(&self, typed: Credentials) -> Result<Option<Account>, JoinError> {
        let account = self.of_address(&typed.email);
        spawn_blocking(move || {
            // As much work for an address without an account, so that nobody can tell.
            let hash = account.as_ref().map_or(NOBODY, |account| &account.password);
            let hash = PasswordHash::new(hash).ok()?;
            Argon2::default().verify_password(typed.password.as_bytes(), &hash).ok()?;
            account
        })
        .await
    }

    async fn get_user(&self, id: &usize) -> Result<Option<Account>, JoinError> {
        Ok(self.table().accounts.get(*id).cloned())
    }
}

impl AuthUser for Account {
    type Id = usize;

    fn id(&self) -> usize {
        self.id
    }

    /// Another password ends all sessions.
    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Account").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<&Login> for Identity {
    fn from(login: &Login) -> Self {
        Self { marketplace: login.marketplace().to_string(), user: login.user().real_id().to_string() }
    }
}

impl From<&Session> for Identity {
    fn from(session: &Session) -> Self {
        Self { marketplace: session.marketplace().to_string(), user: session.user().to_string() }
    }
}

/// A hash that no password has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cy1zYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_an_account_costs_as_much_work_as_one_with() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = Argon2::default().hash_password(b"password").unwrap();
        assert_eq!((&nobody.algorithm, &nobody.params), (&somebody.algorithm, &somebody.params));
        assert_eq!(nobody.hash.map(|hash| hash.len()), somebody.hash.map(|hash| hash.len()));
        for password in ["", "password"] {
            assert!(Argon2::default().verify_password(password.as_bytes(), &nobody).is_err());
        }
    }
}

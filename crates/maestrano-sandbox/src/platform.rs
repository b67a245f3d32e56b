use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    error::Error,
    fault::Faults,
    keys::SigningKey,
    options::Signature,
    store::{Store, StoredKey},
};

/// What every request handler shares.
pub(crate) struct Platform {
    /// `http://127.0.0.1:4000`.
    pub(crate) url: String,
    pub(crate) reach: Reach,
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) recheck: Duration,
    pub(crate) session_checks: Counter,
    pub(crate) configuration_fetches: Counter,
}

/// Who can reach the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine only.
    Loopback,
    /// Whoever the network lets through.
    Network,
}

/// Counts requests.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// One signing key for each marketplace, and a stranger's for faults.
pub(crate) struct Keys {
    of_marketplaces: HashMap<String, Arc<SigningKey>>,
    /// Signs for apps that no marketplace of ours offers.
    first: Arc<SigningKey>,
    stranger: OnceLock<Arc<SigningKey>>,
}

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Keys {
    /// Reads the keys, and makes and keeps those that are missing.
    pub(crate) async fn of(store: &Store, signature: Signature) -> Result<Self, Error> {
        let mut of_marketplaces = HashMap::new();
        let mut first = None;
        for marketplace in store.marketplaces().await? {
            let key = match store.signing_key(&marketplace, signature).await? {
                Some(StoredKey { private, certificate }) => {
                    SigningKey::from_pem(signature, &private, certificate)?
                }
                None => {
                    let key = generate(signature, marketplace.clone()).await?;
                    let stored = StoredKey {
                        private: key.private_pem()?,
                        certificate: key.certificate_pem().to_owned(),
                    };
                    store.keep_signing_key(&marketplace, signature, stored).await?;
                    key
                }
            };
            let key = Arc::new(key);
            first.get_or_insert_with(|| Arc::clone(&key));
            of_marketplaces.insert(marketplace, key);
        }
        let Some(first) = first else {
            return Err(Error::Seed { problems: vec!["it names no marketplace".to_owned()] });
        };
        Ok(Self { of_marketplaces, first, stranger: OnceLock::new() })
    }

    /// The key that signs for this marketplace, or for apps of none.
    pub(crate) fn of_marketplace(&self, marketplace: Option<&str>) -> &Arc<SigningKey> {
        marketplace.and_then(|name| self.of_marketplaces.get(name)).unwrap_or(&self.first)
    }

    pub(crate) fn certificate_pem(&self, marketplace: &str) -> Option<&str> {
        self.of_marketplaces.get(marketplace).map(|key| key.certificate_pem())
    }

    /// A key that no configuration names.
    pub(crate) async fn stranger(&self) -> Result<&Arc<SigningKey>, Error> {
        if let Some(key) = self.stranger.get() {
            return Ok(key);
        }
        let key = generate(self.first.signature(), "stranger".to_owned()).await?;
        Ok(self.stranger.get_or_init(|| Arc::new(key)))
    }
}

async fn generate(signature: Signature, owner: String) -> Result<SigningKey, Error> {
    tokio::task::spawn_blocking(move || SigningKey::generate(signature, &owner))
        .await
        .map_err(|source| Error::SigningKey(source.into()))?
}

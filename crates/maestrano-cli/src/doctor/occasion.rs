//! What a response is checked against: the settings of an application, or what the command line says.

use std::time::Duration;

use maestrano::config::{CreationMode, Settings};
use maestrano::saml::{Certificate, Expectations, Trust};
use maestrano::transport::Reqwest;
use time::UtcDateTime;

use super::{Error, Response};

/// Who waits for the response, and when it arrives.
pub(super) struct Occasion {
    trust: Trust,
    pub(super) acs_url: String,
    known_as: Vec<String>,
    request: Option<String>,
    clock_allowance: Duration,
    pub(super) creation_mode: CreationMode,
    pub(super) now: UtcDateTime,
}

impl Occasion {
    pub(super) async fn of(response: &Response) -> Result<Self, Error> {
        let mut occasion = match &response.marketplace {
            Some(name) => Self::fetch(name).await?,
            None => Self::read(response)?,
        };
        if let Some(acs) = &response.acs {
            occasion.acs_url.clone_from(acs);
        }
        if let Some(seconds) = response.allowance {
            occasion.clock_allowance = Duration::from_secs(seconds.into());
        }
        occasion.known_as.extend(response.audience.iter().cloned());
        occasion.request.clone_from(&response.request);
        occasion.now = response.at.unwrap_or_else(UtcDateTime::now);
        Ok(occasion)
    }

    /// As the application has it when it starts.
    async fn fetch(name: &str) -> Result<Self, Error> {
        let transport = Reqwest::new().map_err(|error| Error::Client(error.into()))?;
        let configuration = Settings::from_env().plan()?.load(&transport).await?;
        let known =
            || configuration.marketplaces().map(|it| it.name().as_str()).collect::<Vec<_>>().join(", ");
        let marketplace = configuration
            .marketplace(name)
            .ok_or_else(|| Error::NoMarketplace { name: name.to_owned(), known: known() })?;
        let host = marketplace.app_host().as_str();
        let known_as = [host, host.trim_end_matches('/'), marketplace.app_id().as_str()];
        Ok(Self {
            trust: marketplace.trust().clone(),
            acs_url: marketplace.acs_url().to_owned(),
            known_as: known_as.map(str::to_owned).into(),
            clock_allowance: configuration.rules().clock_allowance(),
            creation_mode: marketplace.creation_mode(),
            request: None,
            now: UtcDateTime::UNIX_EPOCH,
        })
    }

    /// From the command line alone.
    fn read(response: &Response) -> Result<Self, Error> {
        let mut certificates = Vec::new();
        for file in &response.certificate {
            let content = super::read(file)?;
            let certificate = Certificate::parse(&String::from_utf8_lossy(&content));
            certificates
                .push(certificate.map_err(|source| Error::Certificate { file: file.clone(), source })?);
        }
        Ok(Self {
            trust: Trust::new(certificates, response.fingerprint.clone()),
            acs_url: String::new(),
            known_as: Vec::new(),
            clock_allowance: Duration::from_secs(60),
            creation_mode: CreationMode::default(),
            request: None,
            now: UtcDateTime::UNIX_EPOCH,
        })
    }

    pub(super) fn audiences(&self) -> Vec<&str> {
        self.known_as.iter().map(String::as_str).collect()
    }

    pub(super) fn expectations<'a>(&'a self, audiences: &'a [&'a str]) -> Expectations<'a> {
        let expectations = Expectations::new(&self.trust, &self.acs_url)
            .audiences(audiences)
            .clock_allowance(self.clock_allowance);
        match &self.request {
            Some(request) => expectations.request_id(request),
            None => expectations,
        }
    }
}

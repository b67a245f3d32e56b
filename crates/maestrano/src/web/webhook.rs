//! The platform's webhooks: who sends them is checked first, then they are done, then answered.

use bytes::Bytes;
use http::Response;
use tracing::field::Empty;
use tracing::{Instrument, error, info_span, warn};

use super::Exchange;
use super::answer::Answer;
use super::body::{self, MAX_BODY, RequestBody};
use super::reference;
use super::visitor::Visitor;
use crate::config::Marketplace;
use crate::error::chain;
use crate::ids::{GroupId, MarketplaceName, UserId};
use crate::sso::NotTaken;
use crate::telemetry;
use crate::webhook::{self, GroupRemoved, MemberRemoved, Notification};

/// A webhook, as far as its address tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Webhook {
    /// None where the address names no marketplace that is configured.
    pub(super) marketplace: Option<MarketplaceName>,
    pub(super) event: Event,
}

/// What a webhook is about. The identifiers are as they stand in the address, and may be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    GroupRemoved { group: String },
    MemberRemoved { group: String, user: String },
    Notified,
}

impl Event {
    const fn kind(&self) -> &'static str {
        match self {
            Self::GroupRemoved { .. } => "group_removed",
            Self::MemberRemoved { .. } => "member_removed",
            Self::Notified => "notification",
        }
    }
}

/// How a webhook ended.
enum Outcome {
    Done,
    /// No such group or user can be: there is nothing to be done, now or later.
    Nobody,
    Malformed(webhook::Malformed),
    NotTaken(NotTaken),
}

impl Exchange<'_> {
    pub(super) async fn webhook(&self, webhook: &Webhook, body: impl RequestBody) -> Response<Bytes> {
        let kind = webhook.event.kind();
        let configured = |name: &MarketplaceName| self.site.configuration.marketplace(name.as_str());
        let marketplace = webhook.marketplace.as_ref().and_then(configured);
        let trusted = marketplace.filter(|marketplace| webhook::are_right(marketplace, &self.parts.headers));
        let Some(marketplace) = trusted else {
            let name = marketplace.map_or("", |marketplace| marketplace.name().as_str());
            warn!(marketplace = name, kind, "webhook without the right credentials");
            telemetry::webhook(name, kind, "unauthorized");
            return Answer::Unauthorized.response(Visitor::Program);
        };
        let name = marketplace.name();
        let span = info_span!("webhook", marketplace = %name, kind, outcome = Empty);
        let body = match webhook.event {
            Event::Notified => match body::read(body, &self.parts.headers, MAX_BODY).await {
                Ok(body) => body,
                Err(error) => return self.unread(error),
            },
            Event::GroupRemoved { .. } | Event::MemberRemoved { .. } => Bytes::new(),
        };
        let outcome = self.done(marketplace, &webhook.event, &body).instrument(span.clone()).await;
        let (answer, counted) = match outcome {
            Outcome::Done => (Answer::Taken, "done"),
            Outcome::Nobody => {
                warn!(marketplace = %name, kind, "webhook about nobody: the address holds no such identifier");
                (Answer::Taken, "nobody")
            }
            Outcome::Malformed(malformed) => {
                let reference = reference();
                warn!(reference, marketplace = %name, kind, reason = chain(&malformed), "webhook cannot be read");
                (Answer::Malformed { reference }, "malformed")
            }
            Outcome::NotTaken(failed) => {
                let reference = reference();
                error!(reference, marketplace = %name, kind, reason = chain(&failed), "webhook not taken");
                (Answer::NotTaken { reference }, "failed")
            }
        };
        span.record("outcome", counted);
        telemetry::webhook(name.as_str(), kind, counted);
        answer.response(Visitor::Program)
    }

    async fn done(&self, marketplace: &Marketplace, event: &Event, body: &[u8]) -> Outcome {
        let done = match event {
            Event::GroupRemoved { group } => match group.parse::<GroupId>() {
                Ok(group) => self.sso.group_removed(&GroupRemoved::new(marketplace, group), self.now).await,
                Err(_) => return Outcome::Nobody,
            },
            Event::MemberRemoved { group, user } => {
                match (group.parse::<GroupId>(), user.parse::<UserId>()) {
                    (Ok(group), Ok(user)) => {
                        let removed = MemberRemoved::new(marketplace, group, &user);
                        self.sso.member_removed(&removed, self.now).await
                    }
                    _ => return Outcome::Nobody,
                }
            }
            Event::Notified => match Notification::parse(marketplace.name(), body) {
                Ok(notification) => self.sso.notified(&notification).await,
                Err(malformed) => return Outcome::Malformed(malformed),
            },
        };
        done.map_or_else(Outcome::NotTaken, |()| Outcome::Done)
    }
}

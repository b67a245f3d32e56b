//! Somebody no longer uses the application (webhooks.md 5.2).

use crate::config::Marketplace;
use crate::ids::{GroupId, MarketplaceName, UserId};

/// A group has stopped using the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRemoved {
    marketplace: MarketplaceName,
    group: GroupId,
}

impl GroupRemoved {
    pub(crate) fn new(marketplace: &Marketplace, group: GroupId) -> Self {
        Self { marketplace: marketplace.name().clone(), group }
    }

    /// The marketplace that the group belongs to.
    #[must_use]
    pub fn marketplace(&self) -> &MarketplaceName {
        &self.marketplace
    }

    /// The group (`cld-1`).
    #[must_use]
    pub fn group(&self) -> &GroupId {
        &self.group
    }
}

/// A user has left a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRemoved {
    marketplace: MarketplaceName,
    group: GroupId,
    user: UserId,
    real_user: UserId,
}

impl MemberRemoved {
    pub(crate) fn new(marketplace: &Marketplace, group: GroupId, user: &UserId) -> Self {
        let user_there = marketplace.mask_user(user, &group);
        Self { marketplace: marketplace.name().clone(), group, user: user_there, real_user: user.real() }
    }

    /// The marketplace that user and group belong to.
    #[must_use]
    pub fn marketplace(&self) -> &MarketplaceName {
        &self.marketplace
    }

    /// The group (`cld-1`).
    #[must_use]
    pub fn group(&self) -> &GroupId {
        &self.group
    }

    /// The user under the id that the marketplace's creation mode gives: `usr-1`, and in virtual mode
    /// `usr-1.cld-1`, as [`User::id`](crate::User::id) was at the login.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The real user (`usr-1`), as a [`Session`](crate::Session) names it. The user may be a member of other
    /// groups still.
    #[must_use]
    pub fn real_user(&self) -> &UserId {
        &self.real_user
    }
}

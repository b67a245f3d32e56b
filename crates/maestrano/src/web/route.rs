//! The one table of routes.

use std::borrow::Cow;
use std::cell::LazyCell;

use http::Method;
use percent_encoding::percent_decode_str;
use tracing::warn;

use super::webhook::{Event, Webhook};
use crate::config::{Configuration, Marketplace};
use crate::ids::MarketplaceName;
use crate::query::{self, Pair};

/// All routes of a configuration.
#[derive(Debug)]
pub(super) struct Routes {
    choose: String,
    finish: String,
    logout: String,
    /// In the order in which they are tried: a marketplace's own paths first.
    table: Vec<Row>,
    /// The names of the parameters that rows ask for.
    parameters: Vec<String>,
}

/// More parameters that rows ask for are not looked at, so that a long query costs no more than one pass.
const MAX_PARAMETERS: usize = 64;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The choice of a marketplace.
    Choose,
    /// The start of a login.
    Init(MarketplaceName),
    /// The platform's answer.
    Consume(MarketplaceName),
    /// The end of a login.
    Finish,
    /// The end of a session.
    Logout,
    /// What the platform sends by itself.
    Webhook(Webhook),
}

/// What is found for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    To(Target),
    OtherMethod { allow: &'static str },
    None,
}

/// A path, perhaps with a query that must be there, and where it leads. Webhooks have placeholders in it.
#[derive(Debug)]
struct Row {
    path: Vec<Piece>,
    /// What the query must hold, for marketplaces that are told apart by it.
    query: Vec<(String, Piece)>,
    target: Target,
}

/// A segment of a path, or a value in a query.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    /// `:id` and `:group_id` (webhooks.md 5.2).
    Id,
    GroupId,
    /// Any one segment.
    Any,
}

/// What stands in the places of the placeholders.
#[derive(Default)]
struct Found {
    id: String,
    group_id: String,
}

impl Routes {
    pub(super) fn of(configuration: &Configuration) -> Self {
        let mount = configuration.rules().mount().trim_end_matches('/');
        let (choose, finish, logout) = (
            format!("{mount}/auth/saml/init"),
            format!("{mount}/auth/saml/finish"),
            format!("{mount}/logout"),
        );
        let mut table: Vec<Row> = Vec::new();
        for marketplace in configuration.marketplaces() {
            let name = marketplace.name();
            table.push(Row::new(marketplace.init_path(), Target::Init(name.clone())));
            table.push(Row::new(marketplace.consume_path(), Target::Consume(name.clone())));
            table.extend(webhooks(mount, marketplace));
        }
        // What asks for more is tried first: a path with a query before the same path without.
        table.sort_by_key(|row| std::cmp::Reverse(row.query.len()));
        table.push(Row::new(&finish, Target::Finish));
        table.push(Row::new(&logout, Target::Logout));
        table.push(Row::new(&choose, Target::Choose));
        // Addresses that name no marketplace mean the only one, or the default; of one that is not known nobody
        // has the credentials.
        let default = configuration.default_marketplace().map(Marketplace::name);
        table.extend(usual_webhooks(mount, "", default));
        table.extend(usual_webhooks(mount, "", None).map(|mut row| {
            row.path.push(Piece::Any);
            row
        }));
        let mut parameters: Vec<String> =
            table.iter().flat_map(|row| &row.query).map(|(name, _)| name.clone()).collect();
        parameters.sort_unstable();
        parameters.dedup();
        Self { choose, finish, logout, table, parameters }
    }

    pub(super) fn choose(&self) -> &str {
        &self.choose
    }

    pub(super) fn finish(&self) -> &str {
        &self.finish
    }

    pub(super) fn logout(&self) -> &str {
        &self.logout
    }

    fn parameters<'q>(&self, query: &'q str) -> Vec<(Cow<'q, str>, Cow<'q, str>)> {
        let is_asked_for = |pair: &Pair<'_>| self.parameters.iter().any(|name| pair.is_named(name));
        query::pairs(query.as_bytes()).filter(is_asked_for).take(MAX_PARAMETERS).map(Pair::decoded).collect()
    }

    pub(super) fn find(&self, method: &Method, path: &str, query: &str) -> Route {
        let query = LazyCell::new(|| self.parameters(query));
        let mut found = self.table.iter().filter_map(|row| row.target_of(path, || &query)).peekable();
        let Some(first) = found.peek() else {
            return Route::None;
        };
        let allow = first.allow();
        match found.find(|target| target.allows(method)) {
            Some(target) => Route::To(target),
            None => Route::OtherMethod { allow },
        }
    }
}

/// The parameters of a query that rows ask for.
type Parameters<'q> = [(Cow<'q, str>, Cow<'q, str>)];

/// The webhooks of a marketplace: where its configuration says, else at the usual places.
fn webhooks(mount: &str, marketplace: &Marketplace) -> Vec<Row> {
    let name = marketplace.name();
    let paths = marketplace.webhooks();
    let configured = [&paths.group, &paths.member, &paths.notification];
    let usual = usual_webhooks(mount, &format!("/{name}"), Some(name));
    let row = |(path, usual): (&Option<String>, Row)| {
        let Some(path) = path else { return usual };
        let row = Row::new(path, usual.target.clone());
        if row.names_all() {
            return row;
        }
        warn!(marketplace = %name, path, "a webhook's path has no :id or :group_id: the usual path is taken");
        usual
    };
    configured.into_iter().zip(usual).map(row).collect()
}

/// Group, member, notification (webhooks.md 5.1).
fn usual_webhooks(mount: &str, tenant: &str, marketplace: Option<&MarketplaceName>) -> [Row; 3] {
    let target = |event| Target::Webhook(Webhook { marketplace: marketplace.cloned(), event });
    let (group, user) = (String::new(), String::new());
    [
        Row::new(
            &format!("{mount}/account/groups/:id{tenant}"),
            target(Event::GroupRemoved { group: group.clone() }),
        ),
        Row::new(
            &format!("{mount}/account/groups/:group_id/users/:id{tenant}"),
            target(Event::MemberRemoved { group, user }),
        ),
        Row::new(&format!("{mount}/connec/notifications{tenant}"), target(Event::Notified)),
    ]
}

impl Row {
    fn new(path: &str, target: Target) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.split('/').map(Piece::of).collect();
        let query = form_urlencoded::parse(query.as_bytes());
        let query = query.map(|(name, value)| (name.into_owned(), Piece::of(&value))).collect();
        Self { path, query, target }
    }

    /// Whether there is a place for every identifier that the webhook needs.
    fn names_all(&self) -> bool {
        let has = |piece: &Piece| self.path.contains(piece) || self.query.iter().any(|(_, it)| it == piece);
        match &self.target {
            Target::Webhook(Webhook { event: Event::GroupRemoved { .. }, .. }) => has(&Piece::Id),
            Target::Webhook(Webhook { event: Event::MemberRemoved { .. }, .. }) => {
                has(&Piece::Id) && has(&Piece::GroupId)
            }
            _ => true,
        }
    }

    /// Where the row leads, if it is about this path and query.
    fn target_of<'q>(&self, path: &str, query: impl FnOnce() -> &'q Parameters<'q>) -> Option<Target> {
        let mut found = Found::default();
        let mut segments = path.split('/');
        for piece in &self.path {
            let segment = segments.next()?;
            match piece {
                Piece::Any => {}
                Piece::Plain(plain) if plain == segment => {}
                Piece::Plain(_) => return None,
                placeholder => {
                    let text = percent_decode_str(segment).decode_utf8().ok()?;
                    found.put(placeholder, &text).then_some(())?;
                }
            }
        }
        if segments.next().is_some() {
            return None;
        }
        let query = if self.query.is_empty() { &[] } else { query() };
        for (name, piece) in &self.query {
            let mut values = query.iter().filter(|(key, _)| key == name);
            match piece {
                Piece::Any => {}
                Piece::Plain(plain) => values.find(|(_, value)| value == plain).map(drop)?,
                placeholder => values.find(|(_, value)| found.put(placeholder, value)).map(drop)?,
            }
        }
        let mut target = self.target.clone();
        if let Target::Webhook(webhook) = &mut target {
            match &mut webhook.event {
                Event::GroupRemoved { group } => *group = found.id,
                Event::MemberRemoved { group, user } => (*group, *user) = (found.group_id, found.id),
                Event::Notified => {}
            }
        }
        Some(target)
    }
}

impl Piece {
    fn of(text: &str) -> Self {
        match text {
            ":id" => Self::Id,
            ":group_id" => Self::GroupId,
            plain => Self::Plain(plain.to_owned()),
        }
    }
}

impl Found {
    /// Whether there was something to put into the placeholder's place.
    fn put(&mut self, placeholder: &Piece, text: &str) -> bool {
        let place = match placeholder {
            Piece::GroupId => &mut self.group_id,
            _ => &mut self.id,
        };
        text.clone_into(place);
        !text.is_empty()
    }
}

impl Target {
    fn allow(&self) -> &'static str {
        match self {
            Self::Choose | Self::Init(_) => "GET, HEAD",
            Self::Consume(_) | Self::Webhook(Webhook { event: Event::Notified, .. }) => "POST",
            // A HEAD would use the ticket up.
            Self::Finish => "GET",
            Self::Logout => "GET, POST",
            Self::Webhook(_) => "DELETE",
        }
    }

    fn allows(&self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

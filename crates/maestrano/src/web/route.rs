//! The one table of routes.

use http::Method;

use crate::config::Configuration;
use crate::ids::MarketplaceName;

/// All routes of a configuration.
#[derive(Debug)]
pub(super) struct Routes {
    choose: String,
    finish: String,
    logout: String,
    /// In the order in which they are tried: a marketplace's own paths first.
    table: Vec<Row>,
}

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
}

/// What is found for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    To(&'a Target),
    OtherMethod { allow: &'static str },
    None,
}

#[derive(Debug)]
struct Row {
    path: String,
    /// What the query must hold, for marketplaces that are told apart by it.
    query: Vec<(String, String)>,
    target: Target,
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
        }
        // What asks for more is tried first: a path with a query before the same path without.
        table.sort_by_key(|row| std::cmp::Reverse(row.query.len()));
        table.push(Row::new(&finish, Target::Finish));
        table.push(Row::new(&logout, Target::Logout));
        table.push(Row::new(&choose, Target::Choose));
        Self { choose, finish, logout, table }
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

    pub(super) fn find(&self, method: &Method, path: &str, query: &str) -> Route<'_> {
        let mut found = self.table.iter().filter(|row| row.matches(path, query)).peekable();
        let Some(first) = found.peek() else {
            return Route::None;
        };
        let allow = first.target.allow();
        match found.find(|row| row.target.allows(method)) {
            Some(row) => Route::To(&row.target),
            None => Route::OtherMethod { allow },
        }
    }
}

impl Row {
    fn new(path: &str, target: Target) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { path: path.to_owned(), query, target }
    }

    fn matches(&self, path: &str, query: &str) -> bool {
        let holds = |(name, value): &(String, String)| {
            form_urlencoded::parse(query.as_bytes()).any(|(key, text)| key == *name && text == *value)
        };
        self.path == path && self.query.iter().all(holds)
    }
}

impl Target {
    fn allow(&self) -> &'static str {
        match self {
            Self::Choose | Self::Init(_) => "GET, HEAD",
            Self::Consume(_) => "POST",
            // A HEAD would use the ticket up.
            Self::Finish => "GET",
            Self::Logout => "GET, POST",
        }
    }

    fn allows(&self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

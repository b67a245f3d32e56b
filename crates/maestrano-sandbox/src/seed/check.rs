//! What can be wrong with a seed.

use std::collections::HashSet;

use url::Url;

use super::Seed;
use crate::error::Error;

impl Seed {
    /// Every contradiction, as sentences.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut problems = Vec::new();
        let platform = &self.dev_platform;
        let environments: Vec<&str> = platform.environments.iter().map(|e| e.name.as_str()).collect();
        let marketplaces: Vec<&str> = platform.marketplaces.iter().map(|m| m.name.as_str()).collect();
        let apps: Vec<&str> = self.apps.iter().map(|app| app.id.as_str()).collect();
        let groups: Vec<&str> = self.groups.iter().map(|group| group.id.as_str()).collect();
        let users: Vec<&str> = self.users.iter().map(|user| user.id.as_str()).collect();
        let emails: Vec<String> = self.users.iter().map(|user| user.email.to_lowercase()).collect();

        for (kind, ids) in [("environment", &environments), ("marketplace", &marketplaces)] {
            if ids.is_empty() {
                problems.push(format!("it names no {kind}"));
            }
        }
        for (kind, ids) in [
            ("environment", &environments),
            ("marketplace", &marketplaces),
            ("app", &apps),
            ("group", &groups),
            ("user", &users),
        ] {
            let mut seen = HashSet::new();
            for id in ids {
                if !is_identifier(id) {
                    problems.push(format!("the {kind} {id:?} must be made of letters, digits, - and _"));
                }
                if !seen.insert(id) {
                    problems.push(format!("the {kind} {id:?} comes twice"));
                }
            }
        }
        let mut keys = HashSet::new();
        for environment in platform.environments.iter().filter(|environment| !keys.insert(&environment.key)) {
            problems.push(format!("the environment {:?} has the key of another", environment.name));
        }
        for marketplace in &platform.marketplaces {
            for path in [&marketplace.init_path, &marketplace.consume_path] {
                if !path.starts_with('/') || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
                    problems.push(format!(
                        "the path {path:?} of {:?} must begin with / and be a part of an URL",
                        marketplace.name
                    ));
                }
            }
        }
        let mut seen = HashSet::new();
        for email in emails.iter().filter(|email| !seen.insert(*email)) {
            problems.push(format!("the e-mail {email:?} comes twice"));
        }
        let mut places = HashSet::new();
        for app in &self.apps {
            if let Some(name) = app.environment.as_deref().filter(|name| !environments.contains(name)) {
                problems.push(format!("the app {:?} names the unknown environment {name:?}", app.id));
            }
            if app.marketplace.is_some() && !places.insert((&app.environment, &app.marketplace)) {
                problems.push(format!("the app {:?} takes another's place at the marketplace", app.id));
            }
            if let Err(problem) = app_host(&self.host_of(app)) {
                problems.push(format!("the app {:?}: {problem}", app.id));
            }
            if let Some(name) = app.marketplace.as_deref().filter(|name| !marketplaces.contains(name)) {
                problems.push(format!("the app {:?} names the unknown marketplace {name:?}", app.id));
            }
        }
        for group in &self.groups {
            for app in group.uses().filter(|app| !apps.contains(app)) {
                problems.push(format!("the group {:?} uses the unknown app {app:?}", group.id));
            }
        }
        for user in &self.users {
            for group in user.groups.keys().filter(|group| !groups.contains(&group.as_str())) {
                problems.push(format!("the user {:?} is in the unknown group {group:?}", user.id));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::Seed { problems }) }
    }
}

/// Reads an app's address: http or https, a host, perhaps a port, nothing else. Without the slash at its end.
pub(crate) fn app_host(text: &str) -> Result<String, String> {
    let refused = || format!("{text:?} is not the address of an app, such as http://localhost:3000");
    let url = Url::parse(text).map_err(|_| refused())?;
    let bare = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if bare { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(refused()) }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contradiction_of_a_seed_is_listed_at_once() {
        let seed = r#"{"dev_platform": {"marketplaces": ["a", {"name": "c", "init_path": "x"}], "environments": [
                {"name": "one", "key": "1", "secret": "s"}, {"name": "two", "key": "1", "secret": "s"}]},
            "apps": [{"id": "app 1", "name": "", "key": "", "host": "ftp://x", "marketplace": "b"},
                     {"id": "app-2", "name": "", "key": "", "environment": "three", "marketplace": "a"},
                     {"id": "app-3", "name": "", "key": "", "environment": "three", "marketplace": "a"}],
            "groups": [{"id": "cld-1", "name": "", "app": "app-9"}],
            "users": [{"id": "u", "name": "", "surname": "", "email": "a@b", "groups": {"cld-9": "Admin"}},
                      {"id": "u", "name": "", "surname": "", "email": "A@b", "groups": {}}]}"#;
        let Err(Error::Seed { problems }) = Seed::from_json(seed) else { panic!("accepted") };
        assert_eq!(problems.len(), 12, "{problems:?}");
    }
}

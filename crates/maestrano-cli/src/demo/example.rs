//! The example applications of this workspace.

use std::path::PathBuf;

/// An example application. At the platform it has an app and an environment of its own.
#[derive(Debug)]
pub(crate) struct Example {
    /// Its package and its binary.
    pub(crate) package: &'static str,
    /// What people call it: the words on its tile.
    pub(crate) name: &'static str,
    /// Its app at the platform.
    pub(crate) app: &'static str,
}

/// Every example, in the order of their ports and tiles.
pub(crate) const EXAMPLES: [Example; 3] = [
    Example { package: "crm-axum", name: "CRM on axum", app: "app-1" },
    Example { package: "crm-actix", name: "CRM on actix-web", app: "app-2" },
    Example { package: "crm-rocket", name: "CRM on Rocket", app: "app-3" },
];

/// A binary to run instead of building an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// The example's package.
    pub(crate) package: &'static str,
    /// The binary.
    pub(crate) binary: PathBuf,
}

impl std::str::FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = text.split_once('=').filter(|(_, path)| !path.is_empty());
        let (package, path) = named.ok_or("write EXAMPLE=PATH, such as crm-axum=target/release/crm-axum")?;
        let packages = EXAMPLES.map(|example| example.package);
        let package = packages.into_iter().find(|name| *name == package).ok_or_else(|| {
            format!("there is no example {package:?}; the examples are {}", packages.join(", "))
        })?;
        Ok(Self { package, binary: PathBuf::from(path) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_binary_is_named_after_its_example() {
        let given = Given { package: "crm-rocket", binary: PathBuf::from("a=b/c") };
        assert_eq!("crm-rocket=a=b/c".parse(), Ok(given));
        for wrong in ["", "target/crm-axum", "crm-axum", "crm-axum="] {
            assert!(wrong.parse::<Given>().unwrap_err().contains("EXAMPLE=PATH"), "{wrong}");
        }
        let unknown = "crm-warp=x".parse::<Given>().unwrap_err();
        assert!(unknown.contains("\"crm-warp\"") && unknown.contains("crm-axum, crm-actix, crm-rocket"));
    }
}

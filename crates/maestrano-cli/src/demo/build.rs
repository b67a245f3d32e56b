//! Builds the example applications with cargo.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use super::Error;

/// Builds the packages and says where their binaries are, in the same order.
///
/// # Errors
/// [`Error::Cargo`] when there is no cargo, [`Error::Build`] with cargo's own words when it fails.
pub(crate) async fn binaries(packages: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    // Set when cargo itself runs us; otherwise the workspace is the one we stand in.
    if let Some(directory) = env::var_os("CARGO_MANIFEST_DIR") {
        cargo.current_dir(directory);
    }
    let built = cargo.stdin(Stdio::null()).kill_on_drop(true).output().await.map_err(Error::Cargo)?;
    if !built.status.success() {
        return Err(Error::Build(String::from_utf8_lossy(&built.stderr).trim_end().to_owned()));
    }
    let messages = String::from_utf8_lossy(&built.stdout);
    let find = |package: &&str| {
        let binary = messages.lines().find_map(|message| executable(message, package));
        binary.ok_or_else(|| Error::Build(format!("nothing about a binary of {package}")))
    };
    packages.iter().map(find).collect()
}

/// The binary of the package, when this message of cargo tells of it.
fn executable(message: &str, package: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }

    let artifact: Artifact = serde_json::from_str(message).ok()?;
    artifact.executable.filter(|_| artifact.target.name == package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_is_the_one_that_cargo_names() {
        let message = r#"{"reason":"compiler-artifact","target":{"name":"crm-axum","kind":["bin"]},
            "executable":"/anywhere/debug/crm-axum"}"#;
        assert_eq!(executable(message, "crm-axum"), Some(PathBuf::from("/anywhere/debug/crm-axum")));
        assert_eq!(executable(message, "crm-rocket"), None);
        assert_eq!(executable(r#"{"target":{"name":"crm-axum"},"executable":null}"#, "crm-axum"), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#, "crm-axum"), None);
        assert_eq!(executable("warning", "crm-axum"), None);
    }
}

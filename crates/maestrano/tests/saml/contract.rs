//! The folder with what was recorded of the originals. It is no part of this repository: `MNO_CONTRACT` says
//! where it is, else it is looked for beside the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder, if there is one; else says so in a line.
pub(crate) fn folder(what: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contract");
    let folder = std::env::var_os("MNO_CONTRACT").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("contract folder absent: 0 {what} ran");
    None
}

/// A text file in the folder.
pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file in the folder.
pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

/// A text inside a JSON value, by its pointer.
pub(crate) fn field<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer}"))
}

//! The recorded data of the original platform, where they are at hand.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of recorded data: `MNO_CONTRACT`, else beside the workspace. `None`, with a line that says so, when
/// there is none.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("MNO_CONTRACT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contract"),
        PathBuf::from,
    );
    if folder.join("transcripts/seeds.json").is_file() {
        return Some(folder);
    }
    println!("the recorded data are not here (set MNO_CONTRACT): nothing was compared");
    None
}

pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One recorded request and its answer.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Absent when only the status counts.
    pub(crate) body: Option<String>,
}

pub(crate) fn rows(folder: &Path, file: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("transcripts/server").join(file)).expect("the transcript");
    text.lines().map(|line| Row::from(&serde_json::from_str::<Value>(line).expect("JSON"))).collect()
}

impl From<&Value> for Row {
    fn from(row: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (request, response) = (&row["request"], &row["response"]);
        let query = text(&request["query"]);
        let separator = if query.is_empty() { "" } else { "?" };
        let headers = request["headers"].as_object().into_iter().flatten();
        Self {
            name: text(&row["name"]),
            method: text(&request["method"]),
            path: format!("{}{separator}{query}", text(&request["path"])),
            headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
            status: response["status"].as_u64().and_then(|it| it.try_into().ok()).expect("a status"),
            content_type: text(&response["headers"]["content-type"]),
            body: response["body"].as_str().map(str::to_owned),
        }
    }
}

//! The cases, each a function named by its rule. [`suite!`](crate::suite) lists them.

pub mod answers;
pub mod bodies;
pub mod chromium;
pub mod contacts;
pub mod cookies;
pub mod ended;
pub mod guard;
pub mod hostile;
pub mod login;
pub mod logout;
pub mod many;
pub mod marketplaces;
pub mod methods;
pub mod outcomes;
pub mod place;
pub mod processes;
pub mod recheck;
pub mod refused;
pub mod repeats;
pub mod scenarios;
pub mod settings;
pub mod touched;

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_case_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
        let list = include_str!("../suite.rs");
        let mut count = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for case in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next())
            {
                assert!(list.contains(&format!(" {case},")), "{case} is not in the list");
                count += 1;
            }
        }
        assert!(count >= 64, "only {count} cases");
    }
}

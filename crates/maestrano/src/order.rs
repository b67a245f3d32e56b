//! Modules flow one way: each uses only what stands below it in `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn a_module_uses_only_what_stands_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let library = fs::read_to_string(source.join("lib.rs")).unwrap();
    let order: Vec<&str> =
        library.lines().filter_map(declared_module).filter(|name| *name != "order").collect();
    assert!(order.len() > 10 && order.first() == Some(&"maestrano"), "the modules of lib.rs: {order:?}");
    let mut uses = 0;
    let mut upward = Vec::new();
    for (position, module) in order.iter().enumerate() {
        for file in files(&source, module) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for used in line.split("crate::").skip(1) {
                    let name: String = used
                        .chars()
                        .take_while(|character| character.is_alphanumeric() || *character == '_')
                        .collect();
                    uses += 1;
                    match order.iter().position(|module| *module == name) {
                        Some(below) if below >= position => {}
                        found => upward.push(format!("{}: crate::{name} ({found:?})", file.display())),
                    }
                }
            }
        }
    }
    assert!(uses > 30, "only {uses} uses were found");
    assert!(upward.is_empty(), "uses of what stands above:\n{}", upward.join("\n"));
}

fn declared_module(line: &str) -> Option<&str> {
    line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';')
}

fn files(source: &Path, module: &str) -> Vec<PathBuf> {
    let mut found = vec![source.join(format!("{module}.rs"))];
    let mut folders = vec![source.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs") && path.exists());
    found
}

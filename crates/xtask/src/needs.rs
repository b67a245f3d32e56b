//! What the tests need beside Rust: found, installed, or asked for.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that the tests or the build call, or a library.
struct Need {
    program: &'static str,
    purpose: &'static str,
    /// The package that brings it, by installer: `apt-get`, `dnf`, `brew`, `pacman`.
    packages: [&'static str; 4],
}

const NEEDS: [Need; 8] = [
    Need {
        program: "xmlsec1",
        purpose: "checks the sandbox's signatures",
        packages: ["xmlsec1", "xmlsec1", "libxmlsec1", "xmlsec"],
    },
    Need {
        program: "chromium",
        purpose: "signs in as people do",
        packages: ["chromium", "chromium", "--cask chromium", "chromium"],
    },
    Need {
        program: "chromedriver",
        purpose: "leads chromium",
        packages: ["chromium-driver", "chromedriver", "--cask chromedriver", "chromium"],
    },
    Need {
        program: "xmlsec1-config",
        purpose: "knows the libraries of the second verifier",
        packages: ["libxmlsec1-dev", "xmlsec1-openssl-devel", "libxmlsec1", "xmlsec"],
    },
    Need {
        program: "pkg-config",
        purpose: "finds them",
        packages: ["pkg-config", "pkgconf-pkg-config", "pkgconf", "pkgconf"],
    },
    Need {
        program: LIBCLANG,
        purpose: "reads their headers",
        packages: ["libclang-dev", "clang-devel", "llvm", "clang"],
    },
    Need {
        program: REDIS,
        purpose: "is the memory of many processes",
        packages: ["redis-server", "redis", "redis", "valkey"],
    },
    Need {
        program: "nginx",
        purpose: "stands before many processes",
        packages: ["nginx", "nginx", "nginx", "nginx"],
    },
];

/// The one library among them; it has no program.
const LIBCLANG: &str = "libclang";

/// Valkey will do as well.
const REDIS: &str = "redis-server";

/// The package managers whose package names are known, and how each installs.
const INSTALLERS: [(&str, &str); 4] = [
    ("apt-get", "apt-get install --yes --no-install-recommends"),
    ("dnf", "dnf install"),
    ("brew", "brew install"),
    ("pacman", "pacman -S"),
];

/// What a machine has and allows.
pub(crate) struct Machine {
    has: Box<dyn Fn(&str) -> bool>,
    root: bool,
}

/// What to do about what is missing.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing.
    Ready,
    /// Install these Debian packages.
    Install(Vec<&'static str>),
    /// Ask a person to.
    Ask(String),
}

impl Machine {
    /// The one this runs on.
    pub(crate) fn this() -> Self {
        Self { has: Box::new(is_there), root: is_root() }
    }
}

/// Says what is there, and installs what is missing where it can.
pub(crate) fn satisfy(machine: &Machine) -> Result<(), String> {
    for Need { program, purpose, .. } in &NEEDS {
        let found = if (machine.has)(program) { "found" } else { "missing" };
        println!("   {program:<15} {found:<8} {purpose}");
    }
    match plan(machine) {
        Plan::Ready => Ok(()),
        Plan::Ask(request) => Err(request),
        Plan::Install(packages) => {
            apt_get(&["update", "--quiet=2"])?;
            let mut arguments = vec!["install", "--quiet=2", "--yes", "--no-install-recommends"];
            arguments.extend(packages);
            apt_get(&arguments)?;
            match plan(machine) {
                Plan::Ready => Ok(()),
                _ => Err("the packages are installed and their programs are still not found.".to_owned()),
            }
        }
    }
}

fn plan(machine: &Machine) -> Plan {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(machine.has)(need.program)).collect();
    if missing.is_empty() {
        return Plan::Ready;
    }
    let programs: Vec<_> = missing.iter().map(|need| need.program).collect();
    let programs = programs.join(", ");
    for (column, (installer, command)) in INSTALLERS.iter().enumerate() {
        if !(machine.has)(installer) {
            continue;
        }
        let mut packages: Vec<&'static str> = Vec::new();
        for package in missing.iter().filter_map(|need| need.packages.get(column).copied()) {
            if !packages.contains(&package) {
                packages.push(package);
            }
        }
        if *installer == "apt-get" && machine.root {
            return Plan::Install(packages);
        }
        let sudo = if *installer == "brew" || machine.root { "" } else { "sudo " };
        // Homebrew takes programs with windows by another flag: one command each.
        let separator = if *installer == "brew" { format!("` and `{command} ") } else { " ".to_owned() };
        let packages = packages.join(&separator);
        return Plan::Ask(format!(
            "{programs} cannot be found. Run `{sudo}{command} {packages}`, then this again."
        ));
    }
    Plan::Ask(format!(
        "{programs} cannot be found. Install them with your package manager, then run this again."
    ))
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    println!("   apt-get {}", arguments.join(" "));
    let status = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`apt-get {}` failed ({status}).", arguments.join(" "))),
        Err(error) => Err(format!("apt-get cannot be started: {error}.")),
    }
}

fn is_there(program: &str) -> bool {
    if program == LIBCLANG {
        return has_libclang();
    }
    if program == REDIS && is_there("valkey-server") {
        return true;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian's servers are where only root looks.
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.any(|folder| folder.join(program).is_file());
    // Homebrew links no command for the browser itself.
    found || (program == "chromium" && Path::new("/Applications/Chromium.app").exists())
}

/// Looks where bindgen does.
fn has_libclang() -> bool {
    let given = env::var_os("LIBCLANG_PATH").map(PathBuf::from);
    let versions = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let usual = ["/usr/lib", "/usr/lib64", "/opt/homebrew/opt/llvm/lib", "/usr/local/opt/llvm/lib"];
    let usual = usual.into_iter().map(PathBuf::from);
    let mut folders = given.into_iter().chain(versions.map(|path| path.join("lib"))).chain(usual);
    let is_libclang = |name: &str| {
        let library = name.contains(".so") || name.ends_with(".dylib");
        library && (name.starts_with("libclang.") || name.starts_with("libclang-") && !name.contains("cpp"))
    };
    folders.any(|folder| {
        let mut files = fs::read_dir(folder).into_iter().flatten().flatten();
        files.any(|file| file.file_name().to_str().is_some_and(is_libclang))
    })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(programs: &'static [&'static str], root: bool) -> Machine {
        Machine { has: Box::new(|program| programs.contains(&program)), root }
    }

    fn asks(machine: &Machine) -> String {
        match plan(machine) {
            Plan::Ask(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_machine_that_has_everything_is_left_alone() {
        let all = &[
            "xmlsec1",
            "chromium",
            "chromedriver",
            "xmlsec1-config",
            "pkg-config",
            "libclang",
            "redis-server",
            "nginx",
        ];
        assert_eq!(plan(&machine(all, false)), Plan::Ready);
    }

    #[test]
    fn root_on_debian_installs_what_is_missing_only() {
        let machine = machine(&["apt-get", "chromium", "pkg-config"], true);
        let packages =
            vec!["xmlsec1", "chromium-driver", "libxmlsec1-dev", "libclang-dev", "redis-server", "nginx"];
        assert_eq!(plan(&machine), Plan::Install(packages));
    }

    #[test]
    fn others_are_told_the_command_of_their_system() {
        let debian = asks(&machine(&["apt-get", "xmlsec1", "pkg-config", "libclang", "nginx"], false));
        assert!(debian.contains(
            "`sudo apt-get install --yes --no-install-recommends chromium chromium-driver libxmlsec1-dev redis-server`"
        ));
        assert!(
            asks(&machine(&["dnf"], true))
                .contains("`dnf install xmlsec1 chromium chromedriver xmlsec1-openssl-devel")
        );
        let mac = asks(&machine(&["brew"], false));
        assert!(mac.contains("`brew install libxmlsec1` and `brew install --cask chromium` and"), "{mac}");
        assert!(
            asks(&machine(&["pacman"], false))
                .contains("`sudo pacman -S xmlsec chromium pkgconf clang valkey nginx`")
        );
        assert!(asks(&machine(&[], false)).contains("libclang, redis-server, nginx cannot be found"));
    }
}

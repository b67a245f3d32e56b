//! Where the CRM lives on its host, and what follows from it for Maestrano.

use std::path::PathBuf;

use maestrano::config::Settings;

use crate::process::Failure;

/// The path below which the CRM lives: the variable `BASE`, such as `/crm`; empty at the root of the host, as when the
/// variable is absent. It never ends with a slash. The pages link to each other relatively, so they work everywhere.
///
/// # Errors
/// When `BASE` is not made of plain segments, each after a slash.
pub fn base() -> Result<String, Failure> {
    plain(&std::env::var("BASE").unwrap_or_default())
}

/// The settings of Maestrano: those of the environment, over those of the file that the variable `SETTINGS` names, if
/// it names one. Maestrano answers below [`base`], as everything here does, and the start page is there.
///
/// # Errors
/// As [`base`]; what is wrong with the settings themselves is said when they are used.
pub fn settings() -> Result<Settings, Failure> {
    let file = std::env::var_os("SETTINGS").filter(|file| !file.is_empty()).map(PathBuf::from);
    let settings = file.map_or_else(Settings::from_env, Settings::from_file);
    let base = base()?;
    Ok(settings.mount(format!("{base}/maestrano")).home(format!("{base}/")))
}

fn plain(text: &str) -> Result<String, Failure> {
    let base = text.strip_suffix('/').unwrap_or(text);
    let is_plain = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match base.strip_prefix('/') {
        None if base.is_empty() => Ok(String::new()),
        Some(segments) if segments.split('/').all(is_plain) => Ok(base.to_owned()),
        _ => Err(format!("BASE: {text:?} is not a path such as /crm").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_plain_segments_without_a_slash_at_the_end() {
        for (text, base) in [("", ""), ("/", ""), ("/crm", "/crm"), ("/crm/", "/crm"), ("/a/b-2", "/a/b-2")] {
            assert_eq!(plain(text).unwrap(), base);
        }
        for wrong in ["crm", "//", "/a//b", "/{crm}", "/<crm>", "/..", "/a?b", "/ä", "http://crm.example.com"]
        {
            assert!(plain(wrong).unwrap_err().to_string().starts_with("BASE: "), "{wrong}");
        }
    }
}

//! What the original platform and the older libraries recorded, where it is present.

use std::path::Path;

use super::*;

/// The recorded data, where it is present.
fn contract() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contract");
    let folder = std::env::var_os("MNO_CONTRACT").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

#[tokio::test]
async fn the_recorded_developer_platform_is_understood() {
    let Some(contract) = contract() else {
        println!("contract folder absent: 0 of 4 recorded answers ran");
        return;
    };
    let recorded =
        std::fs::read_to_string(contract.join("transcripts/server/01-dev-platform.jsonl")).unwrap();
    let mut ran = 0;
    for line in recorded.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let status = exchange["response"]["status"].as_u64().unwrap() as u16;
        let platform = Platform::saying(status, exchange["response"]["body"].as_str().unwrap());
        let outcome = load(&settings().environment("local"), &platform).await;
        match status {
            200 => {
                let configuration = outcome.unwrap();
                let marketplace = configuration.marketplace("maestrano-test").unwrap();
                assert_eq!(marketplace.idp_url(), "http://localhost:5301/api/v1/auth/saml");
                assert_eq!(marketplace.connec().unwrap().base_path, "/connec/api/v2");
                let strict = lines(load(&settings(), &platform).await.unwrap_err());
                assert!(strict.len() == 1 && strict[0].contains("public one"), "{strict:#?}");
                let asked = platform.asked.lock().unwrap();
                let authorization = asked[0].1[header::AUTHORIZATION].to_str().unwrap();
                assert_eq!(exchange["request"]["headers"]["Authorization"], authorization);
            }
            _ => assert!(outcome.unwrap_err().to_string().contains("MNO_DEVPL_ENV_SECRET")),
        }
        ran += 1;
    }
    println!("{ran} recorded answers of the developer platform ran");
    assert!(ran > 0);
}

#[tokio::test]
async fn the_fixtures_of_the_older_libraries_get_their_verdicts() {
    let Some(contract) = contract() else {
        println!("contract folder absent: 0 of 4 fixtures ran");
        return;
    };
    // The Ruby one has a Connec! host on plain http; the certificates of Java and PHP are broken on purpose.
    let fixtures: [(&str, &[&str]); 4] = [
        ("dotnet/developer-platform-answer.json", &[]),
        ("ruby/dev-platform-marketplaces.json", &["connec.host: is plain http"]),
        ("java/dev-platform-marketplaces.json", &["sso.x509_certificate"]),
        (
            "php/dev-platform-marketplaces.json",
            &["sso.x509_certificate", "webhooks.account.group_path: is not a path"],
        ),
    ];
    for (file, verdict) in fixtures {
        let text = std::fs::read_to_string(contract.join("vectors").join(file)).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let entries = match document.get("marketplaces") {
            Some(Value::Array(entries)) => entries.clone(),
            _ => vec![document],
        };
        match load(&settings(), &Platform::with(&entries)).await {
            Ok(_) => assert!(verdict.is_empty(), "{file}"),
            Err(error) => {
                let found = lines(error);
                assert_eq!(found.len(), verdict.len(), "{file}: {found:#?}");
                assert!(
                    found.iter().zip(verdict).all(|(line, part)| line.contains(part)),
                    "{file}: {found:#?}"
                );
            }
        }
    }
    println!("4 fixtures of the older libraries ran");
}

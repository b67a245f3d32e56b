//! The responses that the original sandbox signed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use maestrano::config::CreationMode;
use maestrano::saml::{Assertion, Certificate, Expectations, Trust, verify};
use maestrano::{Login, Rejection};
use serde_json::Value;
use time::UtcDateTime;
use time::format_description::well_known::Rfc3339;

use crate::contract::{field, folder, json, text};

/// A recorded response with its facts.
struct Recorded {
    name: String,
    facts: Value,
    /// As in the HTML form, with LF.
    form_value: String,
    trust: Trust,
    other: Trust,
}

impl Recorded {
    fn all() -> Vec<Self> {
        let Some(folder) = folder("of 29 recorded responses") else { return Vec::new() };
        let folder = folder.join("transcripts/saml");
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".b64").map(str::to_owned))
            .collect();
        names.sort();
        assert_eq!(names.len(), 29);
        names.into_iter().map(|name| Self::read(&folder, name)).collect()
    }

    fn read(folder: &Path, name: String) -> Self {
        let facts = json(&folder.join(format!("{name}.json")));
        let certificate = field(&facts, "/files/certificate");
        let other = ["certs/sandbox.pem", "certs/other-2048.pem"].into_iter().find(|it| *it != certificate);
        // The recorded platform signs with SHA-1, with its modern key too.
        let trust = |file: &str| {
            let certificate = Certificate::parse(&text(&folder.join(file))).unwrap();
            let is_legacy = certificate.is_legacy();
            let trust = Trust::new(vec![certificate], None);
            if is_legacy { trust } else { trust.danger_allow_sha1() }
        };
        Self {
            form_value: text(&folder.join(format!("{name}.b64"))),
            trust: trust(certificate),
            other: trust(other.unwrap()),
            facts,
            name,
        }
    }

    fn time(&self, pointer: &str) -> UtcDateTime {
        UtcDateTime::parse(field(&self.facts, pointer), &Rfc3339).unwrap()
    }

    fn expectations(&self) -> Expectations<'_> {
        Expectations::new(&self.trust, field(&self.facts, "/acs_url"))
            .request_id(field(&self.facts, "/request/id"))
            .clock_allowance(Duration::ZERO)
    }

    fn verify(&self) -> Result<Assertion, Rejection> {
        verify(self.form_value.as_bytes(), &self.expectations(), self.time("/verify_at"))
    }

    fn login(&self, mode: CreationMode) -> Result<Login, Rejection> {
        Login::from_assertion(&self.verify()?, &"maestrano-test".parse().unwrap(), mode)
    }

    fn accepted() -> impl Iterator<Item = (Self, Assertion)> {
        Self::all().into_iter().filter(|it| field(&it.facts, "/expect") == "accept").map(|recorded| {
            let assertion =
                recorded.verify().unwrap_or_else(|rejection| panic!("{}: {rejection}", recorded.name));
            (recorded, assertion)
        })
    }
}

#[test]
fn every_recorded_login_is_accepted_with_its_facts() {
    let mut count = 0;
    for (recorded, assertion) in Recorded::accepted() {
        let facts = &recorded.facts;
        let expected: Vec<(&str, &str)> = facts["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap_or_default()))
            .collect();
        assert_eq!(assertion.attributes().collect::<Vec<_>>(), expected, "{}", recorded.name);
        assert_eq!(assertion.id(), field(facts, "/response/assertion_id"));
        assert_eq!(assertion.session_index(), Some(field(facts, "/response/session_index")));
        assert_eq!(assertion.name_id(), field(facts, "/response/name_id"));
        assert_eq!(assertion.request_id(), field(facts, "/request/id"));
        assert_eq!(assertion.expires(), recorded.time("/response/subject_not_on_or_after"));

        let login = recorded.login(CreationMode::Real).unwrap();
        assert_eq!(login.user().id().as_str(), field(facts, "/user/uid"));
        assert_eq!(login.group().id().as_str(), field(facts, "/group/uid"));
        assert_eq!(login.role().as_str(), field(facts, "/role"));
        assert_eq!(login.reseller().is_some(), facts["launch"]["reseller"].as_bool().unwrap());
        count += 1;
    }
    println!("{count} of 23 recorded logins ran");
}

#[test]
fn a_recorded_login_is_the_same_as_a_browser_posts_it() {
    for (mut recorded, assertion) in Recorded::accepted() {
        recorded.form_value = recorded.form_value.replace('\n', "\r\n");
        assert_eq!(recorded.verify().unwrap(), assertion, "{}", recorded.name);
        recorded.form_value = recorded.form_value.replace("\r\n", "").replace('=', "");
        assert_eq!(recorded.verify().unwrap(), assertion, "{}", recorded.name);
    }
}

#[test]
fn a_recorded_login_is_refused_on_another_occasion() {
    for (recorded, _) in Recorded::accepted() {
        let expectations = recorded.expectations();
        let at = |now| verify(recorded.form_value.as_bytes(), &expectations, now).map(|_| "accepted");
        let second = time::Duration::SECOND;
        let (from, until) =
            (recorded.time("/response/not_before"), recorded.time("/response/subject_not_on_or_after"));
        assert_eq!(at(from - second), Err(Rejection::NotYetValid), "{}", recorded.name);
        assert_eq!(at(from), Ok("accepted"), "{}", recorded.name);
        assert_eq!(at(until - second), Ok("accepted"), "{}", recorded.name);
        assert_eq!(at(until), Err(Rejection::ConfirmationExpired), "{}", recorded.name);

        let with = |expectations: Expectations<'_>| {
            let refused = verify(recorded.form_value.as_bytes(), &expectations, recorded.time("/verify_at"));
            refused.unwrap_err()
        };
        let acs_url = field(&recorded.facts, "/acs_url");
        assert_eq!(with(Expectations::new(&recorded.other, acs_url)), Rejection::ForeignCertificate);
        assert_eq!(with(expectations.request_id("_another")), Rejection::OtherRequest);
        let other = format!("{acs_url}/");
        assert_eq!(with(Expectations::new(&recorded.trust, &other)), Rejection::Destination);
    }
}

#[test]
fn a_recorded_response_that_must_be_refused_is_refused_with_its_reason() {
    let mut count = 0;
    for recorded in Recorded::all() {
        let expected = match recorded.name.as_str() {
            // A legacy certificate, but identifiers that no registry has.
            "32-sha256-odd-uris" => "signature_algorithm",
            "90-not-well-formed" => "not_well_formed",
            // The signature is good: the platform signed what a user had typed as a name.
            "91-injected-uid" => "duplicate_attribute",
            "92-comment-in-name" | "93-greater-than-in-name" | "94-character-reference-in-name" => "digest",
            _ => continue,
        };
        assert_ne!(field(&recorded.facts, "/expect"), "accept", "{}", recorded.name);
        assert_eq!(recorded.verify().unwrap_err().code(), expected, "{}", recorded.name);
        count += 1;
    }
    println!("{count} of 6 recorded refusals ran");
}

#[test]
fn sha1_of_a_modern_key_needs_permission() {
    for (mut recorded, _) in Recorded::accepted().filter(|(it, _)| it.name.starts_with('3')) {
        recorded.trust = Trust::new(recorded.trust.certificates().to_vec(), None);
        assert_eq!(recorded.verify().unwrap_err(), Rejection::Sha1, "{}", recorded.name);
    }
}

#[test]
fn a_login_says_what_the_original_sdks_read() {
    let Some(folder) = folder("of 23 recorded objects") else { return };
    let objects = json(&folder.join("transcripts/saml/objects.json"));
    let mut count = 0;
    for (recorded, _) in Recorded::accepted() {
        let login = recorded.login(CreationMode::Real).unwrap();
        let ruby = &objects[&recorded.name]["ruby"];
        assert_eq!(
            serde_json::to_value(&login).unwrap(),
            blanks_are_null(&ruby["user"]),
            "{}",
            recorded.name
        );

        let (group, info) = (login.group(), blanks_are_null(&ruby["group"]["info"]));
        let read = serde_json::json!({
            "free_trial_end_at": group.free_trial_end().map(|time| time.format(&Rfc3339).unwrap()),
            "company_name": group.company_name(),
            "has_credit_card": group.has_credit_card(),
            "name": group.name(),
            "org_uid": group.organization(),
            "email": group.email(),
            "city": group.city(),
            // The Ruby SDK gives the user's country here.
            "country": login.user().country(),
            "timezone": group.timezone(),
            "currency": group.currency(),
        });
        assert_eq!(read, info, "{}", recorded.name);
        for sdk in ["php", "java"] {
            let object = &objects[&recorded.name][sdk];
            assert_eq!(group.country(), object["group"]["country"].as_str(), "{} {sdk}", recorded.name);
            assert_eq!(login.user().first_name(), object["user"]["first_name"].as_str());
            assert_eq!(login.user().last_name(), object["user"]["last_name"].as_str());
        }

        let membership = login.membership();
        assert_eq!(membership.user.as_str(), field(ruby, "/membership/user_uid"));
        assert_eq!(membership.group.as_str(), field(ruby, "/membership/group_uid"));
        assert_eq!(membership.role.as_str(), field(ruby, "/membership/role"));

        let login = recorded.login(CreationMode::Virtual).unwrap();
        assert_eq!(login.user().id().as_str(), field(ruby, "/user_in_virtual_mode/uid"));
        assert_eq!(login.user().email().unwrap(), field(ruby, "/user_in_virtual_mode/email"));
        count += 1;
    }
    println!("{count} of 23 recorded objects ran");
}

#[test]
fn no_original_refuses_what_is_accepted() {
    let Some(folder) = folder("of 23 verdicts") else { return };
    let verdicts = json(&folder.join("transcripts/saml/verdicts.json"));
    for (recorded, _) in Recorded::accepted() {
        let verdict = &verdicts[&recorded.name];
        assert_eq!(verdict["xmlsec1_signature"], "ok", "{}", recorded.name);
        for sdk in ["ruby_sdk", "php_sdk", "java_sdk"] {
            assert_eq!(verdict[sdk], "accept", "{} {sdk}", recorded.name);
        }
    }
}

/// An empty text is absent for us, and `""` in Ruby.
fn blanks_are_null(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), blanks_are_null(value))).collect()
        }
        other => other.clone(),
    }
}

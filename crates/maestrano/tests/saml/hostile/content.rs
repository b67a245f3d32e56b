//! Signed by the right one, for this occasion, and what it says is no login.

use maestrano::Rejection;

use super::{FORGED, Row};
use crate::kit::{ATTRIBUTES, Draft, attribute};

pub(super) fn rows() -> Vec<Row> {
    [attributes(), missing(), identifiers(), disagreements()].into_iter().flatten().collect()
}

/// A response in which an attribute has another value.
fn with(name: &str, value: &str) -> Draft {
    let (_, old) = ATTRIBUTES.iter().find(|(known, _)| *known == name).unwrap();
    Draft::new().before(&attribute(name, old), &attribute(name, value))
}

fn attributes() -> Vec<Row> {
    const NAME: &str = "<Attribute Name=\"name\">";
    let twice = |name: &str, from: &str, to: &str| {
        Row::new(name, Draft::new().before(from, to), Rejection::DuplicateAttribute)
    };
    let shape = |name: &str, from: &str, to: &str| {
        Row::new(name, Draft::new().before(from, to), Rejection::AttributeShape)
    };
    let uid = attribute("uid", "usr-1");
    let forged = attribute("uid", FORGED);
    vec![
        twice(
            "a name holds markup of a second uid",
            "Zoë",
            &format!("x</AttributeValue></Attribute><Attribute Name=\"uid\"><AttributeValue>{FORGED}"),
        ),
        twice("a second uid follows the first", &uid, &format!("{uid}{forged}")),
        twice("a second uid comes before the first", &uid, &format!("{forged}{uid}")),
        twice("the same uid comes twice", &uid, &format!("{uid}{uid}")),
        twice("a second uid is empty", &uid, &format!("{uid}<Attribute Name=\"uid\"></Attribute>")),
        twice(
            "an attribute that nobody knows comes twice",
            &uid,
            &format!("{uid}{0}{0}", attribute("x", "")),
        ),
        shape("an element stands in a value", "Zoë", "Zoë<b>x</b>"),
        shape("an attribute has two values", "Zoë", "Zoë</AttributeValue><AttributeValue>x"),
        shape("an attribute has no name", NAME, "<Attribute>"),
        shape("an attribute has an empty name", NAME, "<Attribute Name=\"\">"),
        shape("the name of an attribute is in other letters", NAME, "<Attribute name=\"name\">"),
        shape("words stand in an attribute", NAME, "<Attribute Name=\"name\">words"),
        shape("another element stands in an attribute", NAME, "<Attribute Name=\"name\"><Other></Other>"),
        shape("words stand between the attributes", "<AttributeStatement>", "<AttributeStatement>words"),
        shape(
            "another element stands between the attributes",
            "<AttributeStatement>",
            "<AttributeStatement><Other></Other>",
        ),
        shape(
            "an attribute is of another namespace",
            "<AttributeStatement>",
            &format!("<AttributeStatement>{}", forged.replace("<Attribute ", "<Attribute xmlns=\"urn:x\" ")),
        ),
        shape(
            "an attribute is encrypted",
            "<AttributeStatement>",
            "<AttributeStatement><EncryptedAttribute></EncryptedAttribute>",
        ),
    ]
}

fn missing() -> Vec<Row> {
    let mut rows = Vec::new();
    for name in ["uid", "group_uid", "mno_session", "mno_session_recheck"] {
        let left: Vec<_> = ATTRIBUTES.iter().filter(|(known, _)| *known != name).copied().collect();
        let rejection = Rejection::AttributeMissing { name };
        rows.push(Row::new(format!("there is no {name}"), Draft::of(&left), rejection.clone()));
        rows.push(Row::new(format!("{name} is empty"), with(name, ""), rejection));
    }
    rows.push(Row::new(
        "there is a UID in other letters only",
        Draft::new().before("<Attribute Name=\"uid\">", "<Attribute Name=\"UID\">"),
        Rejection::AttributeMissing { name: "uid" },
    ));
    rows.push(Row::new(
        "there are no attributes",
        Draft::of(&[]),
        Rejection::AttributeMissing { name: "group_uid" },
    ));
    rows
}

fn identifiers() -> Vec<Row> {
    let mut rows = Vec::new();
    let long = "a".repeat(129);
    for (what, value) in [
        ("a blank inside", "usr 1"),
        ("a blank before it", " usr-1"),
        ("a slash", "usr/1"),
        ("a way out of a path", "../admin"),
        ("two dots only", ".."),
        ("an end of line", "usr-1&#xD;\nSet-Cookie"),
        ("a letter beyond ASCII", "usr-\u{fc}"),
        ("a letter that looks like another", "us\u{433}-1"),
        ("a mark that turns the direction", "usr-\u{202e}1"),
        ("markup", "&lt;b&gt;usr-1&lt;/b&gt;"),
        ("a percent sign", "usr%2d1"),
        ("129 characters", long.as_str()),
    ] {
        for name in ["uid", "group_uid"] {
            rows.push(Row::new(
                format!("{name} has {what}"),
                with(name, value),
                Rejection::Identifier { name },
            ));
        }
    }
    rows
}

fn disagreements() -> Vec<Row> {
    let mismatch = |title: String, draft, name| Row::new(title, draft, Rejection::IdentityMismatch { name });
    let mut rows = vec![
        mismatch(
            "all attributes name another user than the subject does".to_owned(),
            {
                let other: Vec<_> =
                    ATTRIBUTES.iter().map(|(name, value)| (*name, value.replace("usr-1", FORGED))).collect();
                let other: Vec<_> = other.iter().map(|(name, value)| (*name, value.as_str())).collect();
                Draft::of(&other)
            },
            "NameID",
        ),
        mismatch("uid alone names another user".to_owned(), with("uid", FORGED), "mno_uid"),
        mismatch("mno_uid names another user".to_owned(), with("mno_uid", FORGED), "mno_uid"),
    ];
    for name in [FORGED, "usr-1.cld-2", "USR-1", " usr-1", "usr-1 "] {
        let draft = Draft::new().before(">usr-1</NameID>", &format!(">{name}</NameID>"));
        rows.push(mismatch(format!("the subject is {name:?}"), draft, "NameID"));
    }
    for name in ["usr-666.cld-1", "usr-1.cld-2", "usr-1"] {
        rows.push(mismatch(format!("virtual_uid is {name}"), with("virtual_uid", name), "virtual_uid"));
    }
    rows
}

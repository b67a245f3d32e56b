//! Where the two verifiers may differ behind the gate, and why. Whatever is not named here fails the tests.

use maestrano::Rejection;
use maestrano::saml::Trust;
use roxmltree::{Document, Node};

/// Why the second verifier may accept a signature that the first refuses.
pub(crate) fn only_ours(rejection: &Rejection, trust: &Trust) -> Option<&'static str> {
    ONLY_OURS.iter().find(|(_, applies)| applies(rejection, trust)).map(|(reason, _)| *reason)
}

/// Why the second verifier may refuse a signature or an assertion that the first accepts.
pub(crate) fn only_theirs(document: &Document<'_>) -> Option<&'static str> {
    ONLY_THEIRS.iter().find(|(_, applies)| applies(document)).map(|(reason, _)| *reason)
}

type OnlyOurs = (&'static str, fn(&Rejection, &Trust) -> bool);
type OnlyTheirs = (&'static str, fn(&Document<'_>) -> bool);

/// Rules that the second verifier does not have.
const ONLY_OURS: [OnlyOurs; 3] = [
    ("the second does not look at KeyInfo, which must name the key that is used", |rejection, trust| {
        let one_of_several = *rejection == Rejection::Signature && trust.certificates().len() > 1;
        one_of_several || *rejection == Rejection::ForeignCertificate
    }),
    ("the second cannot be told to allow SHA-1 under legacy certificates only", |rejection, _| {
        *rejection == Rejection::Sha1
    }),
    ("the second allows SHA-384 under short keys", |rejection, _| {
        matches!(rejection, Rejection::ShortKey { .. })
    }),
];

/// What no platform writes, and the second verifier does not take.
const ONLY_THEIRS: [OnlyTheirs; 7] = [
    ("samael wants every ID to be a name", |document| attributes(document, "ID").any(|(_, id)| !is_name(id))),
    ("samael takes an ID in any namespace for one, and finds it twice", |document| {
        let signed = |id| attributes(document, "ID").filter(|(_, other)| *other == id).count();
        attributes(document, "ID").any(|(namespace, id)| namespace.is_some() && signed(id) > 1)
    }),
    ("libxml2 takes xml:id for an ID, and finds the one that comes first", |document| {
        attributes(document, "id").any(|(namespace, id)| {
            namespace == Some("http://www.w3.org/XML/1998/namespace")
                && attributes(document, "ID").any(|(_, other)| other == id)
        })
    }),
    ("libxml2 canonicalizes no element with a namespace that is no address", |document| {
        namespaces(document).any(|namespace| !namespace.is_empty() && !is_address(namespace))
    }),
    ("libxml2 keeps an ampersand in a namespace as a reference", |document| {
        namespaces(document).any(|namespace| namespace.contains('&'))
    }),
    ("samael wants text alone in elements that the first verifier does not read", |document| {
        let unread = ["Issuer", "SubjectConfirmationData", "AuthnContextClassRef"];
        let unread = document.descendants().filter(|node| unread.contains(&node.tag_name().name()));
        unread.flat_map(|node| node.children()).any(|child| child.is_element())
    }),
    ("samael wants a zone in every time", |document| {
        let times = ["IssueInstant", "NotBefore", "NotOnOrAfter", "AuthnInstant"];
        times.into_iter().flat_map(|name| attributes(document, name)).any(|(_, time)| !time.ends_with('Z'))
    }),
];

fn attributes<'a>(
    document: &'a Document<'_>,
    name: &'a str,
) -> impl Iterator<Item = (Option<&'a str>, &'a str)> {
    let all = document.descendants().flat_map(|node| node.attributes());
    let named = all.filter(move |attribute| attribute.name() == name);
    named.map(|attribute| (attribute.namespace(), attribute.value()))
}

fn namespaces<'a>(document: &'a Document<'_>) -> impl Iterator<Item = &'a str> {
    document.descendants().flat_map(|node: Node<'a, '_>| node.namespaces()).map(|namespace| namespace.uri())
}

/// Of the addresses, those that namespaces usually have.
fn is_address(namespace: &str) -> bool {
    let rest = ["urn:", "http://www.w3.org/", "http://example.com/"];
    let rest = rest.into_iter().find_map(|start| namespace.strip_prefix(start));
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b":/?;=#'-_.&".contains(&byte);
    rest.is_some_and(|rest| rest.replace("%C3%A9", "").bytes().all(usual))
}

fn is_name(id: &str) -> bool {
    let starts = id.starts_with(|first: char| first.is_alphabetic() || first == '_');
    starts && id.chars().all(|character| character.is_alphanumeric() || "_-.".contains(character))
}

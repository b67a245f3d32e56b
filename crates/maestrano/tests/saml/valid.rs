//! A table of right documents: the same signed facts in every spelling must be accepted, and read the same.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::Rejection;
use maestrano::saml::{Assertion, Fingerprint, Trust, verify};
use time::macros::utc_datetime;

use crate::hostile::{Document, Occasion};
use crate::keys::{Hash, LEGACY, MODERN, SHA1_SIGNED, STRANGER};
use crate::kit::{ACS, Draft, attribute, element, trust};

const EXCLUSIVE: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
const OPEN: &str = "<samlp:Response";

/// A document that must be accepted.
pub(crate) struct Variant {
    /// What is special about it.
    pub(crate) name: String,
    /// The value of the form field.
    pub(crate) document: Vec<u8>,
    pub(crate) occasion: Occasion,
    /// The value of the attribute `name`; everything else is the same in all variants.
    pub(crate) first_name: &'static str,
    /// Whether the second verifier (feature `samael`) cannot read it.
    pub(crate) second_cannot_read: bool,
}

impl Variant {
    fn new(name: impl Into<String>, document: impl Into<Document>) -> Self {
        let Document(document) = document.into();
        Self {
            name: name.into(),
            document,
            occasion: Occasion::usual(),
            first_name: "Zoë",
            second_cannot_read: false,
        }
    }

    /// For a marketplace with another trust.
    fn trusting(mut self, trust: Trust) -> Self {
        self.occasion.trust = trust;
        self
    }

    /// For an application with further audiences.
    fn known_as(mut self, audiences: &'static [&'static str]) -> Self {
        self.occasion.audiences = audiences;
        self
    }

    /// Right, and yet refused by the stricter login of the feature `samael`.
    fn without_second(mut self) -> Self {
        self.second_cannot_read = true;
        self
    }

    pub(crate) fn verified(&self) -> Result<Assertion, Rejection> {
        verify(&self.document, &self.occasion.expectations(), self.occasion.now)
    }
}

/// All right documents.
pub(crate) fn variants() -> Vec<Variant> {
    [encodings(), spellings(), namespaces(), values(), signatures(), occasions(), times()]
        .into_iter()
        .flatten()
        .collect()
}

fn encodings() -> Vec<Variant> {
    let draft = Draft::new();
    let value = BASE64_STANDARD.encode(format!("{} ", draft.xml()));
    let lines = |length, end: &str| {
        let line = |line| format!("{}{end}", str::from_utf8(line).unwrap());
        value.as_bytes().chunks(length).map(line).collect::<String>()
    };
    let field = |name: &str, text: String| Variant::new(name, Document(text.into_bytes()));
    let mut variants = vec![
        Variant::new("the plain one", draft.clone()),
        field("base64 in lines of 60, as Ruby writes it", lines(60, "\n")),
        field("base64 in lines of 76, as a browser posts it", lines(76, "\r\n")),
        field("base64 with white space before every character", format!(" {}", lines(1, "\t "))),
        field("base64 without padding", value.trim_end_matches('=').to_owned()),
        Variant::new("white space after the root", format!("{}\r\n\t", draft.xml())),
        Variant::new("a comment after the root", format!("{}<!-- -->", draft.xml())),
    ];
    for declaration in [
        "<?xml version=\"1.0\"?>",
        "<?xml version='1.0' encoding='utf-8'?>\n",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>",
        "<!-- hello -->\n",
    ] {
        let draft = Draft::new().after(OPEN, &format!("{declaration}{OPEN}"));
        variants.push(Variant::new(format!("{} stands first", declaration.trim()), draft));
    }
    variants
}

fn spellings() -> Vec<Variant> {
    let many = "<!-- -->".repeat(1_000);
    vec![
        Variant::new(
            "white space and comments between elements",
            Draft::new()
                .before("<Issuer>", "\n  <Issuer>")
                .before("<Conditions", "\t<Conditions")
                .sent_as("<Subject>", "<Subject><!-- who -->")
                .after("<samlp:Status>", "\r\n<samlp:Status><!-- all is well -->")
                .after("</ds:SignedInfo>", "</ds:SignedInfo>\n  <!-- signed -->"),
        ),
        Variant::new("a thousand comments", Draft::new().sent_as("<Subject>", &format!("{many}<Subject>"))),
        Variant::new(
            "attributes in another order, in single quotes, with white space",
            Draft::new()
                .sent_as(
                    "ID=\"_a1\" IssueInstant=\"2026-03-01T10:00:00Z\" Version=\"2.0\"",
                    "Version='2.0'\n  IssueInstant = \"2026-03-01T10:00:00Z\" ID='_a1'",
                )
                .after("Destination=", "Consent=\"none\" Destination="),
        ),
        Variant::new(
            "short tags for empty elements",
            Draft::new()
                .sent_as("></SubjectConfirmationData>", " />")
                .sent_as("<AttributeValue></AttributeValue>", "<AttributeValue/>")
                .after("></ds:SignatureMethod>", "/>")
                .after("></samlp:StatusCode>", "/>"),
        ),
        Variant::new(
            "white space inside tags",
            Draft::new().sent_as("</Subject>", "</Subject\n>").sent_as("<Subject>", "<Subject\t>"),
        ),
        Variant::new(
            "attributes written with character references",
            Draft::new().sent_as(" ID=\"_a1\"", " ID=\"&#x5f;a&#49;\"").sent_as("cm:bearer", "cm:&#98;earer"),
        ),
        Variant::new(
            "an attribute without a value element",
            Draft::new()
                .before(&attribute("company_name", ""), "<Attribute Name=\"company_name\"></Attribute>"),
        ),
        Variant::new(
            "a status with a message",
            Draft::new()
                .after("</samlp:Status>", "<samlp:StatusMessage>ok</samlp:StatusMessage></samlp:Status>"),
        ),
        Variant::new("no statement of authentication", {
            Draft::new().without("<AuthnStatement", "</AuthnStatement>")
        }),
    ]
}

fn namespaces() -> Vec<Variant> {
    let list = |prefixes: &str| {
        let list = format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" \
             PrefixList=\"{prefixes}\"></ec:InclusiveNamespaces>"
        );
        Draft::new().info(EXCLUSIVE, &format!("{EXCLUSIVE}{list}"))
    };
    let start = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let declared = format!("{start} xmlns:xs=\"urn:xs\"");
    let sixteen = (0..16).map(|index| format!("p{index} ")).collect::<String>();
    let mut variants = vec![
        Variant::new("every element of the assertion has a prefix", prefixed()),
        Variant::new(
            "the protocol is the default namespace",
            Draft::new()
                .after("<samlp:Response xmlns:samlp=", "<Response xmlns=")
                .after("</samlp:Response>", "</Response>")
                .after("<samlp:Status>", "<Status>")
                .after("</samlp:Status>", "</Status>")
                .after("<samlp:StatusCode", "<StatusCode")
                .after("</samlp:StatusCode>", "</StatusCode>"),
        ),
        Variant::new(
            "declarations that nothing uses",
            Draft::new()
                .sent_as(
                    "<Subject>",
                    "<Subject xmlns:xsi=\"urn:xsi\" xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
                )
                .after(OPEN, "<samlp:Response xmlns:unused=\"urn:unused\""),
        ),
        Variant::new(
            "a list of inclusive prefixes, declared on the response",
            list("xs #default missing")
                .before(start, &declared)
                .sent_as(" xmlns:xs=\"urn:xs\"", "")
                .after(OPEN, "<samlp:Response xmlns:xs=\"urn:xs\""),
        ),
        Variant::new(
            "a list of inclusive prefixes, declared on the assertion",
            list("xs").before(start, &declared),
        ),
        Variant::new("an empty list of inclusive prefixes", list("")),
        Variant::new("sixteen inclusive prefixes", list(&sixteen)),
        Variant::new(
            "typed values",
            Draft::new()
                .before(
                    "<AttributeValue>usr-1<",
                    "<AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                     xsi:type=\"xs:string\">usr-1<",
                )
                .after(OPEN, "<samlp:Response xmlns:xs=\"http://www.w3.org/2001/XMLSchema\""),
        ),
        Variant::new(
            "attributes with a format and a friendly name",
            Draft::new().before("<Attribute Name=\"uid\">", "<Attribute FriendlyName=\"User\" Name=\"uid\">"),
        ),
    ];
    variants.push(
        // Its reader looks at local names only, and finds the identifier twice.
        Variant::new(
            "identifiers of other namespaces, beside the right one",
            Draft::new()
                .before(" ID=\"_a1\" IssueInstant", " xmlns:x=\"urn:x\" ID=\"_a1\" IssueInstant")
                .before("Z\" Version=\"2.0\"><Issuer>", "Z\" Version=\"2.0\" x:ID=\"_r1\"><Issuer>"),
        )
        .without_second(),
    );
    variants
}

/// The assertion with the prefix `s` on every element.
fn prefixed() -> Draft {
    let outer = "<Issuer xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example.com/api/v1/auth/saml</Issuer>";
    let draft = Draft::new()
        .before(outer, "")
        .before("<Assertion xmlns=", "<s:Assertion xmlns:s=")
        .before("</Assertion>", "</s:Assertion>");
    [
        "Issuer",
        "Subject",
        "NameID",
        "SubjectConfirmation",
        "SubjectConfirmationData",
        "Conditions",
        "AudienceRestriction",
        "Audience",
        "AttributeStatement",
        "Attribute",
        "AttributeValue",
        "AuthnStatement",
        "AuthnContext",
        "AuthnContextClassRef",
    ]
    .iter()
    .fold(draft, |draft, name| {
        draft
            .before(&format!("</{name}>"), &format!("</s:{name}>"))
            .before_if_there(&format!("<{name}>"), &format!("<s:{name}>"))
            .before_if_there(&format!("<{name} "), &format!("<s:{name} "))
    })
}

/// The first name in canonical form, as it is sent, and as it must be read.
fn values() -> Vec<Variant> {
    let mut variants: Vec<Variant> = [
        ("Zoë Ann", "Zoë<!-- middle --> Ann", "Zoë Ann"),
        ("Zoë", "<!-- first -->Zoë<!-- last -->", "Zoë"),
        ("Zoë &amp; Ann", "Zoë <![CDATA[& An]]>n", "Zoë & Ann"),
        ("AB", "<![CDATA[A]]><!-- x --><![CDATA[B]]>", "AB"),
        ("&lt;!-- x --&gt;", "<![CDATA[<!-- x -->]]>", "<!-- x -->"),
        ("&lt;b&gt; &amp;amp;", "&lt;b> &#38;amp;", "<b> &amp;"),
        ("\"'", "&quot;&apos;", "\"'"),
        ("a&#xD;\nb", "a&#13;&#10;b", "a\r\nb"),
        ("a\nb", "a\r\nb", "a\nb"),
        ("a\tb", "a&#9;b", "a\tb"),
        ("😀 e\u{301} 日本", "&#x1F600; e&#769; 日本", "😀 e\u{301} 日本"),
        ("\u{202e}eoZ\u{202c}", "\u{202e}eoZ\u{202c}", "\u{202e}eoZ\u{202c}"),
        ("\u{feff}Zoë", "\u{feff}Zoë", "\u{feff}Zoë"),
        ("  a  ", "  a  ", "  a  "),
        ("]]&gt;", "]]&gt;", "]]>"),
        ("", "<!-- nobody -->", ""),
    ]
    .into_iter()
    .map(|(canonical, sent, first_name)| {
        let canonical = attribute("name", canonical);
        let draft = Draft::new().before(&attribute("name", "Zoë"), &canonical);
        let draft = draft.sent_as(&canonical, &attribute("name", sent));
        Variant { first_name, ..Variant::new(format!("a first name of {sent:?}"), draft) }
    })
    .collect();
    variants.push(Variant::new(
        "a comment in the name of the subject",
        Draft::new().sent_as(">usr-1</NameID>", ">usr<!-- .cld-9 -->-1</NameID>"),
    ));
    variants.push(Variant::new(
        "a section in the name of the subject",
        Draft::new().sent_as(">usr-1</NameID>", "><![CDATA[usr-1]]></NameID>"),
    ));
    variants.push(Variant::new(
        "a comment in an identifier",
        Draft::new().sent_as(&attribute("uid", "usr-1"), &attribute("uid", "usr-<!-- 666 -->1")),
    ));
    variants
}

fn signatures() -> Vec<Variant> {
    let bare = |draft: &Draft| {
        let xml = draft.xml();
        xml.replace(element(&xml, "KeyInfo"), "")
    };
    let both = || Trust::new(vec![STRANGER.certificate(), MODERN.certificate()], None);
    let mut variants = vec![
        Variant::new("the response is signed instead of the assertion", Draft::new().response_signed()),
        Variant::new(
            "signature and digest by different hashes",
            Draft::new().info(Hash::Sha256.digest_algorithm(), Hash::Sha512.digest_algorithm()),
        ),
        Variant::new("no KeyInfo", bare(&Draft::new())),
        Variant::new("the second of two pinned certificates signed", Draft::new()).trusting(both()),
        Variant::new("the second of two pinned certificates signed, without KeyInfo", bare(&Draft::new()))
            .trusting(both()),
        Variant::new("SHA-1 with permission", Draft::new().hashed_by(Hash::Sha1))
            .trusting(trust(&MODERN).danger_allow_sha1()),
        Variant::new(
            "the certificate in one line",
            Draft::new().signature("{CERTIFICATE}", &MODERN.body().replace('\n', "")),
        ),
        Variant::new(
            "the certificate in lines of Windows",
            Draft::new().signature("{CERTIFICATE}", &MODERN.body().replace('\n', "&#13;\n\t")),
        ),
        Variant::new(
            "the value of the signature surrounded by white space",
            Draft::new().signature("{VALUE}", "\n  {VALUE}\n"),
        ),
        Variant::new("the digest surrounded by white space", Draft::new().info("{DIGEST}", "\n {DIGEST}\n")),
        Variant::new(
            "the signature has an identifier",
            Draft::new().signature("<ds:Signature ", "<ds:Signature Id=\"s\" "),
        ),
    ];
    for hash in [Hash::Sha384, Hash::Sha512] {
        variants.push(Variant::new(hash.signature_algorithm(), Draft::new().hashed_by(hash)));
    }
    for (name, key) in [("a short key", &LEGACY), ("a certificate signed with SHA-1", &SHA1_SIGNED)] {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let name = format!("{name} and {}", hash.signature_algorithm());
            let draft = Draft::new().signed_by(key).hashed_by(hash);
            variants.push(Variant::new(name, draft).trusting(trust(key)));
        }
    }
    let certificate = MODERN.certificate();
    for fingerprint in [certificate.sha256_fingerprint(), certificate.sha1_fingerprint()] {
        let written = fingerprint.to_string().to_lowercase().replace(':', " ");
        let pinned = Trust::new(Vec::new(), Some(written.parse::<Fingerprint>().unwrap()));
        variants.push(Variant::new(format!("the fingerprint {written}"), Draft::new()).trusting(pinned));
    }
    variants
}

fn occasions() -> Vec<Variant> {
    const RESTRICTION: &str =
        "<AudienceRestriction><Audience>https://crm.example.com/</Audience></AudienceRestriction>";
    let audience = |audience: &str| {
        Draft::new().before("<Audience>https://crm.example.com/<", &format!("<Audience>{audience}<"))
    };
    let mut variants = vec![
        Variant::new("the audience is the app's id", audience("app-1"))
            .known_as(&["crm.example.com", "app-1"]),
        Variant::new(
            "one of several audiences is ours",
            Draft::new().before("<Audience>", "<Audience>other</Audience><Audience>"),
        ),
        Variant::new("no restriction of the audience", Draft::new().before(RESTRICTION, "")),
        Variant::new(
            "two restrictions that are met",
            Draft::new().before(RESTRICTION, &RESTRICTION.repeat(2)),
        ),
        Variant::new(
            "a condition of one-time use",
            Draft::new().before("</Conditions>", "<OneTimeUse></OneTimeUse></Conditions>"),
        ),
        Variant::new("no beginning", Draft::new().before(" NotBefore=\"2026-03-01T09:59:55Z\"", "")),
    ];
    for right in [ACS, "https://crm.example.com", "https://crm.example.com/", ""] {
        variants.push(Variant::new(format!("the audience is {right:?}"), audience(right)));
    }
    variants
}

/// Each bound of each time, at the last second that is right.
fn times() -> Vec<Variant> {
    let until = "NotOnOrAfter=\"2026-03-01T10:03:00Z\"";
    let long = || Draft::new().before(until, "NotOnOrAfter=\"2026-03-01T12:00:00Z\"");
    let mut variants = Vec::new();
    for (name, draft, now, allowance) in [
        ("the conditions begin now", Draft::new(), utc_datetime!(2026-03-01 09:59:55), 0),
        ("the conditions begin in a minute", Draft::new(), utc_datetime!(2026-03-01 09:58:55), 60),
        ("the conditions begin in five minutes", Draft::new(), utc_datetime!(2026-03-01 09:54:55), 3_600),
        ("the conditions end in a second", long(), utc_datetime!(2026-03-01 10:59:59), 0),
        ("the conditions ended 59 seconds ago", long(), utc_datetime!(2026-03-01 11:00:59), 60),
        ("the conditions ended 299 seconds ago", long(), utc_datetime!(2026-03-01 11:04:59), 3_600),
        ("the confirmation ends in a second", Draft::new(), utc_datetime!(2026-03-01 10:02:59), 0),
        ("the confirmation ended 59 seconds ago", Draft::new(), utc_datetime!(2026-03-01 10:03:59), 60),
        ("the confirmation ended 299 seconds ago", Draft::new(), utc_datetime!(2026-03-01 10:07:59), 3_600),
    ] {
        let mut variant = Variant::new(name, draft);
        variant.occasion = variant.occasion.at(now, allowance);
        variants.push(variant);
    }
    let ending = |time: &str| {
        Variant::new(
            format!("the conditions end at {time}"),
            Draft::new().before("2026-03-01T11:00:00Z", time),
        )
    };
    variants.extend(
        [
            "2026-03-01T11:00:00.250Z",
            "2026-03-01T12:00:00+01:00",
            "2026-03-01T11:00:00+0000",
            "9999-12-31T23:59:59Z",
        ]
        .map(ending),
    );
    // Its reader wants a zone.
    variants.push(ending("2026-03-01T11:00:00").without_second());
    variants
}

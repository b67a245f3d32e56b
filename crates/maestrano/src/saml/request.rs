//! The request that starts a login, and the address that carries it to the platform.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use form_urlencoded::Serializer;
use time::UtcDateTime;
use time::macros::format_description;

use crate::saml::base64_text;

/// The format of names that the platform answers with, whatever is asked for (sso.md 1.14).
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// A request for a login (sso.md 1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthnRequest<'a> {
    /// The identifier that the response must name; [`id_from`](Self::id_from) makes one.
    pub id: &'a str,
    /// When the request is made. The wire form has whole seconds.
    pub issue_instant: UtcDateTime,
    /// The platform's address for requests.
    pub destination: &'a str,
    /// The consume address, to which the platform posts the response.
    pub acs_url: &'a str,
    /// The application's id.
    pub issuer: &'a str,
    /// The format of names that is asked for.
    pub name_id_format: &'a str,
}

impl<'a> AuthnRequest<'a> {
    /// A request that asks for persistent names.
    #[must_use]
    pub const fn new(
        id: &'a str,
        issue_instant: UtcDateTime,
        destination: &'a str,
        acs_url: &'a str,
        issuer: &'a str,
    ) -> Self {
        Self { id, issue_instant, destination, acs_url, issuer, name_id_format: PERSISTENT }
    }

    /// Asks for names in another format.
    #[must_use]
    pub const fn name_id_format(mut self, format: &'a str) -> Self {
        self.name_id_format = format;
        self
    }

    /// An identifier from 160 random bits: `_` and 40 hexadecimal digits.
    #[must_use]
    pub fn id_from(random: [u8; 20]) -> String {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
        let digits = random.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        std::iter::once('_').chain(digits).collect()
    }

    /// The request as XML in one line.
    ///
    /// The platform searches the text instead of parsing it (sso.md 1.6): the prefix of the issuer is
    /// `saml`, the identifier comes first, and no value holds a quote.
    #[must_use]
    pub fn to_xml(&self) -> String {
        const SECONDS: &[time::format_description::BorrowedFormatItem<'_>] =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        // Every year that a clock shows can be written.
        let instant = self.issue_instant.format(SECONDS).unwrap_or_default();
        format!(
            concat!(
                r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
                r#" ID="{}" Version="2.0" IssueInstant="{}" Destination="{}""#,
                r#" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST""#,
                r#" AssertionConsumerServiceURL="{}">"#,
                r#"<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{}</saml:Issuer>"#,
                r#"<samlp:NameIDPolicy Format="{}" AllowCreate="true"/></samlp:AuthnRequest>"#,
            ),
            escape(self.id),
            instant,
            escape(self.destination),
            escape(self.acs_url),
            escape(self.issuer),
            escape(self.name_id_format),
        )
    }

    /// The address to which the browser is sent: the platform's with the request, deflated and in base64,
    /// and then the parameters in their order, names and values escaped (SAML bindings 3.4).
    pub fn redirect_url<'p>(&self, parameters: impl Iterator<Item = (&'p str, &'p str)>) -> String {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        // Writing to memory does not fail.
        let deflated = deflate.write_all(self.to_xml().as_bytes()).and_then(|()| deflate.finish());
        let request = base64_text::encode(&deflated.unwrap_or_default());

        let mut url = self.destination.to_owned();
        url.push(if url.contains('?') { '&' } else { '?' });
        let start = url.len();
        Serializer::for_suffix(url, start)
            .append_pair("SAMLRequest", &request)
            .extend_pairs(parameters)
            .finish()
    }
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;");
    Cow::Owned(escaped)
}

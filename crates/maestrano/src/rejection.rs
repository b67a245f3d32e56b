//! Why a response is refused: one variant for every rule of the verifier.

/// Why a response of the platform was not accepted as a login.
///
/// A rejection is for the log and for counters ([`code`](Self::code)); the browser sees one sentence and a
/// reference only. Nothing in it comes from the document but lengths and algorithm identifiers, and those
/// are cut and cleaned: a rejection never holds a token, a key, a name or a whole value.
///
/// Each variant tells who is to blame:
///
/// - *the platform* sent something outside its own contract,
/// - *the network or an attacker* changed the document, or made it up,
/// - *the settings* of the application do not fit the platform's,
/// - *the clock* of this machine or of the platform's is wrong, or the user was slow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    // The envelope.
    /// The form field `SAMLResponse` is absent or empty. The network or an attacker: no platform posts
    /// that. Often somebody who opened the consume address by hand.
    #[error("the request holds no SAMLResponse")]
    Empty,
    /// More base64 than 512 KiB. An attacker; a real response has about 10 KiB.
    #[error("the response has {length} characters of base64, more than {limit}")]
    TooLarge {
        /// Characters without white space, or with it when that alone is too much.
        length: usize,
        /// The most that is read.
        limit: usize,
    },
    /// Not base64. The network or an attacker, or a form parser that took `+` for a space twice.
    #[error("the response is not base64")]
    NotBase64,
    /// Not UTF-8, or it begins with a byte order mark, or its declaration names another encoding. The
    /// platform or an attacker: the platform sends UTF-8 without a mark.
    #[error("the response is not plain UTF-8")]
    Encoding,

    // The document.
    /// Not well-formed XML. The platform, when a name holds `&` or `<` that it did not escape (ask the user
    /// to change the name of the person, company or group); else the network or an attacker.
    #[error("the response is not well-formed XML at line {line}, column {column}")]
    NotWellFormed {
        /// Counted from 1.
        line: u32,
        /// Counted from 1.
        column: u32,
    },
    /// A document type declaration. An attacker.
    #[error("the response has a document type declaration")]
    Doctype,
    /// A reference to an entity that is not one of the five predefined ones. An attacker.
    #[error("the response refers to an entity that XML does not predefine")]
    Entity,
    /// A processing instruction. An attacker.
    #[error("the response has a processing instruction")]
    ProcessingInstruction,
    /// Deeper, wider or longer than any response. An attacker.
    #[error("the response has more than {limit} {what}")]
    TooComplex {
        /// What there is too much of.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
    /// The root is not a `Response` of SAML 2.0. The platform or an attacker.
    #[error("the document is not a SAML 2.0 response")]
    NotAResponse,
    /// An element that has no place in a response of this profile, or comes twice, or text where only
    /// elements may stand. The platform or an attacker.
    #[error("{parent} holds something that does not belong there")]
    Unexpected {
        /// The element whose content is wrong.
        parent: &'static str,
    },
    /// An element or attribute that must be there is not. The platform or an attacker.
    #[error("{parent} has no {what}")]
    Missing {
        /// The element in which something is missing.
        parent: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// Two elements with the same `ID`. An attacker who wraps a signed element.
    #[error("an ID stands twice in the response")]
    DuplicateId,
    /// No assertion. The platform: it says so when it could not sign the user in.
    #[error("the response holds no assertion")]
    NoAssertion,
    /// A second assertion anywhere in the document. An attacker.
    #[error("the response holds more than one assertion")]
    SecondAssertion,
    /// The only assertion is not a direct child of the response. An attacker.
    #[error("the assertion is not a direct child of the response")]
    MisplacedAssertion,
    /// An encrypted assertion. The platform: this profile has no encryption.
    #[error("the response holds an encrypted assertion")]
    EncryptedAssertion,

    // The signature.
    /// No signature. An attacker, or a platform that does not sign.
    #[error("the response is not signed")]
    NoSignature,
    /// A second signature anywhere in the document. An attacker, or a platform that signs the response and
    /// the assertion: this profile has one signature.
    #[error("the response holds more than one signature")]
    SecondSignature,
    /// The signature is not a direct child of the assertion or the response. An attacker.
    #[error("the signature is neither a child of the assertion nor of the response")]
    MisplacedSignature,
    /// The signature does not have the one shape that is accepted. An attacker, or another product.
    #[error("{part} of the signature does not have the accepted form")]
    SignatureShape {
        /// The part that is wrong.
        part: &'static str,
    },
    /// The signature refers to another element than the one that it stands in. An attacker.
    #[error("the signature refers to another element than its parent")]
    ForeignReference,
    /// A transform other than the enveloped signature and exclusive canonicalisation. An attacker.
    #[error("the transform {algorithm} is not accepted")]
    Transform {
        /// The algorithm's identifier, cut and cleaned.
        algorithm: AlgorithmName,
    },
    /// A canonicalisation other than exclusive without comments. The platform or an attacker.
    #[error("the canonicalisation {algorithm} is not accepted")]
    Canonicalization {
        /// The algorithm's identifier, cut and cleaned.
        algorithm: AlgorithmName,
    },
    /// A signature algorithm other than RSA with SHA-1, SHA-256, SHA-384 or SHA-512 by their registered
    /// identifiers. The platform or an attacker.
    #[error("the signature algorithm {algorithm} is not accepted")]
    SignatureAlgorithm {
        /// The algorithm's identifier, cut and cleaned.
        algorithm: AlgorithmName,
    },
    /// A digest other than SHA-1, SHA-256, SHA-384 or SHA-512 by their registered identifiers. The platform
    /// or an attacker.
    #[error("the digest algorithm {algorithm} is not accepted")]
    DigestAlgorithm {
        /// The algorithm's identifier, cut and cleaned.
        algorithm: AlgorithmName,
    },
    /// SHA-1 under a certificate that is not a legacy one. An attacker who wants the weaker algorithm; or
    /// the settings: a platform that has a modern certificate and still signs with SHA-1 needs
    /// `danger_allow_sha1`.
    #[error("SHA-1 is not accepted with this certificate")]
    Sha1,
    /// The key of the certificate is too short for the algorithm. The platform.
    #[error("a key of {bits} bits is too short for the signature algorithm")]
    ShortKey {
        /// The length of the key.
        bits: usize,
    },

    // Trust.
    /// The certificate in the signature is not the configured one. An attacker; or the settings: the
    /// platform changed its certificate, refresh the configuration.
    #[error("the response was signed with another certificate than the configured one")]
    ForeignCertificate,
    /// The settings hold a fingerprint only and the signature brings no certificate. Put the certificate
    /// into the settings.
    #[error("the signature brings no certificate and the settings hold a fingerprint only")]
    NoCertificate,
    /// The signature was not made with the configured key. An attacker; or the settings: the platform
    /// changed its key.
    #[error("the signature is wrong")]
    Signature,
    /// The document is not the one that was signed. The network or an attacker; or the platform, when a name
    /// holds a comment, `>` or a character reference that it did not escape.
    #[error("the response was changed after it was signed")]
    Digest,

    // The occasion.
    /// The version of the response or the assertion is not 2.0. The platform.
    #[error("the version of {of} is not 2.0")]
    Version {
        /// The element.
        of: &'static str,
    },
    /// The platform says that the login did not succeed. The platform.
    #[error("the platform's status is not success")]
    Status,
    /// The response was meant for another address. An attacker who has a response for another application;
    /// or the settings: the consume address differs from the one that was sent.
    #[error("the response was sent to another consume address")]
    Destination,
    /// The assertion was meant for another address. As [`Destination`](Self::Destination).
    #[error("the assertion was made for another consume address")]
    Recipient,
    /// The assertion was meant for another audience. An attacker who has a response for another application;
    /// or the settings.
    #[error("the assertion was made for another audience")]
    Audience,
    /// The confirmation of the subject is not of the method bearer. The platform or an attacker.
    #[error("the subject is not confirmed by the method bearer")]
    ConfirmationMethod,
    /// Too late: the confirmation of the subject is over. The clock, or a response that was held back.
    #[error("the confirmation of the subject is over")]
    ConfirmationExpired,
    /// Too late: the conditions of the assertion are over. The clock, or a response that was held back.
    #[error("the assertion is no longer valid")]
    Expired,
    /// Too early. The clock: set it by NTP, or allow for more difference.
    #[error("the assertion is not valid yet")]
    NotYetValid,
    /// A condition that this profile does not know, so that it cannot be met. The platform.
    #[error("the assertion has an unknown condition")]
    UnknownCondition,
    /// A time that is not one. The platform.
    #[error("{what} is not a time in UTC")]
    Time {
        /// The attribute.
        what: &'static str,
    },
    /// The response answers no request. Unsolicited responses are never accepted. An attacker.
    #[error("the response answers no request")]
    Unsolicited,
    /// Response and assertion answer different requests. An attacker.
    #[error("response and assertion answer different requests")]
    TwoRequests,
    /// The response answers another request than the one that was expected: a login that was started in
    /// another browser, too long ago, or at another marketplace. An attacker, or the user's second attempt.
    #[error("the response answers another request")]
    OtherRequest,
    /// The assertion was used before. An attacker, or the user who sent a page again.
    #[error("the assertion was used before")]
    Replayed,
    /// The second verifier (feature `samael`) does not agree with the first. Nobody can be blamed yet: keep
    /// the document and report it, one of the two has a fault. It cannot happen without the feature.
    #[error("the second verifier {complaint}")]
    SecondVerifier {
        /// What it does otherwise.
        complaint: &'static str,
    },

    // The content.
    /// An attribute of the assertion comes twice. An attacker who put markup into a name; the signature is
    /// good then, because the platform does not escape.
    #[error("an attribute of the assertion comes twice")]
    DuplicateAttribute,
    /// An attribute without a name, with several values, or with elements inside its value. The platform,
    /// or an attacker who put markup into a name.
    #[error("an attribute of the assertion is not one name with one text")]
    AttributeShape,
    /// An attribute without which there is no login is absent or empty. The platform.
    #[error("the attribute {name} is absent or empty")]
    AttributeMissing {
        /// The attribute.
        name: &'static str,
    },
    /// An identifier with characters outside letters, digits, `-`, `_` and `.`, or longer than 128. The
    /// platform or an attacker.
    #[error("{name} is not an identifier")]
    Identifier {
        /// The attribute or element.
        name: &'static str,
    },
    /// The assertion names two different users. An attacker who put markup into a name.
    #[error("{name} names another user than uid")]
    IdentityMismatch {
        /// The attribute or element that disagrees.
        name: &'static str,
    },
}

impl Rejection {
    /// A stable name in snake case for logs and counters.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::NotBase64 => "not_base64",
            Self::Encoding => "encoding",
            Self::NotWellFormed { .. } => "not_well_formed",
            Self::Doctype => "doctype",
            Self::Entity => "entity",
            Self::ProcessingInstruction => "processing_instruction",
            Self::TooComplex { .. } => "too_complex",
            Self::NotAResponse => "not_a_response",
            Self::Unexpected { .. } => "unexpected",
            Self::Missing { .. } => "missing",
            Self::DuplicateId => "duplicate_id",
            Self::NoAssertion => "no_assertion",
            Self::SecondAssertion => "second_assertion",
            Self::MisplacedAssertion => "misplaced_assertion",
            Self::EncryptedAssertion => "encrypted_assertion",
            Self::NoSignature => "no_signature",
            Self::SecondSignature => "second_signature",
            Self::MisplacedSignature => "misplaced_signature",
            Self::SignatureShape { .. } => "signature_shape",
            Self::ForeignReference => "foreign_reference",
            Self::Transform { .. } => "transform",
            Self::Canonicalization { .. } => "canonicalization",
            Self::SignatureAlgorithm { .. } => "signature_algorithm",
            Self::DigestAlgorithm { .. } => "digest_algorithm",
            Self::Sha1 => "sha1",
            Self::ShortKey { .. } => "short_key",
            Self::ForeignCertificate => "foreign_certificate",
            Self::NoCertificate => "no_certificate",
            Self::Signature => "signature",
            Self::Digest => "digest",
            Self::Version { .. } => "version",
            Self::Status => "status",
            Self::Destination => "destination",
            Self::Recipient => "recipient",
            Self::Audience => "audience",
            Self::ConfirmationMethod => "confirmation_method",
            Self::ConfirmationExpired => "confirmation_expired",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::UnknownCondition => "unknown_condition",
            Self::Time { .. } => "time",
            Self::Unsolicited => "unsolicited",
            Self::TwoRequests => "two_requests",
            Self::OtherRequest => "other_request",
            Self::Replayed => "replayed",
            Self::SecondVerifier { .. } => "second_verifier",
            Self::DuplicateAttribute => "duplicate_attribute",
            Self::AttributeShape => "attribute_shape",
            Self::AttributeMissing { .. } => "attribute_missing",
            Self::Identifier { .. } => "identifier",
            Self::IdentityMismatch { .. } => "identity_mismatch",
        }
    }
}

/// The identifier of an algorithm as a document gave it: printable ASCII, at most 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlgorithmName(Box<str>);

impl AlgorithmName {
    /// Cuts and cleans an identifier.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.chars().filter(char::is_ascii_graphic).take(80).collect())
    }
}

impl std::fmt::Display for AlgorithmName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_quoted_short_and_printable() {
        let algorithm = AlgorithmName::of(&format!("http://x/\n\u{1b}[31m{}", "a".repeat(200)));
        let text = Rejection::Transform { algorithm }.to_string();
        assert!(text.starts_with("the transform \"http://x/[31maaa"), "{text}");
        assert!(text.len() < 130 && text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text}");
    }
}

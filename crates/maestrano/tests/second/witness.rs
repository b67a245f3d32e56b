//! Puts a signature over an element whose content is anybody's, so that libxml2's canonical form of it shows:
//! xmlsec1 hands it out when its digest is the signed one, and so when it equals ours.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maestrano::saml::inside;

use crate::keys::{Hash, Key};

/// The document `head ‖ signature ‖ tail`, signed over the element with this `ID`, and our canonical form of
/// that element. The element's start tag ends in `head`, and its content goes on in `tail`. None when our
/// parser refuses the document.
pub(crate) fn signed(
    head: &str,
    tail: &str,
    id: &str,
    prefixes: &[&str],
    key: &Key,
) -> Option<(String, String)> {
    let canonical = inside::canonical(&format!("{head}{tail}"), id, prefixes)?;
    let digest = BASE64_STANDARD.encode(Hash::Sha256.digest(canonical.as_bytes()));
    let list = match prefixes {
        [] => String::new(),
        some => {
            let named = some.iter().map(|prefix| if prefix.is_empty() { "#default" } else { prefix });
            let named = named.collect::<Vec<_>>().join(" ");
            format!(
                r#"<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{named}"></ec:InclusiveNamespaces>"#
            )
        }
    };
    let info = INFO.replace("{ID}", id).replace("{LIST}", &list).replace("{DIGEST}", &digest);
    let value = BASE64_STANDARD.encode(key.sign(Hash::Sha256, info.as_bytes()));
    let signature = format!(
        r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"#
    );
    Some((format!("{head}{signature}{tail}"), canonical))
}

/// In canonical form.
const INFO: &str = concat!(
    r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">"#,
    r#"<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>"#,
    r#"<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>"#,
    r##"<ds:Reference URI="#{ID}"><ds:Transforms>"##,
    r#"<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>"#,
    r#"<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">{LIST}</ds:Transform></ds:Transforms>"#,
    r#"<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>"#,
    r#"<ds:DigestValue>{DIGEST}</ds:DigestValue></ds:Reference></ds:SignedInfo>"#,
);

//! Any document that is let through: another parser takes it too, and its canonical form is its own canonical
//! form; with the feature `samael` it is also libxml2's, wherever the root has the `ID` `_apex`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maestrano::saml::inside::canonical;

fuzz_target!(|text: &str| {
    let Some(once) = canonical(text, "_apex", &[]) else { return };
    assert!(roxmltree::Document::parse(text).is_ok());
    assert_eq!(canonical(&once, "_apex", &[]).as_ref(), Some(&once));
    #[cfg(feature = "samael")]
    libxml2::agrees(text);
});

#[cfg(feature = "samael")]
#[path = "../../crates/maestrano/tests/second/differences.rs"]
#[allow(dead_code)]
mod differences;
#[cfg(feature = "samael")]
#[path = "../../crates/maestrano/tests/saml/keys.rs"]
#[allow(dead_code)]
mod keys;
#[cfg(feature = "samael")]
#[path = "../../crates/maestrano/tests/second/witness.rs"]
mod witness;

#[cfg(feature = "samael")]
mod libxml2 {
    use roxmltree::Document;
    use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

    use crate::differences::only_theirs;
    use crate::keys::LEGACY;
    use crate::witness::signed;

    pub(crate) fn agrees(text: &str) {
        let Ok(document) = Document::parse(text) else { return };
        let root = document.root_element();
        let (Some("_apex"), Some(first)) = (root.attribute("ID"), root.first_child()) else { return };
        let signed_already = document.descendants().any(|node| node.tag_name().name() == "Signature");
        let mut ids: Vec<_> = document.descendants().filter_map(|node| node.attribute("ID")).collect();
        ids.sort_unstable();
        // The gate refuses these.
        let twice = ids.windows(2).any(|pair| pair[0] == pair[1]);
        if signed_already || twice || only_theirs(&document).is_some() {
            return;
        }
        let (head, tail) = text.split_at(first.range().start);
        let Some((document, ours)) = signed(head, tail, "_apex", &[], &LEGACY) else { return };
        let certificates = [CertificateDer::from(LEGACY.certificate().der().to_vec())];
        let theirs = Crypto::reduce_xml_to_signed(&document, &certificates, ReduceMode::PreDigest);
        assert_eq!(theirs.ok(), Some(ours));
    }
}

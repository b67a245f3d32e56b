//! A response in the form field: nobody but usr-1 signs in, whatever is made of the responses of the corpus, and
//! memory stays below a multiple of the document.

#![no_main]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::fuzz_target;
use maestrano::saml::{Expectations, explain, verify};
use maestrano_fuzz::{NOW, trust, within_memory};

const ACS: &str = "https://crm.example.com/maestrano/auth/saml/consume/uat";

fuzz_target!(|document: &[u8]| {
    let trust = trust();
    let expectations = Expectations::new(&trust, ACS);
    // As it is, and as the XML in the field.
    for form_value in [document, BASE64_STANDARD.encode(document).as_bytes()] {
        let login = within_memory(form_value.len(), || verify(form_value, &expectations, NOW));
        let findings = explain(form_value, &expectations, NOW);
        assert_eq!(login.as_ref().err(), findings.iter().find_map(|finding| finding.rejection.as_ref()));
        if let Ok(login) = login {
            assert_eq!((login.name_id(), login.attribute("uid")), ("usr-1", Some("usr-1")));
        }
    }
});

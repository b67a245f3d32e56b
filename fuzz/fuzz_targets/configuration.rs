//! What the developer platform answers: a configuration that is right as a whole, or every problem in words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use maestrano_fuzz::connect;

fuzz_target!(|body: &[u8]| {
    match connect(body) {
        Ok(application) => {
            for marketplace in application.configuration().marketplaces() {
                assert!(marketplace.acs_url().starts_with("http"));
            }
        }
        Err(error) => assert!(!error.to_string().contains("secret")),
    }
});

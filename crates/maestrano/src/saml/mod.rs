//! SAML 2.0 as the platform speaks it: the request that starts a login, and the response that ends it.
//!
//! Everything here is pure: bytes, expectations and the time go in, values come out. No I/O, no clock, no
//! globals. There is one profile, the platform's own; whatever lies outside is refused.

#[cfg(any(fuzzing, feature = "samael"))]
#[doc(hidden)]
pub mod inside;
pub mod request;
pub mod response;
pub mod trust;

mod assertion;
mod base64_text;
mod c14n;
mod canonical;
mod certificate;
mod envelope;
mod explain;
mod hash;
#[cfg(test)]
mod properties;
#[cfg(feature = "samael")]
mod second;
mod signature;
mod xml;

pub use explain::{Check, Finding, explain};
pub use request::AuthnRequest;
pub use response::{Assertion, Expectations, verify};
pub use trust::{Certificate, CertificateError, Fingerprint, FingerprintError, Trust};

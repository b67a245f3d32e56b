//! SAML 2.0 as the platform speaks it: the request that starts a login, and the response that ends it.
//!
//! Everything here is pure: bytes, expectations and the time go in, values come out. No I/O, no clock, no
//! globals. There is one profile, the platform's own; whatever lies outside is refused.
//!
//! # A second opinion
//!
//! With the feature `samael` a login takes two verifiers: what the one of this crate has accepted is put
//! before samael with xmlsec1, which must verify the same bytes under the same certificates and read the same
//! identity in them; else the response is refused with
//! [`Rejection::SecondVerifier`](crate::Rejection::SecondVerifier). This is the one feature that changes what
//! the library does, wherever in a build it is turned on: it is a stricter login, and never a looser one.
//!
//! It is off by default, because it brings C libraries (xmlsec1, libxml2, OpenSSL), needs their headers and
//! libclang to build (on Debian `libxmlsec1-dev`, `libclang-dev` and `pkg-config`; `libxmlsec1-openssl` to
//! run), and takes several times as long. xmlsec1 is no door by itself: it resolves references and runs
//! transforms before it looks at a signature. So it sees only what has been accepted. A system whose OpenSSL
//! forbids SHA-1 refuses the logins of legacy platforms with it.

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
mod numbered;
mod parser;
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

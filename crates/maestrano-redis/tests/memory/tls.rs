//! Redis behind TLS.

use std::fs;
use std::path::Path;

use maestrano::memory::Memory;
use maestrano_redis::{Error, Redis};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::tempdir;
use time::UtcDateTime;

use crate::server::{PORT, Server, engines};

/// An authority that nobody else knows: writes the key and the certificate of a server, and is its own
/// certificate.
fn authority(folder: &Path) -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("certificate.pem"), certificate.pem()).unwrap();
    authority.pem()
}

#[tokio::test]
async fn a_server_is_trusted_by_its_certificate_and_name_only() {
    let folder = tempdir().unwrap();
    let authority = authority(folder.path());
    let file = |name| folder.path().join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("certificate.pem"));
    for engine in engines() {
        let options = [
            "--tls-port",
            PORT,
            "--port",
            "0",
            "--tls-key-file",
            &key,
            "--tls-cert-file",
            &certificate,
            "--tls-auth-clients",
            "no",
        ];
        let server = Server::start_with(engine, &options);
        let at = |scheme: &str, host: &str| Redis::at(format!("{scheme}://{host}:{}", server.port()));

        let memory = at("rediss", "localhost").root_certificate(authority.as_str()).connect().await.unwrap();
        assert!(memory.spend("a", UtcDateTime::MAX, UtcDateTime::now()).await.unwrap());
        assert!(!memory.spend("a", UtcDateTime::MAX, UtcDateTime::now()).await.unwrap());

        let refused = [
            at("rediss", "localhost"),
            at("rediss", "127.0.0.1").root_certificate(authority.as_str()),
            at("redis", "localhost"),
        ];
        for builder in refused {
            let error = builder.connect().await.unwrap_err();
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        }
        for builder in [
            at("redis", "localhost").root_certificate(authority.as_str()),
            at("rediss", "localhost")
                .root_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
        ] {
            let error = builder.connect().await.unwrap_err();
            assert!(matches!(error, Error::Certificate { .. }), "{error:?}");
        }
    }
}

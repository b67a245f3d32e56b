//! What the library's work costs, as ratios within one run: `cargo bench -p maestrano --bench ratios`.
//!
//! Criterion drives the measurements; the tables that follow its own output hold the fastest sample of each,
//! because that one was disturbed least. They are ready for docs/performance.md.

#![allow(dead_code, clippy::panic, clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use criterion::Criterion;
use maestrano::saml::{Expectations, Trust, verify};

use crate::documents::{longer_by, usual};
use crate::keys::MODERN;
use crate::kit::{ACS, Draft, NOW, trust};
use crate::world::{World, page};

#[path = "shared/documents.rs"]
mod documents;
#[path = "../tests/saml/keys.rs"]
mod keys;
#[path = "../tests/saml/kit.rs"]
mod kit;
#[path = "shared/world.rs"]
mod world;

fn main() {
    let criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut stopwatch = Stopwatch { criterion };
    let trust = trust(&MODERN);
    verifier(&mut stopwatch, &trust);
    guard(&mut stopwatch);
    sizes(&mut stopwatch, &trust);
}

fn verifier(stopwatch: &mut Stopwatch, trust: &Trust) {
    let response = Response::of(&usual());
    let (floor_of, world) = (response.floor(), World::new());
    let (mut floor, mut verify) = (f64::INFINITY, f64::INFINITY);
    for pass in PASSES {
        floor = floor.min(stopwatch.fastest(&format!("floor{pass}"), &floor_of));
        verify = verify.min(stopwatch.fastest(&format!("verify{pass}"), || response.verify(trust)));
    }
    let sign_in = stopwatch.fastest("sign-in", || drop(black_box(world.sign_in())));

    println!("\n| a response of {:.1} KB, RSA-2048/SHA-256 | µs | × |", kilo(response.xml));
    println!("|---|---:|---:|");
    row("the floor: one RSA verification, two SHA-256", floor, floor);
    row(
        if cfg!(feature = "samael") { "`verify` with the second opinion" } else { "`verify`" },
        verify,
        floor,
    );
    row("sign-in: consume and finish, in memory", sign_in, floor);
    #[cfg(feature = "samael")]
    row("samael with xmlsec1, by itself", stopwatch.fastest("samael", || response.verify_by_samael()), floor);
    println!();
}

fn guard(stopwatch: &mut Stopwatch) {
    let world = World::new();
    let cookie = world.sign_in();
    let page = page(&cookie);
    let mut sealed = Sealed::as_long_as(cookie.split_once('=').unwrap().1);
    let (mut seal, mut check) = (f64::INFINITY, f64::INFINITY);
    for pass in PASSES {
        seal = seal.min(stopwatch.fastest(&format!("seal{pass}"), || sealed.open()));
        check =
            check.min(stopwatch.fastest(&format!("guard{pass}"), || assert!(world.check(black_box(&page)))));
    }

    println!("\n| a page with a fresh session | µs | × |");
    println!("|---|---:|---:|");
    row("opening the seal: base64 and AES-256-GCM-SIV", seal, seal);
    row("`check`", check, seal);
    println!();
}

/// What is compared takes turns, so that what else the machine does falls on all of it.
const PASSES: [&str; 3] = ["", " again", " and again"];

/// The time of a verification has a part that does not depend on the size: RSA, and the parts that every
/// response has. It is that of a response without attributes; what longer ones take more is divided by what
/// they are longer.
fn sizes(stopwatch: &mut Stopwatch, trust: &Trust) {
    let responses = [0, 1, 4, 16, 64, 256, 380].map(|size| Response::of(&longer_by(size * 1024)));
    let mut times = [f64::INFINITY; 7];
    for pass in PASSES {
        for (response, time) in responses.iter().zip(&mut times) {
            let name = format!("{:.1} KB{pass}", kilo(response.xml));
            *time = time.min(stopwatch.fastest(&name, || response.verify(trust)));
        }
    }

    println!("\n| XML | form field | µs | ns for each byte more |");
    println!("|---:|---:|---:|---:|");
    let (least, constant) = (responses[0].xml, times[0]);
    for (response, time) in responses.iter().zip(times).filter(|(_, time)| time.is_finite()) {
        let longer = response.xml - least;
        let more = if longer > 0 { format!("{:.2}", (time - constant) / longer as f64) } else { "".into() };
        let (xml, form) = (kilo(response.xml), kilo(response.form_value.len()));
        println!("| {xml:.1} KB | {form:.1} KB | {:.1} | {more} |", time / 1000.0);
    }
}

fn kilo(bytes: usize) -> f64 {
    bytes as f64 / 1024.0
}

/// Says nothing of what the command line has left out.
fn row(what: &str, time: f64, of: f64) {
    if time.is_infinite() {
        return;
    }
    println!("| {what} | {:.2} | {:.2} |", time / 1000.0, time / of);
}

/// Criterion, of which the fastest samples are kept.
struct Stopwatch {
    criterion: Criterion,
}

impl Stopwatch {
    /// The fastest sample of a piece of work, in nanoseconds for one piece.
    fn fastest(&mut self, name: &str, mut work: impl FnMut()) -> f64 {
        let mut fastest = f64::INFINITY;
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let start = Instant::now();
                (0..rounds).for_each(|_| work());
                let took = start.elapsed();
                fastest = fastest.min(took.as_nanos() as f64 / rounds as f64);
                took
            });
        });
        fastest
    }
}

/// A response and what it takes to verify it.
struct Response {
    /// The length of the XML.
    xml: usize,
    form_value: String,
    info: String,
    signature: Vec<u8>,
    canonical: String,
}

impl Response {
    fn of(draft: &Draft) -> Self {
        let xml = draft.xml();
        let between = |start: &str, end: &str| {
            let (from, _) = xml.split_once(start).unwrap().1.split_once(end).unwrap();
            from.to_owned()
        };
        // The kit writes it in canonical form.
        let info = format!("<ds:SignedInfo{}</ds:SignedInfo>", between("<ds:SignedInfo", "</ds:SignedInfo>"));
        let signature =
            BASE64_STANDARD.decode(between("<ds:SignatureValue>", "</ds:SignatureValue>")).unwrap();
        let canonical = draft.verified().unwrap().canonical().to_owned();
        Self { xml: xml.len(), form_value: draft.form_value(), info, signature, canonical }
    }

    /// The least that any verifier has to compute: the signature over `SignedInfo` with a key that is parsed
    /// already, and the digest of the assertion.
    fn floor(&self) -> impl Fn() {
        let pkcs8: String = MODERN_KEY.lines().filter(|line| !line.starts_with("---")).collect();
        let pair = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(pkcs8).unwrap()).unwrap();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap();
        move || {
            key.verify_sig(black_box(self.info.as_bytes()), &self.signature).unwrap();
            black_box(digest(&SHA256, black_box(self.canonical.as_bytes())));
        }
    }

    fn verify(&self, trust: &Trust) {
        let expectations = Expectations::new(trust, ACS);
        black_box(verify(black_box(self.form_value.as_bytes()), &expectations, NOW)).unwrap();
    }

    /// As the second opinion does it, but for the reading of what was verified.
    #[cfg(feature = "samael")]
    fn verify_by_samael(&self) {
        use samael::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};
        let xml = String::from_utf8(BASE64_STANDARD.decode(black_box(&self.form_value)).unwrap()).unwrap();
        let certificates = [CertificateDer::from(MODERN.certificate().der().to_vec())];
        black_box(Crypto::reduce_xml_to_signed(&xml, &certificates, ReduceMode::PreDigest)).unwrap();
    }
}

const MODERN_KEY: &str = include_str!("../tests/saml/keys/modern.key.pem");

/// The least that any guard has to compute for a cookie of that length: its base64, and AES-256-GCM-SIV with
/// a key that is there already.
struct Sealed {
    key: RandomizedNonceKey,
    text: String,
    room: Vec<u8>,
}

impl Sealed {
    fn as_long_as(cookie: &str) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, &[7; 32]).unwrap();
        let mut value = vec![b'a'; cookie.len() / 4 * 3 - 28];
        let nonce = key.seal_in_place_append_tag(Aad::from(PURPOSE), &mut value).unwrap();
        let text = BASE64_URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &value].concat());
        Self { key, room: vec![0; text.len()], text }
    }

    fn open(&mut self) {
        let length = BASE64_URL_SAFE_NO_PAD.decode_slice(black_box(&self.text), &mut self.room).unwrap();
        let (nonce, value) = self.room[..length].split_at_mut(12);
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        black_box(self.key.open_in_place(nonce, Aad::from(PURPOSE), value)).unwrap();
    }
}

const PURPOSE: &str = "__Host-mno_session_01234567";

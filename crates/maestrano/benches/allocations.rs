//! What the library allocates: `cargo bench -p maestrano --bench allocations`.

#![allow(dead_code, clippy::panic, clippy::unwrap_used, reason = "a measurement that cannot go on fails")]

use allocation_counter::{AllocationInfo, measure};
use maestrano::saml::{Expectations, verify};

use crate::documents::{longer_by, usual};
use crate::keys::MODERN;
use crate::kit::{ACS, NOW, trust};
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
    let trust = trust(&MODERN);
    println!(
        "| `verify` of XML | allocations | KB allocated | KB at most at once | at most, for each byte of XML |"
    );
    println!("|---:|---:|---:|---:|---:|");
    let drafts = [0, 1, 4, 16, 64, 256, 380].map(|size| longer_by(size * 1024));
    for draft in [usual()].iter().chain(&drafts) {
        let (xml, form_value) = (draft.xml().len(), draft.form_value());
        let expectations = Expectations::new(&trust, ACS);
        let found = measure(|| drop(verify(form_value.as_bytes(), &expectations, NOW).unwrap()));
        let peak = found.bytes_max as f64 / xml as f64;
        println!("| {:.1} KB | {} | {peak:.1} |", xml as f64 / 1024.0, cells(&found));
    }

    let world = World::new();
    let page = page(&world.sign_in());
    println!("\n| | allocations | KB allocated | KB at most at once |");
    println!("|---|---:|---:|---:|");
    println!("| sign-in | {} |", cells(&measure(|| drop(world.sign_in()))));
    println!("| `check` | {} |", cells(&measure(|| assert!(world.check(&page)))));
}

fn cells(found: &AllocationInfo) -> String {
    let kilo = |bytes: u64| bytes as f64 / 1024.0;
    format!("{} | {:.1} | {:.1}", found.count_total, kilo(found.bytes_total), kilo(found.bytes_max))
}

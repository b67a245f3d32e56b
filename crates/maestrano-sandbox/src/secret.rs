//! Random values.

use rsa::rand_core::{Rng, UnwrapErr};

/// A fresh token of 36 letters and digits (sso.md 1.11, `mno_session`): 186 random bits.
pub(crate) fn random_token() -> String {
    const LETTERS: [char; 36] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't',
        'u', 'v', 'w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    let mut token = String::with_capacity(36);
    while token.len() < 36 {
        let byte = usize::from(random_bytes::<1>()[0]);
        // 252 is a multiple of 36, so every letter is as likely as any other.
        if byte < 252 {
            token.push(LETTERS[byte % 36]);
        }
    }
    token
}

/// A fresh identifier for the XML: an underscore and a UUID (version 4).
pub(crate) fn random_id() -> String {
    let mut bytes = random_bytes::<16>();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hexadecimal(&bytes);
    format!("_{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    UnwrapErr(getrandom::SysRng).fill_bytes(&mut bytes);
    bytes
}

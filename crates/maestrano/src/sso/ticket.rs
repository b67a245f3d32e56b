//! The ticket with which a browser finishes its login: all that consume has verified, sealed into an address.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use time::{Duration, UtcDateTime};
use tracing::warn;

use super::error::{LoginError, Superfluous};
use super::pending::PendingLogin;
use crate::config::CreationMode;
use crate::ids::{GroupId, MarketplaceName};
use crate::login::{KNOWN_ATTRIBUTES, Login};
use crate::seal::Seal;

/// How long the browser has to come back after the platform's answer. The clock allowance comes on top.
pub(super) const TICKET_LIFETIME: Duration = Duration::seconds(60);
/// The longest ticket: with it the header fields of an answer stay below the buffer of a proxy (4 KB).
pub(super) const MAX_TICKET_CHARS: usize = 3_000;
/// What a ticket of that length can hold: base64 makes four characters of three bytes, and the seal adds 36 bytes.
const MAX_PACKED_BYTES: usize = MAX_TICKET_CHARS / 4 * 3 - 36;
/// What a ticket may come to when it is decompressed.
const MAX_UNPACKED_BYTES: usize = 48 * 1024;

const PLAIN: u8 = 1;
const DEFLATED: u8 = 2;
/// Stands for the index of an attribute whose name is written out.
const UNKNOWN_NAME: u8 = u8::MAX;
/// The first attribute that goes when a login does not fit: a user of many companies has a long one.
const ORGANIZATIONS: &str = "organizations";

/// What a browser brings back from consume.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) marketplace: MarketplaceName,
    pub(crate) pending: PendingLogin,
    pub(crate) outcome: Outcome,
}

/// What consume has found.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Login(Box<Login>),
    /// There is nothing to finish. The group, where it is known, is the one to sign in to again.
    Superfluous(Superfluous, Option<GroupId>),
}

impl Ticket {
    /// The group that the platform has named.
    pub(crate) fn group(&self) -> Option<&GroupId> {
        match &self.outcome {
            Outcome::Login(login) => Some(login.group().id()),
            Outcome::Superfluous(_, group) => group.as_ref(),
        }
    }

    /// Seals the ticket. Until it fits, attributes that this library does not need are dropped, then the page.
    pub(super) fn seal(
        mut self,
        seal: &Seal,
        purpose: &str,
        expires_at: UtcDateTime,
    ) -> Result<String, LoginError> {
        let mut packed = self.pack().or_else(|| self.pack_without_surplus());
        if packed.is_none() {
            self.pending.forget_page();
            packed = self.pack();
        }
        let packed = packed.ok_or(LoginError::TooLarge)?;
        Ok(seal.seal(purpose, expires_at, &packed)?)
    }

    /// Opens a ticket; one whose time is over is read too, and says so.
    pub(super) fn open(
        ticket: &str,
        seal: &Seal,
        purpose: &str,
        now: UtcDateTime,
    ) -> Result<Self, LoginError> {
        let opened = seal.open_expired(purpose, ticket.as_bytes()).ok_or(LoginError::TicketInvalid)?;
        let mut ticket = Self::unpack(opened.value()).ok_or(LoginError::TicketInvalid)?;
        if !opened.is_current(now) && matches!(ticket.outcome, Outcome::Login(_)) {
            let group = ticket.group().cloned();
            ticket.outcome = Outcome::Superfluous(Superfluous::TicketExpired, group);
        }
        Ok(ticket)
    }

    /// The bytes to seal; `None` when they are too many. Most tickets fit as they are, which saves the time of
    /// compressing them.
    fn pack(&self) -> Option<Vec<u8>> {
        let mut plain = Vec::with_capacity(MAX_PACKED_BYTES);
        plain.push(PLAIN);
        self.write(&mut plain)?;
        if plain.len() <= MAX_PACKED_BYTES {
            return Some(plain);
        }
        if plain.len() > MAX_UNPACKED_BYTES {
            return None;
        }
        let mut encoder = DeflateEncoder::new(vec![DEFLATED], Compression::best());
        encoder.write_all(plain.get(1..)?).ok()?;
        encoder.finish().ok().filter(|packed| packed.len() <= MAX_PACKED_BYTES)
    }

    /// Packs with as few attributes dropped as it takes, and logs their names.
    fn pack_without_surplus(&mut self) -> Option<Vec<u8>> {
        let Outcome::Login(login) = &self.outcome else { return None };
        let whole = login.clone();
        let surplus = surplus(&whole);
        let mut without = |count: usize| {
            let dropped = surplus.get(..count).unwrap_or_default();
            self.outcome = Outcome::Login(Box::new(whole.without(dropped)));
            self.pack()
        };
        // The more is dropped the shorter it is, so the least number that fits is found by halving.
        let (mut fits, mut fails) = (surplus.len(), 0);
        let mut packed = without(fits);
        while packed.is_some() && fits - fails > 1 {
            let middle = fails + (fits - fails) / 2;
            match without(middle) {
                Some(longer) => (packed, fits) = (Some(longer), middle),
                None => fails = middle,
            }
        }
        if packed.is_some() {
            let dropped = surplus.get(..fits).unwrap_or_default().iter().take(20);
            let names: Vec<&str> = dropped.map(String::as_str).collect();
            warn!(
                marketplace = %self.marketplace,
                request_id = self.pending.reference(),
                count = fits,
                ?names,
                "attributes dropped from a login that is too large for its ticket"
            );
        }
        packed
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Option<()> {
        put(bytes, self.marketplace.as_str().as_bytes())?;
        put(bytes, &self.pending.to_bytes())?;
        match &self.outcome {
            Outcome::Superfluous(superfluous, group) => {
                let index = Superfluous::ALL.iter().position(|other| other == superfluous)?;
                bytes.push(u8::try_from(index).ok()?);
                put(bytes, group.as_ref().map_or("", GroupId::as_str).as_bytes())
            }
            Outcome::Login(login) => {
                bytes.push(LOGIN);
                bytes.push(u8::from(login.creation_mode() == CreationMode::Virtual));
                let mut attributes = login.attributes().filter(|(_, value)| !value.is_empty());
                attributes.try_for_each(|(name, value)| {
                    let index = KNOWN_ATTRIBUTES.iter().position(|known| *known == name);
                    let index = index.and_then(|index| u8::try_from(index).ok());
                    bytes.push(index.unwrap_or(UNKNOWN_NAME));
                    if index.is_none() {
                        put(bytes, name.as_bytes())?;
                    }
                    put(bytes, value.as_bytes())
                })
            }
        }
    }

    fn unpack(packed: &[u8]) -> Option<Self> {
        let (form, packed) = packed.split_first()?;
        let mut unpacked = Vec::new();
        let mut bytes = match *form {
            PLAIN => packed,
            DEFLATED => {
                let limit = MAX_UNPACKED_BYTES as u64;
                DeflateDecoder::new(packed).take(limit).read_to_end(&mut unpacked).ok()?;
                &unpacked
            }
            _ => return None,
        };
        let marketplace: MarketplaceName = take_text(&mut bytes)?.parse().ok()?;
        let pending = PendingLogin::from_bytes(take(&mut bytes)?)?;
        let outcome = match take_byte(&mut bytes)? {
            LOGIN => {
                let mode = match take_byte(&mut bytes)? {
                    0 => CreationMode::Real,
                    _ => CreationMode::Virtual,
                };
                let mut attributes = Vec::with_capacity(KNOWN_ATTRIBUTES.len());
                while !bytes.is_empty() {
                    let name = match take_byte(&mut bytes)? {
                        UNKNOWN_NAME => take_text(&mut bytes)?,
                        index => KNOWN_ATTRIBUTES.get(usize::from(index))?,
                    };
                    attributes.push((name.to_owned(), take_text(&mut bytes)?.to_owned()));
                }
                Outcome::Login(Box::new(Login::from_attributes(attributes, &marketplace, mode).ok()?))
            }
            index => {
                let superfluous = *Superfluous::ALL.get(usize::from(index))?;
                let group = take_text(&mut bytes)?;
                let group = if group.is_empty() { None } else { Some(group.parse().ok()?) };
                Outcome::Superfluous(superfluous, group)
            }
        };
        Some(Self { marketplace, pending, outcome })
    }
}

/// Stands in the place of the number of a superfluous login.
const LOGIN: u8 = u8::MAX;

/// The names of the attributes that may go, in the order in which they go.
fn surplus(login: &Login) -> Vec<String> {
    let organizations = login.attribute(ORGANIZATIONS).map(|_| ORGANIZATIONS.to_owned());
    let mut unknown: Vec<(&str, &str)> = login.unknown_attributes().collect();
    unknown.sort_by_key(|(name, value)| std::cmp::Reverse(name.len() + value.len()));
    organizations.into_iter().chain(unknown.into_iter().map(|(name, _)| name.to_owned())).collect()
}

/// Appends bytes with their number in front; `None` when they are more than a ticket may hold.
fn put(bytes: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    bytes.extend_from_slice(&u16::try_from(field.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(field);
    Some(())
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (field, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *bytes = rest;
    Some(field)
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take(bytes)?).ok()
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*byte)
}

#[cfg(test)]
mod tests {
    use time::macros::utc_datetime;

    use super::*;
    use crate::secret::CookieKey;
    use crate::sso::ReturnTo;

    const NOW: UtcDateTime = utc_datetime!(2026-11-23 10:00);
    const END: UtcDateTime = utc_datetime!(2026-11-23 10:02);

    fn keys() -> Seal {
        Seal::new(&[CookieKey::new("key")]).unwrap()
    }

    fn ticket(outcome: Outcome, page: &str) -> Ticket {
        let pending = PendingLogin::begin(ReturnTo::parse(page, "/maestrano"), false, NOW).unwrap();
        Ticket { marketplace: "one".parse().unwrap(), pending, outcome }
    }

    fn login(more: &[(&str, &str)]) -> Outcome {
        let needed = [
            ("uid", "usr-1"),
            ("group_uid", "cld-1"),
            ("mno_session", "token"),
            ("mno_session_recheck", "2026-11-23T10:03:00Z"),
        ];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let attributes = needed.iter().chain(more).map(owned).collect();
        let login = Login::from_attributes(attributes, &"one".parse().unwrap(), CreationMode::Virtual);
        Outcome::Login(Box::new(login.unwrap()))
    }

    fn reopened(ticket: Ticket) -> (usize, Ticket) {
        let sealed = ticket.seal(&keys(), "ticket", END).unwrap();
        (sealed.len(), Ticket::open(&sealed, &keys(), "ticket", NOW).unwrap())
    }

    /// Digits that do not compress.
    fn noise(length: usize) -> String {
        let mut state = length as u64;
        let mut digit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
        };
        (0..length).map(|_| digit()).collect()
    }

    #[test]
    fn a_login_travels_with_all_its_attributes() {
        let sent =
            ticket(login(&[("company_name", "Müller & Söhne"), ("zeta", "1"), ("empty", "")]), "/me?a=b");
        let (_, back) = reopened(sent.clone());
        assert_eq!((back.marketplace, back.pending), (sent.marketplace, sent.pending));
        let (Outcome::Login(sent), Outcome::Login(back)) = (sent.outcome, back.outcome) else { panic!() };
        assert_eq!(
            back.attributes().collect::<Vec<_>>(),
            sent.attributes().filter(|it| it.0 != "empty").collect::<Vec<_>>()
        );
        assert_eq!(back.creation_mode(), CreationMode::Virtual);
    }

    #[test]
    fn a_superfluous_login_travels_with_its_cause_and_group() {
        for (number, cause) in Superfluous::ALL.into_iter().enumerate() {
            let group = (number % 2 == 0).then(|| "cld-1".parse().unwrap());
            let (_, back) = reopened(ticket(Outcome::Superfluous(cause, group.clone()), "/"));
            assert!(
                matches!(&back.outcome, Outcome::Superfluous(found, known) if *found == cause && *known == group)
            );
        }
    }

    #[test]
    fn an_expired_ticket_is_read_and_says_so() {
        let sealed = ticket(login(&[]), "/me").seal(&keys(), "ticket", END).unwrap();
        let late = Ticket::open(&sealed, &keys(), "ticket", END).unwrap();
        assert_eq!(
            (late.pending.return_to().as_str(), late.group().map(GroupId::as_str)),
            ("/me", Some("cld-1"))
        );
        assert!(matches!(late.outcome, Outcome::Superfluous(Superfluous::TicketExpired, _)));
    }

    #[test]
    fn other_texts_are_no_tickets() {
        let sealed = ticket(login(&[]), "/me").seal(&keys(), "ticket", END).unwrap();
        let no_ticket = keys().seal("ticket", END, b"\x01\x00\x03one").unwrap();
        for (text, purpose) in [("", "ticket"), ("x", "ticket"), (&sealed, "other"), (&no_ticket, "ticket")] {
            let opened = Ticket::open(text, &keys(), purpose, NOW);
            assert!(matches!(opened, Err(LoginError::TicketInvalid)), "{text}");
        }
    }

    #[test]
    fn a_login_that_does_not_fit_loses_organizations_first_and_then_the_longest() {
        let (large, small) = (noise(1_500), noise(300));
        let (longer, longest) = (noise(4_000), "a".repeat(500_000));
        let other = noise(3_000);
        let rows = [
            (
                vec![("organizations", large.as_str()), ("zeta", small.as_str())],
                vec!["organizations", "zeta"],
            ),
            (vec![("organizations", longer.as_str()), ("zeta", small.as_str())], vec!["zeta"]),
            (
                vec![("organizations", longer.as_str()), ("eta", large.as_str()), ("zeta", other.as_str())],
                vec!["eta"],
            ),
            (vec![("zeta", longest.as_str()), ("eta", "1")], vec!["eta"]),
        ];
        for (attributes, kept) in rows {
            let (length, back) = reopened(ticket(login(&attributes), "/me"));
            let Outcome::Login(back) = back.outcome else { panic!() };
            let left = attributes.iter().map(|(name, _)| *name).filter(|name| back.attribute(name).is_some());
            assert_eq!(left.collect::<Vec<_>>(), kept);
            assert!(length <= MAX_TICKET_CHARS, "{length}");
        }
    }

    #[test]
    fn many_attributes_go_until_the_rest_fits() {
        let names: Vec<String> = (0..400).map(|number| format!("{number}{}", noise(number))).collect();
        let attributes: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let (length, back) = reopened(ticket(login(&attributes), "/me"));
        let Outcome::Login(back) = back.outcome else { panic!() };
        let left = back.unknown_attributes().count();
        assert!((20..400).contains(&left) && length <= MAX_TICKET_CHARS, "{left} in {length}");
    }

    #[test]
    fn a_long_page_gives_way_to_the_login() {
        let page =
            format!("/{}", noise(1_000).replace(|character: char| !character.is_ascii_alphanumeric(), "x"));
        let name = noise(1_900);
        let (_, back) = reopened(ticket(login(&[("company_name", &name)]), &page));
        assert_eq!(back.pending.return_to(), &ReturnTo::home());
        let Outcome::Login(back) = back.outcome else { panic!() };
        assert_eq!(back.attribute("company_name"), Some(name.as_str()));
    }

    #[test]
    fn a_login_whose_own_attributes_do_not_fit_is_too_large() {
        let sealed = ticket(login(&[("company_name", &noise(3_000))]), "/me").seal(&keys(), "ticket", END);
        assert!(matches!(sealed, Err(LoginError::TooLarge)));
    }
}

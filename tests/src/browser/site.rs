//! Which addresses belong together: origins and sites as a browser draws their borders.

use std::net::IpAddr;

use url::{Host, Url};

/// Whether both addresses belong to one site: the same scheme and the same registrable domain.
///
/// A host without a registrable domain (`localhost`, an IP address) is a site of its own, so `localhost` and
/// `127.0.0.1` are strangers. Ports do not matter.
#[must_use]
pub fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && site(one) == site(other)
}

/// Whether a browser takes the address for trustworthy: https, or this very machine.
#[must_use]
pub fn trustworthy(url: &Url) -> bool {
    url.scheme() == "https" || is_local(url)
}

/// Whether nobody can own the name: `com`, `co.uk`, `localhost`.
#[must_use]
pub fn is_public_suffix(domain: &str) -> bool {
    psl::domain_str(domain).is_none()
}

fn site(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => psl::domain_str(name).unwrap_or(name).to_owned(),
        Some(address) => address.to_string(),
        None => String::new(),
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn together(one: &str, other: &str) -> bool {
        same_site(&Url::parse(one).unwrap(), &Url::parse(other).unwrap())
    }

    #[test]
    fn localhost_and_its_address_are_strangers() {
        assert!(!together("http://localhost:1", "http://127.0.0.1:1"));
    }

    #[test]
    fn ports_do_not_part_a_site() {
        assert!(together("http://localhost:1", "http://localhost:2"));
    }

    #[test]
    fn schemes_part_a_site() {
        assert!(!together("http://crm.example.com", "https://crm.example.com"));
    }

    #[test]
    fn hosts_of_one_registrable_domain_are_one_site() {
        assert!(together("https://crm.example.com", "https://example.com"));
        assert!(!together("https://example.co.uk", "https://other.co.uk"));
    }

    #[test]
    fn https_and_this_machine_are_trustworthy() {
        for url in ["https://crm.example.com", "http://localhost:3000", "http://127.0.0.1", "http://[::1]/"] {
            assert!(trustworthy(&Url::parse(url).unwrap()), "{url}");
        }
        assert!(!trustworthy(&Url::parse("http://crm.example.com").unwrap()));
    }
}

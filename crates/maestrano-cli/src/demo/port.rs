//! Which ports the applications get.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};

/// A port of the loopback that nobody else takes while this value lives.
#[derive(Debug)]
pub(crate) struct Reserved {
    port: u16,
    _listener: TcpListener,
}

impl Reserved {
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// So many ports, each as [`reserve`] finds it after the one before; any that are free when `first` is 0.
pub(crate) fn reserve_each(mut first: u16, count: usize) -> Option<Vec<Reserved>> {
    let mut found = Vec::new();
    for _ in 0..count {
        let reserved = reserve(first)?;
        first = if first == 0 { 0 } else { reserved.port().checked_add(1)? };
        found.push(reserved);
    }
    Some(found)
}

/// The port `first`, or the next free one of the 100 above it; any that is free when `first` is 0.
fn reserve(first: u16) -> Option<Reserved> {
    let last = if first == 0 { 0 } else { first.saturating_add(100) };
    (first..=last).find_map(|port| {
        // Somebody who listens only on IPv6 leaves the IPv4 port free, and would get our visitors all the same.
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
        let answering = loopback.map(|ip| SocketAddr::new(ip, port));
        if port != 0 && TcpStream::connect(&answering[..]).is_ok() {
            return None;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some(Reserved { port: listener.local_addr().ok()?.port(), _listener: listener })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_passed_over() {
        let taken = reserve(0).unwrap();
        let next = reserve(taken.port()).unwrap();
        assert!(next.port() > taken.port());
    }

    #[test]
    fn several_ports_follow_one_another() {
        let first = reserve(0).unwrap();
        let found: Vec<u16> =
            reserve_each(first.port(), 3).unwrap().iter().map(|reserved| reserved.port()).collect();
        assert_eq!(found.len(), 3);
        assert!(first.port() < found[0] && found.is_sorted_by(|one, next| one < next), "{found:?}");
        assert_eq!(reserve_each(0, 3).unwrap().len(), 3);
    }

    #[test]
    fn a_port_can_be_taken_when_the_reservation_ends() {
        let reserved = reserve(0).unwrap();
        let port = reserved.port();
        drop(reserved);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_taken_on_ipv6_only_is_passed_over() {
        let Ok(taken) = TcpListener::bind("[::1]:0") else {
            println!("this machine has no IPv6: nothing to see");
            return;
        };
        let port = taken.local_addr().unwrap().port();
        assert!(reserve(port).is_none_or(|reserved| reserved.port() > port));
    }
}

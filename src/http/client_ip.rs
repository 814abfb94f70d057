//! The client's address: who sent the request, behind the proxies we run ourselves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use super::context::RequestContext;
use super::error::ApiError;

/// Loopback and the private ranges of RFC 1918 and RFC 4193: trusted unless the settings say otherwise.
pub const PRIVATE_RANGES: &str = "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7";

/// The networks whose word is taken for `X-Forwarded-For`.
#[derive(Debug, Clone)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Trusts exactly these networks.
    pub fn new(networks: impl Into<Arc<[IpNet]>>) -> Self {
        Self(networks.into())
    }

    /// Trusts the [`PRIVATE_RANGES`].
    pub fn private_ranges() -> Self {
        Self(PRIVATE_RANGES.split(',').filter_map(|range| range.parse().ok()).collect())
    }

    /// Whether `ip` is one of our proxies.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The client's address: the right-most `X-Forwarded-For` entry that is not one of our proxies when the
    /// peer is one of them, else the peer itself.
    ///
    /// What stands to the left of an untrusted entry was written by strangers and is not read. An entry that
    /// is no address ends the walk: the last trusted hop is then the best that is known.
    pub fn client_ip(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.contains(client) {
            return client;
        }
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        for entry in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
            let Some(ip) = parse_entry(entry) else { break };
            client = ip;
            if !self.contains(ip) {
                break;
            }
        }
        client
    }
}

/// The network an address belongs to (/24 or /48): enough to see an attack, too little to name a person.
pub fn truncated(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << 8))),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80))),
    }
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse_entry(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let ip = bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&ip))
}

/// The client's address, for limits and for the audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<Arc<RequestContext>>();
        let ip = context.map_or_else(RequestContext::current_ip, |context| context.client_ip);
        Ok(Self(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        TrustedProxies::private_ranges().client_ip(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_their_address() {
        assert_eq!(client("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_untrusted_entry_wins() {
        assert_eq!(client("127.0.0.1", &["6.6.6.6, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &["6.6.6.6", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.1.1.1", &["198.51.100.7 ,\t10.0.0.2 "]), "198.51.100.7");
    }

    #[test]
    fn without_the_header_the_peer_is_the_client() {
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("::ffff:203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn only_our_own_hops_means_the_first_of_them() {
        assert_eq!(client("127.0.0.1", &["192.168.1.20, 10.0.0.2"]), "192.168.1.20");
    }

    #[test]
    fn ports_and_ipv6_are_understood() {
        assert_eq!(client("::1", &["198.51.100.7:5123"]), "198.51.100.7");
        assert_eq!(client("::1", &["2001:db8::5"]), "2001:db8::5");
        assert_eq!(client("::1", &["[2001:db8::5]:443"]), "2001:db8::5");
        assert_eq!(client("::1", &["[2001:db8::5]"]), "2001:db8::5");
        assert_eq!(client("fd00::2", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn garbage_ends_the_walk() {
        assert_eq!(client("127.0.0.1", &["198.51.100.7, unknown"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["198.51.100.7, bad, 10.0.0.3"]), "10.0.0.3");
        assert_eq!(client("127.0.0.1", &[""]), "127.0.0.1");
    }

    #[test]
    fn addresses_lose_their_last_part() {
        let cut = |ip: &str| truncated(ip.parse().unwrap()).to_string();
        assert_eq!(cut("203.0.113.77"), "203.0.113.0");
        assert_eq!(cut("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
        assert_eq!(cut("::ffff:203.0.113.77"), "203.0.113.0");
    }
}

//! Who is asking, as far as headers tell: our own host, our own origin, whose address. Pure.

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Where a request's page came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Our own: cookies count.
    Own,
    /// None was said, or a foreign one that is listed: cookies are ignored.
    Foreign,
    /// A foreign one that is not listed.
    Refused,
}

/// A network in CIDR notation, such as `10.0.0.0/8`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("expected a network such as 10.0.0.0/8 or ::1/128, not {text:?}");
        let (address, bits) = text
            .split_once('/')
            .map_or((text.as_str(), None), |(address, bits)| {
                (address, Some(bits))
            });
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        // Addresses are compared in their IPv4 form when they have one, so networks are kept so.
        match address.to_canonical() {
            _ if bits > most => Err(wrong()),
            IpAddr::V4(mapped) if address.is_ipv6() && bits >= 96 => Ok(Self {
                address: IpAddr::V4(mapped),
                bits: bits - 96,
            }),
            _ => Ok(Self { address, bits }),
        }
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        format!("{}/{}", network.address, network.bits)
    }
}

impl Network {
    /// Whether it holds `address`; an IPv4 address mapped into IPv6 counts as IPv4.
    pub fn holds(&self, address: IpAddr) -> bool {
        let (own, other, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (u128::from(own.to_bits()), u128::from(other.to_bits()), 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits(), 128),
            _ => return false,
        };
        let shift = width - u32::from(self.bits);
        own.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    }
}

/// Scheme and authority of an origin such as `https://host:port`; `None` for anything else.
pub fn origin_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let good = matches!(scheme, "http" | "https")
        && !authority.is_empty()
        && !authority.contains(['/', '?', '#', '@', ' ', '\\']);
    good.then_some((scheme, authority))
}

/// The name in an authority, without its port.
fn host_name(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority
            .rsplit_once(':')
            .map_or(authority, |(name, _)| name),
    }
}

fn is_loopback_name(name: &str) -> bool {
    let local =
        name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    local
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether a `Host` is ours: the public one, or a loopback name. Anything else could be a foreign
/// name that was made to point here (DNS rebinding).
pub fn is_our_host(host: &str, public_url: &str) -> bool {
    if host.is_empty() || host.contains(['/', '@', ' ', ',']) {
        return false;
    }
    let public =
        origin_of(public_url).is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
    public || is_loopback_name(host_name(host))
}

/// What an `Origin` header means for a request that was sent to `host`, to a listener that speaks
/// this `scheme`.
pub(super) fn judge_origin(
    headers: &HeaderMap,
    host: &str,
    scheme: &str,
    public_url: &str,
    allowed: &[String],
) -> Origin {
    let Some(origin) = headers.get("origin") else {
        return Origin::Foreign;
    };
    let Ok(origin) = origin.to_str() else {
        return Origin::Refused;
    };
    let Some((said, authority)) = origin_of(origin) else {
        return listed(origin, allowed);
    };
    let public = !public_url.is_empty()
        && public_url
            .trim_end_matches('/')
            .eq_ignore_ascii_case(origin);
    // The public name is ours by its own scheme alone: a plain page of it is whoever's that sits
    // in between.
    let here = said == scheme && is_loopback_name(host_name(host));
    if public || (here && authority.eq_ignore_ascii_case(host)) {
        return Origin::Own;
    }
    listed(origin, allowed)
}

fn listed(origin: &str, allowed: &[String]) -> Origin {
    let known = allowed
        .iter()
        .any(|known| known.trim_end_matches('/').eq_ignore_ascii_case(origin));
    if known {
        Origin::Foreign
    } else {
        Origin::Refused
    }
}

/// The address that limits apply to: the peer's, or, behind trusted proxies, the last one in
/// `X-Forwarded-For` that is not a trusted proxy itself.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    let mut address = peer;
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in hops.iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Some(next) = hop_address(hop) else {
            break;
        };
        address = next;
    }
    address
}

/// The address of a hop; some proxies put its port behind it, and then brackets around IPv6.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(hop.parse::<SocketAddr>().ok()?.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port)
}

/// What counts as one address: an IPv4 address, or a /64 of IPv6.
pub fn limited_unit(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn foreign_hosts_are_not_ours() {
        for host in [
            "127.0.0.1:4410",
            "localhost",
            "[::1]:4410",
            "127.9.9.9",
            "LOCALHOST:1",
            "stereo.example",
        ] {
            assert!(is_our_host(host, "https://stereo.example"), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:4410",
            "stereo.example:81",
            "10.0.0.1",
            "a@localhost",
        ] {
            assert!(!is_our_host(host, "https://stereo.example"), "{host}");
        }
    }

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_our_own_origin_counts_as_ours() {
        let judge = |origin| {
            judge_origin(
                &headers("origin", origin),
                "127.0.0.1:4410",
                "http",
                "https://stereo.example",
                &["https://friend.example".into()],
            )
        };
        assert_eq!(judge("http://127.0.0.1:4410"), Origin::Own);
        assert_eq!(judge("https://stereo.example"), Origin::Own);
        assert_eq!(judge("https://friend.example"), Origin::Foreign);
        for origin in [
            "https://evil.example",
            "null",
            "http://127.0.0.1:4411",
            "http://stereo.example",
        ] {
            assert_eq!(judge(origin), Origin::Refused, "{origin}");
        }
        assert_eq!(
            judge_origin(&HeaderMap::new(), "localhost", "http", "", &[]),
            Origin::Foreign
        );
    }

    #[test]
    fn a_plain_page_of_our_own_name_is_not_ours() {
        let judge = |origin, host, scheme| {
            judge_origin(
                &headers("origin", origin),
                host,
                scheme,
                "https://stereo.example",
                &[],
            )
        };
        let public = "stereo.example";
        for scheme in ["https", "http"] {
            assert_eq!(judge("https://stereo.example", public, scheme), Origin::Own);
            assert_eq!(
                judge("http://stereo.example", public, scheme),
                Origin::Refused
            );
        }
        let here = "localhost:4410";
        assert_eq!(judge("https://localhost:4410", here, "https"), Origin::Own);
        assert_eq!(
            judge("http://localhost:4410", here, "https"),
            Origin::Refused
        );
        assert_eq!(
            judge("https://localhost:4410", here, "http"),
            Origin::Refused
        );
    }

    #[test]
    fn only_trusted_proxies_may_speak_for_others() {
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).unwrap()];
        let forwarded = headers("x-forwarded-for", "6.6.6.6, 9.9.9.9, 10.1.1.1");
        let peer = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(
            client_address(peer("10.0.0.2"), &forwarded, &trusted),
            peer("9.9.9.9")
        );
        assert_eq!(
            client_address(peer("8.8.8.8"), &forwarded, &trusted),
            peer("8.8.8.8")
        );
        assert_eq!(
            client_address(
                peer("10.0.0.2"),
                &headers("x-forwarded-for", "nonsense"),
                &trusted
            ),
            peer("10.0.0.2")
        );
        assert_eq!(
            limited_unit(peer("2001:db8::1")),
            limited_unit(peer("2001:db8::ffff"))
        );
        assert_ne!(limited_unit(peer("1.2.3.4")), limited_unit(peer("1.2.3.5")));
        assert!(Network::try_from("1.2.3.4/33".to_owned()).is_err());
        assert!(
            Network::try_from("::/0".to_owned())
                .unwrap()
                .holds(peer("2001:db8::1"))
        );
    }

    #[test]
    fn a_browser_writes_our_name_in_small_letters() {
        // Behind a proxy that does not hand on the host, only `public_url` tells.
        let judge = |origin, public| {
            let headers = headers("origin", origin);
            judge_origin(&headers, "127.0.0.1:4410", "http", public, &[])
        };
        for public in ["https://Stereo.Example", "https://stereo.example/"] {
            let own = judge("https://stereo.example", public);
            assert_eq!(own, Origin::Own, "{public}");
            let other = judge("https://stereo.example.evil", public);
            assert_eq!(other, Origin::Refused, "{public}");
        }
        assert_eq!(judge("https://stereo.example", ""), Origin::Refused);
    }

    #[test]
    fn a_hop_may_carry_its_port() {
        for (hop, address) in [
            ("9.9.9.9", Some("9.9.9.9")),
            ("9.9.9.9:1234", Some("9.9.9.9")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("unknown", None),
            ("_hidden", None),
            ("9.9.9.9:port", None),
            ("[9.9.9.9", None),
            ("", None),
        ] {
            let expected = address.map(|address| address.parse::<IpAddr>().unwrap());
            assert_eq!(hop_address(hop), expected, "{hop}");
        }
    }

    #[test]
    fn what_a_client_claims_ends_at_the_first_hop_that_is_not_trusted() {
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).unwrap()];
        let peer = "10.0.0.2".parse().unwrap();
        for (claimed, expected) in [
            // Whatever stands left of the first foreign hop was written by that hop.
            ("127.0.0.1, 10.9.9.9, 8.8.8.8, 10.1.1.1", "8.8.8.8"),
            ("8.8.8.8, unknown, 10.1.1.1", "10.1.1.1"),
            ("10.3.3.3, 10.1.1.1", "10.3.3.3"),
            ("", "10.0.0.2"),
        ] {
            let forwarded = headers("x-forwarded-for", claimed);
            let address = client_address(peer, &forwarded, &trusted);
            assert_eq!(address.to_string(), expected, "{claimed}");
        }
        // Several lines are one list (RFC 9110 §5.3).
        let mut lines = headers("x-forwarded-for", "6.6.6.6");
        lines.append("x-forwarded-for", HeaderValue::from_static("8.8.8.8"));
        let address = client_address(peer, &lines, &trusted);
        assert_eq!(address.to_string(), "8.8.8.8");
    }

    #[test]
    fn a_mapped_network_is_the_network_that_it_maps() {
        let network = |text: &str| Network::try_from(text.to_owned());
        let mapped = network("::ffff:10.0.0.0/104").unwrap();
        assert_eq!(mapped, network("10.0.0.0/8").unwrap());
        assert!(mapped.holds("10.1.2.3".parse().unwrap()));
        assert!(mapped.holds("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!mapped.holds("11.1.2.3".parse().unwrap()));
        assert!(network("::ffff:10.0.0.0/129").is_err());
    }
}

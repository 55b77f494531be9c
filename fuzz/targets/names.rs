//! Hosts, origins and hops: no header makes a foreign name ours, or an untrusted hop believed, and no
//! origin of a file elsewhere ends the header that it is put in.

#![no_main]

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};
use stereo::http::{client_address, is_our_host, limited_unit, origin_of};
use stereo::media::direct::Origin;

const PUBLIC: &str = "https://stereo.example";

fuzz_target!(|input: (u32, &str, Vec<&[u8]>)| {
    let (peer, text, hops) = input;
    if is_our_host(text, PUBLIC) {
        let lower = text.to_ascii_lowercase();
        let name = lower
            .rsplit_once(':')
            .map_or(lower.as_str(), |(name, _)| name);
        let bare = name
            .trim_start_matches('[')
            .split(']')
            .next()
            .unwrap_or(name);
        let local = bare == "localhost" || bare.ends_with(".localhost");
        let loopback = |bare: &str| {
            bare.parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback())
        };
        assert!(
            lower == "stereo.example" || local || loopback(bare) || loopback(&lower),
            "{text}"
        );
    }
    if let Some((scheme, authority)) = origin_of(text) {
        assert!(text.starts_with(&format!("{scheme}://{authority}")));
    }
    if let Some(origin) = Origin::parse(text) {
        assert_eq!(origin.to_string(), text);
        let authority = text.split_once("://").map(|(_, authority)| authority);
        let ends = |c: char| c.is_whitespace() || c.is_control() || ";,'\"*/@".contains(c);
        assert!(
            authority.is_some_and(|it| !it.is_empty() && !it.contains(ends)),
            "{text}"
        );
    }
    let peer = IpAddr::V4(Ipv4Addr::from_bits(peer));
    let mut headers = HeaderMap::new();
    for hop in hops {
        if let Ok(hop) = HeaderValue::from_bytes(hop) {
            headers.append("x-forwarded-for", hop);
        }
    }
    assert_eq!(
        client_address(peer, &headers, &[]),
        peer,
        "nobody is trusted"
    );
    let unit = limited_unit(peer);
    assert_eq!(limited_unit(unit), unit);
});

//! `[server]`: listeners, names and connections.

use super::rule::{DAY_MS, Invalid, Section};
use crate::http::{Network, origin_of};
use http::uri::Authority;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::net::SocketAddr;

const SECTION: Section = Section("server");

/// Listeners and connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address for people. Port 0 takes a free one. Default 127.0.0.1:4410.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Address for operations: /live, /ready, /metrics. Never make it public. Default
    /// 127.0.0.1:4411.
    #[serde(deserialize_with = "address")]
    pub ops_listen: SocketAddr,
    /// The address that people see, such as `https://stereo.example`. Default empty: the
    /// listener's own.
    pub public_url: String,
    /// Foreign origins whose pages may open rooms here; never with our cookies. Default none.
    pub allowed_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`. Default none.
    pub trusted_proxies: Vec<Network>,
    /// Serves plain HTTP to other machines, without TLS and without a declared proxy. Default false.
    pub allow_plain: bool,
    /// Sockets at once; beyond, new ones wait to be accepted. Default 100,000.
    pub max_connections: usize,
    /// Sockets of one address at once (IPv6: of one /64). 0: any number. Default 1,000.
    pub max_connections_per_address: usize,
    /// Milliseconds a client may take to send the headers of a request. Default 10,000.
    pub header_timeout_ms: u64,
    /// Milliseconds that a picture or an export may take to come: 60 s is 5 MB at 0.7 Mbit/s.
    /// Default 60,000.
    pub upload_timeout_ms: u64,
    /// Milliseconds from the handshake to `join`. Default 10,000.
    pub join_timeout_ms: u64,
    /// Milliseconds from the signal to stop to the end of the process. Default 10,000.
    pub drain_ms: u64,
    /// Threads; 0: as many as there are cores. Default 0.
    pub workers: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4410)),
            ops_listen: SocketAddr::from(([127, 0, 0, 1], 4411)),
            public_url: String::new(),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            allow_plain: false,
            max_connections: 100_000,
            max_connections_per_address: 1_000,
            header_timeout_ms: 10_000,
            upload_timeout_ms: 60_000,
            join_timeout_ms: 10_000,
            drain_ms: 10_000,
            workers: 0,
        }
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let wrong = |_| {
        let message = "expected an address with its port, such as 127.0.0.1:4410 or [::1]:4410";
        D::Error::custom(format!("{message}, not {text:?}"))
    };
    text.parse().map_err(wrong)
}

impl Server {
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        self.validate_addresses()?;
        self.validate_names()?;
        SECTION.within("max_connections", self.max_connections, 1..=10_000_000, "")?;
        let timeout = |key, value| SECTION.within(key, value, 1..=DAY_MS, "ms");
        timeout("header_timeout_ms", self.header_timeout_ms)?;
        timeout("upload_timeout_ms", self.upload_timeout_ms)?;
        timeout("join_timeout_ms", self.join_timeout_ms)?;
        SECTION.within("drain_ms", self.drain_ms, 0..=DAY_MS, "ms")?;
        SECTION.within("workers", self.workers, 0..=1_024, "")
    }

    /// Refuses to send what people say, and what signs them in, in the clear through a network.
    pub(super) fn validate_exposure(&self, tls: bool) -> Result<(), Invalid> {
        let is_shielded = tls || !self.trusted_proxies.is_empty() || self.allow_plain;
        SECTION.agree(
            self.listen.ip().is_loopback() || is_shielded,
            "listen",
            "trusted_proxies",
            || {
                format!("expected [tls] for an address that other machines reach ({}): set tls.certificate and tls.key; or, behind a proxy that speaks TLS, server.trusted_proxies; or server.allow_plain = true if you know that nobody listens in", self.listen)
            },
        )
    }

    fn validate_addresses(&self) -> Result<(), Invalid> {
        let (people, operations) = (self.listen, self.ops_listen);
        // Of two listeners on one port, one that takes every address takes the other's.
        let same = people.ip() == operations.ip()
            || people.ip().is_unspecified()
            || operations.ip().is_unspecified();
        let collide = people.port() != 0 && people.port() == operations.port() && same;
        SECTION.agree(!collide, "ops_listen", "listen", || {
            format!("expected another address than server.listen ({people}), not {operations}")
        })
    }

    fn validate_names(&self) -> Result<(), Invalid> {
        if !self.public_url.is_empty()
            && let Some(fault) = origin_fault(&self.public_url)
        {
            return Err(SECTION.invalid("public_url", fault));
        }
        for (place, origin) in self.allowed_origins.iter().enumerate() {
            if let Some(fault) = origin_fault(origin) {
                return Err(Invalid {
                    element: Some(place),
                    ..SECTION.invalid("allowed_origins", fault)
                });
            }
        }
        Ok(())
    }
}

/// Why a text is not an origin as browsers write it (RFC 6454 §6.1), which is how it is compared.
pub(super) fn origin_fault(text: &str) -> Option<String> {
    let wrong = || format!("expected http://host or https://host, without a path, not {text:?}");
    let Some((scheme, authority)) = origin_of(text) else {
        return Some(wrong());
    };
    if !text.is_ascii() {
        return Some(format!(
            "expected the name as it is sent, xn--…, not {text:?}"
        ));
    }
    let Ok(parsed) = authority.parse::<Authority>() else {
        return Some(wrong());
    };
    let rest = authority.strip_prefix(parsed.host()).unwrap_or_default();
    let port = match rest.strip_prefix(':') {
        None => return None,
        Some(digits) => digits.parse::<u16>().ok().filter(|port| *port > 0),
    };
    match (scheme, port) {
        (_, None) => Some(format!("expected a port from 1 to 65535, not {text:?}")),
        ("http", Some(80)) | ("https", Some(443)) => Some(format!(
            "expected {text:?} without its port: browsers leave it out"
        )),
        _ => None,
    }
}

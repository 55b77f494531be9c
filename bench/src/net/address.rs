//! Where the server is: `ws://127.0.0.1:4410`, `http://…` or `127.0.0.1:4410`; over TLS
//! `wss://127.0.0.1:4410` or `https://…`.

use crate::failure::{Failure, Outcome};
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

/// A server's address, resolved, and what it is called in `Host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) host: String,
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
}

impl Address {
    /// Reads an address and resolves its name.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let behind = |schemes: [&str; 2]| {
            let mut schemes = schemes.iter();
            schemes.find_map(|scheme| text.strip_prefix(scheme))
        };
        let secured = behind(["wss://", "https://"]);
        let tls = secured.is_some();
        let host = secured
            .or_else(|| behind(["ws://", "http://"]))
            .unwrap_or(text)
            .trim_end_matches('/');
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err(Failure::new(format!(
                "{text}: expected a server's address, such as ws://127.0.0.1:4410"
            )));
        }
        let named = if has_port(host) {
            host.to_owned()
        } else {
            format!("{host}:{}", if tls { 443 } else { 80 })
        };
        // A name such as localhost may stand for both kinds, and servers mostly listen on IPv4.
        let socket = named
            .to_socket_addrs()
            .map_err(|error| Failure::new(format!("{text}: {error}")))?
            .min_by_key(SocketAddr::is_ipv6)
            .ok_or_else(|| Failure::new(format!("{text}: no such host")))?;
        Ok(Self {
            socket,
            host: host.to_owned(),
            tls,
        })
    }

    /// Its name or number, without the port.
    pub(crate) fn name(&self) -> &str {
        let end = match self.host.rfind(':') {
            Some(colon) if has_port(&self.host) => colon,
            _ => self.host.len(),
        };
        self.host[..end].trim_matches(['[', ']'])
    }
}

fn has_port(host: &str) -> bool {
    let after_brackets = host.rsplit(']').next().unwrap_or(host);
    after_brackets.contains(':')
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "wss" } else { "ws" };
        write!(formatter, "{scheme}://{}", self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_ports_may_be_left_out() {
        for text in ["ws://127.0.0.1:81", "http://127.0.0.1:81/", "127.0.0.1:81"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.socket.to_string(), "127.0.0.1:81");
            assert_eq!(address.to_string(), "ws://127.0.0.1:81");
        }
        assert_eq!(
            Address::parse("[::1]").unwrap().socket.to_string(),
            "[::1]:80"
        );
    }

    #[test]
    fn over_tls_the_port_is_another() {
        for text in ["wss://127.0.0.1", "https://127.0.0.1/"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.socket.to_string(), "127.0.0.1:443");
            assert!(address.tls);
            assert_eq!(address.to_string(), "wss://127.0.0.1");
        }
        for (text, name) in [
            ("wss://localhost:7", "localhost"),
            ("wss://[::1]:7", "::1"),
            ("wss://[::1]", "::1"),
        ] {
            assert_eq!(Address::parse(text).unwrap().name(), name);
        }
    }

    #[test]
    fn what_is_no_address_is_said() {
        let error = |text| Address::parse(text).unwrap_err().to_string();
        assert!(error("ws://a/b").contains("expected a server's address"));
        assert!(error("127.0.0.1:99999").starts_with("127.0.0.1:99999: "));
    }
}

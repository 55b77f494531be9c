//! Where the server is: `ws://127.0.0.1:4410`, `http://…` or `127.0.0.1:4410`.

use crate::failure::{Failure, Outcome};
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

/// A server's address, resolved, and what it is called in `Host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) socket: SocketAddr,
    pub(crate) host: String,
}

impl Address {
    /// Reads an address and resolves its name.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        if text.starts_with("wss://") || text.starts_with("https://") {
            return Err(Failure::new(format!(
                "{text}: TLS is not spoken here; give the address behind it"
            )));
        }
        let host = text
            .strip_prefix("ws://")
            .or_else(|| text.strip_prefix("http://"))
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
            format!("{host}:80")
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
        })
    }
}

fn has_port(host: &str) -> bool {
    let after_brackets = host.rsplit(']').next().unwrap_or(host);
    after_brackets.contains(':')
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ws://{}", self.host)
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
    fn what_is_no_address_is_said() {
        let error = |text| Address::parse(text).unwrap_err().to_string();
        assert!(error("wss://a").contains("TLS"));
        assert!(error("ws://a/b").contains("expected a server's address"));
        assert!(error("127.0.0.1:99999").starts_with("127.0.0.1:99999: "));
    }
}

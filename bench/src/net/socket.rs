//! Nonblocking sockets, and source addresses: one address has some 28,000 ports to one server, so
//! connections beyond are made from 127.0.0.2, 127.0.0.3 and on.

use crate::failure::{Failure, Outcome};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, connect, recv, send,
    socket_with, sockopt,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

/// Connections from one source address before the next one is taken: under the usual range of
/// ephemeral ports (32768 to 60999).
const PER_SOURCE: usize = 25_000;
/// Source addresses taken by ourselves.
const SOURCES: u8 = 40;

/// Where connections come from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    addresses: Vec<IpAddr>,
    made: usize,
    /// The system's own choice until its ports run out.
    exhausted: usize,
}

impl Sources {
    /// From these; when none are given and the server is on loopback, from as many of 127.0.0.x as
    /// are needed.
    pub(crate) fn new(given: &[IpAddr], server: SocketAddr) -> Self {
        let addresses = match server.ip() {
            _ if !given.is_empty() => given.to_vec(),
            IpAddr::V4(address) if address.is_loopback() => (1..=SOURCES)
                .map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)))
                .collect(),
            _ => Vec::new(),
        };
        Self {
            addresses,
            made: 0,
            exhausted: 0,
        }
    }

    /// Starts to connect.
    pub(crate) fn connect(&mut self, server: SocketAddr) -> Outcome<OwnedFd> {
        loop {
            let place = (self.made / PER_SOURCE).max(self.exhausted);
            let source = self.addresses.get(place).copied();
            match start(source, server) {
                Ok(socket) => {
                    self.made += 1;
                    return Ok(socket);
                }
                Err(Errno::ADDRNOTAVAIL | Errno::ADDRINUSE) if place + 1 < self.addresses.len() => {
                    self.exhausted = place + 1;
                }
                Err(error) => return Err(self.explained(error, server)),
            }
        }
    }

    fn explained(&self, error: Errno, server: SocketAddr) -> Failure {
        let made = self.made;
        Failure::new(match error {
            Errno::ADDRNOTAVAIL | Errno::ADDRINUSE => format!(
                "no free port is left to connect to {server} from, after {made} connections: give more source addresses with --source, or widen net.ipv4.ip_local_port_range"
            ),
            Errno::MFILE | Errno::NFILE => format!(
                "no descriptor is left after {made} connections: raise the limit (ulimit -n), or take fewer listeners"
            ),
            Errno::CONNREFUSED => refused(server),
            error => format!("{server}: {error}"),
        })
    }
}

/// What is said when nobody listens.
pub(crate) fn refused(server: SocketAddr) -> String {
    format!("{server} refuses connections: is the server running, and is that its address?")
}

fn start(source: Option<IpAddr>, server: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let family = match server {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    if let Some(source) = source {
        bind(&socket, &SocketAddr::new(source, 0))?;
    }
    match connect(&socket, &server) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error),
    }
}

/// Whether a connection that was started has failed.
pub(crate) fn error_of(socket: &OwnedFd) -> Option<Errno> {
    match sockopt::socket_error(socket) {
        Ok(Ok(())) => None,
        Ok(Err(error)) | Err(error) => Some(error),
    }
}

/// Reads what is there: `Ok(None)` when nothing is, `Ok(Some(0))` at the end.
pub(crate) fn read(socket: &OwnedFd, buffer: &mut [u8]) -> rustix::io::Result<Option<usize>> {
    match recv(socket, buffer, RecvFlags::empty()) {
        Ok((count, _)) => Ok(Some(count)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes what can be written now: how many bytes.
pub(crate) fn write(socket: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<usize> {
    match send(socket, bytes, SendFlags::NOSIGNAL) {
        Ok(count) => Ok(count),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_run_out_one_source_after_the_other() {
        let server: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let sources = Sources::new(&[], server);
        assert_eq!(sources.addresses.len(), usize::from(SOURCES));
        let given = [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))];
        assert_eq!(Sources::new(&given, server).addresses, given);
        let elsewhere = "192.0.2.1:9".parse().unwrap();
        assert!(Sources::new(&[], elsewhere).addresses.is_empty());
    }

    #[test]
    fn a_source_that_is_not_ours_is_explained() {
        let server: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let mut sources = Sources::new(&["192.0.2.7".parse().unwrap()], server);
        let error = sources.connect(server).unwrap_err().to_string();
        assert!(error.contains("--source"), "{error}");
    }
}

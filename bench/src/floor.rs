//! The floor: a program that holds accepted sockets and writes one ready-made frame to each with
//! one system call, nothing else. What any server costs beyond it is the server's own.
//!
//! A room is a path. What somebody sends goes to everyone in the room, as it came. `--gather`
//! shows what a server can save: events that came together leave in one write per socket. With
//! `--tls` each socket gets the frame as one record of its own, encrypted by rustls.

use crate::failure::{Failure, Outcome};
use crate::net::frame::{self, write_plain};
use crate::net::handshake;
use crate::net::poll::{Poll, Ready};
use crate::net::wire::{self, Wire};
use crate::screen;
use crate::system::descriptors;
use rustix::net::{SocketFlags, accept_with, sockopt};
use rustls::ServerConfig;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

const LISTENER: u32 = u32::MAX;
const WAIT: u64 = 3_600_000_000_000;

/// Serves until it is ended.
pub(crate) fn serve(listen: SocketAddr, gather: usize, tls: bool) -> Outcome<()> {
    let failed = |error: std::io::Error| Failure::new(format!("{listen}: {error}"));
    // The most that there is: how many will come is not known here.
    for most in [1_000_000, 100_000, 20_000] {
        if descriptors::provide(most, None).is_ok() {
            break;
        }
    }
    let listener = TcpListener::bind(listen).map_err(failed)?;
    // A storm of joins must find room to wait in.
    let backlog = rustix::net::listen(&listener, 4096);
    backlog.map_err(|error| failed(error.into()))?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let poll = Poll::new()?;
    poll.add(&listener, LISTENER, false)
        .map_err(|error| failed(error.into()))?;
    let tls = tls.then(wire::floor).transpose()?;
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    screen::out(&format!("{scheme}://{address}"));
    let floor = Floor {
        listener,
        poll,
        answer: handshake::answer(),
        sockets: Vec::new(),
        free: Vec::new(),
        names: HashMap::new(),
        rooms: Vec::new(),
        buffer: vec![0; 64 << 10],
        frame: Vec::new(),
        gather,
        tls,
    };
    floor.run()
}

struct Floor {
    listener: TcpListener,
    poll: Poll,
    answer: String,
    sockets: Vec<Socket>,
    free: Vec<u32>,
    names: HashMap<Vec<u8>, u32>,
    /// Sockets in each room.
    rooms: Vec<Vec<u32>>,
    buffer: Vec<u8>,
    /// What is being written.
    frame: Vec<u8>,
    gather: usize,
    tls: Option<Arc<ServerConfig>>,
}

/// One socket: as little as can be.
struct Socket {
    socket: Option<Wire>,
    /// None before the handshake.
    room: Option<u32>,
    /// The beginning of what came in part.
    carry: Vec<u8>,
}

impl Floor {
    fn run(mut self) -> Outcome<()> {
        let mut ready: Vec<Ready> = Vec::new();
        loop {
            self.poll.wait(WAIT, &mut ready)?;
            for one in &ready {
                match one.id {
                    LISTENER => self.accept(),
                    id => self.read(id),
                }
            }
        }
    }

    fn accept(&mut self) {
        // As many as there are: a readiness each would cost a system call more.
        loop {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let Ok(socket) = accept_with(&self.listener, flags) else {
                return;
            };
            let _ = sockopt::set_tcp_nodelay(&socket, true);
            let Ok(socket) = Wire::server(socket, self.tls.as_ref()) else {
                return;
            };
            let id = self.free.pop().unwrap_or(self.sockets.len() as u32);
            if self.poll.add(&socket, id, false).is_err() {
                return;
            }
            let one = Socket {
                socket: Some(socket),
                room: None,
                carry: Vec::new(),
            };
            match self.sockets.get_mut(id as usize) {
                Some(place) => *place = one,
                None => self.sockets.push(one),
            }
        }
    }

    fn read(&mut self, id: u32) {
        let one = &mut self.sockets[id as usize];
        let Some(socket) = &mut one.socket else {
            return;
        };
        let count = match socket.read(&mut self.buffer) {
            Ok(None) => return,
            Ok(Some(count)) if count > 0 => count,
            _ => return self.close(id),
        };
        let mut carry = std::mem::take(&mut one.carry);
        if carry.is_empty() && one.room.is_some() {
            let buffer = std::mem::take(&mut self.buffer);
            let read = self.frames(id, &buffer[..count]);
            self.sockets[id as usize].carry = buffer[read..count].to_vec();
            self.buffer = buffer;
            return;
        }
        carry.extend_from_slice(&self.buffer[..count]);
        let mut read = 0;
        if self.sockets[id as usize].room.is_none() {
            read = handshake::head_end(&carry).unwrap_or(0);
            if read == 0 && carry.len() < handshake::MOST {
                self.sockets[id as usize].carry = carry;
                return;
            }
            self.upgrade(id, &carry[..read]);
        }
        read += self.frames(id, &carry[read..]);
        carry.drain(..read);
        self.sockets[id as usize].carry = carry;
    }

    fn upgrade(&mut self, id: u32, head: &[u8]) {
        let Some(path) = head.split(|byte| *byte == b' ').nth(1) else {
            return self.close(id);
        };
        let room = match self.names.get(path) {
            Some(room) => *room,
            None => {
                let room = self.rooms.len() as u32;
                self.names.insert(path.to_vec(), room);
                self.rooms.push(Vec::new());
                room
            }
        };
        let one = &mut self.sockets[id as usize];
        one.room = Some(room);
        self.rooms[room as usize].push(id);
        let answer = self.answer.as_bytes();
        let written = one.socket.as_mut().map(|socket| socket.write(answer));
        if !matches!(written, Some(Ok(count)) if count == answer.len()) {
            self.close(id);
        }
    }

    /// Reads whole frames of a client and sends each to its room; how many bytes they took.
    fn frames(&mut self, id: u32, bytes: &[u8]) -> usize {
        let Some(room) = self.sockets[id as usize].room else {
            return bytes.len();
        };
        let (mut read, mut gathered) = (0, 0);
        let mut out = std::mem::take(&mut self.frame);
        let mut open = true;
        while let Some((opcode, payload, length)) = client_frame(&bytes[read..]) {
            read += length;
            if opcode == frame::CLOSE {
                open = false;
                break;
            }
            if opcode != frame::TEXT {
                continue;
            }
            write_plain(&mut out, frame::TEXT, &payload);
            gathered += 1;
            if gathered >= self.gather {
                self.write(room, &out);
                out.clear();
                gathered = 0;
            }
        }
        if !out.is_empty() {
            self.write(room, &out);
            out.clear();
        }
        self.frame = out;
        if !open {
            self.close(id);
        }
        read
    }

    /// One system call a socket. A socket that cannot take it misses it: the floor waits for nobody.
    fn write(&mut self, room: u32, bytes: &[u8]) {
        let mut lost = Vec::new();
        for id in &self.rooms[room as usize] {
            let Some(socket) = &mut self.sockets[*id as usize].socket else {
                continue;
            };
            match socket.write(bytes) {
                Ok(_) if socket.waits() => lost.push(*id),
                Ok(written) if written == bytes.len() || written == 0 => {}
                // Half a frame cannot be mended without keeping the rest.
                _ => lost.push(*id),
            }
        }
        lost.into_iter().for_each(|id| self.close(id));
    }

    fn close(&mut self, id: u32) {
        let one = &mut self.sockets[id as usize];
        if one.socket.take().is_none() {
            return;
        }
        if let Some(room) = one.room.take() {
            self.rooms[room as usize].retain(|other| *other != id);
        }
        one.carry = Vec::new();
        self.free.push(id);
    }
}

/// A client's frame: opcode, payload without its mask, and how many bytes it took.
fn client_frame(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, start) = match second & 0x7f {
        126 => (
            usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)),
            4,
        ),
        127 => (
            u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize,
            10,
        ),
        short => (usize::from(short), 2),
    };
    let mask: [u8; 4] = *bytes.get(start..)?.first_chunk()?;
    let payload = bytes.get(start + 4..(start + 4).checked_add(length)?)?;
    let plain = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect();
    Some((first & 0x0f, plain, start + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_frame_is_read_as_it_was_written() {
        for length in [0, 5, 125, 126, 70_000] {
            let payload = vec![b'q'; length];
            let mut bytes = Vec::new();
            frame::write_masked(&mut bytes, frame::TEXT, &payload);
            let whole = bytes.len();
            assert_eq!(client_frame(&bytes), Some((frame::TEXT, payload, whole)));
            assert_eq!(client_frame(&bytes[..whole - 1]), None);
        }
    }
}

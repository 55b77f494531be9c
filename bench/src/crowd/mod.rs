//! A crowd of connections, all in one thread around one epoll: it opens them, joins them, reads
//! what comes and tells a [`Scene`] of it. What to do about it is the scenario's.

mod ears;
mod gather;
mod member;
mod room;
mod speak;
mod traffic;

use crate::failure::{Failure, Outcome};
use crate::net::frame::{self, Reader};
use crate::net::poll::{Poll, Ready};
use crate::net::socket::{self, Sources};
use crate::net::wire::Wire;
use crate::net::{address::Address, handshake};
use crate::profile::Profile;
use ears::{Ears, Heard};
pub(crate) use gather::{Gathering, Joins, histogram};
pub(crate) use member::{Member, Stage, Why};
pub(crate) use room::Room;
use std::net::IpAddr;
use std::time::Instant;
pub(crate) use traffic::Traffic;

/// Bytes read at once.
const BUFFER: usize = 64 << 10;
/// Longest wait for a socket, so that a wish to stop is seen.
const LONGEST_WAIT: u64 = 100_000_000;

/// What a scenario wants to know. Times are nanoseconds on the crowd's clock.
pub(crate) trait Scene {
    /// An event arrived. `missed` are those of its room that did not arrive before it.
    fn delivered(&mut self, _member: u32, _room: u32, _number: u64, _missed: u64, _at: u64) {}
    /// Another frame arrived: an answer, a notice, or another event.
    fn other(&mut self, _member: u32, _room: u32, _payload: &[u8], _at: u64) {}
    /// Somebody joined, so many nanoseconds after starting to connect.
    fn joined(&mut self, _member: u32, _took: u64) {}
    /// A connection ended, or could not be made.
    fn gone(&mut self, _member: u32, _room: u32, _why: &Why) {}
}

/// A scene in which nothing matters.
pub(crate) struct Nothing;

impl Scene for Nothing {}

/// The crowd.
pub(crate) struct Crowd<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) address: &'a Address,
    pub(crate) members: Vec<Member>,
    pub(crate) rooms: Vec<Room>,
    pub(crate) traffic: Traffic,
    /// Letters that make an event as long as was asked for.
    pub(crate) pad: usize,
    /// What `{track}` stands for.
    pub(crate) track: String,
    sources: Sources,
    poll: Poll,
    ears: Ears,
    ready: Vec<Ready>,
    buffer: Box<[u8]>,
    began: Instant,
}

impl<'a> Crowd<'a> {
    pub(crate) fn new(
        profile: &'a Profile,
        address: &'a Address,
        sources: &[IpAddr],
    ) -> Outcome<Self> {
        Ok(Self {
            profile,
            address,
            members: Vec::new(),
            rooms: Vec::new(),
            traffic: Traffic::default(),
            pad: 0,
            track: String::new(),
            sources: Sources::new(sources, address.socket),
            poll: Poll::new()?,
            ears: Ears::new(profile),
            ready: Vec::new(),
            buffer: vec![0; BUFFER].into(),
            began: Instant::now(),
        })
    }

    /// Nanoseconds on the crowd's clock.
    pub(crate) fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    /// Starts to connect somebody to a room; its host is the one who publishes.
    pub(crate) fn open(&mut self, room: u32, host: bool) -> Outcome<u32> {
        let socket = self.sources.connect(self.address.socket)?;
        let socket = Wire::client(socket, self.address)?;
        let id = self.members.len() as u32;
        self.poll
            .add(&socket, id, true)
            .map_err(|error| Failure::new(format!("epoll: {error}")))?;
        self.members
            .push(Member::new(socket, room, host, self.now()));
        if host {
            self.rooms[room as usize].host = Some(id);
        }
        Ok(id)
    }

    /// Handles what is ready, waiting for it at most until `until`.
    pub(crate) fn turn(&mut self, until: u64, scene: &mut impl Scene) -> Outcome<()> {
        let wait = until.saturating_sub(self.now()).min(LONGEST_WAIT);
        let mut ready = std::mem::take(&mut self.ready);
        self.poll.wait(wait, &mut ready)?;
        for one in &ready {
            if one.writable {
                self.write(one.id, scene);
            }
            if one.readable {
                self.read(one.id, scene);
            }
        }
        self.ready = ready;
        Ok(())
    }

    /// Stops reading of a connection, or goes on.
    pub(crate) fn stop_reading(&mut self, id: u32, stopped: bool) {
        let member = &mut self.members[id as usize];
        member.stopped = stopped;
        if let Some(socket) = &member.socket {
            let writing = !member.out.is_empty() || socket.waits();
            let _ = self.poll.change(socket, id, !stopped, writing);
        }
    }

    fn write(&mut self, id: u32, scene: &mut impl Scene) {
        let member = &mut self.members[id as usize];
        if member.stage == Stage::Connecting {
            let Some(socket) = &member.socket else { return };
            if let Some(error) = socket::error_of(socket.socket()) {
                self.end(id, Why::connecting(error, self.address.socket), scene);
                return;
            }
            member.stage = Stage::Upgrading;
            let path = self.rooms[member.room as usize].path.clone();
            let request = handshake::request(
                &self.address.host,
                &path,
                self.profile.subprotocol.as_deref(),
                &self.profile.headers,
            );
            member.out.extend_from_slice(request.as_bytes());
        }
        if let Err(why) = self.flush(id) {
            self.end(id, why, scene);
        }
    }

    /// Writes what waits; what cannot be written now waits for the socket.
    fn flush(&mut self, id: u32) -> Result<(), Why> {
        let member = &mut self.members[id as usize];
        let Some(socket) = &mut member.socket else {
            return Ok(());
        };
        let written = socket.write(&member.out).map_err(Why::broken)?;
        member.out.drain(..written);
        if member.out.is_empty() {
            member.out = Vec::new();
        }
        let blocked = !member.out.is_empty() || socket.waits();
        if blocked != member.blocked {
            member.blocked = blocked;
            self.poll
                .change(socket, id, true, blocked)
                .map_err(Why::broken)?;
        }
        Ok(())
    }

    fn read(&mut self, id: u32, scene: &mut impl Scene) {
        loop {
            let member = &mut self.members[id as usize];
            let Some(socket) = &mut member.socket else {
                return;
            };
            if member.stopped {
                // Nothing is asked for: this is the end of the connection.
                return self.end(id, Why::Ended, scene);
            }
            let read = socket.read(&mut self.buffer);
            // TLS has things of its own to say.
            if socket.waits()
                && let Err(why) = self.flush(id)
            {
                return self.end(id, why, scene);
            }
            let count = match read {
                Ok(Some(0)) => return self.end(id, Why::Ended, scene),
                Ok(Some(count)) => count,
                Ok(None) => return,
                Err(error) => return self.end(id, Why::broken(error), scene),
            };
            let member = &mut self.members[id as usize];
            let heard = if member.stage == Stage::Upgrading {
                self.upgraded(id, count, scene)
            } else {
                self.hear(id, 0..count, scene)
            };
            if let Err(why) = heard {
                return self.end(id, why, scene);
            }
            if count < self.buffer.len() {
                return;
            }
        }
    }

    /// Reads the head of the answer to the handshake, and joins.
    fn upgraded(&mut self, id: u32, count: usize, scene: &mut impl Scene) -> Result<(), Why> {
        let member = &mut self.members[id as usize];
        let before = member.head.len();
        member.head.extend_from_slice(&self.buffer[..count]);
        let Some(end) = handshake::head_end(&member.head) else {
            let broken = member.head.len() > handshake::MOST;
            let foreign = before == 0 && !member.head.starts_with(b"HTTP/");
            return match broken || foreign {
                true => Err(Why::Refused(
                    "it does not speak HTTP: not a WebSocket server".into(),
                )),
                false => Ok(()),
            };
        };
        let head = std::mem::take(&mut member.head);
        handshake::check(&head[..end], self.profile.subprotocol.as_deref())
            .map_err(Why::Refused)?;
        member.stage = Stage::Joining;
        let host = member.host;
        match &self.profile.join {
            Some(join) => {
                let send = if host { &join.send_host } else { &join.send };
                self.say(id, send).map_err(|_| Why::Ended)?;
            }
            None => self.admit(id, scene),
        }
        // What came behind the head are frames.
        self.hear(id, end - before..count, scene)
    }

    fn admit(&mut self, id: u32, scene: &mut impl Scene) {
        let now = self.now();
        let member = &mut self.members[id as usize];
        member.stage = Stage::In;
        self.rooms[member.room as usize].present += 1;
        scene.joined(id, now - member.opened_at);
    }

    fn hear(
        &mut self,
        id: u32,
        range: std::ops::Range<usize>,
        scene: &mut impl Scene,
    ) -> Result<(), Why> {
        let now = self.now();
        let bytes = &self.buffer[range];
        let member = &mut self.members[id as usize];
        let room = &mut self.rooms[member.room as usize];
        let mut reader: Reader = std::mem::take(&mut member.reader);
        let mut end = None;
        let mut joined = None;
        let ears = &self.ears;
        let traffic = &mut self.traffic;
        let read = reader.feed(
            bytes,
            &mut |frame| match ears.hear(frame, member, room, traffic) {
                Heard::Event { number, missed } => {
                    scene.delivered(id, member.room, number, missed, now);
                }
                Heard::Joined => {
                    member.stage = Stage::In;
                    room.present += 1;
                    joined = Some(now - member.opened_at);
                }
                Heard::Other => scene.other(id, member.room, frame.payload, now),
                Heard::End(why) => {
                    end.get_or_insert(why);
                }
                Heard::Control => {}
            },
        );
        member.reader = reader;
        let answers = !member.out.is_empty();
        if let Some(took) = joined {
            scene.joined(id, took);
        }
        read.map_err(|malformed| Why::Refused(format!("it sent {}", malformed.0)))?;
        if let Some(why) = end {
            return Err(why);
        }
        if answers { self.flush(id) } else { Ok(()) }
    }

    fn end(&mut self, id: u32, why: Why, scene: &mut impl Scene) {
        let member = &mut self.members[id as usize];
        let why = match (why, member.stage) {
            (Why::Ended, Stage::Upgrading) => {
                Why::Refused("the server closed the connection during the handshake".into())
            }
            (Why::Ended, Stage::Joining) => {
                Why::Refused("the server closed the connection before it let us join".into())
            }
            (why, _) => why,
        };
        if member.stage == Stage::In {
            self.rooms[member.room as usize].present -= 1;
        }
        // Who wanted to leave is missed by nobody.
        let missed = member.stage != Stage::Leaving;
        member.stage = Stage::Gone;
        member.socket = None;
        member.out = Vec::new();
        if missed {
            scene.gone(id, member.room, &why);
        }
    }

    /// Says goodbye to everyone and waits a little for the answers.
    pub(crate) fn disperse(&mut self) {
        for id in 0..self.members.len() as u32 {
            self.leave(id);
        }
        let until = self.now() + 2_000_000_000;
        while self.now() < until && self.members.iter().any(|member| member.socket.is_some()) {
            if self.turn(until, &mut Nothing).is_err() {
                break;
            }
        }
    }

    /// Says goodbye: whoever closes after us.
    pub(crate) fn leave(&mut self, id: u32) {
        let member = &mut self.members[id as usize];
        if member.socket.is_none() {
            return;
        }
        frame::write_masked(&mut member.out, frame::CLOSE, &1000u16.to_be_bytes());
        if member.stage == Stage::In {
            self.rooms[member.room as usize].present -= 1;
        }
        member.stage = Stage::Leaving;
        if self.flush(id).is_err() {
            self.members[id as usize].socket = None;
        }
    }
}

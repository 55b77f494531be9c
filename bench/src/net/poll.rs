//! epoll: which sockets are ready, with a time limit finer than a millisecond.

use crate::failure::{Failure, Outcome};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::os::fd::{AsFd, OwnedFd};

/// Readiness taken at once.
const BATCH: usize = 1024;

/// What a socket is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub(crate) id: u32,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

/// A set of sockets, each with a number.
pub(crate) struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    pub(crate) fn new() -> Outcome<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)
            .map_err(|error| Failure::new(format!("epoll: {error}")))?;
        Ok(Self {
            epoll,
            events: Vec::with_capacity(BATCH),
        })
    }

    /// Watches a socket; `writing` until it can be written to, too.
    pub(crate) fn add(&self, socket: impl AsFd, id: u32, writing: bool) -> rustix::io::Result<()> {
        epoll::add(&self.epoll, socket, data(id), flags(true, writing))
    }

    pub(crate) fn change(
        &self,
        socket: impl AsFd,
        id: u32,
        reading: bool,
        writing: bool,
    ) -> rustix::io::Result<()> {
        epoll::modify(&self.epoll, socket, data(id), flags(reading, writing))
    }

    /// Waits at most `nanos` and gives what is ready.
    pub(crate) fn wait(&mut self, nanos: u64, ready: &mut Vec<Ready>) -> Outcome<()> {
        let timeout = Timespec {
            tv_sec: (nanos / 1_000_000_000) as i64,
            tv_nsec: (nanos % 1_000_000_000) as _,
        };
        ready.clear();
        self.events.clear();
        let spare = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, spare, Some(&timeout)) {
            // A signal: whoever waits looks whether it has to stop.
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::new(format!("epoll: {error}"))),
        }
        let over = EventFlags::HUP | EventFlags::ERR | EventFlags::RDHUP;
        ready.extend(self.events.iter().map(|event| {
            let flags = event.flags;
            Ready {
                id: event.data.u64() as u32,
                readable: flags.intersects(EventFlags::IN | over),
                writable: flags.intersects(EventFlags::OUT | over),
            }
        }));
        Ok(())
    }
}

fn data(id: u32) -> EventData {
    EventData::new_u64(u64::from(id))
}

fn flags(reading: bool, writing: bool) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, reading);
    flags.set(EventFlags::OUT, writing);
    flags
}

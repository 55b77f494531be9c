//! Every connection of the node, on one wheel of pings: each is visited once a turn, at a random
//! phase. What was heard since needs no ping; what stays silent for two turns is closed.

use super::outlet::Outlet;
use crate::room::ConnectionId;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use stereo_protocol::CloseCode;
use tokio::time::Instant;

/// Slots of the wheel, one a second: proxies close what is silent for 60 s.
const SLOTS: usize = 25;

/// Time between two slots.
pub const TICK: Duration = Duration::from_secs(1);

struct Seat {
    outlet: Weak<Outlet>,
    /// Pinged at the last visit, and not heard since.
    pinged: bool,
}

/// The node's connections.
#[derive(Default)]
pub struct Wheel {
    /// Connections that have yet to settle, and when that is due, soonest first.
    unsettled: Mutex<VecDeque<(Instant, Weak<Outlet>)>>,
    slots: [Mutex<Vec<Seat>>; SLOTS],
    next_id: AtomicU64,
    next_slot: AtomicUsize,
    count: AtomicUsize,
}

impl Wheel {
    /// A number for a new connection.
    pub fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Seats a connection until the guard is dropped.
    pub fn seat(self: &Arc<Self>, outlet: &Arc<Outlet>) -> Seated {
        // Golden-ratio steps spread even a storm of joins over all phases.
        let slot = outlet.id().0.wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> 16;
        let seat = Seat {
            outlet: Arc::downgrade(outlet),
            pinged: false,
        };
        self.slots[slot % SLOTS].lock().push(seat);
        self.count.fetch_add(1, Ordering::Relaxed);
        Seated {
            wheel: self.clone(),
        }
    }

    /// Expects a connection to [settle](Outlet::settle) by `due`; one that did not is closed at
    /// the next visit. Times must not fall from call to call.
    pub fn expect(&self, outlet: &Arc<Outlet>, due: Instant) {
        self.unsettled
            .lock()
            .push_back((due, Arc::downgrade(outlet)));
    }

    /// How many connections there are.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Visits the next slot: call once a [`TICK`].
    pub fn tick(&self) {
        let slot = self.next_slot.fetch_add(1, Ordering::Relaxed) % SLOTS;
        let mut idle = Vec::new();
        let mut silent = Vec::new();
        self.slots[slot].lock().retain_mut(|seat| {
            let Some(outlet) = seat.outlet.upgrade() else {
                return false;
            };
            if outlet.was_heard() {
                seat.pinged = false;
            } else if seat.pinged {
                silent.push(outlet);
            } else {
                seat.pinged = true;
                idle.push(outlet);
            }
            true
        });
        silent.extend(self.late(Instant::now()));
        for outlet in idle {
            outlet.ping();
        }
        for outlet in silent {
            outlet.close(CloseCode::Idle);
        }
    }

    /// Connections that were to settle by `now` and did not.
    fn late(&self, now: Instant) -> Vec<Arc<Outlet>> {
        let mut unsettled = self.unsettled.lock();
        let due = unsettled.partition_point(|(due, _)| *due <= now);
        let late = unsettled
            .drain(..due)
            .filter_map(|(_, outlet)| outlet.upgrade())
            .filter(|outlet| !outlet.is_settled())
            .collect();
        if unsettled.is_empty() {
            *unsettled = VecDeque::new();
        }
        late
    }

    /// All connections, for draining.
    pub fn all(&self) -> Vec<Arc<Outlet>> {
        let mut all = Vec::new();
        for slot in &self.slots {
            all.extend(slot.lock().iter().filter_map(|seat| seat.outlet.upgrade()));
        }
        all
    }
}

/// A seat on the wheel; given up when dropped. The slot forgets it at its next visit.
pub struct Seated {
    wheel: Arc<Wheel>,
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.wheel.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{frame, socket::Socket};
    use std::pin::Pin;
    use std::task::{Context, Waker};
    use tokio::io::{AsyncRead, DuplexStream, ReadBuf};

    /// What has come to the other end.
    fn came(far: &mut DuplexStream) -> Vec<u8> {
        let mut bytes = [0; 64];
        let mut read = ReadBuf::new(&mut bytes);
        let mut context = Context::from_waker(Waker::noop());
        let _ = Pin::new(far).poll_read(&mut context, &mut read);
        read.filled().to_vec()
    }

    #[tokio::test]
    async fn silent_connections_are_pinged_once_and_closed_a_turn_later() {
        let wheel = Arc::new(Wheel::default());
        let (near, mut far) = tokio::io::duplex(1 << 12);
        let outlet = Arc::new(Outlet::new(
            wheel.next_id(),
            Socket::layered(near),
            1 << 16,
            false,
        ));
        let _seat = wheel.seat(&outlet);
        let turn = || (0..SLOTS).for_each(|_| wheel.tick());
        turn();
        assert_eq!(came(&mut far), [0; 0], "new: heard");
        turn();
        assert_eq!(came(&mut far), frame::PING, "one ping");
        turn();
        assert!(!outlet.is_open(), "silent for two turns");
    }

    #[tokio::test]
    async fn who_does_not_settle_in_time_is_closed() {
        let wheel = Arc::new(Wheel::default());
        let outlet = || {
            let (near, _far) = tokio::io::duplex(1 << 12);
            let socket = Socket::layered(near);
            Arc::new(Outlet::new(wheel.next_id(), socket, 1 << 16, false))
        };
        let (settled, late, early) = (outlet(), outlet(), outlet());
        let now = Instant::now();
        for outlet in [&settled, &late] {
            wheel.expect(outlet, now);
        }
        wheel.expect(&early, now + Duration::from_secs(3600));
        settled.settle();
        wheel.tick();
        assert!(settled.is_open() && early.is_open());
        assert!(!late.is_open());
    }

    #[tokio::test]
    async fn heard_connections_are_left_alone() {
        let wheel = Arc::new(Wheel::default());
        let (near, mut far) = tokio::io::duplex(1 << 12);
        let outlet = Arc::new(Outlet::new(
            wheel.next_id(),
            Socket::layered(near),
            1 << 16,
            false,
        ));
        let seat = wheel.seat(&outlet);
        for _ in 0..10 * SLOTS {
            outlet.heard.store(true, Ordering::Relaxed);
            wheel.tick();
        }
        assert_eq!(came(&mut far), [0; 0]);
        drop(seat);
        assert_eq!(wheel.count(), 0);
    }
}

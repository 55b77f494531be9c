//! Publishes events and follows each to everyone in its room: so many in flight, or by a schedule
//! that waits for nobody.

use super::Stage;
use crate::crowd::{Crowd, Room, Scene, Why};
use crate::failure::{Failure, Outcome};
use crate::screen::Bar;
use hdrhistogram::Histogram;
use std::collections::VecDeque;

/// Longest time in which nothing arrives, in nanoseconds, before what is missing is given up.
const PATIENCE: u64 = 10_000_000_000;

/// When an event is published.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As soon as fewer than so many of its room are on their way.
    Window(u64),
    /// So many a second in each room, however long they take.
    Rate(f64),
}

/// What a pump did.
pub(crate) struct Pumped {
    pub(crate) events: u64,
    pub(crate) deliveries: u64,
    /// Deliveries that should have come and did not.
    pub(crate) lost: u64,
    /// Microseconds from when an event was due to its arrival.
    pub(crate) latency: Histogram<u64>,
    /// Microseconds from when it was due to when we sent it.
    pub(crate) late: Histogram<u64>,
    /// Why it ended before its end.
    pub(crate) failure: Option<Failure>,
}

/// Events under way in one room.
struct Flow {
    receivers: u32,
    /// Number of the oldest event under way.
    base: u64,
    under_way: VecDeque<Event>,
    sent: u64,
}

struct Event {
    left: u32,
    due: u64,
}

/// Follows events.
pub(crate) struct Pump {
    flows: Vec<Flow>,
    deaf: Vec<u32>,
    /// Rooms in which an event has reached everyone.
    done: Vec<u32>,
    deliveries: u64,
    lost: u64,
    latency: Histogram<u64>,
    last_arrival: u64,
    gone: Option<Why>,
    gone_count: u64,
}

impl Scene for Pump {
    fn delivered(&mut self, _member: u32, room: u32, number: u64, missed: u64, at: u64) {
        self.last_arrival = at;
        let flow = &mut self.flows[room as usize];
        for missing in number - missed..number {
            if flow.arrived(missing).is_some() {
                self.lost += 1;
            }
        }
        if let Some(due) = flow.arrived(number) {
            self.deliveries += 1;
            self.latency
                .saturating_record((at.saturating_sub(due) / 1000).max(1));
        }
        if flow.settle() {
            self.done.push(room);
        }
    }

    fn gone(&mut self, member: u32, _room: u32, why: &Why) {
        if self.deaf.contains(&member) {
            return;
        }
        self.gone_count += 1;
        self.gone.get_or_insert(why.clone());
    }
}

impl Flow {
    /// Notes an arrival: when the event was due. `None` for what this pump did not send.
    fn arrived(&mut self, number: u64) -> Option<u64> {
        let place = number.checked_sub(self.base)?;
        let event = self.under_way.get_mut(place as usize)?;
        event.left = event.left.saturating_sub(1);
        Some(event.due)
    }

    /// Forgets what has reached everyone; whether there was something.
    fn settle(&mut self) -> bool {
        let before = self.base;
        while self.under_way.front().is_some_and(|event| event.left == 0) {
            self.under_way.pop_front();
            self.base += 1;
        }
        self.base > before
    }
}

impl Pump {
    /// Follows what is published from now on. `deaf` are people who do not read: nothing is
    /// expected of them.
    pub(crate) fn new(crowd: &Crowd<'_>, deaf: &[u32]) -> Self {
        let silent = u32::from(!crowd.profile.echo);
        let in_room = |room: u32| {
            let sits = |id: &&u32| crowd.members[**id as usize].room == room;
            deaf.iter().filter(sits).count() as u32
        };
        let flow = |(place, room): (usize, &Room)| Flow {
            receivers: room.present.saturating_sub(silent + in_room(place as u32)),
            base: room.next,
            under_way: VecDeque::new(),
            sent: 0,
        };
        Self {
            flows: crowd.rooms.iter().enumerate().map(flow).collect(),
            deaf: deaf.to_vec(),
            done: Vec::new(),
            deliveries: 0,
            lost: 0,
            latency: crate::crowd::histogram(),
            last_arrival: crowd.now(),
            gone: None,
            gone_count: 0,
        }
    }

    /// Publishes `events` in each room and waits until they have arrived.
    pub(crate) fn run(
        mut self,
        crowd: &mut Crowd<'_>,
        stage: &Stage<'_>,
        pace: Pace,
        events: u64,
        bar: &Bar,
    ) -> Outcome<Pumped> {
        let mut late = crate::crowd::histogram();
        let refusals = crowd.traffic.refusals;
        let began = crowd.now();
        let mut schedule = Schedule::new(began, pace, self.flows.len() as u64, events);
        if let Pace::Window(_) = pace {
            self.done = (0..self.flows.len() as u32).collect();
        }
        let mut failure = None;
        while failure.is_none() {
            let sent = match pace {
                Pace::Window(window) => self.fill(crowd, window, events),
                Pace::Rate(_) => self.keep_up(crowd, &mut schedule, &mut late),
            };
            failure = sent.err();
            let waiting = self.flows.iter().any(|flow| !flow.under_way.is_empty());
            if !waiting && self.flows.iter().all(|flow| flow.sent == events) {
                break;
            }
            if let Some(stopped) = stage.stopped() {
                failure = Some(stopped);
                break;
            }
            let until = schedule.next().unwrap_or(crowd.now() + 100_000_000);
            crowd.turn(until, &mut self)?;
            bar.at(self.deliveries);
            failure = failure.or_else(|| self.trouble(crowd, refusals, waiting));
        }
        for flow in &self.flows {
            self.lost += flow
                .under_way
                .iter()
                .map(|event| u64::from(event.left))
                .sum::<u64>();
        }
        Ok(Pumped {
            events: self.flows.iter().map(|flow| flow.sent).sum(),
            deliveries: self.deliveries,
            lost: self.lost,
            latency: self.latency,
            late,
            failure,
        })
    }

    /// Publishes where fewer than `window` are under way.
    fn fill(&mut self, crowd: &mut Crowd<'_>, window: u64, events: u64) -> Outcome<()> {
        for room in std::mem::take(&mut self.done) {
            let flow = &self.flows[room as usize];
            let free = window - flow.under_way.len() as u64;
            for _ in 0..free.min(events - flow.sent) {
                self.send(crowd, room, crowd.now())?;
            }
        }
        Ok(())
    }

    /// Publishes what is due.
    fn keep_up(
        &mut self,
        crowd: &mut Crowd<'_>,
        schedule: &mut Schedule,
        late: &mut Histogram<u64>,
    ) -> Outcome<()> {
        self.done.clear();
        while let Some(due) = schedule.next().filter(|due| *due <= crowd.now()) {
            self.send(crowd, schedule.room(), due)?;
            late.saturating_record(((crowd.now() - due) / 1000).max(1));
            schedule.advance();
        }
        Ok(())
    }

    fn send(&mut self, crowd: &mut Crowd<'_>, room: u32, due: u64) -> Outcome<()> {
        crowd.publish(room)?;
        let flow = &mut self.flows[room as usize];
        flow.sent += 1;
        flow.under_way.push_back(Event {
            left: flow.receivers,
            due,
        });
        Ok(())
    }

    fn trouble(&self, crowd: &Crowd<'_>, refusals: u64, waiting: bool) -> Option<Failure> {
        if let Some(why) = &self.gone {
            let count = self.gone_count;
            return Some(Failure::new(format!(
                "{count} of {} connections ended in the middle: {why}",
                crowd.members.len()
            )));
        }
        if crowd.traffic.refusals > refusals {
            let refusal = crowd.traffic.last_refusal.as_deref().unwrap_or_default();
            return Some(Failure::new(format!("publishing is refused: {refusal}")));
        }
        let silence = crowd.now().saturating_sub(self.last_arrival);
        (waiting && silence > PATIENCE).then(|| {
            let missing: u32 = self
                .flows
                .iter()
                .flat_map(|flow| &flow.under_way)
                .map(|event| event.left)
                .sum();
            Failure::new(format!(
                "{missing} deliveries are missing, and for 10 s nothing has come"
            ))
        })
    }
}

/// When events are due: evenly over time, rooms one after the other.
struct Schedule {
    began: u64,
    rooms: u64,
    total: u64,
    done: u64,
    /// Nanoseconds between two events of any rooms; none when they do not go by time.
    gap: Option<f64>,
}

impl Schedule {
    fn new(began: u64, pace: Pace, rooms: u64, events: u64) -> Self {
        let gap = match pace {
            Pace::Window(_) => None,
            Pace::Rate(rate) => Some(1e9 / (rate * rooms as f64)),
        };
        Self {
            began,
            rooms,
            total: rooms * events,
            done: 0,
            gap,
        }
    }

    fn next(&self) -> Option<u64> {
        let gap = self.gap.filter(|_| self.done < self.total)?;
        Some(self.began + (self.done as f64 * gap) as u64)
    }

    fn room(&self) -> u32 {
        (self.done % self.rooms) as u32
    }

    fn advance(&mut self) {
        self.done += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_does_not_wait_for_what_is_late() {
        let mut schedule = Schedule::new(1_000, Pace::Rate(10.0), 2, 2);
        let mut due = Vec::new();
        while let Some(next) = schedule.next() {
            due.push((next, schedule.room()));
            schedule.advance();
        }
        let expected = [
            (1_000, 0),
            (50_001_000, 1),
            (100_001_000, 0),
            (150_001_000, 1),
        ];
        assert_eq!(due, expected);
    }

    #[test]
    fn an_event_is_done_when_everyone_has_it_or_has_missed_it() {
        let event = |left| Event { left, due: 5 };
        let mut flow = Flow {
            receivers: 2,
            base: 10,
            under_way: VecDeque::from([event(2), event(2)]),
            sent: 2,
        };
        assert_eq!(flow.arrived(9), None, "of an earlier pump");
        assert_eq!(flow.arrived(11), Some(5));
        assert_eq!(flow.arrived(11), Some(5));
        assert!(!flow.settle(), "the one before has not arrived");
        flow.arrived(10);
        flow.arrived(10);
        assert!(flow.settle());
        assert_eq!((flow.base, flow.under_way.len()), (12, 0));
    }
}

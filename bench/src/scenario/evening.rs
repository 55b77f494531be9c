//! What people do of an evening, by chance but the same each time: a small generator with a fixed
//! seed draws who does what when.

use super::mixed::Mixed;
use super::probes::Probes;
use crate::crowd::{Crowd, Scene, Why, histogram};
use crate::failure::{Failure, Outcome};
use hdrhistogram::Histogram;
use std::collections::VecDeque;

/// Events of a room whose times are kept.
const KEPT: usize = 1024;

/// An evening under way.
pub(super) struct Evening {
    probes: Probes,
    habits: Vec<Habit>,
    chance: Chance,
    /// Who has joined and not left.
    present: Vec<u32>,
    /// Who has joined since somebody last looked.
    fresh: Vec<u32>,
    /// When each room's last events were due, the newest last.
    sent: Vec<Sent>,
    /// Microseconds from when an event was due to its arrival.
    pub(super) latency: Histogram<u64>,
    /// The same, since somebody last looked.
    recent: Histogram<u64>,
    dropped: u64,
    why: Option<Why>,
    /// Who was there when it began.
    people: usize,
}

/// Something that is done again and again, at moments that know nothing of each other.
struct Habit {
    what: What,
    name: String,
    /// Nanoseconds between two, on average.
    gap: f64,
    next: u64,
    count: u64,
}

#[derive(Clone, Copy)]
enum What {
    /// The profile's action of this number.
    Act(usize),
    /// An event that is measured.
    Event,
    /// Somebody leaves and somebody else comes.
    Churn,
}

/// A room's last events.
#[derive(Default)]
struct Sent {
    first: u64,
    due: VecDeque<u64>,
}

impl Scene for Evening {
    fn delivered(&mut self, _member: u32, room: u32, number: u64, _missed: u64, at: u64) {
        if let Some(due) = self.sent[room as usize].due_of(number) {
            let took = (at.saturating_sub(due) / 1000).max(1);
            self.latency.saturating_record(took);
            self.recent.saturating_record(took);
        }
    }

    fn joined(&mut self, member: u32, _took: u64) {
        self.present.push(member);
        self.fresh.push(member);
    }

    fn gone(&mut self, member: u32, _room: u32, why: &Why) {
        self.present.retain(|other| *other != member);
        self.dropped += 1;
        self.why = Some(why.clone());
    }
}

impl Sent {
    fn note(&mut self, number: u64, due: u64) {
        if self.due.is_empty() {
            self.first = number;
        }
        self.due.push_back(due);
        if self.due.len() > KEPT {
            self.due.pop_front();
            self.first += 1;
        }
    }

    fn due_of(&self, number: u64) -> Option<u64> {
        let place = number.checked_sub(self.first)?;
        self.due.get(place as usize).copied()
    }
}

impl Evening {
    pub(super) fn new(mixed: &Mixed, crowd: &Crowd<'_>) -> Self {
        let (rooms, people) = (mixed.rooms as f64, (mixed.rooms * mixed.listeners) as f64);
        let habit = |what, name: &str, per_second: f64| Habit {
            what,
            name: name.to_owned(),
            gap: 1e9 / per_second,
            next: 0,
            count: 0,
        };
        let actions = crowd.profile.actions.iter().enumerate();
        let mut habits: Vec<_> = actions
            .map(|(place, action)| {
                let per_minute = action.per_minute * people + action.per_minute_room * rooms;
                habit(
                    What::Act(place),
                    &action.name,
                    mixed.busy * per_minute / 60.0,
                )
            })
            .collect();
        habits.push(habit(What::Event, "measured event", mixed.rate * rooms));
        habits.push(habit(
            What::Churn,
            "come and go",
            mixed.churn * people / 60.0,
        ));
        habits.retain(|habit| habit.gap.is_finite());
        Self {
            probes: Probes::default(),
            habits,
            chance: Chance(0x9e37_79b9_7f4a_7c15),
            present: Vec::new(),
            fresh: Vec::new(),
            sent: (0..mixed.rooms).map(|_| Sent::default()).collect(),
            latency: histogram(),
            recent: histogram(),
            dropped: 0,
            why: None,
            people: people as usize,
        }
    }

    /// Everyone is in: from now on things happen.
    pub(super) fn begin(&mut self, crowd: &mut Crowd<'_>) {
        let now = crowd.now();
        for habit in &mut self.habits {
            habit.next = now + self.chance.wait(habit.gap);
        }
    }

    /// When something is due again.
    pub(super) fn next(&self) -> u64 {
        let habits = self.habits.iter().map(|habit| habit.next);
        habits.chain(self.probes.next()).min().unwrap_or(u64::MAX)
    }

    /// Does what is due.
    pub(super) fn act(&mut self, crowd: &mut Crowd<'_>) -> Outcome<()> {
        let now = crowd.now();
        for member in self.fresh.drain(..) {
            self.probes.begin(member, now);
        }
        self.probes.send(crowd);
        for place in 0..self.habits.len() {
            while self.habits[place].next <= crowd.now() {
                let due = self.habits[place].next;
                self.perform(place, due, crowd)?;
                let habit = &mut self.habits[place];
                habit.count += 1;
                habit.next = due + self.chance.wait(habit.gap);
            }
        }
        Ok(())
    }

    fn perform(&mut self, place: usize, due: u64, crowd: &mut Crowd<'_>) -> Outcome<()> {
        match self.habits[place].what {
            What::Act(action) => {
                if let Some(member) = self.chance.among(&self.present) {
                    let profile = crowd.profile;
                    // Whoever is gone just now is told of by the crowd.
                    let _ = crowd.say(member, &profile.actions[action].send);
                }
            }
            What::Event => {
                let room = self.chance.below(self.sent.len() as u64) as u32;
                let number = crowd.publish(room)?;
                self.sent[room as usize].note(number, due);
            }
            What::Churn => {
                let leaves = self.chance.among(&self.present);
                let leaves = leaves.filter(|member| !crowd.members[*member as usize].host);
                if let Some(member) = leaves {
                    self.present.retain(|other| *other != member);
                    crowd.leave(member);
                    let room = crowd.members[member as usize].room;
                    crowd.open(room, false)?;
                }
            }
        }
        Ok(())
    }

    /// Whether there is nobody left to do anything.
    pub(super) fn is_over(&self) -> bool {
        self.dropped as usize > self.people / 2
    }

    /// What is said when people were dropped who had not left.
    pub(super) fn failure(&self, people: usize) -> Option<Failure> {
        let why = self.why.as_ref()?;
        let dropped = self.dropped;
        Some(Failure::new(format!(
            "{dropped} connections, of {people} at a time, ended in the middle: {why}"
        )))
    }

    /// How often each thing was done.
    pub(super) fn done(&self) -> impl Iterator<Item = (&str, u64)> {
        self.habits
            .iter()
            .map(|habit| (habit.name.as_str(), habit.count))
    }

    /// The 99th percentile since this was last asked, in milliseconds.
    pub(super) fn take_recent(&mut self) -> Option<f64> {
        let p99 = self.recent.value_at_quantile(0.99) as f64 / 1000.0;
        let any = !self.recent.is_empty();
        self.recent.reset();
        any.then_some(p99)
    }
}

/// xorshift64*: enough for who does what, and the same each time.
struct Chance(u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: u64) -> u64 {
        (self.draw() >> 11) % most.max(1)
    }

    fn among(&mut self, all: &[u32]) -> Option<u32> {
        let place = self.below(all.len() as u64) as usize;
        all.get(place).copied()
    }

    /// A wait whose mean is `gap` nanoseconds, exponentially distributed.
    fn wait(&mut self, gap: f64) -> u64 {
        let share = ((self.draw() >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
        (-share.ln() * gap) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_the_mean_that_was_asked_for() {
        let mut chance = Chance(7);
        let total: u64 = (0..100_000).map(|_| chance.wait(1000.0)).sum();
        assert!((95_000_000..105_000_000).contains(&total), "{total}");
    }

    #[test]
    fn old_events_are_forgotten() {
        let mut sent = Sent::default();
        for number in 5..5 + KEPT as u64 + 3 {
            sent.note(number, number * 10);
        }
        assert_eq!(sent.due_of(7), None);
        assert_eq!(sent.due_of(8), Some(80));
        assert_eq!(sent.due_of(5 + KEPT as u64 + 3), None);
    }
}

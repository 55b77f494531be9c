//! Brings people into rooms: rooms are made over HTTP, hosts come first, then listeners, so many
//! at a time or so many a second.

use super::{Crowd, Room, Scene, Why};
use crate::failure::{Failure, Outcome};
use crate::net::http;
use crate::profile::Values;
use crate::screen::Bar;
use crate::system::stop::Stop;
use hdrhistogram::Histogram;
use serde_json::Value;

/// Longest time in which nobody joins, in nanoseconds, before it is given up.
const PATIENCE: u64 = 20_000_000_000;

/// How people come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gathering {
    /// Joining at the same time, at most.
    pub(crate) at_once: usize,
    /// Starting to connect each second; as fast as they get in otherwise.
    pub(crate) per_second: Option<f64>,
}

impl Default for Gathering {
    fn default() -> Self {
        Self {
            at_once: 64,
            per_second: None,
        }
    }
}

/// How joining went.
pub(crate) struct Joins {
    /// Microseconds from starting to connect to having joined.
    pub(crate) took: Histogram<u64>,
    /// Nanoseconds from the first to the last.
    pub(crate) wall_ns: u64,
    /// Who is in.
    pub(crate) joined: usize,
}

/// Counts who got in, and passes on what else happens.
pub(super) struct Door<'a, S> {
    took: Histogram<u64>,
    joined: usize,
    /// The first who ended.
    failed: Option<(u32, Why)>,
    /// Who ended before they had joined.
    refused: usize,
    /// By number, who has joined.
    inside: Vec<bool>,
    rest: &'a mut S,
}

impl<S> Door<'_, S> {
    /// For how many it is decided whether they get in.
    fn settled(&self) -> usize {
        self.joined + self.refused
    }
}

impl<S: Scene> Scene for Door<'_, S> {
    fn delivered(&mut self, member: u32, room: u32, number: u64, missed: u64, at: u64) {
        self.rest.delivered(member, room, number, missed, at);
    }

    fn other(&mut self, member: u32, room: u32, payload: &[u8], at: u64) {
        self.rest.other(member, room, payload, at);
    }

    fn joined(&mut self, member: u32, took: u64) {
        self.joined += 1;
        self.inside
            .resize(self.inside.len().max(member as usize + 1), false);
        self.inside[member as usize] = true;
        self.took.saturating_record((took / 1000).max(1));
        self.rest.joined(member, took);
    }

    fn gone(&mut self, member: u32, room: u32, why: &Why) {
        self.failed.get_or_insert((member, why.clone()));
        let was_inside = self.inside.get(member as usize);
        self.refused += usize::from(was_inside != Some(&true));
        self.rest.gone(member, room, why);
    }
}

/// A histogram of microseconds, up to a minute, of three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000, 3)
        .unwrap_or_else(|error| unreachable!("constant bounds: {error}"));
    histogram.auto(true);
    histogram
}

impl Crowd<'_> {
    /// Makes rooms, with nobody in them.
    pub(crate) fn make_rooms(&mut self, count: usize) -> Outcome<()> {
        for number in 0..count {
            let mut room = self.make_room(number)?;
            room.path = self.profile.path.fill(&Values {
                room: &room.id,
                ..Values::default()
            });
            self.rooms.push(room);
        }
        Ok(())
    }

    fn make_room(&self, number: usize) -> Outcome<Room> {
        let Some(make) = &self.profile.room else {
            // Unlike those of an earlier run, which may not be gone yet.
            let id = format!("load-{}-{number}", std::process::id());
            return Ok(Room {
                id,
                ..Room::default()
            });
        };
        let answer = http::json(self.address, "POST", &make.post, Some(&make.body))?;
        let token = make.token.as_ref().map(|place| text_at(&answer, place));
        Ok(Room {
            id: text_at(&answer, &make.id)?,
            token: token.transpose()?.unwrap_or_default(),
            ..Room::default()
        })
    }

    /// Asks for a track that can be queued.
    pub(crate) fn find_track(&mut self) -> Outcome<()> {
        let Some(track) = &self.profile.track else {
            return Ok(());
        };
        let answer = http::json(self.address, "GET", &track.get, None)?;
        self.track = text_at(&answer, &track.id)?;
        Ok(())
    }

    /// Brings so many into each room, the host among them when it has none yet.
    pub(crate) fn gather(
        &mut self,
        per_room: usize,
        how: Gathering,
        stop: &Stop,
        bar: &Bar,
        scene: &mut impl Scene,
    ) -> Outcome<Joins> {
        let rooms = self.rooms.len() as u32;
        let hosts: Vec<_> = (0..rooms)
            .filter(|room| self.rooms[*room as usize].host.is_none())
            .map(|room| (room, true))
            .collect();
        let listeners =
            (0..per_room as u32).flat_map(|round| (0..rooms).map(move |room| (round, room)));
        let hosted = hosts.len() == rooms as usize;
        let listeners = listeners.filter(|(round, _)| !(hosted && *round == 0));
        let people: Vec<_> = hosts
            .iter()
            .copied()
            .chain(listeners.map(|(_, room)| (room, false)))
            .collect();
        let (joins, failed) = self.admit_all(&people, how, stop, bar, scene, |_, _, failed| {
            // Whoever is missing now is missing in everything that is measured.
            failed
        })?;
        match failed {
            None => Ok(joins),
            Some((member, why)) => {
                let (address, joined) = (self.address, joins.joined);
                Err(Failure::new(format!(
                    "{address}: {why} (connection {member}, with {joined} joined)"
                )))
            }
        }
    }

    /// Brings so many more into each room, and does something now and then meanwhile. Those who do
    /// not get in are told to the scene, and the others come all the same.
    pub(crate) fn gather_while<S: Scene>(
        &mut self,
        per_room: usize,
        how: Gathering,
        stop: &Stop,
        bar: &Bar,
        scene: &mut S,
        mut meanwhile: impl FnMut(&mut Self, &mut S),
    ) -> Outcome<Joins> {
        let rooms = self.rooms.len() as u32;
        let people: Vec<_> = (0..per_room)
            .flat_map(|_| (0..rooms).map(|room| (room, false)))
            .collect();
        let (joins, _) = self.admit_all(&people, how, stop, bar, scene, |crowd, scene, _| {
            meanwhile(crowd, scene);
            false
        })?;
        Ok(joins)
    }

    /// Lets everyone come until `meanwhile`, which is told whether somebody has ended, wants an end:
    /// how it went, and who ended first.
    fn admit_all<S: Scene>(
        &mut self,
        people: &[(u32, bool)],
        how: Gathering,
        stop: &Stop,
        bar: &Bar,
        scene: &mut S,
        mut meanwhile: impl FnMut(&mut Self, &mut S, bool) -> bool,
    ) -> Outcome<(Joins, Option<(u32, Why)>)> {
        let began = self.now();
        let mut door = Door {
            took: histogram(),
            joined: 0,
            failed: None,
            refused: 0,
            inside: Vec::new(),
            rest: scene,
        };
        let (mut opened, mut last) = (0, (0, began));
        while door.settled() < people.len() && !stop.is_wanted() {
            let due = due(how, self.now() - began, door.settled());
            while opened < people.len().min(due) {
                let (room, host) = people[opened];
                self.open(room, host)?;
                opened += 1;
            }
            self.turn(self.now() + 1_000_000, &mut door)?;
            if meanwhile(self, door.rest, door.failed.is_some()) {
                break;
            }
            if door.settled() > last.0 {
                last = (door.settled(), self.now());
                bar.at(door.joined as u64);
            } else if self.now() - last.1 > PATIENCE && opened > door.settled() {
                return Err(self.nobody_joins(door.joined));
            }
        }
        let joins = Joins {
            took: door.took,
            wall_ns: self.now() - began,
            joined: door.joined,
        };
        Ok((joins, door.failed))
    }

    fn nobody_joins(&self, joined: usize) -> Failure {
        let waits = match self.profile.join {
            Some(ref join) => format!("for a frame that holds {:?}", join.joined),
            None => "for the handshake".to_owned(),
        };
        Failure::new(format!(
            "{}: {joined} joined, and for 20 s nobody more: waited {waits} in vain",
            self.address
        ))
    }
}

/// How many may have started to connect by now.
fn due(how: Gathering, elapsed_ns: u64, settled: usize) -> usize {
    match how.per_second {
        Some(rate) => (elapsed_ns as f64 / 1e9 * rate) as usize + 1,
        None => settled + how.at_once,
    }
}

/// A text or number in an answer.
fn text_at(answer: &Value, place: &str) -> Outcome<String> {
    match answer.pointer(place) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(Failure::new(format!(
            "the answer holds no text at {place}: {}",
            http::first(&answer.to_string())
        ))),
    }
}

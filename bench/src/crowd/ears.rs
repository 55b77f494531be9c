//! What a frame is to whoever hears it, told apart by its bytes alone: nothing is parsed.

use super::member::{Member, Stage, Why};
use super::room::Room;
use super::traffic::Traffic;
use crate::net::frame::{self, Frame};
use crate::net::http::first;
use crate::profile::{Heartbeat, Profile};
use memchr::memmem::Finder;

/// Frames longer than this are not searched for a refusal.
const SHORT: usize = 4096;

/// What was heard.
pub(super) enum Heard {
    Event { number: u64, missed: u64 },
    Joined,
    Other,
    Control,
    End(Why),
}

/// What to listen for.
pub(super) struct Ears {
    prefix: Vec<u8>,
    number_after: Finder<'static>,
    joined: Option<Finder<'static>>,
    refusal: Option<Finder<'static>>,
    heartbeat: Option<Heartbeat>,
    probe: Option<Finder<'static>>,
    item_after: Option<Finder<'static>>,
}

impl Ears {
    pub(super) fn new(profile: &Profile) -> Self {
        let finder = |text: &String| Finder::new(text).into_owned();
        Self {
            prefix: profile.delivery.prefix.clone().into_bytes(),
            number_after: finder(&profile.delivery.number_after),
            joined: profile.join.as_ref().map(|join| finder(&join.joined)),
            refusal: profile.refusal.as_ref().map(finder),
            heartbeat: profile.heartbeat.clone(),
            probe: profile.probe.as_ref().map(|probe| finder(&probe.answer)),
            item_after: profile.item_after.as_ref().map(finder),
        }
    }

    pub(super) fn hear(
        &self,
        frame: Frame<'_>,
        member: &mut Member,
        room: &mut Room,
        traffic: &mut Traffic,
    ) -> Heard {
        let payload = frame.payload;
        match frame.opcode {
            frame::TEXT | frame::BINARY => {}
            frame::PING => {
                traffic.control.add(payload.len());
                frame::write_masked(&mut member.out, frame::PONG, payload);
                return Heard::Control;
            }
            frame::CLOSE => {
                traffic.control.add(payload.len());
                return Heard::End(closed(payload));
            }
            _ => {
                traffic.control.add(payload.len());
                return Heard::Control;
            }
        }
        if let Some(heartbeat) = &self.heartbeat
            && payload == heartbeat.is.as_bytes()
        {
            traffic.control.add(payload.len());
            frame::write_masked(&mut member.out, frame::TEXT, heartbeat.answer.as_bytes());
            return Heard::Control;
        }
        match member.stage {
            Stage::Joining => self.joining(payload, member, room, traffic),
            _ => self.message(payload, member, room, traffic),
        }
    }

    fn joining(
        &self,
        payload: &[u8],
        member: &Member,
        room: &mut Room,
        traffic: &mut Traffic,
    ) -> Heard {
        if finds(&self.joined, payload) {
            traffic.joins.add(payload.len());
            self.note_item(payload, member, room);
            return Heard::Joined;
        }
        if payload.len() <= SHORT && finds(&self.refusal, payload) {
            let text = first(&String::from_utf8_lossy(payload));
            return Heard::End(Why::Refused(format!("it does not let us join: {text}")));
        }
        traffic.other.add(payload.len());
        Heard::Other
    }

    fn message(
        &self,
        payload: &[u8],
        member: &mut Member,
        room: &mut Room,
        traffic: &mut Traffic,
    ) -> Heard {
        if let Some(number) = self.number(payload) {
            traffic.deliveries.add(payload.len());
            traffic.event_bytes = payload.len();
            match member.note(number) {
                Some(missed) => {
                    traffic.missed += missed;
                    return Heard::Event { number, missed };
                }
                None => traffic.repeated += 1,
            }
            return Heard::Control;
        }
        if payload.len() <= SHORT && finds(&self.probe, payload) {
            traffic.probes.add(payload.len());
            return Heard::Control;
        }
        traffic.other.add(payload.len());
        if payload.len() <= SHORT && finds(&self.refusal, payload) {
            traffic.refusals += 1;
            traffic.last_refusal = Some(first(&String::from_utf8_lossy(payload)));
        }
        self.note_item(payload, member, room);
        Heard::Other
    }

    /// The number of a published event; `None` when the frame is none.
    fn number(&self, payload: &[u8]) -> Option<u64> {
        let rest = payload.strip_prefix(&self.prefix[..])?;
        let place = self.number_after.find(rest)? + self.number_after.needle().len();
        let digits = rest[place..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let mut any = false;
        let number = digits.fold(0u64, |number, digit| {
            any = true;
            number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'))
        });
        any.then_some(number)
    }

    /// What is playing, as the host hears it.
    fn note_item(&self, payload: &[u8], member: &Member, room: &mut Room) {
        let Some(after) = &self.item_after else {
            return;
        };
        if !member.host {
            return;
        }
        if let Some(place) = after.find(payload) {
            let id = payload[place + after.needle().len()..].split(|byte| *byte == b'"');
            let id = id.take(1).flatten().copied().collect();
            room.item = String::from_utf8(id).unwrap_or_default();
        }
    }
}

fn finds(finder: &Option<Finder<'static>>, payload: &[u8]) -> bool {
    finder
        .as_ref()
        .is_some_and(|finder| finder.find(payload).is_some())
}

fn closed(payload: &[u8]) -> Why {
    match payload {
        [high, low, reason @ ..] => Why::Closed(
            u16::from_be_bytes([*high, *low]),
            String::from_utf8_lossy(reason).into_owned(),
        ),
        _ => Why::Ended,
    }
}

//! The latest events, for those who come back; and the place where deleted text is rewritten.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use stereo_protocol::{Event, EventNotice, MemberId, MessageId, QueueItem};

/// What an event holds that tells of a track.
const TRACK: &str = "\"track\":";

/// Encoded events, gapless, bounded in count and in bytes: the oldest go.
#[derive(Debug)]
pub(super) struct Ring {
    /// The `seq` of the first kept event; one more than the last event when empty.
    first: u64,
    kept: VecDeque<Bytes>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Ring {
    pub(super) fn new(next_seq: u64, most: usize, most_bytes: usize) -> Self {
        Self {
            first: next_seq,
            kept: VecDeque::new(),
            bytes: 0,
            most,
            most_bytes,
        }
    }

    pub(super) fn push(&mut self, json: Bytes) {
        self.bytes += json.len();
        self.kept.push_back(json);
        while self.kept.len() > self.most || self.bytes > self.most_bytes {
            let Some(gone) = self.kept.pop_front() else {
                break;
            };
            self.bytes -= gone.len();
            self.first += 1;
        }
    }

    /// As [`Ring::after`], when they are no more than `most_bytes` together.
    pub(super) fn after_within(
        &self,
        seq: u64,
        most_bytes: usize,
    ) -> Option<impl Iterator<Item = &Bytes>> {
        let bytes: usize = self.after(seq)?.map(Bytes::len).sum();
        (bytes <= most_bytes).then(|| self.after(seq)).flatten()
    }

    /// The events after `seq`, or `None` when some of them are gone or not yet there.
    pub(super) fn after(&self, seq: u64) -> Option<impl Iterator<Item = &Bytes>> {
        let next = self.first + self.kept.len() as u64;
        let wanted = seq.checked_add(1)?;
        (wanted >= self.first && wanted <= next)
            .then(|| self.kept.iter().skip((wanted - self.first) as usize))
    }

    /// Rewrites what a deleted message left.
    pub(super) fn redact_message(&mut self, message: MessageId) {
        self.rewrite(&message.to_string(), |notice| {
            let gone =
                matches!(&notice.event, Event::ChatAdded { message: kept } if kept.id == message);
            if gone {
                notice.op = None;
                notice.event = Event::Redacted {};
            }
            gone
        });
    }

    /// Who wrote a message that is kept in here.
    pub(super) fn author_of(&self, message: MessageId) -> Option<MemberId> {
        let needle = message.to_string();
        let holds =
            |kept: &&Bytes| std::str::from_utf8(kept).is_ok_and(|text| text.contains(&needle));
        let notices = self.kept.iter().filter(holds);
        notices
            .filter_map(|kept| serde_json::from_slice::<EventNotice>(kept).ok())
            .find_map(|notice| match notice.event {
                Event::ChatAdded { message: kept } if kept.id == message => Some(kept.by),
                _ => None,
            })
    }

    /// Rewrites what an erased member left: texts, names, and what they called their operations;
    /// the member's id stays.
    pub(super) fn redact_member(&mut self, member: MemberId) {
        self.rewrite(&member.to_string(), |notice| {
            let named = notice.people.remove(&member).is_some();
            let called = notice.by == Some(member) && notice.op.take().is_some();
            let said = match &notice.event {
                Event::ChatAdded { message } => message.by == member,
                Event::MemberChanged {
                    member: changed, ..
                } => *changed == member,
                _ => false,
            };
            if said {
                notice.event = Event::Redacted {};
            }
            named || called || said
        });
    }

    /// Rewrites what deleted items left: that they were there stays, since the events after them say
    /// what became of them.
    pub(super) fn withhold(&mut self, deleted: impl Fn(&QueueItem) -> bool) {
        self.rewrite(TRACK, |notice| {
            let items: &mut [QueueItem] = match &mut notice.event {
                Event::QueueAdded { items, .. } => items,
                Event::PlaybackChanged { current, .. } => current.as_mut_slice(),
                _ => return false,
            };
            let told = |item: &&mut QueueItem| deleted(item) && !item.track.is_withheld();
            let mut changed = false;
            for item in items.iter_mut().filter(told) {
                item.track = Arc::new(item.track.withheld());
                changed = true;
            }
            changed
        });
    }

    /// Reads back each event that holds `needle`, and keeps it anew when `change` says so. Only
    /// deletions pay for this.
    fn rewrite(&mut self, needle: &str, change: impl Fn(&mut EventNotice) -> bool) {
        for kept in &mut self.kept {
            let holds = std::str::from_utf8(kept).is_ok_and(|text| text.contains(needle));
            if !holds {
                continue;
            }
            let Ok(mut notice) = serde_json::from_slice::<EventNotice>(kept) else {
                continue;
            };
            if change(&mut notice) {
                self.bytes -= kept.len();
                *kept = encode(&notice);
                self.bytes += kept.len();
            }
        }
    }
}

/// An event as JSON.
pub(super) fn encode(notice: &EventNotice) -> Bytes {
    // Most events fit: growing would copy them two or three times. What is kept has its own size.
    let mut json = Vec::with_capacity(512);
    match serde_json::to_writer(&mut json, notice) {
        Ok(()) => Bytes::copy_from_slice(&json),
        Err(_) => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_resumable_while_everything_after_it_is_kept() {
        let mut ring = Ring::new(1, 3, 1000);
        assert_eq!(ring.after(0).map(Iterator::count), Some(0));
        for _ in 0..5 {
            ring.push(Bytes::from_static(b"{}"));
        }
        assert!(ring.after(1).is_none(), "event 2 is gone");
        assert_eq!(ring.after(2).map(Iterator::count), Some(3));
        assert_eq!(ring.after(5).map(Iterator::count), Some(0));
        assert!(ring.after(6).is_none(), "nothing was numbered 6");
        assert!(ring.after(u64::MAX).is_none());
    }

    #[test]
    fn the_ring_is_bounded_in_bytes_too() {
        let mut ring = Ring::new(1, 1000, 10);
        for _ in 0..5 {
            ring.push(Bytes::from_static(b"123456"));
        }
        assert!(ring.bytes <= 10);
        assert!(ring.after(3).is_none());
        assert!(ring.after(4).is_some());
    }
}

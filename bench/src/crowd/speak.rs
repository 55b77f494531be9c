//! What the crowd says: events, probes, goodbyes.

use super::{Crowd, Nothing, Stage, Why};
use crate::failure::{Failure, Outcome};
use crate::net::frame;
use crate::profile::{Template, Values, Word};

impl Crowd<'_> {
    /// Publishes the room's next event through its host; its number.
    pub(crate) fn publish(&mut self, room: u32) -> Outcome<u64> {
        let publish = &self.profile.publish;
        let number = self.rooms[room as usize].next;
        let Some(host) = self.rooms[room as usize].host else {
            return Err(Failure::new("nobody publishes in this room"));
        };
        self.say(host, publish)
            .map_err(|why| Failure::new(format!("the connection that publishes is lost: {why}")))?;
        self.rooms[room as usize].next += 1;
        Ok(number)
    }

    /// Says something on a connection.
    pub(crate) fn say(&mut self, id: u32, what: &Template) -> Result<(), Why> {
        let member = &mut self.members[id as usize];
        if matches!(member.stage, Stage::Gone | Stage::Leaving) {
            return Err(Why::Ended);
        }
        let room = &self.rooms[member.room as usize];
        if what.names(Word::Id) {
            member.requests += 1;
        }
        let text = what.fill(&Values {
            room: &room.id,
            token: &room.token,
            listener: id,
            id: member.requests,
            number: room.next,
            pad: self.pad,
            now_ms: self.began.elapsed().as_nanos() as f64 / 1e6,
            track: &self.track,
            item: &room.item,
        });
        frame::write_masked(&mut member.out, frame::TEXT, text.as_bytes());
        let flushed = self.flush(id);
        if let Err(why) = &flushed {
            self.end(id, why.clone(), &mut Nothing);
        }
        flushed
    }
}

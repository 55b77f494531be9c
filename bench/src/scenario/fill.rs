//! Puts tracks into queues before anything is measured.

use super::Stage;
use crate::crowd::{Crowd, Scene};
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use memchr::memmem::Finder;

/// Longest wait for the answers, in nanoseconds.
const PATIENCE: u64 = 10_000_000_000;

/// Puts so many into the queue of each room, through its host.
pub(super) fn fill(
    crowd: &mut Crowd<'_>,
    stage: &Stage<'_>,
    items: usize,
    run: &mut Run,
) -> Outcome<()> {
    let Some(fill) = crowd.profile.fill.as_ref().filter(|_| items > 0) else {
        if items > 0 {
            run.note("the profile has no [fill]: the rooms are empty");
        }
        return Ok(());
    };
    crowd.find_track()?;
    let hosts: Vec<u32> = crowd.rooms.iter().filter_map(|room| room.host).collect();
    let mut answers = Answers {
        holds: Finder::new(&fill.answer).into_owned(),
        count: 0,
    };
    for host in &hosts {
        for _ in 0..items {
            let said = crowd.say(*host, &fill.send);
            said.map_err(|why| Failure::new(format!("filling the queue: {why}")))?;
        }
    }
    let (wanted, until) = (items * hosts.len(), crowd.now() + PATIENCE);
    while answers.count < wanted {
        crowd.turn(until, &mut answers)?;
        if let Some(refusal) = &crowd.traffic.last_refusal {
            return Err(Failure::new(format!(
                "filling the queue is refused: {refusal}"
            )));
        }
        if crowd.now() > until || stage.stop.is_wanted() {
            let count = answers.count;
            return Err(Failure::new(format!(
                "{count} of {wanted} tracks were taken within 10 s"
            )));
        }
    }
    Ok(())
}

/// Counts answers that hold a text.
struct Answers {
    holds: Finder<'static>,
    count: usize,
}

impl Scene for Answers {
    fn other(&mut self, _member: u32, _room: u32, payload: &[u8], _at: u64) {
        if self.holds.find(payload).is_some() {
            self.count += 1;
        }
    }
}

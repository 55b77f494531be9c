//! What is done to a server. Each scenario brings a crowd, lets it do something, and measures.

mod evening;
pub(crate) mod fanout;
mod fill;
pub(crate) mod idle;
pub(crate) mod join;
pub(crate) mod mixed;
mod probes;
pub(crate) mod pump;
mod rounds;
pub(crate) mod slow;

use crate::crowd::{Crowd, Gathering, Joins, Scene};
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::screen::Screen;
use crate::system::descriptors;
use crate::system::stop::Stop;
use crate::target::Target;
use std::net::IpAddr;

/// Any of them.
#[derive(Clone, Debug)]
pub(crate) enum Scenario {
    Fanout(fanout::Fanout),
    Idle(idle::Idle),
    Join(join::Join),
    Slow(slow::Slow),
    Mixed(mixed::Mixed),
}

impl Scenario {
    /// Runs it. What it could not even begin with is said together with the server's end.
    pub(crate) fn run(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        self.perform(stage).map_err(|failure| stage.why(failure))
    }

    fn perform(&self, stage: &mut Stage<'_>) -> Outcome<Run> {
        match self {
            Self::Fanout(fanout) => fanout.run(stage),
            Self::Idle(idle) => idle.run(stage),
            Self::Join(join) => join.run(stage),
            Self::Slow(slow) => slow.run(stage),
            Self::Mixed(mixed) => mixed.run(stage),
        }
    }
}

/// What every scenario is given.
pub(crate) struct Stage<'a> {
    pub(crate) target: &'a mut Target,
    pub(crate) sources: &'a [IpAddr],
    pub(crate) stop: &'a Stop,
    pub(crate) screen: Screen,
}

impl Stage<'_> {
    /// A crowd in so many rooms, once there are descriptors enough for it.
    fn crowd(&self, rooms: usize, people: usize) -> Outcome<Crowd<'_>> {
        descriptors::provide(people, self.target.processes.as_ref())?;
        let target = &*self.target;
        let mut crowd = Crowd::new(&target.profile, &target.address, self.sources)?;
        crowd.make_rooms(rooms)?;
        Ok(crowd)
    }

    /// Brings so many into each room.
    fn gather(
        &self,
        crowd: &mut Crowd<'_>,
        per_room: usize,
        how: Gathering,
        scene: &mut impl Scene,
    ) -> Outcome<Joins> {
        let people = (crowd.rooms.len() * per_room) as u64;
        let bar = self.screen.bar("joining", people);
        let joins = crowd.gather(per_room, how, self.stop, &bar, scene)?;
        if self.stop.is_wanted() {
            return Err(Failure::new("stopped before anything was measured"));
        }
        Ok(joins)
    }

    /// Lets time pass; connections are served meanwhile.
    fn rest(&self, crowd: &mut Crowd<'_>, seconds: f64, scene: &mut impl Scene) -> Outcome<()> {
        let until = crowd.now() + (seconds * 1e9) as u64;
        while crowd.now() < until && !self.stop.is_wanted() {
            crowd.turn(until, scene)?;
        }
        Ok(())
    }

    /// Learns how long an event is, and pads it to `bytes`; says so when it cannot be that short.
    fn calibrate(&self, crowd: &mut Crowd<'_>, bytes: usize, run: &mut Run) -> Outcome<()> {
        let before = crowd.traffic.deliveries.frames;
        let wanted = match crowd.profile.echo {
            true => 1,
            false => u64::from(crowd.rooms[0].present > 1),
        };
        crowd.publish(0)?;
        let until = crowd.now() + 10_000_000_000;
        let mut losses = idle::Losses::default();
        while crowd.traffic.deliveries.frames < before + wanted {
            crowd.turn(until, &mut losses)?;
            if let Some(failure) = losses.failure(crowd.members.len()) {
                return Err(failure);
            }
            if let Some(refusal) = &crowd.traffic.last_refusal {
                return Err(Failure::new(format!("publishing is refused: {refusal}")));
            }
            if crowd.now() > until || self.stop.is_wanted() {
                return Err(Failure::new(format!(
                    "an event was published, and nobody received it within 10 s: does a delivery hold {:?} and the event's number?",
                    crowd.profile.delivery.number_after
                )));
            }
        }
        let bare = crowd.traffic.event_bytes;
        crowd.pad = bytes.saturating_sub(bare);
        if bare > bytes {
            run.note(format!(
                "events are {bare} bytes long; they cannot be {bytes}"
            ));
        }
        Ok(())
    }

    /// The server's resident bytes.
    fn rss(&self) -> Option<u64> {
        self.target.processes.as_ref()?.rss()
    }

    /// That somebody wanted an end, when somebody did.
    fn stopped(&self) -> Option<Failure> {
        self.stop.is_wanted().then(|| Failure::new("stopped"))
    }

    /// Why a run ended early: the server's end, a connection's, or a wish.
    fn why(&mut self, failure: Failure) -> Failure {
        match self.target.end() {
            Some(end) => Failure::new(format!("{failure}; {end}")),
            None => failure,
        }
    }
}

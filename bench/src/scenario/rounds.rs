//! Something that each listener does at an even pace: one after the other, so that never many do it
//! at once.

use crate::crowd::{Crowd, Stage as In};
use crate::failure::{Failure, Outcome};
use crate::profile::Profile;

/// Who does what next.
pub(super) struct Rounds {
    acts: Vec<Round>,
    pub(super) done: u64,
}

struct Round {
    /// The profile's action of this number.
    action: usize,
    /// Nanoseconds between two people.
    gap: f64,
    began: u64,
    /// How often it has been somebody's turn.
    turns: u64,
}

impl Rounds {
    /// Begins with these actions of the profile.
    pub(super) fn begin(
        profile: &Profile,
        names: &[String],
        people: usize,
        now: u64,
    ) -> Outcome<Self> {
        let acts = names.iter().map(|name| {
            let found = profile
                .actions
                .iter()
                .position(|action| action.name == *name);
            let action = found.ok_or_else(|| unknown(profile, name))?;
            let per_minute = profile.actions[action].per_minute * people as f64;
            Ok(Round {
                action,
                gap: 60e9 / per_minute,
                began: now,
                turns: 0,
            })
        });
        Ok(Self {
            acts: acts.collect::<Outcome<_>>()?,
            done: 0,
        })
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.acts.iter().map(Round::due).min()
    }

    /// Does what is due.
    pub(super) fn act(&mut self, crowd: &mut Crowd<'_>) {
        let people = crowd.members.len() as u64;
        for act in &mut self.acts {
            while act.due() <= crowd.now() {
                let member = (act.turns % people) as u32;
                act.turns += 1;
                let what = &crowd.profile.actions[act.action].send;
                let is_in = crowd.members[member as usize].stage == In::In;
                // A connection that ends here is told of by the crowd.
                if is_in && crowd.say(member, what).is_ok() {
                    self.done += 1;
                }
            }
        }
    }
}

impl Round {
    fn due(&self) -> u64 {
        // What nobody ever does is due at the end of time.
        self.began
            .saturating_add((self.gap * (self.turns + 1) as f64) as u64)
    }
}

fn unknown(profile: &Profile, name: &str) -> Failure {
    let names: Vec<_> = profile.actions.iter().map(|action| &*action.name).collect();
    let there = match names.is_empty() {
        true => "it has none".to_owned(),
        false => format!("there are {}", names.join(", ")),
    };
    Failure::new(format!("the profile has no action {name}: {there}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_does_it_as_often_as_the_profile_says_and_nobody_at_the_same_time() {
        let profile = Profile::stereo().unwrap();
        let mut rounds = Rounds::begin(&profile, &["report".into()], 100, 7).unwrap();
        let mut due = Vec::new();
        for _ in 0..600 {
            due.push(rounds.next().unwrap());
            rounds.acts[0].turns += 1;
        }
        assert_eq!(due[599], 7 + 60_000_000_000, "six times a minute each");
        assert!(due.windows(2).all(|two| two[1] - two[0] == 100_000_000));
    }

    #[test]
    fn an_action_that_the_profile_does_not_have_is_told() {
        for (profile, told) in [
            (Profile::stereo(), "there are chat, react"),
            (Profile::floor(), "it has none"),
        ] {
            let error = Rounds::begin(&profile.unwrap(), &["rest".into()], 1, 0)
                .err()
                .unwrap();
            assert!(error.to_string().contains(told), "{error}");
        }
    }
}

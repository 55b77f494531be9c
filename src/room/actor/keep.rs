//! The actor's side of keeping: which answers wait for the disk, when a save begins, and the last
//! one before the task ends.

use super::super::input::{Answer, Done, Effect, Input, Wish};
use super::super::keeping::{Keeping, Told};
use super::{Actor, Ended, Late, Out, Reply, RoomEvent, done_json, failure, result, turn_away};
use crate::store::StoreError;
use bytes::Bytes;
use std::time::Duration;
use stereo_protocol::{CloseCode, ErrorObject, MemberId, RequestId};

/// How often a room that is over tries again to have itself deleted.
const DELETE_AGAIN: Duration = Duration::from_secs(1);

impl Actor {
    /// What stays of the room has changed.
    pub(super) fn note_change(&mut self) {
        if self.keeping.is_none() && self.state.kept_for().is_some() {
            let keeping = Keeping::new(self.node.store.clone(), self.handle.id());
            self.keeping = Some(Box::new(keeping));
        }
        if let Some(keeping) = &mut self.keeping {
            keeping.note_change();
        }
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.keeping
            .as_ref()
            .is_some_and(|keeping| keeping.is_unsaved())
    }

    /// Carries out a wish. While nothing can be kept, a room that stays takes no change.
    pub(super) fn wish(
        &mut self,
        member: MemberId,
        reply: Option<Reply>,
        wish: Wish,
        op: Option<Box<str>>,
    ) {
        let may_stay = wish.may_stay();
        let keeping = self.keeping.as_ref().filter(|_| may_stay);
        if let Some(refusal) = keeping.and_then(|keeping| keeping.refusal()) {
            self.reply(reply, |id| failure(id, &refusal));
            return;
        }
        match self.decide(Input::Wish { member, wish, op }) {
            Some(Ok(Answer::Done(done))) => self.acknowledge(reply, &done, may_stay),
            Some(Err(error)) => self.reply(reply, |id| failure(id, &error)),
            Some(Ok(Answer::Admitted { .. })) | None => {}
        }
        self.carry_out_effects();
    }

    /// What is not kept yet is not acknowledged, whoever's change it was.
    pub(super) fn acknowledge(&mut self, reply: Option<Reply>, done: &Done, may_stay: bool) {
        let Some(reply) = reply else { return };
        let frame = result(&reply.id, &done_json(done).to_string());
        let now = self.node.clock.now_ms();
        let keeping = self.keeping.as_mut().filter(|_| may_stay);
        let Some(keeping) = keeping.filter(|keeping| keeping.is_unsaved()) else {
            self.pending.out.push(Out::One(reply.outlet, frame));
            return;
        };
        // Whoever is put out by their own wish hears the answer first.
        let is_own =
            |effect: &mut Effect| matches!(effect, Effect::Disconnect(_, CloseCode::Normal));
        let then = self.effects.extract_if(.., is_own).collect();
        keeping.tell_when_kept(Told::Client(reply, frame, then), now);
    }

    pub(super) fn reply(&mut self, reply: Option<Reply>, frame: impl FnOnce(&RequestId) -> Bytes) {
        if let Some(Reply { outlet, id }) = reply {
            self.pending.out.push(Out::One(outlet, frame(&id)));
        }
    }

    /// Lets the state decide; whoever asked is told when that is on the disk, or why it was not
    /// done.
    pub(super) fn decide_and_tell(&mut self, input: Input, done: Ended) {
        let answer = self.decide(input);
        self.carry_out_effects();
        match (answer, &mut self.keeping) {
            (Some(Err(error)), _) => self.pending.out.push(Out::Ended(done, Err(error))),
            (_, Some(keeping)) if keeping.is_unsaved() => {
                let now = self.node.clock.now_ms();
                keeping.tell_when_kept(Told::Caller(done), now);
            }
            _ => self.pending.out.push(Out::Ended(done, Ok(()))),
        }
    }

    /// Begins a save when there is something to be saved, and none is under way.
    pub(super) fn keep(&mut self) {
        let now = self.node.clock.now_ms();
        let Some(keeping) = &mut self.keeping else {
            return;
        };
        keeping.begin(now, || self.state.to_keep());
    }

    /// Tells those who have waited for too long.
    pub(super) fn lose_patience(&mut self) {
        let now = self.node.clock.now_ms();
        if let Some(keeping) = &mut self.keeping {
            let told = keeping.impatient(now);
            self.tell(told);
        }
    }

    /// A save ended.
    pub(super) fn kept(&mut self, result: Result<(), StoreError>) {
        let now = self.node.clock.now_ms();
        let Some(keeping) = &mut self.keeping else {
            return;
        };
        let told = keeping.settle(result, now);
        self.tell(told);
        if result == Err(StoreError::Gone) && self.state.kept_for().is_some() {
            // The account is gone, and its rooms with it.
            self.apply(Input::Close("host"));
        }
        if self.state.kept_for().is_none() && !self.is_unsaved() && !self.state.is_closed() {
            // Temporary again, and nothing of it is on the disk.
            self.keeping = None;
        }
    }

    fn tell(&mut self, told: Vec<(Told, Option<ErrorObject>)>) {
        for (whom, error) in told {
            match whom {
                Told::Client(reply, frame, then) => {
                    let frame = error.map_or(frame, |error| failure(&reply.id, &error));
                    self.pending.out.push(Out::One(reply.outlet, frame));
                    self.effects.extend(then);
                }
                Told::Caller(done) => {
                    let result = error.map_or(Ok(()), Err);
                    self.pending.out.push(Out::Ended(done, result));
                }
            }
        }
        self.carry_out_effects();
    }

    /// Before the task ends: what is not on the disk yet is brought there, or deleted from it when
    /// the room is over. A room that is over and cannot be deleted closes its connections and
    /// tries again, so that nobody finds it anew; until the server stops.
    pub(super) async fn keep_last(&mut self) {
        let mut told_over = false;
        loop {
            let now = self.node.clock.now_ms();
            let Some(keeping) = &mut self.keeping else {
                return;
            };
            if !keeping.is_saving() {
                if !keeping.is_unsaved() {
                    return;
                }
                keeping.begin_at_once(self.state.to_keep());
            }
            let result = keeping.outcome().await;
            let told = keeping.settle(result, now);
            self.tell(told);
            // Nothing of it is an event any more, so nothing can be refused.
            let _ = self.commit().await;
            let lost = matches!(result, Err(StoreError::Gone | StoreError::Stopped));
            if result.is_ok() {
                continue;
            }
            if lost || self.draining.is_some() || !self.state.is_closed() {
                return;
            }
            if !told_over {
                told_over = true;
                self.fanout.close_all(CloseCode::RoomClosed).await;
            }
            tokio::select! {
                () = tokio::time::sleep(DELETE_AGAIN) => {}
                event = self.events.recv() => match event {
                    Some(RoomEvent::Drain(done)) => self.draining = Some(done),
                    Some(event) => turn_away(event, Late::Closed),
                    None => return,
                },
            }
        }
    }
}

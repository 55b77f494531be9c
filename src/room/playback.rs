//! Playback: what plays and when the next starts. The next start is the previous end, announced
//! one lead ahead, so lateness never adds up.

use super::input::Ms;
use super::members::Playing;
use super::state::{Context, Played, State, push_bounded};
use stereo_protocol::{
    Cause, EndReason, Ended, ErrorKind, ErrorObject, Event, ItemId, MemberId, Playback, QueueItem,
    Report, ReportStatus,
};

/// Share of the reported round trips that a lead covers, and what is added to it (sync.md).
const LEAD_QUANTILE: f64 = 0.95;
const LEAD_FACTOR: f64 = 1.5;
const LEAD_EXTRA_MS: f64 = 200.0;
/// Longest time between two leads, in milliseconds; a millisecond per member below that.
const LEAD_REST_MS: u64 = 2_000;

/// The lead of scheduled starts.
#[derive(Debug, Default)]
pub(super) struct Lead {
    /// In milliseconds; `None` before anybody told a round trip.
    ms: Option<u64>,
    /// Round trips have changed since.
    pub(super) stale: bool,
    not_before: Ms,
}

impl State {
    pub(super) fn is_current(&self, item: ItemId) -> bool {
        self.public
            .current
            .as_ref()
            .is_some_and(|current| current.id == item)
    }

    /// How far ahead a start is scheduled: enough for nearly everyone to hear of it in time.
    pub(super) fn lead_ms(&self) -> u64 {
        self.lead.ms.unwrap_or(self.rules.lead_min_ms)
    }

    /// Works the lead out anew when round trips have changed; the more members, the rarer. At the
    /// end of an input, so that what a deadline was computed from holds until it is due.
    pub(super) fn refresh_lead(&mut self, now: Ms) {
        if !self.lead.stale || now < self.lead.not_before {
            return;
        }
        let trips = self.members.iter().filter(|(_, member)| member.present);
        let mut trips: Vec<f32> = trips.filter_map(|(_, member)| member.rtt_ms).collect();
        let place = (trips.len() as f64 * LEAD_QUANTILE) as usize;
        let slow = match place.min(trips.len().saturating_sub(1)) {
            _ if trips.is_empty() => 0.0,
            place => *trips.select_nth_unstable_by(place, f32::total_cmp).1,
        };
        let lead = (LEAD_FACTOR * f64::from(slow) + LEAD_EXTRA_MS) as u64;
        let (least, most) = (self.rules.lead_min_ms, self.rules.lead_max_ms);
        self.lead = Lead {
            ms: Some(lead.min(most).max(least)),
            stale: false,
            not_before: now + (self.members.len() as u64).min(LEAD_REST_MS),
        };
    }

    fn ends_at(&self) -> Option<Ms> {
        let current = self.public.current.as_ref()?;
        self.public.playback?.ends_at(current.track.duration_ms)
    }

    /// When to announce the next item, or, without one, when the room falls idle.
    pub(super) fn advance_at(&self) -> Option<Ms> {
        let end = self.ends_at()?;
        let lead = if self.public.queue.is_empty() {
            0
        } else {
            self.lead_ms()
        };
        Some(end.saturating_sub(lead))
    }

    /// Advances through everything that has ended, or is about to.
    pub(super) fn advance_if_due(&mut self, context: &mut Context) {
        while self.advance_at().is_some_and(|at| at <= context.now) {
            let Some(end) = self.ends_at() else { return };
            let next = self.public.queue.first().cloned();
            self.change_item(context, Some(Cause::Ended), EndReason::Ended, next, end);
        }
    }

    /// Starts the front of the queue when nothing plays.
    pub(super) fn start_if_idle(&mut self, context: &mut Context) {
        if self.public.current.is_some() {
            return;
        }
        if let Some(next) = self.public.queue.first().cloned() {
            let at_ms = context.now + self.lead_ms();
            self.begin(context, None, None, Some(next), at_ms);
        }
    }

    /// Ends the current item now, and starts the next one lead ahead.
    pub(super) fn play_next(
        &mut self,
        context: &mut Context,
        cause: Option<Cause>,
        reason: EndReason,
    ) {
        let next = self.public.queue.first().cloned();
        let at_ms = context.now + self.lead_ms();
        self.change_item(context, cause, reason, next, at_ms);
    }

    fn change_item(
        &mut self,
        context: &mut Context,
        cause: Option<Cause>,
        reason: EndReason,
        next: Option<QueueItem>,
        at_ms: Ms,
    ) {
        let ended = self.public.current.clone();
        // What is deleted is not history.
        let deleted = |item: &&QueueItem| reason == EndReason::Removed && item.track.is_elsewhere();
        if let Some(ended) = ended.as_ref().filter(|ended| !deleted(ended)) {
            let played = Played {
                track: ended.track.clone(),
                by: ended.by,
                reason,
            };
            let most = self.rules.limits.history as usize;
            let oldest = self.history.front().filter(|_| self.history.len() >= most);
            // What is history no more is told of by no event neither.
            if let Some(gone) = oldest.filter(|oldest| oldest.track.is_elsewhere()) {
                let gone = gone.track.id.clone();
                self.ring.withhold(|item| item.track.id == gone);
            }
            push_bounded(&mut self.history, played, most);
        }
        self.begin(
            context,
            cause,
            ended.map(|ended| Ended {
                item: ended.id,
                reason,
            }),
            next,
            at_ms,
        );
    }

    fn begin(
        &mut self,
        context: &mut Context,
        cause: Option<Cause>,
        ended: Option<Ended>,
        next: Option<QueueItem>,
        at_ms: Ms,
    ) {
        let playback = next.as_ref().map(|next| Playback {
            item: next.id,
            position_ms: 0,
            at_ms,
            paused: false,
        });
        self.votes.skip.clear();
        self.give_up_at = None;
        self.audience.new_item(&mut self.members);
        self.emit(
            context,
            cause,
            Event::PlaybackChanged {
                playback,
                current: next,
                ended,
            },
        );
    }

    fn set_playback(&mut self, context: &mut Context, playback: Playback) {
        let current = self.public.current.clone();
        self.emit(
            context,
            None,
            Event::PlaybackChanged {
                playback: Some(playback),
                current,
                ended: None,
            },
        );
    }

    /// The position now, never beyond the end.
    fn position(&self, now: Ms) -> u64 {
        let length = self
            .public
            .current
            .as_ref()
            .map_or(0, |current| current.track.duration_ms);
        self.public
            .playback
            .map_or(0, |playback| playback.position_at(now).min(length))
    }

    pub(super) fn resume(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<(), ErrorObject> {
        self.require_role(member, self.public.room.permissions.seek, "resume")?;
        let Some(playback) = self
            .public
            .playback
            .filter(|playback| playback.paused && playback.item == item)
        else {
            return Ok(());
        };
        let at_ms = context.now + self.lead_ms();
        self.set_playback(
            context,
            Playback {
                at_ms,
                paused: false,
                ..playback
            },
        );
        Ok(())
    }

    pub(super) fn pause(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<(), ErrorObject> {
        self.require_role(member, self.public.room.permissions.seek, "pause")?;
        let Some(playback) = self
            .public
            .playback
            .filter(|playback| !playback.paused && playback.item == item)
        else {
            return Ok(());
        };
        let position_ms = self.position(context.now);
        self.set_playback(
            context,
            Playback {
                position_ms,
                at_ms: context.now,
                paused: true,
                ..playback
            },
        );
        Ok(())
    }

    pub(super) fn seek(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
        position_ms: u64,
    ) -> Result<(), ErrorObject> {
        self.require_role(member, self.public.room.permissions.seek, "seek")?;
        let (Some(playback), Some(current)) = (self.public.playback, &self.public.current) else {
            return Ok(());
        };
        if current.id != item {
            return Ok(());
        }
        let length = current.track.duration_ms;
        if position_ms > length {
            return Err(ErrorObject::invalid(
                "position_ms",
                format!("expected 0 to {length}"),
            ));
        }
        let at_ms = if playback.paused {
            context.now
        } else {
            context.now + self.lead_ms()
        };
        self.set_playback(
            context,
            Playback {
                position_ms,
                at_ms,
                ..playback
            },
        );
        Ok(())
    }

    pub(super) fn skip(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<(), ErrorObject> {
        let Some(current) = self
            .public
            .current
            .as_ref()
            .filter(|current| current.id == item)
        else {
            return Ok(());
        };
        if current.by != member {
            self.require_role(member, self.public.room.permissions.skip, "skip")?;
        }
        self.play_next(context, None, EndReason::Skipped);
        Ok(())
    }

    pub(super) fn jump(
        &mut self,
        context: &mut Context,
        member: MemberId,
        item: ItemId,
    ) -> Result<(), ErrorObject> {
        self.require_role(member, self.public.room.permissions.skip, "jump")?;
        if self.is_current(item) {
            return Ok(());
        }
        let Some(next) = self
            .public
            .queue
            .iter()
            .find(|queued| queued.id == item)
            .cloned()
        else {
            return Err(ErrorObject::new(
                ErrorKind::NotFound,
                "that item is not in the queue any more",
            )
            .with_field("item"));
        };
        let at_ms = context.now + self.lead_ms();
        self.change_item(context, None, EndReason::Jumped, Some(next), at_ms);
        Ok(())
    }

    /// How playing goes for one listener. On other items than the current one: ignored.
    pub(super) fn report(&mut self, context: &mut Context, member: MemberId, report: Report) {
        let current = self.is_current(report.item);
        let now = context.now;
        let Some(known) = self.members.get_mut(member).filter(|known| known.present) else {
            return;
        };
        let sane = |value: f64, most: f64| {
            (value.is_finite() && value.abs() <= most).then_some(value as f32)
        };
        if let Some(rtt) = report
            .rtt_ms
            .and_then(|rtt| sane(rtt, 60_000.0))
            .filter(|rtt| *rtt >= 0.0)
        {
            known.rtt_ms = Some(rtt);
            self.lead.stale = true;
        }
        if !current {
            return;
        }
        if let Some(drift) = report.drift_ms.and_then(|drift| sane(drift, 600_000.0)) {
            known.drift_ms = Some((drift, now));
            self.health_at.get_or_insert(now + self.rules.health_ms);
        }
        match report.status {
            ReportStatus::Ready => self.members.set_playing(member, Playing::Ready),
            ReportStatus::Failed => {
                self.members.set_playing(member, Playing::Failed);
                self.judge_playability(context);
            }
            ReportStatus::Buffering | ReportStatus::Blocked => {}
        }
    }

    /// Everyone failed: skip. Some did, and nobody can play it: wait a little for anyone who can.
    /// Called when somebody fails and when somebody leaves.
    pub(super) fn judge_playability(&mut self, context: &mut Context) {
        let (ready, failed) = self.members.ready_and_failed();
        if self.public.current.is_none() || failed == 0 {
            return;
        }
        if failed == self.members.present() {
            self.play_next(context, Some(Cause::Failed), EndReason::Failed);
        } else if ready == 0 {
            self.give_up_at
                .get_or_insert(context.now + self.rules.failure_ms);
        }
    }

    pub(super) fn give_up_if_due(&mut self, context: &mut Context) {
        if self.give_up_at.is_none_or(|at| at > context.now) {
            return;
        }
        self.give_up_at = None;
        let (ready, failed) = self.members.ready_and_failed();
        if ready == 0 && failed > 0 && self.public.current.is_some() {
            self.play_next(context, Some(Cause::Failed), EndReason::Failed);
        }
    }
}

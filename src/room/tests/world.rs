//! A room under test: applies inputs, and holds what any client could have computed from what the
//! room said.

use crate::room::{Answer, ConnectionId, Done, Input, Join, MemberKey, Rules, State, Step, Wish};
use crate::store::{AccountId, StoredRoom};
use std::sync::Arc;
use stereo_protocol::{
    Command, Epoch, ErrorKind, ErrorObject, EventNotice, ItemId, MemberId, Place, PublicState,
    RoomId, RoomSettings, Track, TrackId,
};

pub(super) struct World {
    pub(super) state: State,
    pub(super) now: u64,
    /// What a client has that heard every event from the beginning.
    pub(super) folded: PublicState,
    pub(super) seed: u128,
    connections: u64,
    /// What was there to be kept when the room last said so.
    kept: StoredRoom,
}

/// Whose room it is, for the store.
fn owner() -> AccountId {
    AccountId::from_bits(5)
}

pub(super) fn track(millis: u64) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(format!("t_{millis}").into()),
        provider: "hosted".into(),
        title: format!("Track of {millis} ms").into(),
        artists: vec!["Somebody".into()],
        duration_ms: millis,
        url: "/media/x".into(),
        artwork: None,
        accent: None,
    })
}

/// The wish to add these, as if asked for by their ids.
pub(super) fn adding(tracks: Vec<Arc<Track>>, place: Place) -> Wish {
    let ids: Vec<Box<str>> = tracks.iter().map(|track| track.id.0.clone()).collect();
    let asked = crate::room::asked_to_add(&ids, &place);
    Wish::Add {
        tracks,
        place,
        asked,
    }
}

/// A track that somebody else serves, told apart by its number.
pub(super) fn elsewhere(number: u64) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(format!("t_away_{number}").into()),
        provider: "direct".into(),
        title: format!("needle {number}.").into(),
        artists: vec![format!("needle {number}.").into()],
        duration_ms: 5_000,
        url: format!("https://music.example.org/needle {number}.").into(),
        artwork: None,
        accent: None,
    })
}

pub(super) fn key(number: u8) -> MemberKey {
    MemberKey::Guest([number; 32])
}

impl World {
    pub(super) fn new(rules: Rules) -> Self {
        let room = RoomSettings::new(RoomId::from_bits(1), "Test");
        let mut state = State::new(Arc::new(rules), room, Epoch::from_bits(1), 1_000_000);
        state.expect_owner(key(0), 99);
        let folded = state.public().clone();
        Self {
            now: 1_000_000,
            folded,
            seed: 7,
            connections: 0,
            kept: state.stored(owner()),
            state,
        }
    }

    /// Applies an input and checks everything that must hold after any.
    pub(super) fn apply(&mut self, input: Input) -> Step {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let before = self.state.seq();
        let step = self.state.apply(self.now, self.seed, input);
        for (place, json) in step.events.iter().enumerate() {
            let notice: EventNotice = serde_json::from_slice(json).unwrap();
            assert_eq!(notice.seq, before + 1 + place as u64, "gapless");
            self.folded
                .fold(&notice, self.state.limits().chat_ring as usize);
        }
        assert_eq!(self.state.seq(), before + step.events.len() as u64);
        assert_eq!(
            self.folded,
            *self.state.public(),
            "the public state is the fold of its events"
        );
        self.check();
        if step.erased {
            self.check_erased();
        }
        let stored = self.state.stored(owner());
        if !step.save && !self.state.is_closed() {
            assert_eq!(
                stored, self.kept,
                "what stays changes only when the room says so"
            );
        }
        self.kept = stored;
        step
    }

    /// As after a restart: only what was kept goes on.
    pub(super) fn restart(&mut self) {
        let rules = Arc::new(self.state.rules().clone());
        let epoch = Epoch::from_bits(self.seed as u64);
        self.state = State::restore(rules, self.kept.clone(), epoch, self.now);
        let kept = &self.kept;
        let host = kept.host.filter(|host| kept.members.contains_key(host));
        self.kept.host = host;
        let is_told = |track: &Track| !track.is_withheld();
        self.kept.history.retain(|play| is_told(&play.track));
        self.kept.queue.retain(|item| is_told(&item.track));
        if self
            .kept
            .current
            .as_ref()
            .is_some_and(|item| !is_told(&item.track))
        {
            let public = self.state.public();
            (self.kept.current, self.kept.playback) = (public.current.clone(), public.playback);
            self.kept.queue.clone_from(&public.queue);
        }
        assert_eq!(self.state.stored(owner()), self.kept);
        self.folded = self.state.public().clone();
    }

    /// As when an account was erased while the room rested.
    pub(super) fn forget_kept(&mut self, member: MemberId) {
        self.kept.members.remove(&member);
        let kept = &mut self.kept;
        let items = kept.queue.iter_mut().chain(&mut kept.current);
        let items = items.map(|item| (item.by, &mut item.track));
        let played = kept.history.iter_mut();
        for (by, track) in items.chain(played.map(|play| (play.by, &mut play.track))) {
            if by == member && track.is_elsewhere() {
                *track = Arc::new(track.withheld());
            }
        }
    }

    /// Of tracks that others serve only those are told of that come, play or have played.
    fn check_erased(&self) {
        let stored = self.state.stored(owner());
        let items = stored.queue.iter().chain(&stored.current);
        let tracks = items.map(|item| &item.track);
        let played = stored.history.iter().map(|play| &play.track);
        let known: Vec<String> = tracks
            .chain(played)
            .map(|it| it.title.to_string())
            .collect();
        let events = self.state.events_after(0).unwrap_or_default();
        for event in events {
            let text = String::from_utf8_lossy(&event).into_owned();
            for told in text.split("needle ").skip(1) {
                let number = told.split('.').next().unwrap();
                let title = format!("needle {number}.");
                assert!(known.contains(&title), "{title} {text}");
            }
        }
    }

    fn check(&self) {
        let public = self.state.public();
        let mut ids: Vec<ItemId> = public
            .queue
            .iter()
            .map(|item| item.id)
            .chain(public.current.iter().map(|item| item.id))
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "nothing is there twice");
        assert_eq!(
            public.playback.map(|playback| playback.item),
            public.current.as_ref().map(|item| item.id)
        );
        assert!(public.queue.len() <= self.state.limits().queue as usize);
        assert!(public.chat.len() <= self.state.limits().chat_ring as usize);
        let present = self.state.headcount().0;
        if let Some(vote) = public.vote {
            assert!(
                vote.have <= present.max(vote.have.min(1)),
                "votes are of members present"
            );
            assert!(vote.need >= 1);
        }
        assert!(
            public.queue.is_empty() || public.current.is_some() || self.state.is_closed(),
            "what waits is played"
        );
    }

    /// Lets time pass, waking the room when it asks for it.
    pub(super) fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        let mut ticks = 0;
        while let Some(at) = self.state.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.apply(Input::Tick);
            ticks += 1;
            assert!(ticks < 10_000, "the room asks to be woken again and again");
        }
        self.now = end;
        self.apply(Input::Tick);
    }

    pub(super) fn join_with(
        &mut self,
        change: impl FnOnce(&mut Join),
        number: u8,
    ) -> Result<MemberId, ErrorObject> {
        self.connections += 1;
        let mut join = Join {
            connection: ConnectionId(self.connections),
            known: Some(key(number)),
            fresh: key(number),
            name: Some(format!("Guest {number}").into()),
            handle: None,
            picture: None,
            password_version: None,
            invite: None,
            resume: None,
        };
        change(&mut join);
        match self.apply(Input::Join(join)).answer {
            Some(Ok(Answer::Admitted { member, .. })) => Ok(member),
            Some(Err(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn join(&mut self, number: u8) -> MemberId {
        self.join_with(|_| (), number).unwrap()
    }

    /// The number of the connection that joined last.
    pub(super) fn last_connection(&self) -> ConnectionId {
        ConnectionId(self.connections)
    }

    pub(super) fn leave(&mut self, member: MemberId, connection: ConnectionId) {
        self.apply(Input::Leave {
            connection,
            member,
            said_goodbye: false,
        });
    }

    pub(super) fn wish(
        &mut self,
        member: MemberId,
        wish: Wish,
        op: Option<&str>,
    ) -> Result<Done, ErrorObject> {
        match self
            .apply(Input::Wish {
                member,
                wish,
                op: op.map(Into::into),
            })
            .answer
        {
            Some(Ok(Answer::Done(done))) => Ok(done),
            Some(Err(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn ask(
        &mut self,
        member: MemberId,
        method: &str,
        params: serde_json::Value,
    ) -> Result<Done, ErrorObject> {
        let raw = serde_json::value::to_raw_value(&params).unwrap();
        let command = Command::decode(method, Some(&raw)).map_err(ErrorObject::from)?;
        let wish = match command {
            Command::RoomUpdate(update) => Wish::Update {
                update: Box::new(update),
                password: None,
            },
            command => Wish::Command(command),
        };
        self.wish(member, wish, None)
    }

    pub(super) fn add(&mut self, member: MemberId, lengths: &[u64]) -> Result<Done, ErrorObject> {
        let tracks = lengths.iter().map(|millis| track(*millis)).collect();
        self.wish(member, adding(tracks, Place::End), None)
    }

    pub(super) fn refused(
        &mut self,
        member: MemberId,
        method: &str,
        params: serde_json::Value,
    ) -> ErrorKind {
        self.ask(member, method, params).unwrap_err().data.kind
    }

    pub(super) fn current(&self) -> ItemId {
        self.state.public().current.as_ref().unwrap().id
    }

    pub(super) fn queue(&self) -> Vec<ItemId> {
        self.state
            .public()
            .queue
            .iter()
            .map(|item| item.id)
            .collect()
    }

    /// Everything that can be read out of a room, as text.
    pub(super) fn everything(&self, reader: MemberId) -> String {
        let mut text = serde_json::to_string(self.state.public()).unwrap();
        for event in self.state.events_after(0).unwrap_or_default() {
            text += std::str::from_utf8(&event).unwrap();
        }
        for method in ["log", "history", "members", "queue"] {
            let command = Command::decode(method, None).unwrap();
            text += &self.state.read(reader, &command, self.now).unwrap();
        }
        text
    }
}

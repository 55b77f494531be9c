//! Rooms to measure with, and what a room does with one input.

use divan::{Bencher, black_box};
use std::sync::Arc;
use stereo::room::{Answer, ConnectionId, Input, Join, MemberKey, Rules, State, Wish};
use stereo_protocol::{
    ChatMessage, Command, Epoch, Event, EventNotice, MemberId, MessageId, People, Place, RoomId,
    RoomSettings, Track, TrackId,
};

const NOW: u64 = 1_763_900_481_234;

/// A room under measurement; each input gets a time and a seed of its own.
pub(crate) struct Room {
    pub(crate) state: State,
    pub(crate) people: Vec<MemberId>,
    inputs: u64,
}

impl Room {
    /// So many people, so many items coming, and a chat that is full.
    pub(crate) fn new(people: u64, items: usize) -> Self {
        let settings = RoomSettings::new(RoomId::from_bits(7), "A room to measure");
        let mut state = State::new(
            Arc::new(Rules::default()),
            settings,
            Epoch::from_bits(7),
            NOW,
        );
        // The first to come is the host.
        state.expect_owner(key(0), 1);
        let mut room = Self {
            state,
            people: Vec::new(),
            inputs: 0,
        };
        for number in 0..people {
            room.join(number);
        }
        let tracks = (0..=items).map(track);
        for tracks in tracks.collect::<Vec<_>>().chunks(50) {
            let wish = Wish::Add {
                tracks: tracks.to_vec(),
                place: Place::End,
                asked: 0,
            };
            room.wish(0, wish);
        }
        for _ in 0..250 {
            room.say();
        }
        room
    }

    fn join(&mut self, number: u64) {
        let join = Join {
            connection: ConnectionId(number),
            known: None,
            fresh: key(number),
            name: Some(format!("Listener {number}").into()),
            handle: None,
            picture: None,
            password_version: None,
            invite: None,
            resume: None,
        };
        let step = self.apply(Input::Join(join));
        let Some(Ok(Answer::Admitted { member, .. })) = step.answer else {
            panic!("{:?}", step.answer);
        };
        self.people.push(member);
    }

    pub(crate) fn say(&mut self) -> stereo::room::Step {
        let text = "That bass line again, I could listen to it all night".into();
        self.wish(
            0,
            Wish::Command(Command::ChatSend(stereo_protocol::ChatSend { text })),
        )
    }

    pub(crate) fn wish(&mut self, who: usize, wish: Wish) -> stereo::room::Step {
        let member = self.people[who];
        self.apply(Input::Wish {
            member,
            wish,
            op: None,
        })
    }

    fn apply(&mut self, input: Input) -> stereo::room::Step {
        self.inputs += 1;
        let seed = u128::from(self.inputs).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.state.apply(NOW + self.inputs, seed, input)
    }
}

fn key(number: u64) -> MemberKey {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&number.to_le_bytes());
    MemberKey::Guest(hash)
}

fn track(number: usize) -> Arc<Track> {
    Arc::new(Track {
        id: TrackId(format!("t_{number}").into()),
        provider: "hosted".into(),
        title: format!("Snow on the Soundboard, part {number}").into(),
        artists: vec!["Margin & Hush".into()],
        duration_ms: 3_600_000,
        url: "/media/snow-on-the-soundboard-03e9e3e4.flac".into(),
        artwork: Some("/media/snow-on-the-soundboard-23276438.svg".into()),
        accent: Some("#f2b857".into()),
    })
}

/// An event as it goes to everyone.
pub(crate) fn chat_notice(number: u64) -> EventNotice {
    EventNotice {
        seq: number,
        at: NOW,
        by: Some(MemberId::from_bits(9)),
        cause: None,
        op: None,
        people: People::new(),
        event: Event::ChatAdded {
            message: ChatMessage {
                id: MessageId::from_bits(number),
                by: MemberId::from_bits(9),
                at: NOW,
                text: "That bass line again, I could listen to it all night".into(),
            },
        },
    }
}

/// A chat message through a room: decided, folded, encoded, kept.
#[divan::bench(args = [1, 100, 10_000])]
fn chat_message(bencher: Bencher<'_, '_>, people: u64) {
    let mut room = Room::new(people, 20);
    bencher.bench_local(move || black_box(room.say().events.len()));
}

/// A reaction through a room: no event, only the tally.
#[divan::bench(args = [100, 10_000])]
fn reaction(bencher: Bencher<'_, '_>, people: u64) {
    let mut room = Room::new(people, 20);
    let item = room.state.public().current.as_ref().unwrap().id;
    let mut turn = 0;
    bencher.bench_local(move || {
        turn += 1;
        let reaction = Some(if turn % 2 == 0 { "🔥" } else { "👏" }.into());
        let react = Command::React(stereo_protocol::React { item, reaction });
        let who = turn % room.people.len();
        black_box(room.wish(who, Wish::Command(react)).answer.is_some())
    });
}

/// A move within a queue: two positions found, one event.
#[divan::bench(args = [20, 499])]
fn queue_move(bencher: Bencher<'_, '_>, items: usize) {
    let mut room = Room::new(10, items);
    bencher.bench_local(move || {
        let item = room.state.public().queue.last().unwrap().id;
        let to_front = stereo_protocol::QueueMove {
            item,
            after: Place::First,
        };
        let step = room.wish(0, Wish::Command(Command::QueueMove(to_front)));
        assert_eq!(step.events.len(), 1);
    });
}

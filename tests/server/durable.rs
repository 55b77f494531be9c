//! A room that stays, in a process that is killed in the middle of commands, again and again: nothing
//! that was acknowledged is lost.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::Client;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use stereo_protocol::{Event, EventNotice, MemberId, People, PublicState, Role, Snapshot};
use tokio_tungstenite::tungstenite::Message;

/// How often the server is killed; `STEREO_TEST_ROUNDS` says otherwise.
const ROUNDS: u64 = 6;
/// Commands that are on the way at once, at most.
const AT_ONCE: u64 = 8;

struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.roll() % most.max(1)
    }
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What a client that heard everything has computed: the state after each event.
struct Heard {
    states: BTreeMap<u64, PublicState>,
    /// Bans, whom they concern, and by which event.
    bans: Vec<(u64, MemberId, String)>,
}

impl Heard {
    fn of(joined: &Value) -> Self {
        let snapshot: Snapshot = serde_json::from_value(joined.clone()).unwrap();
        assert_eq!(snapshot.queue.len(), snapshot.queue_count as usize);
        let mut state = PublicState::new(snapshot.room);
        state.current = snapshot.current;
        state.playback = snapshot.playback;
        state.queue = snapshot.queue;
        state.people = snapshot.people;
        let seq = joined["seq"].as_u64().unwrap();
        Self {
            states: BTreeMap::from([(seq, state)]),
            bans: Vec::new(),
        }
    }

    fn hear(&mut self, message: &Value) {
        if message["method"] != "event" {
            return;
        }
        let notice: EventNotice = serde_json::from_value(message["params"].clone()).unwrap();
        let (last, state) = self.states.last_key_value().unwrap();
        if notice.seq <= *last {
            return;
        }
        assert_eq!(notice.seq, last + 1, "nothing is missing");
        if let Event::MemberBanned { member, ban } = &notice.event {
            self.bans.push((notice.seq, *member, ban.to_string()));
        }
        let mut state = state.clone();
        state.fold(&notice, 200);
        self.states.insert(notice.seq, state);
    }

    /// The bans that hold after an event: one a person, the latest.
    fn bans_at(&self, seq: u64) -> BTreeSet<String> {
        let until = self.bans.iter().filter(|(at, _, _)| *at <= seq);
        let latest: BTreeMap<_, _> = until.map(|(_, member, ban)| (member, ban)).collect();
        latest.into_values().cloned().collect()
    }

    fn last(&self) -> &PublicState {
        self.states.last_key_value().unwrap().1
    }
}

/// What of a state stays.
#[derive(Debug, PartialEq)]
struct Stays {
    room: Value,
    current: Value,
    playback: Value,
    queue: Vec<Value>,
    standing: BTreeMap<MemberId, (Role, bool, Box<str>)>,
}

fn stays(state: &PublicState) -> Stays {
    let item =
        |item: &stereo_protocol::QueueItem| json!([item.id, item.track.id, item.by, item.pinned]);
    let standing = |people: &People| {
        let all = people
            .iter()
            .filter(|(_, one)| one.role != Role::Listener || one.muted);
        all.map(|(id, one)| (*id, (one.role, one.muted, one.name.clone())))
            .collect()
    };
    Stays {
        room: json!(state.room),
        current: state.current.as_ref().map_or(Value::Null, item),
        playback: json!(state.playback),
        queue: state.queue.iter().map(item).collect(),
        standing: standing(&state.people),
    }
}

/// The state after the next natural end: what plays next began when the last one ended.
fn advanced(state: &PublicState) -> Option<PublicState> {
    let current = state.current.as_ref()?;
    let end = state.playback?.ends_at(current.track.duration_ms)?;
    let mut next = state.clone();
    next.current = (!next.queue.is_empty()).then(|| next.queue.remove(0));
    next.playback = next.current.as_ref().map(|item| stereo_protocol::Playback {
        item: item.id,
        position_ms: 0,
        at_ms: end,
        paused: false,
    });
    Some(next)
}

/// What has to be there after a kill.
#[derive(Default)]
struct Owed {
    /// The latest event of which the server said that it is kept.
    kept: u64,
    invites: BTreeSet<String>,
}

/// A wish of the host, made of what the room is.
fn wish(
    dice: &mut Dice,
    state: &PublicState,
    others: &[String],
    tracks: &[String],
) -> (&'static str, Value) {
    let queued = state.queue.len() as u64;
    let any = |dice: &mut Dice| {
        let place = dice.below(queued) as usize;
        state
            .queue
            .get(place)
            .map_or(json!("q_none"), |item| json!(item.id))
    };
    let current = state
        .current
        .as_ref()
        .map_or(json!("q_none"), |item| json!(item.id));
    let other = &others[dice.below(others.len() as u64) as usize];
    let track = &tracks[dice.below(tracks.len() as u64) as usize];
    match dice.below(16) {
        _ if queued < 4 => ("queue.add", json!({"tracks": [track, track]})),
        _ if queued > 60 => ("queue.remove", json!({"item": any(dice)})),
        0..=3 => ("queue.add", json!({"tracks": [track], "after": "next"})),
        4 | 5 => ("queue.remove", json!({"item": any(dice)})),
        6 => ("queue.move", json!({"item": any(dice), "after": any(dice)})),
        7 => ("playback.skip", json!({"item": current})),
        8 => ("playback.pause", json!({"item": current})),
        9 => ("playback.play", json!({"item": current})),
        10 => (
            "playback.seek",
            json!({"item": current, "position_ms": dice.below(9_000)}),
        ),
        11 => {
            let role = ["listener", "collaborator"][dice.below(2) as usize];
            ("member.role", json!({"member": other, "role": role}))
        }
        12 => (
            "member.mute",
            json!({"member": other, "muted": dice.below(2) == 0}),
        ),
        13 => {
            let percent = dice.below(101);
            (
                "room.update",
                json!({"title": format!("Room {percent}"), "vote_skip_percent": percent}),
            )
        }
        14 => ("invite.create", json!({"role": "listener"})),
        _ => ("member.kick", json!({"member": other, "ban_ms": 3_600_000})),
    }
}

/// The room's people and the one who hears everything.
struct Company {
    host: Client,
    ear: Client,
    heard: Heard,
    others: Vec<String>,
}

impl Company {
    async fn gather(ada: &Browser, room: &str) -> Self {
        let host = ada.join(room, json!({"name": "Ada"})).await;
        let guest = Browser::at(ada.address);
        let mut others = Vec::new();
        for number in 0..3 {
            let name = format!("Guest {number}");
            others.push(guest.join(room, json!({"name": name})).await.you.clone());
        }
        let ear = guest.join(room, json!({"name": "Ear"})).await;
        let heard = Heard::of(&ear.joined);
        Self {
            host,
            ear,
            heard,
            others,
        }
    }

    /// Hears what is there until the server is gone.
    async fn hear_the_end(&mut self) {
        for message in self.ear.seen.drain(..) {
            self.heard.hear(&message);
        }
        while let Some(Ok(frame)) = self.ear.socket.next().await {
            if let Message::Text(text) = frame {
                self.heard.hear(&serde_json::from_str(&text).unwrap());
            }
        }
    }
}

/// Takes answers in: what was acknowledged is owed.
fn take_answer(owed: &mut Owed, message: &Value) -> bool {
    let Some(result) = message.get("result") else {
        return message.get("error").is_some();
    };
    if result["changed"] == true {
        owed.kept = owed.kept.max(result["seq"].as_u64().unwrap());
    }
    owed.invites
        .extend(result["invite"].as_str().map(ToOwned::to_owned));
    true
}

/// Sends wishes, some at once, until `answers` of them were answered; the rest is on the way.
async fn wish_away(
    company: &mut Company,
    dice: &mut Dice,
    answers: u64,
    tracks: &[String],
) -> (Owed, u64) {
    let mut owed = Owed {
        kept: *company.heard.states.first_key_value().unwrap().0,
        ..Owed::default()
    };
    let (mut sent, mut answered) = (0, 0);
    while answered < answers {
        for _ in 0..1 + dice.below(AT_ONCE) {
            let (method, params) = wish(dice, company.heard.last(), &company.others, tracks);
            sent += 1;
            let request =
                json!({"jsonrpc": "2.0", "id": 1_000 + sent, "method": method, "params": params});
            company.host.send_text(request.to_string()).await;
        }
        // What is not answered yet when the next are sent differs from time to time.
        let left = dice.below(3);
        while answered + left < sent && answered < answers {
            let message = company.host.message().await;
            answered += u64::from(take_answer(&mut owed, &message));
            company.heard.hear(&message);
        }
    }
    (owed, sent)
}

fn ids(listed: &Value) -> BTreeSet<String> {
    let listed = listed.as_array().unwrap().iter();
    listed
        .map(|one| one["id"].as_str().unwrap().into())
        .collect()
}

#[tokio::test]
async fn killed_in_the_middle_of_commands_a_room_has_all_that_was_acknowledged() {
    let seed = from_environment("STEREO_TEST_SEED");
    let seed = seed.unwrap_or_else(|| u64::from_ne_bytes(stereo::secret::random()));
    let rounds = from_environment("STEREO_TEST_ROUNDS").unwrap_or(ROUNDS);
    println!("STEREO_TEST_SEED={seed} STEREO_TEST_ROUNDS={rounds}");
    let mut dice = Dice(seed);
    let mut mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let generous = [
        ("STEREO_LIMITS__COMMANDS_PER_SECOND", "100000"),
        ("STEREO_LIMITS__COMMANDS_BURST", "100000"),
    ];
    let mut process = Process::start_with(&data, &mailbox, &generous);
    let mut ada = Browser::signed_in(process.address, &mut mailbox, "ada@example.org").await;
    let room = ada.open_room(json!({})).await;
    let (_, library) = ada.ask("GET", "/api/tracks", Value::Null).await;
    let tracks = library["tracks"].as_array().unwrap().iter();
    let tracks: Vec<String> = tracks
        .map(|one| one["id"].as_str().unwrap().into())
        .collect();
    let (mut commands, mut acknowledged, mut unanswered_kept) = (0, 0, 0);
    let mut bans_before = BTreeSet::new();
    for round in 0..rounds {
        let mut company = Company::gather(&ada, &room).await;
        let answers = 1 + dice.below(60);
        let (owed, sent) = wish_away(&mut company, &mut dice, answers, &tracks).await;
        process.kill();
        company.hear_the_end().await;
        let epoch = company.ear.joined["epoch"].clone();

        process = Process::start_with(&data, &mailbox, &generous);
        let cookies = ada.cookies.clone();
        ada = Browser::at(process.address);
        ada.cookies = cookies;
        let mut host = ada.join(&room, json!({"name": "Ada"})).await;
        assert_ne!(host.joined["epoch"], epoch, "a new numbering");
        assert_eq!(host.you, company.host.you, "the same member");
        let found = Heard::of(&host.joined);
        let found = stays(found.last());
        let listed = host.call("bans", json!({})).await.unwrap();
        let mut bans = ids(&listed["bans"]);
        bans.retain(|ban| !bans_before.contains(ban));
        // The state after the last that was acknowledged, or after a later one, whole.
        let later = company.heard.states.range(owed.kept..);
        let mut fitting = later.filter(|(seq, state)| {
            let played_on = std::iter::successors(Some((*state).clone()), advanced).take(4);
            let fits = played_on.into_iter().any(|state| stays(&state) == found);
            fits && company.heard.bans_at(**seq) == bans
        });
        let place = fitting.next_back().map(|(seq, _)| *seq);
        let place = place.unwrap_or_else(|| {
            let later = company.heard.states.range(owed.kept..);
            let expected: Vec<_> = later
                .map(|(seq, state)| (*seq, stays(state), company.heard.bans_at(*seq)))
                .collect();
            panic!("round {round}: found {found:#?} {bans:?}, owed: {expected:#?}")
        });
        bans_before.extend(bans);
        let listed = host.call("invites", json!({})).await.unwrap();
        let invites = ids(&listed["invites"]);
        assert!(
            owed.invites.is_subset(&invites),
            "round {round}: {:?}",
            owed.invites
        );
        commands += sent;
        acknowledged += answers;
        unanswered_kept += place - owed.kept.min(place);
    }
    println!(
        "{rounds} kills, {commands} commands, {acknowledged} answered, {unanswered_kept} events kept beyond the last answer"
    );
}

//! Whatever comes, in whatever order: what must hold after each step is in `World::check`.

use super::world::{World, adding, elsewhere, track};
use crate::room::{Input, Rules};
use proptest::prelude::*;
use serde_json::json;
use stereo_protocol::{ItemId, MemberId, Place};

/// A step, with numbers that pick among what is there.
#[derive(Clone, Debug)]
enum Act {
    Join(u8),
    Leave(u8, bool),
    Add(u8, u8, u8),
    AddElsewhere(u8),
    Ask(u8, u8, u8, u8),
    Report(u8, bool),
    Pass(u32),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0u8..6).prop_map(Act::Join),
        2 => (0u8..6, any::<bool>()).prop_map(|(who, how)| Act::Leave(who, how)),
        4 => (0u8..6, 1u8..4, any::<u8>()).prop_map(|(who, count, place)| Act::Add(who, count, place)),
        3 => (0u8..6).prop_map(Act::AddElsewhere),
        12 => (0u8..6, 0u8..24, any::<u8>(), any::<u8>()).prop_map(|(who, what, one, two)| Act::Ask(who, what, one, two)),
        2 => (0u8..6, any::<bool>()).prop_map(|(who, failed)| Act::Report(who, failed)),
        4 => prop_oneof![0u32..2_000, 0u32..200_000].prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ]
}

/// What is in the queue, what plays, or nothing at all.
fn item(world: &World, pick: u8) -> ItemId {
    let public = world.state.public();
    let mut known: Vec<ItemId> = public.queue.iter().map(|item| item.id).collect();
    known.extend(public.current.iter().map(|item| item.id));
    known.push(ItemId::UNKNOWN);
    known[pick as usize % known.len()]
}

fn ask(world: &mut World, member: MemberId, members: &[MemberId], what: u8, one: u8, two: u8) {
    let (first, second) = (item(world, one), item(world, two));
    let other = members[one as usize % members.len()];
    let seq = u64::from(one).min(world.state.seq());
    let message = world
        .state
        .public()
        .chat
        .get(one as usize % 3)
        .map(|message| message.id);
    let after = [json!(null), json!("next"), json!(second)][two as usize % 3].clone();
    let order = ["added", "fair", "votes"][two as usize % 3];
    let role = ["listener", "collaborator", "host"][two as usize % 3];
    let (method, params) = match what {
        0 => ("queue.remove", json!({"item": first})),
        1 | 2 => ("queue.move", json!({"item": first, "after": after})),
        3 => ("queue.clear", json!({"seq": seq})),
        4 => ("queue.shuffle", json!({"seq": seq})),
        5 => (
            "queue.vote",
            json!({"item": first, "value": i16::from(two % 3) - 1}),
        ),
        6 => ("queue.undo", json!({})),
        7 => ("playback.play", json!({"item": first})),
        8 => ("playback.pause", json!({"item": first})),
        9 => (
            "playback.seek",
            json!({"item": first, "position_ms": u32::from(two) * 300}),
        ),
        10 => ("playback.skip", json!({"item": first})),
        11 => ("playback.vote_skip", json!({"item": first})),
        12 => ("playback.jump", json!({"item": first})),
        13 => (
            "react",
            json!({"item": first, "reaction": if two.is_multiple_of(2) { json!("🔥") } else { json!(null) }}),
        ),
        14 | 15 => ("chat.send", json!({"text": format!("said {one}")})),
        16 => (
            "chat.remove",
            json!({"message": message.map_or("x_nope".into(), |id| id.to_string())}),
        ),
        17 => ("me.rename", json!({"name": format!("Named {two}")})),
        18 if two < 40 => ("me.forget", json!({})),
        19 => ("member.role", json!({"member": other, "role": role})),
        20 => (
            "member.mute",
            json!({"member": other, "muted": two.is_multiple_of(2)}),
        ),
        21 if two < 80 => (
            "member.kick",
            json!({"member": other, "ban_ms": u32::from(two) * 100}),
        ),
        22 => (
            "room.update",
            json!({"order": order, "vote_skip_percent": one % 101}),
        ),
        _ => ("invite.create", json!({"uses": 1})),
    };
    let before = (
        world.state.seq(),
        serde_json::to_string(world.state.public()).unwrap(),
    );
    if world.ask(member, method, params).is_err() {
        // What was due by time may have happened first; the refusal itself changes nothing.
        let after = (
            world.state.seq(),
            serde_json::to_string(world.state.public()).unwrap(),
        );
        assert!(after == before || after.0 > before.0);
    }
}

fn perform(world: &mut World, acts: Vec<Act>) {
    let mut here: Vec<(u8, MemberId, crate::room::ConnectionId)> = Vec::new();
    for act in acts {
        if world.state.is_closed() {
            return;
        }
        let members: Vec<MemberId> = here.iter().map(|(_, member, _)| *member).collect();
        let pick = |who: u8| {
            here.get(who as usize % here.len().max(1))
                .map(|(_, member, _)| *member)
        };
        match act {
            Act::Join(number) => {
                if let Ok(member) = world.join_with(|_| (), number) {
                    here.push((number, member, world.last_connection()));
                }
            }
            Act::Leave(who, said_goodbye) if !here.is_empty() => {
                let (_, member, connection) = here.remove(who as usize % here.len());
                world.apply(Input::Leave {
                    connection,
                    member,
                    said_goodbye,
                });
            }
            Act::Add(who, count, place) => {
                let Some(member) = pick(who) else { continue };
                let tracks = (0..count)
                    .map(|extra| track(1_000 + u64::from(extra) * 7_000))
                    .collect();
                let place = [Place::End, Place::First, Place::After(item(world, place))]
                    [place as usize % 3];
                let _ = world.wish(member, adding(tracks, place), None);
            }
            Act::AddElsewhere(who) => {
                let Some(member) = pick(who) else { continue };
                let tracks = vec![elsewhere(world.state.seq())];
                let place = Place::End;
                let _ = world.wish(member, adding(tracks, place), None);
            }
            Act::Ask(who, what, one, two) => {
                let Some(member) = pick(who) else { continue };
                ask(world, member, &members, what, one, two);
            }
            Act::Report(who, failed) => {
                let Some(member) = pick(who) else { continue };
                let report = json!({"item": item(world, 255), "status": if failed { "failed" } else { "ready" }, "drift_ms": 3.5, "rtt_ms": 80});
                let report = serde_json::from_value(report).unwrap();
                world.apply(Input::Report { member, report });
            }
            Act::Pass(millis) => world.pass(u64::from(millis)),
            Act::Restart => {
                world.restart();
                here.clear();
            }
            Act::Leave(..) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_public_state_is_the_fold_of_its_events_whatever_happens(acts in prop::collection::vec(act(), 1..120)) {
        let mut rules = Rules::default();
        rules.limits.queue = 12;
        rules.limits.chat_ring = 5;
        perform(&mut World::new(rules), acts);
    }
}

/// Seeded, so that the vectors that come out of it are the same every time.
pub(super) fn evening(
    seed: u64,
    length: usize,
) -> (
    stereo_protocol::PublicState,
    Vec<(stereo_protocol::EventNotice, stereo_protocol::PublicState)>,
) {
    let mut world = World::new(Rules::default());
    let snapshot = world.folded.clone();
    let mut random = seed;
    let mut next = move || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as u8
    };
    let mut acts = vec![Act::Join(0), Act::Join(1), Act::Join(2), Act::Add(0, 3, 0)];
    for _ in 0..length {
        acts.push(match next() % 8 {
            0 => Act::Join(next() % 6),
            1 => Act::Add(next(), 1 + next() % 2, next()),
            2 => Act::Pass(u32::from(next()) * 40),
            _ => Act::Ask(next(), next() % 24, next(), next()),
        });
    }
    perform(&mut world, acts);
    let mut state = snapshot.clone();
    let events = world.state.events_after(0).unwrap_or_default();
    let steps = events.iter().map(|json| {
        let notice: stereo_protocol::EventNotice = serde_json::from_slice(json).unwrap();
        state.fold(&notice, world.state.limits().chat_ring as usize);
        (notice, state.clone())
    });
    (snapshot, steps.collect())
}

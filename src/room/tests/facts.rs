//! Facts, one by one.

use super::world::{World, adding, elsewhere, key};
use crate::room::{Input, MemberKey, Rules, Wish};
use serde_json::json;
use stereo_protocol::{Command, ErrorKind, ItemId, MemberId, Order, Role};

fn world() -> World {
    World::new(Rules::default())
}

#[test]
fn the_next_start_is_the_previous_end_however_late_the_room_is_woken() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[20_000; 50]).unwrap();
    world.add(host, &[20_000; 50]).unwrap();
    let first = world.state.public().playback.unwrap().at_ms;
    for place in 1..100u64 {
        // Woken late by up to three seconds.
        world.now = first + place * 20_000 + place * 30;
        world.apply(Input::Tick);
        let playback = world.state.public().playback.unwrap();
        assert_eq!(playback.at_ms, first + place * 20_000, "track {place}");
    }
    world.now += 60_000;
    world.apply(Input::Tick);
    assert!(
        world.state.public().current.is_none(),
        "idle at the end, and not round again"
    );
}

#[test]
fn a_room_that_slept_advances_through_what_has_elapsed() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[10_000; 5]).unwrap();
    let first = world.state.public().playback.unwrap().at_ms;
    world.now = first + 35_000;
    world.apply(Input::Tick);
    let playback = world.state.public().playback.unwrap();
    assert_eq!((playback.at_ms, world.queue().len()), (first + 30_000, 1));
}

#[test]
fn paused_for_an_hour_it_resumes_where_it_was() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[60_000]).unwrap();
    let item = world.current();
    world.pass(10_000);
    world
        .ask(host, "playback.pause", json!({"item": item}))
        .unwrap();
    let paused = world.state.public().playback.unwrap();
    world.pass(3_600_000);
    world
        .ask(host, "playback.play", json!({"item": item}))
        .unwrap();
    let resumed = world.state.public().playback.unwrap();
    assert_eq!(resumed.position_ms, paused.position_ms);
    assert!(resumed.at_ms > world.now);
}

#[test]
fn a_skip_after_the_natural_end_is_nothing() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[5_000, 50_000, 50_000]).unwrap();
    let first = world.current();
    world.now += 20_000;
    let done = world
        .ask(host, "playback.skip", json!({"item": first}))
        .unwrap();
    assert!(!done.changed, "what it names does not play any more");
    assert_eq!(world.queue().len(), 1, "one advance, by time");
}

#[test]
fn removing_what_plays_is_one_advance() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[50_000; 3]).unwrap();
    let (current, queue) = (world.current(), world.queue());
    let before = world.state.seq();
    world
        .ask(host, "queue.remove", json!({"item": current}))
        .unwrap();
    assert_eq!((world.current(), world.state.seq()), (queue[0], before + 1));
}

#[test]
fn what_was_added_after_somebody_looked_survives_clearing_and_shuffling() {
    let mut world = world();
    let host = world.join(0);
    let guest = world.join(1);
    world.add(host, &[50_000; 6]).unwrap();
    let seen = world.state.seq();
    world.add(guest, &[50_000]).unwrap();
    let late = *world.queue().last().unwrap();
    world
        .ask(host, "queue.shuffle", json!({"seq": seen}))
        .unwrap();
    assert_eq!(world.queue().last(), Some(&late));
    world
        .ask(host, "queue.clear", json!({"seq": seen}))
        .unwrap();
    assert_eq!(world.queue(), [late]);
    world.ask(host, "queue.undo", json!({})).unwrap();
    assert_eq!(world.queue().len(), 6);
}

#[test]
fn two_moves_both_hold_and_a_stale_one_changes_nothing() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[50_000; 5]).unwrap();
    let queue = world.queue();
    world
        .ask(host, "queue.move", json!({"item": queue[3], "after": null}))
        .unwrap();
    world
        .ask(
            host,
            "queue.move",
            json!({"item": queue[0], "after": queue[2]}),
        )
        .unwrap();
    assert_eq!(world.queue(), [queue[3], queue[1], queue[2], queue[0]]);
    world
        .ask(host, "queue.remove", json!({"item": queue[1]}))
        .unwrap();
    let before = world.queue();
    assert_eq!(
        world.refused(host, "queue.move", json!({"item": queue[1]})),
        ErrorKind::NotFound
    );
    assert_eq!(world.queue(), before);
}

#[test]
fn alone_one_vote_is_enough_and_leaving_recounts() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[50_000; 4]).unwrap();
    let first = world.current();
    world
        .ask(host, "playback.vote_skip", json!({"item": first}))
        .unwrap();
    assert_ne!(world.current(), first, "alone");
    let guests: Vec<_> = (1..4)
        .map(|number| (world.join(number), world.last_connection()))
        .collect();
    let second = world.current();
    world
        .ask(guests[0].0, "playback.vote_skip", json!({"item": second}))
        .unwrap();
    world
        .ask(guests[0].0, "playback.vote_skip", json!({"item": second}))
        .unwrap();
    let vote = world.state.public().vote.unwrap();
    assert_eq!((vote.have, vote.need), (1, 2), "nobody votes twice");
    world.leave(guests[1].0, guests[1].1);
    world.leave(guests[2].0, guests[2].1);
    world.pass(31_000);
    assert_ne!(world.current(), second, "one of two is enough");
}

#[test]
fn a_track_that_nobody_can_play_is_skipped_within_three_seconds() {
    let mut world = world();
    let (host, _guest) = (world.join(0), world.join(1));
    world.add(host, &[50_000, 50_000]).unwrap();
    let first = world.current();
    let report =
        |status: &str| serde_json::from_value(json!({"item": first, "status": status})).unwrap();
    world.apply(Input::Report {
        member: host,
        report: report("failed"),
    });
    assert_eq!(world.current(), first, "the other may still play it");
    world.pass(3_000);
    assert_ne!(world.current(), first);
}

#[test]
fn a_track_that_one_listener_cannot_play_goes_on() {
    let mut world = world();
    let (host, guest) = (world.join(0), world.join(1));
    world.add(host, &[50_000, 50_000]).unwrap();
    let first = world.current();
    let report =
        |status: &str| serde_json::from_value(json!({"item": first, "status": status})).unwrap();
    world.apply(Input::Report {
        member: guest,
        report: report("ready"),
    });
    world.apply(Input::Report {
        member: host,
        report: report("failed"),
    });
    world.pass(10_000);
    assert_eq!(world.current(), first);
}

#[test]
fn the_host_is_waited_for_and_takes_the_room_back() {
    let mut world = world();
    let host = world.join(0);
    let connection = world.last_connection();
    let (first, trusted) = (world.join(1), world.join(2));
    world
        .ask(
            host,
            "member.role",
            json!({"member": trusted, "role": "collaborator"}),
        )
        .unwrap();
    world.leave(host, connection);
    world.pass(20_000);
    assert_eq!(
        world.state.role_of(trusted),
        Some(Role::Collaborator),
        "still waited for"
    );
    world.pass(45_000);
    assert_eq!(
        world.state.role_of(trusted),
        Some(Role::Host),
        "the collaborator, not who came first"
    );
    assert_eq!(world.state.role_of(first), Some(Role::Listener));
    world.join(0);
    assert_eq!(world.state.role_of(trusted), Some(Role::Collaborator));
    assert_eq!(world.state.role_of(host), Some(Role::Host));
}

#[test]
fn two_tabs_are_one_presence() {
    let mut world = world();
    let member = world.join(1);
    let first = world.last_connection();
    assert_eq!(world.join(1), member);
    assert_eq!(world.state.headcount().0, 1);
    world.leave(member, first);
    world.pass(60_000);
    assert_eq!(world.state.headcount().0, 1, "the other tab keeps it");
}

#[test]
fn fair_rotation_and_caps_hold() {
    let mut world = world();
    let (host, one, two) = (world.join(0), world.join(1), world.join(2));
    let update = serde_json::from_value(json!({"order": "fair", "items_per_person": 4})).unwrap();
    world
        .wish(
            host,
            Wish::Update {
                update: Box::new(update),
                password: None,
            },
            None,
        )
        .unwrap();
    world.add(one, &[50_000; 3]).unwrap();
    world.add(one, &[50_000]).unwrap();
    world.add(two, &[50_000; 2]).unwrap();
    let by: Vec<_> = world
        .state
        .public()
        .queue
        .iter()
        .map(|item| item.by)
        .collect();
    // The first of `one` plays already: the turn is the other's.
    assert_eq!(by, [two, one, two, one, one]);
    assert_eq!(
        world.add(one, &[50_000; 500]).unwrap_err().data.kind,
        ErrorKind::TooMany
    );
    assert_eq!(world.state.public().room.order, Order::Fair);
}

#[test]
fn a_new_password_ends_invitations_and_what_strangers_knew() {
    let mut world = world();
    let host = world.join(0);
    let update = |password: &str| Wish::Update {
        update: Box::default(),
        password: Some(Some(password.into())),
    };
    world.wish(host, update("hash one"), None).unwrap();
    let version = world.state.password().1;
    assert_eq!(
        world.join_with(|_| (), 1).unwrap_err().data.kind,
        ErrorKind::NotFound
    );
    let guest = world
        .join_with(|join| join.password_version = Some(version), 1)
        .unwrap();
    let connection = world.last_connection();
    world.leave(guest, connection);
    world.pass(60_000);
    world.wish(host, update("hash two"), None).unwrap();
    assert_eq!(
        world
            .join_with(|join| join.password_version = Some(version), 1)
            .unwrap_err()
            .data
            .kind,
        ErrorKind::NotFound
    );
    assert!(
        world
            .join_with(|join| join.password_version = Some(version + 1), 1)
            .is_ok()
    );
}

#[test]
fn a_ban_binds_the_token_and_ends() {
    let mut world = world();
    let (host, guest) = (world.join(0), world.join(1));
    world
        .ask(
            host,
            "member.kick",
            json!({"member": guest, "ban_ms": 10_000}),
        )
        .unwrap();
    assert_eq!(
        world
            .join_with(|join| join.fresh = key(9), 1)
            .unwrap_err()
            .data
            .kind,
        ErrorKind::NotAllowed
    );
    world.pass(10_001);
    assert_eq!(world.join(1), guest);
}

#[test]
fn a_name_that_an_account_chose_here_stays_and_its_handle_goes_with_the_account() {
    let mut world = world();
    world.join(0);
    let come = |world: &mut World, account: u64, handle: &str, guest: u8| {
        let fresh = MemberKey::Account(account);
        let handle = Some(handle.into());
        let join = |join: &mut crate::room::Join| {
            (join.fresh, join.name, join.handle) = (fresh, None, handle);
        };
        let member = world.join_with(join, guest).unwrap();
        let known = world.state.members.get(member).unwrap();
        (member, known.person.name.to_string())
    };
    let (ada, name) = come(&mut world, 7, "ada", 1);
    assert_eq!(name, "ada");
    assert_eq!(come(&mut world, 7, "ada_l", 1), (ada, "ada_l".into()));
    world
        .ask(ada, "me.rename", json!({"name": "Captain"}))
        .unwrap();
    world.add(ada, &[50_000]).unwrap();
    assert_eq!(come(&mut world, 7, "ada_l", 1), (ada, "Captain".into()));
    world.restart();
    assert_eq!(come(&mut world, 7, "countess", 1), (ada, "Captain".into()));
    // What a guest was called ends with being one.
    let guest = world.join(2);
    assert_eq!(come(&mut world, 8, "eve", 2), (guest, "eve".into()));
    world.add(guest, &[50_000]).unwrap();
    world.restart();
    assert_eq!(come(&mut world, 8, "eva", 2), (guest, "eva".into()));
}

#[test]
fn who_is_erased_is_nowhere_in_the_room() {
    let mut world = world();
    let (host, guest) = (
        world.join(0),
        world
            .join_with(|join| join.name = Some("Needle".into()), 1)
            .unwrap(),
    );
    world
        .ask(guest, "chat.send", json!({"text": "needle one"}))
        .unwrap();
    world
        .ask(guest, "me.rename", json!({"name": "Needle again"}))
        .unwrap();
    world.add(guest, &[50_000; 2]).unwrap();
    assert!(world.everything(host).to_lowercase().contains("needle"));
    world.ask(guest, "me.forget", json!({})).unwrap();
    let left = world.everything(host).to_lowercase();
    assert!(!left.contains("needle"), "{left}");
    assert_eq!(world.queue().len(), 1, "what they added stays");
    assert!(matches!(key(1), MemberKey::Guest(_)));
}

#[test]
fn a_removed_message_is_nowhere_in_the_room() {
    let mut world = world();
    let host = world.join(0);
    world
        .ask(host, "chat.send", json!({"text": "needle"}))
        .unwrap();
    let message = world.state.public().chat[0].id;
    world
        .ask(host, "chat.remove", json!({"message": message}))
        .unwrap();
    assert!(!world.everything(host).contains("needle"));
}

fn add_elsewhere(world: &mut World, member: MemberId, number: u64) -> ItemId {
    let tracks = vec![elsewhere(number)];
    let place = stereo_protocol::Place::End;
    let added = world.wish(member, adding(tracks, place), None);
    match added.unwrap().made {
        crate::room::Made::Items(items) => items[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_track_elsewhere_that_was_removed_is_nowhere_in_the_room() {
    for how in ["queue.remove", "queue.clear", "what plays"] {
        let mut world = world();
        let host = world.join(0);
        if how != "what plays" {
            world.add(host, &[60_000]).unwrap();
        }
        let item = add_elsewhere(&mut world, host, 7);
        assert!(world.everything(host).contains("needle 7."));
        let params = match how {
            "queue.clear" => json!({"seq": world.state.seq()}),
            _ => json!({"item": item}),
        };
        let method = if how == "queue.clear" {
            how
        } else {
            "queue.remove"
        };
        world.ask(host, method, params).unwrap();
        assert!(!world.everything(host).contains("needle"), "{how}");
        // It is deleted, and not put aside.
        let _ = world.ask(host, "queue.undo", json!({}));
        assert!(!world.everything(host).contains("needle"), "{how}");
    }
}

#[test]
fn a_clearing_is_taken_back_in_order_around_what_is_gone_for_good() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[60_000, 1_000]).unwrap();
    for number in 1..=2 {
        add_elsewhere(&mut world, host, number);
    }
    world.add(host, &[2_000, 3_000]).unwrap();
    let before = world.queue();
    let seq = world.state.seq();
    world.ask(host, "queue.clear", json!({"seq": seq})).unwrap();
    world.ask(host, "queue.undo", json!({})).unwrap();
    assert_eq!(world.queue(), [before[0], before[3], before[4]]);
}

#[test]
fn what_is_history_no_more_is_told_of_by_no_event_neither() {
    let mut rules = Rules::default();
    rules.limits.history = 1;
    let mut world = World::new(rules);
    let host = world.join(0);
    for number in 1..=3 {
        let item = add_elsewhere(&mut world, host, number);
        world
            .ask(host, "playback.skip", json!({"item": item}))
            .unwrap();
    }
    let told = world.everything(host);
    assert!(
        told.contains("needle 3.") && !told.contains("needle 1."),
        "{told}"
    );
}

/// Of a guest's from elsewhere one has played, one plays, one comes; and one is the host's.
fn evening_elsewhere() -> (World, MemberId, MemberId, ItemId) {
    let mut world = world();
    let (host, guest) = (world.join(0), world.join(1));
    for number in 1..=3 {
        add_elsewhere(&mut world, guest, number);
    }
    let other = add_elsewhere(&mut world, host, 4);
    let playing = json!({"item": world.current()});
    world.ask(host, "playback.skip", playing).unwrap();
    (world, host, guest, other)
}

#[test]
fn what_a_person_added_from_elsewhere_goes_with_them() {
    let (mut world, host, guest, other) = evening_elsewhere();
    for number in 1..=4 {
        assert!(
            world
                .everything(host)
                .contains(&format!("needle {number}."))
        );
    }
    world.ask(guest, "me.forget", json!({})).unwrap();
    let left = world.everything(host);
    for number in 1..=3 {
        assert!(!left.contains(&format!("needle {number}.")), "{left}");
    }
    assert_eq!(world.current(), other, "the next one plays");
    assert!(left.contains("needle 4."));
}

#[test]
fn who_was_erased_while_the_room_rested_left_no_track_elsewhere() {
    let (mut world, _, guest, other) = evening_elsewhere();
    world.forget_kept(guest);
    world.restart();
    let host = world.join(0);
    assert_eq!(world.current(), other, "what waits is played");
    let left = world.everything(host);
    assert!(
        left.contains("needle 4.") && !left.contains("needle 1."),
        "{left}"
    );
}

#[test]
fn ten_thousand_who_join_in_ten_seconds_cost_in_proportion() {
    let mut world = World::new(Rules::default());
    world.join(0);
    let (mut notices, mut bytes) = (0, 0);
    for number in 0..10_000u64 {
        world.now += 1;
        let mut hash = [1; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        let join = crate::room::Join {
            connection: crate::room::ConnectionId(1_000_000 + number),
            known: None,
            fresh: MemberKey::Guest(hash),
            name: Some("Somebody".into()),
            handle: None,
            picture: None,
            password_version: None,
            invite: None,
            resume: None,
        };
        let step = world
            .state
            .apply(world.now, u128::from(number) * 7919, Input::Join(join));
        assert!(step.events.is_empty(), "a join is no event");
        notices += step.notices.len();
        bytes += step
            .notices
            .iter()
            .map(|notice| serde_json::to_vec(notice).unwrap().len())
            .sum::<usize>();
    }
    assert!(notices < 40, "{notices} presence notices for everyone");
    assert!(bytes < 16 << 10, "{bytes} bytes to each person");
    let command = Command::decode("members", None).unwrap();
    assert!(
        world
            .state
            .read(stereo_protocol::MemberId::UNKNOWN, &command, world.now)
            .is_err()
    );
}

//! What of a room stays through a restart, one by one.

use super::world::{World, key};
use crate::room::{MemberKey, Rules};
use serde_json::json;
use stereo_protocol::{ErrorKind, Role};

fn world() -> World {
    World::new(Rules::default())
}

#[test]
fn after_a_restart_the_music_is_where_it_would_have_been() {
    let mut world = world();
    let host = world.join(0);
    world.add(host, &[10_000, 20_000, 30_000]).unwrap();
    let start = world.state.public().playback.unwrap().at_ms;
    let queued = world.queue();
    world.now = start + 4_000;
    world.restart();
    assert_eq!(world.state.public().playback.unwrap().at_ms, start);
    assert_eq!(world.queue(), queued);
    world.now = start + 12_000;
    world.apply(crate::room::Input::Tick);
    let playback = world.state.public().playback.unwrap();
    assert_eq!((playback.item, playback.at_ms), (queued[0], start + 10_000));
}

#[test]
fn the_host_is_the_host_again_and_a_guest_keeps_role_and_items() {
    let mut world = world();
    let (host, guest) = (world.join(0), world.join(1));
    world
        .ask(
            host,
            "member.role",
            json!({"member": guest, "role": "collaborator"}),
        )
        .unwrap();
    world.add(guest, &[60_000, 60_000]).unwrap();
    let own = world.queue()[0];
    world.restart();
    assert_eq!(world.state.headcount().0, 0, "nobody is here yet");
    assert_eq!(world.join(1), guest);
    assert_eq!(world.state.role_of(guest), Some(Role::Collaborator));
    world
        .ask(guest, "queue.remove", json!({"item": own}))
        .unwrap();
    assert_eq!(world.join(0), host);
    assert_eq!(world.state.role_of(host), Some(Role::Host));
}

#[test]
fn who_only_held_the_room_for_its_host_does_not_hold_it_after_a_restart() {
    let mut world = world();
    let host = world.join(0);
    let connection = world.last_connection();
    let other = world.join(1);
    world
        .ask(
            host,
            "member.role",
            json!({"member": other, "role": "collaborator"}),
        )
        .unwrap();
    world.leave(host, connection);
    world.pass(200_000);
    assert_eq!(world.state.role_of(other), Some(Role::Host));
    world.restart();
    world.join(1);
    assert_eq!(world.state.role_of(other), Some(Role::Collaborator));
}

#[test]
fn bans_and_invitations_hold_through_a_restart() {
    let mut world = world();
    let (host, troll) = (world.join(0), world.join(1));
    world
        .ask(
            host,
            "member.kick",
            json!({"member": troll, "ban_ms": 600_000}),
        )
        .unwrap();
    world.restart();
    let refused = world.join_with(|_| (), 1).unwrap_err();
    assert_eq!(refused.data.kind, ErrorKind::NotAllowed);
    world.pass(600_001);
    world.join(1);
    world.join(0);
    let done = world
        .ask(
            host,
            "invite.create",
            json!({"role": "collaborator", "uses": 1}),
        )
        .unwrap();
    let crate::room::Made::Invite(_, Some(token)) = done.made else {
        panic!("an invitation");
    };
    world.restart();
    let hash = crate::secret::hash(&token);
    let invited = world.join_with(|join| join.invite = Some(hash), 5).unwrap();
    assert_eq!(world.state.role_of(invited), Some(Role::Collaborator));
    world.restart();
    let late = world.join_with(|join| join.invite = Some(hash), 6).unwrap();
    assert_eq!(world.state.role_of(late), Some(Role::Listener), "used up");
}

#[test]
fn who_was_let_into_a_closed_room_is_let_in_again() {
    let mut world = world();
    let host = world.join(0);
    let guest = world.join(1);
    world
        .ask(host, "room.update", json!({"entry": "closed"}))
        .unwrap();
    world.restart();
    assert_eq!(world.join(1), guest);
    assert!(world.join_with(|_| (), 2).is_err());
}

#[test]
fn of_people_only_those_are_kept_who_have_to_be() {
    let mut world = world();
    let host = world.join(0);
    for number in 1..20 {
        world.join(number);
    }
    let talker = world.join(1);
    world
        .ask(talker, "chat.send", json!({"text": "hello"}))
        .unwrap();
    let stored = world.state.stored(crate::store::AccountId::from_bits(1));
    assert_eq!(stored.members.keys().collect::<Vec<_>>(), [&host]);
    let text = format!("{stored:?}");
    assert!(
        !text.contains("hello") && !text.contains("Guest 1"),
        "{text}"
    );
}

#[test]
fn a_guest_who_signed_in_is_kept_as_the_account() {
    let mut world = world();
    let guest = world.join(1);
    world.add(guest, &[60_000]).unwrap();
    let account = MemberKey::Account(77);
    let same = world.join_with(|join| join.fresh = account, 1).unwrap();
    assert_eq!(same, guest);
    world.restart();
    let again = world
        .join_with(|join| (join.known, join.fresh) = (None, account), 1)
        .unwrap();
    assert_eq!(again, guest);
    let stranger = world.join_with(|join| join.fresh = key(30), 1).unwrap();
    assert_ne!(stranger, guest, "the old token is nobody's");
}

#[test]
fn an_erased_guest_is_not_kept() {
    let mut world = world();
    let guest = world.join(1);
    world.add(guest, &[60_000, 60_000]).unwrap();
    world.ask(guest, "me.forget", json!({})).unwrap();
    let stored = world.state.stored(crate::store::AccountId::from_bits(1));
    assert!(!stored.members.contains_key(&guest));
    assert_eq!(
        stored.queue.len(),
        1,
        "what they added stays, and is nobody's"
    );
    world.restart();
    assert_ne!(world.join(1), guest);
}

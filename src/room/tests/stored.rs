//! What of a room stays through a restart, one by one.

use super::world::{World, key};
use crate::room::{Answer, Input, Join, MemberKey, Rules};
use crate::store::AccountId;
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

/// The account that keeps the room in these tests.
fn ada() -> AccountId {
    AccountId::from_bits(77)
}

fn keep(world: &mut World, account: AccountId, guest: Option<u8>) -> Result<bool, ErrorKind> {
    let guest = guest.map(|number| [number; 32]);
    match world.apply(Input::Keep { account, guest }).answer.unwrap() {
        Ok(Answer::Done(done)) => Ok(done.changed),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.data.kind),
    }
}

#[test]
fn only_its_host_can_have_a_room_stay_and_is_the_account_then() {
    let mut world = world();
    let host = world.join(0);
    world.join(1);
    assert!(world.state.to_keep().is_none());
    assert_eq!(keep(&mut world, ada(), Some(1)), Err(ErrorKind::NotFound));
    assert_eq!(keep(&mut world, ada(), None), Err(ErrorKind::NotFound));
    assert_eq!(keep(&mut world, ada(), Some(0)), Ok(true));
    assert!(!world.folded.room.temporary, "everyone is told");
    assert_eq!(world.state.to_keep().unwrap().owner, ada());
    assert_eq!(keep(&mut world, ada(), None), Ok(false), "it is already");
    let other = AccountId::from_bits(78);
    assert_eq!(keep(&mut world, other, Some(0)), Err(ErrorKind::NotFound));
    world.restart();
    let by_account = |join: &mut Join| {
        (join.known, join.fresh) = (None, MemberKey::Account(ada().bits()));
    };
    assert_eq!(world.join_with(by_account, 9), Ok(host));
    assert_ne!(world.join(0), host, "the guest's token is nobody's now");
}

#[test]
fn an_account_that_is_in_the_room_beside_its_guest_becomes_the_host_itself() {
    let mut world = world();
    let guest = world.join(0);
    let key = MemberKey::Account(ada().bits());
    let own = world
        .join_with(|join| (join.known, join.fresh) = (None, key), 5)
        .unwrap();
    assert_ne!(own, guest);
    assert_eq!(keep(&mut world, ada(), Some(0)), Ok(true));
    assert_eq!(world.state.role_of(own), Some(Role::Host));
    assert_eq!(world.state.role_of(guest), Some(Role::Collaborator));
}

#[test]
fn a_room_handed_to_an_account_is_kept_by_that_account() {
    let mut world = world();
    let host = world.join(0);
    keep(&mut world, ada(), Some(0)).unwrap();
    let other = AccountId::from_bits(78);
    let key = MemberKey::Account(other.bits());
    let heir = world
        .join_with(|join| (join.known, join.fresh) = (None, key), 5)
        .unwrap();
    world
        .ask(host, "member.role", json!({"member": heir, "role": "host"}))
        .unwrap();
    assert_eq!(world.state.kept_for(), Some(other));
}

#[test]
fn the_end_of_an_account_ends_its_room_or_hands_it_over() {
    // Nobody else is there.
    let mut world = world();
    world.join(0);
    keep(&mut world, ada(), Some(0)).unwrap();
    let key = MemberKey::Account(ada().bits());
    world.apply(Input::Erase(key));
    assert!(world.state.is_closed());
    assert!(world.state.to_keep().is_none());
    // A guest is: theirs from now on, and temporary.
    let mut world = self::world();
    world.join(0);
    keep(&mut world, ada(), Some(0)).unwrap();
    let guest = world.join(1);
    world.apply(Input::Erase(key));
    assert_eq!(world.state.role_of(guest), Some(Role::Host));
    assert!(world.folded.room.temporary && world.state.to_keep().is_none());
    // Its settings want it closed.
    let mut world = self::world();
    let host = world.join(0);
    keep(&mut world, ada(), Some(0)).unwrap();
    world.join(1);
    world
        .ask(host, "room.update", json!({"host_leaves": "close"}))
        .unwrap();
    world.apply(Input::Erase(key));
    assert!(world.state.is_closed());
}

#[test]
fn a_ban_goes_with_the_account_that_it_was_for() {
    let mut world = world();
    let host = world.join(0);
    let key = MemberKey::Account(ada().bits());
    let troll = world
        .join_with(|join| (join.known, join.fresh) = (None, key), 5)
        .unwrap();
    world
        .ask(
            host,
            "member.kick",
            json!({"member": troll, "ban_ms": 600_000}),
        )
        .unwrap();
    world.apply(Input::Erase(key));
    let stored = world.state.stored(AccountId::from_bits(1));
    assert!(stored.bans.is_empty());
    assert!(!stored.members.contains_key(&troll));
}

#[test]
fn a_host_whose_account_is_gone_is_not_waited_for_after_a_restart() {
    let mut world = world();
    let host = world.join(0);
    keep(&mut world, ada(), Some(0)).unwrap();
    world.forget_kept(host);
    world.restart();
    let guest = world.join(1);
    world.pass(2_000);
    assert_eq!(world.state.role_of(guest), Some(Role::Host));
}

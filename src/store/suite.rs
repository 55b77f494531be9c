//! What every version of the store must hold, through the traits alone.

use super::*;
use crate::media::picture::Picture;
use std::sync::Arc;
use stereo_protocol::{
    BanId, EndReason, InviteId, ItemId, MemberId, Playback, QueueItem, Role, RoomId, RoomSettings,
    Track, TrackId,
};

pub(super) const TODAY: Day = Day(20_000);
pub(super) const NOW: u64 = 20_000 * 86_400_000 + 1;

pub(super) fn email(address: &str) -> Identity {
    Identity::Email(address.into())
}

fn subject(subject: &str) -> Identity {
    Identity::Subject {
        provider: "https://id.example".into(),
        subject: subject.into(),
    }
}

pub(super) fn named(handle: &str, identities: &[Identity]) -> NewAccount {
    NewAccount {
        handle: handle.into(),
        identities: identities.to_vec(),
    }
}

pub(super) fn session_of(account: AccountId, hash: u8) -> NewSession {
    NewSession {
        account,
        kind: SessionKind::Browser,
        hash: [hash; 32],
        label: "kitchen".into(),
        ends: Day(20_030),
    }
}

pub(super) fn letter_of(by: Side, text: &str) -> NewLetter {
    NewLetter {
        by,
        text: text.into(),
        day: TODAY,
    }
}

pub(super) fn attempt(email: &str, name: &str) -> NewAttempt {
    NewAttempt {
        email: email.into(),
        asker: 1,
        link: format!("link {name}").into(),
        browser: format!("browser {name}").into(),
        code: "123456".into(),
        ends_ms: NOW + 600_000,
        then: "/rooms/x".into(),
        account: None,
    }
}

pub(super) fn link_of(address: &str) -> LinkMail {
    LinkMail {
        address: address.into(),
        link: format!("https://stereo.example/sign-in/email#token={address}").into(),
        language: None,
        ends_ms: NOW + 900_000,
    }
}

/// Shows a link of [`attempt`] in the browser that asked.
pub(super) async fn confirm(store: &dyn Store, link: &str, now_ms: u64) -> Option<Confirmed> {
    let browser = link.replace("link", "browser").into();
    match store.confirm_link(link.into(), Some(browser), now_ms).await {
        Ok(LinkAnswer::Confirmed(confirmed)) => Some(confirmed),
        Ok(LinkAnswer::Nothing) => None,
        other => panic!("{other:?}"),
    }
}

/// Opens a link in another browser than the one that asked.
async fn show(store: &dyn Store, link: &str) {
    let shown = store.confirm_link(link.into(), None, NOW).await;
    assert!(matches!(shown, Ok(LinkAnswer::Elsewhere { .. })));
}

pub(super) async fn whole(store: &dyn Store) {
    accounts(store).await;
    identities(store).await;
    sessions(store).await;
    links(store).await;
    codes(store).await;
    many_attempts(store).await;
    passkeys(store).await;
    rooms(store).await;
    correspondence(store).await;
    mails(store).await;
    policy_told(store).await;
    assert_eq!(store.health(), Health::Ready);
}

async fn accounts(store: &dyn Store) {
    let ada = named("Ada", &[email("Ada@example.org"), subject("1")]);
    let id = store.create_account(ada).await.unwrap();
    let account = store.account(id).await.unwrap().unwrap();
    assert_eq!(&*account.handle, "Ada");
    assert_eq!(account.picture, None);
    let expected = [email("Ada@example.org"), subject("1")];
    assert_eq!(
        account.identities, expected,
        "the address as it was written"
    );
    for identity in [email(" ada@EXAMPLE.org"), subject("1")] {
        assert_eq!(store.account_of(identity).await, Ok(Some(id)));
    }
    assert_eq!(store.account_of(email("1")).await, Ok(None));
    store.set_handle(id, "Ada L.".into()).await.unwrap();
    let somebody = store.create_account(named("4da1", &[])).await;
    assert!(somebody.is_ok(), "4 is no a");
    let alike = store.create_account(named("ada_l", &[])).await;
    assert_eq!(alike, Err(StoreError::HandleTaken), "it looks like Ada L.");
    store.create_account(named("Ada", &[])).await.unwrap();
    let back = store.set_handle(id, "ada".into()).await;
    assert_eq!(back, Err(StoreError::HandleTaken), "it was free again");
    store.set_handle(id, "ADA L.".into()).await.unwrap();
    store.set_handle(id, "Ada L.".into()).await.unwrap();
    let preferences = Preferences {
        language: Some("vi".into()),
        room_mails: true,
        policy_mails: false,
        support_mails: true,
        frozen: true,
        uncounted: true,
    };
    assert_eq!(
        store.account(id).await.unwrap().unwrap().preferences,
        Preferences::default()
    );
    store
        .set_preferences(id, preferences.clone())
        .await
        .unwrap();
    assert_eq!(
        store.account(id).await.unwrap().unwrap().preferences,
        preferences
    );
    let picture = |byte: u8| Picture {
        small: vec![byte; 3_000].into(),
        large: vec![byte; 60_000].into(),
    };
    let former = store
        .set_picture(id, Some(picture(1)))
        .await
        .unwrap()
        .unwrap();
    let name = store
        .set_picture(id, Some(picture(2)))
        .await
        .unwrap()
        .unwrap();
    assert_ne!(name, former);
    assert_eq!(store.picture(former, PictureSize::Small).await, Ok(None));
    for (size, bytes) in [
        (PictureSize::Small, picture(2).small),
        (PictureSize::Large, picture(2).large),
    ] {
        assert_eq!(store.picture(name.clone(), size).await, Ok(Some(bytes)));
    }
    let account = store.account(id).await.unwrap().unwrap();
    assert_eq!(&*account.handle, "Ada L.");
    assert_eq!(account.picture.as_ref(), Some(&name));
    assert_eq!(store.set_picture(id, None).await, Ok(None));
    assert_eq!(store.account(id).await.unwrap().unwrap().picture, None);
    assert_eq!(store.picture(name, PictureSize::Large).await, Ok(None));
    let nobody = AccountId::from_bits(1);
    assert_eq!(store.account(nobody).await, Ok(None));
    let gone = Err(StoreError::Gone);
    assert_eq!(store.set_handle(nobody, "x".into()).await, gone);
    let painted = store.set_picture(nobody, Some(picture(3))).await;
    assert_eq!(painted, Err(StoreError::Gone));
    assert_eq!(store.add_identity(nobody, email("x@y.z")).await, gone);
    assert_eq!(store.account_of(email("x@y.z")).await, Ok(None));
}

async fn identities(store: &dyn Store) {
    let id = store
        .create_account(named("Bob", &[email("bob@example.org")]))
        .await
        .unwrap();
    let other = named("Eve", &[email("eve@example.org"), email("BOB@example.org")]);
    assert_eq!(store.create_account(other).await, Err(StoreError::Taken));
    assert_eq!(
        store.account_of(email("eve@example.org")).await,
        Ok(None),
        "all or nothing"
    );
    let eve = store
        .create_account(named("Eve", &[email("eve@example.org")]))
        .await
        .unwrap();
    let taken = store.add_identity(eve, email("bob@example.org")).await;
    assert_eq!(taken, Err(StoreError::Taken));
    store
        .add_identity(eve, email("eve@example.org"))
        .await
        .unwrap();
    assert_eq!(
        store.account(eve).await.unwrap().unwrap().identities.len(),
        1
    );
    store.add_identity(id, subject("2")).await.unwrap();
    assert_eq!(
        store.remove_identity(eve, email("bob@example.org")).await,
        Ok(false)
    );
    assert_eq!(
        store.remove_identity(id, email("Bob@example.org")).await,
        Ok(true)
    );
    assert_eq!(
        store.remove_identity(id, email("bob@example.org")).await,
        Ok(false)
    );
    assert_eq!(store.account_of(email("bob@example.org")).await, Ok(None));
    assert_eq!(
        store.account(id).await.unwrap().unwrap().identities,
        [subject("2")]
    );
    store
        .add_identity(eve, email("bob@example.org"))
        .await
        .unwrap();
    assert_eq!(
        store.account_of(email("bob@example.org")).await,
        Ok(Some(eve))
    );
    contacts(store, id, eve).await;
}

/// An address that a provider vouched for leads nobody anywhere until it is added.
async fn contacts(store: &dyn Store, id: AccountId, eve: AccountId) {
    let (own, other) = ("Zoe@example.org", email("zoe@EXAMPLE.org"));
    for account in [id, eve] {
        store.add_contact(account, own.into()).await.unwrap();
    }
    let second = store.add_contact(eve, "x@y.z".into()).await;
    assert_eq!(second, Err(StoreError::Taken));
    let before = store.account(eve).await.unwrap().unwrap();
    assert_eq!(before.contact.as_deref(), Some(own));
    assert!(!before.identities.contains(&email(own)));
    assert_eq!(store.account_of(other.clone()).await, Ok(None));
    assert_eq!(store.remove_identity(eve, other.clone()).await, Ok(false));
    store.add_identity(eve, other.clone()).await.unwrap();
    let after = store.account(eve).await.unwrap().unwrap();
    assert_eq!(after.contact, None, "kept once, as it was written");
    assert!(after.identities.contains(&email(own)));
    assert_eq!(store.account_of(other.clone()).await, Ok(Some(eve)));
    let taken = store.add_identity(id, other.clone()).await;
    assert_eq!(taken, Err(StoreError::Taken));
    assert_eq!(store.remove_contact(id).await, Ok(true));
    assert_eq!(store.remove_contact(id).await, Ok(false));
    assert_eq!(store.account(id).await.unwrap().unwrap().contact, None);
    assert_eq!(store.account_of(other).await, Ok(Some(eve)), "untouched");
}

async fn sessions(store: &dyn Store) {
    let id = store.create_account(named("Cleo", &[])).await.unwrap();
    let first = store.begin_session(session_of(id, 1)).await.unwrap();
    let second = store.begin_session(session_of(id, 2)).await.unwrap();
    let taken = store.begin_session(session_of(id, 2)).await;
    assert_eq!(taken, Err(StoreError::Taken));
    let nobody = session_of(AccountId::from_bits(1), 9);
    assert_eq!(store.begin_session(nobody).await, Err(StoreError::Gone));
    let session = store.session([1; 32], TODAY).await.unwrap().unwrap();
    assert_eq!((session.id, session.account), (first, id));
    assert_eq!((&*session.label, session.ends), ("kitchen", Day(20_030)));
    assert_eq!(store.session([3; 32], TODAY).await, Ok(None));
    assert_eq!(store.session([1; 32], Day(20_030)).await, Ok(None), "over");
    assert_eq!(store.extend_session(first, Day(20_031)).await, Ok(true));
    assert_eq!(store.sessions(id, Day(20_030)).await.unwrap().len(), 1);
    assert_eq!(store.sessions(id, TODAY).await.unwrap().len(), 2);
    let other = store.create_account(named("Dora", &[])).await.unwrap();
    assert_eq!(
        store.end_session(other, first).await,
        Ok(false),
        "not theirs"
    );
    assert_eq!(store.end_session(id, first).await, Ok(true));
    assert_eq!(store.end_session(id, first).await, Ok(false));
    assert_eq!(store.session([1; 32], TODAY).await, Ok(None));
    store.begin_session(session_of(id, 4)).await.unwrap();
    store.begin_session(session_of(other, 5)).await.unwrap();
    assert_eq!(store.end_sessions(id, Some(second)).await, Ok(1));
    assert_eq!(store.sessions(id, TODAY).await.unwrap()[0].id, second);
    assert_eq!(store.end_sessions(id, None).await, Ok(1));
    assert!(store.session([5; 32], TODAY).await.unwrap().is_some());
    store
        .sweep(Day(20_030).0 as u64 * 86_400_000)
        .await
        .unwrap();
    assert_eq!(store.session([5; 32], TODAY).await, Ok(None), "swept");
}

async fn links(store: &dyn Store) {
    store
        .begin_attempt(attempt("Fay@example.org", "f"))
        .await
        .unwrap();
    assert_eq!(confirm(store, "link x", NOW).await, None);
    assert_eq!(confirm(store, "browser f", NOW).await, None);
    for browser in [None, Some("browser x".into())] {
        let elsewhere = store.confirm_link("link f".into(), browser, NOW).await;
        let code = "123456".into();
        assert_eq!(elsewhere, Ok(LinkAnswer::Elsewhere { code }), "it stays");
    }
    let confirmed = confirm(store, "link f", NOW).await.unwrap();
    assert_eq!(&*confirmed.email, "Fay@example.org");
    assert_eq!(&*confirmed.then, "/rooms/x");
    assert_eq!(confirm(store, "link f", NOW).await, None, "once");
    store
        .begin_attempt(attempt("fay@example.org", "g"))
        .await
        .unwrap();
    let late = confirm(store, "link g", NOW + 600_000).await;
    assert_eq!(late, None, "over");
    assert_eq!(confirm(store, "link g", NOW).await, None, "and gone");
}

async fn codes(store: &dyn Store) {
    store
        .begin_attempt(attempt("gil@example.org", "h"))
        .await
        .unwrap();
    let code = |browser: &str, code: &str| store.confirm_code(browser.into(), code.into(), NOW);
    let nothing = Ok(CodeAnswer::Nothing);
    assert_eq!(
        code("browser x", "123456").await,
        nothing,
        "another browser"
    );
    let unseen = Ok(CodeAnswer::Wrong { left: 4 });
    let guessed = code("browser h", "123456").await;
    assert_eq!(guessed, unseen, "nobody has opened the link");
    store
        .begin_attempt(attempt("gil@example.org", "h2"))
        .await
        .unwrap();
    show(store, "link h2").await;
    for left in (1..=4).rev() {
        assert_eq!(
            code("browser h2", "000000").await,
            Ok(CodeAnswer::Wrong { left })
        );
    }
    assert_eq!(code("browser h2", "000000").await, nothing);
    assert_eq!(code("browser h2", "123456").await, nothing, "too late");
    store
        .begin_attempt(attempt("gil@example.org", "i"))
        .await
        .unwrap();
    show(store, "link i").await;
    assert_eq!(
        code("browser i", "1").await,
        Ok(CodeAnswer::Wrong { left: 4 })
    );
    let CodeAnswer::Right(confirmed) = code("browser i", "123456").await.unwrap() else {
        panic!("it is the one");
    };
    assert_eq!(&*confirmed.email, "gil@example.org");
    assert_eq!(code("browser i", "123456").await, nothing, "once");
    assert_eq!(confirm(store, "link i", NOW).await, None);
}

async fn many_attempts(store: &dyn Store) {
    for number in 0..6 {
        let mut new = attempt("hal@example.org", &format!("n{number}"));
        new.ends_ms += number;
        store.begin_attempt(new).await.unwrap();
    }
    for (number, there) in [(0, false), (1, false), (2, true), (5, true)] {
        let confirmed = confirm(store, &format!("link n{number}"), NOW).await;
        assert_eq!(confirmed.is_some(), there, "{number}");
    }
    store.sweep(NOW + 600_003).await.unwrap();
    assert_eq!(confirm(store, "link n3", NOW).await, None, "swept");
    assert!(confirm(store, "link n4", NOW).await.is_some());
    // One asker's give way to their own alone.
    let begin = async |asker: u64, name: &str, later: u64| {
        let mut new = attempt("ian@example.org", name);
        new.asker = asker;
        new.ends_ms += later;
        store.begin_attempt(new).await
    };
    begin(1, "hers", 0).await.unwrap();
    for number in 0..39 {
        begin(number / 4 + 2, &format!("m{number}"), number)
            .await
            .unwrap();
    }
    let refused = begin(99, "one too many", 40).await;
    assert_eq!(refused, Err(StoreError::TooMany), "nobody's gives way");
    begin(2, "instead of m0", 41).await.unwrap();
    assert_eq!(confirm(store, "link m0", NOW).await, None);
    assert!(confirm(store, "link hers", NOW).await.is_some());
}

async fn passkeys(store: &dyn Store) {
    let id = store.create_account(named("Ida", &[])).await.unwrap();
    let new = NewPasskey {
        account: id,
        credential_id: b"credential".as_slice().into(),
        credential: b"{}".as_slice().into(),
        label: "blue key".into(),
    };
    let passkey = store.add_passkey(new.clone()).await.unwrap();
    assert_eq!(store.add_passkey(new.clone()).await, Err(StoreError::Taken));
    let owner = store.account_of_passkey(new.credential_id.clone()).await;
    assert_eq!(owner, Ok(Some(id)));
    let updated = store.update_passkey(id, passkey, b"{1}".as_slice().into());
    assert_eq!(updated.await, Ok(true));
    let kept = store.passkeys(id).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (&*kept[0].credential, &*kept[0].label),
        (&b"{1}"[..], "blue key")
    );
    assert_eq!(kept[0].credential_id, new.credential_id);
    let other = store.create_account(named("Jon", &[])).await.unwrap();
    assert_eq!(store.remove_passkey(other, passkey).await, Ok(false));
    let last = store.remove_passkey(id, passkey).await;
    assert_eq!(last, Err(StoreError::LastWay));
    store
        .add_identity(id, email("ida@example.org"))
        .await
        .unwrap();
    assert_eq!(store.remove_passkey(id, passkey).await, Ok(true));
    assert_eq!(store.remove_passkey(id, passkey).await, Ok(false));
    assert_eq!(store.passkeys(id).await, Ok(vec![]));
    let owner = store.account_of_passkey(new.credential_id.clone()).await;
    assert_eq!(owner, Ok(None));
    let new = NewPasskey {
        account: other,
        ..new
    };
    store.add_passkey(new).await.unwrap();
}

pub(super) fn member(number: u64) -> MemberId {
    MemberId::from_bits(number)
}

fn guest(number: u8) -> StoredMember {
    StoredMember {
        key: StoredKey::Guest([number; 32]),
        name: format!("Guest {number}").into(),
        by_handle: false,
        picture: None,
        role: Role::Listener,
        muted: false,
        password_version: 0,
    }
}

fn account_member(account: AccountId) -> StoredMember {
    StoredMember {
        key: StoredKey::Account(account),
        name: "The host".into(),
        by_handle: true,
        picture: Some("/pictures/p.jpg".into()),
        role: Role::Host,
        ..guest(0)
    }
}

/// As [`item`], of somebody else's server.
pub(super) fn elsewhere(number: u64) -> QueueItem {
    let hosted = item(number);
    let track = Track {
        id: TrackId(format!("t_away_{number}").into()),
        provider: "direct".into(),
        title: format!("Needle {number}").into(),
        url: format!("https://music.example.org/needle-{number}.mp3").into(),
        ..Track::clone(&hosted.track)
    };
    QueueItem {
        track: Arc::new(track),
        by: member(1),
        ..hosted
    }
}

pub(super) fn item(number: u64) -> QueueItem {
    let track = Track {
        id: TrackId(format!("t_{number}").into()),
        provider: "hosted".into(),
        title: format!("Track {number}").into(),
        artists: vec!["Somebody".into()],
        duration_ms: 1_000 + number,
        url: "/media/x".into(),
        artwork: None,
        accent: None,
    };
    QueueItem {
        id: ItemId::from_bits(number),
        track: Arc::new(track),
        by: member(2),
        votes: 0,
        pinned: number.is_multiple_of(2),
    }
}

fn play(number: u64) -> StoredPlay {
    StoredPlay {
        track: item(number).track,
        by: member(2),
        reason: EndReason::Skipped,
    }
}

fn entry(seq: u64) -> StoredEntry {
    StoredEntry {
        seq,
        by: Some(member(2)),
        action: "queue.added".into(),
        member: None,
        title: Some("Track".into()),
    }
}

/// A room that has something of everything.
/// As [`play`], of somebody else's server.
fn away(number: u64) -> StoredPlay {
    let QueueItem { track, by, .. } = elsewhere(number);
    StoredPlay {
        track,
        by,
        ..play(number)
    }
}

pub(super) fn evening(number: u128, owner: AccountId) -> StoredRoom {
    let mut settings = RoomSettings::new(RoomId::from_bits(number), "Evening at Ada's");
    settings.temporary = false;
    StoredRoom {
        owner,
        settings,
        password: Some("$argon2id$v=19$x".into()),
        password_version: 3,
        host: Some(member(1)),
        current: Some(elsewhere(100)),
        playback: Some(Playback {
            item: elsewhere(100).id,
            position_ms: 5,
            at_ms: NOW,
            paused: false,
        }),
        queue: (1..=20).map(item).chain([elsewhere(21)]).collect(),
        members: [
            (member(1), account_member(owner)),
            (member(2), guest(2)),
            (member(3), guest(3)),
        ]
        .into(),
        bans: vec![StoredBan {
            id: BanId::from_bits(1),
            member: member(3),
            key: StoredKey::Guest([3; 32]),
            until_ms: NOW + 1,
        }],
        invites: vec![StoredInvite {
            id: InviteId::from_bits(1),
            hash: [9; 32],
            role: Role::Collaborator,
            uses_left: Some(2),
            until_ms: None,
        }],
        history: (1..5).map(play).chain([away(22)]).collect(),
        log: (1..9).map(entry).collect(),
    }
}

async fn rooms(store: &dyn Store) {
    let ada = store.create_account(named("Ada2", &[])).await.unwrap();
    let bob = store.create_account(named("Bob2", &[])).await.unwrap();
    let first = evening(1, ada);
    let nobody = evening(1, AccountId::from_bits(1));
    let gone = store.save_room(Arc::new(nobody)).await;
    assert_eq!(gone, Err(StoreError::Gone));
    store.save_room(Arc::new(first.clone())).await.unwrap();
    store.save_room(Arc::new(evening(2, bob))).await.unwrap();
    assert_eq!(store.room(first.id()).await, Ok(Some(first.clone())));
    assert_eq!(store.room(RoomId::from_bits(3)).await, Ok(None));
    assert_eq!(store.rooms_of(ada).await, Ok(vec![first.id()]));
    assert_eq!(store.rooms().await.unwrap().len(), 2);
    for changed in changes(&first, bob) {
        store.save_room(Arc::new(changed.clone())).await.unwrap();
        assert_eq!(store.room(first.id()).await, Ok(Some(changed)));
    }
    let mut foreign = first.clone();
    let absent = account_member(AccountId::from_bits(2));
    foreign.members.insert(member(9), absent);
    store.save_room(Arc::new(foreign)).await.unwrap();
    let kept = store.room(first.id()).await.unwrap().unwrap();
    assert_eq!(kept, first, "without whom there is not");
    assert_eq!(store.delete_room(first.id()).await, Ok(true));
    assert_eq!(store.delete_room(first.id()).await, Ok(false));
    assert_eq!(store.room(first.id()).await, Ok(None));
    assert_eq!(store.rooms().await, Ok(vec![evening(2, bob)]));
    store.save_room(Arc::new(first.clone())).await.unwrap();
    assert_eq!(store.room(first.id()).await, Ok(Some(first.clone())));
    let receipt = store.erase_account(ada, ReceiptId::random()).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert_eq!(
        store.room(first.id()).await,
        Ok(None),
        "it goes with its account"
    );
    let late = store.save_room(Arc::new(first)).await;
    assert_eq!(late, Err(StoreError::Gone), "and does not come back");
}

/// Each of them after the one before it: what a room may become.
fn changes(from: &StoredRoom, other: AccountId) -> Vec<StoredRoom> {
    let mut steps = vec![from.clone()];
    let mut step = |change: &dyn Fn(&mut StoredRoom)| {
        let mut next = steps[steps.len() - 1].clone();
        change(&mut next);
        steps.push(next);
    };
    step(&|room| room.queue.rotate_left(3));
    step(&|room| drop(room.queue.drain(2..5)));
    step(&|room| room.queue.insert(1, item(200)));
    step(&|room| room.queue[4].pinned ^= true);
    step(&|room| {
        room.current = Some(room.queue.remove(0));
        room.history.push(play(7));
    });
    step(&|room| {
        room.history.remove(0);
        room.history.push(play(8));
        room.log = (5..20).map(entry).collect();
    });
    step(&|room| {
        room.settings.title = "Another".into();
        room.password = None;
        room.invites.clear();
    });
    step(&|room| drop(room.members.insert(member(4), guest(4))));
    step(&|room| room.members.get_mut(&member(2)).unwrap().role = Role::Collaborator);
    step(&|room| room.members.get_mut(&member(2)).unwrap().name = "Renamed".into());
    step(&|room| drop(room.members.remove(&member(3))));
    step(&|room| room.bans.clear());
    step(&|room| {
        let signed_in = room.members.get_mut(&member(2)).unwrap();
        signed_in.key = StoredKey::Account(other);
    });
    step(&|room| room.owner = other);
    step(&|room| {
        room.queue.clear();
        (room.current, room.playback) = (None, None);
    });
    step(&|room| *room = from.clone());
    steps
}

async fn correspondence(store: &dyn Store) {
    let new = async |handle: &str| store.create_account(named(handle, &[])).await.unwrap();
    let (ada, eve) = (new("writer").await, new("reader").await);
    let first = letter_of(Side::Person, "It does not play.");
    let id = store
        .begin_thread(ada, "Silence".into(), first.clone())
        .await
        .unwrap();
    let thread = store.thread(id).await.unwrap().unwrap();
    assert_eq!((thread.account, &*thread.subject), (ada, "Silence"));
    assert!(thread.waits() && thread.day() == TODAY);
    let answer = letter_of(Side::Support, "Turn it up.");
    let answer = store.add_letter(id, answer).await.unwrap();
    assert!(!store.thread(id).await.unwrap().unwrap().waits());
    assert_eq!(store.close_thread(id).await, Ok(true));
    assert!(store.thread(id).await.unwrap().unwrap().closed);
    let again = store.add_letter(id, letter_of(Side::Person, "It is up."));
    let again = again.await.unwrap();
    let look = Look {
        what: "rooms".into(),
        day: TODAY.0,
    };
    store.note_look(id, look.clone()).await.unwrap();
    let thread = store.thread(id).await.unwrap().unwrap();
    assert!(thread.waits() && !thread.closed, "opened by the person");
    assert_eq!(thread.looks, std::slice::from_ref(&look));
    let texts: Vec<&str> = thread.letters.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["It does not play.", "Turn it up.", "It is up."]);
    assert_eq!(store.threads(ada).await, Ok(vec![thread.clone()]));
    assert_eq!(store.threads(eve).await, Ok(Vec::new()));
    let answered = store.begin_thread(eve, "".into(), first.clone());
    let answered = answered.await.unwrap();
    let reply = letter_of(Side::Support, "So it is.");
    store.add_letter(answered, reply).await.unwrap();
    let all = store.all_threads(10).await.unwrap();
    let all: Vec<ThreadId> = all.iter().map(|thread| thread.id).collect();
    assert_eq!(all, [id, answered], "who waits comes first");
    assert_eq!(store.delete_letter(eve, id, answer).await, Ok(false));
    assert_eq!(store.delete_thread(eve, id).await, Ok(false));
    assert_eq!(store.delete_letter(ada, id, answer).await, Ok(true));
    assert_eq!(store.delete_letter(ada, id, again).await, Ok(true));
    let left = store.thread(id).await.unwrap().unwrap().letters;
    assert_eq!(left.len(), 1);
    let last = store.delete_letter(ada, id, left[0].id).await;
    assert_eq!((last, store.thread(id).await), (Ok(true), Ok(None)));
    assert_eq!(store.delete_thread(eve, answered).await, Ok(true));
    assert_eq!(store.delete_thread(eve, answered).await, Ok(false));
    let gone = StoreError::Gone;
    assert_eq!(store.add_letter(id, first.clone()).await, Err(gone));
    assert_eq!(store.note_look(id, look).await, Err(gone));
    assert_eq!(store.close_thread(id).await, Ok(false));
    let nobody = AccountId::from_bits(1);
    let begun = store.begin_thread(nobody, "".into(), first.clone()).await;
    assert_eq!(begun, Err(gone));
    for _ in 0..super::correspondence::MOST_THREADS {
        let begun = store.begin_thread(ada, "".into(), first.clone()).await;
        assert!(begun.is_ok());
    }
    let begun = store.begin_thread(ada, "".into(), first).await;
    assert_eq!(begun, Err(StoreError::TooMany));
}

fn answer(thread: u64) -> Topic {
    Topic::Answer { thread }
}

async fn topics(store: &dyn Store, account: AccountId) -> Vec<Topic> {
    let waiting = store.mails_of(account).await.unwrap();
    let topics = waiting.into_iter().filter_map(|mail| match mail.whom {
        Whom::Account(_, topic) => Some(topic),
        _ => None,
    });
    topics.collect()
}

async fn wished(store: &dyn Store, account: AccountId, preferences: Preferences) {
    let set = store.set_preferences(account, preferences).await;
    set.unwrap();
}

fn all_kinds() -> Preferences {
    Preferences {
        room_mails: true,
        policy_mails: true,
        support_mails: true,
        ..Preferences::default()
    }
}

/// Mails wait until they are sent, and no longer than they are wished.
async fn mails(store: &dyn Store) {
    let new = named("mel", &[email("mel@example.org"), subject("mel")]);
    let mel = store.create_account(new).await.unwrap();
    assert_eq!(
        store.queue_mail(mel, answer(1)).await,
        Ok(false),
        "not wished"
    );
    wished(store, mel, all_kinds()).await;
    assert_eq!(store.queue_mail(mel, answer(1)).await, Ok(true));
    assert_eq!(
        store.queue_mail(mel, answer(1)).await,
        Ok(false),
        "it waits"
    );
    let room = Topic::Room {
        room: RoomId::from_bits(7),
        news: RoomNews::Held,
    };
    assert_eq!(store.queue_mail(mel, room).await, Ok(true));
    for thread in 2..20 {
        assert_eq!(store.queue_mail(mel, answer(thread)).await, Ok(true));
    }
    let more = store.queue_mail(mel, answer(20)).await;
    assert_eq!(more, Err(StoreError::TooMany));

    let due = store.due_mails(NOW, Vec::new(), 3).await.unwrap();
    assert_eq!((due.due.len(), due.next_ms), (3, None));
    let first = due.due[0];
    store.try_mail_later(first, NOW + 2_000).await.unwrap();
    let mail = store.mail(first).await.unwrap().unwrap();
    assert_eq!((mail.id, mail.tries), (first, 1));
    let all = store
        .due_mails(NOW, due.due[1..].to_vec(), 100)
        .await
        .unwrap();
    assert_eq!((all.due.len(), all.next_ms), (17, Some(NOW + 2_000)));
    store.remove_mail(first).await.unwrap();
    assert!(store.mail(first).await.unwrap().is_none());
    store.remove_mail(first).await.unwrap();

    // What ends them: switching off a kind, freezing, taking the address away.
    wished(store, mel, all_kinds().without(MailKind::Support)).await;
    assert!(topics(store, mel).await.iter().all(|topic| *topic == room));
    wished(store, mel, all_kinds()).await;
    store.queue_mail(mel, answer(1)).await.unwrap();
    let frozen = Preferences {
        frozen: true,
        ..all_kinds()
    };
    wished(store, mel, frozen).await;
    assert_eq!(topics(store, mel).await, []);
    assert_eq!(store.queue_mail(mel, room).await, Ok(false), "frozen");
    wished(store, mel, all_kinds()).await;
    store.queue_mail(mel, room).await.unwrap();
    store
        .begin_attempt(attempt("mel@example.org", "m"))
        .await
        .unwrap();
    let link = link_of("mel@example.org");
    store.queue_link("link m".into(), link, None).await.unwrap();
    assert!(
        store
            .remove_identity(mel, email("mel@example.org"))
            .await
            .unwrap()
    );
    assert_eq!(topics(store, mel).await, []);
    assert_eq!(store.queue_mail(mel, room).await, Ok(false), "no address");
    let due = store.due_mails(NOW, Vec::new(), 10).await.unwrap();
    assert_eq!(due, DueMails::default(), "the link neither");

    // With a thread goes the word of an answer in it.
    store
        .add_identity(mel, email("mel@example.org"))
        .await
        .unwrap();
    let letter = letter_of(Side::Person, "help");
    let thread = store.begin_thread(mel, "".into(), letter).await.unwrap();
    store.queue_mail(mel, answer(thread.0)).await.unwrap();
    store.queue_mail(mel, room).await.unwrap();
    store.delete_thread(mel, thread).await.unwrap();
    assert_eq!(topics(store, mel).await, [room]);

    links_that_wait(store, mel).await;
    one_click(store, mel, room).await;
    store.queue_for_operator(NOW + 5).await.unwrap();
    store.queue_for_operator(NOW + 6).await.unwrap();
    let due = store.due_mails(NOW + 5, Vec::new(), 10).await.unwrap();
    assert_eq!((due.due.len(), due.next_ms), (1, None), "one at a time");
    let mail = store.mail(due.due[0]).await.unwrap().unwrap();
    assert!(mail.whom == Whom::Operator);
    store.remove_mail(due.due[0]).await.unwrap();
}

/// The mail with a link ends with its sign-in.
async fn links_that_wait(store: &dyn Store, account: AccountId) {
    let link = link_of("new@example.org");
    let nowhere = store.queue_link("link x".into(), link.clone(), None).await;
    assert_eq!(nowhere, Err(StoreError::Gone));
    for (name, adds) in [("o", None), ("p", Some(account))] {
        let secret = format!("link {name}").into_boxed_str();
        store
            .begin_attempt(attempt("new@example.org", name))
            .await
            .unwrap();
        store
            .queue_link(secret.clone(), link.clone(), adds)
            .await
            .unwrap();
        let due = store.due_mails(NOW, Vec::new(), 10).await.unwrap().due;
        let mut found = Vec::new();
        for id in due {
            found.extend(store.mail(id).await.unwrap());
        }
        let mail = found
            .iter()
            .find(|mail| mail.whom == Whom::Asker(link.clone()));
        let id = mail.unwrap().id;
        assert!(confirm(store, &secret, NOW).await.is_some());
        assert!(store.mail(id).await.unwrap().is_none(), "it was used");
    }
    store
        .begin_attempt(attempt("new@example.org", "q"))
        .await
        .unwrap();
    store.queue_link("link q".into(), link, None).await.unwrap();
    let count = async || {
        store
            .due_mails(NOW, Vec::new(), 10)
            .await
            .unwrap()
            .due
            .len()
    };
    let before = count().await;
    store.sweep(NOW + 900_001).await.unwrap();
    assert_eq!(count().await, before - 1, "it is over");
}

/// A link on a mail ends its kind, and no other.
async fn one_click(store: &dyn Store, account: AccountId, room: Topic) {
    assert_eq!(topics(store, account).await, [room]);
    let token = store
        .unsubscribe_token(account, MailKind::Rooms)
        .await
        .unwrap();
    let again = store.unsubscribe_token(account, MailKind::Rooms).await;
    assert_eq!(again.as_ref(), Ok(&token));
    let other = store.unsubscribe_token(account, MailKind::Policy).await;
    assert_ne!(other.as_ref(), Ok(&token));
    assert_eq!(
        store.unsubscribes(token.clone()).await,
        Ok(Some(MailKind::Rooms))
    );
    assert_eq!(topics(store, account).await, [room], "asking ends nothing");
    for _ in 0..2 {
        let ended = store.unsubscribe(token.clone()).await;
        assert_eq!(ended, Ok(Some(MailKind::Rooms)));
        let kept = store.account(account).await.unwrap().unwrap().preferences;
        assert!(kept == all_kinds().without(MailKind::Rooms));
        assert_eq!(topics(store, account).await, []);
    }
    for wrong in ["", "x", &token[1..]] {
        assert_eq!(store.unsubscribe(wrong.into()).await, Ok(None), "{wrong}");
    }
    let receipt = store.erase_account(account, ReceiptId::random()).await;
    assert!(receipt.unwrap().erased);
    assert_eq!(store.unsubscribes(token.clone()).await, Ok(None));
    assert_eq!(store.unsubscribe(token).await, Ok(None));
}

/// Each version of the policy is told once, of those that come after it was wished.
async fn policy_told(store: &dyn Store) {
    let [nan, oda] = ["nan", "oda"].map(|name| (name, email(&format!("{name}@example.org"))));
    let nan = store.create_account(named(nan.0, &[nan.1])).await.unwrap();
    let oda = store.create_account(named(oda.0, &[oda.1])).await.unwrap();
    wished(store, nan, all_kinds()).await;
    wished(store, oda, all_kinds().without(MailKind::Policy)).await;
    store.note_policy(nan, 3).await.unwrap();
    let wishes = async |version| {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = store.policy_wishes(after, version, 1).await.unwrap();
            let Some((last, wish)) = page.first() else {
                return all;
            };
            after = Some(*last);
            all.extend(wish.then_some(*last));
        }
    };
    assert!(!wishes(3).await.contains(&nan));
    assert_eq!(store.tell_policy(nan, 3).await, Ok(false));
    assert!(wishes(4).await.contains(&nan) && !wishes(4).await.contains(&oda));
    assert_eq!(store.tell_policy(oda, 4).await, Ok(false), "not wished");
    assert_eq!(store.tell_policy(nan, 4).await, Ok(true));
    assert_eq!(store.policy_told(nan).await, Ok(Some(4)));
    assert_eq!(topics(store, nan).await, [Topic::Policy { version: 4 }]);
    let mail = store.mails_of(nan).await.unwrap()[0].id;
    store.remove_mail(mail).await.unwrap();
    assert_eq!(store.tell_policy(nan, 4).await, Ok(false), "told");
    assert!(!wishes(4).await.contains(&nan));
    assert_eq!(topics(store, nan).await, []);
    for account in [nan, oda] {
        let receipt = store.erase_account(account, ReceiptId::random()).await;
        assert!(receipt.unwrap().erased);
    }
}

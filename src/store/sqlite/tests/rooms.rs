use super::super::super::room::{StoredKey, StoredRoom};
use super::super::super::suite::{elsewhere, evening, item, member};
use super::super::super::{AccountId, Rooms};
use super::*;
use proptest::prelude::*;
use stereo_protocol::RoomId;

/// How many changes a call made to the database, by SQLite's own count.
async fn changes(store: &SqliteStore) -> i64 {
    let count = |db: &mut Connection| db.query_row("SELECT total_changes()", [], |row| row.get(0));
    store
        .asked()
        .unwrap()
        .writer
        .alone(count)
        .await
        .unwrap()
        .unwrap()
}

async fn saved(store: &SqliteStore, room: &StoredRoom) -> i64 {
    let before = changes(store).await;
    store.save_room(Arc::new(room.clone())).await.unwrap();
    changes(store).await - before
}

#[tokio::test]
async fn only_what_changed_is_written() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let mut room = evening(1, owner);
    assert!(saved(&store, &room).await > 30);
    assert_eq!(saved(&store, &room).await, 0);
    room.queue.push(item(50));
    assert_eq!(saved(&store, &room).await, 2, "the item, and the order");
    room.queue.swap(0, 5);
    assert_eq!(saved(&store, &room).await, 1, "the order");
    drop(store);
    let store = data.open();
    room.queue.remove(0);
    assert_eq!(
        saved(&store, &room).await,
        3,
        "also after a restart; and that something was deleted"
    );
}

#[tokio::test]
async fn a_room_is_there_after_a_restart_as_it_was_saved() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let room = evening(1, owner);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    drop(store);
    let store = data.open();
    assert_eq!(store.rooms().await, Ok(vec![room]));
    assert_eq!(store.shared.keys.unsettled(), []);
}

#[tokio::test]
async fn neither_names_nor_title_nor_tokens_of_a_room_are_in_a_file() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    store.save_room(Arc::new(evening(1, owner))).await.unwrap();
    for needle in ["Guest 2", "The host", "Evening", "argon2", "/pictures"] {
        assert_eq!(data.holding(needle.as_bytes()), [""; 0], "{needle}");
    }
    for hash in [[2; 32], [3; 32], [9; 32]] {
        assert_eq!(data.holding(&hash), [""; 0]);
    }
    assert!(
        data.only_the_database_holds(b"Track 7"),
        "the search does find"
    );
}

/// The sealed rows of tracks elsewhere.
async fn tracks(store: &SqliteStore) -> Vec<Vec<u8>> {
    let rows = store.ask(|reading| {
        let mut select = reading.db.prepare("SELECT content FROM room_tracks")?;
        let rows = select.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    });
    rows.await.unwrap()
}

#[tokio::test]
async fn what_others_serve_is_in_no_file_but_sealed_and_goes_when_it_is_removed() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let mut room = evening(1, owner);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    let sealed = tracks(&store).await;
    assert_eq!(sealed.len(), 3, "what plays, what comes, what has played");
    for needle in ["Needle", "needle", "music.example"] {
        assert_eq!(data.holding(needle.as_bytes()), [""; 0], "{needle}");
    }
    for row in &sealed {
        assert!(!data.holding(row).is_empty(), "the search does find");
    }
    room.queue.pop();
    room.history.pop();
    (room.current, room.playback) = (None, None);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    for row in &sealed {
        assert_eq!(data.holding(row), [""; 0]);
    }
    assert_eq!(store.room(room.id()).await, Ok(Some(room)));
}

#[tokio::test]
async fn a_track_elsewhere_is_withheld_once_the_key_of_who_added_it_is_gone() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let bob = store.create_account(named("Bob", &[])).await.unwrap();
    let mut room = evening(1, owner);
    let theirs = super::super::super::room::StoredMember {
        key: StoredKey::Account(bob),
        ..room.members[&member(2)].clone()
    };
    room.members.insert(member(7), theirs);
    room.queue[20].by = member(7);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    let before = tracks(&store).await;
    (store.erase_account(bob, ReceiptId::random()).await).unwrap();
    let left = tracks(&store).await;
    assert_eq!(left.len(), 2);
    let gone = before.iter().find(|row| !left.contains(row)).unwrap();
    assert_eq!(data.holding(gone), [""; 0]);
    let kept = store.room(room.id()).await.unwrap().unwrap();
    assert!(kept.queue[20].track.is_withheld());
    assert!(!kept.current.unwrap().track.is_withheld(), "of the owner");
}

#[tokio::test]
async fn what_goes_of_a_guest_who_stays_is_erased_without_their_key() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let mut room = evening(1, owner);
    // Guest 3 is a member and banned, and has added something elsewhere.
    room.queue[20].by = member(3);
    let room_of = |room: &StoredRoom| Arc::new(room.clone());
    store.save_room(room_of(&room)).await.unwrap();
    room.queue.pop();
    store.save_room(room_of(&room)).await.unwrap();
    assert_eq!(store.obstacle(), None, "a track");
    room.bans.clear();
    store.save_room(room_of(&room)).await.unwrap();
    assert_eq!(store.obstacle(), None, "a ban");
    room.members.get_mut(&member(3)).unwrap().name = "Renamed".into();
    store.save_room(room_of(&room)).await.unwrap();
    assert_eq!(store.obstacle(), None, "a name");
    assert_eq!(store.room(room.id()).await, Ok(Some(room)));
}

#[tokio::test]
async fn a_guest_who_is_forgotten_leaves_nothing_in_any_file() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let mut room = evening(1, owner);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    let of_guest = guest_traces(&store, 3).await;
    assert!(of_guest.iter().all(|trace| !data.holding(trace).is_empty()));
    room.members.remove(&member(3));
    room.bans.clear();
    store.save_room(Arc::new(room.clone())).await.unwrap();
    for trace in &of_guest {
        assert_eq!(data.holding(trace), [""; 0]);
    }
    assert_eq!(store.room(room.id()).await, Ok(Some(room)));
}

/// Every blob of a guest's rows, and what the key store has of the key.
async fn guest_traces(store: &SqliteStore, number: u64) -> Vec<Vec<u8>> {
    let id = member(number).to_string();
    let blobs = store.ask(move |reading| {
        let member = "SELECT key, person FROM room_members WHERE member = ?1";
        let two = |row: &rusqlite::Row<'_>| Ok(vec![row.get(0)?, row.get(1)?]);
        let mut blobs: Vec<Vec<u8>> = reading.db.query_row(member, [&id], two)?;
        let banned = "SELECT key, banned FROM room_bans";
        blobs.extend(reading.db.query_row(banned, [], two)?);
        Ok(blobs)
    });
    let mut traces = blobs.await.unwrap();
    assert_eq!(traces[0], traces[2], "one key for member and ban");
    let key = crate::keystore::KeyId(traces[0].clone().try_into().unwrap());
    let of_key = store.shared.keys.traces(crate::keystore::EntryId::Key(key));
    traces.extend(of_key.unwrap());
    traces
}

#[tokio::test]
async fn a_deleted_room_and_its_guests_leave_nothing_in_any_file() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let room = evening(1, owner);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    let mut traces = guest_traces(&store, 3).await;
    traces.push(room.id().to_string().into_bytes());
    let keys = store.shared.keys.len();
    store.delete_room(room.id()).await.unwrap();
    for trace in &traces {
        assert_eq!(data.holding(trace), [""; 0]);
    }
    assert_eq!(store.shared.keys.len(), keys - 2, "the guests' keys");
}

#[tokio::test]
async fn an_erased_account_takes_its_rooms_along_and_leaves_those_of_others() {
    let data = Data::new();
    let store = data.open();
    let owner = ada(&store).await;
    let bob = store.create_account(named("Bob", &[])).await.unwrap();
    let mut of_bob = evening(2, bob);
    let mut visitor = of_bob.members[&member(1)].clone();
    visitor.key = StoredKey::Account(owner);
    visitor.name = "Ada, visiting".into();
    of_bob.members.insert(member(7), visitor);
    let of_ada = evening(1, owner);
    store.save_room(Arc::new(of_ada.clone())).await.unwrap();
    store.save_room(Arc::new(of_bob.clone())).await.unwrap();
    let row = owner.bits() as i64;
    let visiting = store.ask(move |reading| {
        let person = "SELECT person FROM room_members WHERE room = ?1 AND account = ?2";
        let room = RoomId::from_bits(2).to_string();
        Ok(reading
            .db
            .query_row(person, rusqlite::params![room, row], |row| row.get(0))?)
    });
    let mut traces: Vec<Vec<u8>> = vec![visiting.await.unwrap()];
    traces.push(of_ada.id().to_string().into_bytes());
    traces.push(owner.bits().to_be_bytes().to_vec());
    assert!(
        store
            .erase_account(owner, ReceiptId::random())
            .await
            .unwrap()
            .erased
    );
    for trace in &traces {
        assert_eq!(data.holding(trace), [""; 0]);
    }
    // A room that runs may save itself with the member before it learns: that comes to nothing.
    of_bob.queue.clear();
    store.save_room(Arc::new(of_bob.clone())).await.unwrap();
    of_bob.members.remove(&member(7));
    assert_eq!(store.rooms().await, Ok(vec![of_bob]));
}

/// Whatever a room becomes, in whatever order, the store gives it back.
fn becomes(from: &StoredRoom, acts: &[(u8, u8)], others: [AccountId; 2]) -> Vec<StoredRoom> {
    let mut rooms = vec![from.clone()];
    for (act, pick) in acts {
        let mut room = rooms[rooms.len() - 1].clone();
        let pick = *pick as usize;
        let fresh = 1_000 + 300 * rooms.len() as u64 + pick as u64;
        let of_queue = pick % room.queue.len().max(1);
        match act {
            0 if pick.is_multiple_of(3) => room.queue.push(elsewhere(fresh)),
            0 => room.queue.push(item(fresh)),
            1 => room
                .queue
                .insert(of_queue.min(room.queue.len()), item(fresh)),
            2 if !room.queue.is_empty() => drop(room.queue.remove(of_queue)),
            3 => room.queue.rotate_left(of_queue),
            4 if !room.queue.is_empty() => room.queue[of_queue].pinned ^= true,
            5 => {
                room.current = (!room.queue.is_empty()).then(|| room.queue.remove(0));
                room.history
                    .push(from.history[pick % from.history.len()].clone());
            }
            6 => drop(room.history.drain(..pick % (room.history.len() + 1))),
            7 => room.log.push(from.log[pick % from.log.len()].clone()),
            8 => drop(room.members.remove(&member(pick as u64 % 6))),
            9 => {
                let mut person = from.members[&member(2)].clone();
                person.name = format!("Person {fresh}").into();
                person.key = match pick % 3 {
                    0 => StoredKey::Account(others[pick % 2]),
                    _ => StoredKey::Guest([pick as u8 % 5; 32]),
                };
                room.members.insert(member(pick as u64 % 6), person);
            }
            10 => drop(room.bans.pop()),
            11 => {
                let mut ban = from.bans[0].clone();
                ban.id = stereo_protocol::BanId::from_bits(fresh);
                ban.key = StoredKey::Guest([pick as u8 % 5; 32]);
                room.bans.push(ban);
            }
            12 => room.owner = others[pick % 2],
            _ => room.settings.title = format!("Title {fresh}").into(),
        }
        rooms.push(room);
    }
    rooms
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_saved_is_what_is_loaded(acts in proptest::collection::vec((0u8..14, any::<u8>()), 1..40)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let data = Data::new();
            let store = data.open();
            let others = [ada(&store).await, store.create_account(named("Bob", &[])).await.unwrap()];
            for room in becomes(&evening(1, others[0]), &acts, others) {
                store.save_room(Arc::new(room.clone())).await.unwrap();
                let loaded = store.room(room.id()).await.unwrap().unwrap();
                // Bans have no order of their own.
                let sorted = |mut room: StoredRoom| {
                    room.bans.sort_by_key(|ban| ban.id);
                    // Of what others serve only that of somebody who is kept can be read.
                    let members = &room.members;
                    let items = room.queue.iter_mut().chain(&mut room.current);
                    let items = items.map(|item| (item.by, &mut item.track));
                    let played = room.history.iter_mut().map(|play| (play.by, &mut play.track));
                    for (by, track) in items.chain(played) {
                        if track.is_elsewhere() && !members.contains_key(&by) {
                            *track = Arc::new(track.withheld());
                        }
                    }
                    room
                };
                assert_eq!(sorted(loaded), sorted(room));
            }
            let guests: std::collections::HashSet<_> = {
                let room = store.rooms().await.unwrap().remove(0);
                let members = room.members.values().map(|member| member.key);
                let keys = members.chain(room.bans.iter().map(|ban| ban.key));
                keys.filter(|key| matches!(key, StoredKey::Guest(_))).collect()
            };
            assert_eq!(store.shared.keys.len(), 5 + guests.len(), "no key is left over");
        });
    }
}

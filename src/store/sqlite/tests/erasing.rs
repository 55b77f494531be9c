use super::super::super::room::{Rooms, StoredRoom};
use super::super::super::suite::{evening, item, letter_of, link_of};
use super::super::super::{
    Correspondence, MailKind, Mails, NewPasskey, Obstacle, Passkeys, Pictures, Preferences, Side,
    StoreError, Topic,
};
use super::*;
use crate::keystore::{EntryId, KeyId, LookupKind};
use crate::media::picture::Picture;
use std::sync::atomic::{AtomicBool, Ordering};

fn picture_of(name: &str) -> Picture {
    Picture {
        small: name.repeat(500).into_bytes().into(),
        large: name.repeat(9_000).into_bytes().into(),
    }
}

/// An account that has something of everything.
async fn full_account(store: &SqliteStore, name: &str) -> AccountId {
    let identities = [
        email(&format!("{name}@example.org")),
        crate::store::Identity::Subject {
            provider: "https://id.example".into(),
            subject: format!("subject of {name}").into(),
        },
    ];
    let id = store
        .create_account(named(name, &identities))
        .await
        .unwrap();
    let contact = format!("contact-of-{name}@example.org");
    store.add_contact(id, contact.into()).await.unwrap();
    store.set_picture(id, Some(picture_of(name))).await.unwrap();
    store.set_preferences(id, wishing_answers()).await.unwrap();
    let mut session = session_of(id, 0);
    session.hash = crate::secret::hash(name);
    store.begin_session(session).await.unwrap();
    let passkey = NewPasskey {
        account: id,
        credential_id: name.as_bytes().into(),
        credential: b"{}".as_slice().into(),
        label: "key".into(),
    };
    store.add_passkey(passkey).await.unwrap();
    let address = format!("{name}@example.org");
    store.begin_attempt(attempt(&address, name)).await.unwrap();
    let letter = letter_of(Side::Person, &format!("letter of {name}"));
    store.begin_thread(id, name.into(), letter).await.unwrap();
    let mail = store.queue_mail(id, Topic::Answer { thread: 1 }).await;
    assert_eq!(mail, Ok(true));
    let link = format!("link {name}").into_boxed_str();
    let mail = store.queue_link(link, link_of(&address), None).await;
    mail.unwrap();
    store.note_policy(id, 1).await.unwrap();
    let token = store.unsubscribe_token(id, MailKind::Support).await;
    token.unwrap();
    id
}

fn wishing_answers() -> Preferences {
    Preferences {
        support_mails: true,
        ..Preferences::default()
    }
}

/// What stands for an account, found out without the code that erases it: every column of its
/// rows, its id, and what the key store has of it.
async fn traces(store: &SqliteStore, id: AccountId, name: &str) -> Vec<Vec<u8>> {
    let row = id.bits() as i64;
    let link = crate::secret::hash(&format!("link {name}"));
    let blobs = store.ask(move |reading| {
        let mut found = Vec::new();
        for (select, of) in [
            ("SELECT * FROM accounts WHERE id = ?1", true),
            ("SELECT * FROM emails WHERE account = ?1", true),
            ("SELECT * FROM subjects WHERE account = ?1", true),
            ("SELECT * FROM pictures WHERE account = ?1", true),
            ("SELECT * FROM passkeys WHERE account = ?1", true),
            ("SELECT * FROM sessions WHERE account = ?1", true),
            ("SELECT * FROM threads WHERE account = ?1", true),
            ("SELECT * FROM letters WHERE account = ?1", true),
            ("SELECT * FROM mails WHERE account = ?1", true),
            ("SELECT * FROM unsubscribes WHERE account = ?1", true),
            ("SELECT * FROM attempts WHERE link = ?1", false),
            (
                "SELECT m.* FROM mails m JOIN attempts a ON m.attempt = a.id WHERE a.link = ?1",
                false,
            ),
        ] {
            let mut select = reading.db.prepare(select)?;
            let columns = select.column_count();
            let mut rows = match of {
                true => select.query([row])?,
                false => select.query([link])?,
            };
            let row = rows.next()?.expect("something in every table");
            for column in 0..columns {
                if let rusqlite::types::ValueRef::Blob(bytes) = row.get_ref(column)? {
                    // A long one does not lie in one piece.
                    found.push(bytes[..bytes.len().min(128)].to_vec());
                }
            }
        }
        Ok(found)
    });
    let mut found = blobs.await.unwrap();
    assert_eq!(
        found.len(),
        5 + 1 + 1 + 2 + 3 + 2 + 1 + 1 + 1 + 1 + 7 + 3,
        "a column was added: say here how it is erased"
    );
    found.push(id.bits().to_be_bytes().to_vec());
    let keys = &store.shared.keys;
    let lookups = keys.lookups_of(id.bits());
    assert_eq!(lookups.len(), 4);
    for lookup in lookups {
        found.extend(keys.traces(EntryId::Lookup(lookup)).unwrap());
        found.push(lookup.0.to_vec());
    }
    let key = KeyId(found[0].clone().try_into().unwrap());
    found.extend(keys.traces(EntryId::Key(key)).unwrap());
    found
}

fn all_found(data: &Data, traces: &[Vec<u8>]) -> bool {
    traces.iter().all(|trace| !data.holding(trace).is_empty())
}

fn none_found(data: &Data, traces: &[Vec<u8>]) -> bool {
    traces.iter().all(|trace| data.holding(trace).is_empty())
}

#[tokio::test]
async fn nothing_that_stands_for_an_erased_account_is_in_any_file() {
    let data = Data::new();
    let store = data.open();
    let (ada, bob) = (
        full_account(&store, "ada").await,
        full_account(&store, "bob").await,
    );
    let (of_ada, of_bob) = (
        traces(&store, ada, "ada").await,
        traces(&store, bob, "bob").await,
    );
    store.shared.keys.refresh_copy().unwrap();
    assert!(
        all_found(&data, &of_ada),
        "the search finds all of it before"
    );
    let raw = store
        .shared
        .keys
        .key(KeyId(of_ada[0].clone().try_into().unwrap()));
    let raw = raw.unwrap().unwrap().bytes().to_vec();
    assert!(
        none_found(&data, std::slice::from_ref(&raw)),
        "a key is nowhere as it is"
    );

    let id = ReceiptId::random();
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(none_found(&data, &of_ada));
    assert!(all_found(&data, &of_bob));
    assert!(receipt.erased && receipt.waits_for.is_none(), "{receipt:?}");
    let places: Vec<&str> = receipt.places.iter().map(|place| &*place.place).collect();
    let expected = [
        "keys",
        "keys_copy",
        "lock",
        "server.key",
        "stereo.db",
        "stereo.db-shm",
        "stereo.db-wal",
    ];
    assert_eq!(places, expected);
    assert!(receipt.places.iter().all(|place| place.found == 0));
    assert!(receipt.sought as usize >= of_ada.len(), "{receipt:?}");
    assert_eq!(receipt.searched_ms, NOW);
    let looked_up = store.receipt(id).await.unwrap().unwrap();
    assert!(!looked_up.erased, "not before it is concluded");
    assert_eq!(store.unfinished_erasures().await, Ok(vec![(id, ada)]));
    store.conclude_erasure(id, receipt.clone()).await.unwrap();
    assert_eq!(store.receipt(id).await, Ok(Some(receipt)));
    assert_eq!(store.unfinished_erasures().await, Ok(vec![]));
    assert_eq!(store.receipt(ReceiptId([0; 16])).await, Ok(None));
    assert!(none_found(&data, &of_ada));

    assert_eq!(store.account(ada).await, Ok(None));
    assert_eq!(store.account_of(email("ada@example.org")).await, Ok(None));
    assert_eq!(
        store.session(crate::secret::hash("ada"), TODAY).await,
        Ok(None)
    );
    assert_eq!(confirm(&store, "link ada", NOW).await, None);
    assert_eq!(
        store.erase_account(ada, ReceiptId::random()).await,
        Err(StoreError::Gone)
    );
    assert!(store.account(bob).await.unwrap().is_some());
    let again = named("ada", &[email("ada@example.org")]);
    store.create_account(again).await.unwrap();
}

#[tokio::test]
async fn an_older_copy_of_the_database_cannot_be_read_any_more() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    drop(store);
    let backup = std::fs::read(data.file("stereo.db")).unwrap();
    let store = data.open();
    assert!(
        store
            .erase_account(ada, ReceiptId::random())
            .await
            .unwrap()
            .erased
    );
    drop(store);
    std::fs::write(data.file("stereo.db"), backup).unwrap();
    let store = data.open();
    let (rows, row) = (
        "SELECT count(*) FROM accounts WHERE id = ?1",
        ada.bits() as i64,
    );
    let rows = store.ask(move |reading| Ok(reading.db.query_row(rows, [row], |row| row.get(0))?));
    assert_eq!(rows.await, Ok(1), "the rows are back");
    assert_eq!(
        store.account(ada).await,
        Ok(None),
        "and nobody can read them"
    );
    assert_eq!(store.account_of(email("ada@example.org")).await, Ok(None));
    assert_eq!(
        store.session(crate::secret::hash("ada"), TODAY).await,
        Ok(None)
    );
    assert_eq!(store.passkeys(ada).await, Ok(vec![]));
    // They can be taken out all the same, and the address be used anew.
    assert!(
        store
            .erase_account(ada, ReceiptId::random())
            .await
            .unwrap()
            .erased
    );
    let again = named("ada", &[email("ada@example.org")]);
    store.create_account(again).await.unwrap();
}

/// Somebody who has written a letter of so many bytes.
async fn writer_of(store: &SqliteStore, number: usize, length: usize) -> AccountId {
    let address = email(&format!("{number}@example.org"));
    let made = store.create_account(named(&format!("x{number}"), &[address]));
    let id = made.await.unwrap();
    let letter = letter_of(Side::Person, &"x".repeat(length));
    store.begin_thread(id, "".into(), letter).await.unwrap();
    id
}

/// How letters begin that stand in the database more than once: in their row, and on a page on which
/// that was before.
async fn copied(data: &Data, store: &SqliteStore) -> Vec<(AccountId, Vec<u8>)> {
    let emptied = store.asked().unwrap().writer.alone(|db| checkpoint(db));
    assert_eq!(emptied.await.unwrap(), Ok(true));
    let letters = store.ask(|reading| {
        let select = "SELECT account, substr(content, 1, 16) FROM letters";
        let mut select = reading.db.prepare(select)?;
        let two = |row: &rusqlite::Row<'_>| {
            let account = AccountId::from_bits(row.get::<_, i64>(0)? as u64);
            Ok((account, row.get::<_, Vec<u8>>(1)?))
        };
        let letters = select.query_map([], two)?;
        Ok(letters.collect::<rusqlite::Result<Vec<_>>>()?)
    });
    let letters = letters.await.unwrap();
    let finder = aho_corasick::AhoCorasick::new(letters.iter().map(|(_, begins)| begins)).unwrap();
    let mut times = vec![0; letters.len()];
    for found in finder.find_iter(&std::fs::read(data.file("stereo.db")).unwrap()) {
        times[found.pattern().as_usize()] += 1;
    }
    let twice = letters.into_iter().zip(times);
    let twice = twice.filter(|(_, times)| *times > 1);
    twice.map(|(letter, _)| letter).collect()
}

#[tokio::test]
async fn copies_of_rows_that_moved_between_pages_are_erased_too() {
    let data = Data::new();
    let store = data.open();
    let mut crowd = Vec::new();
    // Rows of many lengths that come and go are moved from page to page.
    let (id, begins) = loop {
        let number = crowd.len();
        assert!(number < 5_000, "SQLite has left no copy of a row");
        let more = (number..number + 40).map(|one| writer_of(&store, one, one * 977 % 2_000));
        crowd.extend(futures_util::future::join_all(more).await);
        let some = crowd[number..].iter().step_by(3);
        let gone = some.map(|id| store.erase_account(*id, ReceiptId::random()));
        for receipt in futures_util::future::join_all(gone).await {
            assert!(receipt.unwrap().erased);
        }
        if let Some(one) = copied(&data, &store).await.pop() {
            break one;
        }
    };
    let receipt = store.erase_account(id, ReceiptId::random()).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert_eq!(data.holding(&begins), [""; 0]);
}

#[tokio::test]
async fn what_a_page_keeps_that_nothing_uses_is_written_anew_before_it_is_called_erased() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    let other = Connection::open(data.file("stereo.db")).unwrap();
    other
        .execute_batch("CREATE TABLE t (content BLOB)")
        .unwrap();
    other
        .execute("INSERT INTO t VALUES (?1)", [&of_ada[0]])
        .unwrap();
    other
        .execute_batch("DROP TABLE t; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(other);
    let receipt = store.erase_account(ada, ReceiptId::random()).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert!(none_found(&data, &of_ada));
}

#[tokio::test]
async fn while_something_is_found_the_receipt_says_where_and_not_that_it_is_erased() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    // Somebody has copied a part of it.
    std::fs::write(data.file("copied"), &of_ada[0]).unwrap();
    let id = ReceiptId::random();
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(!receipt.erased);
    assert_eq!(receipt.waits_for, Some(Obstacle::Remains));
    let found = receipt.places.iter().filter(|place| place.found > 0);
    let found: Vec<&str> = found.map(|place| &*place.place).collect();
    assert_eq!(found, ["copied"], "{receipt:?}");
    assert_eq!(store.receipt(id).await, Ok(Some(receipt)));
    std::fs::remove_file(data.file("copied")).unwrap();
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
}

#[tokio::test]
async fn a_session_an_address_a_passkey_a_letter_and_a_former_name_leave_nothing() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let blobs = |select: &'static str| {
        let row = ada.bits() as i64;
        let store = &store;
        async move {
            let blob = store.ask(move |reading| {
                Ok(reading
                    .db
                    .query_row(select, [row], |row| row.get::<_, Vec<u8>>(0))?)
            });
            vec![blob.await.unwrap()]
        }
    };
    let hash = blobs("SELECT hash FROM sessions WHERE account = ?1").await;
    let session = store.sessions(ada, TODAY).await.unwrap()[0].id;
    assert!(all_found(&data, &hash));
    store.end_session(ada, session).await.unwrap();
    assert!(none_found(&data, &hash));

    let contact = blobs("SELECT address FROM emails WHERE account = ?1 AND confirmed = 0").await;
    assert!(all_found(&data, &contact));
    store.remove_contact(ada).await.unwrap();
    assert!(none_found(&data, &contact));

    let mut address = blobs("SELECT address FROM emails WHERE account = ?1").await;
    let lookup = store
        .shared
        .keys
        .lookup(LookupKind::Email, b"ada@example.org");
    address.push(lookup.0.to_vec());
    assert!(all_found(&data, &address));
    store
        .remove_identity(ada, email("ada@example.org"))
        .await
        .unwrap();
    assert!(none_found(&data, &address));

    let passkey = blobs("SELECT credential FROM passkeys WHERE account = ?1").await;
    let id = store.passkeys(ada).await.unwrap()[0].id;
    assert!(all_found(&data, &passkey));
    store.remove_passkey(ada, id).await.unwrap();
    assert!(none_found(&data, &passkey));

    let handle = blobs("SELECT handle FROM accounts WHERE id = ?1").await;
    assert!(all_found(&data, &handle));
    store.set_handle(ada, "Countess".into()).await.unwrap();
    assert!(none_found(&data, &handle));

    let picture = blobs("SELECT picture FROM accounts WHERE id = ?1").await;
    assert!(all_found(&data, &picture));
    store.set_picture(ada, None).await.unwrap();
    assert!(none_found(&data, &picture));

    let first = blobs("SELECT content FROM letters WHERE account = ?1 ORDER BY place").await;
    let id = store.threads(ada).await.unwrap()[0].id;
    let second = letter_of(Side::Support, "An answer.");
    let second = store.add_letter(id, second).await.unwrap();
    let last = "SELECT content FROM letters WHERE account = ?1 ORDER BY place DESC";
    let answer = blobs(last).await;
    assert!(answer != first && all_found(&data, &answer));
    assert_eq!(store.delete_letter(ada, id, second).await, Ok(true));
    assert!(none_found(&data, &answer) && all_found(&data, &first));

    let thread = blobs("SELECT content FROM threads WHERE account = ?1").await;
    assert!(all_found(&data, &thread));
    store.close_thread(id).await.unwrap();
    assert!(none_found(&data, &thread), "what was said of it before");
    let thread = blobs("SELECT content FROM threads WHERE account = ?1").await;
    assert_eq!(store.delete_thread(ada, id).await, Ok(true));
    assert!(none_found(&data, &thread) && none_found(&data, &first));
}

#[tokio::test]
async fn a_long_reader_gives_way_and_reads_on_afterwards() {
    let data = Data::new();
    let store = Arc::new(data.open());
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    let reading = Arc::new(AtomicBool::new(false));
    let (asking, began) = (store.clone(), reading.clone());
    let reader = tokio::spawn(async move {
        let asked = asking.ask(move |reading| {
            let accounts: i64 =
                (reading.db).query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?;
            if accounts == 0 {
                return Ok(());
            }
            // As long as the account is there this goes on, unless it is interrupted.
            began.store(true, Ordering::Release);
            let endless = "WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more) SELECT count(*) FROM more, accounts";
            Ok(reading.db.query_row(endless, [], |_| Ok(()))?)
        });
        asked.await
    });
    while !reading.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    let receipt = store.erase_account(ada, ReceiptId::random()).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert!(none_found(&data, &of_ada));
    assert_eq!(reader.await.unwrap(), Ok(()), "it never learnt of it");
}

#[tokio::test]
async fn while_another_process_reads_the_receipt_says_so_and_it_goes_on_later() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    // Another connection that is not one of ours: its locks are seen as another process's are.
    let other = Connection::open(data.file("stereo.db")).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM accounts")
        .unwrap();
    let id = ReceiptId::random();
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(!receipt.erased);
    assert_eq!(receipt.waits_for, Some(Obstacle::OtherReaders));
    assert_eq!(store.receipt(id).await, Ok(Some(receipt)));
    assert_eq!(store.account(ada).await, Ok(None), "gone all the same");
    other.execute_batch("COMMIT").unwrap();
    let again = store.erase_account(ada, id).await.unwrap();
    assert!(again.erased, "{again:?}");
    assert!(
        again.sought as usize >= of_ada.len(),
        "all of it is still looked for: {again:?}"
    );
    assert!(none_found(&data, &of_ada));
}

#[tokio::test]
async fn while_another_process_reads_a_deletion_says_so_and_is_tried_again_every_second() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let session = store.sessions(ada, TODAY).await.unwrap()[0].id;
    let hash = crate::secret::hash("ada").to_vec();
    assert_eq!(store.obstacle(), None);
    let other = Connection::open(data.file("stereo.db")).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM accounts")
        .unwrap();
    assert_eq!(store.end_session(ada, session).await, Ok(true));
    assert_eq!(store.obstacle(), Some(Obstacle::OtherReaders));
    assert!(!none_found(&data, std::slice::from_ref(&hash)));
    other.execute_batch("COMMIT").unwrap();
    // Nobody asks for anything any more: within a minute would be the sweep.
    let began = std::time::Instant::now();
    while store.obstacle().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(began.elapsed().as_secs() < 30, "it is not tried again");
    }
    assert!(none_found(&data, &[hash]));
}

/// The files as they are now, as when the process is killed: nothing is tidied up.
fn killed_now(data: &Data) -> Data {
    let killed = Data::new();
    std::fs::create_dir_all(killed.path()).unwrap();
    for name in ["stereo.db", "stereo.db-wal", "keys", "server.key"] {
        std::fs::copy(data.file(name), killed.file(name)).unwrap();
    }
    killed
}

#[tokio::test]
async fn a_deletion_cut_short_before_it_was_looked_for_is_finished_at_the_next_start() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    store
        .add_identity(ada, email("ada@example.com"))
        .await
        .unwrap();
    let lookup = store
        .shared
        .keys
        .lookup(LookupKind::Email, b"ada@example.com");
    let other = Connection::open(data.file("stereo.db")).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM accounts")
        .unwrap();
    let row = ada.bits() as i64;
    let address = store.ask(move |reading| {
        let select = "SELECT address FROM emails WHERE account = ?1 ORDER BY rowid";
        let mut select = reading.db.prepare(select)?;
        let rows = select.query_map([row], |row| row.get::<_, Vec<u8>>(0))?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
    });
    let addresses = address.await.unwrap();
    let removed = store.remove_identity(ada, email("ada@example.com")).await;
    assert_eq!(removed, Ok(true));
    let killed = killed_now(&data);
    let left = |data: &Data| {
        let held = addresses.iter().filter(|one| !data.holding(one).is_empty());
        held.count()
    };
    let all = addresses.len();
    assert_eq!(left(&killed), all, "the log of writes still holds it");
    let store = killed.open();
    let began = std::time::Instant::now();
    while left(&killed) >= all {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(began.elapsed().as_secs() < 30, "nobody finishes it");
    }
    assert_eq!(store.obstacle(), None);
    assert!(killed.holding(&lookup.0).is_empty());
    let unclean = || {
        let unclean = "SELECT unclean FROM store";
        store.ask(move |reading| {
            Ok(reading
                .db
                .query_row(unclean, [], |row| row.get::<_, i64>(0))?)
        })
    };
    while unclean().await == Ok(1) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(began.elapsed().as_secs() < 60, "the mark stays");
    }
}

#[tokio::test]
async fn pages_that_keep_something_of_which_nobody_knows_are_written_anew_at_the_next_start() {
    let data = Data::new();
    let store = data.open();
    let _ada = full_account(&store, "ada").await;
    drop(store);
    // A page that nothing uses, with something in it that a run before knew of.
    let db = Connection::open(data.file("stereo.db")).unwrap();
    db.execute_batch("CREATE TABLE t (content BLOB); INSERT INTO t VALUES (x'6e646c206f662061206b696c6c65642072756e'); DROP TABLE t; UPDATE store SET unclean = 1; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(db);
    let trace = b"ndl of a killed run";
    assert!(
        !data.holding(trace).is_empty(),
        "a deleted row is still there"
    );
    let store = data.open();
    let began = std::time::Instant::now();
    while !data.holding(trace).is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert!(began.elapsed().as_secs() < 30, "nobody finishes it");
    }
    drop(store);
}

#[tokio::test]
async fn under_steady_writes_the_log_is_emptied_too() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let began = std::time::Instant::now();
    let (mut longest, mut emptied) = (0, false);
    while !emptied {
        let label = format!("{}", began.elapsed().as_micros());
        let mut session = session_of(ada, 0);
        session.hash = crate::secret::hash(&label);
        store.begin_session(session).await.unwrap();
        let length = std::fs::metadata(data.file("stereo.db-wal")).unwrap().len();
        emptied = length < longest;
        longest = longest.max(length);
        assert!(
            began.elapsed().as_secs() < 30,
            "{longest} bytes and growing"
        );
    }
}

#[tokio::test]
async fn an_address_that_was_to_be_added_goes_with_the_account() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let mut asked = attempt("new@example.org", "new");
    asked.account = Some(ada);
    store.begin_attempt(asked).await.unwrap();
    let link = crate::secret::hash("link new").to_vec();
    let lookup = store
        .shared
        .keys
        .lookup(LookupKind::Email, b"new@example.org");
    assert_eq!(store.shared.keys.attempts_of(lookup).len(), 1);
    assert!(!data.holding(&link).is_empty());
    let receipt = store.erase_account(ada, ReceiptId::random()).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert!(data.holding(&link).is_empty());
    assert_eq!(store.shared.keys.attempts_of(lookup).len(), 0);
    assert_eq!(confirm(&store, "link new", NOW).await, None);
}

#[tokio::test]
async fn a_track_that_was_removed_and_a_former_title_leave_nothing() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let mut room = evening(1, ada);
    // Ids as rooms make them, so that they are found nowhere else.
    for (place, queued) in (0..).zip(&mut room.queue) {
        let number: u64 = 0x9e37_79b9_7f4a_7c15;
        queued.id = stereo_protocol::ItemId::from_bits(number.wrapping_mul(2 * place + 1));
    }
    let track = |room: &mut StoredRoom, title: &str| {
        let mut added = item(900);
        added.id = stereo_protocol::ItemId::from_bits(u64::from_be_bytes(*b"ndl item"));
        let mut track = (*added.track).clone();
        track.title = title.into();
        added.track = Arc::new(track);
        room.queue.insert(3, added);
    };
    track(&mut room, "ndl title of a track");
    store.save_room(Arc::new(room.clone())).await.unwrap();
    let id = room.queue[3].id.bits().to_be_bytes().to_vec();
    let needles = [id, b"ndl title of a track".to_vec()];
    assert!(all_found(&data, &needles));
    room.queue.remove(3);
    store.save_room(Arc::new(room.clone())).await.unwrap();
    assert!(none_found(&data, &needles), "when it is acknowledged");

    let select = "SELECT settings FROM rooms";
    let former = store.ask(move |reading| {
        Ok(reading
            .db
            .query_row(select, [], |row| row.get::<_, Vec<u8>>(0))?)
    });
    let former = vec![former.await.unwrap()[..64].to_vec()];
    assert!(all_found(&data, &former));
    room.settings.title = "Another".into();
    store.save_room(Arc::new(room)).await.unwrap();
    assert!(none_found(&data, &former), "the title that it had");
}

#[tokio::test]
async fn while_the_copy_of_the_keys_cannot_be_reached_the_receipt_says_so() {
    let data = Data::new();
    let elsewhere = data.0.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let config = config::Store {
        keys_copy: elsewhere.join("keys.copy"),
        ..data.config()
    };
    let store = SqliteStore::open(&config, data.clock()).unwrap();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    store.shared.keys.refresh_copy().unwrap();
    let away = data.0.path().join("away");
    std::fs::rename(&elsewhere, &away).unwrap();
    let id = ReceiptId::random();
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert_eq!(receipt.waits_for, Some(Obstacle::KeysCopy));
    drop(store);
    let copy = away.join("keys.copy");
    assert!(
        of_ada.iter().any(|trace| holds(&copy, trace)),
        "that is why"
    );
    std::fs::rename(&away, &elsewhere).unwrap();
    let store = SqliteStore::open(&config, data.clock()).unwrap();
    assert_eq!(store.unfinished_erasures().await, Ok(vec![(id, ada)]));
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(receipt.erased, "{receipt:?}");
    assert!(
        receipt
            .places
            .iter()
            .any(|place| &*place.place == "keys_copy")
    );
    let copy = elsewhere.join("keys.copy");
    assert!(!of_ada.iter().any(|trace| holds(&copy, trace)));
    assert!(none_found(&data, &of_ada));
}

#[tokio::test]
async fn an_erasure_cut_short_after_its_first_step_is_finished_at_the_next_start() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    // While somebody reads the log of writes is not emptied, however slow this test is.
    let other = Connection::open(data.file("stereo.db")).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM accounts")
        .unwrap();
    let id = ReceiptId::random();
    store.begin_erasure(ada, id).await.unwrap();
    let before = killed_now(&data);
    let deleted = store.change(move |work| erase::carry_out(work, ada, id));
    assert!(deleted.await.unwrap().is_all);
    assert_eq!(store.receipt(id).await.unwrap().unwrap().sought, 0);
    let killed = killed_now(&data);
    let store = before.open();
    assert!(store.account(ada).await.unwrap().is_some(), "not yet");
    assert_eq!(store.unfinished_erasures().await, Ok(vec![(id, ada)]));
    assert!(!store.receipt(id).await.unwrap().unwrap().erased);
    assert!(store.erase_account(ada, id).await.unwrap().erased);
    assert!(none_found(&before, &of_ada));
    assert!(
        !none_found(&killed, &of_ada),
        "the log of writes still holds something"
    );
    let store = killed.open();
    assert_eq!(store.unfinished_erasures().await, Ok(vec![(id, ada)]));
    let receipt = store.erase_account(ada, id).await.unwrap();
    assert!(
        receipt.erased && receipt.sought >= 3,
        "the ids were still known: {receipt:?}"
    );
    assert!(none_found(&killed, &of_ada));
}

#[tokio::test]
async fn keys_that_a_crash_left_after_their_rows_went_are_destroyed_at_the_next_start() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let of_ada = traces(&store, ada, "ada").await;
    // The moment between the commit and the destruction: entries unsettled, rows gone.
    let keys = &store.shared.keys;
    let key = EntryId::Key(KeyId(of_ada[0].clone().try_into().unwrap()));
    let mut entries: Vec<EntryId> = keys
        .lookups_of(ada.bits())
        .into_iter()
        .map(EntryId::Lookup)
        .collect();
    entries.push(key);
    keys.unsettle(&entries).unwrap();
    let between = std::fs::read(data.file("keys")).unwrap();
    assert!(
        store
            .erase_account(ada, ReceiptId::random())
            .await
            .unwrap()
            .erased
    );
    drop(store);
    std::fs::write(data.file("keys"), between).unwrap();
    assert!(!none_found(&data, &of_ada));
    let store = data.open();
    assert_eq!(
        store.shared.keys.len(),
        2,
        "the attempt's and its mail's: nothing said that they go"
    );
    store.sweep(NOW).await.unwrap();
    store.shared.keys.refresh_copy().unwrap();
    let left: Vec<_> = of_ada
        .iter()
        .filter(|trace| !data.holding(trace).is_empty())
        .collect();
    assert_eq!(
        left.len(),
        3,
        "their names alone: the attempt's, which its mail says too, and the key's"
    );
}

#[tokio::test]
async fn receipts_go_after_a_day() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let id = ReceiptId::random();
    let receipt = store.erase_account(ada, id).await.unwrap();
    store.conclude_erasure(id, receipt).await.unwrap();
    store.sweep(NOW + 86_400_000).await.unwrap();
    assert!(store.receipt(id).await.unwrap().is_some());
    store.sweep(NOW + 2 * 86_400_000).await.unwrap();
    assert_eq!(store.receipt(id).await, Ok(None));
}

#[tokio::test]
async fn many_erasures_at_once_share_their_work_and_all_finish() {
    let data = Data::new();
    let store = Arc::new(data.open());
    let mut accounts = Vec::new();
    for number in 0..20 {
        accounts.push(full_account(&store, &format!("person {number}")).await);
    }
    let erasures = accounts.into_iter().map(|id| {
        let store = store.clone();
        tokio::spawn(async move { store.erase_account(id, ReceiptId::random()).await })
    });
    for erasure in erasures.collect::<Vec<_>>() {
        assert!(erasure.await.unwrap().unwrap().erased);
    }
    assert!(store.shared.keys.is_empty());
}

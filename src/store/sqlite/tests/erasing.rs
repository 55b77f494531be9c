use super::super::super::suite::{letter_of, link_of};
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
    assert_eq!(store.receipt(id).await, Ok(Some(receipt)));
    assert_eq!(store.receipt(ReceiptId([0; 16])).await, Ok(None));

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

#[tokio::test]
async fn copies_of_rows_that_moved_between_pages_are_erased_too() {
    let data = Data::new();
    let store = Arc::new(data.open());
    let mut accounts = Vec::new();
    let crowd = (0..600).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let address = email(&format!("{number}@example.org"));
            let name = format!("x{number}");
            let id = store
                .create_account(named(&name, &[address]))
                .await
                .unwrap();
            let mut session = session_of(id, 0);
            session.hash = crate::secret::hash(&number.to_string());
            store.begin_session(session).await.unwrap();
            id
        })
    });
    for one in crowd.collect::<Vec<_>>() {
        accounts.push(one.await.unwrap());
    }
    let mut every = Vec::new();
    for id in accounts.iter().step_by(14) {
        let row = id.bits() as i64;
        let of_one = store.ask(move |reading| {
            let select = "SELECT handle, address, hash, label FROM accounts JOIN emails ON emails.account = accounts.id JOIN sessions ON sessions.account = accounts.id WHERE accounts.id = ?1";
            let four = |row: &rusqlite::Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]);
            Ok(reading.db.query_row(select, [row], four)?)
        });
        let of_one: [Vec<u8>; 4] = of_one.await.unwrap();
        every.extend(of_one);
        every.push(id.bits().to_be_bytes().to_vec());
        let receipt = store.erase_account(*id, ReceiptId::random()).await.unwrap();
        assert!(receipt.erased, "{receipt:?}");
    }
    let database = std::fs::read(data.file("stereo.db")).unwrap();
    let finder = aho_corasick::AhoCorasick::new(&every).unwrap();
    assert!(finder.find(&database).is_none());
    for id in accounts.iter().skip(1).step_by(14) {
        assert!(store.account(*id).await.unwrap().is_some());
    }
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
    store.sweep(NOW).await.unwrap();
    until_erased(&store, id).await;
    assert!(none_found(&data, &of_ada));
}

async fn until_erased(store: &SqliteStore, id: ReceiptId) -> Receipt {
    loop {
        let receipt = store.receipt(id).await.unwrap().unwrap();
        if receipt.erased {
            return receipt;
        }
        tokio::task::yield_now().await;
    }
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
    let receipt = until_erased(&store, id).await;
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
    let begun = store
        .change(move |work| erase::begin(work, ada, ReceiptId::random()))
        .await
        .unwrap();
    assert_eq!(
        store.receipt(begun.receipt).await.unwrap().unwrap().sought,
        0
    );
    // Without closing: nothing is tidied up, as when the process is killed.
    let there = std::fs::read(data.file("stereo.db-wal")).unwrap();
    assert!(!there.is_empty());
    let killed = Data::new();
    std::fs::create_dir_all(killed.path()).unwrap();
    for name in ["stereo.db", "stereo.db-wal", "keys", "server.key"] {
        std::fs::copy(data.file(name), killed.file(name)).unwrap();
    }
    assert!(
        !none_found(&killed, &of_ada),
        "the log of writes still holds something"
    );
    let store = killed.open();
    let receipt = until_erased(&store, begun.receipt).await;
    assert!(receipt.sought >= 3, "the ids were still known: {receipt:?}");
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
    assert_eq!(left.len(), 1, "its name alone");
}

#[tokio::test]
async fn receipts_go_after_a_day() {
    let data = Data::new();
    let store = data.open();
    let ada = full_account(&store, "ada").await;
    let id = ReceiptId::random();
    store.erase_account(ada, id).await.unwrap();
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

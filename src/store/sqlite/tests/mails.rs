//! Mails that wait, and their keys.

use super::*;
use crate::keystore::EntryId;
use crate::store::suite::link_of;
use crate::store::{MailId, Mails, Preferences, StoreError, Topic};

async fn queue_link(store: &SqliteStore, name: &str) -> MailId {
    let address = format!("{name}@example.org");
    store.begin_attempt(attempt(&address, name)).await.unwrap();
    let secret = format!("link {name}").into_boxed_str();
    store
        .queue_link(secret, link_of(&address), None)
        .await
        .unwrap();
    let due = store.due_mails(NOW, Vec::new(), 10).await.unwrap().due;
    *due.last().unwrap()
}

#[tokio::test]
async fn a_mail_to_no_account_is_read_by_its_own_key_alone_which_goes_with_it() {
    let data = Data::new();
    let store = data.open();
    let none = store.shared.keys.len();
    for ends in ["sent", "used", "over"] {
        let id = queue_link(&store, ends).await;
        // The attempt, and the mail's key.
        assert_eq!(store.shared.keys.len(), none + 2);
        let select = "SELECT content, key FROM mails";
        let read = move |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let row = store.ask(move |reading| Ok(reading.db.query_row(select, [], read)?));
        let (content, key): (Vec<u8>, [u8; 16]) = row.await.unwrap();
        assert!(data.only_the_database_holds(&content[..32]));
        assert_eq!(data.holding(b"#token="), [""; 0], "sealed");
        match ends {
            "sent" => {
                store.remove_mail(id).await.unwrap();
                assert_eq!(data.holding(&content[..32]), [""; 0], "from every file");
                assert_eq!(data.holding(&key), [""; 0]);
                assert!(
                    confirm(&store, "link sent", NOW).await.is_some(),
                    "the link is good"
                );
            }
            "used" => assert!(confirm(&store, "link used", NOW).await.is_some()),
            _ => store.sweep(NOW + 900_001).await.unwrap(),
        }
        assert!(store.mail(id).await.unwrap().is_none());
        assert_eq!(store.shared.keys.len(), none, "{ends}");
    }
}

#[tokio::test]
async fn a_mail_is_there_after_a_crash_with_its_key() {
    let data = Data::new();
    let store = data.open();
    let id = queue_link(&store, "mia").await;
    // As if the process had ended before it was known that the commit is on the disk.
    let unsettled = store.ask(|reading| {
        let select = "SELECT key FROM mails";
        Ok(reading.db.query_row(select, [], |row| row.get(0))?)
    });
    let key = crate::keystore::KeyId(unsettled.await.unwrap());
    store.shared.keys.unsettle(&[EntryId::Key(key)]).unwrap();
    store.shared.keys.sync().unwrap();
    drop(store);
    let store = data.open();
    assert!(store.mail(id).await.unwrap().is_some());
}

#[tokio::test]
async fn no_more_links_wait_than_may_and_mails_of_other_kinds_have_room_beside_them() {
    let data = Data::new();
    let store = Arc::new(data.open());
    let id = ada(&store).await;
    let wish = Preferences {
        support_mails: true,
        ..Preferences::default()
    };
    store.set_preferences(id, wish).await.unwrap();
    store
        .begin_attempt(attempt("bob@example.org", "b"))
        .await
        .unwrap();
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..1_001 {
        let store = store.clone();
        let mail = link_of("bob@example.org");
        asked.spawn(async move { store.queue_link("link b".into(), mail, None).await });
    }
    let answers = asked.join_all().await;
    let refused = answers
        .iter()
        .filter(|one| **one == Err(StoreError::TooMany));
    assert_eq!(refused.count(), 1);
    assert_eq!(
        store.queue_mail(id, Topic::Answer { thread: 1 }).await,
        Ok(true)
    );
}

#[tokio::test]
async fn what_waited_when_a_backup_was_made_is_not_sent_after_it_is_restored() {
    let data = Data::new();
    let store = data.open();
    let keys = store.shared.keys.len();
    queue_link(&store, "mia").await;
    store.queue_for_operator(0).await.unwrap();
    store.agree_with_keys().await.unwrap();
    let due = store.due_mails(NOW, Vec::new(), 10).await.unwrap();
    assert!(due.due.is_empty());
    // No mail's key is left; the attempt's entry is.
    assert!(store.shared.keys.len() <= keys + 1);
}

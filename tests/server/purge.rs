//! A purge that is cut short: the real server is killed at each of its steps, and the next start
//! finishes it; the receipt says so then, and not before.

#![cfg(debug_assertions)] // Builds for use hold no places to be killed at.

use crate::folder::Folder;
use crate::needles::told;
use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{self, Client, exchange};
use serde_json::{Value, json};
use std::time::Duration;

/// Where it is killed.
const STEPS: [&str; 6] = [
    "begun",
    "rooms",
    "rows",
    "searched",
    "rooms again",
    "concluded",
];

/// What stands for the one account with an address, and its receipts, as the files say it.
struct Kept {
    traces: Vec<Vec<u8>>,
    receipts: Vec<String>,
}

fn kept(folder: &Folder) -> Kept {
    let db = folder.database();
    let all = |select: &str| -> Vec<Vec<u8>> {
        let mut select = db.prepare(select).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let mut traces = Vec::new();
    for select in [
        "SELECT accounts.key FROM accounts JOIN emails ON account = accounts.id",
        "SELECT handle FROM accounts JOIN emails ON account = accounts.id",
        "SELECT address FROM emails",
        "SELECT hash FROM sessions",
        "SELECT CAST(id AS BLOB) FROM rooms",
    ] {
        traces.extend(all(select));
    }
    let mut ids = db.prepare("SELECT account FROM emails").unwrap();
    let ids = ids.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    traces.extend(ids.map(|id| id.unwrap().to_be_bytes().to_vec()));
    let mut receipts = db
        .prepare("SELECT lower(hex(receipt)) FROM erasures")
        .unwrap();
    let receipts = receipts.query_map([], |row| row.get(0)).unwrap();
    let receipts = receipts.collect::<Result<_, _>>().unwrap();
    Kept { traces, receipts }
}

#[tokio::test]
async fn a_purge_that_is_killed_at_any_step_is_finished_at_the_next_start() {
    for step in STEPS {
        killed_at(step).await;
    }
}

async fn killed_at(step: &str) {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let process = Process::start_with(&folder.data(), &mailbox, &[("STEREO_TEST_KILL", step)]);
    let mut ada = Browser::at(process.address);
    let me = ada.sign_in(&mut mailbox, "ada@example.org").await;
    let handle = me["me"]["handle"].as_str().unwrap().to_owned();
    let room = ada.open_room(json!({"title": "Hers"})).await;
    let _inside = ada.join(&room, json!({})).await;
    let Kept { traces, receipts } = kept(&folder);
    assert!(traces.len() >= 6 && receipts.is_empty(), "{step}");
    let asking = tokio::spawn(async move {
        ada.ask("DELETE", "/api/me", json!({"confirm": handle}))
            .await
    });
    let answered = asking.await;
    assert!(
        answered.is_err(),
        "{step}: it was killed, and said {answered:?}"
    );
    process.kill();
    let before = kept(&folder);
    let [receipt] = &before.receipts[..] else {
        panic!("{step}: {:?}", before.receipts)
    };
    assert_eq!(before.traces.is_empty(), !matches!(step, "begun" | "rooms"));

    let process = Process::start(&folder.data(), &mailbox);
    let path = format!("/api/receipts/{receipt}");
    let mut anybody = Browser::at(process.address);
    let told = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let (status, told) = anybody.ask("GET", &path, Value::Null).await;
            assert_eq!(status, 200, "{step}: {told}");
            if told["erased"] == true {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let told = told
        .await
        .unwrap_or_else(|_| panic!("{step}: never finished"));
    let places = told["places"].as_array().unwrap();
    assert!(places.len() > 8, "{step}: {told}");
    assert!(places.iter().all(|place| place["found"] == 0), "{told}");
    for trace in &traces {
        assert_eq!(folder.holding(trace), [""; 0], "{step}: {trace:?}");
    }
    let gone = support::open_socket(process.address, &room, &[]).await;
    assert_eq!(
        gone.unwrap().refusal("join", json!({})).await,
        "not_found",
        "{step}"
    );
    process.kill();
    assert!(kept(&folder).traces.is_empty(), "{step}");
}

async fn forget(process: &Process, room: &str, token: &str) -> (u16, Vec<u8>) {
    let body = json!({"token": token}).to_string();
    let path = format!("/api/rooms/{room}/me");
    let headers = [("content-type", "application/json")];
    let (status, _, body) =
        exchange(process.address, "DELETE", &path, &headers, body.as_bytes()).await;
    (status, body)
}

async fn guest(process: &Process, room: &str) -> Client {
    let mut guest = support::open_socket(process.address, room, &[])
        .await
        .unwrap();
    let joined = guest.call("join", json!({"name": "ndl banned"})).await;
    guest.joined = joined.unwrap();
    guest
}

#[tokio::test]
async fn a_guest_who_may_not_come_in_any_more_is_erased_all_the_same() {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let process = Process::start(&folder.data(), &mailbox);
    let mut ada = Browser::signed_in(process.address, &mut mailbox, "ada@example.org").await;
    let room = ada.open_room(json!({"title": "Hers"})).await;
    let mut host = ada.join(&room, json!({})).await;
    let mut troll = guest(&process, &room).await;
    let token = troll.joined["you"]["token"].as_str().unwrap().to_owned();
    let member = troll.joined["you"]["member"].clone();
    let kick = json!({"member": member, "ban_ms": 3_600_000});
    host.call("member.kick", kick).await.unwrap();
    troll.close_code().await;
    let refused = support::open_socket(process.address, &room, &[]).await;
    let mut refused = refused.unwrap();
    let refusal = refused.refusal("join", json!({"token": token})).await;
    assert_eq!(refusal, "not_allowed");
    let bans = host.call("bans", json!({})).await.unwrap();
    assert_eq!(bans["bans"].as_array().unwrap().len(), 1, "{bans}");

    let nobody = forget(&process, &room, "nobody's").await;
    let nowhere = forget(&process, "00000000000000000000000000", &token).await;
    let done = forget(&process, &room, &token).await;
    assert_eq!(done, (204, Vec::new()));
    assert_eq!((nobody, nowhere), (done.clone(), done), "it tells nothing");
    let bans = host.call("bans", json!({})).await.unwrap();
    assert_eq!(bans["bans"], json!([]), "{bans}");
    let told = told(&mut host).await;
    assert!(!told.contains("ndl banned"), "{told}");
    let said = process.kill();
    assert!(!said.contains("ndl banned") && !said.contains(&token));
    assert_eq!(folder.holding(b"ndl banned"), [""; 0]);
}

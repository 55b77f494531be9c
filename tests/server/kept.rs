//! What is stored of an account after each way to sign in: the rows as they are, nothing more than
//! promised, and nothing that can be read. To see them:
//! `cargo test -p stereo --test server stored_bytes -- --nocapture`.

use crate::authenticator::Holder;
use crate::identity::{Key, SmallProvider, config_with};
use crate::person::{Browser, Mailbox};
use crate::support::Server;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stereo::store::{AccountId, Identity, Preferences};

/// Tables that describe the database, not a person.
const OF_NOBODY: [&str; 2] = ["refinery_schema_history", "store"];

/// Prints every row there is of people, and says how many of which table.
fn rows(server: &Server) -> BTreeMap<String, usize> {
    let db = server.app.config.store.data.join("stereo.db");
    let db = rusqlite::Connection::open(db).unwrap();
    let mut select = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    let mut counts = BTreeMap::new();
    for table in names.iter().filter(|name| !OF_NOBODY.contains(&&***name)) {
        let mut select = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = select.column_names().iter().map(|&it| it.into()).collect();
        let mut found = select.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            *counts.entry(table.clone()).or_insert(0) += 1;
            println!("  {table}");
            for (at, column) in columns.iter().enumerate() {
                println!("    {column} = {}", written(row.get_ref(at).unwrap()));
            }
        }
    }
    counts
}

fn written(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "nothing".into(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => format!("{:?}", String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => {
            let hex: String = bytes
                .iter()
                .take(16)
                .map(|it| format!("{it:02x}"))
                .collect();
            format!("{} bytes: {hex}…", bytes.len())
        }
    }
}

/// The longest texts that `strings` would find in the files of a server; none holds a needle.
fn readable(server: &Server, needles: &[&str]) -> usize {
    let mut texts = 0;
    for entry in std::fs::read_dir(&server.app.config.store.data).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for text in bytes.split(|byte| !byte.is_ascii_graphic() && *byte != b' ') {
            if text.len() < 4 {
                continue;
            }
            texts += 1;
            let text = String::from_utf8_lossy(text).to_lowercase();
            for needle in needles {
                let needle = needle.to_lowercase();
                assert!(
                    !text.contains(&needle),
                    "{needle} in {}: {text}",
                    path.display()
                );
            }
        }
    }
    println!(
        "  {texts} readable texts of 4 letters and more; none holds {}",
        needles.join(", ")
    );
    texts
}

fn counts(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs
        .iter()
        .map(|(name, count)| ((*name).into(), *count))
        .collect()
}

async fn account_of(server: &Server, identity: Identity) -> (AccountId, stereo::store::Account) {
    let id = server
        .app
        .store
        .account_of(identity)
        .await
        .unwrap()
        .unwrap();
    (id, server.app.store.account(id).await.unwrap().unwrap())
}

#[tokio::test]
async fn stored_bytes_after_a_link_in_a_mail() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    Browser::at(server.address)
        .sign_in(&mut mailbox, "needle@example.org")
        .await;
    println!("after a link in a mail:");
    let kept = counts(&[("accounts", 1), ("emails", 1), ("sessions", 1)]);
    assert_eq!(rows(&server), kept, "and no attempt any more");
    let email = Identity::Email("needle@example.org".into());
    let (id, account) = account_of(&server, email.clone()).await;
    assert!(account.identities == [email], "exactly this");
    assert_eq!((account.picture, account.contact), (None, None));
    assert_eq!(account.preferences, Preferences::default());
    assert_eq!(server.app.store.passkeys(id).await, Ok(vec![]));
    assert!(readable(&server, &["needle", "example.org", &account.handle]) > 100);
}

#[tokio::test]
async fn stored_bytes_after_a_provider() {
    let (provider, key) = (SmallProvider::start().await, Key::new("one"));
    provider.publish(&[&key]);
    let server = Server::start_with(config_with("home", &provider.issuer)).await;
    let mut ada = Browser::of(&server);
    let (_, asked) = ada.begin("/sign-in/home").await;
    let mut claims = provider.claims(&asked["nonce"]);
    claims["email"] = json!("needle@example.org");
    claims["email_verified"] = json!(true);
    claims["name"] = json!("Needle of Name");
    provider.give(&key.sign(&claims));
    let back = format!("/sign-in/home/callback?code=any&state={}", asked["state"]);
    ada.navigate(&back, "cross-site").await;
    println!("after a provider:");
    let kept = [
        ("accounts", 1),
        ("emails", 1),
        ("sessions", 1),
        ("subjects", 1),
    ];
    assert_eq!(rows(&server), counts(&kept));
    let subject = Identity::Subject {
        provider: provider.issuer.clone().into(),
        subject: "needle-of-subject".into(),
    };
    let (_, account) = account_of(&server, subject.clone()).await;
    assert!(account.identities == [subject], "exactly this");
    let authority = provider.issuer.trim_start_matches("http://").to_owned();
    assert!(
        readable(
            &server,
            &["needle", "example.org", &authority, &account.handle]
        ) > 100
    );
}

#[tokio::test]
async fn stored_bytes_after_a_passkey() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "needle@example.org").await;
    let mut holder = Holder::at(server.address, ada.cookies.clone());
    holder.add().await;
    assert_eq!(ada.ask("POST", "/api/sign-out", Value::Null).await.0, 204);
    let told = holder.sign_in().await;
    assert_eq!(told["fresh"], false);
    assert_eq!(told["me"]["email"], "needle@example.org", "her own account");
    assert_eq!(holder.cookies.keys().collect::<Vec<_>>(), ["stereo"]);
    println!("after a passkey:");
    let kept = [
        ("accounts", 1),
        ("emails", 1),
        ("passkeys", 1),
        ("sessions", 1),
    ];
    assert_eq!(rows(&server), counts(&kept));
    let (id, _) = account_of(&server, Identity::Email("needle@example.org".into())).await;
    let passkeys = server.app.store.passkeys(id).await.unwrap();
    assert_eq!(&*passkeys[0].label, "Blue key");
    assert_eq!(&*passkeys[0].credential_id, b"id of a passkey!");
    assert!(readable(&server, &["needle", "Blue key", "id of a passkey"]) > 100);
}

//! Letters to whoever runs the server: both sides, what is deleted, and what support may look at.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Server, operators_word};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const LETTERS: &str = "/api/me/correspondence";

/// `stereo support …` beside a server on this folder: whether it succeeded, and what it said.
fn operator(data: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stereo"))
        .arg("support")
        .arg("--data")
        .arg(data)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).unwrap())
}

/// Beside a server that runs in here.
async fn ask_operator(data: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let (data, input) = (data.to_owned(), input.to_owned());
    let arguments: Vec<String> = arguments.iter().map(|&word| word.into()).collect();
    let asked = tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        operator(&data, &arguments, &input)
    });
    asked.await.unwrap()
}

async fn write(person: &mut Browser, subject: &str, text: &str) -> String {
    let letter = json!({"subject": subject, "text": text});
    let (status, thread) = person.ask("POST", LETTERS, letter).await;
    assert_eq!(status, 201, "{thread}");
    thread["id"].as_str().unwrap().into()
}

#[tokio::test]
async fn a_letter_is_answered_and_both_sides_read_it() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let told = ada.sign_in(&mut mailbox, "ada@example.org").await;
    let handle = told["me"]["handle"].as_str().unwrap();
    let id = write(&mut ada, "Silence", "It does not play.\nWhy?").await;
    let (good, said) = ask_operator(server.data(), &["list"], "").await;
    assert!(
        good && said.contains(&id) && said.contains(handle),
        "{said}"
    );
    assert!(said.contains("waits") && said.contains("Silence"), "{said}");
    assert!(!said.contains("ada@example.org"), "{said}");
    let (good, said) = ask_operator(server.data(), &["show", &id], "").await;
    assert!(good && said.contains("It does not play.\nWhy?"), "{said}");
    assert!(!said.contains("ada@example.org"), "{said}");
    let (good, said) = ask_operator(server.data(), &["answer", &id], "Turn it up.\n").await;
    assert!(good, "{said}");
    let path = format!("{LETTERS}/{id}");
    let (status, thread) = ada.ask("GET", &path, Value::Null).await;
    assert_eq!((status, &thread["waits"]), (200, &json!(false)));
    let letters = thread["letters"].as_array().unwrap();
    let texts: Vec<(&Value, &Value)> = letters.iter().map(|it| (&it["by"], &it["text"])).collect();
    assert_eq!(
        texts,
        [
            (&json!("you"), &json!("It does not play.\nWhy?")),
            (&json!("support"), &json!("Turn it up.")),
        ]
    );
    let day = letters[0]["day"].as_str().unwrap();
    assert_eq!(day.len(), "2026-11-24".len(), "to the day: {day}");
    let (good, _) = ask_operator(server.data(), &["close", &id], "").await;
    assert!(good);
    let (_, list) = ada.ask("GET", LETTERS, Value::Null).await;
    assert_eq!(list["threads"][0]["closed"], true);
    let (status, thread) = ada.ask("POST", &path, json!({"text": "It is up."})).await;
    assert_eq!((status, &thread["closed"]), (201, &json!(false)));
    assert_eq!(thread["letters"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn letters_are_seen_by_nobody_else() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "eve@example.org").await;
    let id = write(&mut ada, "", "Only for support.").await;
    let path = format!("{LETTERS}/{id}");
    let (_, whole) = ada.ask("GET", &path, Value::Null).await;
    let letter = whole["letters"][0]["id"].as_str().unwrap();
    for (method, path, body) in [
        ("GET", path.clone(), Value::Null),
        ("POST", path.clone(), json!({"text": "me too"})),
        ("DELETE", path.clone(), Value::Null),
        ("DELETE", format!("{path}/{letter}"), Value::Null),
        ("POST", format!("{path}/grant"), json!({"what": "account"})),
        ("DELETE", format!("{path}/grant"), Value::Null),
    ] {
        let mut nobody = Browser::of(&server);
        assert_eq!(nobody.ask(method, &path, body.clone()).await.0, 401);
        assert_eq!(eve.ask(method, &path, body).await.0, 404, "{method} {path}");
    }
    let (_, list) = eve.ask("GET", LETTERS, Value::Null).await;
    assert_eq!(list, json!({"threads": []}));
    assert_eq!(ada.ask("GET", &path, Value::Null).await.1, whole);
}

#[tokio::test]
async fn letters_that_are_none_are_refused_and_so_are_too_many() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    for (body, status) in [
        (json!({}), 400),
        (json!({"text": " "}), 400),
        (json!({"text": "x", "subject": "a\nb"}), 400),
        (json!({"text": "x".repeat(5_001)}), 413),
    ] {
        assert_eq!(ada.ask("POST", LETTERS, body).await.0, status);
    }
    let id = write(&mut ada, "", "one").await;
    let path = format!("{LETTERS}/{id}");
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(ada.ask("POST", &path, json!({"text": "more"})).await.0);
    }
    assert_eq!(statuses[..29], [201; 29]);
    assert_eq!(statuses[29], 429);
}

#[tokio::test]
async fn what_is_deleted_of_correspondence_is_in_no_answer_any_more() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let id = write(&mut ada, "needle one", "needle two").await;
    let path = format!("{LETTERS}/{id}");
    let (_, thread) = ada
        .ask("POST", &path, json!({"text": "needle three"}))
        .await;
    let letter = thread["letters"][1]["id"].as_str().unwrap();
    let (status, _) = ada
        .ask("DELETE", &format!("{path}/{letter}"), Value::Null)
        .await;
    assert_eq!(status, 204);
    let (_, said) = ask_operator(server.data(), &["show", &id], "").await;
    assert!(
        said.contains("needle two") && !said.contains("needle three"),
        "{said}"
    );
    assert_eq!(ada.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(ada.ask("GET", &path, Value::Null).await.0, 404);
    assert_eq!(ada.ask("DELETE", &path, Value::Null).await.0, 404);
    let (good, said) = ask_operator(server.data(), &["show", &id], "").await;
    assert!(!good, "{said}");
    let (_, said) = ask_operator(server.data(), &["list"], "").await;
    assert_eq!(said.trim(), "no letters");
}

#[tokio::test]
async fn support_looks_at_nothing_without_consent_and_what_it_read_is_shown() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let id = write(&mut ada, "Help", "Look at my account, please.").await;
    let other = write(&mut ada, "Other", "Not this one.").await;
    let path = format!("{LETTERS}/{id}");
    let grant = format!("{path}/grant");
    let data = server.data();
    let (good, said) = ask_operator(data, &["look", &id], "").await;
    assert!(!good && said.contains("has not allowed"), "{said}");
    assert_eq!(
        ada.ask("GET", &path, Value::Null).await.1["read"],
        json!([])
    );
    let (status, told) = ada.ask("POST", &grant, json!({"what": "account"})).await;
    assert_eq!(status, 201, "{told}");
    assert!(told["ends_in_ms"].as_u64().unwrap() <= 3_600_000);
    let (good, said) = ask_operator(data, &["look", &id], "").await;
    assert!(good && said.contains("ada@example.org"), "{said}");
    assert!(!said.contains("Not this one."), "another thread: {said}");
    let (good, said) = ask_operator(data, &["look", &other], "").await;
    assert!(!good, "it was for one thread: {said}");
    let (_, thread) = ada.ask("GET", &path, Value::Null).await;
    assert_eq!(thread["grant"]["what"], "account");
    let read = thread["read"].as_array().unwrap();
    assert_eq!((read.len(), &read[0]["what"]), (1, &json!("account")));
    assert_eq!(ada.ask("DELETE", &grant, Value::Null).await.0, 204);
    let (good, _) = ask_operator(data, &["look", &id], "").await;
    assert!(!good, "it was taken back");
    let (_, thread) = ada.ask("GET", &path, Value::Null).await;
    assert_eq!(thread["grant"], Value::Null);
    assert_eq!(thread["read"].as_array().unwrap().len(), 1);
    let (status, _) = ada.ask("POST", &grant, json!({"what": "letters"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_operators_door_opens_to_the_token_alone() {
    let server = Server::start().await;
    for path in ["/support", "/support/2a", "/support/2a/look"] {
        for shown in [None, Some("Bearer "), Some("Bearer x")] {
            let headers: Vec<_> = shown.map(|it| ("authorization", it)).into_iter().collect();
            let asked = server.http_full(server.ops, "GET", path, &headers, b"");
            assert_eq!(asked.await.0, 401, "{path} {shown:?}");
        }
    }
    let line = operators_word(server.data());
    let headers = [("authorization", line.as_str())];
    let asked = server.http_full(server.ops, "GET", "/support", &headers, b"");
    assert_eq!(asked.await.0, 200);
    let asked = server.http_full(server.address, "GET", "/support/2a", &headers, b"");
    assert_eq!(asked.await.0, 404, "not where people are");
}

#[tokio::test]
async fn the_token_is_another_after_a_restart_and_gone_when_the_server_is() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mailbox = Mailbox::open().await;
    let read = || std::fs::read_to_string(data.join("operator.token"));
    let first = Process::start(&data, &mailbox);
    let before = read().unwrap();
    first.kill();
    let second = Process::start(&data, &mailbox);
    let now = read().unwrap();
    assert!(now != before && now.starts_with(&second.ops.to_string()));
    let (good, said) = ask_operator(&data, &["list"], "").await;
    assert!(good, "{said}");
    let nowhere = root.path().join("nowhere");
    let (good, said) = ask_operator(&nowhere, &["list"], "").await;
    assert!(!good && said.contains("operator.token"), "{said}");
    let mut server = Server::start().await;
    let file = server.data().join("operator.token");
    assert!(file.exists());
    server.stop().await;
    assert!(!file.exists());
}

//! Mails: none that was not wished, each with a link that ends its kind, each sent once it can be,
//! and gone with whoever it is to.

use crate::folder::Folder;
use crate::person::{Browser, Mailbox, Manner};
use crate::process::Process;
use crate::support::{Client, Server, config, exchange, open_socket, operators_word};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use stereo::app::App;
use stereo::clock::Clock;
use stereo::config::Config;
use stereo::privacy::policy::{VERSIONS, Version};
use stereo::store::{AccountId, Identity};

const LETTERS: &str = "/api/me/correspondence";
const PUBLIC: &str = "https://stereo.example";

async fn account(server: &Server, address: &str) -> AccountId {
    let store = &server.app.store;
    let found = store.account_of(Identity::Email(address.into())).await;
    found.unwrap().unwrap()
}

async fn wish(person: &mut Browser, change: Value) -> Value {
    let (status, me) = person.ask("PATCH", "/api/me", change).await;
    assert_eq!(status, 200, "{me}");
    me
}

/// Writes to whoever runs the server: which thread it is.
async fn write(person: &mut Browser, text: &str) -> String {
    let letter = json!({"subject": "Help", "text": text});
    let (status, thread) = person.ask("POST", LETTERS, letter).await;
    assert_eq!(status, 201, "{thread}");
    thread["id"].as_str().unwrap().into()
}

/// Answers as `stereo support answer` does.
async fn answer(ops: SocketAddr, data: &Path, thread: &str) {
    let line = operators_word(data);
    let headers = [
        ("authorization", line.as_str()),
        ("content-type", "application/json"),
    ];
    let path = format!("/support/{thread}/answer");
    let text = json!({"text": "needle of the answer"}).to_string();
    let (status, _, _) = exchange(ops, "POST", &path, &headers, text.as_bytes()).await;
    assert_eq!(status, 204);
}

/// A server whose hosts are missed at once.
fn impatient(mailbox: &Mailbox) -> Config {
    let mut config = mailbox.config();
    config.rooms.host_grace_ms = 0;
    config.rooms.leave_grace_ms = 0;
    config
}

/// A room of this person, in which a guest is; they are not.
async fn leave_room_to_a_guest(host: &mut Browser, title: &str) -> (String, Client) {
    let room = host.open_room(json!({"title": title})).await;
    let here = host.join(&room, json!({})).await;
    let mut guest = open_socket(host.address, &room, &[]).await.unwrap();
    guest.call("join", json!({"name": "Needle"})).await.unwrap();
    here.close().await;
    guest.event("role.changed").await;
    (room, guest)
}

/// The path of the link that ends letters like this one.
fn ending(letter: &str) -> String {
    let from = letter.find("/unsubscribe/").expect("a link that ends them");
    let rest = &letter[from..];
    let is_path = |it: char| it.is_ascii_alphanumeric() || "-_/".contains(it);
    rest[..rest.find(|it| !is_path(it)).unwrap_or(rest.len())].to_owned()
}

#[tokio::test]
async fn a_room_is_told_of_to_its_owner_alone_who_wishes_it_and_once_a_day() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(impatient(&mailbox)).await;
    let [mut ada, mut bob, mut eve] = std::array::from_fn(|_| Browser::of(&server));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    eve.sign_in(&mut mailbox, "eve@example.org").await;
    // Bob wishes all but this kind; Eve wishes it, and has frozen her account.
    wish(
        &mut ada,
        json!({"language": "vi", "mails": {"rooms": true}}),
    )
    .await;
    wish(
        &mut bob,
        json!({"mails": {"policy": true, "support": true}}),
    )
    .await;
    wish(&mut eve, json!({"mails": {"rooms": true}})).await;
    let _bobs = leave_room_to_a_guest(&mut bob, "Bob's").await;
    let eves = eve.open_room(json!({"title": "Eve's"})).await;
    let mut here = eve.join(&eves, json!({})).await;
    let mut guest = server.join(&eves, json!({})).await;
    wish(&mut eve, json!({"frozen": true})).await;
    here.close_code().await;
    guest.event("role.changed").await;
    let (room, mut guest) = leave_room_to_a_guest(&mut ada, "Ada's <room>").await;
    let letter = mailbox.letter().await;
    for part in [
        "To: ada@example.org",
        "Ada's &lt;room&gt;",
        "Có người đang giữ phòng",
        &format!("/rooms/{room}"),
        "/unsubscribe/",
    ] {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    assert!(!letter.contains("Needle"), "nobody else is named: {letter}");
    // She comes back and goes again: it was told today.
    let here = ada.join(&room, json!({})).await;
    guest.event("role.changed").await;
    here.close().await;
    guest.event("role.changed").await;
    // What rooms tell is heard in order: by this one, all before it was.
    let _another = leave_room_to_a_guest(&mut ada, "Another").await;
    assert!(mailbox.letter().await.contains("Another"));
    for address in ["ada@example.org", "bob@example.org", "eve@example.org"] {
        let id = account(&server, address).await;
        let waiting = server.app.store.mails_of(id).await.unwrap();
        let others = waiting.len();
        assert!(others <= 1, "{address}: {others} wait");
    }
    assert_eq!(mailbox.waiting(), 0);
}

#[tokio::test]
async fn a_closed_room_says_that_somebody_wanted_in_and_an_heir_that_it_is_theirs() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let [mut ada, mut bob] = std::array::from_fn(|_| Browser::of(&server));
    let told = ada.sign_in(&mut mailbox, "ada@example.org").await;
    let handle = told["me"]["handle"].as_str().unwrap().to_owned();
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    for person in [&mut ada, &mut bob] {
        wish(person, json!({"mails": {"rooms": true}})).await;
    }
    let wanted = json!({"title": "Ours", "visibility": "public"});
    let room = ada.open_room(wanted).await;
    let mut here = ada.join(&room, json!({})).await;
    here.call("room.update", json!({"entry": "closed"}))
        .await
        .unwrap();
    // While she is here, she is not told by mail; a private room tells nobody that it is there.
    let mut stranger = server.socket(&room).await;
    assert_eq!(stranger.refusal("join", json!({})).await, "not_found");
    here.close().await;
    // Until the room knows that she is gone.
    while mailbox.waiting() == 0 {
        let mut stranger = server.socket(&room).await;
        let named = json!({"name": "Needle"});
        assert_eq!(stranger.refusal("join", named).await, "not_found");
    }
    let letter = mailbox.letter().await;
    assert!(letter.contains("Somebody wanted to come into"), "{letter}");
    assert!(letter.contains("To: ada@example.org") && !letter.contains("Needle"));

    let mut here = ada.join(&room, json!({})).await;
    here.call("room.update", json!({"entry": "open"}))
        .await
        .unwrap();
    let _heir = bob.join(&room, json!({})).await;
    ada.delete_account().await;
    let letter = mailbox.letter().await;
    assert!(letter.contains("To: bob@example.org"), "{letter}");
    assert!(
        letter.contains("is yours now") && !letter.contains(&handle),
        "{letter}"
    );
    assert_eq!(mailbox.waiting(), 0);
}

#[tokio::test]
async fn one_click_ends_a_kind_of_mail_for_good_without_signing_in() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.server.public_url = PUBLIC.into();
    let server = Server::start_with(config).await;
    let mut ada = Browser::of(&server);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(ada.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    let letter = mailbox.letter().await;
    assert!(!letter.contains("List-Unsubscribe"), "{letter}");
    let token = letter.split("#token=").nth(1).unwrap();
    let token: String = token.chars().take(43).collect();
    let confirm = json!({"token": token});
    let (status, told) = ada.ask("POST", "/api/sign-in/email/confirm", confirm).await;
    assert_eq!(status, 200, "{told}");
    wish(
        &mut ada,
        json!({"mails": {"support": true, "policy": true}}),
    )
    .await;
    let thread = write(&mut ada, "needle of the letter").await;
    answer(server.ops, server.data(), &thread).await;
    let letter = mailbox.letter().await;
    let path = ending(&letter);
    let url = format!("{PUBLIC}{path}");
    let head = letter.split("\n\n").next().unwrap().replace("\n ", " ");
    let lines: Vec<&str> = head.lines().map(str::trim_end).collect();
    for line in [
        format!("List-Unsubscribe: <{url}>").as_str(),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(lines.contains(&line), "{line}: {head}");
    }
    assert!(
        letter.contains(&format!("End these mails: {url}")),
        "{letter}"
    );
    assert!(
        letter.contains(&format!("<a href=\"{url}\">End these mails</a>")),
        "{letter}"
    );
    assert!(
        !letter.contains("needle"),
        "it says that, not what: {letter}"
    );

    // A scanner that follows links ends nothing, and the page needs no scripts.
    let form = "application/x-www-form-urlencoded";
    let (status, page) = server.http("GET", &path, &[], b"").await;
    assert!(
        status == 200 && page.contains("<form method=\"post\">"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    let mails = async |person: &mut Browser| {
        let (_, me) = person.ask("GET", "/api/me", Value::Null).await;
        me["mails"].clone()
    };
    let before = json!({"rooms": false, "policy": true, "support": true});
    assert_eq!(mails(&mut ada).await, before);
    for (kind, body) in [
        (form, "List-Unsubscribe=Maybe"),
        (form, ""),
        ("application/json", "List-Unsubscribe=One-Click"),
    ] {
        let headers = [("content-type", kind)];
        let asked = server.http("POST", &path, &headers, body.as_bytes()).await;
        assert_eq!(asked.0, 400, "{kind} {body}");
    }
    assert_eq!(mails(&mut ada).await, before);

    // As a mail program does it: from elsewhere, without a cookie; and once more.
    let parts = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (kind, body) in [
        (form, "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", parts),
    ] {
        let headers = [("content-type", kind), ("origin", "https://mail.example")];
        let (status, page) = server.http("POST", &path, &headers, body.as_bytes()).await;
        assert!(status == 200 && page.contains("They have ended"), "{page}");
        let after = json!({"rooms": false, "policy": true, "support": false});
        assert_eq!(mails(&mut ada).await, after, "this kind and no other");
    }
    answer(server.ops, server.data(), &thread).await;
    let id = account(&server, "ada@example.org").await;
    assert!(server.app.store.mails_of(id).await.unwrap().is_empty());

    ada.delete_account().await;
    let headers = [("content-type", form)];
    let body = b"List-Unsubscribe=One-Click";
    let (status, page) = server.http("POST", &path, &headers, body).await;
    assert!(
        status == 200 && page.contains("There are no such mails"),
        "{page}"
    );
    assert_eq!(mailbox.waiting(), 0);
}

/// What is kept of mails that wait, as it stands in the database, and of the links that end them.
fn rows(folder: &Folder) -> [Vec<Vec<u8>>; 2] {
    let db = folder.database();
    ["SELECT content FROM mails", "SELECT hash FROM unsubscribes"].map(|select| {
        let mut select = db.prepare(select).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    })
}

#[tokio::test]
async fn nothing_is_left_of_a_mail_that_waits_when_its_account_goes_and_it_is_never_sent() {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let data = folder.data();
    let server = Process::start(&data, &mailbox);
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    wish(&mut ada, json!({"mails": {"support": true}})).await;
    let thread = write(&mut ada, "Help.").await;
    mailbox.behave(Manner::Refuses);
    answer(server.ops, &data, &thread).await;
    // A link to sign in, asked for by anybody, waits too.
    let mut anybody = Browser::at(server.address);
    let asked = json!({"email": "Ada@example.org"});
    assert_eq!(
        anybody.ask("POST", "/api/sign-in/email", asked).await.0,
        202
    );
    mailbox.until(|counts| counts.refused >= 2).await;
    let [waiting, endings] = rows(&folder);
    assert_eq!((waiting.len(), endings.len()), (2, 1));
    let mut traces = endings;
    for content in &waiting {
        traces.push(content[..content.len().min(64)].to_vec());
    }
    for trace in &traces {
        assert!(!folder.holding(trace).is_empty(), "it can be found");
    }
    for plain in [&b"ada@example.org"[..], b"#token=", b"unsubscribe/"] {
        assert_eq!(folder.holding(plain), [""; 0], "sealed");
    }
    ada.delete_account().await;
    for trace in &traces {
        assert_eq!(folder.holding(trace), [""; 0], "after the answer");
    }
    assert!(rows(&folder).concat().is_empty());
    mailbox.behave(Manner::Takes);
    server.kill();
    let server = Process::start(&data, &mailbox);
    for trace in &traces {
        assert_eq!(folder.holding(trace), [""; 0], "after a restart");
    }
    Browser::at(server.address)
        .sign_in(&mut mailbox, "bob@example.org")
        .await;
    assert_eq!(mailbox.waiting(), 0, "nothing else came");
    server.kill();
}

#[tokio::test]
async fn a_mail_that_is_being_sent_is_stopped_by_whatever_drops_it() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let told = ada.sign_in(&mut mailbox, "ada@example.org").await;
    let handle = told["me"]["handle"].as_str().unwrap().to_owned();
    let thread = write(&mut ada, "Help.").await;
    let drops = [
        ("PATCH", json!({"mails": {"support": false}})),
        ("PATCH", json!({"frozen": true})),
        ("DELETE", json!({"confirm": handle})),
    ];
    for (place, (method, body)) in drops.into_iter().enumerate() {
        mailbox.behave(Manner::Takes);
        let on = json!({"mails": {"support": true}, "frozen": false});
        wish(&mut ada, on).await;
        mailbox.behave(Manner::Hangs);
        answer(server.ops, server.data(), &thread).await;
        let times = place as u32 + 1;
        mailbox.until(|counts| counts.hanging == times).await;
        let (status, told) = ada.ask(method, "/api/me", body).await;
        assert_eq!(status, 200, "{told}");
        mailbox.until(|counts| counts.broken_off == times).await;
    }
    mailbox.behave(Manner::Takes);
    Browser::at(server.address)
        .sign_in(&mut mailbox, "bob@example.org")
        .await;
    assert_eq!(mailbox.waiting(), 0, "nothing else came");
}

#[tokio::test]
async fn a_mail_that_waits_is_there_after_a_kill_and_sent_once_the_mail_server_takes_it() {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let data = folder.data();
    let server = Process::start(&data, &mailbox);
    mailbox.behave(Manner::Refuses);
    let mut ada = Browser::at(server.address);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(ada.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    mailbox.until(|counts| counts.refused >= 1).await;
    server.kill();
    mailbox.behave(Manner::Takes);
    let server = Process::start(&data, &mailbox);
    let token = mailbox.token().await;
    ada.address = server.address;
    let confirm = json!({"token": token});
    let (status, told) = ada.ask("POST", "/api/sign-in/email/confirm", confirm).await;
    assert_eq!(
        (status, &told["me"]["email"]),
        (200, &json!("ada@example.org"))
    );
    Browser::at(server.address)
        .sign_in(&mut mailbox, "bob@example.org")
        .await;
    assert_eq!(mailbox.waiting(), 0, "it came once");
    server.kill();
}

/// A policy with so many more versions than there are, the last of which is significant or not.
fn versions(more: u32, significant: bool) -> &'static [Version] {
    let newest = VERSIONS[0].number;
    let mut versions: Vec<Version> = (1..=more)
        .rev()
        .map(|place| Version {
            number: newest + place,
            date: "2027-01-01",
            significant: significant || place < more,
            en: "We keep less.",
            vi: "Chúng tôi giữ ít hơn.",
        })
        .collect();
    versions.extend_from_slice(VERSIONS);
    Box::leak(versions.into())
}

/// Starts a server on a folder that stays, under a policy of these versions.
fn start_under(data: &Path, mailbox: &Mailbox, versions: &'static [Version]) -> Server {
    let mut config = mailbox.config();
    config.store.data = data.to_owned();
    Server::start_app(
        App::open_under(config, Arc::new(Clock::start()), versions).unwrap(),
        None,
    )
}

#[tokio::test]
async fn a_significant_version_of_the_policy_is_mailed_once_to_those_who_wish_it() {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let data = folder.data();
    let mut server = start_under(&data, &mailbox, VERSIONS);
    let [mut ada, mut bob] = std::array::from_fn(|_| Browser::of(&server));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    wish(
        &mut ada,
        json!({"language": "vi", "mails": {"policy": true}}),
    )
    .await;
    wish(&mut bob, json!({"mails": {"rooms": true}})).await;
    server.stop().await;
    drop(server);

    let mut server = start_under(&data, &mailbox, versions(1, true));
    let letter = mailbox.letter().await;
    assert!(letter.contains("To: ada@example.org"), "{letter}");
    assert!(
        letter.contains("Chúng tôi giữ ít hơn.") && letter.contains("/privacy"),
        "{letter}"
    );
    assert!(letter.contains("/unsubscribe/"), "{letter}");
    // Whoever chooses it now is told of what comes after.
    bob.address = server.address;
    wish(&mut bob, json!({"mails": {"policy": true}})).await;
    server.stop().await;
    drop(server);

    // The same once more, then one that is not significant: nothing; then another that is.
    for same in [versions(1, true), versions(2, false)] {
        let mut server = start_under(&data, &mailbox, same);
        let number = VERSIONS[0].number + 1;
        let wishes = server
            .app
            .store
            .policy_wishes(None, number, 10)
            .await
            .unwrap();
        assert!(
            wishes.len() == 2 && wishes.iter().all(|(_, wish)| !wish),
            "all were told"
        );
        server.stop().await;
    }
    let mut server = start_under(&data, &mailbox, versions(2, true));
    let mut came = [mailbox.letter().await, mailbox.letter().await];
    came.sort_by_key(|letter| letter.contains("To: bob@example.org"));
    assert!(came[0].contains("To: ada@example.org"), "{}", came[0]);
    assert!(came[1].contains("We keep less."), "{}", came[1]);
    assert_eq!(mailbox.waiting(), 0);
    server.stop().await;
}

#[tokio::test]
async fn whoever_runs_the_server_is_told_that_somebody_wrote_and_not_what() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.mail.operator = "operator@example.org".into();
    let server = Server::start_with(config).await;
    let mut ada = Browser::of(&server);
    let told = ada.sign_in(&mut mailbox, "ada@example.org").await;
    write(&mut ada, "needle of the letter").await;
    let letter = mailbox.letter().await;
    assert!(letter.contains("To: operator@example.org"), "{letter}");
    for secret in ["needle", "ada@", told["me"]["handle"].as_str().unwrap()] {
        assert!(!letter.contains(secret), "{secret}: {letter}");
    }
    // The next letter within the hour waits until that is over.
    let store = &server.app.store;
    let now = server.app.node.clock.now_ms();
    let waiting = async || store.due_mails(now, Vec::new(), 10).await.unwrap();
    while waiting().await.next_ms.is_some() || !waiting().await.due.is_empty() {
        tokio::task::yield_now().await;
    }
    write(&mut ada, "another").await;
    let next = waiting().await.next_ms.unwrap();
    let after = server.app.node.clock.now_ms();
    assert!(
        (now + 50 * 60_000..=after + 60 * 60_000).contains(&next),
        "{}",
        next - now
    );
    assert_eq!(mailbox.waiting(), 0);
}

#[tokio::test]
async fn without_a_mail_server_nothing_waits_for_ever() {
    let server = Server::start_with(config()).await;
    let app = &server.app;
    app.mail.tell_operator().await;
    let due = app.store.due_mails(u64::MAX >> 1, Vec::new(), 10).await;
    assert!(due.unwrap().due.is_empty());
}

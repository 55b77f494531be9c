//! Signing in by mail, sessions, and what is kept of whoever is signed in.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Client, Server, WAIT};
use serde_json::{Value, json};
use std::sync::Arc;
use stereo::clock::Clock;
use stereo::config::Config;
use stereo::http::Network;

const CONFIRM: &str = "/api/sign-in/email/confirm";

#[tokio::test]
async fn a_link_signs_in_the_browser_that_asked_and_only_once() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    assert_eq!(ada.ask("GET", "/api/me", Value::Null).await.0, 401);
    let asked = json!({"email": "Ada@Example.org", "then": "/rooms/x"});
    let (status, told) = ada.ask("POST", "/api/sign-in/email", asked).await;
    assert_eq!((status, told), (202, json!({"sent": true})));
    let token = mailbox.token().await;
    let (status, told) = ada.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["fresh"], &told["then"]),
        (&json!(true), &json!("/rooms/x"))
    );
    assert_eq!(told["me"]["email"], "Ada@Example.org");
    assert_eq!(
        ada.cookies.keys().collect::<Vec<_>>(),
        ["stereo"],
        "and the other is gone"
    );
    let (status, me) = ada.ask("GET", "/api/me", Value::Null).await;
    assert_eq!((status, &me), (200, &told["me"]));
    // Once, whoever shows it.
    for mut other in [Browser::of(&server), ada] {
        let (status, told) = other.ask("POST", CONFIRM, json!({"token": token})).await;
        assert_eq!((status, &told["kind"]), (404, &json!("not_found")));
    }
    // The same person next time, however the address is written.
    let mut again = Browser::of(&server);
    let told = again.sign_in(&mut mailbox, "ada@example.org").await;
    assert_eq!(
        (&told["fresh"], &told["me"]["handle"]),
        (&json!(false), &me["handle"])
    );
}

#[tokio::test]
async fn a_link_opened_elsewhere_shows_a_code_for_the_browser_that_asked() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut desk = Browser::of(&server);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(desk.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    let token = mailbox.token().await;
    let mut phone = Browser::of(&server);
    let (status, shown) = phone.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!(status, 200);
    let code = shown["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 6);
    assert!(phone.cookies.is_empty(), "the phone is not signed in");
    // The code is of no use where nobody asked.
    assert_eq!(
        phone.ask("POST", CONFIRM, json!({"code": code})).await.0,
        404
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let (status, told) = desk.ask("POST", CONFIRM, json!({"code": wrong})).await;
    let said = (status, &told["field"], &told["left"]);
    assert_eq!(said, (400, &json!("code"), &json!(4)));
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let (status, told) = desk.ask("POST", CONFIRM, json!({"code": spaced})).await;
    assert_eq!(status, 200, "{told}");
    assert!(desk.cookies.contains_key("stereo"));
}

#[tokio::test]
async fn five_wrong_codes_end_an_attempt() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(ada.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    let token = mailbox.token().await;
    let shown = Browser::of(&server)
        .ask("POST", CONFIRM, json!({"token": token}))
        .await
        .1;
    let code = shown["code"].as_str().unwrap();
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for status in [400, 400, 400, 400, 404] {
        assert_eq!(
            ada.ask("POST", CONFIRM, json!({"code": wrong})).await.0,
            status
        );
    }
    assert_eq!(ada.ask("POST", CONFIRM, json!({"code": code})).await.0, 404);
    assert_eq!(
        ada.ask("POST", CONFIRM, json!({"token": token})).await.0,
        404
    );
}

#[tokio::test]
async fn altered_and_foreign_links_sign_nobody_in() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(
        ada.ask("POST", "/api/sign-in/email", asked.clone()).await.0,
        202
    );
    let token = mailbox.token().await;
    let last = if token.ends_with('A') { "B" } else { "A" };
    let altered = format!("{}{last}", &token[..token.len() - 1]);
    for other in [altered.as_str(), "", "x", &"y".repeat(4_000), &token[1..]] {
        let (status, _) = ada.ask("POST", CONFIRM, json!({"token": other})).await;
        assert_eq!(status, 404, "{other}");
    }
    for wrong in [
        json!({}),
        json!({"token": token, "code": "123456"}),
        json!({"token": 7}),
    ] {
        assert_eq!(ada.ask("POST", CONFIRM, wrong).await.0, 400);
    }
    // Of another server.
    let elsewhere = Server::start_with(mailbox.config()).await;
    let mut there = Browser::of(&elsewhere);
    assert_eq!(there.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    assert_eq!(
        ada.ask("POST", CONFIRM, json!({"token": mailbox.token().await}))
            .await
            .0,
        404
    );
    assert_eq!(
        ada.ask("POST", CONFIRM, json!({"token": token})).await.0,
        200,
        "it is still good"
    );
}

#[tokio::test]
async fn asking_again_and_again_is_limited_and_sends_little() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut anyone = Browser::of(&server);
    let mut taken = 0;
    for _ in 0..200 {
        let asked = json!({"email": "ada@example.org"});
        match anyone.ask("POST", "/api/sign-in/email", asked).await {
            (202, _) => taken += 1,
            (status, told) => {
                assert_eq!((status, &told["kind"]), (429, &json!("rate_limited")));
                assert!(told["retry_after_ms"].as_u64().unwrap() > 0);
            }
        }
    }
    assert_eq!(taken, 8);
    for _ in 0..taken {
        mailbox.letter().await;
    }
    assert_eq!(mailbox.waiting(), 0);
}

/// A server that takes its askers' addresses from a proxy, which is the test.
fn behind_the_test(mailbox: &Mailbox) -> Config {
    let mut config = mailbox.config();
    let proxy = Network::try_from("127.0.0.0/8".to_owned()).unwrap();
    config.server.trusted_proxies = vec![proxy];
    config
}

/// Asks for a link from this address: status, and what the browser keeps.
async fn ask_from(server: &Server, address: &str, email: &str) -> (u16, Browser) {
    let headers = [
        ("content-type", "application/json"),
        ("x-forwarded-for", address),
    ];
    let body = json!({"email": email}).to_string();
    let path = "/api/sign-in/email";
    let asked = server.http_full(server.address, "POST", path, &headers, body.as_bytes());
    let (status, head, _) = asked.await;
    let mut browser = Browser::of(server);
    browser.keep_cookies(&head);
    (status, browser)
}

#[tokio::test]
async fn a_stranger_keeps_nobody_from_signing_in() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(behind_the_test(&mailbox)).await;
    let email = "ada@example.org";
    let (status, mut ada) = ask_from(&server, "10.0.0.1", email).await;
    assert_eq!(status, 202);
    let token = mailbox.token().await;
    // A stranger asks as often as they may.
    for number in 0..12 {
        let (status, _) = ask_from(&server, "10.0.0.2", email).await;
        assert_eq!(status, if number < 8 { 202 } else { 429 });
    }
    // Her link is good, and she gets another one.
    let (status, told) = ada.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!(status, 200, "{told}");
    let (status, mut again) = ask_from(&server, "10.0.0.1", email).await;
    assert_eq!(status, 202);
    for _ in 0..8 {
        mailbox.token().await;
    }
    let token = mailbox.token().await;
    let (status, told) = again.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!((status, &told["fresh"]), (200, &json!(false)));
}

#[tokio::test]
async fn ten_thousand_requests_for_one_address_are_few_letters_and_few_rows() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(behind_the_test(&mailbox)).await;
    let mut taken = 0;
    for number in 0..10_000_u32 {
        let address = format!("10.{}.{}.1", number / 250, number % 250);
        let (status, _) = ask_from(&server, &address, "ada@example.org").await;
        assert!(matches!(status, 202 | 429), "{status}");
        taken += usize::from(status == 202);
    }
    assert_eq!(taken, 40, "as many as an address is sent an hour");
    for _ in 0..taken {
        mailbox.letter().await;
    }
    assert_eq!(mailbox.waiting(), 0);
    let file = server.app.config.store.data.join("stereo.db");
    let db = rusqlite::Connection::open(file).unwrap();
    let count = "SELECT count(*) FROM attempts";
    let rows: u32 = db.query_row(count, [], |row| row.get(0)).unwrap();
    assert!(rows <= 40, "{rows}");
    // Others are not concerned.
    let (status, _) = ask_from(&server, "10.0.0.1", "eve@example.org").await;
    assert_eq!(status, 202);
}

#[tokio::test]
async fn a_code_that_the_link_has_not_shown_is_no_code() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut desk = Browser::of(&server);
    let asked = json!({"email": "ada@example.org"});
    assert_eq!(desk.ask("POST", "/api/sign-in/email", asked).await.0, 202);
    let token = mailbox.token().await;
    // The code is known once the link was opened elsewhere: so it is here as if nobody had.
    let shown = Browser::of(&server)
        .ask("POST", CONFIRM, json!({"token": token}))
        .await
        .1;
    let db = server.app.config.store.data.join("stereo.db");
    let db = rusqlite::Connection::open(db).unwrap();
    db.execute("UPDATE attempts SET shown = 0", []).unwrap();
    drop(db);
    let code = json!({"code": shown["code"]});
    let (status, told) = desk.ask("POST", CONFIRM, code.clone()).await;
    assert_eq!(
        (status, &told["field"]),
        (400, &json!("code")),
        "as any other"
    );
    // The link itself is good all the same; opened elsewhere, the code is.
    Browser::of(&server)
        .ask("POST", CONFIRM, json!({"token": token}))
        .await;
    let (status, told) = desk.ask("POST", CONFIRM, code).await;
    assert_eq!(status, 200, "{told}");
}

#[tokio::test]
async fn who_comes_back_stays_signed_in_and_who_does_not_is_not() {
    const DAY: f64 = 86_400_000.0;
    let mut mailbox = Mailbox::open().await;
    let clock = Arc::new(Clock::manual(1_800_000_000_000.0));
    let server = Server::start_at(mailbox.config(), clock.clone()).await;
    let (room, _) = server.room(json!({})).await;
    let mut daily = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut once = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let come_back = async |browser: &mut Browser| {
        let (status, head, _) = browser.send("GET", "/api/me", "", b"").await;
        (status, head.to_lowercase().contains("set-cookie: stereo="))
    };
    assert_eq!(come_back(&mut daily).await, (200, false), "young");
    clock.advance(50.0 * DAY);
    let held = daily.cookies.clone();
    assert_eq!(come_back(&mut daily).await, (200, true));
    assert_eq!(daily.cookies, held, "the same one, for longer");
    assert_eq!(come_back(&mut daily).await, (200, false), "not each time");
    let mut of_daily = daily.join(&room, json!({})).await;
    let mut of_once = once.join(&room, json!({})).await;
    clock.advance(41.0 * DAY);
    server.app.auth.end_over().await.unwrap();
    assert_eq!(of_once.close_code().await, 4003);
    of_daily
        .call("snapshot", json!({}))
        .await
        .expect("still there");
    assert_eq!(come_back(&mut once).await.0, 401);
    assert_eq!(come_back(&mut daily).await.0, 200);
}

#[tokio::test]
async fn two_last_ways_that_go_at_once_leave_one() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    for round in 0..8 {
        let add = json!({"email": format!("ada{round}@example.org"), "add": true});
        assert_eq!(ada.ask("POST", "/api/sign-in/email", add).await.0, 202);
        let token = mailbox.token().await;
        let (_, told) = ada.ask("POST", CONFIRM, json!({"token": token})).await;
        let ways = told["me"]["ways"].as_array().unwrap().clone();
        assert_eq!(ways.len(), 2, "{told}");
        let mut here = Browser::of(&server);
        here.cookies.clone_from(&ada.cookies);
        let path = |way: &Value| format!("/api/me/ways/{}", way["id"].as_str().unwrap());
        let (one, other) = (path(&ways[0]), path(&ways[1]));
        let (one, other) = tokio::join!(
            ada.ask("DELETE", &one, Value::Null),
            here.ask("DELETE", &other, Value::Null)
        );
        let mut statuses = [one.0, other.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut anyone = Browser::of(&server);
    let long = format!("{}@example.org", "a".repeat(250));
    for email in [
        "",
        "ada",
        "@",
        "ada@",
        "@example.org",
        "a b@c.d",
        "a@b.c\r\nBcc: eve@example.org",
        &long,
    ] {
        let asked = json!({"email": email});
        let (status, told) = anyone.ask("POST", "/api/sign-in/email", asked).await;
        assert_eq!((status, &told["field"]), (400, &json!("email")), "{email}");
    }
    for then in ["//evil.example", "https://evil.example", "rooms"] {
        let asked = json!({"email": "ada@example.org", "then": then});
        let (status, told) = anyone.ask("POST", "/api/sign-in/email", asked).await;
        assert_eq!((status, &told["field"]), (400, &json!("then")), "{then}");
    }
    assert!(anyone.cookies.is_empty());
}

#[tokio::test]
async fn without_a_way_for_letters_signing_in_by_mail_says_so() {
    let server = Server::start().await;
    let mut anyone = Browser::of(&server);
    let (_, ways) = anyone.ask("GET", "/api/sign-in", Value::Null).await;
    assert_eq!(ways["email"], false);
    let asked = json!({"email": "ada@example.org"});
    let (status, told) = anyone.ask("POST", "/api/sign-in/email", asked).await;
    assert_eq!((status, &told["kind"]), (503, &json!("unavailable")));
}

#[tokio::test]
async fn a_page_elsewhere_can_neither_read_nor_change_with_our_cookie() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let cookie = ada.cookie();
    let send = async |method, origin: Option<&str>, site: Option<&str>| {
        let mut headers = vec![
            ("cookie", cookie.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(origin.map(|origin| ("origin", origin)));
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        server
            .http(method, "/api/me", &headers, b"{\"handle\":\"eve\"}")
            .await
            .0
    };
    assert_eq!(send("PATCH", Some("https://evil.example"), None).await, 403);
    assert_eq!(send("PATCH", Some("null"), None).await, 403);
    assert_eq!(
        send("PATCH", None, None).await,
        401,
        "a change without an origin"
    );
    assert_eq!(send("GET", None, Some("cross-site")).await, 401);
    assert_eq!(send("GET", Some("https://evil.example"), None).await, 403);
    assert_eq!(send("GET", None, None).await, 200, "typed");
}

#[tokio::test]
async fn cookies_that_are_none_sign_nobody_in() {
    let mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    for cookie in [
        "stereo=",
        "stereo=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &format!("stereo={}", "x".repeat(4_096)),
        "stereo=\"; stereo=b",
        "__Host-stereo=x",
    ] {
        let headers = [("cookie", cookie)];
        let (status, _) = server.http("GET", "/api/me", &headers, b"").await;
        assert_eq!(status, 401, "{}", &cookie[..cookie.len().min(40)]);
    }
}

#[tokio::test]
async fn a_cookie_of_another_server_signs_nobody_in() {
    let mut mailbox = Mailbox::open().await;
    let here = Server::start_with(mailbox.config()).await;
    let elsewhere = Server::start_with(mailbox.config()).await;
    let (mut ada, mut there) = (Browser::of(&here), Browser::of(&elsewhere));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    there.sign_in(&mut mailbox, "ada@example.org").await;
    let own = std::mem::replace(&mut ada.cookies, there.cookies.clone());
    assert_eq!(ada.ask("GET", "/api/me", Value::Null).await.0, 401);
    ada.cookies = own;
    for browser in [&mut ada, &mut there] {
        assert_eq!(browser.ask("GET", "/api/me", Value::Null).await.0, 200);
    }
}

#[tokio::test]
async fn a_session_that_ends_is_over_everywhere_at_once() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut desk = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut phone = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut on_phone = phone.join(&room, json!({})).await;
    let on_desk = desk.join(&room, json!({})).await;
    assert_eq!(on_phone.you, on_desk.you, "one person");
    let (_, listed) = desk.ask("GET", "/api/me/sessions", Value::Null).await;
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let fields: Vec<&String> = sessions[0].as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["current", "ends", "id", "kind", "label"],
        "nothing but a label"
    );
    let other = sessions.iter().find(|one| one["current"] == false).unwrap();
    let path = format!("/api/me/sessions/{}", other["id"].as_str().unwrap());
    let (status, named) = desk.ask("PATCH", &path, json!({"label": " phone "})).await;
    assert_eq!((status, &named["label"]), (200, &json!("phone")));
    assert_eq!(desk.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(on_phone.close_code().await, 4003);
    assert_eq!(phone.ask("GET", "/api/me", Value::Null).await.0, 401);
    assert_eq!(desk.ask("GET", "/api/me", Value::Null).await.0, 200);
    // Nobody ends a session of somebody else.
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "eve@example.org").await;
    let (_, listed) = desk.ask("GET", "/api/me/sessions", Value::Null).await;
    let path = format!(
        "/api/me/sessions/{}",
        listed["sessions"][0]["id"].as_str().unwrap()
    );
    assert_eq!(eve.ask("DELETE", &path, Value::Null).await.0, 404);
    // Signing out ends it on the server too.
    let held = desk.cookie();
    assert_eq!(desk.ask("POST", "/api/sign-out", Value::Null).await.0, 204);
    assert!(desk.cookies.is_empty());
    assert_eq!(
        server
            .http("GET", "/api/me", &[("cookie", &held)], b"")
            .await
            .0,
        401
    );
    drop(on_desk);
}

#[tokio::test]
async fn a_guest_who_signs_in_carries_on_as_the_same_member() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut ada = Browser::of(&server);
    let mut guest = ada.join(&room, json!({"name": "Ada"})).await;
    guest
        .call("queue.add", json!({"tracks": [server.track(0)]}))
        .await
        .unwrap();
    let token = guest.joined["you"]["token"].as_str().unwrap().to_owned();
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let back = ada
        .join(&room, json!({"token": token, "name": "Ada"}))
        .await;
    assert_eq!(back.you, guest.you);
    assert_eq!(
        back.joined["you"]["token"],
        Value::Null,
        "an account needs no token"
    );
    // The guest's token leads to nobody now; the account needs none.
    let stranger = server.join(&room, json!({"token": token})).await;
    assert_ne!(stranger.you, guest.you);
    let again = ada.join(&room, json!({})).await;
    assert_eq!(again.you, guest.you);
}

#[tokio::test]
async fn a_name_that_an_account_chose_in_a_room_is_theirs_when_they_come_back() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut ada = Browser::of(&server);
    let told = ada.sign_in(&mut mailbox, "ada@example.org").await;
    let handle = told["me"]["handle"].as_str().unwrap();
    let names = async |client: &mut Client| {
        let members = client.call("members", json!({})).await.unwrap();
        members.to_string()
    };
    let mut first = ada.join(&room, json!({})).await;
    assert!(names(&mut first).await.contains(handle));
    let chosen = json!({"name": "The Captain"});
    first.call("me.rename", chosen).await.unwrap();
    let (epoch, you) = (first.joined["epoch"].clone(), first.you.clone());
    let seq = first.event("member.changed").await["seq"].clone();
    // As the network takes it, and as a client comes back that knows its name.
    drop(first);
    let resume = json!({"resume": {"epoch": epoch, "seq": seq}});
    for params in [resume, json!({})] {
        let mut back = ada.join(&room, params).await;
        assert_eq!(back.you, you);
        let told = names(&mut back).await;
        assert!(
            told.contains("The Captain") && !told.contains(handle),
            "{told}"
        );
    }
}

#[tokio::test]
async fn clients_without_cookies_join_by_ticket_and_ask_by_token() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut ada = Browser::of(&server);
    let me = ada.sign_in(&mut mailbox, "ada@example.org").await["me"].clone();
    let (status, made) = ada
        .ask("POST", "/api/me/sessions", json!({"label": "robot"}))
        .await;
    assert_eq!(status, 201, "{made}");
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str())];
    let (status, told) = server.http("GET", "/api/me", &headers, b"").await;
    assert_eq!(
        (status, serde_json::from_str::<Value>(&told).unwrap()),
        (200, me)
    );
    let (status, told) = server.http("POST", "/api/tickets", &headers, b"").await;
    assert_eq!(status, 201, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let by_cookie = ada.join(&room, json!({})).await;
    let by_ticket = server.join(&room, json!({"ticket": told["ticket"]})).await;
    assert_eq!(by_ticket.you, by_cookie.you);
    let mut again = server.socket(&room).await;
    let refused = again
        .call("join", json!({"ticket": told["ticket"]}))
        .await
        .unwrap_err();
    assert_eq!(refused["data"]["field"], "ticket", "once");
    // A token is no cookie, and a cookie no token.
    let as_cookie = format!("stereo={}", made["token"].as_str().unwrap());
    assert_eq!(
        server
            .http("GET", "/api/me", &[("cookie", &as_cookie)], b"")
            .await
            .0,
        401
    );
    let as_token = format!("Bearer {}", ada.cookies["stereo"]);
    let headers = [("authorization", as_token.as_str())];
    assert_eq!(server.http("GET", "/api/me", &headers, b"").await.0, 401);
}

#[tokio::test]
async fn handles_are_unique_by_what_they_look_like() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut eve = Browser::signed_in(server.address, &mut mailbox, "eve@example.org").await;
    let (status, me) = ada
        .ask("PATCH", "/api/me", json!({"handle": "Ada_Love"}))
        .await;
    assert_eq!((status, &me["handle"]), (200, &json!("ada_love")));
    for alike in ["ada_love", "ADA_LOVE", "adalove", "ada_l0ve", "ada__love"] {
        let (status, told) = eve.ask("PATCH", "/api/me", json!({"handle": alike})).await;
        assert_eq!((status, &told["field"]), (409, &json!("handle")), "{alike}");
    }
    for wrong in [
        "аda_love",
        "ad",
        "sixteen_letters_",
        "a b c",
        "<b>",
        "ada\u{202e}",
    ] {
        let (status, told) = eve.ask("PATCH", "/api/me", json!({"handle": wrong})).await;
        assert_eq!((status, &told["field"]), (400, &json!("handle")), "{wrong}");
    }
    assert_eq!(
        ada.ask("PATCH", "/api/me", json!({"handle": "ada"}))
            .await
            .0,
        200
    );
    assert_eq!(
        eve.ask("PATCH", "/api/me", json!({"handle": "adalove"}))
            .await
            .0,
        200,
        "free again"
    );
}

#[tokio::test]
async fn what_was_chosen_stays_until_it_is_changed() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let me = ada.sign_in(&mut mailbox, "ada@example.org").await["me"].clone();
    assert_eq!(
        me["mails"],
        json!({"rooms": false, "policy": false, "support": false}),
        "nothing without consent"
    );
    let wish = json!({"language": "vi", "mails": {"rooms": true}});
    let (status, me) = ada.ask("PATCH", "/api/me", wish).await;
    assert_eq!((status, &me["language"]), (200, &json!("vi")));
    assert_eq!(
        me["mails"],
        json!({"rooms": true, "policy": false, "support": false})
    );
    let (_, me) = ada
        .ask("PATCH", "/api/me", json!({"mails": {"policy": true}}))
        .await;
    assert_eq!(
        me["mails"],
        json!({"rooms": true, "policy": true, "support": false})
    );
    assert_eq!(me["language"], "vi");
    let (_, me) = ada.ask("PATCH", "/api/me", json!({"language": null})).await;
    assert_eq!(me["language"], Value::Null);
    let (status, told) = ada.ask("PATCH", "/api/me", json!({"language": "xx"})).await;
    assert_eq!((status, &told["field"]), (400, &json!("language")));
}

#[tokio::test]
async fn a_frozen_account_is_kept_and_joins_nothing() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut there = ada.join(&room, json!({})).await;
    let (status, me) = ada.ask("PATCH", "/api/me", json!({"frozen": true})).await;
    assert_eq!((status, &me["frozen"]), (200, &json!(true)));
    assert_eq!(there.close_code().await, 4003);
    let origin = format!("http://{}", server.address);
    let cookie = ada.cookie();
    let headers = [("origin", origin.as_str()), ("cookie", cookie.as_str())];
    let mut again = server.socket_with(&room, &headers).await.unwrap();
    assert_eq!(again.refusal("join", json!({})).await, "not_allowed");
    assert_eq!(
        ada.ask("GET", "/api/me/export", Value::Null).await.0,
        200,
        "still theirs"
    );
    assert_eq!(
        ada.ask("PATCH", "/api/me", json!({"frozen": false}))
            .await
            .0,
        200
    );
    assert_eq!(ada.join(&room, json!({})).await.you, there.you);
}

#[tokio::test]
async fn a_frozen_account_opens_and_keeps_no_room_and_takes_no_picture() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, token) = server.room(json!({})).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let png = include_bytes!("picture.png");
    let keep = format!("/api/me/rooms/{room}");
    for frozen in [true, false] {
        ada.ask("PATCH", "/api/me", json!({"frozen": frozen})).await;
        let (picture, _, told) = ada.send("PUT", "/api/me/picture", "image/png", png).await;
        let opened = ada
            .ask("POST", "/api/rooms", json!({"title": "Mine"}))
            .await;
        let temporary = json!({"temporary": true});
        let temporary = ada.ask("POST", "/api/rooms", temporary).await;
        let kept = ada.ask("PUT", &keep, json!({"token": token})).await;
        let expected = match frozen {
            true => [403, 403, 403, 403],
            false => [200, 201, 201, 204],
        };
        let told_of_picture = String::from_utf8_lossy(&told);
        let statuses = [picture, opened.0, temporary.0, kept.0];
        assert_eq!(statuses, expected, "{told_of_picture} {opened:?} {kept:?}");
        assert_eq!(told_of_picture.contains("frozen"), frozen);
        let (_, me) = ada.ask("GET", "/api/me", Value::Null).await;
        assert_eq!(me["picture"].is_null(), frozen);
    }
}

#[tokio::test]
async fn rooms_of_a_frozen_account_are_in_no_list_after_a_restart_neither() {
    let mut mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data, &mailbox);
    let (mut ada, mut bob) = (Browser::at(process.address), Browser::at(process.address));
    for (browser, email, title) in [
        (&mut ada, "ada@example.org", "Of Ada"),
        (&mut bob, "bob@example.org", "Of Bob"),
    ] {
        browser.sign_in(&mut mailbox, email).await;
        let public = json!({"title": title, "visibility": "public"});
        assert_eq!(browser.ask("POST", "/api/rooms", public).await.0, 201);
    }
    let found = |told: (u16, Value)| {
        let told = told.1.to_string();
        assert!(told.contains("Of Bob"), "{told}");
        told.contains("Of Ada")
    };
    assert!(found(bob.ask("GET", "/api/rooms", Value::Null).await));
    let frozen = |frozen: bool| json!({"frozen": frozen});
    assert_eq!(ada.ask("PATCH", "/api/me", frozen(true)).await.0, 200);
    assert!(!found(bob.ask("GET", "/api/rooms", Value::Null).await));
    let search = "/api/rooms?query=Of";
    assert!(!found(bob.ask("GET", search, Value::Null).await));
    process.kill();

    let process = Process::start(&data, &mailbox);
    (ada.address, bob.address) = (process.address, process.address);
    // The rooms that rest are read beside the first requests.
    let bobs = async {
        while !bob
            .ask("GET", search, Value::Null)
            .await
            .1
            .to_string()
            .contains("Of Bob")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WAIT, bobs)
        .await
        .expect("Bob's is listed");
    assert!(!found(bob.ask("GET", search, Value::Null).await));
    assert_eq!(ada.ask("PATCH", "/api/me", frozen(false)).await.0, 200);
    assert!(found(bob.ask("GET", search, Value::Null).await));
    process.kill();
}

#[tokio::test]
async fn ways_to_sign_in_are_added_while_signed_in_and_the_last_one_stays() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (mut ada, mut eve) = (Browser::of(&server), Browser::of(&server));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let way = |me: &Value, name: &str| {
        let ways = me["ways"].as_array().unwrap();
        let way = ways.iter().find(|one| one["name"] == name).unwrap();
        format!("/api/me/ways/{}", way["id"].as_str().unwrap())
    };
    let (_, me) = ada.ask("GET", "/api/me", Value::Null).await;
    let first = way(&me, "ada@example.org");
    let (status, told) = ada.ask("DELETE", &first, Value::Null).await;
    assert_eq!((status, &told["kind"]), (409, &json!("conflict")));
    let add = json!({"email": "ada@work.example", "add": true});
    assert_eq!(
        eve.ask("POST", "/api/sign-in/email", add.clone()).await.0,
        401
    );
    assert_eq!(ada.ask("POST", "/api/sign-in/email", add).await.0, 202);
    let token = mailbox.token().await;
    let (status, told) = ada.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["me"]["ways"].as_array().unwrap().len(), 2);
    assert_eq!(ada.ask("DELETE", &first, Value::Null).await.0, 204);
    // The address is free again, the other one leads to the same account.
    let told = eve.sign_in(&mut mailbox, "ada@example.org").await;
    assert_eq!(told["fresh"], true);
    let told = Browser::of(&server)
        .sign_in(&mut mailbox, "ada@work.example")
        .await;
    assert_eq!(told["fresh"], false);
    // Somebody else's is not taken from them.
    let add = json!({"email": "ada@work.example", "add": true});
    assert_eq!(eve.ask("POST", "/api/sign-in/email", add).await.0, 202);
    let token = mailbox.token().await;
    let (status, told) = eve.ask("POST", CONFIRM, json!({"token": token})).await;
    assert_eq!((status, &told["field"]), (409, &json!("email")));
}

#[tokio::test]
async fn a_picture_is_seen_by_others_and_gone_when_it_is_deleted() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (room, _) = server.room(json!({})).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    let mut guest = server.join(&room, json!({"name": "Bob"})).await;
    let in_room = ada.join(&room, json!({})).await;
    let png = include_bytes!("picture.png");
    let (status, _, told) = ada.send("PUT", "/api/me/picture", "image/png", png).await;
    assert_eq!(status, 200);
    let told: Value = serde_json::from_slice(&told).unwrap();
    let small = told["picture"]["small"].as_str().unwrap();
    let changed = guest.event("member.changed").await;
    assert_eq!(changed["event"]["member"], json!(in_room.you));
    assert_eq!(changed["event"]["picture"], small);
    let get = async |path: &str| {
        server
            .http_full(server.address, "GET", path, &[], b"")
            .await
    };
    let (status, head, bytes) = get(small).await;
    assert_eq!(status, 200);
    assert!(head.contains("image/jpeg"), "{head}");
    assert!(!head.to_lowercase().contains("last-modified"), "{head}");
    assert_eq!(&bytes[..3], [0xff, 0xd8, 0xff]);
    let (status, _, _) = get(&small.replace("-96", "-97")).await;
    assert_eq!(status, 404);
    for (bytes, status) in [(&b"<svg/>"[..], 400), (&vec![0; (5 << 20) + 1], 413)] {
        let (got, _, _) = ada.send("PUT", "/api/me/picture", "image/png", bytes).await;
        assert_eq!(got, status);
    }
    assert_eq!(get(small).await.0, 200, "a refusal changed nothing");
    // The same picture once more: what it is found by tells neither whose nor which it is.
    let (_, _, again) = ada.send("PUT", "/api/me/picture", "image/png", png).await;
    let again: Value = serde_json::from_slice(&again).unwrap();
    let former = small;
    let small = again["picture"]["small"].as_str().unwrap();
    assert_ne!(small, former, "random");
    assert_eq!(get(former).await.0, 404, "the former one is gone");
    assert_eq!(get(small).await.0, 200);
    let changed = guest.event("member.changed").await;
    assert_eq!(changed["event"]["picture"], small);
    assert_eq!(
        ada.ask("DELETE", "/api/me/picture", Value::Null).await.0,
        204
    );
    assert_eq!(get(small).await.0, 404);
    let changed = guest.event("member.changed").await;
    assert_eq!(changed["event"].get("picture"), Some(&Value::Null));
}

#[tokio::test]
async fn an_export_holds_everything_that_the_inventory_promises() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::signed_in(server.address, &mut mailbox, "ada@example.org").await;
    assert_eq!(
        ada.ask(
            "PATCH",
            "/api/me",
            json!({"handle": "ada_l", "language": "vi"})
        )
        .await
        .0,
        200
    );
    let png = include_bytes!("picture.png");
    assert_eq!(
        ada.send("PUT", "/api/me/picture", "image/png", png).await.0,
        200
    );
    let (status, head, bytes) = ada.send("GET", "/api/me/export", "", b"").await;
    assert_eq!(status, 200);
    assert!(head.contains("application/zip"), "{head}");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let document: Value = {
        let file = archive.by_name("stereo-export.json").unwrap();
        assert!(
            file.last_modified().is_none_or(|date| date.year() == 1980),
            "no date"
        );
        serde_json::from_reader(file).unwrap()
    };
    assert!(archive.by_name("picture.jpg").is_ok());
    assert!(archive.by_name("index.html").is_ok());
    for kind in stereo::privacy::inventory::INVENTORY {
        if let Some(field) = kind.exported {
            assert!(document.get(field).is_some(), "{field}: {}", kind.what);
        }
    }
    assert_eq!(document["handle"], "ada_l");
    assert_eq!(document["emails"], json!(["ada@example.org"]));
    assert_eq!(document["preferences"]["language"], "vi");
    assert_eq!(document["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn passkeys_need_a_name_and_a_ceremony_of_ones_own() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    let begin = "/api/sign-in/passkey/begin";
    // A number is no name.
    let (_, ways) = ada.ask("GET", "/api/sign-in", Value::Null).await;
    assert_eq!(ways["passkeys"], false);
    let (status, told) = ada.ask("POST", begin, Value::Null).await;
    assert_eq!((status, &told["kind"]), (503, &json!("unavailable")));
    // By its name the same server has them.
    let host = format!("localhost:{}", server.address.port());
    let named = [("host", host.as_str())];
    let (_, ways) = server.http("GET", "/api/sign-in", &named, b"").await;
    assert!(ways.contains("\"passkeys\":true"), "{ways}");
    let (status, asked) = server.http("POST", begin, &named, b"").await;
    assert_eq!(status, 200, "{asked}");
    let asked: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(asked["publicKey"]["rpId"], "localhost");
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert_eq!(
        asked["publicKey"]["allowCredentials"],
        json!([]),
        "names nobody"
    );
    // Without a cookie of a ceremony, or without being signed in, nothing is added or entered.
    let shown = json!({"credential": {}});
    for (path, status) in [
        ("/api/sign-in/passkey/finish", 404),
        ("/api/me/passkeys/begin", 401),
        ("/api/me/passkeys/finish", 401),
    ] {
        assert_eq!(
            ada.ask("POST", path, shown.clone()).await.0,
            status,
            "{path}"
        );
    }
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    for cookie in ["p.AAAA", "e.AAAA", "p."] {
        ada.cookies.insert("stereo-signin".into(), cookie.into());
        let (status, _) = ada
            .ask("POST", "/api/me/passkeys/finish", shown.clone())
            .await;
        assert!(status == 400 || status == 404, "{cookie}: {status}");
    }
}

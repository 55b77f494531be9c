//! `/api/openapi.json` and the server say the same: every route and method that there is, and no
//! other; and no change of any of them is taken from a page elsewhere.

use crate::person::{Browser, Mailbox};
use crate::support::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Files that lead requests on, and the path that stands before what they name.
const ROUTERS: [(&str, &str); 7] = [
    ("", include_str!("../../src/http/mod.rs")),
    (
        "/api/sign-in",
        include_str!("../../src/http/sign_in/mod.rs"),
    ),
    ("/api/me", include_str!("../../src/http/me/mod.rs")),
    (
        "/api/me/picture",
        include_str!("../../src/http/me/picture.rs"),
    ),
    ("/api/me/rooms", include_str!("../../src/http/me/rooms.rs")),
    (
        "/api/me/sessions",
        include_str!("../../src/http/me/sessions.rs"),
    ),
    (
        "/api/me/correspondence",
        include_str!("../../src/http/me/correspondence.rs"),
    ),
];
/// Pages and files of the browser client: for people, not for programs.
const OF_THE_CLIENT: [&str; 8] = [
    "/",
    "/rooms/{}",
    "/settings",
    "/support",
    "/sign-in",
    "/sign-in/email",
    "/favicon.ico",
    "/fault/{}",
];

/// The routes that the source matches: each list of segments in front of an arrow.
fn routed() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    for (before, source) in ROUTERS {
        let arms = source
            .split("=>")
            .filter_map(|part| part.rsplit(['\n', '}', ';']).next());
        for arm in arms.flat_map(|arm| arm.split('[').skip(1)) {
            let Some((segments, _)) = arm.split_once(']') else {
                continue;
            };
            if segments.contains("..") {
                continue;
            }
            let segments = segments
                .split(',')
                .map(str::trim)
                .filter(|one| !one.is_empty());
            let path = segments.fold(before.to_owned(), |path, segment| {
                match segment
                    .strip_prefix('"')
                    .and_then(|it| it.strip_suffix('"'))
                {
                    Some(text) => path + "/" + &text.replace("\" | \"", "|"),
                    None => path + "/{}",
                }
            });
            expand(&path, &mut routes);
        }
    }
    routes.retain(|route| !OF_THE_CLIENT.contains(&&**route));
    routes
}

/// `/a/b|c` is `/a/b` and `/a/c`.
fn expand(path: &str, routes: &mut BTreeSet<String>) {
    match path.split('/').find(|segment| segment.contains('|')) {
        Some(choice) => choice
            .split('|')
            .for_each(|one| expand(&path.replacen(choice, one, 1), routes)),
        None => _ = routes.insert(path.to_owned()),
    }
}

fn described() -> Value {
    serde_json::from_str(include_str!("../../src/http/openapi.json")).unwrap()
}

/// Each path with its parameters named by nothing, and with something in their place.
fn paths(of: &Value) -> Vec<(String, String, BTreeSet<String>)> {
    let mut all = Vec::new();
    for (path, methods) in of["paths"].as_object().unwrap() {
        let (mut shape, mut concrete) = (path.clone(), path.clone());
        while let (Some(from), Some(to)) = (concrete.find('{'), concrete.find('}')) {
            let name = concrete[from..=to].to_owned();
            concrete = concrete.replacen(&name, "x", 1);
            shape = shape.replacen(&name, "{}", 1);
        }
        let methods = methods.as_object().unwrap().keys();
        let methods = methods.map(|method| method.to_uppercase()).collect();
        all.push((shape, concrete, methods));
    }
    all
}

#[test]
fn every_route_is_described_and_everything_described_is_a_route() {
    let described: BTreeSet<String> = paths(&described()).into_iter().map(|it| it.0).collect();
    let routed = routed();
    let missing: Vec<_> = routed.difference(&described).collect();
    let invented: Vec<_> = described.difference(&routed).collect();
    assert!(
        missing.is_empty() && invented.is_empty(),
        "not described: {missing:?}; no route: {invented:?}"
    );
    assert!(routed.len() > 30);
}

#[tokio::test]
async fn every_method_is_described_and_no_other_is_taken() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    for (shape, path, methods) in paths(&described()) {
        if shape == "/rooms/{}/socket" {
            continue; // A handshake says what it wants otherwise (RFC 6455 §4.2.1).
        }
        let (status, head, _) = ada.send("PROPFIND", &path, "application/json", b"{}").await;
        assert_eq!(status, 405, "{path}");
        let allow = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("allow").then_some(value)
        });
        let allowed = allow.unwrap().split(", ").filter(|one| *one != "HEAD");
        let allowed: BTreeSet<String> = allowed.map(Into::into).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn no_change_is_taken_from_a_page_elsewhere() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.analytics.enabled = true;
    let server = Server::start_with(config).await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let (cookie, before) = (ada.cookie(), ada.ask("GET", "/api/me", Value::Null).await);
    let mut changes = 0;
    for (shape, path, methods) in paths(&described()) {
        if shape == "/unsubscribe/{}" {
            continue; // From a letter, by whoever reads it (RFC 8058): its token is what counts.
        }
        for method in methods.iter().filter(|method| *method != "GET") {
            for origin in ["https://evil.example", "null", "http://localhost:1"] {
                let headers = [
                    ("origin", origin),
                    ("cookie", cookie.as_str()),
                    ("content-type", "application/json"),
                ];
                let (status, told) = server.http(method, &path, &headers, b"{}").await;
                assert_eq!(status, 403, "{method} {path} from {origin}: {told}");
                changes += 1;
            }
        }
    }
    assert!(changes > 60, "{changes}");
    assert_eq!(ada.ask("GET", "/api/me", Value::Null).await, before);
    // The same from a page of ours is not refused for that.
    let own = ada
        .ask("POST", "/api/me/sessions", json!({"label": "x"}))
        .await;
    assert_eq!(own.0, 201, "{}", own.1);
}

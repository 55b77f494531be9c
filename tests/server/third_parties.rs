//! Nobody else: the server speaks to nobody but those who speak to it and the mail server that it
//! was told of, and sets no cookie but those of signing in.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::Server;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// What a trace of system calls says of each address that something was sent to, or connected with.
fn addresses(trace: &str) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for line in trace.lines() {
        let is_connect = line.contains(" connect(");
        let told = line.contains("sa_family=");
        // Without the right to look into the process, a trace tells a pointer.
        assert!(
            !is_connect || told,
            "cannot be read, run it as root: {line}"
        );
        for part in line.split("sa_family=").skip(1) {
            let between = |from: &str, to: &str| {
                let rest = part.split_once(from)?.1;
                Some(rest.split_once(to)?.0.to_owned())
            };
            let family = part.split([',', '}']).next().unwrap();
            let address = match family {
                // Of this machine alone.
                "AF_UNIX" | "AF_NETLINK" | "AF_UNSPEC" => continue,
                "AF_INET" => between("sin_addr=inet_addr(\"", "\""),
                "AF_INET6" => between("inet_pton(AF_INET6, \"", "\""),
                other => panic!("{other}: {line}"),
            };
            let port = between("_port=htons(", ")").expect(line).parse().unwrap();
            found.push(SocketAddr::new(address.expect(line).parse().unwrap(), port));
        }
    }
    found
}

/// The trace, once it tells that the process is over.
async fn whole(trace: &Path, process: u32) -> String {
    let ours = format!("{process} ");
    let is_end = |line: &str| line.starts_with(&ours) && line.contains("+++ exited with 0 +++");
    for _ in 0..600 {
        let text = std::fs::read_to_string(trace).unwrap_or_default();
        if text.lines().any(is_end) {
            return text;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the trace has no end");
}

/// Everything that makes a server do something: signing in, a picture, music, talk, and leaving.
async fn evening(server: SocketAddr, mailbox: &mut Mailbox) {
    let mut ada = Browser::at(server);
    ada.sign_in(mailbox, "ada@example.org").await;
    let picture = include_bytes!("picture.png");
    let kind = "application/octet-stream";
    let (status, ..) = ada.send("PUT", "/api/me/picture", kind, picture).await;
    assert_eq!(status, 200);
    let room = json!({"title": "Here", "temporary": false});
    let (status, room) = ada.ask("POST", "/api/rooms", room).await;
    assert_eq!(status, 201, "{room}");
    let room = room["room"]["id"].as_str().unwrap();
    let mut host = ada.join(room, json!({"name": "Ada"})).await;
    let mut guest = (Browser::at(server).join(room, json!({"name": "Ben"}))).await;
    let (_, tracks) = ada.ask("GET", "/api/tracks", Value::Null).await;
    let tracks = json!({"tracks": [tracks["tracks"][0]["id"]]});
    host.call("queue.add", tracks.clone()).await.expect("added");
    // Addresses elsewhere are no tracks: they are refused, not asked.
    for url in ["https://192.0.2.1/a.mp3", "http://198.51.100.7/"] {
        let wished = json!({"tracks": [url]});
        assert!(host.call("queue.add", wished.clone()).await.is_err());
        ada.ask("POST", "/api/tracks/resolve", wished).await;
    }
    let said = guest.call("chat.send", json!({"text": "hello"})).await;
    said.expect("said");
    for (path, wish) in [
        ("/api/visits", json!({"page": "/"})),
        ("/api/tracks/resolve", tracks),
        (
            "/api/me/correspondence",
            json!({"subject": "A question", "text": "Does it play?"}),
        ),
    ] {
        let (status, told) = ada.ask("POST", path, wish).await;
        assert!(status < 300, "{path}: {told}");
    }
    for path in ["/", "/privacy", "/api/me/export", "/api/policy"] {
        let (status, _) = ada.ask("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}");
    }
    let (_, me) = ada.ask("GET", "/api/me", Value::Null).await;
    let confirm = json!({"confirm": me["handle"]});
    let (status, receipt) = ada.ask("DELETE", "/api/me", confirm).await;
    assert!(matches!(status, 200 | 202), "{receipt}");
}

#[tokio::test]
async fn nobody_is_spoken_to_but_the_mail_server() {
    let root = tempfile::tempdir().unwrap();
    let (data, trace) = (root.path().join("data"), root.path().join("trace"));
    let mut mailbox = Mailbox::open().await;
    // With -D the tracer is a grandchild, so that the server itself is our child.
    let tracer = "strace -D -f --seccomp-bpf -s 0 -e connect,sendto,sendmsg,sendmmsg -o";
    let mut tracer: Vec<&str> = tracer.split(' ').collect();
    tracer.push(trace.to_str().unwrap());
    let more = [("STEREO_ANALYTICS__ENABLED", "true")];
    let server = Process::start_under(&tracer, &data, &mailbox, &more);
    evening(server.address, &mut mailbox).await;
    let process = server.id();
    server.stop();
    let asked = addresses(&whole(&trace, process).await);
    let smtp = mailbox.url.strip_prefix("smtp://").unwrap();
    let smtp: SocketAddr = smtp.parse().unwrap();
    assert!(asked.contains(&smtp), "the trace sees what there is to see");
    let others: Vec<&SocketAddr> = asked.iter().filter(|one| **one != smtp).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// Every operation that the server describes, with something in each place of its path.
fn operations(described: &Value) -> Vec<(String, String)> {
    let paths = described["paths"].as_object().unwrap();
    let mut found = Vec::new();
    for (path, methods) in paths {
        let path: Vec<&str> = path
            .split('/')
            .map(|part| if part.starts_with('{') { "0" } else { part })
            .collect();
        for method in methods.as_object().unwrap().keys() {
            if method != "parameters" {
                found.push((method.to_uppercase(), path.join("/")));
            }
        }
    }
    found
}

#[tokio::test]
async fn no_answer_sets_a_cookie_but_those_of_signing_in() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (_, described) = server.http("GET", "/api/openapi.json", &[], b"").await;
    let mut asked = operations(&serde_json::from_str(&described).unwrap());
    assert!(asked.len() > 40, "{asked:?}");
    let pages = [
        "/",
        "/rooms/0",
        "/settings",
        "/sign-in",
        "/sign-in/email",
        "/privacy",
        "/support",
        "/assets/app.js",
        "/assets/icon.svg",
        "/favicon.ico",
        "/protocol/stereo.js",
        "/source.tar.gz",
        "/nowhere",
        "/api/openapi.json",
    ];
    asked.extend(pages.map(|path| ("GET".into(), path.into())));
    let origin = format!("http://{}", server.address);
    let sent = [("origin", &*origin), ("content-type", "application/json")];
    for body in [&b"{}"[..], b"nonsense", br#"{"email":"ada@example.org"}"#] {
        for (method, path) in &asked {
            let answer = server
                .http_full(server.address, method, path, &sent, body)
                .await;
            let lines = answer
                .1
                .lines()
                .filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:"));
            for line in lines {
                let signs_in = path.starts_with("/api/sign-in/") || path.starts_with("/sign-in/");
                let ours = line.contains(": stereo=") || line.contains(": stereo-signin=");
                let takes_away = line.contains("=; Path=/; Max-Age=0;");
                assert!(ours && (signs_in || takes_away), "{method} {path}: {line}");
            }
        }
    }
    let mut ada = Browser::of(&server);
    let asked = ada
        .ask(
            "POST",
            "/api/sign-in/email",
            json!({"email": "eve@example.org"}),
        )
        .await;
    assert_eq!(asked.0, 202);
    let names: Vec<&String> = ada.cookies.keys().collect();
    assert_eq!(names, ["stereo-signin"], "while one is under way");
    while !mailbox.letter().await.contains("eve@example.org") {}
}

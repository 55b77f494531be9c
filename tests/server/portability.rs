//! Taking everything along: an export is what its schema says, and another server reads it in.

use crate::person::{Browser, Mailbox};
use crate::support::{Client, Server};
use serde_json::{Value, json};
use std::io::{Cursor, Read};

/// The zip file of an export, and the document in it.
pub(crate) async fn exported(browser: &mut Browser) -> (Vec<u8>, Value) {
    let (status, head, zip) = browser.send("GET", "/api/me/export", "", b"").await;
    assert_eq!(status, 200, "{head}");
    let document = serde_json::from_slice(&unzipped(&zip, "stereo-export.json").unwrap());
    (zip, document.unwrap())
}

pub(crate) fn unzipped(zip: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut content = Vec::new();
    archive
        .by_name(name)
        .ok()?
        .read_to_end(&mut content)
        .unwrap();
    Some(content)
}

/// What is wrong with a value, by the part of JSON Schema (2020-12) that the schema uses; a keyword
/// beyond it is an error of its own.
pub(crate) fn faults(schema: &Value, root: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{at}: {what}"));
    let fields = schema.as_object().unwrap();
    let known = fields.get("properties").and_then(Value::as_object);
    let mut below = Vec::new();
    for (keyword, wanted) in fields {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
                below.push((target, value, at.to_owned()));
            }
            "type" => {
                let is = match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                if !is {
                    fault(format!("expected {wanted}, got {value}"));
                }
            }
            "const" if value == wanted => {}
            "enum" if wanted.as_array().unwrap().contains(value) => {}
            "const" | "enum" => fault(format!("expected {wanted}, got {value}")),
            "minimum" | "maximum" => {
                let (limit, number) = (wanted.as_f64().unwrap(), value.as_f64().unwrap_or(0.0));
                let holds = match keyword == "minimum" {
                    true => number >= limit,
                    false => number <= limit,
                };
                if !holds {
                    fault(format!("{keyword} {wanted}, got {value}"));
                }
            }
            "required" => {
                for name in wanted.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        fault(format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        below.push((schema, value, format!("{at}/{name}")));
                    }
                }
            }
            "additionalProperties" => {
                let others = value.as_object().into_iter().flatten();
                let others = others
                    .filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name)));
                for (name, value) in others {
                    match wanted {
                        Value::Bool(false) => fault(format!("{name} is not described")),
                        schema => below.push((schema, value, format!("{at}/{name}"))),
                    }
                }
            }
            "items" => {
                for (place, value) in value.as_array().into_iter().flatten().enumerate() {
                    below.push((wanted, value, format!("{at}/{place}")));
                }
            }
            "anyOf" => {
                let all = wanted.as_array().unwrap().iter();
                let mut all = all.map(|schema| self::faults(schema, root, value, at));
                if let Some(first) = all.next().filter(|first| !first.is_empty())
                    && !all.any(|faults| faults.is_empty())
                {
                    fault(first.join("; "));
                }
            }
            other => panic!("the keyword {other} is not looked at here"),
        }
    }
    for (schema, value, at) in below {
        faults.extend(self::faults(schema, root, value, &at));
    }
    faults
}

/// What of an export another server can have: all that is the person's own, without the names that
/// a server gives to rooms, members and items.
fn portable(document: &Value) -> Value {
    let member = |room: &Value, by: &Value| json!(room["you"]["member"] == *by);
    let items = |room: &Value, items: &Value| -> Value {
        let items = items.as_array().into_iter().flatten();
        let items = items.map(|item| json!({"track": item["track"], "mine": member(room, &item["by"]), "pinned": item["pinned"], "reason": item["reason"]}));
        items.collect()
    };
    let rooms = document["rooms"].as_array().unwrap().iter();
    let mut rooms: Vec<Value> = rooms
        .filter(|room| room["owner"] == true)
        .map(|room| {
            let mut settings = room["settings"].clone();
            settings["id"] = Value::Null;
            settings["password"] = Value::Null;
            let played = json!([room["current"]]);
            json!({
                "title": room["title"],
                "settings": settings,
                "name": room["you"]["name"],
                "role": room["you"]["role"],
                "current": items(room, &played),
                "position_ms": room["playback"]["position_ms"],
                "queue": items(room, &room["queue"]),
                "history": items(room, &room["history"]),
            })
        })
        .collect();
    rooms.sort_by_key(|room| room["title"].to_string());
    let mut preferences = document["preferences"].clone();
    preferences["frozen"] = Value::Null;
    json!({
        "handle": document["handle"],
        "preferences": preferences,
        "picture": document["picture"],
        "rooms": rooms,
    })
}

/// A person who has something of everything that can be taken along; she stays in her rooms as long
/// as what is returned.
async fn filled(server: &Server, ada: &mut Browser) -> Vec<Client> {
    let mut here = Vec::new();
    let choices = json!({"handle": "ada_ldn", "language": "vi", "mails": {"rooms": true, "policy": true, "support": true}, "counted": false});
    assert_eq!(ada.ask("PATCH", "/api/me", choices).await.0, 200);
    let png = include_bytes!("picture.png");
    assert_eq!(
        ada.send("PUT", "/api/me/picture", "image/png", png).await.0,
        200
    );
    let letter = json!({"subject": "Help", "text": "It is quiet."});
    assert_eq!(
        ada.ask("POST", "/api/me/correspondence", letter).await.0,
        201
    );
    let label = json!({"label": "robot"});
    assert_eq!(ada.ask("POST", "/api/me/sessions", label).await.0, 201);
    let settings = json!({"title": "Kitchen", "visibility": "private", "password": "sesame", "order": "fair", "vote_skip_percent": 40, "slow_mode_ms": 1000, "items_per_person": 9, "longest_track_ms": 3_600_000, "host_leaves": "close", "permissions": {"add": "collaborator", "seek": "host"}});
    for settings in [settings, json!({"title": "Attic", "visibility": "public"})] {
        let (status, opened) = ada.ask("POST", "/api/rooms", settings).await;
        assert_eq!(status, 201, "{opened}");
        let room = opened["room"]["id"].as_str().unwrap();
        let mut host = ada.join(room, json!({"name": "Ada L."})).await;
        let tracks = json!([
            server.track(0),
            server.track(1),
            server.track(2),
            server.track(1)
        ]);
        host.call("queue.add", json!({"tracks": tracks}))
            .await
            .unwrap();
        if opened["room"]["password"] == false {
            let mut guest = server.join(room, json!({"name": "Gus"})).await;
            let theirs = json!({"tracks": [server.track(0)]});
            guest.call("queue.add", theirs).await.unwrap();
            let ban = json!({"member": guest.you, "ban_ms": 3_600_000});
            host.call("member.kick", ban).await.unwrap();
        }
        let current = host.event("playback.changed").await;
        let current = current["event"]["current"]["id"].clone();
        host.call("playback.skip", json!({"item": current}))
            .await
            .unwrap();
        host.call("chat.send", json!({"text": "in the air"}))
            .await
            .unwrap();
        host.call("invite.create", json!({"role": "collaborator", "uses": 2}))
            .await
            .unwrap();
        here.push(host);
    }
    here
}

#[tokio::test]
async fn an_export_is_what_its_schema_says_and_the_schema_is_served() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let (_, bare) = exported(&mut ada).await;
    let _here = filled(&server, &mut ada).await;
    let (zip, full) = exported(&mut ada).await;
    let (status, head, schema) = ada.send("GET", "/api/export.schema.json", "", b"").await;
    assert!(
        status == 200 && head.contains("application/schema+json"),
        "{head}"
    );
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    for document in [&bare, &full] {
        assert_eq!(
            faults(&schema, &schema, document, ""),
            [""; 0],
            "{document:#}"
        );
    }
    // The schema sees what it does not describe, what is missing, and what is of another kind.
    for (pointer, value) in [
        ("/handle", json!(7)),
        ("/rooms/0/settings/order", json!("loud")),
        ("/rooms/0/settings/vote_skip_percent", json!(101)),
        ("/rooms/0/queue/0", json!({})),
        (
            "/sessions/0",
            json!({"id": "1", "kind": "token", "label": "", "ends": "", "address": "192.0.2.1"}),
        ),
    ] {
        let mut wrong = full.clone();
        *wrong.pointer_mut(pointer).unwrap() = value;
        assert!(
            !faults(&schema, &schema, &wrong, "").is_empty(),
            "{pointer}"
        );
    }
    // What a room that is open holds is in it too, and a person can read all of it.
    assert!(full["live"].to_string().contains("in the air"), "{full:#}");
    let page = String::from_utf8(unzipped(&zip, "index.html").unwrap()).unwrap();
    for shown in [
        "ada_ldn",
        "It is quiet.",
        "in the air",
        "Kitchen",
        "robot",
        "Ada L.",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[tokio::test]
async fn an_export_is_read_in_by_another_server_and_exported_again_the_same() {
    let mut mailbox = Mailbox::open().await;
    let (here, there) = (
        Server::start_with(mailbox.config()).await,
        Server::start_with(mailbox.config()).await,
    );
    let mut ada = Browser::of(&here);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let _rooms = filled(&here, &mut ada).await;
    let (zip, before) = exported(&mut ada).await;
    assert_eq!(portable(&before)["rooms"].as_array().unwrap().len(), 2);
    let mut moved = Browser::of(&there);
    moved.sign_in(&mut mailbox, "ada@example.com").await;
    let import = "/api/me/import";
    let (status, _, told) = moved.send("POST", import, "application/zip", &zip).await;
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(status, 200, "{told:#}");
    let taken = &told["taken"];
    assert_eq!(
        (&taken["handle"], &taken["language"]),
        (&json!("ada_ldn"), &json!("vi"))
    );
    assert_eq!(
        taken["mails"],
        json!({"rooms": true, "policy": true, "support": true})
    );
    let rooms = taken["rooms"].as_array().unwrap();
    let kitchen = rooms
        .iter()
        .find(|room| room["title"] == "Kitchen")
        .unwrap();
    assert_eq!(kitchen["choose_password"], true, "{taken}");
    assert!(
        rooms.iter().all(|room| room["missing_tracks"] == 0),
        "{taken}"
    );
    for stays in [
        "emails",
        "subjects",
        "passkeys",
        "sessions",
        "correspondence",
    ] {
        let left = told["left"].as_array().unwrap();
        assert!(left.iter().any(|one| one["what"] == stays), "{stays}");
    }
    let (_, after) = exported(&mut moved).await;
    assert_eq!(portable(&after), portable(&before));
    assert_eq!(
        after["emails"],
        json!(["ada@example.com"]),
        "not proven here"
    );
    let ids = |document: &Value| -> Vec<String> {
        let rooms = document["rooms"].as_array().unwrap();
        rooms.iter().map(|room| room["id"].to_string()).collect()
    };
    assert!(ids(&after).iter().all(|id| !ids(&before).contains(id)));
    // The rooms are there: one is found by everybody, and music goes on in it when it is wanted.
    let (_, listed) = there.http("GET", "/api/rooms", &[], b"").await;
    assert!(
        listed.contains("Attic") && !listed.contains("Kitchen"),
        "{listed}"
    );
    let attic = rooms.iter().find(|room| room["title"] == "Attic").unwrap();
    let mut host = moved.join(attic["id"].as_str().unwrap(), json!({})).await;
    assert_eq!(host.joined["you"]["role"], "host");
    let item = host.joined["current"]["id"].clone();
    host.call("playback.play", json!({"item": item}))
        .await
        .unwrap();
    assert_eq!(
        host.event("playback.changed").await["event"]["playback"]["paused"],
        false
    );
}

#[tokio::test]
async fn a_room_that_its_owner_has_never_been_in_comes_along_and_they_have_their_handle_there() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let mut ada = Browser::of(&server);
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let wish = json!({"title": "Kitchen"});
    assert_eq!(ada.ask("POST", "/api/rooms", wish).await.0, 201);
    let (zip, _) = exported(&mut ada).await;
    let mut moved = Browser::of(&server);
    let me = moved.sign_in(&mut mailbox, "ada@example.com").await;
    let import = moved.send("POST", "/api/me/import", "application/zip", &zip);
    let (status, _, told) = import.await;
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(status, 200, "{told:#}");
    let room = told["taken"]["rooms"][0]["id"].as_str().unwrap();
    let mut host = moved.join(room, json!({})).await;
    let members = host.call("members", json!({})).await.unwrap().to_string();
    let handle = me["me"]["handle"].as_str().unwrap();
    assert!(members.contains(handle), "{members}");
}

#[tokio::test]
async fn an_import_says_what_is_wrong_and_then_takes_nothing() {
    let mut mailbox = Mailbox::open().await;
    let server = Server::start_with(mailbox.config()).await;
    let (mut ada, mut bob) = (Browser::of(&server), Browser::of(&server));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let _here = filled(&server, &mut ada).await;
    let (zip, document) = exported(&mut ada).await;
    bob.sign_in(&mut mailbox, "bob@example.org").await;
    let (_, before) = exported(&mut bob).await;
    let import = "/api/me/import";
    assert_eq!(
        Browser::of(&server)
            .send("POST", import, "application/zip", &zip)
            .await
            .0,
        401
    );
    assert_eq!(bob.send("GET", import, "application/zip", b"").await.0, 405);
    assert_eq!(
        bob.send("POST", import, "application/json", b"{}").await.0,
        415
    );
    let large = vec![0; (16 << 20) + 1];
    assert_eq!(
        bob.send("POST", import, "application/zip", &large).await.0,
        413
    );
    let with = |pointer: &str, value: Value, picture: &[u8]| {
        let mut document = document.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        zipped(&document, picture)
    };
    let jpeg = unzipped(&zip, "picture.jpg").unwrap();
    for (body, field) in [
        (
            with("/rooms/1/settings/title", json!(""), &jpeg),
            "rooms[1].settings.title",
        ),
        (
            with("/preferences/policy_mails", json!("yes"), &jpeg),
            "preferences.policy_mails",
        ),
        (with("/version", json!(9), &jpeg), "version"),
        // The last thing that is looked at.
        (with("/version", json!(1), b"no picture"), "picture"),
    ] {
        let (status, _, told) = bob.send("POST", import, "application/zip", &body).await;
        let told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!((status, &told["field"]), (400, &json!(field)), "{told}");
        assert!(
            told["detail"].as_str().unwrap().contains("expected"),
            "{told}"
        );
    }
    let (_, after) = exported(&mut bob).await;
    assert_eq!(after, before, "nothing was taken");
    // A handle that somebody has is left, and the rest is taken.
    let (status, _, told) = bob.send("POST", import, "application/zip", &zip).await;
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["left"][0]["what"], "handle", "{told}");
    assert_eq!(told["taken"]["rooms"].as_array().unwrap().len(), 2);
    let (_, me) = bob.ask("GET", "/api/me", Value::Null).await;
    assert_eq!(me["handle"], before["handle"]);
    // Frozen, it is used for nothing.
    assert_eq!(
        bob.ask("PATCH", "/api/me", json!({"frozen": true})).await.0,
        200
    );
    assert_eq!(
        bob.send("POST", import, "application/zip", &zip).await.0,
        403
    );
}

fn zipped(document: &Value, picture: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in [
        ("stereo-export.json", document.to_string().as_bytes()),
        ("picture.jpg", picture),
        ("../../evil.sh", b"never read"),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

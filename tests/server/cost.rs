//! What keeping a room costs those who listen to it: nothing, since events go out before the write.
//! `cargo test --release -p stereo --test server what_staying_costs -- --nocapture` prints how long
//! an event takes to a listener, and an acknowledgement to who asked, in a room that stays and in a
//! temporary one, turn by turn in one run.

use crate::person::{Browser, Mailbox};
use crate::support::{Client, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Tracks added to each room; a queue holds more.
const TURNS: usize = 200;

struct Room {
    host: Client,
    listener: Client,
    told: Vec<Duration>,
    acknowledged: Vec<Duration>,
}

impl Room {
    async fn open(server: &Server, browser: &mut Browser) -> Self {
        let (status, made) = browser.ask("POST", "/api/rooms", json!({})).await;
        assert_eq!(status, 201, "{made}");
        let room = made["room"]["id"].as_str().unwrap();
        let token = made["token"].clone();
        let params = if token.is_null() {
            json!({})
        } else {
            json!({"token": token})
        };
        Self {
            host: browser.join(room, params).await,
            listener: server.join(room, json!({})).await,
            told: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    /// Adds a track and takes it out again, so that the queue stays as short as it was.
    async fn turn(&mut self, track: &str) {
        let params = json!({"tracks": [track]});
        let begun = Instant::now();
        let (listener, host) = (&mut self.listener, &mut self.host);
        let told = async {
            listener.event("queue.added").await;
            begun.elapsed()
        };
        let acknowledged = async {
            let added = host.call("queue.add", params).await.unwrap();
            (begun.elapsed(), added)
        };
        let (told, (acknowledged, added)) = tokio::join!(told, acknowledged);
        self.told.push(told);
        self.acknowledged.push(acknowledged);
        let item = added["items"][0].clone();
        let _ = self.host.call("queue.remove", json!({"item": item})).await;
        self.listener.seen.clear();
        self.host.seen.clear();
    }
}

fn middle(times: &mut [Duration]) -> (f64, f64) {
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3;
    (at(50), at(99))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staying_costs_is_an_acknowledgement_and_not_the_listeners() {
    let mut mailbox = Mailbox::open().await;
    let mut config = mailbox.config();
    config.limits.0.commands_per_second = 10_000;
    config.limits.0.commands_burst = 10_000;
    let server = Server::start_with(config).await;
    let (mut ada, mut guest) = (Browser::of(&server), Browser::of(&server));
    ada.sign_in(&mut mailbox, "ada@example.org").await;
    let (_, library) = ada.ask("GET", "/api/tracks", Value::Null).await;
    let track = library["tracks"][0]["id"].as_str().unwrap().to_owned();
    let mut stays = Room::open(&server, &mut ada).await;
    let mut passing = Room::open(&server, &mut guest).await;
    for room in [&mut stays, &mut passing] {
        // Something plays: what is added from now on waits.
        let first = json!({"tracks": [track]});
        room.host.call("queue.add", first).await.unwrap();
        room.listener.event("queue.added").await;
    }
    for _ in 0..TURNS {
        stays.turn(&track).await;
        passing.turn(&track).await;
    }
    let mut figures = Vec::new();
    for (name, room) in [("stays", &mut stays), ("passes", &mut passing)] {
        let (told, acknowledged) = (middle(&mut room.told), middle(&mut room.acknowledged));
        println!(
            "a room that {name}: a listener hears after {:.2} ms (99 %: {:.2}), acknowledged after {:.2} ms (99 %: {:.2})",
            told.0, told.1, acknowledged.0, acknowledged.1
        );
        figures.push((told.0, acknowledged.0));
    }
    println!(
        "staying: a listener hears {:.2} times as late, an acknowledgement comes {:.2} times as late",
        figures[0].0 / figures[1].0,
        figures[0].1 / figures[1].1
    );
    assert_eq!(stays.told.len() + passing.told.len(), 2 * TURNS);
}

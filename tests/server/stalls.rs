//! Readers that stall, cut and come back: whatever the network does, each gets every event of the
//! room once, in order, with the same bytes as everybody else.
//!
//! `STEREO_SEED` gives another evening; a failure names the seed that it was found with.

use crate::support::{Server, config};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Xorshift: the same evening for the same seed, but for what the scheduler does.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// What happened to somebody.
#[derive(Default)]
struct Story {
    /// Events as they came: the text of `params` by `seq`.
    events: BTreeMap<u64, Box<str>>,
    /// Places up to which a snapshot stood in for events.
    snapshots: Vec<u64>,
    resumed: u32,
    dropped: u32,
    replies: u32,
    packed: u32,
}

#[derive(Deserialize)]
struct Frame<'a> {
    method: Option<&'a str>,
    id: Option<u64>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Joined<'a> {
    epoch: &'a str,
    seq: u64,
    you: You<'a>,
    #[serde(borrow)]
    missed: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct You<'a> {
    token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Numbered {
    seq: u64,
}

/// Somebody with a bad network.
struct Listener {
    server: std::net::SocketAddr,
    room: String,
    dice: Dice,
    deflate: bool,
    /// Does not read at all until the evening is over.
    asleep: bool,
    story: Story,
    seq: u64,
    epoch: String,
    token: Option<String>,
}

/// What the evening ends with.
const GOODBYE: &str = "Goodbye, all";

/// Why one connection was over.
enum Over {
    /// Everything had come.
    Done,
    Cut,
}

impl Listener {
    async fn listen(mut self, last: Arc<AtomicU64>) -> Story {
        // 0 until the evening has its last event.
        while let Over::Cut = self.connection(&last).await {}
        self.story
    }

    async fn connection(&mut self, last: &AtomicU64) -> Over {
        let mut stream = self.open().await;
        let mut carry = Vec::new();
        let mut buffer = vec![0; 16 << 10];
        loop {
            let end = last.load(Ordering::Acquire);
            if end > 0 && self.seq >= end {
                return Over::Done;
            }
            if self.asleep && end == 0 && !self.epoch.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            if end == 0 {
                match self.dice.below(200) {
                    0 => return Over::Cut,
                    1..=4 => tokio::time::sleep(Duration::from_millis(self.dice.below(60))).await,
                    5..=24 => self.ask(&mut stream).await,
                    _ => {}
                }
            }
            let most = 1 + self.dice.below(buffer.len() as u64) as usize;
            // The last event may be set while nothing more comes: look again.
            let read = stream.read(&mut buffer[..most]);
            match tokio::time::timeout(Duration::from_millis(100), read).await {
                Err(_) => continue,
                Ok(Ok(read)) if read > 0 => carry.extend_from_slice(&buffer[..read]),
                Ok(_) => {
                    // It took nothing for so long that it was let go of without the code.
                    self.story.dropped += 1;
                    return Over::Cut;
                }
            }
            let mut done = 0;
            while let Some((first, payload, length)) = frame(&carry[done..]) {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                match first & 0x0f {
                    1 if first & 0x40 != 0 => {
                        self.story.packed += 1;
                        let text = inflate(payload);
                        self.take(&text);
                    }
                    1 => self.take(payload),
                    8 => {
                        // On a machine so slow that a sleeper misses two pings, it is silent.
                        assert!(matches!(code, Some(4001 | 4002)), "closed with {code:?}");
                        self.story.dropped += 1;
                        return Over::Cut;
                    }
                    9 => {}
                    other => panic!("opcode {other}"),
                }
                done += length;
            }
            carry.drain(..done);
        }
    }

    /// A handshake and a join, which resumes where the last connection ended.
    async fn open(&mut self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let mut stream = socket.connect(self.server).await.unwrap();
        let extension = if self.deflate {
            "sec-websocket-extensions: permessage-deflate\r\n"
        } else {
            ""
        };
        let request = format!(
            "GET /rooms/{}/socket HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             sec-websocket-protocol: stereo.v1\r\n{extension}\r\n",
            self.room, self.server
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        let resume =
            (!self.epoch.is_empty()).then(|| json!({"epoch": self.epoch, "seq": self.seq}));
        let params = json!({"name": "Ann", "token": self.token, "resume": resume});
        let join = json!({"jsonrpc": "2.0", "id": 1, "method": "join", "params": params});
        stream.write_all(&masked(&join.to_string())).await.unwrap();
        stream
    }

    /// A request whose answer is woven into the room's stream.
    async fn ask(&mut self, stream: &mut TcpStream) {
        let ask = json!({"jsonrpc": "2.0", "id": 2, "method": "queue", "params": {}});
        // A connection that is over is noticed by reading.
        let _ = stream.write_all(&masked(&ask.to_string())).await;
    }

    fn take(&mut self, text: &[u8]) {
        let frame: Frame<'_> = serde_json::from_slice(text).expect("whole JSON in each frame");
        match (frame.method, frame.id) {
            (Some("event"), _) => self.event(frame.params.expect("params"), "live"),
            (Some(_), _) => {}
            (None, Some(1)) => self.joined(frame.result.expect("let in").get()),
            (None, Some(2)) => self.story.replies += 1,
            (None, id) => panic!("an answer to {id:?}"),
        }
    }

    fn joined(&mut self, result: &str) {
        let joined: Joined<'_> = serde_json::from_str(result).unwrap();
        self.token = joined.you.token.map(Into::into).or(self.token.take());
        match joined.missed {
            Some(missed) => {
                self.story.resumed += 1;
                for event in missed {
                    self.event(event, "missed");
                }
                assert_eq!(self.seq, joined.seq, "what was missed ends at `seq`");
            }
            None => {
                self.story.snapshots.push(joined.seq);
                self.seq = joined.seq;
            }
        }
        self.epoch = joined.epoch.into();
    }

    fn event(&mut self, event: &RawValue, how: &str) {
        let Numbered { seq } = serde_json::from_str(event.get()).unwrap();
        assert_eq!(seq, self.seq + 1, "a gap or a repeat in {how} events");
        self.seq = seq;
        self.story.events.insert(seq, event.get().into());
    }
}

/// The first frame of `bytes`, when it is whole: its first byte, payload and length.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let [first, second, rest @ ..] = bytes else {
        return None;
    };
    let (length, start) = match second {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (u64::from_be_bytes(*rest.first_chunk()?) as usize, 10),
        short => (usize::from(*short), 2),
    };
    let payload = bytes.get(start..start + length)?;
    Some((*first, payload, start + length))
}

fn inflate(payload: &[u8]) -> Vec<u8> {
    let mut whole = payload.to_vec();
    whole.extend_from_slice(&[0, 0, 0xff, 0xff]);
    let mut text = Vec::with_capacity(1 << 20);
    let mut inflater = flate2::Decompress::new(false);
    let flush = flate2::FlushDecompress::Sync;
    inflater.decompress_vec(&whole, &mut text, flush).unwrap();
    text
}

/// A text frame of a client, under a mask of zeros.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&(text.len() as u16).to_be_bytes());
    if text.len() < 126 {
        frame.truncate(1);
        frame.push(0x80 | text.len() as u8);
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

async fn evening(listeners: usize, events: usize) {
    let seed = std::env::var("STEREO_SEED").map_or(0x5eed_2026, |seed| seed.parse().unwrap());
    println!("STEREO_SEED={seed}");
    let mut settings = config();
    settings.limits.0.outbox_bytes = 40 << 10;
    settings.limits.0.commands_per_second = 100_000;
    settings.limits.0.commands_burst = 100_000;
    settings.limits.0.event_ring = 150;
    let server = Server::start_with(settings).await;
    let (room, token) = server.room(json!({})).await;
    let mut host = server.join(&room, json!({"token": token})).await;
    let mut steady = server.join(&room, json!({"name": "Steady"})).await;
    let last = Arc::new(AtomicU64::new(0));
    let mut crowd = tokio::task::JoinSet::new();
    for place in 0..listeners {
        let listener = Listener {
            server: server.address,
            room: room.clone(),
            dice: Dice((seed ^ (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1),
            deflate: place % 3 == 0,
            asleep: place % 20 == 7,
            story: Story::default(),
            seq: 0,
            epoch: String::new(),
            token: None,
        };
        crowd.spawn(listener.listen(last.clone()));
    }
    // The log: what somebody with a good network saw.
    let told = last.clone();
    let steady = tokio::spawn(async move {
        let mut log = BTreeMap::new();
        loop {
            let text = steady.frame().await.into_text().unwrap();
            let frame: Frame<'_> = serde_json::from_str(&text).unwrap();
            if let (Some("event"), Some(params)) = (frame.method, frame.params) {
                let Numbered { seq } = serde_json::from_str(params.get()).unwrap();
                log.insert(seq, Box::<str>::from(params.get()));
                if params.get().contains(GOODBYE) {
                    told.store(seq, Ordering::Release);
                    return log;
                }
            }
        }
    });
    let mut dice = Dice(seed | 1);
    for number in 0..events {
        let text = format!("{number} {}", "é\"".repeat(dice.below(240) as usize));
        host.call("chat.send", json!({"text": text})).await.unwrap();
        host.seen.clear();
    }
    let goodbye = host.call("chat.send", json!({"text": GOODBYE})).await;
    let end = goodbye.unwrap()["seq"].as_u64().unwrap();
    let log = steady.await.expect("somebody whose network is good");
    let first = *log.keys().next().unwrap();
    let mut total = Story::default();
    while let Some(story) = crowd.join_next().await {
        let story = story.expect("a listener who kept to the rules");
        let known = story.events.range(first..);
        for (seq, text) in known {
            assert_eq!(Some(text), log.get(seq), "event {seq}, seed {seed}");
        }
        assert!(
            story.events.contains_key(&end) || story.snapshots.contains(&end),
            "somebody never came to the end, seed {seed}"
        );
        total.resumed += story.resumed;
        total.dropped += story.dropped;
        total.replies += story.replies;
        total.packed += story.packed;
        total.snapshots.extend(story.snapshots);
    }
    println!(
        "{listeners} listeners, {events} events: {} resumed, {} began with a snapshot, {} were too slow, {} replies woven in, {} frames compressed",
        total.resumed,
        total.snapshots.len(),
        total.dropped,
        total.replies,
        total.packed
    );
    assert!(total.resumed > 0 && total.dropped > 0 && total.replies > 0 && total.packed > 0);
}

/// Written by the room itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_room_gives_everybody_the_same_events() {
    evening(60, 300).await;
}

/// Written by shards.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_room_gives_everybody_the_same_events() {
    evening(220, 300).await;
}

#[test]
fn the_listeners_of_these_tests_read_frames() {
    let value: Value = json!({"a": 1});
    let text = value.to_string();
    let mut bytes = vec![0x81, text.len() as u8];
    bytes.extend_from_slice(text.as_bytes());
    assert_eq!(frame(&bytes[..3]), None);
    assert_eq!(frame(&bytes), Some((0x81, text.as_bytes(), bytes.len())));
}

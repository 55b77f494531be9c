//! Readers that stall, cut and come back: whatever the network does, each gets every event of the
//! room once, in order, byte for byte as they stand in the room's own log.
//!
//! `STEREO_SEED` gives another evening; a failure names the seed that it was found with.

use crate::support::{Server, WAIT, config};
use crate::tls::{certify, trusting, with_tls};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stereo::config::Config;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

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

/// A network, encrypted or not.
trait Net: AsyncRead + AsyncWrite + Send + Unpin {}
impl<N: AsyncRead + AsyncWrite + Send + Unpin> Net for N {}

/// The way to a room's server.
#[derive(Clone)]
struct Way {
    server: std::net::SocketAddr,
    tls: Option<TlsConnector>,
}

impl Way {
    /// `narrow`: with so small a buffer that the server soon finds it full.
    async fn connect(&self, narrow: bool) -> Box<dyn Net> {
        let socket = TcpSocket::new_v4().unwrap();
        if narrow {
            socket.set_recv_buffer_size(4 << 10).unwrap();
        }
        let stream = socket.connect(self.server).await.unwrap();
        match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = "localhost".try_into().unwrap();
                Box::new(tls.connect(name, stream).await.unwrap())
            }
        }
    }

    /// Opens a room: its id and the host's token.
    async fn room(&self) -> (String, String) {
        let mut stream = self.connect(false).await;
        let request = format!(
            "POST /api/rooms HTTP/1.1\r\nhost: localhost:{}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}",
            self.server.port()
        );
        send(&mut stream, request.as_bytes()).await;
        let mut answer = String::new();
        // An end without a goodbye of TLS is an end.
        let _ = stream.read_to_string(&mut answer).await;
        let body = answer.split("\r\n\r\n").nth(1).expect("an answer");
        let body: Value = serde_json::from_str(body).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&body["room"]["id"]), text(&body["token"]))
    }

    /// A socket of the room that has asked to join.
    async fn join(&self, room: &str, params: Value, deflate: bool, narrow: bool) -> Box<dyn Net> {
        let mut stream = self.connect(narrow).await;
        let extension = if deflate {
            "sec-websocket-extensions: permessage-deflate\r\n"
        } else {
            ""
        };
        let request = format!(
            "GET /rooms/{room}/socket HTTP/1.1\r\nhost: localhost:{}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             sec-websocket-protocol: stereo.v1\r\n{extension}\r\n",
            self.server.port()
        );
        send(&mut stream, request.as_bytes()).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        send(&mut stream, &request_frame(1, "join", params)).await;
        stream
    }
}

async fn send(stream: &mut Box<dyn Net>, bytes: &[u8]) {
    // A connection that is over is noticed by reading.
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.flush().await;
    }
}

fn request_frame(id: u64, method: &str, params: Value) -> Vec<u8> {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    masked(&request.to_string())
}

/// The host, who speaks faster than answers come, and reads the room's log.
struct Host {
    stream: Box<dyn Net>,
    carry: Vec<u8>,
    next_id: u64,
    epoch: String,
    /// What the room says that it holds: the text of each event by `seq`.
    log: BTreeMap<u64, Box<str>>,
    /// The place before the log.
    before: u64,
}

#[derive(Deserialize)]
struct Held<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

impl Host {
    async fn new(way: &Way, room: &str, token: &str) -> Self {
        let stream = way.join(room, json!({"token": token}), false, false).await;
        let mut host = Self {
            stream,
            carry: Vec::new(),
            next_id: 2,
            epoch: String::new(),
            log: BTreeMap::new(),
            before: 0,
        };
        let joined = host.answer(1).await;
        let joined: Joined<'_> = serde_json::from_str(&joined).unwrap();
        (host.epoch, host.before) = (joined.epoch.into(), joined.seq);
        host
    }

    /// Says all of this at once, then waits for the answers; the place of the last.
    async fn say(&mut self, texts: &[String]) -> u64 {
        let first = self.next_id;
        let mut bytes = Vec::new();
        for text in texts {
            let params = json!({"text": text});
            bytes.extend(request_frame(self.next_id, "chat.send", params));
            self.next_id += 1;
        }
        send(&mut self.stream, &bytes).await;
        let mut last = 0;
        for id in first..self.next_id {
            let answer = self.answer(id).await;
            last = serde_json::from_str::<Numbered>(&answer).unwrap().seq;
        }
        self.copy_log().await;
        last
    }

    /// Asks the room for what it holds beyond what was asked before.
    async fn copy_log(&mut self) {
        let after = self.log.keys().next_back().copied().unwrap_or(self.before);
        let id = self.next_id;
        self.next_id += 1;
        let params = json!({"epoch": self.epoch, "after": after});
        send(&mut self.stream, &request_frame(id, "events", params)).await;
        let answer = self.answer(id).await;
        let held: Held<'_> = serde_json::from_str(&answer).unwrap();
        for event in held.events {
            let Numbered { seq } = serde_json::from_str(event.get()).unwrap();
            self.log.insert(seq, event.get().into());
        }
    }

    /// The result of a request, among everything else that comes.
    async fn answer(&mut self, id: u64) -> String {
        loop {
            while let Some((first, payload, length)) = frame(&self.carry) {
                let text = (first == 0x81).then(|| String::from_utf8(payload.to_vec()).unwrap());
                self.carry.drain(..length);
                let Some(text) = text else { continue };
                let frame: Frame<'_> = serde_json::from_str(&text).unwrap();
                if frame.method.is_none() && frame.id == Some(id) {
                    return frame
                        .result
                        .unwrap_or_else(|| panic!("{text}"))
                        .get()
                        .into();
                }
            }
            let read = self.stream.read_buf(&mut self.carry);
            let read = tokio::time::timeout(WAIT, read).await.expect("an answer");
            assert!(read.unwrap() > 0, "the host is put out");
        }
    }
}

/// Somebody with a bad network.
struct Listener {
    way: Way,
    room: String,
    dice: Dice,
    deflate: bool,
    /// Does not read at all until the evening is over.
    asleep: bool,
    /// Has a good network, for once.
    steady: bool,
    story: Story,
    seq: u64,
    epoch: String,
    token: Option<String>,
}

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
            if end == 0 && !self.steady {
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
    async fn open(&mut self) -> Box<dyn Net> {
        let resume =
            (!self.epoch.is_empty()).then(|| json!({"epoch": self.epoch, "seq": self.seq}));
        let params = json!({"name": "Ann", "token": self.token, "resume": resume});
        self.way
            .join(&self.room, params, self.deflate, !self.steady)
            .await
    }

    /// A request whose answer is woven into the room's stream.
    async fn ask(&mut self, stream: &mut Box<dyn Net>) {
        send(stream, &request_frame(2, "queue", json!({}))).await;
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

fn settings(outbox_bytes: u32) -> Config {
    let mut settings = config();
    settings.limits.0.outbox_bytes = outbox_bytes;
    settings.limits.0.commands_per_second = 100_000;
    settings.limits.0.commands_burst = 100_000;
    settings.limits.0.event_ring = 150;
    settings
}

async fn evening(
    server: &Server,
    tls: Option<TlsConnector>,
    listeners: usize,
    events: usize,
) -> Story {
    let seed = std::env::var("STEREO_SEED").map_or(0x5eed_2026, |seed| seed.parse().unwrap());
    println!("STEREO_SEED={seed}");
    let way = Way {
        server: server.address,
        tls,
    };
    let (room, token) = way.room().await;
    let mut host = Host::new(&way, &room, &token).await;
    let last = Arc::new(AtomicU64::new(0));
    let mut crowd = tokio::task::JoinSet::new();
    for place in 0..listeners {
        let listener = Listener {
            way: way.clone(),
            room: room.clone(),
            dice: Dice((seed ^ (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1),
            deflate: place % 3 == 0,
            asleep: place % 20 == 7,
            steady: place % 50 == 1,
            story: Story::default(),
            seq: 0,
            epoch: String::new(),
            token: None,
        };
        let (last, steady) = (last.clone(), listener.steady);
        crowd.spawn(async move { (steady, listener.listen(last).await) });
    }
    // Events that come while people still come in, and then many at once.
    let mut dice = Dice(seed | 1);
    let mut number = 0;
    while number < events {
        let together = 8 + dice.below(21);
        let texts: Vec<String> = (0..together)
            .map(|place| {
                let rest = "é\"".repeat(dice.below(160) as usize);
                format!("{} {rest}", number + place as usize)
            })
            .collect();
        host.say(&texts).await;
        number += texts.len();
    }
    // Whoever came late has heard something too.
    while server.app.wheel.count() <= listeners / 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let end = host.say(&["Goodbye, all".into()]).await;
    last.store(end, Ordering::Release);
    let log = &host.log;
    let expected: Vec<u64> = (host.before + 1..=end).collect();
    let held: Vec<u64> = log.range(..=end).map(|(seq, _)| *seq).collect();
    assert_eq!(held, expected, "the log has no gap");
    let mut total = Story::default();
    while let Some(story) = crowd.join_next().await {
        let (steady, story) = story.expect("a listener who kept to the rules");
        for (seq, text) in story.events.range(..=end) {
            assert_eq!(Some(text), log.get(seq), "event {seq}, seed {seed}");
        }
        assert!(
            story.events.contains_key(&end) || story.snapshots.contains(&end),
            "somebody never came to the end, seed {seed}"
        );
        // Whoever has a good network sees whatever comes; on a machine so busy that they are too
        // slow even so, they come back like everybody else.
        let since = *story.snapshots.last().expect("joined");
        let after = since + 1..=end;
        let heard = story.events.keys().filter(|seq| after.contains(seq));
        assert_eq!(
            heard.count() as u64,
            end.saturating_sub(since),
            "each event since the join, seed {seed}"
        );
        if steady {
            assert_eq!(story.snapshots.len(), 1, "never away for long, seed {seed}");
        }
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
    assert!(total.resumed > 0 && total.replies > 0 && total.packed > 0);
    total
}

/// Written by the room itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_room_gives_everybody_the_events_of_its_log() {
    let server = Server::start_with(settings(40 << 10)).await;
    assert!(evening(&server, None, 60, 300).await.dropped > 0);
}

/// Written by one shard.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_room_gives_everybody_the_events_of_its_log() {
    let server = Server::start_with(settings(40 << 10)).await;
    assert!(evening(&server, None, 220, 300).await.dropped > 0);
}

/// Each connection is written by its own task.
#[tokio::test(flavor = "multi_thread")]
async fn over_tls_everybody_gets_the_events_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let config = Config {
        tls: with_tls(folder.path()).tls,
        ..settings(100 << 10)
    };
    let server = Server::start_with(config).await;
    let tls = trusting(&certificate, &[&rustls::version::TLS13]);
    evening(&server, Some(tls), 60, 300).await;
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

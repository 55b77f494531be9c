//! People who listen with good and with bad networks: they stall, cut and come back, and note what
//! they get, byte for byte; and a host, who has the room's own log to hold it against. On raw
//! sockets and without buffers of their own, so that there may be a thousand of them.

use crate::support::{WAIT, config};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use stereo::config::Config;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The seed of an evening: `STEREO_SEED` gives another one.
pub(crate) fn seed() -> u64 {
    let seed = std::env::var("STEREO_SEED").map_or(0x5eed_2026, |seed| seed.parse().unwrap());
    println!("STEREO_SEED={seed}");
    seed
}

/// Xorshift: the same evening for the same seed, but for what the scheduler does.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// What happened to somebody, or to all of them.
#[derive(Default)]
pub(crate) struct Story {
    /// Events as they came: the text of `params` by `seq`.
    events: BTreeMap<u64, Box<str>>,
    /// Places up to which a snapshot stood in for events.
    pub(crate) snapshots: Vec<u64>,
    pub(crate) resumed: u32,
    pub(crate) dropped: u32,
    /// Answers woven into the stream.
    pub(crate) replies: u32,
    /// Frames that were compressed.
    pub(crate) packed: u32,
}

/// What the room says that it holds: the text of each event by `seq`.
pub(crate) type Log = BTreeMap<u64, Box<str>>;

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
pub(crate) trait Net: AsyncRead + AsyncWrite + Send + Unpin {}
impl<N: AsyncRead + AsyncWrite + Send + Unpin> Net for N {}

/// The way to a server.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) server: std::net::SocketAddr,
    pub(crate) tls: Option<TlsConnector>,
}

impl Way {
    /// `narrow`: with so small a buffer that the server soon finds it full.
    pub(crate) async fn connect(&self, narrow: bool) -> Box<dyn Net> {
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
    pub(crate) async fn room(&self) -> (String, String) {
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
    pub(crate) async fn join(
        &self,
        room: &str,
        params: Value,
        deflate: bool,
        narrow: bool,
    ) -> Box<dyn Net> {
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

pub(crate) async fn send(stream: &mut Box<dyn Net>, bytes: &[u8]) {
    // A connection that is over is noticed by reading.
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.flush().await;
    }
}

pub(crate) fn request_frame(id: u64, method: &str, params: Value) -> Vec<u8> {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    masked(&request.to_string())
}

/// The host, who speaks faster than answers come, and reads the room's log.
pub(crate) struct Host {
    stream: Box<dyn Net>,
    carry: Vec<u8>,
    next_id: u64,
    pub(crate) epoch: String,
    pub(crate) token: String,
    pub(crate) log: Log,
    /// The place before the log.
    before: u64,
}

#[derive(Deserialize)]
struct Held<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

impl Host {
    pub(crate) async fn new(way: &Way, room: &str, token: &str) -> Self {
        Self::enter(way, room, json!({"token": token})).await
    }

    pub(crate) async fn enter(way: &Way, room: &str, params: Value) -> Self {
        let stream = way.join(room, params, false, false).await;
        let mut host = Self {
            stream,
            carry: Vec::new(),
            next_id: 2,
            epoch: String::new(),
            token: String::new(),
            log: Log::new(),
            before: 0,
        };
        let joined = host.answer(1).await;
        let joined: Joined<'_> = serde_json::from_str(&joined).unwrap();
        (host.epoch, host.before) = (joined.epoch.into(), joined.seq);
        host.token = joined.you.token.unwrap_or_default().into();
        host
    }

    /// Says so many things at once, of any length, then waits for the answers; the place of the
    /// last.
    pub(crate) async fn chatter(&mut self, count: u64, dice: &mut Dice) -> u64 {
        let texts: Vec<String> = (0..count)
            .map(|place| format!("{place} {}", "é\"".repeat(dice.below(160) as usize)))
            .collect();
        self.say(&texts).await
    }

    /// As [`Self::chatter`], with these texts.
    pub(crate) async fn say(&mut self, texts: &[String]) -> u64 {
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

    /// Asks for one thing: its result.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        send(&mut self.stream, &request_frame(id, method, params)).await;
        serde_json::from_str(&self.answer(id).await).unwrap()
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

    /// Fails when the log up to `end` has a gap.
    pub(crate) fn check_log(&self, end: u64) {
        let expected: Vec<u64> = (self.before + 1..=end).collect();
        let held: Vec<u64> = self.log.range(..=end).map(|(seq, _)| *seq).collect();
        assert_eq!(held, expected, "the log has no gap");
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

/// How people of a crowd behave.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// One in so many reads ends a connection; four times as often nobody reads for a while, and
    /// twenty times as often something is asked meanwhile.
    pub(crate) restless: u64,
    /// One in so many has a good network, for once.
    pub(crate) steady: usize,
    pub(crate) seed: u64,
}

/// People who listen to one room, until all of them have heard the same last event.
pub(crate) struct Crowd {
    way: Way,
    room: String,
    habits: Habits,
    people: JoinSet<Story>,
    count: usize,
    /// How often somebody has come for the first time.
    came: (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
    /// The last event that they wait for; 0 until that is known.
    until: watch::Sender<u64>,
}

impl Crowd {
    pub(crate) fn new(way: &Way, room: &str, habits: Habits) -> Self {
        Self {
            way: way.clone(),
            room: room.into(),
            habits,
            people: JoinSet::new(),
            count: 0,
            came: mpsc::unbounded_channel(),
            until: watch::Sender::new(0),
        }
    }

    /// Lets so many more come.
    pub(crate) fn bring(&mut self, count: usize) {
        for place in self.count..self.count + count {
            let seed = self.habits.seed ^ (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let listener = Listener {
                way: self.way.clone(),
                room: self.room.clone(),
                dice: Dice(seed | 1),
                restless: self.habits.restless,
                deflate: place % 3 == 0,
                asleep: place % 20 == 7,
                steady: place % self.habits.steady == 1,
                came: self.came.0.clone(),
                until: self.until.subscribe(),
                story: Story::default(),
                seq: 0,
                epoch: String::new(),
                token: None,
            };
            self.people.spawn(listener.listen());
        }
        self.count += count;
    }

    /// Waits until all who were brought have come.
    pub(crate) async fn all_came(&mut self) {
        for _ in 0..self.count {
            let came = tokio::time::timeout(WAIT, self.came.1.recv());
            came.await.expect("everybody comes");
        }
    }

    /// Lets everybody go who has heard the event `end`, and holds what each has heard against the
    /// room's log.
    pub(crate) async fn end(mut self, log: &Log, end: u64) -> Story {
        let seed = self.habits.seed;
        self.until.send_replace(end);
        let mut total = Story::default();
        while let Some(story) = self.people.join_next().await {
            let story = story.expect("a listener who kept to the rules");
            for (seq, text) in story.events.range(..=end) {
                assert_eq!(Some(text), log.get(seq), "event {seq}, seed {seed}");
            }
            assert!(
                story.events.contains_key(&end) || story.snapshots.contains(&end),
                "somebody never came to the end, seed {seed}"
            );
            let since = *story.snapshots.last().expect("joined");
            let after = since + 1..=end;
            let heard = story.events.keys().filter(|seq| after.contains(seq));
            assert_eq!(
                heard.count() as u64,
                end.saturating_sub(since),
                "each event since the join, seed {seed}"
            );
            total.resumed += story.resumed;
            total.dropped += story.dropped;
            total.replies += story.replies;
            total.packed += story.packed;
            total.snapshots.extend(story.snapshots);
        }
        println!(
            "{} listeners, {} events: {} resumed, {} began with a snapshot, {} were too slow, {} replies woven in, {} frames compressed",
            self.count,
            log.len(),
            total.resumed,
            total.snapshots.len(),
            total.dropped,
            total.replies,
            total.packed
        );
        total
    }
}

/// Somebody of a crowd.
struct Listener {
    way: Way,
    room: String,
    dice: Dice,
    restless: u64,
    deflate: bool,
    /// Does not read at all until the evening is over.
    asleep: bool,
    /// Whoever has a good network sees whatever comes; on a machine so busy that they are too slow
    /// even so, they come back like everybody else.
    steady: bool,
    came: mpsc::UnboundedSender<()>,
    until: watch::Receiver<u64>,
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
    async fn listen(mut self) -> Story {
        while let Over::Cut = self.connection().await {}
        if self.steady {
            assert_eq!(self.story.snapshots.len(), 1, "never away for long");
        }
        self.story
    }

    async fn connection(&mut self) -> Over {
        let mut stream = self.open().await;
        let mut carry = Vec::new();
        let mut buffer = vec![0; 16 << 10];
        loop {
            let end = *self.until.borrow_and_update();
            if end > 0 && self.seq >= end {
                return Over::Done;
            }
            if self.asleep && end == 0 && !self.epoch.is_empty() {
                self.until.changed().await.expect("an end");
                continue;
            }
            if end == 0 && !self.steady {
                match self.dice.below(self.restless) {
                    0 => return Over::Cut,
                    1..=4 => tokio::time::sleep(Duration::from_millis(self.dice.below(60))).await,
                    5..=24 => self.ask(&mut stream).await,
                    _ => {}
                }
            }
            let most = 1 + self.dice.below(buffer.len() as u64) as usize;
            // The last event may become known when nothing more comes.
            let read = tokio::select! {
                read = stream.read(&mut buffer[..most]) => read,
                changed = self.until.changed() => {
                    changed.expect("an end");
                    continue;
                }
            };
            match read {
                Ok(read) if read > 0 => carry.extend_from_slice(&buffer[..read]),
                _ => {
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
        if self.epoch.is_empty() {
            let _ = self.came.send(());
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

/// A config for people who ask much, and who are let go of when so many bytes wait for them.
pub(crate) fn settings(outbox_bytes: u32) -> Config {
    let mut settings = config();
    settings.limits.0.outbox_bytes = outbox_bytes;
    settings.limits.0.commands_per_second = 100_000;
    settings.limits.0.commands_burst = 100_000;
    settings.limits.0.event_ring = 150;
    settings
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

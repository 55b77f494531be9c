//! A person with a browser and a mailbox: cookies are kept as a browser does, and letters arrive by
//! real SMTP.

use crate::support::{Client, Server, config, exchange, open_socket};
use base64::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use stereo::config::Config;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// A mail server that takes everything, unless it is told otherwise.
pub(crate) struct Mailbox {
    letters: mpsc::UnboundedReceiver<String>,
    pub(crate) url: String,
    manner: watch::Sender<Manner>,
    turned_away: watch::Receiver<Counts>,
}

/// How a mail server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes what comes.
    Takes,
    /// It says "not now" to whatever comes.
    Refuses,
    /// It takes the letter and says nothing any more, until it is told something else.
    Hangs,
}

/// What a mail server has not taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// "Not now" was said so often.
    pub(crate) refused: u32,
    /// So many letters wait for its word.
    pub(crate) hanging: u32,
    /// So often the other side went away while it hung.
    pub(crate) broken_off: u32,
}

impl Mailbox {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, letters) = mpsc::unbounded_channel();
        let (manner, told) = watch::channel(Manner::Takes);
        let (count, turned_away) = watch::channel(Counts::default());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, told, count) = (sender.clone(), told.clone(), count.clone());
                tokio::spawn(take_letters(stream, sender, told, count));
            }
        });
        Self {
            letters,
            url,
            manner,
            turned_away,
        }
    }

    /// From now on it behaves like this.
    pub(crate) fn behave(&self, manner: Manner) {
        let _ = self.manner.send(manner);
    }

    /// Waits until this holds of what it has not taken.
    pub(crate) async fn until(&mut self, holds: impl FnMut(&Counts) -> bool) {
        let wait = std::time::Duration::from_secs(60);
        let counted = tokio::time::timeout(wait, self.turned_away.wait_for(holds)).await;
        counted.expect("in time").unwrap();
    }

    /// A config of a server that sends its letters here.
    pub(crate) fn config(&self) -> Config {
        let mut config = config();
        config.mail.smtp = self.url.clone();
        config.mail.from = "Stereo <stereo@example.org>".into();
        config
    }

    /// The next letter: its head and parts as they travel, transfer encodings undone.
    pub(crate) async fn letter(&mut self) -> String {
        let wait = std::time::Duration::from_secs(60);
        let letter = tokio::time::timeout(wait, self.letters.recv()).await;
        readable(&letter.expect("a letter in time").unwrap())
    }

    /// The token of the link in the next letter.
    pub(crate) async fn token(&mut self) -> String {
        let letter = self.letter().await;
        let from = letter.find("#token=").expect("a link") + "#token=".len();
        let is_of_token = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        let rest = &letter[from..];
        let end = rest
            .find(|letter| !is_of_token(letter))
            .unwrap_or(rest.len());
        rest[..end].to_owned()
    }

    /// How many letters have come and were not read.
    pub(crate) fn waiting(&self) -> usize {
        self.letters.len()
    }
}

async fn take_letters(
    stream: TcpStream,
    letters: mpsc::UnboundedSender<String>,
    mut manner: watch::Receiver<Manner>,
    count: watch::Sender<Counts>,
) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await.unwrap();
    let mut data: Option<String> = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(text) = &mut data {
            if line == "." {
                if *manner.borrow_and_update() == Manner::Hangs {
                    count.send_modify(|counts| counts.hanging += 1);
                    tokio::select! {
                        _ = manner.changed() => {}
                        _ = lines.next_line() => {
                            count.send_modify(|counts| counts.broken_off += 1);
                            return;
                        }
                    }
                }
                let _ = letters.send(data.take().unwrap());
                write.write_all(b"250 taken\r\n").await.unwrap();
            } else {
                text.push_str(line.strip_prefix('.').unwrap_or(&line));
                text.push('\n');
            }
            continue;
        }
        let answer = match line.split(' ').next().unwrap().to_uppercase().as_str() {
            "DATA" => {
                data = Some(String::new());
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            "RCPT" if *manner.borrow() == Manner::Refuses => {
                count.send_modify(|counts| counts.refused += 1);
                "451 not now\r\n"
            }
            _ => "250 good\r\n",
        };
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A letter with the transfer encodings of its parts undone.
fn readable(letter: &str) -> String {
    let mut whole = String::new();
    // A line of a part may begin with two dashes, too, when a word is cut in front of them.
    let boundary = letter.split("boundary=\"").nth(1);
    let boundary = boundary.and_then(|rest| rest.split('"').next());
    for part in letter.split(&format!("\n--{}", boundary.unwrap_or_default())) {
        let (head, body) = part.split_once("\n\n").unwrap_or((part, ""));
        let encoding = head.to_lowercase();
        let body = match encoding.split_once("content-transfer-encoding: ") {
            Some((_, name)) if name.starts_with("quoted-printable") => unquoted(body),
            Some((_, name)) if name.starts_with("base64") => {
                let joined: String = body.split_whitespace().collect();
                let engine = base64::engine::general_purpose::STANDARD;
                String::from_utf8(engine.decode(joined).unwrap()).unwrap()
            }
            _ => body.to_owned(),
        };
        whole += &format!("{head}\n\n{body}\n");
    }
    whole
}

/// Undoes quoted-printable (RFC 2045 §6.7).
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// A browser: its cookies, and pages of ours.
pub(crate) struct Browser {
    pub(crate) address: SocketAddr,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn of(server: &Server) -> Self {
        Self::at(server.address)
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            cookies: BTreeMap::new(),
        }
    }

    /// One in which somebody has signed in by mail.
    pub(crate) async fn signed_in(address: SocketAddr, mailbox: &mut Mailbox, email: &str) -> Self {
        let mut browser = Self::at(address);
        browser.sign_in(mailbox, email).await;
        browser
    }

    /// What it sends as `Cookie`.
    pub(crate) fn cookie(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// A request of a page of ours: the status, and the answer as JSON or text.
    pub(crate) async fn ask(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, _, answer) = self
            .send(method, path, "application/json", body.as_bytes())
            .await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        (status, serde_json::from_str(&text).unwrap_or(json!(text)))
    }

    /// As [`Self::ask`], with bytes: status, head and body.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        body: &[u8],
    ) -> (u16, String, Vec<u8>) {
        let origin = format!("http://{}", self.address);
        let cookie = self.cookie();
        let mut headers = vec![("origin", origin.as_str()), ("content-type", kind)];
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let (status, head, body) = exchange(self.address, method, path, &headers, body).await;
        self.keep_cookies(&head);
        (status, head, body)
    }

    pub(crate) fn keep_cookies(&mut self, head: &str) {
        for line in head.lines() {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            assert!(value.contains("; HttpOnly; SameSite=Lax"), "{value}");
            let (name, rest) = value.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
    }

    /// Signs in by mail: what the server says of it.
    pub(crate) async fn sign_in(&mut self, mailbox: &mut Mailbox, email: &str) -> Value {
        let asked = self
            .ask("POST", "/api/sign-in/email", json!({"email": email}))
            .await;
        assert_eq!(asked.0, 202, "{}", asked.1);
        let token = mailbox.token().await;
        let (status, told) = self
            .ask(
                "POST",
                "/api/sign-in/email/confirm",
                json!({"token": token}),
            )
            .await;
        assert_eq!(status, 200, "{told}");
        told
    }

    /// Opens a room, which stays if somebody is signed in and it is not said otherwise: its id.
    pub(crate) async fn open_room(&mut self, settings: Value) -> String {
        let (status, opened) = self.ask("POST", "/api/rooms", settings).await;
        assert_eq!(status, 201, "{opened}");
        opened["room"]["id"].as_str().unwrap().into()
    }

    /// The id of a track of the library.
    pub(crate) async fn track(&mut self, place: usize) -> String {
        let (_, library) = self.ask("GET", "/api/tracks", Value::Null).await;
        library["tracks"][place]["id"].as_str().unwrap().into()
    }

    /// Deletes the account that is signed in: the receipt, which says that it is erased.
    pub(crate) async fn delete_account(&mut self) -> Value {
        let (_, me) = self.ask("GET", "/api/me", Value::Null).await;
        let confirm = json!({"confirm": me["handle"]});
        let (status, receipt) = self.ask("DELETE", "/api/me", confirm).await;
        assert_eq!(
            (status, &receipt["erased"]),
            (200, &json!(true)),
            "{receipt}"
        );
        receipt
    }

    /// A socket that a page of ours opens, joined.
    pub(crate) async fn join(&self, room: &str, params: Value) -> Client {
        let origin = format!("http://{}", self.address);
        let cookie = self.cookie();
        let mut headers = vec![("origin", origin.as_str())];
        if !cookie.is_empty() {
            headers.push(("cookie", &cookie));
        }
        let mut client = open_socket(self.address, room, &headers).await.unwrap();
        let joined = client.call("join", params).await.expect("joined");
        client.you = joined["you"]["member"].as_str().unwrap().into();
        client.joined = joined;
        client
    }
}

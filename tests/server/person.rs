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
use tokio::sync::mpsc;

/// A mail server that takes everything.
pub(crate) struct Mailbox {
    letters: mpsc::UnboundedReceiver<String>,
    pub(crate) url: String,
}

impl Mailbox {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, letters) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take_letters(stream, sender.clone()));
            }
        });
        Self { letters, url }
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

async fn take_letters(stream: TcpStream, letters: mpsc::UnboundedSender<String>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await.unwrap();
    let mut data: Option<String> = None;
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(text) = &mut data {
            if line == "." {
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
            _ => "250 good\r\n",
        };
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Undoes quoted-printable and base64, well enough to look for something.
fn readable(letter: &str) -> String {
    let mut whole = letter.replace("=\n", "").replace("=3D", "=");
    let engine = base64::engine::general_purpose::STANDARD;
    for part in letter.split("\n\n") {
        let joined: String = part.split_whitespace().collect();
        if let Ok(bytes) = engine.decode(joined) {
            whole.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    whole
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

//! Pictures and exports that come badly: too slowly, not to their end, or more than was said. Each
//! has an end and a clear answer, and what did come of it is kept nowhere.

use crate::person::{Browser, Mailbox};
use crate::support::{Server, WAIT};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What takes an upload, and the most bytes that it takes.
const UPLOADS: [(&str, &str, usize); 2] = [
    ("PUT", "/api/me/picture", 5 << 20),
    ("POST", "/api/me/import", 16 << 20),
];

const PICTURE: &[u8] = include_bytes!("picture.png");

struct Scene {
    server: Server,
    ada: Browser,
    _mailbox: Mailbox,
}

impl Scene {
    /// `patience_ms`: for an upload.
    async fn set(patience_ms: u64) -> Self {
        let mut mailbox = Mailbox::open().await;
        let mut config = mailbox.config();
        config.server.upload_timeout_ms = patience_ms;
        let server = Server::start_with(config).await;
        let mut ada = Browser::of(&server);
        ada.sign_in(&mut mailbox, "ada@example.org").await;
        Self {
            server,
            ada,
            _mailbox: mailbox,
        }
    }

    /// A connection on which an upload has begun, of so many bytes or in chunks.
    async fn begin(&self, method: &str, path: &str, length: Option<usize>) -> TcpStream {
        let mut stream = TcpStream::connect(self.server.address).await.unwrap();
        let length = match length {
            Some(length) => format!("content-length: {length}"),
            None => "transfer-encoding: chunked".into(),
        };
        let address = self.server.address;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
             cookie: {}\r\ncontent-type: application/octet-stream\r\n{length}\r\n\r\n",
            self.ada.cookie()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// No half of anything is kept.
    async fn has_no_picture(&mut self) {
        let (status, me) = self.ada.ask("GET", "/api/me", Value::Null).await;
        assert_eq!((status, &me["picture"]), (200, &Value::Null));
    }
}

/// Everything that the server says until it closes: the status and the body of the first answer.
async fn answer(stream: &mut TcpStream) -> (u16, Value) {
    let mut said = Vec::new();
    let read = tokio::time::timeout(WAIT, stream.read_to_end(&mut said));
    read.await.expect("the end").expect("no reset");
    let said = String::from_utf8(said).unwrap();
    let (head, rest) = said.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let first: Option<Result<Value, _>> =
        serde_json::Deserializer::from_str(rest).into_iter().next();
    (status, first.expect("a body").unwrap())
}

#[tokio::test]
async fn an_upload_that_dribbles_has_an_end() {
    let mut scene = Scene::set(500).await;
    for (method, path, most) in UPLOADS {
        let mut stream = scene.begin(method, path, Some(most)).await;
        let (mut read, mut write) = stream.split();
        let dribbling = async {
            // Always a little more, so that no silence ends it.
            while write.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let mut first = [0; 512];
        let (status, read) = tokio::select! {
            () = dribbling => panic!("{path}: closed without an answer"),
            read = read.read(&mut first) => ("HTTP/1.1 408 ", read.unwrap()),
        };
        let said = String::from_utf8_lossy(&first[..read]);
        assert!(said.starts_with(status), "{path}: {said}");
    }
    scene.has_no_picture().await;
}

#[tokio::test]
async fn an_upload_that_stops_in_the_middle_has_an_end_and_is_told_what_was_missing() {
    let mut scene = Scene::set(300).await;
    for (method, path, _) in UPLOADS {
        let mut stream = scene.begin(method, path, Some(PICTURE.len() + 1)).await;
        stream.write_all(PICTURE).await.unwrap();
        let (status, told) = answer(&mut stream).await;
        assert_eq!((status, &told["kind"]), (408, &json!("invalid")), "{path}");
        assert_eq!(told["detail"], "the body did not come", "{path}");
    }
    scene.has_no_picture().await;
}

#[tokio::test]
async fn an_upload_whose_sender_goes_away_leaves_nothing() {
    let mut scene = Scene::set(60_000).await;
    for (method, path, _) in UPLOADS {
        let mut stream = scene.begin(method, path, Some(PICTURE.len() + 1)).await;
        stream.write_all(PICTURE).await.unwrap();
        stream.shutdown().await.unwrap();
        // Nobody is there to be told anything; the connection ends.
        let mut said = Vec::new();
        let read = tokio::time::timeout(WAIT, stream.read_to_end(&mut said));
        read.await.expect("the end").unwrap();
    }
    scene.has_no_picture().await;
}

#[tokio::test]
async fn an_upload_that_is_too_large_is_told_so_though_it_goes_on_coming() {
    let mut scene = Scene::set(60_000).await;
    for (method, path, most) in UPLOADS {
        // Said beforehand: refused before any of it is read.
        let mut stream = scene.begin(method, path, Some(most + 1)).await;
        stream.write_all(&vec![0; most + 1]).await.unwrap();
        let (status, told) = answer(&mut stream).await;
        assert_eq!(status, 413, "{path}: {told}");
        let expected = format!("expected a body of at most {most} bytes");
        assert_eq!(told["detail"], expected, "{path}");
        // Not said beforehand: refused when it is too much.
        let mut stream = scene.begin(method, path, None).await;
        let chunk = [&b"10000\r\n"[..], &[0; 1 << 16], b"\r\n"].concat();
        for _ in 0..=most >> 16 {
            stream.write_all(&chunk).await.unwrap();
        }
        let (status, told) = answer(&mut stream).await;
        assert_eq!((status, &told["detail"]), (413, &json!(expected)), "{path}");
    }
    scene.has_no_picture().await;
}

#[tokio::test]
async fn what_comes_behind_the_length_of_a_picture_is_no_part_of_it() {
    let scene = Scene::set(60_000).await;
    let mut stream = scene
        .begin("PUT", "/api/me/picture", Some(PICTURE.len()))
        .await;
    stream.write_all(PICTURE).await.unwrap();
    stream.write_all(b"and then some\r\n\r\n").await.unwrap();
    let (status, told) = answer(&mut stream).await;
    assert_eq!(status, 200, "{told}");
    assert!(told["picture"]["small"].is_string(), "{told}");
}

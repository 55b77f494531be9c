//! A server that takes reports, and keeps every byte of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};

/// The stub.
pub(super) struct Stub {
    /// What reports are sent to.
    pub(super) dsn: String,
    /// Requests, head and content.
    pub(super) taken: Receiver<String>,
}

impl Stub {
    pub(super) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dsn = format!("http://key@{}/1", listener.local_addr().unwrap());
        let (sender, taken) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head += &line;
                }
                let mut content = vec![0; length];
                stream.read_exact(&mut content).unwrap();
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                stream.get_mut().write_all(answer).unwrap();
                if sender
                    .send(head + &String::from_utf8(content).unwrap())
                    .is_err()
                {
                    return;
                }
            }
        });
        Self { dsn, taken }
    }
}

//! One HTTP request at a time, waiting for the answer: rooms are made before anything is measured.

use super::address::Address;
use super::handshake::head_end;
use super::wire;
use crate::failure::{Failure, Outcome};
use serde_json::Value;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

/// Sends a request and reads its answer as JSON.
pub(crate) fn json(
    address: &Address,
    method: &str,
    path: &str,
    body: Option<&str>,
) -> Outcome<Value> {
    let failed = |what: String| Failure::new(format!("{method} {path} at {address}: {what}"));
    let answer = exchange(address, method, path, body.unwrap_or(""))
        .map_err(|error| failed(error.to_string()))?;
    let end = head_end(&answer).ok_or_else(|| failed("it does not speak HTTP".into()))?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.lines().next().unwrap_or_default();
    let text = String::from_utf8_lossy(&answer[end..]);
    match status.split(' ').nth(1) {
        Some(code) if code.starts_with('2') => {}
        _ => return Err(failed(format!("{status}: {}", first(&text)))),
    }
    serde_json::from_str(&text)
        .map_err(|error| failed(format!("the answer is no JSON ({error}): {}", first(&text))))
}

fn exchange(address: &Address, method: &str, path: &str, body: &str) -> std::io::Result<Vec<u8>> {
    let stream = TcpStream::connect_timeout(&address.socket, WAIT)?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    let mut stream = wire::blocking(stream, address).map_err(std::io::Error::other)?;
    let host = &address.host;
    let length = body.len();
    stream.write_all(
        format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes(),
    )?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // Closed without TLS's own goodbye, behind an answer.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        read => drop(read?),
    }
    Ok(answer)
}

/// The beginning of a text, for a message.
pub(crate) fn first(text: &str) -> String {
    let line: String = text.trim().chars().take(200).collect();
    line.replace(['\r', '\n'], " ")
}

//! `stereo support …`: asks the running server, over the operations listener, with the token that
//! only who can read the folder for data can read. Answers are read from standard input, so that
//! they reach no shell's history.

use super::Way;
use crate::config::Ask;
use crate::store::OPERATOR_TOKEN;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// How long the server may take.
const WAIT: Duration = Duration::from_secs(30);

/// Asks, and gives what to print.
///
/// # Errors
/// What to say to the operator.
pub fn carry_out(ask: &Ask, folder: &Path) -> Result<String, String> {
    let way = Way::read(folder)?;
    match ask {
        Ask::List => Ok(listed(&call(&way, "GET", "/support", "")?)),
        Ask::Show { thread } => Ok(shown(&call(&way, "GET", &path(thread, "")?, "")?)),
        Ask::Answer { thread } => {
            let path = path(thread, "/answer")?;
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map_err(|error| format!("standard input: {error}"))?;
            call(&way, "POST", &path, &json!({"text": text}).to_string())?;
            Ok("answered\n".into())
        }
        Ask::Close { thread } => {
            call(&way, "POST", &path(thread, "/close")?, "{}")?;
            Ok("closed\n".into())
        }
        Ask::Look { thread } => {
            let seen = call(&way, "POST", &path(thread, "/look")?, "{}")?;
            Ok(format!("{seen:#}\n"))
        }
    }
}

fn path(thread: &str, rest: &str) -> Result<String, String> {
    let is_id = !thread.is_empty() && thread.bytes().all(|byte| byte.is_ascii_hexdigit());
    match is_id {
        true => Ok(format!("/support/{thread}{rest}")),
        false => Err(format!(
            "{thread:?} names no thread: see stereo support list"
        )),
    }
}

/// One request (HTTP/1.1, of a connection of its own).
fn call(way: &Way, method: &str, path: &str, body: &str) -> Result<Value, String> {
    let Way { address, token } = way;
    let told = |error: std::io::Error| {
        format!("{address}, which {OPERATOR_TOKEN} names: {error}; is the server running?")
    };
    let mut stream = TcpStream::connect_timeout(address, WAIT).map_err(told)?;
    stream.set_read_timeout(Some(WAIT)).map_err(told)?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(told)?;
    understood(&String::from_utf8_lossy(&answer))
}

fn understood(answer: &str) -> Result<Value, String> {
    let odd = || "the server's answer is not understood".to_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).ok_or_else(odd)?;
    let value: Value = match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(body).map_err(|_| odd())?,
    };
    match status.starts_with('2') {
        true => Ok(value),
        false => Err(value["detail"].as_str().map_or_else(odd, str::to_owned)),
    }
}

fn listed(value: &Value) -> String {
    let mut out = String::new();
    let threads = value["threads"].as_array().map_or(&[][..], Vec::as_slice);
    if threads.is_empty() {
        out.push_str("no letters\n");
    }
    for thread in threads {
        let state = match (thread["waits"] == true, thread["closed"] == true) {
            (true, _) => "waits",
            (_, true) => "closed",
            _ => "answered",
        };
        let _ = writeln!(
            out,
            "{}  {}  {state:<8}  {}  {}",
            word(&thread["id"]),
            word(&thread["day"]),
            word(&thread["handle"]),
            word(&thread["subject"]),
        );
    }
    out
}

fn shown(thread: &Value) -> String {
    let mut out = format!(
        "{}: {}\n",
        word(&thread["handle"]),
        word(&thread["subject"])
    );
    let letters = thread["letters"].as_array();
    for letter in letters.into_iter().flatten() {
        let who = match letter["by"] == "support" {
            true => "support",
            false => word(&thread["handle"]),
        };
        let _ = write!(
            out,
            "\n{}, {who}:\n{}\n",
            word(&letter["day"]),
            word(&letter["text"])
        );
    }
    let granted = match thread["grant"].as_str() {
        Some(what) => format!("you may look at: {what}"),
        None => "nothing of the account may be looked at".into(),
    };
    let _ = write!(out, "\n({granted})\n");
    out
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_threads_reach_a_path() {
        assert_eq!(path("2a", "/look").unwrap(), "/support/2a/look");
        for other in ["", "../metrics", "2a/x", "2a x", "2a\r\n"] {
            assert!(path(other, "").is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let answer = "HTTP/1.1 403 Forbidden\r\na: b\r\n\r\n{\"detail\":\"not allowed\"}";
        assert_eq!(understood(answer), Err("not allowed".into()));
        let answer = "HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(understood(answer), Ok(Value::Null));
        assert!(understood("nonsense").is_err());
    }
}

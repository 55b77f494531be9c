//! What a profile can say of a server that is not ours, against small ones that are made for it.

use super::support::{BENCH, bench, figure, folder, run};
use std::io::{Read, Write};
use std::net::TcpListener;

/// A profile of the floor's kind with something more, and other files beside it.
fn profile(folder: &std::path::Path, more: &str, files: &[(&str, &str)]) -> String {
    let path = folder.join("profile.toml");
    let floor = include_str!("../../profiles/floor.toml");
    let (before, _) = floor.split_once("[server]").unwrap();
    std::fs::write(&path, format!("{before}{more}")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_profile_starts_what_lies_beside_it() {
    let folder = folder("beside");
    let script = format!("exec {BENCH} floor\n");
    let server = "[server]\narguments = [\"{profile}/serve.sh\"]\n";
    let profile = profile(&folder, server, &[("serve.sh", &script)]);
    let run = run(&[
        "fanout",
        "--server",
        "/bin/sh",
        "--profile",
        &profile,
        "--listeners",
        "3",
        "--events",
        "5",
    ]);
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(figure(&run, "deliveries"), 15.0);
    assert_eq!(figure(&run, "lost"), 0.0);
}

/// Opens a WebSocket, asks whether somebody is there, and gives the answer.
fn asks(listener: &TcpListener) -> Vec<u8> {
    let (mut stream, _) = listener.accept().unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    // The answer to the key of the RFC's example, which the generator shows.
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(answer.as_bytes()).unwrap();
    stream.write_all(b"\x81\x022?").unwrap();
    let mut frame = [0; 8];
    stream.read_exact(&mut frame).unwrap();
    let (header, payload) = frame.split_at(6);
    let mask = header[2..].iter();
    let said = payload.iter().zip(mask).map(|(byte, key)| byte ^ key);
    let said = header[..2].iter().copied().chain(said).collect();
    // Until the generator has had enough.
    let _ = stream.read_to_end(&mut Vec::new());
    said
}

#[test]
fn a_heartbeat_is_answered() {
    let folder = folder("heartbeat");
    let profile = profile(&folder, "[heartbeat]\nis = \"2?\"\nanswer = \"3!\"\n", &[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = std::thread::spawn(move || asks(&listener));
    let outcome = bench(&[
        "idle",
        "--address",
        &address,
        "--profile",
        &profile,
        "--listeners",
        "1",
        "--seconds",
        "0.2",
        "--quiet",
    ]);
    std::fs::remove_dir_all(folder).unwrap();
    assert!(outcome.good, "{}{}", outcome.error, outcome.out);
    assert_eq!(asked.join().unwrap(), b"\x81\x823!");
}

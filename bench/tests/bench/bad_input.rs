//! What cannot work is said, with what to do about it.

use super::support::{BENCH, Running, Server, bench, figure, finished, folder, stereo};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;

const FLOOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/floor.toml");

/// Runs a small fan-out that has to fail: what is said.
fn refused(arguments: &[&str]) -> String {
    let small = ["fanout", "--listeners", "3", "--events", "3", "--quiet"];
    let outcome = bench(&[&small, arguments].concat());
    assert!(!outcome.good, "{}", outcome.out);
    outcome.error + &outcome.out
}

/// Answers everyone with these words.
fn says(words: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(words.as_bytes());
        }
    });
    address
}

#[test]
fn a_server_that_is_not_there_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for profile in [vec![], vec!["--profile", FLOOR]] {
        let said = refused(&[&["--address", &address], &profile[..]].concat());
        assert!(said.to_lowercase().contains("refuse"), "{said}");
        assert!(said.contains(&address), "{said}");
    }
}

#[test]
fn what_speaks_no_websocket_is_told_apart() {
    for (words, told) in [
        ("220 mail.example ESMTP\r\n", "does not speak HTTP"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "\"200 OK\", which opens no WebSocket",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "Sec-WebSocket-Accept",
        ),
        ("", "closed the connection during the handshake"),
    ] {
        let address = says(words).to_string();
        let said = refused(&["--address", &address, "--profile", FLOOR]);
        assert!(said.contains(told), "{words:?}: {said}");
    }
}

#[test]
fn a_server_of_another_kind_than_the_profile_says_so() {
    let server = Server::start("kind");
    let said = refused(&["--address", &server.address, "--profile", FLOOR]);
    assert!(said.contains("opens no WebSocket"), "{said}");

    let folder = folder("subprotocol");
    let path = folder.join("profile.toml");
    let text = std::fs::read_to_string(FLOOR).unwrap();
    let wrong = text.replace(
        "path = \"/{room}\"",
        "path = \"/{room}\"\nsubprotocol = \"chat.v7\"",
    );
    assert_ne!(text, wrong);
    std::fs::write(&path, wrong).unwrap();
    let mut floor = Command::new(BENCH)
        .arg("floor")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = floor.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).unwrap();
    let said = refused(&[
        "--address",
        line.trim(),
        "--profile",
        path.to_str().unwrap(),
    ]);
    floor.kill().unwrap();
    floor.wait().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(said.contains("subprotocol chat.v7"), "{said}");
}

#[test]
fn a_mistake_in_a_profile_is_told_with_its_place() {
    let folder = folder("profile");
    let path = folder.join("mine.toml");
    let path = path.to_str().unwrap();
    let text = std::fs::read_to_string(FLOOR).unwrap();
    for (from, to, told) in [
        ("path = ", "paht = ", "unknown field `paht`"),
        ("{number}", "{nubmer}", "{nubmer} stands for nothing"),
        ("name = \"floor\"", "name = floor", "line 3, column"),
    ] {
        std::fs::write(path, text.replace(from, to)).unwrap();
        let said = refused(&["--profile", path]);
        assert!(
            said.contains(told) && said.contains("line ") && said.contains("column "),
            "{said}"
        );
        assert!(said.contains("mine.toml"), "{said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_event_that_the_server_refuses_is_told_in_its_words() {
    let said = refused(&["--server", stereo(), "--bytes", "2000"]);
    assert!(said.contains("publishing is refused"), "{said}");
    assert!(said.contains("too_large") || said.contains("500"), "{said}");
}

#[test]
fn too_few_descriptors_are_told_with_the_numbers() {
    let script = format!(
        "ulimit -Sn 80; ulimit -Hn 80; exec {BENCH} fanout --server {} --listeners 500 --quiet",
        stereo()
    );
    let outcome = finished(Command::new("sh").args(["-c", &script]));
    assert!(!outcome.good, "{}", outcome.out);
    let said = outcome.error;
    // Where we may raise our own limit, the server's is still what it was started with.
    assert!(
        said.contains("500 connections need 532 descriptors"),
        "{said}"
    );
    assert!(
        said.contains("may open 80") && said.contains("fewer listeners"),
        "{said}"
    );
}

#[test]
fn no_port_left_is_told_with_a_way_out() {
    let server = Server::start("ports");
    let said = refused(&["--address", &server.address, "--source", "192.0.2.1"]);
    assert!(
        said.contains("no free port") && said.contains("--source"),
        "{said}"
    );
}

#[test]
fn a_server_that_dies_in_the_middle_leaves_what_there_was() {
    let mut server = Server::start("dies");
    let id = server.child.id().to_string();
    let mut running = Running::start(&[
        "paced",
        "--address",
        &server.address,
        "--pid",
        &id,
        "--listeners",
        "20",
        "--rate",
        "20",
        "--seconds",
        "600",
    ]);
    running.until("measuring");
    server.kill();
    let outcome = running.end();
    assert!(!outcome.good);
    assert!(outcome.out.contains("deliveries"), "{}", outcome.out);
    let told = outcome.out.contains("ended in the middle") || outcome.out.contains("is lost");
    assert!(told, "{}", outcome.out);
}

#[test]
fn a_storm_goes_on_when_some_do_not_get_in() {
    // The server lets 30 sockets of one address in: the host, and 29 of the others.
    let folder = folder("storm");
    let config = folder.join("config.toml");
    std::fs::write(&config, "[server]\nmax_connections_per_address = 30\n").unwrap();
    let config = config.to_str().unwrap();
    let outcome = bench(&[
        "join",
        "--server",
        stereo(),
        "--config",
        config,
        "--joiners",
        "50",
        "--items",
        "1",
        "--quiet",
        "--json",
        "-",
    ]);
    std::fs::remove_dir_all(folder).unwrap();
    assert!(!outcome.good, "{}", outcome.out);
    let runs: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(figure(&runs[0], "joined"), 29.0, "{}", outcome.out);
    let failure = runs[0]["failure"].as_str().unwrap();
    assert!(
        failure.starts_with("21 of 50 connections ended in the middle"),
        "{failure}"
    );
}

#[test]
fn arguments_that_make_no_sense_are_explained() {
    for (arguments, told) in [
        (vec!["--pid", "4194303"], "there is no such process"),
        (vec!["--address", "wss://127.0.0.1:1"], "refused"),
        (vec!["--tls"], "--server"),
        (vec!["--listeners", "0"], "expected at least 1"),
        (vec!["--server-cpu", "x"], "expected numbers of cores"),
        (vec!["--server", "/nowhere/stereo"], "cannot be started"),
        (vec!["--server", "true"], "ended before it served"),
    ] {
        let outcome = bench(&[&["fanout", "--quiet"], &arguments[..]].concat());
        let said = outcome.error;
        assert!(
            !outcome.good && said.contains(told),
            "{arguments:?}: {said}"
        );
    }
    let outcome = bench(&[
        "idle",
        "--server",
        "floor",
        "--listeners",
        "2",
        "--act",
        "report",
    ]);
    let said = outcome.error;
    assert!(
        !outcome.good && said.contains("no action report: it has none"),
        "{said}"
    );
    let outcome = bench(&["report", FLOOR]);
    assert!(
        outcome.error.contains("no results of stereo-bench"),
        "{}",
        outcome.error
    );
    let outcome = bench(&["compare", "--only", "everything"]);
    assert!(
        outcome
            .error
            .contains("there is no such case; there are one, "),
        "{}",
        outcome.error
    );
}

//! From what is meant to bytes, and back.

use super::room::{Room, chat_notice};
use divan::{Bencher, black_box, counter::BytesCount};
use stereo_protocol::{Command, Request};

/// One event, as it goes to everyone: encoded once, whoever listens.
#[divan::bench]
fn event() -> Vec<u8> {
    serde_json::to_vec(black_box(&chat_notice(42))).unwrap()
}

/// The shared part of a snapshot: encoded once per event, whoever joins.
#[divan::bench(args = [0, 20, 499])]
fn snapshot(bencher: Bencher<'_, '_>, items: usize) {
    let room = Room::new(100, items);
    let length = room.state.shared_snapshot().len();
    bencher
        .counter(BytesCount::new(length))
        .bench_local(|| black_box(room.state.shared_snapshot()));
}

/// A request of a client: envelope, operation, command.
#[divan::bench(args = ["chat.send", "clock"])]
fn request(bencher: Bencher<'_, '_>, method: &str) {
    let params = match method {
        "clock" => r#"{"t0":1234567.125}"#,
        _ => r#"{"text":"That bass line again, I could listen to it all night","op":"a-1"}"#,
    };
    let text = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{params}}}"#);
    bencher.bench_local(|| {
        let request = Request::decode(black_box(&text)).unwrap();
        black_box(request.op().unwrap());
        Command::decode(&request.method, request.params).unwrap()
    });
}

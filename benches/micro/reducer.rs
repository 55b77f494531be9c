//! The fold that server and clients share.

use super::room::{Room, chat_notice};
use divan::{Bencher, black_box};
use stereo_protocol::{Event, EventNotice, PublicState};

/// A message into a chat that is full.
#[divan::bench]
fn chat(bencher: Bencher<'_, '_>) {
    let mut state = Room::new(100, 20).state.public().clone();
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            chat_notice(number)
        })
        .bench_local_refs(|notice| state.fold(black_box(notice), 200));
}

/// The last of a queue to its front.
#[divan::bench(args = [20, 499])]
fn moved(bencher: Bencher<'_, '_>, items: usize) {
    let mut state = Room::new(10, items).state.public().clone();
    let notice = chat_notice(1);
    bencher.bench_local(|| {
        let event = Event::QueueMoved {
            item: state.queue.last().unwrap().id,
            after: None,
            pinned: false,
        };
        let notice = EventNotice {
            event,
            ..notice.clone()
        };
        state.fold(black_box(&notice), 200);
    });
}

/// A whole evening, event by event, from the vectors that both reducers must pass.
#[divan::bench(args = ["evening-1", "evening-2", "evening-3"])]
fn evening(bencher: Bencher<'_, '_>, name: &str) {
    let path = format!(
        "{}/protocol/vectors/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let vector: serde_json::Value = serde_json::from_str(&text).unwrap();
    let start: PublicState = serde_json::from_value(vector["snapshot"].clone()).unwrap();
    let steps = vector["steps"].as_array().unwrap();
    let events: Vec<EventNotice> = steps
        .iter()
        .map(|step| serde_json::from_value(step["event"].clone()).unwrap())
        .collect();
    bencher
        .with_inputs(|| start.clone())
        .bench_local_refs(|state| events.iter().for_each(|event| state.fold(event, 200)));
}

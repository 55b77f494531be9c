//! The steps of one delivery by themselves: `cargo bench`, or `cargo bench --bench micro frame`.
//! What they cost together, over sockets, is `bench/`'s to say.

// A benchmark that cannot go on says so at once.
#![allow(clippy::unwrap_used)]

mod encode;
mod frame;
mod outbox;
mod reducer;
mod room;

fn main() {
    divan::main();
}

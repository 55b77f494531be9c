//! A room: its pure state, and the task that owns it.
//!
//! Everything but `actor`, `fanout` and `handle` is pure: takes inputs and times, gives
//! events and effects. No HTTP, no sockets, no storage in here.

pub mod actor;
mod audience;
mod chat;
mod door;
mod elsewhere;
mod fanout;
mod handle;
mod ids;
mod input;
mod keep;
mod keeping;
mod log;
mod members;
mod moderation;
mod ops;
mod playback;
mod queue;
mod ranking;
mod read;
mod resting;
mod ring;
mod rules;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod undo;
mod votes;

pub use door::not_found;
pub use handle::{Arrival, Gate, RoomHandle};
pub use input::{
    Answer, ConnectionId, Done, Effect, Input, Join, Made, MemberKey, Ms, SecretHash, Step, Wish,
};
pub use moderation::apply_update;
pub use ops::asked_to_add;
pub use read::Summary;
pub use resting::Resting;
pub use rules::Rules;
pub use state::State;

//! The contract between server, browser SDK and load generator.
//!
//! Everything that crosses the wire is a type in here, and the room's public state is a fold of
//! its events ([`PublicState::fold`]). What may not enter: sockets, clocks, randomness, storage;
//! serde and serde_json are the only dependencies. The prose is in `protocol/README.md`.

mod chat;
mod close;
mod command;
mod error;
mod event;
mod ids;
mod limits;
mod notice;
mod people;
mod playback;
mod queue;
mod reduce;
mod request;
mod results;
mod room;
mod snapshot;

pub use chat::ChatMessage;
pub use close::CloseCode;
pub use command::*;
pub use error::{ErrorData, ErrorKind, ErrorObject};
pub use event::{Cause, EndReason, Ended, Event, EventNotice};
pub use ids::{BanId, ClockId, Epoch, InviteId, ItemId, MemberId, MessageId, RoomId, TrackId};
pub use limits::Limits;
pub use notice::{Closing, ClosingReason, Health, Notification, PresenceNotice, TallyNotice};
pub use people::{People, Person, Role};
pub use playback::{Playback, Vote};
pub use queue::{Place, QueueItem, Track};
pub use reduce::{PEOPLE_KEPT, PublicState};
pub use request::{DecodeError, Request, RequestId, Response, decode_params};
pub use results::{ClockAnswer, Done, EventsPage, MembersPage, QueuePage};
pub use room::{
    Entry, HostLeaves, Order, Permissions, PermissionsUpdate, RoomSettings, RoomUpdate, Visibility,
};
pub use snapshot::{Joined, Presence, Snapshot, You};

/// The WebSocket subprotocol that names this version of the wire.
pub const SUBPROTOCOL: &str = "stereo.v1";

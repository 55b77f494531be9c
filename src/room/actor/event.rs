//! What a room's task can be asked, and where its answers go.

use super::super::input::{Join, MemberKey, SecretHash, Wish};
use crate::connection::Outlet;
use crate::store::AccountId;
use std::sync::Arc;
use stereo_protocol::{Command, ErrorObject, MemberId, Report, RequestId};
use tokio::sync::oneshot;

/// Everything that a room's task is woken for.
#[derive(Debug)]
pub enum RoomEvent {
    /// Somebody wants to come in.
    Join(Box<Arriving>),
    /// A connection ended.
    Leave {
        /// Which.
        outlet: Arc<Outlet>,
        /// Whose.
        member: MemberId,
        /// With a close frame of the peer.
        said_goodbye: bool,
    },
    /// A change is wanted.
    Wish {
        /// By whom.
        member: MemberId,
        /// Where the answer goes, when one is wanted.
        reply: Option<Reply>,
        /// What.
        wish: Wish,
        /// Applied once under this.
        op: Option<Box<str>>,
    },
    /// Tracks elsewhere are to be added, which are looked at first.
    BeforeAdding {
        /// By whom.
        member: MemberId,
        /// Where the answer goes, when one is wanted.
        reply: Option<Reply>,
        /// Applied once under this.
        op: Option<Box<str>>,
        /// What was asked for, by [`asked_to_add`](crate::room::asked_to_add).
        asked: u64,
        /// Given the way to answer back when it is to go on; dropped when it was answered.
        go_on: oneshot::Sender<Option<Reply>>,
    },
    /// Something is asked that changes nothing.
    Read {
        /// By whom.
        member: MemberId,
        /// Where the answer goes.
        reply: Reply,
        /// What.
        command: Command,
    },
    /// How playing goes.
    Report {
        /// For whom.
        member: MemberId,
        /// How.
        report: Report,
    },
    /// An account has another picture, or none.
    Picture {
        /// Whose.
        key: MemberKey,
        /// Where the new one is served.
        picture: Option<Box<str>>,
    },
    /// Somebody wants to know what is held of them.
    Tell {
        /// Who.
        key: MemberKey,
        /// Told nothing when they are no member here.
        done: oneshot::Sender<Option<serde_json::Value>>,
    },
    /// The room is to stay.
    Keep {
        /// As whose.
        account: AccountId,
        /// The hash of the guest's token that shows that its host asks.
        guest: Option<SecretHash>,
        /// Told when it is kept, or why it is not.
        done: Ended,
    },
    /// A guest or an account is erased.
    Erase {
        /// Who.
        key: MemberKey,
        /// Told when nothing of them is left, neither in here nor on the disk.
        done: Ended,
    },
    /// Whether something of a guest or an account is in here.
    Holds {
        /// Who.
        key: MemberKey,
        /// Told.
        done: oneshot::Sender<bool>,
    },
    /// The account that the room stays for ends it.
    End {
        /// Which account.
        account: AccountId,
        /// Told when it is over and nothing of it is on the disk.
        done: Ended,
    },
    /// The server stops: the room ends or is left behind; then this is dropped.
    Drain(oneshot::Sender<()>),
}

/// Told how something ended that no client asked for.
pub type Ended = oneshot::Sender<Result<(), ErrorObject>>;

/// Where an answer goes.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The connection.
    pub outlet: Arc<Outlet>,
    /// The request's id.
    pub id: RequestId,
}

/// Somebody who wants to come in.
pub struct Arriving {
    /// What the state needs to know.
    pub join: Join,
    /// Where the join reply goes.
    pub reply: Reply,
    /// The token behind the fresh key; told only when that key was taken.
    pub token: Option<Box<str>>,
    /// Told who they are, or why not.
    pub admitted: oneshot::Sender<Result<MemberId, ErrorObject>>,
}

crate::telemetry::closed!(Arriving);

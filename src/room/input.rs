//! What goes into a room's state and what comes out. No sockets, no clock: a connection is a
//! number in here, and a secret is its hash.

use crate::store::{AccountId, RoomNews};
use bytes::Bytes;
use std::sync::Arc;
use stereo_protocol::{
    BanId, CloseCode, Command, ErrorObject, InviteId, ItemId, MemberId, MessageId, Notification,
    Place, Report, Resume, Role, Track,
};

/// Milliseconds of server time.
pub type Ms = u64;

/// A connection of this node, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// SHA-256 of a secret that its holder sends; the secret itself never enters a room.
pub type SecretHash = [u8; 32];

/// What makes a member the same one next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberKey {
    /// A guest, by the hash of the token that the browser keeps.
    Guest(SecretHash),
    /// An account, by its number in the store.
    Account(u64),
}

/// Everything that can happen to a room.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants to come in.
    Join(Join),
    /// A connection ended.
    Leave {
        /// Which.
        connection: ConnectionId,
        /// Whose it was.
        member: MemberId,
        /// It said goodbye: a reload or a closed tab, not a lost network.
        said_goodbye: bool,
    },
    /// A member wants a change.
    Wish {
        /// Who.
        member: MemberId,
        /// What.
        wish: Wish,
        /// Under which this is applied once.
        op: Option<Box<str>>,
    },
    /// A member tells how playing goes.
    Report {
        /// Who.
        member: MemberId,
        /// How.
        report: Report,
    },
    /// Somebody's account has another picture, or none.
    Picture {
        /// Whose.
        key: MemberKey,
        /// Where the new one is served.
        picture: Option<Box<str>>,
    },
    /// The room is to stay.
    Keep {
        /// As whose.
        account: AccountId,
        /// The hash of the guest's token that shows that its host asks.
        guest: Option<SecretHash>,
    },
    /// A guest or an account is erased.
    Erase(MemberKey),
    /// The account that the room stays for ends it.
    End(AccountId),
    /// Time has passed; [`super::State::deadline`] said when to call.
    Tick,
    /// Nobody can find the room any more: end it if it is temporary and has been empty for long
    /// ([`super::State::empty_at`]). Apart from `Tick`, so that a join that is under way wins.
    Dispose,
    /// The room must end: reason of the event.
    Close(&'static str),
}

/// A wish to come in.
#[derive(Clone)]
pub struct Join {
    /// The connection that asks.
    pub connection: ConnectionId,
    /// Who it says it is, when the room may know them.
    pub known: Option<MemberKey>,
    /// Who it becomes, when the room does not.
    pub fresh: MemberKey,
    /// The name to appear under; without it, who has one here keeps it.
    pub name: Option<Box<str>>,
    /// What an account is called that has chosen no name here.
    pub handle: Option<Box<str>>,
    /// The picture of an account.
    pub picture: Option<Box<str>>,
    /// The version of the room's password that was proven, outside, because that takes long.
    pub password_version: Option<u32>,
    /// The hash of an invitation's token.
    pub invite: Option<SecretHash>,
    /// Where the client stopped.
    pub resume: Option<Resume>,
}

crate::telemetry::closed!(Join);

/// A change that a member wants: a command with what had to be found out outside.
#[derive(Clone)]
pub enum Wish {
    /// `queue.add` with its tracks resolved.
    Add {
        /// What to add.
        tracks: Vec<Arc<Track>>,
        /// Where.
        place: Place,
        /// What was asked for, by [`asked_to_add`](super::asked_to_add): tracks may come out of it that
        /// differ each time.
        asked: u64,
    },
    /// `room.update` with the new password's hash; `Some(None)` takes the password away.
    Update {
        /// The settings; its `password` is not looked at.
        update: Box<stereo_protocol::RoomUpdate>,
        /// The new hash, in PHC format.
        password: Option<Option<Box<str>>>,
    },
    /// Everything else as it came.
    Command(Command),
}

crate::telemetry::closed!(Wish);

impl Wish {
    /// Whether it may change what stays of a room. Chat and reactions are gone with the process.
    pub fn may_stay(&self) -> bool {
        !matches!(
            self,
            Self::Command(Command::ChatSend(_) | Command::ChatRemove(_) | Command::React(_))
        )
    }
}

/// What one input did.
#[derive(Debug, Default)]
pub struct Step {
    /// Events, in order, each as the JSON of its `params`, encoded once.
    pub events: Vec<Bytes>,
    /// Conflated notices for everyone, after the events.
    pub notices: Vec<Notification>,
    /// What the asker is told, after the events.
    pub answer: Option<Result<Answer, ErrorObject>>,
    /// What the actor must do, after all else.
    pub effects: Vec<Effect>,
    /// In a room that stays: [`super::State::stored`] has changed, and has to be kept before the
    /// answer is told.
    pub save: bool,
    /// Something was deleted: what was said of it so far must not go on to anybody, and that comes
    /// before the answer.
    pub erased: bool,
}

/// What an asker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A change was carried out, or there was nothing to change.
    Done(Done),
    /// Come in.
    Admitted {
        /// Who you are.
        member: MemberId,
        /// Your role.
        role: Role,
        /// Whether the fresh key was taken: the asker must be told its token.
        fresh: bool,
        /// Position after which the ring still holds everything, when the client resumes.
        resume_after: Option<u64>,
    },
}

/// A change's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The command's last event, or the present one when nothing changed.
    pub seq: u64,
    /// Whether anything changed.
    pub changed: bool,
    /// What was made.
    pub made: Made,
}

/// What a command made, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// Nothing that has an id.
    Nothing,
    /// Items of the queue.
    Items(Box<[ItemId]>),
    /// A message.
    Message(MessageId),
    /// A ban.
    Ban(BanId),
    /// An invitation; its token is told once, and kept by its hash.
    Invite(InviteId, Option<Box<str>>),
}

/// What the actor must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Close this connection.
    Disconnect(ConnectionId, CloseCode),
    /// Who may enter has changed: publish the gate.
    Gate,
    /// Tell this account, which keeps the room and is not here.
    Tell(AccountId, RoomNews),
    /// The room is over: close everything and forget it.
    Close,
}

//! What a client can ask for: every method with its parameters.
//!
//! Parameters of fields that are not known are ignored; `op` is read apart (see
//! [`crate::Request::op`]), because it belongs to the transport of a wish, not to the wish.

use crate::request::DecodeError;
use crate::{BanId, Epoch, InviteId, ItemId, MemberId, MessageId, Place, Role, RoomUpdate};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

macro_rules! commands {
    ($($(#[doc = $doc:literal])* $variant:ident($params:ident) = $method:literal, $kind:ident;)*) => {
        /// A request, decoded.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
        #[serde(tag = "method", content = "params")]
        pub enum Command {
            $($(#[doc = $doc])* #[serde(rename = $method)] $variant($params),)*
        }

        impl Command {
            /// Every method, in the order of the documentation.
            pub const METHODS: &'static [&'static str] = &[$($method),*];

            /// The method's name on the wire.
            pub fn method(&self) -> &'static str {
                match self { $(Command::$variant(_) => $method,)* }
            }

            /// Whether it may change the room, and so may carry an `op`.
            pub fn changes(&self) -> bool {
                match self { $(Command::$variant(_) => commands!(@ $kind),)* }
            }

            /// Decodes the parameters of `method`.
            ///
            /// # Errors
            /// [`DecodeError::UnknownMethod`], or [`DecodeError::Invalid`] with the field.
            pub fn decode(method: &str, params: Option<&RawValue>) -> Result<Self, DecodeError> {
                match method {
                    $($method => crate::request::params(params).map(Command::$variant),)*
                    _ => Err(DecodeError::UnknownMethod),
                }
            }
        }
    };
    (@ change) => { true };
    (@ read) => { false };
}

commands! {
    /// Enters the room: the first request of a socket.
    Join(JoinParams) = "join", read;
    /// A clock probe. Answered before any queue, by the connection itself.
    Clock(ClockParams) = "clock", read;
    /// The whole public state.
    Snapshot(Nothing) = "snapshot", read;
    /// Events after a position, while the ring holds them.
    Events(EventsParams) = "events", read;
    /// A part of the queue.
    Queue(PageOfItems) = "queue", read;
    /// A part of those present.
    Members(PageOfMembers) = "members", read;
    /// What played.
    History(Nothing) = "history", read;
    /// What was done, and by whom.
    Log(Nothing) = "log", read;
    /// Who is banned. For the host.
    Bans(Nothing) = "bans", read;
    /// Invitations that hold. For those who may make them.
    Invites(Nothing) = "invites", read;
    /// Adds tracks: all or none.
    QueueAdd(QueueAdd) = "queue.add", change;
    /// Removes an item. Removing the current one is a skip.
    QueueRemove(OfItem) = "queue.remove", change;
    /// Moves an item.
    QueueMove(QueueMove) = "queue.move", change;
    /// Removes what stood in the queue at `seq`; what was added since stays.
    QueueClear(AtSeq) = "queue.clear", change;
    /// Mixes what stood in the queue at `seq`; what was added since stays behind it.
    QueueShuffle(AtSeq) = "queue.shuffle", change;
    /// Votes on an item of the queue.
    QueueVote(QueueVote) = "queue.vote", change;
    /// Takes back one's own last change of the queue.
    QueueUndo(Nothing) = "queue.undo", change;
    /// Resumes, if `item` is current.
    PlaybackPlay(OfItem) = "playback.play", change;
    /// Pauses, if `item` is current.
    PlaybackPause(OfItem) = "playback.pause", change;
    /// Goes to a position, if `item` is current.
    PlaybackSeek(Seek) = "playback.seek", change;
    /// Skips, if `item` is current.
    PlaybackSkip(OfItem) = "playback.skip", change;
    /// Votes to skip, if `item` is current.
    PlaybackVoteSkip(OfItem) = "playback.vote_skip", change;
    /// Plays an item of the queue now; those before it stay where they are.
    PlaybackJump(OfItem) = "playback.jump", change;
    /// Reacts to the current item; null takes it back.
    React(React) = "react", change;
    /// Writes in the chat.
    ChatSend(ChatSend) = "chat.send", change;
    /// Removes a message, one's own or, as a collaborator, any.
    ChatRemove(OfMessage) = "chat.remove", change;
    /// Changes one's name.
    MeRename(Rename) = "me.rename", change;
    /// Erases the guest from the room.
    MeForget(Nothing) = "me.forget", change;
    /// Gives a role.
    MemberRole(MemberRole) = "member.role", change;
    /// Refuses, or allows again, a member's chat.
    MemberMute(MemberMute) = "member.mute", change;
    /// Removes a member from the room, for `ban_ms` or until they come back.
    MemberKick(MemberKick) = "member.kick", change;
    /// Ends a ban.
    MemberUnban(OfBan) = "member.unban", change;
    /// Makes an invitation.
    InviteCreate(InviteCreate) = "invite.create", change;
    /// Ends an invitation.
    InviteRevoke(OfInvite) = "invite.revoke", change;
    /// Changes settings.
    RoomUpdate(RoomUpdate) = "room.update", change;
    /// Closes the room for everyone.
    RoomClose(Nothing) = "room.close", change;
    /// How playing goes here. A notification.
    Report(Report) = "report", read;
}

macro_rules! params {
    ($($(#[doc = $doc:literal])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
            pub struct $name { $($(#[$meta])* pub $field: $type,)* }
        )*
    };
}

params! {
    /// No parameters.
    Nothing {}
    /// An item of the queue, or the current one.
    OfItem {
        /// The item.
        item: ItemId,
    }
    /// A chat message.
    OfMessage {
        /// The message.
        message: MessageId,
    }
    /// A ban.
    OfBan {
        /// The ban.
        ban: BanId,
    }
    /// An invitation.
    OfInvite {
        /// The invitation.
        invite: InviteId,
    }
    /// A position in the events of the room.
    AtSeq {
        /// The last event that the person had seen.
        #[cfg_attr(feature = "schema", ts(type = "number"))]
        seq: u64,
    }
    /// Where a client stopped.
    Resume {
        /// The numbering it belongs to.
        epoch: Epoch,
        /// The last event that was applied.
        #[cfg_attr(feature = "schema", ts(type = "number"))]
        seq: u64,
    }
    /// `join`.
    JoinParams {
        /// The name to appear under; kept from last time when absent.
        #[serde(default)]
        name: Option<Box<str>>,
        /// The guest's token of an earlier join, or of opening the room.
        #[serde(default)]
        token: Option<Box<str>>,
        /// A ticket of `POST /api/tickets`.
        #[serde(default)]
        ticket: Option<Box<str>>,
        /// The room's password.
        #[serde(default)]
        password: Option<Box<str>>,
        /// An invitation's token.
        #[serde(default)]
        invite: Option<Box<str>>,
        /// Where the client stopped.
        #[serde(default)]
        resume: Option<Resume>,
    }
    /// `clock`.
    ClockParams {
        /// The client's own clock, in milliseconds; comes back as it was.
        t0: f64,
    }
    /// `events`.
    EventsParams {
        /// The numbering asked about.
        epoch: Epoch,
        /// The last event that the client has.
        #[cfg_attr(feature = "schema", ts(type = "number"))]
        after: u64,
    }
    /// A part of the queue.
    PageOfItems {
        /// The item before the part; absent or null: from the front.
        #[serde(default)]
        after: Option<ItemId>,
        /// At most so many; 100 when absent, 500 at most.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// A part of those present.
    PageOfMembers {
        /// The member before the part; absent or null: from the front.
        #[serde(default)]
        after: Option<MemberId>,
        /// At most so many; 100 when absent, 500 at most.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// `queue.add`.
    QueueAdd {
        /// Ids of tracks, or URLs.
        tracks: Vec<Box<str>>,
        /// Where.
        #[serde(default, skip_serializing_if = "Place::is_end")]
        #[cfg_attr(feature = "schema", ts(type = "string | null", optional), schemars(with = "Option<String>"))]
        after: Place,
    }
    /// `queue.move`.
    QueueMove {
        /// The item to move.
        item: ItemId,
        /// Where to.
        #[serde(default, skip_serializing_if = "Place::is_end")]
        #[cfg_attr(feature = "schema", ts(type = "string | null", optional), schemars(with = "Option<String>"))]
        after: Place,
    }
    /// `queue.vote`.
    QueueVote {
        /// The item.
        item: ItemId,
        /// 1 for, -1 against, 0 takes it back.
        value: i8,
    }
    /// `playback.seek`.
    Seek {
        /// The current item.
        item: ItemId,
        /// Milliseconds from the start of the track.
        #[cfg_attr(feature = "schema", ts(type = "number"))]
        position_ms: u64,
    }
    /// `react`.
    React {
        /// The current item.
        item: ItemId,
        /// One emoji of [`crate::REACTIONS`], or null to take it back.
        reaction: Option<Box<str>>,
    }
    /// `chat.send`.
    ChatSend {
        /// What to say.
        text: Box<str>,
    }
    /// `me.rename`.
    Rename {
        /// The new name.
        name: Box<str>,
    }
    /// `member.role`.
    MemberRole {
        /// Who.
        member: MemberId,
        /// The new role. `host` hands the room over.
        role: Role,
    }
    /// `member.mute`.
    MemberMute {
        /// Who.
        member: MemberId,
        /// Absent: true.
        #[serde(default = "yes")]
        muted: bool,
    }
    /// `member.kick`.
    MemberKick {
        /// Who.
        member: MemberId,
        /// How long they may not come back, in milliseconds; absent or null: they may at once.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(type = "number | null"))]
        ban_ms: Option<u64>,
    }
    /// `invite.create`.
    InviteCreate {
        /// The role it gives; absent: listener.
        #[serde(default)]
        role: Role,
        /// How often it can be used; absent or null: any number.
        #[serde(default)]
        uses: Option<u32>,
        /// Until when, in milliseconds from now; absent or null: while the room lives.
        #[serde(default)]
        #[cfg_attr(feature = "schema", ts(type = "number | null"))]
        ends_ms: Option<u64>,
    }
    /// `report`.
    Report {
        /// What it is about; reports on other items than the current one are ignored.
        item: ItemId,
        /// How it goes.
        status: ReportStatus,
        /// Why it failed; shown to nobody, not kept.
        #[serde(default)]
        reason: Option<Box<str>>,
        /// Heard position minus the room's, in milliseconds, as measured; null when it was not.
        #[serde(default)]
        drift_ms: Option<f64>,
        /// Round trip of the clock probes, in milliseconds.
        #[serde(default)]
        rtt_ms: Option<f64>,
    }
}

fn yes() -> bool {
    true
}

/// How playing goes for one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// Loaded, or playing.
    Ready,
    /// Loading.
    Buffering,
    /// The browser wants a tap first.
    Blocked,
    /// Cannot be played here.
    Failed,
}

/// The reactions there are; a closed set, so that a tally stays small.
pub const REACTIONS: [&str; 6] = ["❤️", "🔥", "👏", "😂", "😮", "💤"];

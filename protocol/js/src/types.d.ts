// Generated from the Rust types of `protocol/src`: do not edit. See protocol/tests/generated.rs.

/**
 * A room. 80 random bits: whoever holds an unlisted room's id may enter it.
 */
export type RoomId = string;

/**
 * A person in one room; random per room, so that rooms cannot be linked by it.
 */
export type MemberId = string;

/**
 * One entry of a queue: the same track added twice is two items.
 */
export type ItemId = string;

/**
 * A chat message.
 */
export type MessageId = string;

/**
 * A ban.
 */
export type BanId = string;

/**
 * An invitation.
 */
export type InviteId = string;

/**
 * One life of a room's event numbering. A new one means "take a snapshot".
 */
export type Epoch = string;

/**
 * One run of a server's clock. A change means "measure again".
 */
export type ClockId = string;

/**
 * A track of a provider, `t_…`. Stable over restarts and nodes.
 */
export type TrackId = string;

/**
 * What a member may do; each action of a room has a least role (see [`crate::Permissions`]).
 */
export type Role = "listener" | "collaborator" | "host";

/**
 * How a member appears to the others. Names are kept here once, and nowhere else: items,
 * messages and events hold only ids, so that erasing a person is removing this entry.
 */
export type Person = { 
/**
 * The chosen name; empty while the person has not given one.
 */
name: string, 
/**
 * Path of the picture on this server.
 */
picture: string | null, 
/**
 * What the member may do. Absent: listener.
 */
role: Role, 
/**
 * Whether the member's chat is refused. Absent: no.
 */
muted: boolean, };

/**
 * A piece that can be played. Artwork is always served by us: a foreign picture would show
 * every listener's address to whoever serves it.
 */
export type Track = { 
/**
 * The track's id, stable over restarts.
 */
id: TrackId, 
/**
 * Who serves it: `hosted` (this server), `direct` (another one, at `url`), later others.
 */
provider: string, 
/**
 * Title.
 */
title: string, 
/**
 * Artists, in order.
 */
artists: Array<string>, 
/**
 * Length in milliseconds. The server's figure is what counts, whatever a file says.
 */
duration_ms: number, 
/**
 * Where the audio is.
 */
url: string, 
/**
 * Path of a square picture on this server.
 */
artwork: string | null, 
/**
 * The artwork's own colour, `#rrggbb`, for the room's light.
 */
accent?: string | null, };

/**
 * One entry of the queue.
 */
export type QueueItem = { 
/**
 * Operations name items by this, never by position.
 */
id: ItemId, 
/**
 * What it plays.
 */
track: Track, 
/**
 * Who added it.
 */
by: MemberId, 
/**
 * Votes of members present.
 */
votes: number, 
/**
 * Placed by hand: ranking leaves it where it is.
 */
pinned: boolean, };

/**
 * At server time `at_ms` the position in `item` is `position_ms` and moves from there, unless
 * paused. `at_ms` may lie ahead: that is how a start is scheduled.
 */
export type Playback = { 
/**
 * The item that plays: the current one.
 */
item: ItemId, 
/**
 * Milliseconds from the start of the track.
 */
position_ms: number, 
/**
 * Milliseconds of server time.
 */
at_ms: number, 
/**
 * Whether the position stands still.
 */
paused: boolean, };

/**
 * A vote to skip what plays: distinct members present who voted, and how many it takes.
 */
export type Vote = { 
/**
 * Members who voted.
 */
have: number, 
/**
 * Members it takes.
 */
need: number, };

/**
 * One message. The author's name is looked up in `people`, never copied here.
 */
export type ChatMessage = { 
/**
 * The message's id.
 */
id: MessageId, 
/**
 * Who wrote it.
 */
by: MemberId, 
/**
 * Milliseconds of server time.
 */
at: number, 
/**
 * What was written: plain text, NFC, without control characters.
 */
text: string, };

/**
 * Who can find a room.
 */
export type Visibility = "public" | "unlisted" | "private";

/**
 * Who may come in.
 */
export type Entry = "open" | "closed";

/**
 * How the queue is ordered.
 */
export type Order = "added" | "fair" | "votes";

/**
 * What becomes of the room when its host goes for good.
 */
export type HostLeaves = "handover" | "close";

/**
 * The least role for each action. People may always remove or skip what they added.
 */
export type Permissions = { 
/**
 * Add to the queue.
 */
add: Role, 
/**
 * Move, remove, shuffle and clear what others added.
 */
reorder: Role, 
/**
 * Skip and jump.
 */
skip: Role, 
/**
 * Seek, pause and resume.
 */
seek: Role, 
/**
 * Write in the chat.
 */
chat: Role, 
/**
 * React.
 */
react: Role, 
/**
 * Make invitations.
 */
invite: Role, };

/**
 * Least roles to change; what is absent stays.
 */
export type PermissionsUpdate = { 
/**
 * Add to the queue.
 */
add: Role | null, 
/**
 * Move, remove, shuffle and clear what others added.
 */
reorder: Role | null, 
/**
 * Skip and jump.
 */
skip: Role | null, 
/**
 * Seek, pause and resume.
 */
seek: Role | null, 
/**
 * Write in the chat.
 */
chat: Role | null, 
/**
 * React.
 */
react: Role | null, 
/**
 * Make invitations.
 */
invite: Role | null, };

/**
 * A room's settings.
 */
export type RoomSettings = { 
/**
 * The room's id: the last part of its link.
 */
id: RoomId, 
/**
 * Its title.
 */
title: string, 
/**
 * Who can find it.
 */
visibility: Visibility, 
/**
 * Whether a password lets people in.
 */
password: boolean, 
/**
 * Goes when it has been empty for a while.
 */
temporary: boolean, 
/**
 * Who may come in.
 */
entry: Entry, 
/**
 * The least role for each action.
 */
permissions: Permissions, 
/**
 * How the queue is ordered.
 */
order: Order, 
/**
 * Share of those present, in percent, that skips by vote. 0: no vote skips.
 */
vote_skip_percent: number, 
/**
 * Longest track allowed, in milliseconds. 0: any.
 */
longest_track_ms: number, 
/**
 * Items one listener may have in the queue. 0: any number.
 */
items_per_person: number, 
/**
 * Least time between two messages of a listener, in milliseconds. 0: none.
 */
slow_mode_ms: number, 
/**
 * What becomes of it when its host goes for good.
 */
host_leaves: HostLeaves, };

/**
 * `room.update`: the settings to change; what is absent stays.
 */
export type RoomUpdate = { 
/**
 * New title.
 */
title: string | null, 
/**
 * New visibility.
 */
visibility: Visibility | null, 
/**
 * New password; an empty text takes it away.
 */
password: string | null, 
/**
 * Who may come in.
 */
entry: Entry | null, 
/**
 * Least roles to change.
 */
permissions: PermissionsUpdate | null, 
/**
 * How the queue is ordered.
 */
order: Order | null, 
/**
 * 0 to 100.
 */
vote_skip_percent: number | null, 
/**
 * Milliseconds.
 */
longest_track_ms: number | null, 
/**
 * Items.
 */
items_per_person: number | null, 
/**
 * Milliseconds.
 */
slow_mode_ms: number | null, 
/**
 * What becomes of it when its host goes.
 */
host_leaves: HostLeaves | null, };

/**
 * Limits, each settable by the operator. Texts are counted in Unicode scalar values after NFC.
 */
export type Limits = { 
/**
 * Characters of a name.
 */
name: number, 
/**
 * Characters of a room's title.
 */
title: number, 
/**
 * Characters of a chat message.
 */
chat: number, 
/**
 * Characters of a URL.
 */
url: number, 
/**
 * Tracks in one `queue.add`.
 */
tracks_per_add: number, 
/**
 * Items in the queue.
 */
queue: number, 
/**
 * Chat messages kept.
 */
chat_ring: number, 
/**
 * Events kept for resuming.
 */
event_ring: number, 
/**
 * Bytes of encoded events kept for resuming.
 */
event_ring_bytes: number, 
/**
 * Entries of the history of what played.
 */
history: number, 
/**
 * Entries of the log of what was done.
 */
log: number, 
/**
 * Bans of a room.
 */
bans: number, 
/**
 * Invitations of a room.
 */
invitations: number, 
/**
 * Bytes of a frame and of a message from a client.
 */
frame_bytes: number, 
/**
 * Bytes waiting for one slow connection before it is closed with 4001.
 */
outbox_bytes: number, 
/**
 * Commands a second of one connection.
 */
commands_per_second: number, 
/**
 * Commands that may come at once.
 */
commands_burst: number, 
/**
 * Connections of one member; beyond, the oldest goes (4505).
 */
connections_per_member: number, };

/**
 * What everyone in a room sees of it, the same for all.
 */
export type PublicState = { 
/**
 * The settings.
 */
room: RoomSettings, 
/**
 * What plays.
 */
current: QueueItem | null, 
/**
 * Where it is.
 */
playback: Playback | null, 
/**
 * What is coming, in play order.
 */
queue: Array<QueueItem>, 
/**
 * Votes to skip what plays.
 */
vote: Vote | null, 
/**
 * The last messages, oldest first; as many as `limits.chat_ring`.
 */
chat: Array<ChatMessage>, 
/**
 * Those who are named in here, and those who have a role.
 */
people: { [key in MemberId]: Person }, };

/**
 * The public state at a position, cut to what a page needs first.
 */
export type Snapshot = { 
/**
 * The settings.
 */
room: RoomSettings, 
/**
 * What plays.
 */
current: QueueItem | null, 
/**
 * The first 100 of what is coming; `queue` gives the rest.
 */
queue: Array<QueueItem>, 
/**
 * How many are coming.
 */
queue_count: number, 
/**
 * Where the current item is.
 */
playback: Playback | null, 
/**
 * Votes to skip it.
 */
vote: Vote | null, 
/**
 * The last 50 messages.
 */
chat: Array<ChatMessage>, 
/**
 * Who is named in here.
 */
people: { [key in MemberId]: Person }, };

/**
 * Who is here.
 */
export type Presence = { 
/**
 * How many people.
 */
count: number, 
/**
 * The first 100 of them.
 */
list: Array<MemberId>, 
/**
 * Whether the list holds only some.
 */
sampled: boolean, };

/**
 * Who the client is in this room.
 */
export type You = { 
/**
 * The member's id.
 */
member: MemberId, 
/**
 * What the member may do.
 */
role: Role, 
/**
 * Makes a guest the same guest next time. Absent for an account.
 */
token: string | null, };

/**
 * The result of `join` and of `snapshot`. Either the snapshot's fields or `missed` are there.
 */
export type Joined = { 
/**
 * Who you are.
 */
you: You, 
/**
 * The numbering of `seq`.
 */
epoch: Epoch, 
/**
 * The last event that is in here.
 */
seq: number, 
/**
 * The server's clock.
 */
clock: ClockId, 
/**
 * Milliseconds of server time, with decimals.
 */
now: number, 
/**
 * The events after the position that was asked for.
 */
missed?: Array<EventNotice>, 
/**
 * Who is here.
 */
presence: Presence, 
/**
 * Reactions to the current item.
 */
tally: { [key in string]: number }, 
/**
 * What the server accepts.
 */
limits: Limits, };

/**
 * Why an item stopped playing.
 */
export type EndReason = "ended" | "skipped" | "voted" | "removed" | "jumped" | "failed";

/**
 * What stopped playing, and why.
 */
export type Ended = { 
/**
 * Which item.
 */
item: ItemId, 
/**
 * Why.
 */
reason: EndReason, };

/**
 * Why the room did something that nobody asked for just then.
 */
export type Cause = "ended" | "timer" | "votes" | "failed" | "handover" | "returned" | "presence" | "erased" | "ranking" | "undo" | "invite";

/**
 * A change of the room's public state. [`crate::PublicState::fold`] says what each does.
 */
export type Event = { "type": "queue.added", 
/**
 * What was added.
 */
items: Array<QueueItem>, 
/**
 * The item before them.
 */
after: ItemId | null, } | { "type": "queue.removed", 
/**
 * Which.
 */
items: Array<ItemId>, } | { "type": "queue.moved", 
/**
 * Which.
 */
item: ItemId, 
/**
 * The item before it.
 */
after: ItemId | null, 
/**
 * Placed by hand: ranking leaves it there.
 */
pinned: boolean, } | { "type": "queue.cleared", 
/**
 * Which.
 */
items: Array<ItemId>, } | { "type": "queue.shuffled", 
/**
 * Every item.
 */
order: Array<ItemId>, } | { "type": "playback.changed", 
/**
 * Where it is; null: nothing plays.
 */
playback: Playback | null, 
/**
 * What plays.
 */
current: QueueItem | null, 
/**
 * What ended by this, and why.
 */
ended: Ended | null, } | { "type": "room.changed", 
/**
 * All of them.
 */
room: RoomSettings, } | { "type": "role.changed", 
/**
 * Who.
 */
member: MemberId, 
/**
 * The new role.
 */
role: Role, } | { "type": "member.changed", 
/**
 * Who.
 */
member: MemberId, 
/**
 * The new name.
 */
name?: string | null, 
/**
 * The new picture; null: none any more.
 */
picture?: string | null, 
/**
 * Whether chat is refused.
 */
muted?: boolean | null, } | { "type": "member.banned", 
/**
 * Who.
 */
member: MemberId, 
/**
 * The ban.
 */
ban: BanId, } | { "type": "member.erased", 
/**
 * Who it was.
 */
member: MemberId, } | { "type": "chat.added", 
/**
 * The message.
 */
message: ChatMessage, } | { "type": "chat.removed", 
/**
 * Which.
 */
message: MessageId, } | { "type": "vote.changed", 
/**
 * Which item.
 */
item: ItemId, 
/**
 * Votes there are.
 */
have: number, 
/**
 * Votes that skip; null for an item of the queue.
 */
need: number | null, } | { "type": "room.closed", 
/**
 * `host`, `empty`, `restart` or `erased`.
 */
reason: string, } | { "type": "redacted", };

/**
 * One event as it is sent: gapless in `seq` within an epoch.
 */
export type EventNotice = { 
/**
 * One more than the event before.
 */
seq: number, 
/**
 * Milliseconds of server time.
 */
at: number, 
/**
 * Who did it; null: the room itself.
 */
by: MemberId | null, 
/**
 * Why, when nobody asked for it.
 */
cause: Cause | null, 
/**
 * The operation that it belongs to.
 */
op?: string, 
/**
 * Those whom the event names and whom the public state did not hold. Merged first.
 */
people?: { [key in MemberId]: Person }, 
/**
 * What happened.
 */
event: Event, };

/**
 * A difference of who is here. Folded into the list of the join reply.
 */
export type PresenceNotice = { 
/**
 * How many people are here now.
 */
count: number, 
/**
 * Who is in the list now and was not.
 */
joined: Array<MemberId>, 
/**
 * Who is not in the list any more.
 */
left: Array<MemberId>, 
/**
 * Whether the list holds only some of those present.
 */
sampled: boolean, 
/**
 * Names of those in `joined`.
 */
people: { [key in MemberId]: Person }, };

/**
 * Reactions to the current item, by reaction.
 */
export type TallyNotice = { 
/**
 * The item.
 */
item: ItemId, 
/**
 * How many members react so.
 */
counts: { [key in string]: number }, 
/**
 * Who reacted since the last notice, and how; at most 20, for showing.
 */
latest: Array<[MemberId, string]>, };

/**
 * Drift as listeners measured it: heard position minus the room's, absolute.
 */
export type Health = { 
/**
 * Median, in milliseconds.
 */
median_ms: number, 
/**
 * 95th percentile, in milliseconds.
 */
p95_ms: number, 
/**
 * How many measured.
 */
listeners: number, };

/**
 * Why the server is about to close a connection.
 */
export type ClosingReason = "restart";

/**
 * Just before a close.
 */
export type Closing = { 
/**
 * Why.
 */
reason: ClosingReason, 
/**
 * When to come back, in milliseconds from now; already spread over the clients.
 */
reconnect_after_ms: number, };

/**
 * Every notification from the server.
 */
export type Notification = { "method": "event", "params": EventNotice } | { "method": "presence", "params": PresenceNotice } | { "method": "tally", "params": TallyNotice } | { "method": "health", "params": Health } | { "method": "closing", "params": Closing };

/**
 * What went wrong, for programs.
 */
export type ErrorKind = "not_joined" | "not_allowed" | "not_found" | "conflict" | "too_many" | "too_large" | "invalid" | "rate_limited" | "unavailable" | "internal";

/**
 * The `data` member of an error.
 */
export type ErrorData = { 
/**
 * What went wrong.
 */
kind: ErrorKind, 
/**
 * Whether to try again.
 */
retry: boolean, 
/**
 * The field that was wrong, such as `tracks[3]`.
 */
field: string | null, 
/**
 * Finds an internal error in the operator's reports; names nobody.
 */
reference: string | null, 
/**
 * When to try again, in milliseconds from now.
 */
retry_after_ms?: number, };

/**
 * The `error` member of a response.
 */
export type ErrorObject = { 
/**
 * The JSON-RPC code.
 */
code: number, 
/**
 * For people, in English; clients translate by `kind`.
 */
message: string, 
/**
 * For programs.
 */
data: ErrorData, };

/**
 * No parameters.
 */
export type Nothing = Record<symbol, never>;

/**
 * An item of the queue, or the current one.
 */
export type OfItem = { 
/**
 * The item.
 */
item: ItemId, };

/**
 * A chat message.
 */
export type OfMessage = { 
/**
 * The message.
 */
message: MessageId, };

/**
 * A ban.
 */
export type OfBan = { 
/**
 * The ban.
 */
ban: BanId, };

/**
 * An invitation.
 */
export type OfInvite = { 
/**
 * The invitation.
 */
invite: InviteId, };

/**
 * A position in the events of the room.
 */
export type AtSeq = { 
/**
 * The last event that the person had seen.
 */
seq: number, };

/**
 * Where a client stopped.
 */
export type Resume = { 
/**
 * The numbering it belongs to.
 */
epoch: Epoch, 
/**
 * The last event that was applied.
 */
seq: number, };

/**
 * `join`.
 */
export type JoinParams = { 
/**
 * The name to appear under; kept from last time when absent.
 */
name: string | null, 
/**
 * The guest's token of an earlier join, or of opening the room.
 */
token: string | null, 
/**
 * A ticket of `POST /api/tickets`.
 */
ticket: string | null, 
/**
 * The room's password.
 */
password: string | null, 
/**
 * An invitation's token.
 */
invite: string | null, 
/**
 * Where the client stopped.
 */
resume: Resume | null, };

/**
 * `clock`.
 */
export type ClockParams = { 
/**
 * The client's own clock, in milliseconds; comes back as it was.
 */
t0: number, };

/**
 * `events`.
 */
export type EventsParams = { 
/**
 * The numbering asked about.
 */
epoch: Epoch, 
/**
 * The last event that the client has.
 */
after: number, };

/**
 * A part of the queue.
 */
export type PageOfItems = { 
/**
 * The item before the part; absent or null: from the front.
 */
after: ItemId | null, 
/**
 * At most so many; 100 when absent, 500 at most.
 */
limit: number | null, };

/**
 * A part of those present.
 */
export type PageOfMembers = { 
/**
 * The member before the part; absent or null: from the front.
 */
after: MemberId | null, 
/**
 * At most so many; 100 when absent, 500 at most.
 */
limit: number | null, };

/**
 * `queue.add`.
 */
export type QueueAdd = { 
/**
 * Ids of tracks, or URLs.
 */
tracks: Array<string>, 
/**
 * Where.
 */
after?: string | null, };

/**
 * `queue.move`.
 */
export type QueueMove = { 
/**
 * The item to move.
 */
item: ItemId, 
/**
 * Where to.
 */
after?: string | null, };

/**
 * `queue.vote`.
 */
export type QueueVote = { 
/**
 * The item.
 */
item: ItemId, 
/**
 * 1 for, -1 against, 0 takes it back.
 */
value: number, };

/**
 * `playback.seek`.
 */
export type Seek = { 
/**
 * The current item.
 */
item: ItemId, 
/**
 * Milliseconds from the start of the track.
 */
position_ms: number, };

/**
 * `react`.
 */
export type React = { 
/**
 * The current item.
 */
item: ItemId, 
/**
 * One emoji of [`crate::REACTIONS`], or null to take it back.
 */
reaction: string | null, };

/**
 * `chat.send`.
 */
export type ChatSend = { 
/**
 * What to say.
 */
text: string, };

/**
 * `me.rename`.
 */
export type Rename = { 
/**
 * The new name.
 */
name: string, };

/**
 * `member.role`.
 */
export type MemberRole = { 
/**
 * Who.
 */
member: MemberId, 
/**
 * The new role. `host` hands the room over.
 */
role: Role, };

/**
 * `member.mute`.
 */
export type MemberMute = { 
/**
 * Who.
 */
member: MemberId, 
/**
 * Absent: true.
 */
muted: boolean, };

/**
 * `member.kick`.
 */
export type MemberKick = { 
/**
 * Who.
 */
member: MemberId, 
/**
 * How long they may not come back, in milliseconds; absent or null: they may at once.
 */
ban_ms: number | null, };

/**
 * `invite.create`.
 */
export type InviteCreate = { 
/**
 * The role it gives; absent: listener.
 */
role: Role, 
/**
 * How often it can be used; absent or null: any number.
 */
uses: number | null, 
/**
 * Until when, in milliseconds from now; absent or null: while the room lives.
 */
ends_ms: number | null, };

/**
 * How playing goes for one listener.
 */
export type ReportStatus = "ready" | "buffering" | "blocked" | "failed";

/**
 * `report`.
 */
export type Report = { 
/**
 * What it is about; reports on other items than the current one are ignored.
 */
item: ItemId, 
/**
 * How it goes.
 */
status: ReportStatus, 
/**
 * Why it failed; shown to nobody, not kept.
 */
reason: string | null, 
/**
 * Heard position minus the room's, in milliseconds, as measured; null when it was not.
 */
drift_ms: number | null, 
/**
 * Round trip of the clock probes, in milliseconds.
 */
rtt_ms: number | null, };

/**
 * A request, decoded.
 */
export type Command = { "method": "join", "params": JoinParams } | { "method": "clock", "params": ClockParams } | { "method": "snapshot", "params": Nothing } | { "method": "events", "params": EventsParams } | { "method": "queue", "params": PageOfItems } | { "method": "members", "params": PageOfMembers } | { "method": "history", "params": Nothing } | { "method": "log", "params": Nothing } | { "method": "bans", "params": Nothing } | { "method": "invites", "params": Nothing } | { "method": "queue.add", "params": QueueAdd } | { "method": "queue.remove", "params": OfItem } | { "method": "queue.move", "params": QueueMove } | { "method": "queue.clear", "params": AtSeq } | { "method": "queue.shuffle", "params": AtSeq } | { "method": "queue.vote", "params": QueueVote } | { "method": "queue.undo", "params": Nothing } | { "method": "playback.play", "params": OfItem } | { "method": "playback.pause", "params": OfItem } | { "method": "playback.seek", "params": Seek } | { "method": "playback.skip", "params": OfItem } | { "method": "playback.vote_skip", "params": OfItem } | { "method": "playback.jump", "params": OfItem } | { "method": "react", "params": React } | { "method": "chat.send", "params": ChatSend } | { "method": "chat.remove", "params": OfMessage } | { "method": "me.rename", "params": Rename } | { "method": "me.forget", "params": Nothing } | { "method": "member.role", "params": MemberRole } | { "method": "member.mute", "params": MemberMute } | { "method": "member.kick", "params": MemberKick } | { "method": "member.unban", "params": OfBan } | { "method": "invite.create", "params": InviteCreate } | { "method": "invite.revoke", "params": OfInvite } | { "method": "room.update", "params": RoomUpdate } | { "method": "room.close", "params": Nothing } | { "method": "report", "params": Report };

/**
 * The result of a request that changes something.
 */
export type Done = { 
/**
 * The command's last event, or the present one when nothing changed.
 */
seq: number, 
/**
 * Whether anything changed.
 */
changed: boolean, 
/**
 * `queue.add`: the items that were made.
 */
items?: Array<ItemId>, 
/**
 * `chat.send`: the message that was made.
 */
message?: MessageId, 
/**
 * `member.kick`: the ban that was made.
 */
ban?: BanId, 
/**
 * `invite.create`: the invitation that was made.
 */
invite?: InviteId, 
/**
 * `invite.create`: what its holder shows at the door. Told once.
 */
token?: string, };

/**
 * The result of `clock`: milliseconds with decimals.
 */
export type ClockAnswer = { 
/**
 * The client's own clock, as it was sent.
 */
t0: number, 
/**
 * Server time when the probe was read.
 */
t1: number, 
/**
 * Server time when the answer was written.
 */
t2: number, 
/**
 * The run of the server's clock.
 */
clock: ClockId, };

/**
 * The result of `events`.
 */
export type EventsPage = { 
/**
 * The numbering.
 */
epoch: Epoch, 
/**
 * The last event there is.
 */
seq: number, 
/**
 * The events after the position that was asked about.
 */
events: Array<EventNotice>, };

/**
 * The result of `queue`.
 */
export type QueuePage = { 
/**
 * As of this event.
 */
seq: number, 
/**
 * A part of the queue, in order.
 */
items: Array<QueueItem>, 
/**
 * How many items the whole queue has.
 */
count: number, 
/**
 * Who added them.
 */
people: { [key in MemberId]: Person }, };

/**
 * The result of `members`.
 */
export type MembersPage = { 
/**
 * Who is here, in the order of their ids.
 */
members: Array<MemberId>, 
/**
 * How many are here in all.
 */
count: number, 
/**
 * Their names.
 */
people: { [key in MemberId]: Person }, };

/** The result of `join` without `resume`, and of `snapshot`. */
export type JoinedAnew = Joined & Snapshot;

/** Why a connection is closed. 4000 to 4499: reconnect and resume. From 4500: do not. */
export type CloseCode = 1000 | 1002 | 1003 | 1007 | 1009 | 1011 | 4000 | 4001 | 4002 | 4003 | 4500 | 4501 | 4502 | 4503 | 4504 | 4505;

/** People by member id. */
export type People = { [member: string]: Person };

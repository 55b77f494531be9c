//! The task that owns a room: drains its mailbox, lets the state decide, carries out what it says.
//! It never touches a socket of a large room, and never awaits a listener.

use super::fanout::Fanout;
use super::handle::{Gate, MAILBOX, RoomHandle};
use super::input::{Answer, ConnectionId, Done, Effect, Input, Join, Made, MemberKey, Step, Wish};
use super::state::State;
use crate::bus::{Bus, BusError, Lease};
use crate::clock::Clock;
use crate::connection::{Outlet, frame};
use crate::presence::{Change, Presence};
use crate::registry::Registry;
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::{
    CloseCode, Command, ErrorKind, ErrorObject, MemberId, Notification, Report, RequestId, RoomId,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// Inputs taken from the mailbox for one batch.
const DRAIN: usize = 64;
/// Bytes of events after which a batch leaves even so.
const BATCH_BYTES: usize = 64 << 10;

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
    /// The server stops: the room ends or is left behind; then this is dropped.
    Drain(oneshot::Sender<()>),
}

/// Where an answer goes.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The connection.
    pub outlet: Arc<Outlet>,
    /// The request's id.
    pub id: RequestId,
}

/// Somebody who wants to come in.
#[derive(Debug)]
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

/// What a room's task needs from the node.
pub struct Node {
    /// The server's clock.
    pub clock: Arc<Clock>,
    /// The other rooms.
    pub registry: Arc<Registry>,
    /// Where events become final.
    pub bus: Arc<dyn Bus>,
    /// Told who is connected.
    pub presence: Arc<dyn Presence>,
    /// Counts the tasks that have to end before the process may.
    pub tracker: TaskTracker,
}

/// Opens a room around `state` and adds it to the registry.
///
/// # Errors
/// When the bus does not give the room to this node, or the id is taken.
pub async fn open(node: &Arc<Node>, id: RoomId, state: State) -> Result<RoomHandle, BusError> {
    let lease = node.bus.acquire(id).await?;
    let (mailbox, events) = mpsc::channel(MAILBOX);
    let handle = RoomHandle::new(id, mailbox, gate(&state), state.summary());
    if !node.registry.add(handle.clone()) {
        return Err(BusError::Fenced);
    }
    let limits = json!(state.limits());
    let actor = Actor {
        state,
        events,
        // The handle would keep its own mailbox open: the actor holds only what it publishes to.
        handle: handle.clone(),
        node: node.clone(),
        lease,
        fanout: Fanout::new(node.tracker.clone()),
        outlets: HashMap::new(),
        pending: Pending::default(),
        effects: Vec::new(),
        snapshot: None,
        limits: limits.to_string(),
        draining: None,
    };
    node.tracker.spawn(actor.run());
    Ok(handle)
}

struct Actor {
    state: State,
    events: mpsc::Receiver<RoomEvent>,
    handle: RoomHandle,
    node: Arc<Node>,
    lease: Lease,
    fanout: Fanout,
    /// Connections in the room, for closing them.
    outlets: HashMap<ConnectionId, Arc<Outlet>>,
    pending: Pending,
    /// What the last step asked for.
    effects: Vec<Effect>,
    /// The shared part of the snapshot, and what it depends on.
    snapshot: Option<((u64, u64), Bytes)>,
    /// The limits as JSON: they do not change.
    limits: String,
    draining: Option<oneshot::Sender<()>>,
}

/// What one batch has gathered, in order; told to nobody before the bus has it.
#[derive(Default)]
struct Pending {
    events: Vec<Bytes>,
    out: Vec<Out>,
    bytes: usize,
    summary: bool,
    presence: Vec<Change>,
}

enum Out {
    Event(Bytes),
    Notice(String),
    One(Arc<Outlet>, Bytes),
    Add(Arc<Outlet>, Bytes),
    Remove(Arc<Outlet>),
    Disconnect(ConnectionId, CloseCode),
    /// A connection that was refused: nothing more will be said to it here.
    Forget(ConnectionId),
}

impl Actor {
    async fn run(mut self) {
        loop {
            let Some(event) = self.next().await else {
                break;
            };
            self.handle_event(event);
            for _ in 1..DRAIN {
                if self.pending.bytes > BATCH_BYTES || self.state.is_closed() {
                    break;
                }
                let Ok(event) = self.events.try_recv() else {
                    break;
                };
                self.handle_event(Some(event));
            }
            if self.commit().await.is_err() || self.state.is_closed() || self.draining.is_some() {
                break;
            }
        }
        self.end().await;
    }

    /// The next event; `Some(None)` when a deadline came first.
    async fn next(&mut self) -> Option<Option<RoomEvent>> {
        let now = self.node.clock.now_ms();
        let tick = self.state.deadline();
        let dispose = self.state.empty_at();
        let Some(at) = [tick, dispose].into_iter().flatten().min() else {
            return self.events.recv().await.map(Some);
        };
        // A deadline that is due does not starve the mailbox: what waits is taken first.
        if at <= now {
            if let Ok(event) = self.events.try_recv() {
                return Some(Some(event));
            }
            return Some(None);
        }
        let wait = Duration::from_millis(at - now);
        tokio::select! {
            biased;
            event = self.events.recv() => event.map(Some),
            () = tokio::time::sleep(wait) => Some(None),
        }
    }

    fn handle_event(&mut self, event: Option<RoomEvent>) {
        match event {
            None => self.time_passed(),
            Some(RoomEvent::Join(arriving)) => self.join(*arriving),
            Some(RoomEvent::Leave {
                outlet,
                member,
                said_goodbye,
            }) => {
                self.outlets.remove(&outlet.id());
                self.pending.presence.push(Change::Went(member));
                let connection = outlet.id();
                self.pending.out.push(Out::Remove(outlet));
                self.apply(
                    Input::Leave {
                        connection,
                        member,
                        said_goodbye,
                    },
                    None,
                );
            }
            Some(RoomEvent::Wish {
                member,
                reply,
                wish,
                op,
            }) => self.apply(Input::Wish { member, wish, op }, reply),
            Some(RoomEvent::Read {
                member,
                reply,
                command,
            }) => self.read(member, reply, &command),
            Some(RoomEvent::Report { member, report }) => {
                self.apply(Input::Report { member, report }, None)
            }
            Some(RoomEvent::Picture { key, picture }) => {
                self.apply(Input::Picture { key, picture }, None)
            }
            Some(RoomEvent::Drain(done)) => self.drain(done),
        }
    }

    fn time_passed(&mut self) {
        let now = self.node.clock.now_ms();
        if self.state.empty_at().is_some_and(|at| at <= now) {
            // Whoever found the room in the registry before this comes first.
            if self.node.registry.retire(self.handle.id()) {
                self.apply(Input::Dispose, None);
            } else {
                self.apply(Input::Tick, None);
            }
            return;
        }
        self.apply(Input::Tick, None);
    }

    fn apply(&mut self, input: Input, reply: Option<Reply>) {
        let step = self.state.apply(self.node.clock.now_ms(), seed(), input);
        let answer = self.queue(step);
        if let (Some(reply), Some(answer)) = (reply, answer) {
            let frame = match answer {
                Ok(Answer::Done(done)) => result(&reply.id, &done_json(&done).to_string()),
                Ok(Answer::Admitted { .. }) => return,
                Err(error) => failure(&reply.id, &error),
            };
            self.pending.out.push(Out::One(reply.outlet, frame));
        }
        self.carry_out_effects();
    }

    /// Queues what a step says, but its answer and effects.
    fn queue(&mut self, step: Step) -> Option<Result<Answer, ErrorObject>> {
        self.pending.summary |= !step.events.is_empty() || !step.notices.is_empty();
        for event in step.events {
            self.pending.bytes += event.len();
            self.pending.events.push(event.clone());
            self.pending.out.push(Out::Event(event));
        }
        for notice in step.notices {
            let text = notification(&notice);
            self.pending.bytes += text.len();
            self.pending.out.push(Out::Notice(text));
        }
        self.effects.extend(step.effects);
        step.answer
    }

    fn carry_out_effects(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            match effect {
                Effect::Disconnect(connection, code) => {
                    self.pending.out.push(Out::Disconnect(connection, code))
                }
                Effect::Gate => self.handle.shared().gate.store(Arc::new(gate(&self.state))),
                Effect::Close => self.node.registry.remove(self.handle.id()),
            }
        }
    }

    fn join(&mut self, arriving: Arriving) {
        let Arriving {
            join,
            reply,
            token,
            admitted,
        } = arriving;
        let connection = join.connection;
        let step = self
            .state
            .apply(self.node.clock.now_ms(), seed(), Input::Join(join));
        match self.queue(step) {
            Some(Ok(Answer::Admitted {
                member,
                role,
                fresh,
                resume_after,
            })) => {
                let you = json!({"member": member, "role": role, "token": if fresh { token } else { None }});
                let text = self.join_reply(&reply.id, &you, resume_after);
                self.outlets.insert(connection, reply.outlet.clone());
                self.pending.presence.push(Change::Came(member));
                self.pending
                    .out
                    .push(Out::Add(reply.outlet, frame::text(&text)));
                // The connection may be gone already: then it leaves by itself.
                let _ = admitted.send(Ok(member));
            }
            Some(Err(error)) => {
                self.outlets.insert(connection, reply.outlet.clone());
                let _ = admitted.send(Err(error.clone()));
                self.pending
                    .out
                    .push(Out::One(reply.outlet, failure(&reply.id, &error)));
                self.carry_out_effects();
                self.pending.out.push(Out::Forget(connection));
                return;
            }
            _ => {}
        }
        self.carry_out_effects();
    }

    /// The join reply: what is the same for everyone is encoded once.
    fn join_reply(&mut self, id: &RequestId, you: &Value, resume_after: Option<u64>) -> String {
        let missed = resume_after.and_then(|after| self.state.events_after(after));
        let shared = match missed {
            Some(events) => self.state.shared_resumption(&events).into(),
            None => self.shared_snapshot(),
        };
        let (count, sampled) = self.state.headcount();
        format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"you\":{you},\"epoch\":\"{epoch}\",\"seq\":{seq},\"clock\":\"{clock}\",\"now\":{now:.3},{shared},\"count\":{count},\"sampled\":{sampled}}},\"tally\":{tally},\"limits\":{limits}}}}}",
            epoch = self.state.epoch(),
            seq = self.state.seq(),
            clock = self.node.clock.id(),
            now = self.node.clock.now(),
            shared = std::str::from_utf8(&shared).unwrap_or_default(),
            tally = self.state.tally(),
            limits = self.limits,
        )
    }

    fn shared_snapshot(&mut self) -> Bytes {
        let version = self.state.snapshot_version();
        match &self.snapshot {
            Some((at, shared)) if *at == version => shared.clone(),
            _ => {
                let shared = Bytes::from(self.state.shared_snapshot());
                self.snapshot = Some((version, shared.clone()));
                shared
            }
        }
    }

    fn read(&mut self, member: MemberId, reply: Reply, command: &Command) {
        let now = self.node.clock.now_ms();
        let text = match command {
            Command::Snapshot(_) => match self.state.role_of(member) {
                Some(role) => {
                    let you = json!({"member": member, "role": role, "token": null});
                    frame::text(&self.join_reply(&reply.id, &you, None))
                }
                None => failure(
                    &reply.id,
                    &ErrorObject::new(ErrorKind::NotJoined, "you are not in this room any more"),
                ),
            },
            command => match self.state.read(member, command, now) {
                Ok(json) => result(&reply.id, &json),
                Err(error) => failure(&reply.id, &error),
            },
        };
        self.pending.bytes += text.len();
        self.pending.out.push(Out::One(reply.outlet, text));
    }

    /// Commits what was gathered, then tells it, in order.
    async fn commit(&mut self) -> Result<(), BusError> {
        let pending = std::mem::take(&mut self.pending);
        if !pending.events.is_empty() {
            let committed = self
                .node
                .bus
                .commit(self.lease, self.state.seq(), &pending.events)
                .await;
            if let Err(error) = committed {
                tracing::error!(?error, "a room could not commit and stops");
                return Err(error);
            }
        }
        if pending.summary {
            self.publish_summary();
        }
        for out in pending.out {
            match out {
                Out::Event(json) => self.fanout.everyone(&[EVENT.as_bytes(), &json, b"}"]),
                Out::Notice(text) => self.fanout.everyone(&[text.as_bytes()]),
                Out::One(outlet, frame) => self.fanout.one(&outlet, frame),
                Out::Add(outlet, first) => self.fanout.add(outlet, first).await,
                Out::Remove(outlet) => self.fanout.remove(&outlet).await,
                Out::Disconnect(connection, code) => self.disconnect(connection, code).await,
                Out::Forget(connection) => {
                    self.outlets.remove(&connection);
                }
            }
        }
        self.fanout.flush().await;
        if !pending.presence.is_empty() {
            let report = &pending.presence;
            self.node.presence.report(self.handle.id(), report).await;
        }
        Ok(())
    }

    /// Closes a connection behind everything that was said to it so far.
    async fn disconnect(&mut self, connection: ConnectionId, code: CloseCode) {
        self.fanout.flush().await;
        let Some(outlet) = self.outlets.remove(&connection) else {
            return;
        };
        self.fanout.close(&outlet, code).await;
    }

    fn publish_summary(&mut self) {
        let summary = self.state.summary();
        if **self.handle.shared().summary.load() != summary {
            self.handle.shared().summary.store(Arc::new(summary));
        }
    }

    /// The server stops. A temporary room ends with it; any other goes on elsewhere or later.
    fn drain(&mut self, done: oneshot::Sender<()>) {
        if self.state.public().room.temporary {
            self.apply(Input::Close("restart"), None);
        }
        self.draining = Some(done);
    }

    async fn end(&mut self) {
        self.node.registry.remove(self.handle.id());
        let closed = self.state.is_closed();
        self.fanout
            .close_all(if closed {
                CloseCode::RoomClosed
            } else {
                CloseCode::Draining
            })
            .await;
        let _ = self.node.bus.release(self.lease).await;
        self.node.presence.forget(self.handle.id()).await;
        self.events.close();
        // Whoever was on the way in is told, not left waiting.
        while let Ok(event) = self.events.try_recv() {
            match event {
                RoomEvent::Join(arriving) => {
                    let error = if closed {
                        super::not_found()
                    } else {
                        ErrorObject::new(ErrorKind::Unavailable, "the server restarts")
                    };
                    arriving
                        .reply
                        .outlet
                        .push(&[failure(&arriving.reply.id, &error)]);
                    let _ = arriving.admitted.send(Err(error));
                }
                RoomEvent::Wish {
                    reply: Some(reply), ..
                }
                | RoomEvent::Read { reply, .. } => {
                    let error = ErrorObject::new(ErrorKind::NotFound, "the room was closed");
                    reply.outlet.push(&[failure(&reply.id, &error)]);
                }
                _ => {}
            }
        }
    }
}

const EVENT: &str = "{\"jsonrpc\":\"2.0\",\"method\":\"event\",\"params\":";

fn gate(state: &State) -> Gate {
    let (password, version) = state.password();
    Gate {
        password: password.map(Box::from),
        version,
    }
}

/// 128 bits of the system's randomness: ids and tokens of one input come out of them.
fn seed() -> u128 {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system gives no randomness");
        std::process::abort();
    }
    u128::from_ne_bytes(bytes)
}

/// A successful response.
pub(crate) fn result(id: &RequestId, json: &str) -> Bytes {
    frame::frame(
        frame::Opcode::Text,
        &[
            b"{\"jsonrpc\":\"2.0\",\"id\":",
            id.get().as_bytes(),
            b",\"result\":",
            json.as_bytes(),
            b"}",
        ],
    )
}

/// An error response.
pub(crate) fn failure(id: &RequestId, error: &ErrorObject) -> Bytes {
    let error = serde_json::to_string(error).unwrap_or_default();
    frame::frame(
        frame::Opcode::Text,
        &[
            b"{\"jsonrpc\":\"2.0\",\"id\":",
            id.get().as_bytes(),
            b",\"error\":",
            error.as_bytes(),
            b"}",
        ],
    )
}

/// A notification as text.
pub(crate) fn notification(notice: &Notification) -> String {
    let mut text = serde_json::to_string(notice).unwrap_or_default();
    text.insert_str(1, "\"jsonrpc\":\"2.0\",");
    text
}

fn done_json(done: &Done) -> Value {
    let mut value = json!({"seq": done.seq, "changed": done.changed});
    match &done.made {
        Made::Nothing => {}
        Made::Items(items) => value["items"] = json!(items),
        Made::Message(message) => value["message"] = json!(message),
        Made::Ban(ban) => value["ban"] = json!(ban),
        Made::Invite(invite, token) => {
            value["invite"] = json!(invite);
            value["token"] = json!(token);
        }
    }
    value
}

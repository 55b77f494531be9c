//! The task that owns a room: drains its mailbox, lets the state decide, carries out what it says.
//! It never touches a socket of a large room, and never awaits a listener or the disk.

mod event;
mod keep;
mod seed;

pub use event::{Arriving, Ended, Reply, RoomEvent};

use self::seed::seed;
use super::fanout::{Fanout, Greeting, Sizes};
use super::handle::{Gate, MAILBOX, RoomHandle};
use super::input::{Answer, ConnectionId, Done, Effect, Input, Made, Ms, Step};
use super::keeping::Keeping;
use super::resting::Resting;
use super::state::State;
use crate::bus::{Bus, BusError, Lease};
use crate::clock::Clock;
use crate::connection::{Outlet, deflate, frame};
use crate::mail::News;
use crate::presence::{Change, Presence};
use crate::registry::Registry;
use crate::store::{Store, StoreError};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::{
    CloseCode, Command, ErrorKind, ErrorObject, MemberId, Notification, RequestId, RoomId, Track,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// Inputs taken from the mailbox for one batch.
const DRAIN: usize = 64;
/// Bytes of events after which a batch leaves even so.
const BATCH_BYTES: usize = 64 << 10;

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
    /// Where rooms that stay are kept.
    pub store: Arc<dyn Store>,
    /// Rooms that are kept and not open.
    pub resting: Resting,
    /// Whether a track that a room was given once may still play, by what the operator decided since.
    pub takes: Box<dyn Fn(&Track) -> bool + Send + Sync>,
    /// Told what owners may want to know who are away.
    pub news: News,
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
    let stays = state.kept_for().is_some();
    let limits = json!(state.limits());
    let actor = Actor {
        state,
        events,
        // The handle would keep its own mailbox open: the actor holds only what it publishes to.
        handle: handle.clone(),
        node: node.clone(),
        lease,
        fanout: Fanout::new(node.tracker.clone(), Sizes::default()),
        outlets: HashMap::new(),
        pending: Pending::default(),
        effects: Vec::new(),
        snapshot: None,
        limits: limits.to_string(),
        keeping: stays.then(|| Box::new(Keeping::new(node.store.clone(), id))),
        draining: None,
        rests: false,
        not_idle_before: 0,
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
    snapshot: Option<Snapshot>,
    /// The limits as JSON: they do not change.
    limits: String,
    /// Of a room that stays, or did.
    keeping: Option<Box<Keeping>>,
    draining: Option<oneshot::Sender<()>>,
    /// Nobody is here, and all is kept: the task ends, the room does not.
    rests: bool,
    /// Somebody was on the way in when the room would have ended or rested.
    not_idle_before: Ms,
}

/// What is the same in everyone's snapshot.
struct Snapshot {
    /// What it depends on.
    version: (u64, u64),
    json: Bytes,
    /// The same, compressed where that pays; made when somebody wants it.
    packed: Option<Option<Bytes>>,
}

/// What the task is woken by.
enum Wake {
    Event(RoomEvent),
    Deadline,
    /// A save ended.
    Kept(Result<(), StoreError>),
}

/// How long after somebody was on the way in the room looks again whether it is empty.
const ON_THE_WAY_MS: u64 = 100;

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
    Add(Arc<Outlet>, Greeting),
    Remove(Arc<Outlet>),
    Disconnect(ConnectionId, CloseCode),
    /// What was said so far may hold what was erased: it waits for nobody.
    LetGo,
    /// A connection that was refused: nothing more will be said to it here.
    Forget(ConnectionId),
    /// Somebody of this process is told, after all that.
    Ended(Ended, Result<(), ErrorObject>),
}

impl Actor {
    async fn run(mut self) {
        loop {
            let Some(wake) = self.next().await else {
                break;
            };
            match wake {
                Wake::Event(event) => self.handle_event(event),
                Wake::Deadline => self.time_passed(),
                Wake::Kept(result) => self.kept(result),
            }
            for _ in 1..DRAIN {
                if self.pending.bytes > BATCH_BYTES || self.state.is_closed() {
                    break;
                }
                let Ok(event) = self.events.try_recv() else {
                    break;
                };
                self.handle_event(event);
            }
            self.lose_patience();
            if self.commit().await.is_err() {
                // Another owner has the room, and keeps it.
                self.keeping = None;
                break;
            }
            if self.state.is_closed() || self.draining.is_some() || self.rests {
                break;
            }
            self.keep();
        }
        self.keep_last().await;
        self.end().await;
    }

    /// What comes next; `None` when nobody can reach the room any more.
    async fn next(&mut self) -> Option<Wake> {
        let now = self.node.clock.now_ms();
        let again = self.keeping.as_ref().and_then(|keeping| keeping.wake_at());
        let at = [self.state.deadline(), self.idle_at(), again];
        let at = at.into_iter().flatten().min();
        let due = at.is_some_and(|at| at <= now);
        let wait = Duration::from_millis(at.map_or(0, |at| at.saturating_sub(now)));
        let keeping = &mut self.keeping;
        let kept = async {
            match keeping {
                Some(keeping) => keeping.outcome().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = kept => Some(Wake::Kept(result)),
            // A deadline that is due does not starve the mailbox: what waits is taken first.
            event = self.events.recv() => event.map(Wake::Event),
            () = std::future::ready(()), if due => Some(Wake::Deadline),
            () = tokio::time::sleep(wait), if at.is_some() && !due => Some(Wake::Deadline),
        }
    }

    /// When the room has been empty for so long that it ends or rests. What is not kept yet keeps
    /// it awake.
    fn idle_at(&self) -> Option<Ms> {
        let at = self.state.empty_at().filter(|_| !self.is_unsaved())?;
        Some(at.max(self.not_idle_before))
    }

    fn handle_event(&mut self, event: RoomEvent) {
        match event {
            RoomEvent::Join(arriving) => self.join(*arriving),
            RoomEvent::Leave {
                outlet,
                member,
                said_goodbye,
            } => {
                self.outlets.remove(&outlet.id());
                self.pending.presence.push(Change::Went(member));
                let connection = outlet.id();
                self.pending.out.push(Out::Remove(outlet));
                self.apply(Input::Leave {
                    connection,
                    member,
                    said_goodbye,
                });
            }
            RoomEvent::Wish {
                member,
                reply,
                wish,
                op,
            } => self.wish(member, reply, wish, op),
            RoomEvent::BeforeAdding {
                member,
                reply,
                op,
                asked,
                go_on,
            } => match self.state.before_adding(member, op.as_deref(), asked) {
                // Whoever asked may have gone.
                Ok(None) => drop(go_on.send(reply)),
                Ok(Some(done)) => self.acknowledge(reply, &done, true),
                Err(error) => self.reply(reply, |id| failure(id, &error)),
            },
            RoomEvent::Read {
                member,
                reply,
                command,
            } => self.read(member, reply, &command),
            RoomEvent::Report { member, report } => {
                self.apply(Input::Report { member, report });
            }
            RoomEvent::Picture { key, picture } => {
                self.apply(Input::Picture { key, picture });
            }
            RoomEvent::Tell { key, done } => {
                // Whoever asked may have gone.
                let _ = done.send(self.state.held_of(key));
            }
            RoomEvent::Keep {
                account,
                guest,
                done,
            } => self.decide_and_tell(Input::Keep { account, guest }, done),
            RoomEvent::Erase { key, done } => self.decide_and_tell(Input::Erase(key), done),
            RoomEvent::Holds { key, done } => drop(done.send(self.state.holds(key))),
            RoomEvent::End { account, done } => self.decide_and_tell(Input::End(account), done),
            RoomEvent::Drain(done) => self.drain(done),
        }
    }

    fn time_passed(&mut self) {
        let now = self.node.clock.now_ms();
        if self.idle_at().is_none_or(|at| at > now) {
            self.apply(Input::Tick);
            return;
        }
        let (registry, id) = (&self.node.registry, self.handle.id());
        let stays = self.state.kept_for().is_some();
        if stays {
            registry.rest(id, &self.state.summary());
        }
        // Whoever found the room in the registry before this comes first.
        if !registry.retire(id) {
            registry.forget_resting(id);
            self.not_idle_before = now + ON_THE_WAY_MS;
            self.apply(Input::Tick);
        } else if stays {
            self.rests = true;
        } else {
            self.apply(Input::Dispose);
        }
    }

    /// Lets the state decide, and queues what it says, but the effects: those come after the answer.
    fn decide(&mut self, input: Input) -> Option<Result<Answer, ErrorObject>> {
        let step = self.state.apply(self.node.clock.now_ms(), seed(), input);
        self.queue(step)
    }

    /// An input that nobody waits for.
    fn apply(&mut self, input: Input) {
        self.decide(input);
        self.carry_out_effects();
    }

    /// Queues what a step says, but its answer and effects.
    fn queue(&mut self, step: Step) -> Option<Result<Answer, ErrorObject>> {
        self.pending.summary |= !step.events.is_empty() || !step.notices.is_empty();
        if !step.events.is_empty() {
            // It is of before, and may hold what has just been deleted.
            self.snapshot = None;
        }
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
        if step.erased {
            self.pending.out.push(Out::LetGo);
        }
        if step.save {
            self.note_change();
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
                Effect::Tell(account, news) => {
                    self.node.news.tell(account, self.handle.id(), news);
                }
                Effect::Gate => self.handle.shared().gate.store(Arc::new(gate(&self.state))),
                // One that the store holds would be found there again: it goes when it is deleted.
                Effect::Close if self.keeping.is_none() => {
                    self.node.registry.remove(&self.handle);
                }
                Effect::Close => {}
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
                let deflates = reply.outlet.deflates();
                let first = self.join_reply(&reply.id, &you, resume_after, deflates);
                self.pending.bytes += first.iter().map(Bytes::len).sum::<usize>();
                self.outlets.insert(connection, reply.outlet.clone());
                self.pending.presence.push(Change::Came(member));
                self.pending.out.push(Out::Add(reply.outlet, first));
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

    /// The join reply: what is the same for everyone is encoded once, compressed once, and shared.
    fn join_reply(
        &mut self,
        id: &RequestId,
        you: &Value,
        resume_after: Option<u64>,
        deflates: bool,
    ) -> Greeting {
        let missed = resume_after.and_then(|after| self.state.events_after(after));
        let (count, sampled) = self.state.headcount();
        let head = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"you\":{you},\"epoch\":\"{epoch}\",\"seq\":{seq},\"clock\":\"{clock}\",\"now\":{now:.3},",
            epoch = self.state.epoch(),
            seq = self.state.seq(),
            clock = self.node.clock.id(),
            now = self.node.clock.now(),
        );
        let tail = format!(
            ",\"count\":{count},\"sampled\":{sampled}}},\"tally\":{tally},\"limits\":{limits}}}}}",
            tally = self.state.tally(),
            limits = self.limits,
        );
        let shared = match missed {
            Some(events) => self.state.shared_resumption(&events).into(),
            None => {
                let snapshot = self.shared_snapshot();
                match deflates.then(|| snapshot.packed()).flatten() {
                    Some(packed) => {
                        return frame::packed_around(head.as_bytes(), packed, tail.as_bytes());
                    }
                    None => snapshot.json.clone(),
                }
            }
        };
        frame::text_around(head.as_bytes(), shared, tail.into())
    }

    fn shared_snapshot(&mut self) -> &mut Snapshot {
        let version = self.state.snapshot_version();
        let kept = self.snapshot.take();
        let kept = kept.filter(|snapshot| snapshot.version == version);
        self.snapshot.insert(kept.unwrap_or_else(|| Snapshot {
            version,
            json: self.state.shared_snapshot().into(),
            packed: None,
        }))
    }

    fn read(&mut self, member: MemberId, reply: Reply, command: &Command) {
        let now = self.node.clock.now_ms();
        let text = match command {
            Command::Snapshot(_) => match self.state.role_of(member) {
                Some(role) => {
                    let you = json!({"member": member, "role": role, "token": null});
                    self.join_reply(&reply.id, &you, None, reply.outlet.deflates())
                        .concat()
                        .into()
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
                Out::LetGo => self.fanout.let_go().await,
                Out::Forget(connection) => {
                    self.outlets.remove(&connection);
                }
                Out::Ended(done, result) => {
                    self.fanout.flush().await;
                    // Whoever asked may be gone.
                    let _ = done.send(result);
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
            self.apply(Input::Close("restart"));
        }
        self.draining = Some(done);
    }

    async fn end(&mut self) {
        self.node.registry.remove(&self.handle);
        let (late, code) = match self.state.is_closed() {
            true => (Late::Closed, CloseCode::RoomClosed),
            false if self.rests => (Late::Rests, CloseCode::Draining),
            false => (Late::Draining, CloseCode::Draining),
        };
        self.fanout.close_all(code).await;
        let _ = self.node.bus.release(self.lease).await;
        if !self.rests {
            // One that rests has nobody in it, and may be open again by now.
            self.node.presence.forget(self.handle.id()).await;
        }
        self.events.close();
        // Whoever was on the way in is told, not left waiting.
        while let Ok(event) = self.events.try_recv() {
            turn_away(event, late);
        }
    }
}

impl Snapshot {
    fn packed(&mut self) -> Option<Bytes> {
        let json = &self.json;
        self.packed
            .get_or_insert_with(|| {
                let worth = json.len() >= deflate::WORTH;
                worth
                    .then(|| deflate::block(json))
                    .flatten()
                    .map(Into::into)
            })
            .clone()
    }
}

/// How a room ended for those who came too late.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Late {
    Closed,
    /// It can be found anew.
    Rests,
    Draining,
}

/// Answers what came too late.
fn turn_away(event: RoomEvent, late: Late) {
    let error = match late {
        Late::Closed => super::not_found(),
        _ => ErrorObject::new(ErrorKind::Unavailable, "the server restarts"),
    };
    match event {
        RoomEvent::Join(arriving) => {
            let answer = failure(&arriving.reply.id, &error);
            arriving.reply.outlet.push(&[answer]);
            let _ = arriving.admitted.send(Err(error));
        }
        RoomEvent::Wish {
            reply: Some(reply), ..
        }
        | RoomEvent::BeforeAdding {
            reply: Some(reply), ..
        }
        | RoomEvent::Read { reply, .. } => {
            let error = ErrorObject::new(ErrorKind::NotFound, "the room was closed");
            reply.outlet.push(&[failure(&reply.id, &error)]);
        }
        // Nobody is in a room that is over; of one that rests, the store erases.
        RoomEvent::Erase { done, .. } if late != Late::Draining => drop(done.send(Ok(()))),
        // Whoever hears nothing looks for the room again.
        RoomEvent::Keep { .. } | RoomEvent::End { .. } if late == Late::Rests => {}
        RoomEvent::Keep { done, .. }
        | RoomEvent::Erase { done, .. }
        | RoomEvent::End { done, .. } => drop(done.send(Err(error))),
        _ => {}
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

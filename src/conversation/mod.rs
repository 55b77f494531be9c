//! What is said over one socket: decodes requests, answers probes on the spot, brings somebody
//! into a room and their wishes to it. Knows the protocol; not frames, and not how rooms decide.

mod bucket;
mod join;

use crate::app::App;
use crate::auth::Who;
use crate::connection::{self, End, Handler, Message, Outlet, Place, frame};
use crate::http::error::FAILED;
use crate::room::actor::{Reply, RoomEvent, failure, result};
use crate::room::{RoomHandle, Wish, asked_to_add};
use crate::telemetry::{caught, caught_now};
use bucket::Bucket;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use stereo_protocol::{
    ClockParams, CloseCode, Command, ErrorKind, ErrorObject, JoinParams, MemberId, QueueAdd,
    Request, RequestId, RoomId, RoomUpdate,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Requests in a row that no client of this protocol would send, before the socket is closed.
const FAULTS: u32 = 100;
/// Clock probes a second, beside commands: 64 come at once on joining.
const PROBES: (u32, u32) = (64, 256);
/// `report`s and reads, beside commands.
const READS: (u32, u32) = (20, 60);

/// Drives a connection from the handshake to its end. `asker`: the address that limits apply to,
/// and who it is when the handshake said so.
pub fn hold(
    app: Arc<App>,
    outlet: Arc<Outlet>,
    room: RoomId,
    asker: (IpAddr, Option<Box<Who>>),
    already: Vec<u8>,
    place: Place,
) -> impl Future<Output = ()> + Send {
    let seat = app.wheel.seat(&outlet);
    let wait = Duration::from_millis(app.config.server.join_timeout_ms);
    app.wheel.expect(&outlet, Instant::now() + wait);
    let most = app.rules.limits.frame_bytes as usize;
    let mut conversation = Conversation::new(app, room, asker.0);
    if let Some(who) = asker.1 {
        conversation.be(&outlet, who);
    }
    async move {
        let end = connection::run(&outlet, &mut conversation, most, already).await;
        drop((seat, place));
        Box::pin(conversation.leave(outlet, end)).await;
    }
}

/// One client's side of one socket.
struct Conversation {
    app: Arc<App>,
    room: RoomId,
    address: IpAddr,
    /// Who it is, when somebody is signed in.
    who: Option<Box<Who>>,
    seated: Option<Box<Seat>>,
    /// Joins that failed.
    refused: u8,
    faults: u32,
    commands: Bucket,
    probes: Bucket,
    reads: Bucket,
}

/// Where somebody who has joined sits.
struct Seat {
    room: RoomHandle,
    member: MemberId,
}

/// What cannot be done on the spot.
enum Work {
    Join(Box<JoinParams>, RequestId),
    Send(RoomEvent),
    Update(Box<RoomUpdate>, Option<Reply>, Option<Box<str>>),
    LookUp(Box<QueueAdd>, Option<Reply>, Option<Box<str>>),
}

impl Handler for Conversation {
    type Work = Work;

    fn message(
        &mut self,
        outlet: &Arc<Outlet>,
        message: Message<'_>,
        behind: bool,
    ) -> Option<Work> {
        let Message::Text(text) = message else {
            outlet.close(CloseCode::Unsupported);
            return None;
        };
        // Stamped before anything is decided: this is the probe's t1.
        let heard_at = self.app.node.clock.now();
        let request = match Request::decode(text) {
            Ok(request) => request,
            Err((id, error)) => {
                self.fault(outlet, id.map(ToOwned::to_owned), &error.into());
                return None;
            }
        };
        let id = request.id.map(ToOwned::to_owned);
        let asked = caught_now(|| self.request(outlet, &request, id.clone(), heard_at));
        match asked.unwrap_or_else(|reference| Err(failed(reference))) {
            Ok(work) => {
                self.faults = 0;
                match work {
                    Some(Work::Send(event)) if !behind => self.offer(event).map(Work::Send),
                    work => work,
                }
            }
            Err(error) => {
                self.refuse(outlet, id, &error);
                None
            }
        }
    }

    async fn work(&mut self, outlet: &Arc<Outlet>, work: Work) {
        match work {
            Work::Join(params, id) => {
                let answered = id.clone();
                let joined = caught(self.join(outlet, *params, id)).await;
                if let Err(reference) = joined {
                    self.refuse(outlet, Some(answered), &failed(reference));
                }
            }
            Work::Send(event) => self.send(event).await,
            Work::Update(update, reply, op) => self.update(*update, reply, op).await,
            Work::LookUp(add, reply, op) => self.look_up(*add, reply, op),
        }
    }
}

impl Conversation {
    fn new(app: Arc<App>, room: RoomId, address: IpAddr) -> Self {
        let limits = &app.rules.limits;
        let commands = Bucket::new(limits.commands_per_second, limits.commands_burst);
        Self {
            room,
            address,
            who: None,
            seated: None,
            refused: 0,
            faults: 0,
            commands,
            probes: Bucket::new(PROBES.0, PROBES.1),
            reads: Bucket::new(READS.0, READS.1),
            app,
        }
    }

    /// From now on this socket is of somebody who is signed in, and ends with their session.
    fn be(&mut self, outlet: &Arc<Outlet>, who: Box<Who>) {
        self.app.auth.hold(*who, outlet);
        if let Some(former) = self.who.replace(who) {
            self.app.auth.let_go(*former, outlet);
        }
    }

    fn request(
        &mut self,
        outlet: &Arc<Outlet>,
        request: &Request<'_>,
        id: Option<RequestId>,
        heard_at: f64,
    ) -> Result<Option<Work>, ErrorObject> {
        let now = heard_at as u64;
        #[cfg(test)]
        assert_ne!(request.method, "fault", "{:?}", request.params);
        if request.method == "clock" {
            self.probes.take(now)?;
            return self.probe(outlet, request, id, heard_at).map(|()| None);
        }
        let op = request.op()?;
        let command = Command::decode(&request.method, request.params)?;
        let bucket = if command.changes() || matches!(command, Command::Join(_)) {
            &mut self.commands
        } else {
            &mut self.reads
        };
        bucket.take(now)?;
        let Some(seat) = &self.seated else {
            return self.before_joining(command, id);
        };
        let member = seat.member;
        let reply = id.map(|id| Reply {
            outlet: outlet.clone(),
            id,
        });
        let event = match command {
            Command::Join(_) => {
                return Err(ErrorObject::new(
                    ErrorKind::Conflict,
                    "this socket has joined already",
                ));
            }
            Command::Report(report) => {
                // The latest report is worth as much as all of them: one that finds the room busy is lost.
                let _ = seat.room.offer(RoomEvent::Report { member, report });
                return Ok(None);
            }
            Command::QueueAdd(add) => {
                self.check_size(&add)?;
                if self.app.library.elsewhere(&add.tracks) > 0 {
                    return Ok(Some(Work::LookUp(Box::new(add), reply, op)));
                }
                let asked = asked_to_add(&add.tracks, &add.after);
                RoomEvent::Wish {
                    member,
                    reply,
                    wish: Wish::Add {
                        tracks: self.app.library.resolve(&add.tracks)?,
                        place: add.after,
                        asked,
                    },
                    op,
                }
            }
            Command::RoomUpdate(update) => {
                return Ok(Some(Work::Update(Box::new(update), reply, op)));
            }
            command if command.changes() => RoomEvent::Wish {
                member,
                reply,
                wish: Wish::Command(command),
                op,
            },
            command => match reply {
                Some(reply) => RoomEvent::Read {
                    member,
                    reply,
                    command,
                },
                None => return Ok(None),
            },
        };
        Ok(Some(Work::Send(event)))
    }

    fn before_joining(
        &self,
        command: Command,
        id: Option<RequestId>,
    ) -> Result<Option<Work>, ErrorObject> {
        match (command, id) {
            (Command::Join(params), Some(id)) => Ok(Some(Work::Join(Box::new(params), id))),
            (Command::Join(_), None) => Err(ErrorObject::invalid(
                "id",
                "expected an id: joining is answered",
            )),
            _ => Err(ErrorObject::new(ErrorKind::NotJoined, "join first")),
        }
    }

    /// Answers a clock probe, before any queue.
    fn probe(
        &self,
        outlet: &Arc<Outlet>,
        request: &Request<'_>,
        id: Option<RequestId>,
        heard_at: f64,
    ) -> Result<(), ErrorObject> {
        let Command::Clock(ClockParams { t0 }) = Command::decode("clock", request.params)? else {
            return Ok(());
        };
        let Some(id) = id else { return Ok(()) };
        let clock = &self.app.node.clock;
        let (t0, t2) = (serde_json::to_string(&t0).unwrap_or_default(), clock.now());
        let json = format!(
            "{{\"t0\":{t0},\"t1\":{heard_at:.3},\"t2\":{t2:.3},\"clock\":\"{}\"}}",
            clock.id()
        );
        outlet.push(&[result(&id, &json)]);
        Ok(())
    }

    fn check_size(&self, add: &QueueAdd) -> Result<(), ErrorObject> {
        let limits = &self.app.rules.limits;
        let most = limits.tracks_per_add as usize;
        if add.tracks.len() > most {
            let message = format!(
                "tracks: {} tracks, at most {most} are taken at once",
                add.tracks.len()
            );
            return Err(ErrorObject::new(ErrorKind::TooMany, message).with_field("tracks"));
        }
        if let Some(place) = add
            .tracks
            .iter()
            .position(|track| track.chars().count() > limits.url as usize)
        {
            let field = format!("tracks[{place}]");
            return Err(ErrorObject::new(
                ErrorKind::TooLarge,
                format!("{field}: at most {} characters", limits.url),
            )
            .with_field(field));
        }
        Ok(())
    }

    /// Looks at what is elsewhere, and adds it then: beside this socket, which must not wait for
    /// whoever serves it. How many do at once is bounded by the library.
    fn look_up(&self, add: QueueAdd, reply: Option<Reply>, op: Option<Box<str>>) {
        let Some(seat) = &self.seated else { return };
        let (room, member) = (seat.room.clone(), seat.member);
        let (app, address) = (self.app.clone(), self.address);
        // Not awaited when the server stops: nothing is begun that has to be ended.
        tokio::spawn(async move {
            let asked = asked_to_add(&add.tracks, &add.after);
            let (go_on, wait) = oneshot::channel();
            let before = RoomEvent::BeforeAdding {
                member,
                reply,
                op: op.clone(),
                asked,
                go_on,
            };
            let _ = room.send(before).await;
            let Ok(reply) = wait.await else { return };
            let found = caught(app.look_up(address, &add.tracks)).await;
            match found.unwrap_or_else(|reference| Err(failed(reference))) {
                Ok(tracks) => {
                    let place = add.after;
                    let wish = Wish::Add {
                        tracks,
                        place,
                        asked,
                    };
                    // False: the room is over, and has told everybody itself.
                    let _ = (room.send(RoomEvent::Wish {
                        member,
                        reply,
                        wish,
                        op,
                    }))
                    .await;
                }
                Err(error) => {
                    if let Some(reply) = reply {
                        reply.outlet.push(&[failure(&reply.id, &error)]);
                    }
                }
            }
        });
    }

    /// Sends to the room on the spot, or gives back what its mailbox has no place for now.
    fn offer(&self, event: RoomEvent) -> Option<RoomEvent> {
        self.seated.as_ref()?.room.offer(event)
    }

    async fn send(&mut self, event: RoomEvent) {
        let Some(seat) = &self.seated else { return };
        // False: the room is over, and closes its connections itself.
        let _ = seat.room.send(event).await;
    }

    async fn update(&mut self, update: RoomUpdate, reply: Option<Reply>, op: Option<Box<str>>) {
        let password = match update.password.as_deref() {
            None => None,
            Some("") => Some(None),
            Some(password) => Some(crate::password::hash(password.into()).await),
        };
        let Some(member) = self.seated.as_ref().map(|seat| seat.member) else {
            return;
        };
        let wish = Wish::Update {
            update: Box::new(update),
            password,
        };
        self.send(RoomEvent::Wish {
            member,
            reply,
            wish,
            op,
        })
        .await;
    }

    /// Answers an error. A request without an id gets no answer.
    fn refuse(&mut self, outlet: &Arc<Outlet>, id: Option<RequestId>, error: &ErrorObject) {
        if error.data.kind == ErrorKind::Invalid || error.data.kind == ErrorKind::RateLimited {
            self.faults += 1;
        }
        if let Some(id) = id {
            outlet.push(&[failure(&id, error)]);
        }
        if self.faults >= FAULTS {
            outlet.close(CloseCode::Misuse);
        }
    }

    /// Answers what is no request at all: with a null id when there was none (JSON-RPC 2.0 §5).
    fn fault(&mut self, outlet: &Arc<Outlet>, id: Option<RequestId>, error: &ErrorObject) {
        let now = self.app.node.clock.now_ms();
        let limited = self.commands.take(now).err();
        let null = || serde_json::value::RawValue::NULL.to_owned();
        self.refuse(
            outlet,
            Some(id.unwrap_or_else(null)),
            limited.as_ref().unwrap_or(error),
        );
    }

    async fn leave(mut self, outlet: Arc<Outlet>, end: End) {
        if let Some(who) = self.who.take() {
            self.app.auth.let_go(*who, &outlet);
        }
        if let Some(seat) = self.seated.take() {
            let said_goodbye = end == End::Goodbye;
            seat.room
                .send(RoomEvent::Leave {
                    outlet,
                    member: seat.member,
                    said_goodbye,
                })
                .await;
        }
    }
}

/// What is answered when something of ours failed, and was reported under a reference.
fn failed(reference: String) -> ErrorObject {
    ErrorObject::new(ErrorKind::Internal, FAILED).with_reference(reference)
}

/// A notice to one connection.
pub(crate) fn notice(outlet: &Outlet, notification: &stereo_protocol::Notification) {
    outlet.push(&[frame::text(&crate::room::actor::notification(notification))]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F, R>(_: F) -> usize
    where
        F: Fn(Arc<App>, Arc<Outlet>, RoomId, (IpAddr, Option<Box<Who>>), Vec<u8>, Place) -> R,
    {
        size_of::<R>()
    }

    #[test]
    fn a_connection_that_waits_holds_few_bytes() {
        let task = size(hold);
        assert!(task <= 384, "{task} bytes of task");
        let outlet = size_of::<Outlet>();
        assert!(outlet <= 192, "{outlet} bytes of outlet");
        assert!(size_of::<RoomEvent>() <= 224, "{}", size_of::<RoomEvent>());
    }
}

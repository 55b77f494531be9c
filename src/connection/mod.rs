//! One WebSocket: reader, outlet, and the task that drives both. Knows frames and bytes; what the
//! messages mean is its [`Handler`]'s business. No HTTP and no rooms in here.

mod admission;
pub mod deflate;
pub mod frame;
pub mod handshake;
mod outlet;
mod socket;
mod wheel;

pub use admission::{Admission, Place};
pub(crate) use outlet::Gone;
pub use outlet::Outlet;
pub use socket::{Socket, Stream};
pub use wheel::{Seated, TICK, Wheel};

use bytes::BytesMut;
use frame::{Decoder, Inbound, Opcode};
use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Poll, ready};
use std::time::Duration;

/// Bytes read at once, into a buffer that the worker thread lends.
const READ: usize = 16 << 10;

/// How long a peer may take to answer our close, and to take what waits for it.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// What a connection does with messages.
pub trait Handler: Send {
    /// Something that must be awaited, such as a room's mailbox.
    type Work: Send;

    /// A message came; answered on the spot through the outlet, or by work to be done in order.
    /// `behind` says that work is waiting already: what is not done on the spot comes after it.
    fn message(
        &mut self,
        outlet: &Arc<Outlet>,
        message: Message<'_>,
        behind: bool,
    ) -> Option<Self::Work>;

    /// Does the work, to its end even when the connection is lost meanwhile. No further message is
    /// read until it is done: that is the backpressure, and it reaches this connection only.
    fn work(&mut self, outlet: &Arc<Outlet>, work: Self::Work) -> impl Future<Output = ()> + Send;
}

/// A message of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Binary.
    Binary(&'a [u8]),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer said goodbye with a close frame.
    Goodbye,
    /// We closed it.
    Closed,
    /// The network took it.
    Lost,
}

/// Drives a connection to its end. `already` is what was read behind the handshake.
///
/// Ten thousand of these wait at a time: what is needed only while something happens is boxed.
pub fn run<'a, H: Handler>(
    outlet: &'a Arc<Outlet>,
    handler: &'a mut H,
    most: usize,
    mut already: Vec<u8>,
) -> impl Future<Output = End> + Send + 'a {
    let mut decoder = Decoder::new(most, outlet.deflates());
    let mut works = Vec::new();
    let mut end = take(outlet, handler, &mut decoder, &mut already, &mut works);
    drop(already);
    // A block, not a function: what a block captures has one place, an argument would have two.
    async move {
        loop {
            // What was asked before a goodbye is done: it came in order.
            let goodbye = end == Some(End::Goodbye);
            if !works.is_empty() && (end.is_none() || goodbye) {
                let over = Box::pin(work(outlet, handler, std::mem::take(&mut works), goodbye));
                end = end.or(over.await);
            }
            if end.is_some() {
                break;
            }
            end = std::future::poll_fn(|context| {
                let read = BUFFER.with_borrow_mut(|buffer| {
                    match ready!(outlet.socket.poll_read(context, buffer)) {
                        Ok(0) | Err(_) => Poll::Ready(Some(End::Lost)),
                        Ok(count) => {
                            let bytes = &mut buffer[..count];
                            Poll::Ready(take(outlet, handler, &mut decoder, bytes, &mut works))
                        }
                    }
                });
                if read.is_pending() && outlet.poll_over(context).is_ready() {
                    return Poll::Ready(Some(End::Closed));
                }
                read
            })
            .await;
        }
        let end = end.unwrap_or(End::Lost);
        Box::pin(finish(outlet, end)).await;
        end
    }
}

/// Does works in order, flushing meanwhile. Work that has begun is never dropped half-way: a room
/// that lets somebody in has to learn that they are gone. When we close the connection the rest is
/// dropped; when the peer said `goodbye` it is done.
async fn work<H: Handler>(
    outlet: &Arc<Outlet>,
    handler: &mut H,
    works: Vec<H::Work>,
    goodbye: bool,
) -> Option<End> {
    let mut over = false;
    for work in works {
        let mut working = pin!(handler.work(outlet, work));
        std::future::poll_fn(|context| {
            if !over && outlet.poll_over(context).is_ready() {
                over = true;
            }
            working.as_mut().poll(context)
        })
        .await;
        if over && !goodbye {
            break;
        }
    }
    over.then_some(End::Closed)
}

/// Handles what was read; `Some` when reading is over.
fn take<H: Handler>(
    outlet: &Arc<Outlet>,
    handler: &mut H,
    decoder: &mut Decoder,
    bytes: &mut [u8],
    works: &mut Vec<H::Work>,
) -> Option<End> {
    if bytes.is_empty() {
        return None;
    }
    if !outlet.heard.load(Ordering::Relaxed) {
        outlet.heard.store(true, Ordering::Relaxed);
    }
    let mut end = None;
    let mut pongs = Pongs::default();
    let fed = decoder.feed(bytes, &mut |inbound| {
        let message = match inbound {
            Inbound::Text(text) => Message::Text(text),
            Inbound::Binary(bytes) => Message::Binary(bytes),
            Inbound::Ping(payload) => {
                pongs.add(payload);
                return true;
            }
            Inbound::Pong => return true,
            Inbound::Close(code) => {
                pongs.send(outlet);
                // Echoes the peer's code. Nothing follows it.
                outlet.close_with(code);
                end = Some(End::Goodbye);
                return true;
            }
        };
        pongs.send(outlet);
        works.extend(handler.message(outlet, message, !works.is_empty()));
        true
    });
    pongs.send(outlet);
    if let Err(fault) = fed {
        outlet.close(fault);
        return Some(End::Closed);
    }
    end
}

/// The answers to pings that follow each other: one write for all of them.
#[derive(Default)]
struct Pongs {
    frames: BytesMut,
    count: u32,
}

impl Pongs {
    fn add(&mut self, payload: &[u8]) {
        frame::write_frame(&mut self.frames, Opcode::Pong, false, &[payload]);
        self.count += 1;
    }

    fn send(&mut self, outlet: &Outlet) {
        if self.count > 0 {
            outlet.answer_pings(self.frames.split().freeze(), self.count);
            self.count = 0;
        }
    }
}

/// Sends what waits, then says that nothing more comes, and waits a little for the peer to do
/// the same: closing at once would reset the connection and lose the close frame.
async fn finish(outlet: &Arc<Outlet>, end: End) {
    if end == End::Lost {
        outlet.abandon();
        return;
    }
    let flushed = std::future::poll_fn(|context| outlet.poll_flush(context));
    let closing = async {
        flushed.await;
        if outlet.is_dead() && !outlet.socket.is_direct() {
            // A goodbye would send along what TLS itself still holds.
            return;
        }
        let _ = std::future::poll_fn(|context| outlet.socket.poll_shutdown(context)).await;
        let mut left = 64;
        let drained = std::future::poll_fn(|context| {
            BUFFER.with_borrow_mut(|buffer| {
                loop {
                    match outlet.socket.poll_read(context, buffer) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(count)) if count > 0 && left > 0 => left -= 1,
                        Poll::Ready(_) => return Poll::Ready(()),
                    }
                }
            })
        });
        drained.await;
    };
    let _ = tokio::time::timeout(CLOSE_WAIT, closing).await;
    outlet.abandon();
}

#[cfg(test)]
mod tests;

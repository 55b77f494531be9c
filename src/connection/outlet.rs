//! The way out of one connection: a byte-bounded outbox behind one short lock. Whoever holds the
//! lock may write to the socket, over TLS too; the connection's own task is woken only when the
//! socket was not ready.

use super::frame;
use crate::room::ConnectionId;
use atomic_waker::AtomicWaker;
use bytes::Bytes;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use stereo_protocol::CloseCode;
use tokio::sync::mpsc;

use super::socket::Socket;

/// Held by every connection that still has to get rid of something, and dropped by it then: whoever
/// has the other end hears when none is left.
pub(crate) type Gone = mpsc::Sender<()>;

/// Most segments given to one vectored write.
const VECTORED: usize = 16;

/// Segments that are no longer than this together are copied into one: that costs less than the
/// system's reading a list of them.
const GATHERED: usize = 1024;

/// Most bytes of waiting segments that are copied into one write, and over TLS into one record,
/// which holds as many. A segment that is as long by itself is not copied.
const FLUSHED: usize = 16 << 10;

/// Pings of a peer that are answered between two visits of the wheel. Nobody needs more than a few;
/// each answer is a write.
const PINGS: u32 = 1024;

thread_local! {
    /// Where waiting segments are gathered: lent by the worker for one write.
    static GATHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One connection as the rest of the server sees it. Shared by its task, its room's fan-out and
/// the wheel.
#[derive(Debug)]
pub struct Outlet {
    id: ConnectionId,
    pub(super) socket: Socket,
    outbox: Mutex<Outbox>,
    /// The connection's task, when it waits for something to flush.
    task: AtomicWaker,
    /// Bytes have come since the wheel last looked.
    pub(super) heard: AtomicBool,
    /// Pings that have come since then.
    pings: AtomicU32,
    /// Whoever it is has said what they want: they may stay.
    settled: AtomicBool,
    /// The last batch of the room in which this connection had something of its own.
    pub(crate) served: AtomicU64,
    /// Compression was negotiated.
    deflate: bool,
}

#[derive(Debug)]
struct Outbox {
    queue: VecDeque<Segment>,
    /// Bytes of the first segment that are sent.
    sent: usize,
    /// The first segment goes on with a frame whose beginning is sent.
    inside: bool,
    /// Bytes that wait.
    waiting: usize,
    /// Beyond so many the connection is lost.
    most: usize,
    state: State,
    /// The transport took bytes that it may hold itself: TLS does.
    unflushed: bool,
    /// What waits may hold what was erased: it goes out now or never.
    gone: Option<Gone>,
}

/// Something to be sent: whole frames, or a part of one.
#[derive(Debug)]
struct Segment {
    bytes: Bytes,
    /// A frame ends with it.
    ends: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// A close frame is queued, or sent; nothing may follow it.
    Closing,
    /// The socket failed or is done with.
    Dead,
}

impl Outlet {
    /// An outlet over `socket` that loses its connection beyond `most` waiting bytes.
    pub fn new(id: ConnectionId, socket: Socket, most: usize, deflate: bool) -> Self {
        let outbox = Outbox {
            queue: VecDeque::new(),
            sent: 0,
            inside: false,
            waiting: 0,
            most,
            state: State::Open,
            unflushed: false,
            gone: None,
        };
        Self {
            id,
            socket,
            outbox: Mutex::new(outbox),
            task: AtomicWaker::new(),
            heard: AtomicBool::new(true),
            pings: AtomicU32::new(0),
            settled: AtomicBool::new(false),
            served: AtomicU64::new(0),
            deflate,
        }
    }

    /// The connection's number on this node.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Whether compressed frames may be sent.
    pub fn deflates(&self) -> bool {
        self.deflate
    }

    /// Says that the connection may stay: the wheel expects nothing more.
    pub fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// Whether frames can still be sent.
    pub fn is_open(&self) -> bool {
        self.outbox.lock().state == State::Open
    }

    /// Sends whole frames, in order, with one write when the socket takes them; what it does not
    /// take waits. Never blocks. After a close nothing is sent.
    pub fn push(&self, segments: &[Bytes]) {
        self.send(segments, false);
    }

    /// As [`Outlet::push`], with segments that are parts of one frame.
    pub fn push_parts(&self, parts: &[Bytes]) {
        self.send(parts, true);
    }

    fn send(&self, segments: &[Bytes], parts: bool) {
        let mut outbox = self.outbox.lock();
        if outbox.state != State::Open {
            return;
        }
        // What the transport holds itself goes before: its task goes on with that.
        if outbox.queue.is_empty() && !outbox.unflushed {
            match self.write_now(segments) {
                Ok((reached, false)) if reached == (segments.len(), 0) => return,
                Ok((reached, unflushed)) => {
                    outbox.unflushed = unflushed;
                    outbox.keep(segments, reached, parts);
                }
                Err(_) => outbox.die(),
            }
        } else {
            outbox.keep(segments, (0, 0), parts);
        }
        let overflowed = outbox.waiting > outbox.most && outbox.state == State::Open;
        if overflowed {
            outbox.close(CloseCode::TooSlow, true);
        }
        drop(outbox);
        self.task.wake();
    }

    /// Sends a close frame behind what waits, and nothing after it.
    pub fn close(&self, code: CloseCode) {
        let mut outbox = self.outbox.lock();
        if outbox.state == State::Open {
            outbox.close(code, false);
            drop(outbox);
            self.task.wake();
        }
    }

    /// Answers a peer's close with its own code, behind what waits. Nothing may come in between
    /// (RFC 6455 §5.5.1): others write meanwhile, so this is one step under the lock.
    pub(super) fn close_with(&self, code: Option<u16>) {
        let payload = code.map(u16::to_be_bytes);
        let frame = frame::frame(
            frame::Opcode::Close,
            &[payload.as_ref().map_or(&[][..], |code| &code[..])],
        );
        let mut outbox = self.outbox.lock();
        if outbox.state == State::Open {
            outbox.keep(&[frame], (0, 0), false);
            outbox.state = State::Closing;
            drop(outbox);
            self.task.wake();
        }
    }

    /// Lets go of what waits: it may hold what was just erased. Whoever reads so slowly that something
    /// waits is closed, comes back, and resumes from what is left; after the middle of a frame nothing
    /// can follow, so that the connection ends there.
    ///
    /// What TLS holds itself cannot be taken back: the connection's task tries once to pass it on, and
    /// drops `gone` when nothing waits any more, one way or the other.
    pub(crate) fn let_go(&self, gone: &Gone) {
        let mut outbox = self.outbox.lock();
        let waits = outbox.waiting > 0 || outbox.unflushed;
        if !waits || outbox.state == State::Dead {
            return;
        }
        match self.socket.is_direct() {
            true => outbox.cut(),
            false => outbox.gone = Some(gone.clone()),
        }
        drop(outbox);
        self.task.wake();
    }

    /// Ends a connection whose task has not come to it since [`Outlet::let_go`].
    pub(crate) fn end_if_held(&self) {
        let mut outbox = self.outbox.lock();
        if outbox.gone.is_some() {
            outbox.die();
            drop(outbox);
            self.task.wake();
        }
    }

    /// Whether it ended without a goodbye: nothing more may reach the peer.
    pub(super) fn is_dead(&self) -> bool {
        self.outbox.lock().state == State::Dead
    }

    /// Ends without a close: nothing more is sent.
    pub fn abandon(&self) {
        self.outbox.lock().die();
        self.task.wake();
    }

    /// Writes once, and passes on what the transport holds: the segment reached and the offset in
    /// it, and whether the transport holds something still.
    fn write_now(&self, segments: &[Bytes]) -> io::Result<((usize, usize), bool)> {
        let length = segments.iter().map(Bytes::len).sum::<usize>();
        let written = match segments {
            [] => Ok(0),
            [one] => self.socket.try_write(one),
            many if length <= GATHERED => {
                let mut gathered = [0; GATHERED];
                let mut length = 0;
                for segment in many {
                    gathered[length..length + segment.len()].copy_from_slice(segment);
                    length += segment.len();
                }
                self.socket.try_write(&gathered[..length])
            }
            many if self.socket.is_direct() => {
                let mut slices = [IoSlice::new(&[]); VECTORED];
                let count = many.len().min(VECTORED);
                for (slice, segment) in slices.iter_mut().zip(many) {
                    *slice = IoSlice::new(segment);
                }
                self.socket.try_write_vectored(&slices[..count])
            }
            many => GATHER.with_borrow_mut(|gathered| {
                gather(gathered, many.iter().map(|next| &next[..]));
                self.socket.try_write(gathered)
            }),
        };
        let mut written = ready_or(written, 0)?;
        let held = ready_or(self.socket.try_flush().map(|()| false), true)?;
        for (place, segment) in segments.iter().enumerate() {
            if written < segment.len() {
                return Ok(((place, written), held));
            }
            written -= segment.len();
        }
        Ok(((segments.len(), 0), held))
    }

    /// Flushes what waits, in the connection's task. Ready when the connection is over: the close
    /// frame is sent, or the socket failed.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.task.register(context.waker());
            let mut outbox = self.outbox.lock();
            if outbox.state == State::Dead {
                return Poll::Ready(());
            }
            if outbox.queue.is_empty() {
                let flushed = self.socket.poll_flush(context);
                return outbox.note_flush(&flushed);
            }
            match outbox.lend(|bytes| self.socket.poll_write(context, bytes)) {
                Poll::Ready(Ok(written)) => {
                    outbox.advance(written);
                    outbox.unflushed = !self.socket.is_direct();
                }
                Poll::Ready(Err(_)) => {
                    outbox.die();
                    return Poll::Ready(());
                }
                Poll::Pending if outbox.gone.is_some() => {
                    outbox.die();
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    drop(outbox);
                    ready!(self.socket.poll_writable(context));
                }
            }
        }
    }

    /// As [`Outlet::poll_flush`], and ready as soon as there is a close to send: from then on it is
    /// [`super::finish`]'s, which does not wait for long for a peer that takes nothing.
    pub(super) fn poll_over(&self, context: &mut Context<'_>) -> Poll<()> {
        match self.poll_flush(context) {
            Poll::Pending if self.is_open() => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Bytes that wait to be sent.
    pub fn waiting(&self) -> usize {
        self.outbox.lock().waiting
    }

    /// Sends a ping; it proves nothing by itself, the answer does.
    pub fn ping(&self) {
        self.push(&[frame::PING]);
    }

    /// Answers pings with the frames that are made for it. A peer that sends far more of them than
    /// anybody needs is closed.
    pub(super) fn answer_pings(&self, pongs: Bytes, count: u32) {
        let before = self.pings.fetch_add(count, Ordering::Relaxed);
        if before.saturating_add(count) > PINGS {
            self.close(CloseCode::Misuse);
        } else {
            self.push(&[pongs]);
        }
    }

    /// Whether bytes have come since this was last asked.
    pub(super) fn was_heard(&self) -> bool {
        self.pings.store(0, Ordering::Relaxed);
        self.heard.swap(false, Ordering::Relaxed)
    }
}

impl Outbox {
    /// Keeps what the socket did not take: from a segment on, and an offset in it. With `parts`
    /// the segments are one frame.
    fn keep(&mut self, segments: &[Bytes], reached: (usize, usize), parts: bool) {
        let (first, offset) = reached;
        if self.queue.is_empty() {
            self.sent = offset;
            self.waiting = 0;
            self.inside = parts && (1..segments.len()).contains(&first);
        }
        let rest = &segments[first..];
        self.waiting += rest.iter().map(Bytes::len).sum::<usize>() - offset;
        let last = rest.len().saturating_sub(1);
        let kept = rest.iter().enumerate().map(|(place, bytes)| Segment {
            bytes: bytes.clone(),
            ends: !parts || place == last,
        });
        self.queue.extend(kept);
    }

    /// Lends what is to be written next: a long segment as it is, short ones gathered.
    fn lend<R>(&self, write: impl FnOnce(&[u8]) -> R) -> R {
        let first = self
            .queue
            .front()
            .map_or(&[][..], |first| &first.bytes[self.sent..]);
        if self.queue.len() == 1 || first.len() >= FLUSHED {
            return write(first);
        }
        let rest = self.queue.iter().skip(1);
        GATHER.with_borrow_mut(|gathered| {
            gather(
                gathered,
                std::iter::once(first).chain(rest.map(|next| &next.bytes[..])),
            );
            write(gathered)
        })
    }

    /// So many bytes are sent. An empty queue gives back what a burst took.
    fn advance(&mut self, mut written: usize) {
        self.waiting = self.waiting.saturating_sub(written);
        while let Some(first) = self.queue.front() {
            let rest = first.bytes.len() - self.sent;
            if written < rest {
                self.sent += written;
                return;
            }
            written -= rest;
            self.sent = 0;
            self.inside = !first.ends;
            self.queue.pop_front();
        }
        self.queue = VecDeque::new();
    }

    /// Queues a close frame. With `drop_waiting`, behind the frame that is partly sent, and in
    /// place of everything else: a frame is never cut.
    fn close(&mut self, code: CloseCode, drop_waiting: bool) {
        if drop_waiting {
            let begun = self.inside || self.sent > 0;
            let end = self.queue.iter().position(|segment| segment.ends);
            self.queue
                .truncate(end.filter(|_| begun).map_or(0, |end| end + 1));
        }
        let bytes = frame::close(code);
        let before = self
            .queue
            .iter()
            .map(|segment| segment.bytes.len())
            .sum::<usize>();
        self.waiting = before - self.sent + bytes.len();
        self.queue.push_back(Segment { bytes, ends: true });
        self.state = State::Closing;
    }

    /// Drops what waits, but a close frame that is on the way already; see [`Outlet::let_go`].
    fn cut(&mut self) {
        let begun = self.inside || self.sent > 0;
        let is_last = self.queue.len() == 1;
        match self.state {
            // Nothing but the close frame waits.
            State::Closing if is_last && !self.inside => {}
            _ if begun => self.die(),
            State::Open => self.close(CloseCode::TooSlow, true),
            State::Closing => {
                self.queue.drain(..self.queue.len() - 1);
                self.waiting = self.queue.iter().map(|last| last.bytes.len()).sum();
            }
            State::Dead => {}
        }
    }

    /// Everything was written, and the transport was asked to pass it on: whether the connection is
    /// over.
    fn note_flush(&mut self, flushed: &Poll<io::Result<()>>) -> Poll<()> {
        match flushed {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                self.gone = None;
                match self.state {
                    State::Open => Poll::Pending,
                    State::Closing | State::Dead => Poll::Ready(()),
                }
            }
            Poll::Pending if self.gone.is_none() => Poll::Pending,
            Poll::Pending | Poll::Ready(Err(_)) => {
                self.die();
                Poll::Ready(())
            }
        }
    }

    fn die(&mut self) {
        self.gone = None;
        self.unflushed = false;
        self.state = State::Dead;
        self.queue = VecDeque::new();
        self.waiting = 0;
        self.sent = 0;
    }
}

/// What was done, or `waits` when it has to wait for the socket.
fn ready_or<T>(done: io::Result<T>, waits: T) -> io::Result<T> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(waits),
        done => done,
    }
}

/// As many bytes of these as one write takes.
fn gather<'a>(gathered: &mut Vec<u8>, segments: impl IntoIterator<Item = &'a [u8]>) {
    gathered.clear();
    for segment in segments {
        let room = FLUSHED - gathered.len();
        gathered.extend_from_slice(&segment[..segment.len().min(room)]);
        if gathered.len() == FLUSHED {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_was_begun_is_kept_whole_wherever_the_socket_stopped() {
        let parts = frame::text_around(b"head", vec![b'x'; 100].into(), "tail".into());
        let close = frame::close(CloseCode::TooSlow);
        for (first, offset) in [(0, 0), (0, 3), (1, 0), (1, 5), (2, 0), (2, 2)] {
            let socket = Socket::layered(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
            let outlet = Outlet::new(ConnectionId(1), socket, 50, false);
            let mut outbox = outlet.outbox.lock();
            outbox.keep(&parts, (first, offset), true);
            outbox.close(CloseCode::TooSlow, true);
            let rest = match (first, offset) {
                (0, 0) => Vec::new(),
                _ => parts[first..].concat().split_off(offset),
            };
            let kept = outbox.queue.iter().map(|segment| &segment.bytes[..]);
            let kept = kept.collect::<Vec<_>>().concat().split_off(outbox.sent);
            assert_eq!(kept, [&rest[..], &close].concat(), "{first}, {offset}");
            assert_eq!(outbox.waiting, kept.len(), "{first}, {offset}");
        }
    }
}

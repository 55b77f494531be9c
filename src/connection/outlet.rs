//! The way out of one connection: a byte-bounded outbox behind one short lock. Whoever holds the
//! lock may write to the socket; the connection's own task is woken only when the socket was not
//! ready, or when its transport can be written by that task alone (TLS).

use super::frame;
use crate::room::ConnectionId;
use atomic_waker::AtomicWaker;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use stereo_protocol::CloseCode;

use super::socket::Socket;

/// Most segments given to one vectored write.
const VECTORED: usize = 16;

/// Segments that are no longer than this together are copied into one: that costs less than the
/// system's reading a list of them.
const GATHERED: usize = 1024;

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
    /// Whoever it is has said what they want: they may stay.
    settled: AtomicBool,
    /// The last batch of the room in which this connection had something of its own.
    pub(crate) served: AtomicU64,
    /// Compression was negotiated.
    deflate: bool,
}

#[derive(Debug)]
struct Outbox {
    /// Whole frames, but that the first may be partly sent.
    queue: VecDeque<Bytes>,
    /// Bytes of the first segment that are sent.
    sent: usize,
    /// Bytes that wait.
    waiting: usize,
    /// Beyond so many the connection is lost.
    most: usize,
    state: State,
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
            waiting: 0,
            most,
            state: State::Open,
        };
        Self {
            id,
            socket,
            outbox: Mutex::new(outbox),
            task: AtomicWaker::new(),
            heard: AtomicBool::new(true),
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
        let mut outbox = self.outbox.lock();
        if outbox.state != State::Open {
            return;
        }
        if outbox.queue.is_empty() && self.socket.is_direct() {
            match self.write_now(segments) {
                Ok((segment, offset)) if segment == segments.len() => {
                    debug_assert_eq!(offset, 0);
                    return;
                }
                Ok((segment, offset)) => outbox.keep(&segments[segment..], offset),
                Err(_) => outbox.die(),
            }
        } else {
            outbox.keep(segments, 0);
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

    /// Answers a peer's close with its own code, behind what waits.
    pub(super) fn close_with(&self, code: Option<u16>) {
        let payload = code.map(u16::to_be_bytes);
        let frame = frame::frame(
            frame::Opcode::Close,
            &[payload.as_ref().map_or(&[][..], |code| &code[..])],
        );
        self.push(&[frame]);
        let mut outbox = self.outbox.lock();
        if outbox.state == State::Open {
            outbox.state = State::Closing;
        }
        drop(outbox);
        self.task.wake();
    }

    /// Ends without a close: nothing more is sent.
    pub fn abandon(&self) {
        self.outbox.lock().die();
        self.task.wake();
    }

    /// Writes until done or not ready: the segment reached and the offset in it.
    fn write_now(&self, segments: &[Bytes]) -> io::Result<(usize, usize)> {
        let written = match segments {
            [] => return Ok((0, 0)),
            [one] => self.socket.try_write(one),
            many if many.iter().map(Bytes::len).sum::<usize>() <= GATHERED => {
                let mut gathered = [0; GATHERED];
                let mut length = 0;
                for segment in many {
                    gathered[length..length + segment.len()].copy_from_slice(segment);
                    length += segment.len();
                }
                self.socket.try_write(&gathered[..length])
            }
            many => {
                let mut slices = [IoSlice::new(&[]); VECTORED];
                let count = many.len().min(VECTORED);
                for (slice, segment) in slices.iter_mut().zip(many) {
                    *slice = IoSlice::new(segment);
                }
                self.socket.try_write_vectored(&slices[..count])
            }
        };
        let mut written = match written {
            Ok(written) => written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        for (place, segment) in segments.iter().enumerate() {
            if written < segment.len() {
                return Ok((place, written));
            }
            written -= segment.len();
        }
        Ok((segments.len(), 0))
    }

    /// Flushes what waits, in the connection's task. Ready when the connection is over: the close
    /// frame is sent, or the socket failed.
    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.task.register(context.waker());
            let mut outbox = self.outbox.lock();
            if outbox.state == State::Dead {
                return Poll::Ready(());
            }
            let Some(first) = outbox.queue.front() else {
                drop(outbox);
                return match self.socket.poll_flush(context) {
                    Poll::Ready(Ok(())) if self.outbox.lock().state == State::Closing => {
                        Poll::Ready(())
                    }
                    Poll::Ready(Err(_)) => Poll::Ready(()),
                    _ => Poll::Pending,
                };
            };
            let first = first.slice(outbox.sent..);
            match self.socket.poll_write(context, &first) {
                Poll::Ready(Ok(written)) => outbox.advance(written),
                Poll::Ready(Err(_)) => {
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
        self.push(&[frame::frame(frame::Opcode::Ping, &[])]);
    }

    /// Whether bytes have come since this was last asked.
    pub(super) fn was_heard(&self) -> bool {
        self.heard.swap(false, Ordering::Relaxed)
    }
}

impl Outbox {
    /// Keeps what the socket did not take, from `offset` in the first segment.
    fn keep(&mut self, segments: &[Bytes], offset: usize) {
        if self.queue.is_empty() {
            self.sent = offset;
            self.waiting = 0;
        }
        self.waiting += segments.iter().map(Bytes::len).sum::<usize>() - offset;
        self.queue.extend(segments.iter().cloned());
    }

    fn advance(&mut self, mut written: usize) {
        self.waiting = self.waiting.saturating_sub(written);
        while let Some(first) = self.queue.front() {
            let rest = first.len() - self.sent;
            if written < rest {
                self.sent += written;
                return;
            }
            written -= rest;
            self.sent = 0;
            self.queue.pop_front();
        }
        // The capacity of a burst is given back.
        self.queue = VecDeque::new();
    }

    /// Queues a close frame. With `drop_waiting`, behind the segment that is partly sent, and in
    /// place of everything else: a frame is never cut.
    fn close(&mut self, code: CloseCode, drop_waiting: bool) {
        if drop_waiting {
            self.queue.truncate(usize::from(self.sent > 0));
        }
        let frame = frame::close(code);
        self.waiting = self.queue.iter().map(Bytes::len).sum::<usize>() - self.sent + frame.len();
        self.queue.push_back(frame);
        self.state = State::Closing;
    }

    fn die(&mut self) {
        self.state = State::Dead;
        self.queue = VecDeque::new();
        self.waiting = 0;
        self.sent = 0;
    }
}

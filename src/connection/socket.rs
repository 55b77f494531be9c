//! What a connection reads from and writes to: a TCP socket, or a stream over one (TLS), behind a
//! lock. Anyone may write to either without blocking; the connection's own task reads, and waits.

use parking_lot::Mutex;
use socket2::SockRef;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, Read};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// A stream over a socket, such as TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The transport of one connection.
pub enum Socket {
    /// Plain TCP.
    Direct(TcpStream),
    /// Anything else. Locked for one read or write at a time, which never blocks; behind the lock of
    /// the outlet wherever both are held.
    Layered(Mutex<Box<dyn Stream>>),
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address is about a person: it is not printed.
        f.write_str(if self.is_direct() {
            "Direct"
        } else {
            "Layered"
        })
    }
}

impl Socket {
    /// A transport over a socket.
    pub fn layered(stream: impl Stream + 'static) -> Self {
        Socket::Layered(Mutex::new(Box::new(stream)))
    }

    pub(super) fn is_direct(&self) -> bool {
        matches!(self, Socket::Direct(_))
    }

    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Direct(stream) => stream.try_write(bytes),
            Socket::Layered(stream) => at_once(|context| {
                // Its task reads just now, on another thread: what waits for that is woken for it.
                let mut stream = stream.try_lock()?;
                Some(Pin::new(&mut **stream).poll_write(context, bytes))
            }),
        }
    }

    /// Passes on what the transport holds itself, as far as that goes at once.
    pub(super) fn try_flush(&self) -> io::Result<()> {
        match self {
            Socket::Direct(_) => Ok(()),
            Socket::Layered(stream) => at_once(|context| {
                let mut stream = stream.try_lock()?;
                Some(Pin::new(&mut **stream).poll_flush(context))
            }),
        }
    }

    pub(super) fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Direct(stream) => stream.try_write_vectored(slices),
            Socket::Layered(_) => self.try_write(slices.first().map_or(&[], |first| first)),
        }
    }

    pub(super) fn poll_write(
        &self,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Socket::Direct(stream) => match stream.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                done => Poll::Ready(done),
            },
            Socket::Layered(stream) => unconstrained(context, |context| {
                Pin::new(&mut **stream.lock()).poll_write(context, bytes)
            }),
        }
    }

    /// Pending after [`Self::poll_write`] was: ready when it is worth trying again.
    pub(super) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Socket::Direct(stream) => stream.poll_write_ready(context).map(|_| ()),
            Socket::Layered(_) => Poll::Pending,
        }
    }

    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Direct(_) => Poll::Ready(Ok(())),
            Socket::Layered(stream) => unconstrained(context, |context| {
                Pin::new(&mut **stream.lock()).poll_flush(context)
            }),
        }
    }

    /// Reads into `buffer` once; 0 is the end.
    pub(super) fn poll_read(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Socket::Direct(stream) => loop {
                std::task::ready!(stream.poll_read_ready(context))?;
                // A read that leaves room in the buffer has emptied the socket: readiness is taken
                // back with it, which saves the read that would find nothing (epoll(7), question 9).
                let mut partial = None;
                let read = stream.try_io(Interest::READABLE, || {
                    let read = (&*SockRef::from(stream)).read(buffer)?;
                    if (1..buffer.len()).contains(&read) {
                        partial = Some(read);
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    Ok(read)
                });
                match (partial, read) {
                    (Some(read), _) => return Poll::Ready(Ok(read)),
                    (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                    (None, done) => return Poll::Ready(done),
                }
            },
            Socket::Layered(stream) => {
                let mut buffer = ReadBuf::new(buffer);
                std::task::ready!(Pin::new(&mut **stream.lock()).poll_read(context, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
        }
    }

    /// Says to the peer that nothing more will come.
    pub(super) fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Socket::Direct(stream) => {
                let socket = SockRef::from(stream);
                Poll::Ready(socket.shutdown(std::net::Shutdown::Write))
            }
            Socket::Layered(stream) => Pin::new(&mut **stream.lock()).poll_shutdown(context),
        }
    }
}

/// Does what can be done without waiting. Nobody is woken by it: whoever goes on waits by themselves.
fn at_once<T>(
    attempt: impl FnOnce(&mut Context<'_>) -> Option<Poll<io::Result<T>>>,
) -> io::Result<T> {
    let attempt = |context: &mut Context<'_>| match attempt(context) {
        Some(Poll::Ready(done)) => Poll::Ready(done),
        Some(Poll::Pending) | None => Poll::Ready(Err(io::ErrorKind::WouldBlock.into())),
    };
    match unconstrained(&mut Context::from_waker(Waker::noop()), attempt) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Polls without regard to how much the task that does so may do before it gives way: it writes for
/// hundreds of connections, and would be told of one that it is not ready because of the others.
fn unconstrained<T>(
    context: &mut Context<'_>,
    poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
) -> Poll<T> {
    let mut poll = Some(poll);
    let once = std::future::poll_fn(|context| match poll.take() {
        Some(poll) => Poll::Ready(poll(context)),
        None => Poll::Ready(Poll::Pending),
    });
    match pin!(tokio::task::unconstrained(once)).poll(context) {
        Poll::Ready(polled) => polled,
        Poll::Pending => Poll::Pending,
    }
}

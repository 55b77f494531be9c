//! The way out of a connection, and the loop around it, over transports that can be watched.

use super::outlet::Outlet;
use super::*;
use crate::allocations;
use crate::room::ConnectionId;
use bytes::Bytes;
use parking_lot::Mutex;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::task::{Context, Waker};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Takes so many bytes, remembers each write, and has nothing to be read.
#[derive(Clone, Default)]
struct Sink {
    writes: Arc<Mutex<Vec<Vec<u8>>>>,
    takes: Arc<AtomicUsize>,
    /// Passes nothing on.
    holds: Arc<AtomicBool>,
}

impl Sink {
    fn taking(bytes: usize) -> Self {
        let sink = Self::default();
        sink.takes.store(bytes, Ordering::Relaxed);
        sink
    }

    fn outlet(&self, most: usize) -> Arc<Outlet> {
        let socket = Socket::layered(self.clone());
        Arc::new(Outlet::new(ConnectionId(1), socket, most, false))
    }

    fn bytes(&self) -> Vec<u8> {
        self.writes.lock().concat()
    }
}

impl AsyncRead for Sink {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let takes = self.takes.load(Ordering::Relaxed).min(bytes.len());
        if takes == 0 {
            return Poll::Pending;
        }
        self.takes.fetch_sub(takes, Ordering::Relaxed);
        self.writes.lock().push(bytes[..takes].to_vec());
        Poll::Ready(Ok(takes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.holds.load(Ordering::Relaxed) {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn flush(outlet: &Outlet) -> Poll<()> {
    outlet.poll_flush(&mut Context::from_waker(Waker::noop()))
}

/// A short frame of a client, under a mask of zeros.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

#[test]
fn what_a_layer_takes_leaves_at_once_without_its_task_in_one_record() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 20);
    for lengths in [&[300][..], &[100, 200, 300], &[3_000, 5_000, 4_000]] {
        sink.writes.lock().clear();
        let segments: Vec<Bytes> = lengths.iter().map(|it| vec![b'x'; *it].into()).collect();
        outlet.push(&segments);
        assert_eq!(*sink.writes.lock(), [segments.concat()]);
        assert_eq!(outlet.waiting(), 0);
    }
}

/// A layer over a socket of the system, which counts what its task is allowed before it gives way.
#[tokio::test]
async fn hundreds_of_layers_are_written_to_in_one_go_and_no_task_is_woken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut peers = Vec::new();
    let mut outlets = Vec::new();
    for number in 0..300 {
        let near = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(near, listener.accept());
        let near = near.unwrap();
        near.writable().await.unwrap();
        peers.push(far.unwrap().0);
        let socket = Socket::layered(near);
        outlets.push(Outlet::new(ConnectionId(number), socket, 1 << 20, false));
    }
    for outlet in &outlets {
        outlet.push(&[Bytes::from_static(b"an event")]);
    }
    let waiting = outlets.iter().filter(|outlet| outlet.waiting() > 0);
    assert_eq!(waiting.count(), 0);
}

#[test]
fn nothing_overtakes_what_a_layer_holds_and_its_task_goes_on_with_it() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 20);
    sink.holds.store(true, Ordering::Relaxed);
    outlet.push(&[Bytes::from_static(b"held")]);
    outlet.push(&[Bytes::from_static(b"next")]);
    assert_eq!(sink.bytes(), b"held");
    assert_eq!(outlet.waiting(), 4, "the next one");
    outlet.close(stereo_protocol::CloseCode::Normal);
    assert!(flush(&outlet).is_pending(), "the close is not out yet");
    sink.holds.store(false, Ordering::Relaxed);
    assert!(flush(&outlet).is_ready());
    let close = frame::close(stereo_protocol::CloseCode::Normal);
    assert_eq!(sink.bytes(), [&b"heldnext"[..], &close].concat());
}

#[test]
fn a_layer_that_its_task_reads_just_now_is_left_to_it() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 20);
    let Socket::Layered(layer) = &outlet.socket else {
        unreachable!()
    };
    let reading = layer.lock();
    outlet.push(&[Bytes::from_static(b"later")]);
    drop(reading);
    assert_eq!((outlet.waiting(), sink.bytes().len()), (5, 0));
    assert!(flush(&outlet).is_pending());
    assert_eq!(sink.bytes(), b"later");
}

#[test]
fn what_waits_leaves_in_few_writes_of_a_record_each() {
    let sink = Sink::taking(0);
    let outlet = sink.outlet(1 << 20);
    let mut sent = Vec::new();
    for place in 0..1000_u32 {
        let frame = frame::text(&format!("{place:0300}"));
        sent.extend_from_slice(&frame);
        outlet.push(&[frame]);
    }
    let long = Bytes::from(vec![b'x'; 40_000]);
    sent.extend_from_slice(&long);
    outlet.push(&[long]);
    sink.takes.store(usize::MAX, Ordering::Relaxed);
    assert!(flush(&outlet).is_pending());
    assert_eq!(sink.bytes(), sent);
    assert_eq!(outlet.waiting(), 0);
    let writes = sink.writes.lock().len();
    assert!(writes <= sent.len() / (16 << 10) + 2, "{writes} writes");
}

#[test]
fn a_slow_peer_gets_the_frame_that_was_begun_whole_and_then_the_close() {
    let parts = frame::text_around(b"ten bytes!", vec![b'x'; 100].into(), "tail".into());
    let whole = parts.concat();
    // Cut before the frame, in and at the end of each part.
    for cut in [0, 5, 12, 13, 60, 112, 114, whole.len()] {
        let sink = Sink::taking(cut);
        let outlet = sink.outlet(200);
        outlet.push_parts(&parts);
        assert!(flush(&outlet).is_pending());
        outlet.push(&[vec![b'y'; 300].into()]);
        assert!(!outlet.is_open(), "too slow");
        sink.takes.store(usize::MAX, Ordering::Relaxed);
        assert!(flush(&outlet).is_ready());
        let begun = if cut == 0 { &[][..] } else { &whole[..] };
        let close = frame::close(stereo_protocol::CloseCode::TooSlow);
        assert_eq!(sink.bytes(), [begun, &close].concat(), "cut at {cut}");
    }
}

/// A connection whose buffers are as small as the system makes them.
async fn narrow_pair() -> (Arc<Outlet>, TcpStream) {
    let [near, far] = [(); 2].map(|()| TcpSocket::new_v4().unwrap());
    near.set_send_buffer_size(4 << 10).unwrap();
    far.set_recv_buffer_size(4 << 10).unwrap();
    far.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = far.listen(1).unwrap();
    let near = near.connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    let near = near.unwrap();
    near.writable().await.unwrap();
    let outlet = Outlet::new(ConnectionId(1), Socket::Direct(near), 1 << 20, false);
    (Arc::new(outlet), far.unwrap().0)
}

#[tokio::test]
async fn what_a_socket_takes_a_part_of_arrives_whole_and_once() {
    for (kind, lengths) in [
        ("one", &[9_000][..]),
        ("gathered", &[300, 200, 400]),
        ("a list", &[3_000, 100, 5_000]),
        ("parts", &[20, 6_000, 300]),
    ] {
        let (outlet, mut far) = narrow_pair().await;
        let flushed = outlet.clone();
        let flushing = tokio::spawn(async move {
            std::future::poll_fn(|context| flushed.poll_flush(context)).await;
        });
        let (mut sent, mut came, mut cut) = (Vec::new(), Vec::new(), 0);
        for number in 0..400_usize {
            let filled = |length: &usize| -> Bytes {
                let bytes = (0..*length).map(|place| (place * 31 + number) as u8);
                bytes.collect::<Vec<_>>().into()
            };
            let segments: Vec<Bytes> = lengths.iter().map(filled).collect();
            sent.extend(segments.concat());
            match kind {
                "parts" => outlet.push_parts(&segments),
                _ => outlet.push(&segments),
            }
            let whole: usize = lengths.iter().sum();
            cut += usize::from(outlet.waiting() % whole != 0);
            while outlet.waiting() > 0 {
                far.read_buf(&mut came).await.unwrap();
            }
        }
        flushing.abort();
        let _ = flushing.await;
        drop(outlet);
        far.read_to_end(&mut came).await.unwrap();
        let differs = came.iter().zip(&sent).position(|(came, sent)| came != sent);
        assert!(came == sent, "{kind}: {differs:?} of {}", sent.len());
        // So little as is gathered, the system takes whole or not at all.
        assert!(cut > 0 || kind == "gathered", "{kind}: nothing was cut");
    }
}

#[test]
fn an_event_for_a_connection_with_a_task_of_its_own_allocates_nothing() {
    let socket = Socket::layered(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
    let outlet = Outlet::new(ConnectionId(1), socket, 1 << 16, false);
    let event = [frame::text("an event")];
    let once = || {
        outlet.push(&event);
        assert!(flush(&outlet).is_pending());
    };
    once();
    let before = allocations::so_far();
    (0..100).for_each(|_| once());
    assert_eq!(allocations::so_far() - before, 0);
}

async fn pair() -> (Arc<Outlet>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    let near = near.unwrap();
    near.writable().await.unwrap();
    let outlet = Outlet::new(ConnectionId(1), Socket::Direct(near), 1 << 20, false);
    (Arc::new(outlet), far.unwrap().0)
}

/// The room writes from another thread while the connection answers the peer's close.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_follows_the_answer_to_a_close() {
    let event = frame::text("event");
    for round in 0..200 {
        let (outlet, mut far) = pair().await;
        let begun = Arc::new(AtomicBool::new(false));
        let room = {
            let (outlet, begun, event) = (outlet.clone(), begun.clone(), event.clone());
            std::thread::spawn(move || {
                for _ in 0..400 {
                    outlet.push(std::slice::from_ref(&event));
                    begun.store(true, Ordering::Release);
                }
            })
        };
        while !begun.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        outlet.close_with(Some(1000));
        std::future::poll_fn(|context| outlet.poll_flush(context)).await;
        room.join().unwrap();
        drop(outlet);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        let close = [0x88, 2, 0x03, 0xe8];
        let events = bytes.strip_suffix(&close).expect("the close is last");
        assert!(
            events.chunks(event.len()).all(|chunk| chunk == event),
            "{round}"
        );
    }
}

/// Each message is work, which takes a moment.
#[derive(Default)]
struct Worker {
    done: Vec<String>,
}

impl Handler for Worker {
    type Work = String;

    fn message(&mut self, _: &Arc<Outlet>, message: Message<'_>, _: bool) -> Option<String> {
        match message {
            Message::Text(text) => Some(text.to_owned()),
            Message::Binary(_) => None,
        }
    }

    async fn work(&mut self, _: &Arc<Outlet>, work: String) {
        tokio::task::yield_now().await;
        self.done.push(work);
    }
}

#[tokio::test]
async fn what_was_asked_before_a_goodbye_is_done() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 16);
    let mut worker = Worker::default();
    let read = [
        masked(0x81, b"one"),
        masked(0x81, b"two"),
        masked(0x88, &[0x03, 0xe8]),
        masked(0x81, b"too late"),
    ];
    let end = run(&outlet, &mut worker, 1000, read.concat()).await;
    assert_eq!(end, End::Goodbye);
    assert_eq!(worker.done, ["one", "two"]);
    assert_eq!(sink.bytes(), [0x88, 2, 0x03, 0xe8]);
}

#[tokio::test]
async fn every_ping_is_answered_in_its_place() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 16);
    let read = [
        masked(0x89, b"a"),
        masked(0x89, b""),
        masked(0x89, b"bc"),
        masked(0x88, &[]),
    ];
    run(&outlet, &mut Worker::default(), 1000, read.concat()).await;
    let answers = [
        &[0x8a, 1, b'a'][..],
        &[0x8a, 0],
        &[0x8a, 2, b'b', b'c'],
        &[0x88, 0],
    ];
    assert_eq!(sink.bytes(), answers.concat());
}

#[test]
fn pings_that_come_together_are_answered_together_and_a_flood_of_them_ends_the_connection() {
    let sink = Sink::taking(usize::MAX);
    let outlet = sink.outlet(1 << 20);
    let mut decoder = Decoder::new(1000, false);
    let (mut works, mut worker) = (Vec::new(), Worker::default());
    let mut read = |count: usize| {
        let mut bytes = masked(0x89, b"").repeat(count);
        let before = allocations::so_far();
        let end = take(&outlet, &mut worker, &mut decoder, &mut bytes, &mut works);
        assert!(end.is_none());
        allocations::so_far() - before
    };
    let (few, many) = (read(10), read(1000));
    assert!(
        many <= few + 20,
        "{many} allocations for 1000 pings, {few} for 10"
    );
    assert!(flush(&outlet).is_pending());
    assert_eq!(sink.bytes(), [0x8a, 0].repeat(1010));
    // The wheel looks: as many may come again.
    outlet.was_heard();
    read(1000);
    assert!(outlet.is_open());
    read(1000);
    assert!(flush(&outlet).is_ready(), "closed");
    let close = frame::close(stereo_protocol::CloseCode::Misuse);
    assert_eq!(sink.bytes(), [&[0x8a, 0].repeat(2010)[..], &close].concat());
}

#[test]
fn a_frame_around_what_is_shared_says_the_same_compressed_or_not() {
    let shared = br#"{"id":"q_1","votes":0},"#.repeat(200);
    let packed = deflate::block(&shared).unwrap();
    let plain = frame::text_around(b"head", shared.clone().into(), "tail".into()).concat();
    let packed = frame::packed_around(b"head", packed.into(), b"tail").concat();
    let (header, payload) = plain.split_at(4);
    assert_eq!(header[..2], [0x81, 126]);
    assert_eq!(payload, [b"head", &shared[..], b"tail"].concat());
    assert!(packed.len() < plain.len() / 4, "{}", packed.len());
    assert_eq!(packed[0], 0xc1);
    let start = if packed[1] == 126 { 4 } else { 2 };
    assert_eq!(
        deflate::inflate(&packed[start..], 1 << 16).unwrap(),
        payload
    );
}

//! What each connection hears, whatever the sizes of shards; and what that costs.

use super::*;
use crate::allocations;
use crate::connection::Socket;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Wake, Waker};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Somebody whose network is good.
struct Listener {
    outlet: Arc<Outlet>,
    far: TcpStream,
    /// What they are to hear.
    due: Vec<String>,
}

/// As a listener, with a task that flushes and one that reads.
struct Living {
    outlet: Arc<Outlet>,
    bytes: JoinHandle<Vec<u8>>,
    due: Vec<String>,
}

impl Listener {
    async fn new(id: u64, deflate: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(near, listener.accept());
        let near = near.unwrap();
        near.writable().await.unwrap();
        let outlet = Outlet::new(ConnectionId(id), Socket::Direct(near), 1 << 20, deflate);
        Self {
            outlet: Arc::new(outlet),
            far: far.unwrap().0,
            due: Vec::new(),
        }
    }

    fn live(self) -> Living {
        let Self {
            outlet,
            mut far,
            due,
        } = self;
        let flushed = outlet.clone();
        tokio::spawn(async move {
            std::future::poll_fn(|context| flushed.poll_flush(context)).await;
        });
        let bytes = tokio::spawn(async move {
            let mut bytes = Vec::new();
            far.read_to_end(&mut bytes).await.unwrap();
            bytes
        });
        Living { outlet, bytes, due }
    }

    /// All that was sent, to the end.
    async fn heard(self) -> Vec<String> {
        let Self {
            outlet, mut far, ..
        } = self;
        drop(outlet);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        read(&bytes)
    }
}

/// What a client makes of the bytes.
fn read(bytes: &[u8]) -> Vec<String> {
    let (mut heard, mut rest) = (Vec::new(), bytes);
    while let [first, length, behind @ ..] = rest {
        let (length, start) = match (length, behind) {
            (126, [high, low, ..]) => (u16::from_be_bytes([*high, *low]), 2),
            (short, _) => (u16::from(*short), 0),
        };
        let (payload, behind) = behind[start..].split_at(usize::from(length));
        heard.push(match first {
            0x81 => String::from_utf8(payload.to_vec()).unwrap(),
            0xc1 => String::from_utf8(deflate::inflate(payload, 1 << 16).unwrap()).unwrap(),
            0x88 => format!("closed {}", u16::from_be_bytes([payload[0], payload[1]])),
            other => panic!("{other:x}"),
        });
        rest = behind;
    }
    heard
}

fn greeting(id: u64) -> Greeting {
    frame::text_around(b"hello ", id.to_string().into(), Bytes::from_static(b"!"))
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// A room of people who come and go while things are said to everyone and to each; in the end each
/// has heard what was meant for them, in order.
async fn evening(sizes: Sizes, seed: u64) {
    let tracker = TaskTracker::new();
    let mut fanout = Fanout::new(tracker.clone(), sizes);
    let (mut seated, mut gone) = (Vec::<Living>::new(), Vec::new());
    let mut dice = Dice(seed);
    for step in 0..700_u64 {
        let chosen = dice.below(seated.len().max(1));
        match dice.below(16) {
            0 | 1 if seated.len() < 21 => {
                let mut listener = Listener::new(step, dice.below(3) == 0).await.live();
                listener.due.push(format!("hello {step}!"));
                fanout.add(listener.outlet.clone(), greeting(step)).await;
                seated.push(listener);
            }
            2 if seated.len() > 5 => {
                fanout.flush().await;
                fanout.remove(&seated[chosen].outlet).await;
                let mut listener = seated.swap_remove(chosen);
                listener.due.push("closed 4002".into());
                gone.push(listener);
            }
            3 if seated.len() > 15 => {
                let mut listener = seated.swap_remove(chosen);
                fanout.flush().await;
                fanout.close(&listener.outlet, CloseCode::Kicked).await;
                listener.due.push("closed 4500".into());
                fanout.remove(&listener.outlet).await;
                gone.push(listener);
            }
            4..=7 if !seated.is_empty() => {
                let text = format!("{step} for one");
                fanout.one(&seated[chosen].outlet, frame::text(&text));
                seated[chosen].due.push(text);
            }
            8 | 9 => fanout.flush().await,
            _ => {
                // Short ones, and ones that are worth compressing.
                let text = format!("{step} {}", "for all ".repeat(dice.below(150)));
                fanout.everyone(&[text.as_bytes()]);
                seated
                    .iter_mut()
                    .for_each(|listener| listener.due.push(text.clone()));
            }
        }
        let counts: Vec<usize> = fanout.parts.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts.iter().sum::<usize>(), seated.len());
        let most = sizes.shard.max(sizes.inline);
        assert!(counts.iter().all(|count| *count <= most), "{counts:?}");
    }
    fanout.close_all(CloseCode::RoomClosed).await;
    seated
        .iter_mut()
        .for_each(|listener| listener.due.push("closed 4501".into()));
    drop(fanout);
    tracker.close();
    tracker.wait().await;
    for listener in seated.into_iter().chain(gone) {
        let Living { outlet, bytes, due } = listener;
        let deflates = outlet.deflates();
        // Those who left are connected still.
        outlet.close(CloseCode::Idle);
        drop(outlet);
        let heard = read(&bytes.await.unwrap());
        let differs = heard.iter().zip(&due).position(|(heard, due)| heard != due);
        assert!(
            heard == due,
            "{sizes:?}, seed {seed}, deflates: {deflates}: heard {} of {}, differs at {differs:?}",
            heard.len(),
            due.len()
        );
    }
}

const fn sizes(inline: usize, shard: usize) -> Sizes {
    Sizes {
        inline,
        shard,
        backlog: 2,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_sizes_each_hears_what_was_meant_for_them_in_order() {
    for sizes in [
        sizes(1, 1),
        sizes(2, 3),
        sizes(4, 2),
        sizes(2, 8),
        sizes(50, 50),
    ] {
        for seed in [0x5eed, 0xfeed_2026] {
            evening(sizes, seed).await;
        }
    }
}

#[tokio::test]
async fn a_shard_that_is_full_is_halved_and_seats_that_come_free_are_taken_first() {
    let tracker = TaskTracker::new();
    let mut fanout = Fanout::new(tracker.clone(), sizes(2, 4));
    let counts =
        |fanout: &Fanout| -> Vec<usize> { fanout.parts.iter().map(|(_, count)| *count).collect() };
    let mut listeners = Vec::new();
    for id in 0..9 {
        let listener = Listener::new(id, false).await;
        fanout.add(listener.outlet.clone(), greeting(id)).await;
        listeners.push(listener);
        match id {
            1 => assert_eq!(counts(&fanout), [2], "the actor's own"),
            3 => assert_eq!(counts(&fanout), [4], "one task"),
            4 => assert_eq!(counts(&fanout), [3, 2], "halved"),
            7 => assert_eq!(counts(&fanout), [4, 4], "evenly"),
            _ => {}
        }
    }
    assert_eq!(counts(&fanout).len(), 3);
    let full = counts(&fanout)
        .iter()
        .position(|count| *count == 4)
        .unwrap();
    let leaving = listeners
        .iter()
        .filter(|listener| fanout.seats[&listener.outlet.id()] == full)
        .map(|listener| listener.outlet.clone());
    for outlet in leaving.collect::<Vec<_>>() {
        fanout.remove(&outlet).await;
    }
    let late = Listener::new(99, false).await;
    fanout.add(late.outlet.clone(), greeting(99)).await;
    assert_eq!(fanout.seats[&ConnectionId(99)], full);
    assert_eq!(counts(&fanout).len(), 3);
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Allocations and woken tasks of twenty events to so many listeners who are ready.
async fn cost(listeners: u64, sizes: Sizes) -> (u64, usize) {
    let tracker = TaskTracker::new();
    let mut fanout = Fanout::new(tracker.clone(), sizes);
    let mut crowd = Vec::new();
    for id in 0..listeners {
        let listener = Listener::new(id, id % 2 == 0).await;
        fanout.add(listener.outlet.clone(), greeting(id)).await;
        crowd.push(listener);
    }
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut before = 0;
    // First so many that the shard's mailbox has all the blocks that it will ever use, and some
    // that are compressed: the compressor is made with the first.
    for event in 0..120 {
        if event == 100 {
            // Their own tasks wait for something to do.
            for listener in &crowd {
                let mut context = Context::from_waker(&waker);
                assert!(listener.outlet.poll_flush(&mut context).is_pending());
            }
            before = allocations::so_far();
        }
        let length = if event < 95 { 1 } else { 700 };
        fanout.everyone(&[&[b'x'; 30]]);
        fanout.everyone(&[&[b'y'; 700][..length]]);
        fanout.flush().await;
        // On one thread, shards write while this waits.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    let allocated = allocations::so_far() - before;
    let woken = wakes.0.load(Ordering::Relaxed);
    drop(fanout);
    tracker.close();
    tracker.wait().await;
    for listener in crowd {
        assert_eq!(listener.heard().await.len(), 241, "all were written");
    }
    (allocated, woken)
}

#[tokio::test]
async fn an_event_allocates_nothing_for_a_listener_who_is_ready_and_wakes_no_task() {
    for sizes in [sizes(1000, 1000), sizes(1, 1000)] {
        let (few, few_woken) = cost(4, sizes).await;
        let (many, many_woken) = cost(120, sizes).await;
        assert!(
            many.abs_diff(few) <= 2,
            "{few} and {many} allocations for 4 listeners and for 120, {sizes:?}"
        );
        assert_eq!((few_woken, many_woken), (0, 0), "{sizes:?}");
    }
}

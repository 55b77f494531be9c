//! What keeping costs, disk included: `cargo bench --bench store`. Each figure is the time from the
//! call to the acknowledgement, with the folder in the system's place for temporary files.

#![expect(clippy::unwrap_used)] // A figure of something that failed is none.

use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stereo::clock::Clock;
use stereo::config;
use stereo::media::picture::Picture;
use stereo::store::{
    AccountId, Accounts, Day, Erasures, Identity, NewAccount, NewSession, Pictures, ReceiptId,
    Rooms, SessionKind, Sessions, SqliteStore, StoredRoom,
};
use stereo_protocol::{ItemId, MemberId, QueueItem, RoomId, RoomSettings, Track, TrackId};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

struct Bench {
    store: Arc<SqliteStore>,
    account: AccountId,
    runtime: Runtime,
    next: AtomicU64,
    config: config::Store,
    _folder: tempfile::TempDir,
}

/// Calls under way at once while a store is filled.
const AT_ONCE: usize = 256;

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config::Store {
            data: folder.path().join("data"),
            ..config::Store::default()
        };
        let store = Arc::new(SqliteStore::open(&config, Arc::new(Clock::start())).unwrap());
        let runtime = Runtime::new().unwrap();
        let account = runtime.block_on(async {
            let id = store.create_account(person("ada")).await.unwrap();
            store.begin_session(session(id)).await.unwrap();
            id
        });
        Self {
            store,
            account,
            runtime,
            next: AtomicU64::new(1 << 32),
            config,
            _folder: folder,
        }
    }

    fn fresh(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn room(&self, number: u128, queue: u64) -> StoredRoom {
        StoredRoom {
            owner: self.account,
            settings: RoomSettings::new(RoomId::from_bits(number), "A room"),
            password: None,
            password_version: 0,
            host: None,
            current: None,
            playback: None,
            queue: (0..queue).map(item).collect(),
            members: BTreeMap::new(),
            bans: Vec::new(),
            invites: Vec::new(),
            history: Vec::new(),
            log: Vec::new(),
        }
    }

    /// So many accounts, each with a picture of so many bytes, if any.
    fn fill(&self, accounts: u64, picture: usize) {
        let numbers: Vec<u64> = (0..accounts).collect();
        for some in numbers.chunks(AT_ONCE) {
            let made = some.iter().map(|one| {
                let (store, person) = (self.store.clone(), person(&format!("o{one}")));
                let picture = (picture > 0).then(|| Picture {
                    small: Box::default(),
                    large: vec![0xa5; picture].into(),
                });
                self.runtime.spawn(async move {
                    let id = store.create_account(person).await.unwrap();
                    if picture.is_some() {
                        store.set_picture(id, picture).await.unwrap();
                    }
                })
            });
            for one in made.collect::<Vec<_>>() {
                self.runtime.block_on(one).unwrap();
            }
        }
    }

    fn save(&self, room: &StoredRoom) {
        let room = Arc::new(room.clone());
        self.runtime.block_on(self.store.save_room(room)).unwrap();
    }
}

fn person(name: &str) -> NewAccount {
    NewAccount {
        handle: name.into(),
        identities: vec![Identity::Email(format!("{name}@example.org").into())],
    }
}

fn session(account: AccountId) -> NewSession {
    NewSession {
        account,
        kind: SessionKind::Browser,
        hash: [1; 32],
        label: "".into(),
        ends: Day(30_000),
    }
}

fn item(number: u64) -> QueueItem {
    let track = Track {
        id: TrackId(format!("t_{number}").into()),
        provider: "hosted".into(),
        title: "A title as long as titles are".into(),
        artists: vec!["Somebody".into()],
        duration_ms: 200_000,
        url: "/media/0123456789abcdef.flac".into(),
        artwork: Some("/media/0123456789abcdef.svg".into()),
        accent: Some("#aabbcc".into()),
    };
    QueueItem {
        id: ItemId::from_bits(number),
        track: Arc::new(track),
        by: MemberId::from_bits(1),
        votes: 0,
        pinned: false,
    }
}

/// One track added to a room whose queue has so many, and one taken out.
#[divan::bench(args = [20, 500])]
fn save_a_room(bencher: Bencher<'_, '_>, queue: u64) {
    let bench = Bench::new();
    let mut room = bench.room(1, queue);
    bench.save(&room);
    bencher.bench_local(|| {
        room.queue.push(item(bench.fresh()));
        room.queue.remove(0);
        bench.save(&room);
    });
}

/// The same in so many rooms at once, which share commits.
#[divan::bench(args = [8, 64, 256])]
fn save_rooms_at_once(bencher: Bencher<'_, '_>, rooms: u64) {
    let bench = Bench::new();
    let mut kept: Vec<StoredRoom> = (0..rooms).map(|one| bench.room(one.into(), 20)).collect();
    kept.iter().for_each(|room| bench.save(room));
    bencher.counter(ItemsCount::new(rooms)).bench_local(|| {
        for room in &mut kept {
            room.queue.push(item(bench.fresh()));
            room.queue.remove(0);
        }
        bench.runtime.block_on(async {
            let saves = kept.iter().map(|room| {
                let (store, room) = (bench.store.clone(), Arc::new(room.clone()));
                tokio::spawn(async move { store.save_room(room).await })
            });
            for save in saves.collect::<Vec<_>>() {
                save.await.unwrap().unwrap();
            }
        });
    });
}

#[divan::bench]
fn load_a_room_of_500(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    let room = bench.room(1, 500);
    bench.save(&room);
    bencher.bench_local(|| bench.runtime.block_on(bench.store.room(room.id())).unwrap());
}

#[divan::bench]
fn find_a_session(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    let found = || bench.store.session([1; 32], Day(20_000));
    bencher.bench_local(|| bench.runtime.block_on(found()).unwrap().unwrap());
}

#[divan::bench]
fn read_an_account(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    let read = || bench.store.account(bench.account);
    bencher.bench_local(|| bench.runtime.block_on(read()).unwrap().unwrap());
}

#[divan::bench]
fn make_an_account(bencher: Bencher<'_, '_>) {
    let bench = Bench::new();
    bencher.bench_local(|| {
        let new = person(&format!("p{}", bench.fresh()));
        bench
            .runtime
            .block_on(bench.store.create_account(new))
            .unwrap()
    });
}

/// Until the receipt says that nothing is found in any file any more, among so many others.
#[divan::bench(args = [1_000, 20_000, 100_000], sample_count = 20)]
fn erase_an_account(bencher: Bencher<'_, '_>, others: u64) {
    let bench = Bench::new();
    bench.fill(others, 0);
    let fresh = || {
        let new = person(&format!("p{}", bench.fresh()));
        bench
            .runtime
            .block_on(bench.store.create_account(new))
            .unwrap()
    };
    bencher.with_inputs(fresh).bench_local_values(|id| {
        let receipt = bench
            .runtime
            .block_on(bench.store.erase_account(id, ReceiptId::random()))
            .unwrap();
        assert!(receipt.erased);
    });
}

/// What a start finds.
#[derive(Clone, Copy, Debug)]
struct Found {
    accounts: u64,
    /// Bytes of each one's picture.
    picture: usize,
    /// Whether the system has none of it in memory, as after its own start.
    cold: bool,
}

const FOUND: [Found; 4] = [
    found(100_000, 0, false),
    found(100_000, 0, true),
    // A gigabyte.
    found(25_000, 40_000, false),
    found(25_000, 40_000, true),
];

const fn found(accounts: u64, picture: usize, cold: bool) -> Found {
    Found {
        accounts,
        picture,
        cold,
    }
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            accounts, picture, ..
        } = self;
        let from = if self.cold { "disk" } else { "memory" };
        write!(f, "{accounts} accounts of {picture} B from {from}")
    }
}

/// Until the store takes questions. Every page of the database is looked at before.
#[divan::bench(args = FOUND, sample_count = 5, sample_size = 1)]
fn start(bencher: Bencher<'_, '_>, found: Found) {
    let bench = Bench::new();
    bench.fill(found.accounts, found.picture);
    let Bench {
        store,
        config,
        _folder,
        ..
    } = bench;
    drop(store);
    let database = config.data.join("stereo.db");
    let bytes = std::fs::metadata(&database).unwrap().len();
    let start = || SqliteStore::open(&config, Arc::new(Clock::start())).unwrap();
    let bencher = bencher.counter(BytesCount::new(bytes));
    let forget = || found.cold.then(|| forget(&database));
    bencher.with_inputs(forget).bench_local_values(|_| start());
}

/// Has the system let go of what it has of a file in memory.
fn forget(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    // SAFETY: it takes numbers, and touches no memory.
    let told = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
    assert_eq!(told, 0);
}

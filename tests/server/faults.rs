//! A disk that refuses, turns read-only, or damages what it holds, under the real server: at the
//! start the operator is told which file it is and what to do; while it runs, rooms go on, what can
//! not be kept is refused, and nothing that was acknowledged is lost once the disk is mended.

use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::{Client, exchange, open_socket};
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Bytes of a page of the database.
const PAGE: usize = 4096;

/// A server whose disk is about to fail, a room that stays, and who is in it.
struct Scene {
    mailbox: Mailbox,
    folder: tempfile::TempDir,
    process: Process,
    ada: Browser,
    room: String,
    track: String,
    host: Client,
    listener: Client,
}

impl Scene {
    async fn set() -> Self {
        let mut mailbox = Mailbox::open().await;
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(&folder.path().join("data"), &mailbox);
        let mut ada = Browser::at(process.address);
        ada.sign_in(&mut mailbox, "ada@example.org").await;
        let room = ada.open_room(json!({})).await;
        let track = ada.track(0).await;
        let host = ada.join(&room, json!({"name": "Ada"})).await;
        let bob = Browser::at(process.address);
        let listener = bob.join(&room, json!({"name": "Bob"})).await;
        let mut scene = Self {
            mailbox,
            folder,
            process,
            ada,
            room,
            track,
            host,
            listener,
        };
        let first = scene.add("first");
        scene.host.call("queue.add", first).await.unwrap();
        scene.listener.event("queue.added").await;
        scene
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn add(&self, op: &str) -> Value {
        json!({"tracks": [self.track], "op": op})
    }

    async fn readiness(&self) -> (u16, String) {
        let (status, _, why) = exchange(self.process.ops, "GET", "/ready", &[], b"").await;
        (status, String::from_utf8(why).unwrap())
    }

    /// What stays takes no change, and changes nothing; the rest goes on.
    async fn goes_on_and_keeps_nothing(&mut self) {
        let (add, skip) = (self.add("b"), json!({"item": "q_x"}));
        assert_eq!(self.host.refusal("queue.add", add).await, "unavailable");
        assert_eq!(
            self.host.refusal("playback.skip", skip).await,
            "unavailable"
        );
        let hello = json!({"text": "still here"});
        self.listener.call("chat.send", hello).await.unwrap();
        self.host.event("chat.added").await;
        let mut anyone = Browser::at(self.ada.address);
        // A temporary room needs no disk.
        let passing = anyone.open_room(json!({})).await;
        let mut other = open_socket(self.ada.address, &passing, &[]).await.unwrap();
        other.call("join", json!({})).await.unwrap();
        let hello = json!({"text": "here, too"});
        other.call("chat.send", hello).await.unwrap();
    }
}

/// Lets no file of the process be written to, or lets it again.
fn let_files_grow(process: &Process, grow: bool) {
    let most = if grow { libc::RLIM_INFINITY } else { 0 };
    let limit = libc::rlimit {
        rlim_cur: most,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: `limit` is a valid rlimit to be read from, and the process is a child of ours.
    let done = unsafe {
        libc::prlimit(
            process.id() as i32,
            libc::RLIMIT_FSIZE,
            &limit,
            std::ptr::null_mut(),
        )
    };
    assert_eq!(done, 0);
}

/// Stands between a process and its files: as long as it does, they are on a disk that has turned
/// read-only, as systems do with one that fails.
struct ReadOnly(Child);

impl ReadOnly {
    fn turn(process: &Process, data: &Path) -> Self {
        let calls = "write,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync";
        let mut tracer = Command::new("strace");
        for file in ["stereo.db", "stereo.db-wal", "keys"] {
            tracer.arg("-P").arg(data.join(file));
        }
        let tracer = tracer
            .args(["-f", "-qq", "-o", "/dev/null", "-e"])
            .arg(format!("trace={calls}"))
            .arg("-e")
            .arg(format!("inject={calls}:error=EROFS"))
            .args(["-p", &process.id().to_string()])
            .stdin(Stdio::null())
            .spawn();
        let mut tracer = tracer.unwrap_or_else(|error| panic!("strace: {error}"));
        while !Self::holds_all(process) {
            let ended = tracer.try_wait().unwrap();
            assert!(ended.is_none(), "the tracer could not begin: {ended:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self(tracer)
    }

    /// Whether each thread of the process is watched.
    fn holds_all(process: &Process) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
        tasks.flatten().all(|task| {
            // A thread may end meanwhile.
            let status = std::fs::read_to_string(task.path().join("status"));
            status.is_ok_and(|status| !status.contains("TracerPid:\t0\n"))
        })
    }

    fn end(mut self) {
        // SAFETY: a signal to a process that we started and have not waited for. It lets go first.
        assert_eq!(unsafe { libc::kill(self.0.id() as i32, libc::SIGTERM) }, 0);
        self.0.wait().unwrap();
    }
}

/// The disk refuses for a while, in one way or another.
async fn nothing_acknowledged_is_lost<R>(
    refuse: impl FnOnce(&Process, &Path) -> R,
    relent: impl FnOnce(&Process, R),
) {
    let mut scene = Scene::set().await;
    let refusing = refuse(&scene.process, &scene.data());
    // Done, told to everyone, and not kept: no acknowledgement.
    let add = scene.add("a");
    let error = scene.host.call("queue.add", add).await.unwrap_err();
    assert_eq!(
        (&error["data"]["kind"], &error["data"]["retry"]),
        (&json!("unavailable"), &json!(true))
    );
    scene.listener.event("queue.added").await;
    // From then on changes are refused.
    scene.goes_on_and_keeps_nothing().await;
    let queue = scene.host.call("queue", json!({})).await.unwrap();
    assert_eq!(queue["count"], 1, "one plays, one was added, one refused");
    let refused = scene.ada.ask("POST", "/api/rooms", json!({})).await;
    assert_eq!(
        (refused.0, &refused.1["kind"]),
        (503, &json!("unavailable"))
    );
    let (status, why) = scene.readiness().await;
    assert!(
        status == 503 && why.contains("nothing can be kept"),
        "{why}"
    );

    relent(&scene.process, refusing);
    while scene.readiness().await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The same again: applied once, and kept by now.
    let again = loop {
        match scene.host.call("queue.add", scene.add("a")).await {
            Ok(done) => break done,
            Err(error) => assert_eq!(error["data"]["kind"], "unavailable"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(again["changed"], true);
    let add = scene.add("b");
    scene.host.call("queue.add", add).await.unwrap();
    let before = scene.host.call("snapshot", json!({})).await.unwrap();
    assert_eq!(before["queue_count"], 2);
    let data = scene.data();
    scene.process.kill();
    let process = Process::start(&data, &scene.mailbox);
    scene.ada.address = process.address;
    let after = scene.ada.join(&scene.room, json!({})).await;
    assert_eq!(after.joined["queue"], before["queue"]);
    process.kill();
}

#[tokio::test]
async fn a_room_whose_disk_takes_nothing_goes_on_and_keeps_what_it_is_when_it_does_again() {
    let (refuse, relent) = (
        |process: &Process, _: &Path| let_files_grow(process, false),
        |process: &Process, ()| let_files_grow(process, true),
    );
    nothing_acknowledged_is_lost(refuse, relent).await;
}

#[tokio::test]
async fn a_room_whose_disk_has_turned_read_only_goes_on_and_keeps_what_it_is_when_it_is_mended() {
    let relent = |_: &Process, read_only: ReadOnly| read_only.end();
    nothing_acknowledged_is_lost(ReadOnly::turn, relent).await;
}

/// Everything of a database but its first page is something else.
fn damage(database: &Path) {
    let file = std::fs::OpenOptions::new().write(true).open(database);
    let file = file.unwrap();
    let length = file.metadata().unwrap().len() as usize;
    assert!(length > 4 * PAGE);
    file.write_all_at(&vec![0xa5; length - PAGE], PAGE as u64)
        .unwrap();
}

#[tokio::test]
async fn a_database_that_is_damaged_while_it_is_open_takes_no_change_and_rooms_go_on() {
    let mut scene = Scene::set().await;
    let queued = scene.add("second");
    scene.host.call("queue.add", queued).await.unwrap();
    let before = scene.host.call("snapshot", json!({})).await.unwrap();
    let item = json!({"item": before["current"]["id"]});
    scene.host.call("playback.pause", item).await.unwrap();
    let (database, log) = (
        scene.data().join("stereo.db"),
        scene.data().join("stereo.db-wal"),
    );
    // All that was acknowledged is in the database.
    while std::fs::metadata(&log).unwrap().len() > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        // However long that takes: who says nothing for a minute is closed.
        scene.host.call("clock", json!({"t0": 0})).await.unwrap();
    }
    let whole = std::fs::read(&database).unwrap();
    damage(&database);
    // Whatever the server has in memory is of before, until something changes.
    let mut eve = Browser::at(scene.ada.address);
    let wish = json!({"email": "eve@example.org"});
    eve.ask("POST", "/api/sign-in/email", wish).await;
    let (status, told) = scene.ada.ask("GET", "/api/me", Value::Null).await;
    assert_eq!((status, &told["kind"]), (500, &json!("internal")), "{told}");
    assert!(told["reference"].is_string(), "{told}");
    // From the moment that it is seen nothing is written.
    scene.goes_on_and_keeps_nothing().await;
    let (status, why) = scene.readiness().await;
    assert!(status == 503 && why.contains("damaged"), "{why}");
    let refused = eve.ask(
        "POST",
        "/api/sign-in/email",
        json!({"email": "eve@example.org"}),
    );
    let (status, told) = refused.await;
    assert_eq!(
        (status, &told["kind"]),
        (503, &json!("unavailable")),
        "{told}"
    );

    let (data, mailbox) = (scene.data(), &scene.mailbox);
    let said = scene.process.stop();
    let told = format!(
        "the database is damaged: no more changes are taken; stop the server and restore a backup file={}",
        database.display()
    );
    assert!(said.contains(&told), "{said}");
    let said = Process::refused(&data);
    let told = format!("{}: damaged", database.display());
    assert!(
        said.contains(&told) && said.contains("restore a backup"),
        "{said}"
    );
    // The disk gives back what was on it.
    std::fs::write(&database, whole).unwrap();
    let process = Process::start(&data, mailbox);
    scene.ada.address = process.address;
    let after = scene.ada.join(&scene.room, json!({})).await;
    for kept in ["current", "queue", "room"] {
        assert_eq!(after.joined[kept], before[kept], "{kept}");
    }
    process.kill();
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_with_what_to_do() {
    let mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let process = Process::start(&data, &mailbox);
    let said = Process::refused(&data);
    assert!(said.contains("another server has this folder"), "{said}");
    process.kill();
    let database = data.join("stereo.db");
    let whole = std::fs::read(&database).unwrap();
    std::fs::write(
        &database,
        b"no database at all, but some text that is long enough",
    )
    .unwrap();
    let said = Process::refused(&data);
    assert!(
        said.contains("stereo.db: damaged") && said.contains("restore a backup"),
        "{said}"
    );
    std::fs::write(&database, whole).unwrap();
    Process::start(&data, &mailbox).kill();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let said = Process::refused(&file);
    assert!(said.contains(&*file.to_string_lossy()), "{said}");
}

/// Damages one page of a database that nobody has open, then another: what `then` is told is which.
/// In the end it is whole again.
pub(crate) fn with_a_page_damaged(database: &Path, mut then: impl FnMut(&str)) {
    let whole = std::fs::read(database).unwrap();
    let pages = whole.len() / PAGE;
    for page in [1, pages / 2, pages - 1] {
        let mut damaged = whole.clone();
        damaged[page * PAGE..][..PAGE].fill(0xa5);
        std::fs::write(database, damaged).unwrap();
        then(&format!("page {page} of {pages}"));
    }
    std::fs::write(database, whole).unwrap();
}

#[tokio::test]
async fn a_page_of_the_database_that_is_damaged_is_found_at_the_start_wherever_it_is() {
    let mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Process::start(&data, &mailbox).stop();
    let database = data.join("stereo.db");
    let told = format!("{}: damaged", database.display());
    with_a_page_damaged(&database, |page| {
        let said = Process::refused(&data);
        assert!(said.contains(&told), "{page}: {said}");
        assert!(said.contains("restore a backup"), "{said}");
    });
    Process::start(&data, &mailbox).kill();
}

#[tokio::test]
async fn keys_that_are_damaged_are_told_at_the_start_with_where_their_copy_is() {
    let mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Process::start(&data, &mailbox).stop();
    for (file, expected) in [
        (
            "keys",
            "not a key store of this program; put the right file back",
        ),
        (
            "server.key",
            "expected a server key, 43 letters of base64url",
        ),
    ] {
        let path = data.join(file);
        let whole = std::fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        damaged.iter_mut().take(16).for_each(|byte| *byte = b'!');
        std::fs::write(&path, damaged).unwrap();
        let said = Process::refused(&data);
        let told = format!("{}: {expected}", path.display());
        assert!(said.contains(&told), "{said}");
        std::fs::write(&path, whole).unwrap();
    }
    Process::start(&data, &mailbox).kill();
}

#[tokio::test]
async fn what_this_user_may_not_write_to_is_told_at_the_start() {
    let mailbox = Mailbox::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    let refused = |path: &Path, why: &str| {
        let said = Process::refused(&data);
        let told = format!("{}: {why}", path.display());
        assert!(said.contains(&told), "expected {told:?}: {said}");
        assert!(said.contains("let this user"), "{said}");
    };
    mode(folder.path(), 0o500);
    refused(&data, "nothing can be written there");
    mode(folder.path(), 0o700);
    Process::start(&data, &mailbox).stop();
    mode(&data, 0o500);
    refused(&data, "nothing can be written there");
    mode(&data, 0o700);
    for (file, why) in [
        ("stereo.db", "nothing can be written there"),
        ("keys", "cannot be read: Permission denied"),
    ] {
        let path = data.join(file);
        mode(&path, 0o400);
        refused(&path, why);
        mode(&path, 0o600);
    }
    Process::start(&data, &mailbox).kill();
}

//! What is under way when somebody is erased: an export that is being read, a backup that is being
//! written. Neither keeps the deletion waiting, and neither has anything of the person in the end.

use crate::backups::{Operator, shown};
use crate::folder::Folder;
use crate::person::{Browser, Mailbox};
use crate::process::Process;
use crate::support::WAIT;
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stereo::clock::Clock;
use stereo::store::{Accounts, Correspondence, Day, Identity, NewLetter, Side, SqliteStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Bytes of a letter that is larger than what the system keeps of one connection. Random, so that
/// nothing makes them fewer.
const LETTER: usize = 12 << 20;

/// Puts a letter of hers into the data, past what the server would take.
async fn plant_letter(data: &Path, address: &str) {
    let config = stereo::config::Store {
        data: data.to_owned(),
        ..stereo::config::Store::default()
    };
    let store = SqliteStore::open(&config, Arc::new(Clock::start())).unwrap();
    let account = store.account_of(Identity::Email(address.into())).await;
    let mut bytes = vec![0; LETTER / 2];
    getrandom::fill(&mut bytes).unwrap();
    let letter = NewLetter {
        by: Side::Person,
        text: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        day: Day(20_000),
    };
    let begun = store.begin_thread(account.unwrap().unwrap(), "Long".into(), letter);
    begun.await.unwrap();
}

/// Asks for an export and reads no more than its head: the connection, what was read of the body,
/// and how long that should become.
async fn begin_export(ada: &Browser) -> (TcpStream, Vec<u8>, usize) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = socket.connect(ada.address).await.unwrap();
    let request = format!(
        "GET /api/me/export HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncookie: {1}\r\n\r\n",
        ada.address,
        ada.cookie()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let head = loop {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0, "an answer");
        let end = read.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            break read.drain(..end + 4).collect::<Vec<u8>>();
        }
    };
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    (stream, read, length.unwrap().parse().unwrap())
}

#[tokio::test]
async fn an_export_that_is_read_slowly_ends_when_its_owner_is_erased() {
    let mut mailbox = Mailbox::open().await;
    let folder = Folder::new();
    let data = folder.data();
    let process = Process::start(&data, &mailbox);
    let mut ada = Browser::signed_in(process.address, &mut mailbox, "ada@example.org").await;
    process.stop();
    plant_letter(&data, "ada@example.org").await;
    let process = Process::start(&data, &mailbox);
    ada.address = process.address;
    let (mut stream, mut read, length) = begin_export(&ada).await;
    assert!(length > LETTER / 2, "{length}");
    ada.delete_account().await;
    // It is over, by a reset or not, before all of it has come.
    let rest = tokio::time::timeout(WAIT, stream.read_to_end(&mut read));
    let _ = rest.await.expect("the end");
    assert!(read.len() < length, "{} of {length} came", read.len());
    process.kill();
}

/// Makes a pipe in the place of a file: whoever writes to it waits for whoever reads.
fn make_pipe(path: &Path) -> File {
    let name = std::ffi::CString::new(shown(path)).unwrap();
    // SAFETY: `name` is a string that ends with a zero.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let mut options = File::options();
    let options = options.read(true).custom_flags(libc::O_NONBLOCK);
    options.open(path).unwrap()
}

/// Reads for as long as this holds of what was read.
fn take(pipe: &mut File, taken: &mut Vec<u8>, goes_on: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 4 << 10];
    while goes_on(taken) {
        match pipe.read(&mut buffer) {
            Ok(read) if read > 0 => taken.extend_from_slice(&buffer[..read]),
            // Nothing yet, or nobody who writes.
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_being_written_keeps_no_deletion_waiting_and_has_nobody_who_was_deleted() {
    let operator = Operator::new();
    let mut mailbox = Mailbox::open().await;
    let server = operator.serve(&mailbox);
    let (mut ada, mut bob) = (Browser::at(server.address), Browser::at(server.address));
    ada.sign_in(&mut mailbox, "ndl-ada@example.org").await;
    ada.open_room(json!({"title": "ndl room"})).await;
    bob.sign_in(&mut mailbox, "ndl-bob@example.org").await;
    // What is written first waits until somebody takes it: as long as a slow disk does.
    let (to, beside) = (
        operator.elsewhere("slow.age"),
        operator.elsewhere("slow.age.new"),
    );
    let mut pipe = make_pipe(&beside);
    let backing_up = std::thread::spawn({
        let to = shown(&to).to_owned();
        let operator = operator.clone();
        move || operator.run(&["backup", "--to", &to], "")
    });
    let mut taken = Vec::new();
    let runs = || !backing_up.is_finished();
    take(&mut pipe, &mut taken, |taken| taken.is_empty() && runs());
    ada.delete_account().await;
    assert!(runs(), "it is still being written");
    take(&mut pipe, &mut taken, |_| runs());
    pipe.read_to_end(&mut taken).unwrap();
    let (status, said) = backing_up.join().unwrap();
    // All of it came; that it is on a disk cannot be said of a pipe.
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("Invalid argument"), "{said}");
    server.stop();
    let backup = operator.elsewhere("taken.age");
    std::fs::write(&backup, taken).unwrap();
    operator.lose_the_disk();
    let (status, said) = operator.restore(&backup);
    assert_eq!(status, Some(0), "{said}");
    // Not because her key is gone: the backup is of a moment after she went.
    assert!(said.contains("restored; 0 people"), "{said}");
    let server = operator.serve(&mailbox);
    let (mut ada, mut bob) = (Browser::at(server.address), Browser::at(server.address));
    let told = bob.sign_in(&mut mailbox, "ndl-bob@example.org").await;
    assert_eq!(told["fresh"], false, "he is known: {told}");
    let told = ada.sign_in(&mut mailbox, "ndl-ada@example.org").await;
    assert_eq!(told["fresh"], true, "nobody knows her: {told}");
    server.kill();
}

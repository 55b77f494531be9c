//! The verbs of whoever runs the server, as processes: back up, lose the disk, restore, and look for
//! what should be gone.

use crate::faults::with_a_page_damaged;
use crate::person::{Browser, Mailbox};
use crate::process::Process;
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

/// One disk for the data, another for everything that must survive it.
#[derive(Clone)]
pub(crate) struct Operator {
    root: Arc<tempfile::TempDir>,
    recipient: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let root = Arc::new(tempfile::tempdir().unwrap());
        let identity = Identity::generate();
        let elsewhere = root.path().join("elsewhere");
        std::fs::create_dir_all(elsewhere.join("backups")).unwrap();
        std::fs::create_dir(root.path().join("disk")).unwrap();
        let secret = identity.to_string().expose_secret().to_owned();
        std::fs::write(elsewhere.join("identity"), secret).unwrap();
        let recipient = identity.to_public().to_string();
        Self { root, recipient }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("disk/data")
    }

    pub(crate) fn elsewhere(&self, name: &str) -> PathBuf {
        self.root.path().join("elsewhere").join(name)
    }

    /// What both the server and the verbs are told.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let told = |path: PathBuf| path.display().to_string();
        vec![
            ("STEREO_STORE__KEYS_COPY", told(self.elsewhere("keys.copy"))),
            ("STEREO_STORE__KEY_FILE", told(self.elsewhere("server.key"))),
            ("STEREO_BACKUP__FOLDER", told(self.elsewhere("backups"))),
            (
                "STEREO_BACKUP__RECIPIENTS",
                format!("[\"{}\"]", self.recipient),
            ),
        ]
    }

    pub(crate) fn serve(&self, mailbox: &Mailbox) -> Process {
        let settings = self.settings();
        let settings: Vec<(&str, &str)> = (settings.iter())
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Process::start_with(&self.data(), mailbox, &settings)
    }

    pub(crate) fn run(&self, arguments: &[&str], says: &str) -> (Option<i32>, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stereo"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .envs(self.settings())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever does not read it has ended.
        let _ = child.stdin.take().unwrap().write_all(says.as_bytes());
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// All that lay on the disk of the data is gone.
    pub(crate) fn lose_the_disk(&self) {
        std::fs::remove_dir_all(self.root.path().join("disk")).unwrap();
    }

    /// Runs `stereo restore` with the copy of the keys that is there.
    pub(crate) fn restore(&self, backup: &Path) -> (Option<i32>, String) {
        let (identity, keys) = (self.elsewhere("identity"), self.elsewhere("keys.copy"));
        let mut arguments = vec!["restore", "--from", shown(backup)];
        arguments.extend(["--identity", shown(&identity), "--keys", shown(&keys)]);
        self.run(&arguments, "")
    }

    fn backups(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.elsewhere("backups")).unwrap();
        let mut found: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
    }
}

pub(crate) fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_lost_comes_back_without_who_was_deleted_and_prove_purge_says_so() {
    let operator = Operator::new();
    let mut mailbox = Mailbox::open().await;
    // Of a server that nobody backed up for long.
    let old = operator.elsewhere("backups/stereo-2020-01-01.age");
    std::fs::write(&old, "old").unwrap();
    let server = operator.serve(&mailbox);
    let (mut ada, mut bob) = (Browser::at(server.address), Browser::at(server.address));
    ada.sign_in(&mut mailbox, "ndl-ada@example.org").await;
    bob.sign_in(&mut mailbox, "ndl-bob@example.org").await;
    while old.exists() {
        // The server removes it by itself, soon after its start.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (status, said) = operator.run(&["backup"], "");
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("warning"), "{said}");
    let [backup] = &operator.backups()[..] else {
        panic!("{:?}", operator.backups());
    };
    ada.delete_account().await;
    server.kill();
    operator.lose_the_disk();
    let (identity, keys) = (
        operator.elsewhere("identity"),
        operator.elsewhere("keys.copy"),
    );
    let (status, said) = operator.restore(backup);
    assert_eq!(status, Some(0), "{said}");
    assert!(
        said.contains("restored; 1 people who were deleted since"),
        "{said}"
    );
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&operator.data()), 0o700);
    for entry in std::fs::read_dir(operator.data()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let (status, said) = operator.restore(backup);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("expected an empty folder"), "{said}");
    let server = operator.serve(&mailbox);
    let mut bob = Browser::at(server.address);
    let told = bob.sign_in(&mut mailbox, "ndl-bob@example.org").await;
    assert_eq!(told["fresh"], false, "he is known: {told}");
    assert_eq!(told["me"]["email"], "ndl-bob@example.org");
    server.kill();
    // Everything is searched by itself; a backup says that it says nothing, until it is opened.
    let needles = "ndl-ada@example.org\nndl-bob@example.org\n";
    let (status, said) = operator.run(&["prove-purge"], needles);
    assert_eq!(status, Some(0), "{said}");
    for searched in [
        &operator.data().join("stereo.db"),
        &keys,
        &operator.elsewhere("server.key"),
        backup,
    ] {
        let line = format!("searched {} (", searched.display());
        assert!(said.contains(&line), "{line}: {said}");
    }
    assert_eq!(said.matches("encrypted by age").count(), 1, "{said}");
    let inside = ["prove-purge", "--identity", shown(&identity)];
    let (status, said) = operator.run(&inside, needles);
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("encrypted by age"), "{said}");
    // It is there that it looks: what stands in every database is found.
    let (status, said) = operator.run(&inside, "room_members_by_account\n");
    assert_eq!(status, Some(1), "{said}");
    let of_backup = said.split(shown(backup)).nth(1).unwrap();
    assert!(of_backup.contains("found needle 1 as it is"), "{said}");
}

#[tokio::test]
async fn a_damaged_database_is_not_backed_up_and_older_backups_stay() {
    let operator = Operator::new();
    let mailbox = Mailbox::open().await;
    operator.serve(&mailbox).stop();
    let (status, said) = operator.run(&["backup"], "");
    assert_eq!(status, Some(0), "{said}");
    // A backup that comes out well removes this one.
    let old = operator.elsewhere("backups/stereo-2020-01-01.age");
    std::fs::write(&old, "old").unwrap();
    let kept = || -> Vec<(PathBuf, Vec<u8>)> {
        let backups = operator.backups().into_iter();
        let with_bytes = |path: PathBuf| (path.clone(), std::fs::read(path).unwrap());
        backups.map(with_bytes).collect()
    };
    let before = kept();
    assert_eq!(before.len(), 2);
    let database = operator.data().join("stereo.db");
    let told = format!("{}: damaged", database.display());
    with_a_page_damaged(&database, |page| {
        let (status, said) = operator.run(&["backup"], "");
        assert_eq!(status, Some(1), "{page}: {said}");
        assert!(said.contains(&told), "{page}: {said}");
        assert!(said.contains("no backup was written"), "{said}");
        assert!(kept() == before, "{page}: {:?}", operator.backups());
    });
    let (status, said) = operator.run(&["backup"], "");
    assert_eq!(status, Some(0), "{said}");
    assert!(!old.exists());
}

#[test]
fn a_backup_that_could_never_be_restored_is_not_made() {
    let operator = Operator::new();
    let without = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stereo"));
        let command = command.arg("backup").args(more).arg("--data");
        let output = command
            .arg(operator.data())
            .env("STEREO_BACKUP__FOLDER", operator.elsewhere("backups"))
            .env(
                "STEREO_BACKUP__RECIPIENTS",
                format!("[\"{}\"]", operator.recipient),
            )
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (status, said) = without(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("store.keys_copy: expected"), "{said}");
    assert!(operator.backups().is_empty());
    // There are no data at all here: told otherwise, that is what is wrong next.
    let (status, said) = without(&["--without-keys-copy"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("disk/data"), "{said}");
    assert!(operator.backups().is_empty(), "half a backup is none");
}

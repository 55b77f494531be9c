use super::*;
use std::os::unix::fs::PermissionsExt;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn paths(&self) -> Paths {
        let at = |name: &str| self.0.path().join(name);
        let (keys, server_key) = (at("keys"), at("server.key"));
        let copy = Some(at("elsewhere/keys.copy"));
        std::fs::create_dir_all(at("elsewhere")).unwrap();
        Paths {
            keys,
            server_key,
            copy,
        }
    }

    fn open(&self) -> KeyStore {
        KeyStore::open(&self.paths(), self.paths().keys.exists()).unwrap()
    }

    fn refused(&self) -> String {
        KeyStore::open(&self.paths(), true).unwrap_err().to_string()
    }

    fn holds(&self, file: &Path, needle: &[u8]) -> bool {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    }
}

const PLACE: Place<'static> = Place {
    table: "accounts",
    column: "handle",
    row: b"1",
};

fn added(store: &KeyStore, entries: &[NewEntry]) -> Vec<EntryId> {
    store.add(entries).unwrap();
    store.sync().unwrap();
    let ids: Vec<EntryId> = entries.iter().map(NewEntry::id).collect();
    store.settle(&ids).unwrap();
    ids
}

#[test]
fn keys_lookups_and_attempts_are_there_after_a_restart() {
    let folder = Folder::new();
    let store = folder.open();
    let (key, attempt) = (KeyId::random(), AttemptId::random());
    let hash = store.lookup(LookupKind::Email, b"ada@example.org");
    added(
        &store,
        &[
            NewEntry::Key(key),
            NewEntry::Lookup(hash, 7),
            NewEntry::Attempt(attempt, hash),
        ],
    );
    let sealed = store.key(key).unwrap().unwrap().seal(PLACE, b"Ada");
    drop(store);
    let store = folder.open();
    let opened = store.key(key).unwrap().unwrap().open(PLACE, &sealed);
    assert_eq!(opened.unwrap().as_slice(), b"Ada");
    assert_eq!(store.lookup(LookupKind::Email, b"ada@example.org"), hash);
    assert_eq!(store.find(hash), Some(7));
    assert_eq!(store.lookups_of(7), [hash]);
    assert_eq!(store.attempts_of(hash), [attempt]);
    assert_eq!(store.unsettled(), []);
}

#[test]
fn nothing_that_went_in_stands_in_the_file_as_it_was() {
    let folder = Folder::new();
    let store = folder.open();
    let key = KeyId::random();
    let hash = store.lookup(LookupKind::Email, b"ada@example.org");
    let account = 0x1234_5678_9abc_def0;
    added(
        &store,
        &[NewEntry::Key(key), NewEntry::Lookup(hash, account)],
    );
    let raw = store.key(key).unwrap().unwrap();
    let keys = folder.paths().keys;
    assert!(
        folder.holds(&keys, &key.0),
        "the search finds what is there"
    );
    assert!(!folder.holds(&keys, &raw.bytes()[..8]));
    assert!(!folder.holds(&keys, b"ada@"));
    assert!(!folder.holds(&keys, &account.to_be_bytes()));
    assert!(!folder.holds(&keys, &account.to_le_bytes()));
    let server_key = std::fs::read(folder.paths().server_key).unwrap();
    assert!(!folder.holds(&keys, &server_key[..16]));
}

#[test]
fn a_destroyed_entry_is_gone_from_the_file_and_from_its_copy() {
    let folder = Folder::new();
    let store = folder.open();
    let hash = store.lookup(LookupKind::Email, b"ada@example.org");
    let (key, other) = (KeyId::random(), KeyId::random());
    let ids = added(&store, &[NewEntry::Key(key), NewEntry::Lookup(hash, 7)]);
    added(&store, &[NewEntry::Key(other)]);
    store.refresh_copy().unwrap();
    let traces: Vec<_> = ids
        .iter()
        .flat_map(|id| store.traces(*id).unwrap())
        .collect();
    assert_eq!(traces.len(), 4);
    let paths = folder.paths();
    let copy = paths.copy.unwrap();
    for trace in &traces {
        assert!(folder.holds(&paths.keys, trace));
        assert!(folder.holds(&copy, trace));
    }
    store.destroy(&ids).unwrap();
    assert!(store.key(key).unwrap().is_none());
    assert_eq!(store.find(hash), None);
    store.refresh_copy().unwrap();
    for trace in &traces {
        assert!(!folder.holds(&paths.keys, trace));
        assert!(!folder.holds(&copy, trace));
    }
    drop(store);
    let store = folder.open();
    assert!(store.key(key).unwrap().is_none());
    assert!(store.key(other).unwrap().is_some());
    assert_eq!(store.len(), 1);
}

#[test]
fn a_place_that_became_free_is_taken_again() {
    let folder = Folder::new();
    let store = folder.open();
    let ids = added(
        &store,
        &[
            NewEntry::Key(KeyId::random()),
            NewEntry::Key(KeyId::random()),
        ],
    );
    let size = std::fs::metadata(folder.paths().keys).unwrap().len();
    store.destroy(&ids[..1]).unwrap();
    drop(store);
    let store = folder.open();
    let fresh = KeyId::random();
    added(&store, &[NewEntry::Key(fresh)]);
    assert_eq!(std::fs::metadata(folder.paths().keys).unwrap().len(), size);
    assert!(store.key(fresh).unwrap().is_some());
}

#[test]
fn what_was_not_settled_is_told_at_the_next_start() {
    let folder = Folder::new();
    let store = folder.open();
    let (new, kept, going) = (KeyId::random(), KeyId::random(), KeyId::random());
    added(&store, &[NewEntry::Key(kept), NewEntry::Key(going)]);
    store.add(&[NewEntry::Key(new)]).unwrap();
    store.unsettle(&[EntryId::Key(going)]).unwrap();
    drop(store);
    let mut unsettled = folder.open().unsettled();
    unsettled.sort();
    let mut expected = vec![EntryId::Key(new), EntryId::Key(going)];
    expected.sort();
    assert_eq!(unsettled, expected);
}

#[test]
fn an_addition_cut_short_is_as_if_it_had_not_been() {
    let folder = Folder::new();
    let store = folder.open();
    let (kept, cut) = (KeyId::random(), KeyId::random());
    added(&store, &[NewEntry::Key(kept)]);
    added(&store, &[NewEntry::Key(cut)]);
    drop(store);
    let keys = folder.paths().keys;
    let file = std::fs::OpenOptions::new().write(true).open(&keys).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - 60).unwrap();
    let store = folder.open();
    assert!(store.key(kept).unwrap().is_some());
    assert!(store.key(cut).unwrap().is_none());
    assert_eq!(std::fs::metadata(keys).unwrap().len(), length - 128);
}

#[test]
fn a_damaged_entry_is_named_with_its_file_and_its_copy() {
    let folder = Folder::new();
    let store = folder.open();
    added(
        &store,
        &[
            NewEntry::Key(KeyId::random()),
            NewEntry::Key(KeyId::random()),
        ],
    );
    drop(store);
    let paths = folder.paths();
    let mut bytes = std::fs::read(&paths.keys).unwrap();
    bytes[128 + 128 + 70] ^= 1;
    std::fs::write(&paths.keys, bytes).unwrap();
    let expected = format!(
        "{}: entry 1 is damaged; put the file back from its copy, {}",
        paths.keys.display(),
        paths.copy.unwrap().display()
    );
    assert_eq!(folder.refused(), expected);
}

#[test]
fn an_entry_opens_only_as_itself() {
    let folder = Folder::new();
    let store = folder.open();
    let hash = store.lookup(LookupKind::Email, b"ada@example.org");
    let other = store.lookup(LookupKind::Email, b"bob@example.org");
    added(
        &store,
        &[NewEntry::Lookup(hash, 7), NewEntry::Lookup(other, 8)],
    );
    drop(store);
    // Somebody who can write the file, but has not the server's key, lets one address lead to the
    // other's account, checksums and all.
    let keys = folder.paths().keys;
    let mut bytes = std::fs::read(&keys).unwrap();
    let (nonce_and_sealed, id) = (40..112, 8..40);
    let first: [u8; 128] = bytes[128..256].try_into().unwrap();
    let mut forged: [u8; 128] = bytes[256..384].try_into().unwrap();
    forged[nonce_and_sealed].copy_from_slice(&first[40..112]);
    forged[id.clone()].copy_from_slice(&bytes[256..384][id]);
    let sum = <sha2::Sha256 as sha2::Digest>::digest(&forged[1..112]);
    forged[112..120].copy_from_slice(&sum[..8]);
    bytes[256..384].copy_from_slice(&forged);
    std::fs::write(&keys, bytes).unwrap();
    assert!(folder.refused().contains("entry 1 is damaged"));
}

#[test]
fn another_server_key_a_missing_one_and_missing_keys_are_told() {
    let folder = Folder::new();
    drop(folder.open());
    let paths = folder.paths();
    let (keys, server_key) = (paths.keys.display(), paths.server_key.display());
    let right = std::fs::read(&paths.server_key).unwrap();
    std::fs::write(&paths.server_key, "A".repeat(43)).unwrap();
    let told = folder.refused();
    assert!(
        told.starts_with(&format!("{server_key}: another server key than {keys}")),
        "{told}"
    );
    std::fs::write(&paths.server_key, "secret").unwrap();
    let told = folder.refused();
    assert!(
        told.starts_with(&format!("{server_key}: expected a server key")),
        "{told}"
    );
    assert!(!told.contains("secret"), "nothing of what stands there");
    std::fs::remove_file(&paths.server_key).unwrap();
    let told = folder.refused();
    assert!(
        told.starts_with(&format!("{server_key}: missing, and without it {keys}")),
        "{told}"
    );
    assert!(!paths.server_key.exists(), "none is made up");
    std::fs::write(&paths.server_key, right).unwrap();
    std::fs::write(&paths.keys, "something else").unwrap();
    let told = folder.refused();
    assert!(
        told.starts_with(&format!("{keys}: not a key store")),
        "{told}"
    );
    std::fs::remove_file(&paths.keys).unwrap();
    let told = folder.refused();
    assert!(
        told.starts_with(&format!("{keys}: missing, and without these keys")),
        "{told}"
    );
    assert!(!paths.keys.exists(), "none is made up");
}

#[test]
fn a_copy_that_cannot_be_reached_is_an_error_and_is_made_up_for_later() {
    let folder = Folder::new();
    let store = folder.open();
    added(&store, &[NewEntry::Key(KeyId::random())]);
    let paths = folder.paths();
    let elsewhere = folder.0.path().join("elsewhere");
    std::fs::remove_dir(&elsewhere).unwrap();
    let told = store.refresh_copy().unwrap_err().to_string();
    let copy = paths.copy.clone().unwrap();
    assert!(
        told.starts_with(&format!("{}: cannot be replaced", copy.display())),
        "{told}"
    );
    std::fs::create_dir(&elsewhere).unwrap();
    store.refresh_copy().unwrap();
    assert_eq!(
        std::fs::read(copy).unwrap(),
        std::fs::read(paths.keys).unwrap()
    );
    let beside = std::fs::read_dir(elsewhere).unwrap().count();
    assert_eq!(beside, 1, "one copy, never a series");
}

#[test]
fn every_file_is_readable_by_its_owner_alone() {
    let folder = Folder::new();
    let store = folder.open();
    store.refresh_copy().unwrap();
    let paths = folder.paths();
    for file in [paths.keys, paths.server_key, paths.copy.unwrap()] {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_sealed_field_opens_in_its_own_place_only_and_hides_its_length() {
    let key = FieldKey::new(Zeroizing::new([7; 32]));
    let sealed = key.seal(PLACE, b"ada@example.org");
    assert_eq!(
        key.open(PLACE, &sealed).unwrap().as_slice(),
        b"ada@example.org"
    );
    for place in [
        Place { row: b"2", ..PLACE },
        Place {
            column: "picture",
            ..PLACE
        },
        Place {
            table: "emails",
            ..PLACE
        },
    ] {
        assert!(key.open(place, &sealed).is_none(), "{place:?}");
    }
    assert!(
        FieldKey::new(Zeroizing::new([8; 32]))
            .open(PLACE, &sealed)
            .is_none()
    );
    for length in [0, 10, 23, sealed.len() - 1] {
        assert!(key.open(PLACE, &sealed[..length]).is_none());
    }
    assert_ne!(
        sealed,
        key.seal(PLACE, b"ada@example.org"),
        "equal texts look different"
    );
    assert_eq!(sealed.len(), key.seal(PLACE, b"a@b.c").len());
    assert_eq!(key.open(PLACE, &key.seal(PLACE, b"")).unwrap().len(), 0);
}

#[test]
fn one_value_has_another_hash_for_each_kind_and_server() {
    let (one, other) = (ServerKey::new(&[1; 32]), ServerKey::new(&[2; 32]));
    let hash = one.lookup(LookupKind::Email, b"x");
    assert_eq!(hash, one.lookup(LookupKind::Email, b"x"));
    assert_ne!(hash, one.lookup(LookupKind::Subject, b"x"));
    assert_ne!(hash, other.lookup(LookupKind::Email, b"x"));
    assert_eq!(format!("{hash:?} {one:?}"), "LookupHash(…) ServerKey(…)");
}

//! Everything that is kept, of people and otherwise: what it is, where it lives, how its owner gets
//! it, how it goes. A test opens a fresh store and fails when it finds a column or a file that is
//! not named here, or does not find one that is.

use Owner::{Account, Anybody, Guest, Nobody};
use Place::{Column, Elsewhere, File, KeyEntry, Memory};

/// One kind of data.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it is.
    pub what: &'static str,
    /// Where it lives.
    pub place: Place,
    /// Of whom it is.
    pub owner: Owner,
    /// How it is kept from others.
    pub kept: Kept,
    /// Where its owner finds it in an export; `None`: it says nothing to them.
    pub exported: Option<&'static str>,
    /// When it goes.
    pub erased: &'static str,
}

/// Where data live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A column of a table of the database.
    Column(&'static str, &'static str),
    /// A kind of entry of the key store.
    KeyEntry(&'static str),
    /// A file in the folder for data.
    File(&'static str),
    /// A file somewhere else: the key of the config that says where, and what is added to that.
    Elsewhere(&'static str, &'static str),
    /// The process itself; never a file.
    Memory(&'static str),
}

/// Of whom data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The person with the account.
    Account,
    /// A guest, known by a token that their browser keeps.
    Guest,
    /// Either.
    Anybody,
    /// They say nothing of a person.
    Nobody,
}

/// How data are kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Sealed with the owner's own key.
    Sealed,
    /// Wrapped by the server's key.
    Wrapped,
    /// As a hash of something random, or keyed.
    Hashed,
    /// A random number, or nothing of a person.
    Plain,
    /// Sealed with a key that the server does not have.
    SealedForHolder,
    /// In memory, for as long as it is used.
    Volatile,
}

const fn kind(
    what: &'static str,
    place: Place,
    owner: Owner,
    kept: Kept,
    exported: Option<&'static str>,
    erased: &'static str,
) -> Kind {
    Kind {
        what,
        place,
        owner,
        kept,
        exported,
        erased,
    }
}

/// A column that says nothing of a person.
const fn nothing(table: &'static str, column: &'static str, what: &'static str) -> Kind {
    kind(
        what,
        Column(table, column),
        Nobody,
        Kept::Plain,
        None,
        "stays",
    )
}

const WITH_ACCOUNT: &str = "with the account";
const WITH_SESSION: &str = "with the session, by its owner or by its end; with the account";
const WITH_THREAD: &str = "when its owner deletes it; with the account";
const WITH_LETTER: &str = "when its owner deletes it; with the thread; with the account";
const WITH_ATTEMPT: &str = "when it is used, after ten minutes, or with the account";

const WITH_MAIL: &str = "when it is sent, or cannot be within three days; when its kind is switched off, the account frozen or the address removed; with the sign-in that it is for; with the account";

const WITH_ROOM: &str = "with the room; with the account that owns it";
const WITH_MEMBER: &str =
    "when the member is erased, or not kept any more; with the room or the account";
const WITH_TRACK: &str = "when it is removed, or so many have played since as are kept; when who added it is erased; with the room or the account";
const WITH_BAN: &str = "when the ban is lifted or the member erased; with the room or the account";

/// Everything.
#[rustfmt::skip] // A table: one line for each kind.
pub const INVENTORY: &[Kind] = &[
    // ---- Files of the folder for data; with their own modes, 0600, in a folder of 0700.
    kind("all tables", File("stereo.db"), Anybody, Kept::Sealed, None, "row by row, overwritten"),
    kind("the log of writes", File("stereo.db-wal"), Anybody, Kept::Sealed, None, "emptied by each deletion, and when nothing is written"),
    kind("the index of the log of writes: page numbers", File("stereo.db-shm"), Nobody, Kept::Plain, None, "at the end of the process"),
    kind("the key store", File("keys"), Anybody, Kept::Wrapped, None, "entry by entry, overwritten"),
    kind("the server's key", File("server.key"), Nobody, Kept::Plain, None, "stays"),
    kind("the lock that keeps a second server out; empty", File("lock"), Nobody, Kept::Plain, None, "stays"),
    kind("where operations listen, and the token of this start for whoever runs the server", File("operator.token"), Nobody, Kept::Plain, None, "at the end of the process; replaced at each start"),
    // ---- Files elsewhere, where the operator wants them.
    kind("the key store's one copy, replaced as a whole", Elsewhere("store.keys_copy", ""), Anybody, Kept::Wrapped, None, "by each deletion, before it is called done"),
    kind("what the copy is about to be", Elsewhere("store.keys_copy", ".new"), Anybody, Kept::Wrapped, None, "when it has become the copy; after a crash, with the next one"),
    kind("the server's key, kept apart", Elsewhere("store.key_file", ""), Nobody, Kept::Plain, None, "stays"),
    kind("backups of the database, encrypted to the operator", Elsewhere("backup.folder", "/"), Anybody, Kept::Sealed, None, "unreadable with the account's key, which no backup holds; the file after 30 days at most"),
    // ---- The key store, and its one copy (store.keys_copy), which is replaced with it.
    kind("the key of an account, of a guest for one room, or of a mail to no account", KeyEntry("key"), Anybody, Kept::Wrapped, None, "with the account; when the guest is erased, or not kept any more; with the mail"),
    kind("keyed hash of an e-mail address, a provider's subject, a passkey's id or what a handle looks like", KeyEntry("lookup"), Account, Kept::Hashed, None, "with what it leads by; with the account"),
    kind("keyed hash of the address of a sign-in under way", KeyEntry("attempt"), Anybody, Kept::Hashed, None, WITH_ATTEMPT),
    // ---- Accounts.
    kind("the account's random number", Column("accounts", "id"), Account, Kept::Plain, None, WITH_ACCOUNT),
    kind("the random name of the account's key", Column("accounts", "key"), Account, Kept::Plain, None, WITH_ACCOUNT),
    kind("chosen name", Column("accounts", "handle"), Account, Kept::Sealed, Some("handle"), "when it is changed; with the account"),
    kind("the name that the picture is found by", Column("accounts", "picture"), Account, Kept::Sealed, Some("picture"), "with the picture; with the account"),
    kind("language and mails that were chosen", Column("accounts", "preferences"), Account, Kept::Sealed, Some("preferences"), "when they are changed; with the account"),
    kind("up to which version of the policy they were told by mail", Column("accounts", "policy_told"), Account, Kept::Sealed, Some("policy_told"), "when a newer one is told; with the account"),
    kind("a row's random number", Column("emails", "id"), Account, Kept::Plain, None, "with the address"),
    kind("whose address it is", Column("emails", "account"), Account, Kept::Plain, None, "with the address"),
    kind("e-mail address", Column("emails", "address"), Account, Kept::Sealed, Some("emails"), "when it is removed; with the account"),
    kind("whether its owner has confirmed it; else a provider did", Column("emails", "confirmed"), Account, Kept::Plain, Some("contact"), "with the address"),
    kind("a row's random number", Column("subjects", "id"), Account, Kept::Plain, None, "with the subject"),
    kind("whose subject it is", Column("subjects", "account"), Account, Kept::Plain, None, "with the subject"),
    kind("a provider and its name for the person", Column("subjects", "subject"), Account, Kept::Sealed, Some("subjects"), "when it is removed; with the account"),
    kind("the random name that a picture is found by", Column("pictures", "name"), Account, Kept::Plain, None, "with the picture; with the account"),
    kind("whose picture it is", Column("pictures", "account"), Account, Kept::Plain, None, "with the picture; with the account"),
    kind("picture, small: its points alone", Column("pictures", "small"), Account, Kept::Sealed, Some("picture"), "with the picture; with the account"),
    kind("picture, large: its points alone", Column("pictures", "large"), Account, Kept::Sealed, Some("picture"), "with the picture; with the account"),
    kind("a passkey's random number", Column("passkeys", "id"), Account, Kept::Plain, None, "with the passkey"),
    kind("whose passkey it is", Column("passkeys", "account"), Account, Kept::Plain, None, "with the passkey"),
    kind("a passkey's id", Column("passkeys", "credential_id"), Account, Kept::Sealed, Some("passkeys"), "when it is removed; with the account"),
    kind("what verifies a passkey", Column("passkeys", "credential"), Account, Kept::Sealed, Some("passkeys"), "when it is removed; with the account"),
    kind("what its owner calls a passkey", Column("passkeys", "label"), Account, Kept::Sealed, Some("passkeys"), "when it is removed; with the account"),
    // ---- Sessions.
    kind("a session's random number", Column("sessions", "id"), Account, Kept::Plain, Some("sessions"), WITH_SESSION),
    kind("whose session it is", Column("sessions", "account"), Account, Kept::Plain, None, WITH_SESSION),
    kind("browser or program", Column("sessions", "kind"), Account, Kept::Plain, Some("sessions"), WITH_SESSION),
    kind("hash of the session's random token", Column("sessions", "hash"), Account, Kept::Hashed, None, WITH_SESSION),
    kind("what its owner calls a session", Column("sessions", "label"), Account, Kept::Sealed, Some("sessions"), WITH_SESSION),
    kind("the day of its end, rounded up", Column("sessions", "ends_day"), Account, Kept::Plain, Some("sessions"), WITH_SESSION),
    // ---- Correspondence with whoever runs the server.
    kind("a thread's random number", Column("threads", "id"), Account, Kept::Plain, Some("correspondence"), WITH_THREAD),
    kind("whose thread it is", Column("threads", "account"), Account, Kept::Plain, None, WITH_THREAD),
    kind("what it is about, whether it is closed, what support looked at and on which day", Column("threads", "content"), Account, Kept::Sealed, Some("correspondence"), WITH_THREAD),
    kind("a letter's random number", Column("letters", "id"), Account, Kept::Plain, Some("correspondence"), WITH_LETTER),
    kind("of which thread", Column("letters", "thread"), Account, Kept::Plain, Some("correspondence"), WITH_LETTER),
    kind("whose letter it is", Column("letters", "account"), Account, Kept::Plain, None, WITH_LETTER),
    kind("a place in the order of the thread", Column("letters", "place"), Account, Kept::Plain, Some("correspondence"), WITH_LETTER),
    kind("who wrote it, on which day, what it says", Column("letters", "content"), Account, Kept::Sealed, Some("correspondence"), WITH_LETTER),
    // ---- Sign-ins under way.
    kind("an attempt's random name", Column("attempts", "id"), Anybody, Kept::Plain, None, WITH_ATTEMPT),
    kind("hash of the link's random secret", Column("attempts", "link"), Anybody, Kept::Hashed, None, WITH_ATTEMPT),
    kind("hash of the browser's random secret", Column("attempts", "browser"), Anybody, Kept::Hashed, None, WITH_ATTEMPT),
    kind("the attempt's key, for the link", Column("attempts", "link_key"), Anybody, Kept::SealedForHolder, None, WITH_ATTEMPT),
    kind("the attempt's key, for the browser", Column("attempts", "browser_key"), Anybody, Kept::SealedForHolder, None, WITH_ATTEMPT),
    kind("hash of the code, keyed by the attempt's key", Column("attempts", "code"), Anybody, Kept::Hashed, None, WITH_ATTEMPT),
    kind("how many wrong codes were tried", Column("attempts", "wrong"), Anybody, Kept::Plain, None, WITH_ATTEMPT),
    kind("whether the code was shown", Column("attempts", "shown"), Anybody, Kept::Plain, None, WITH_ATTEMPT),
    kind("the address, when the attempt ends (to the moment, sealed for its holder), and what for", Column("attempts", "content"), Anybody, Kept::SealedForHolder, None, WITH_ATTEMPT),
    kind("the account that the address is to be added to", Column("attempts", "account"), Account, Kept::Plain, None, WITH_ATTEMPT),
    // ---- Mails that wait to be sent.
    kind("a mail's random number, under which a repeated mail is known again", Column("mails", "id"), Anybody, Kept::Plain, None, WITH_MAIL),
    kind("for whom it is", Column("mails", "account"), Account, Kept::Plain, None, WITH_MAIL),
    kind("for which sign-in under way", Column("mails", "attempt"), Anybody, Kept::Plain, None, WITH_MAIL),
    kind("the random name of its own key, when it is to no account", Column("mails", "key"), Anybody, Kept::Plain, None, WITH_MAIL),
    kind("what it is about; of a link to sign in, the link and its address", Column("mails", "content"), Anybody, Kept::Sealed, Some("mails"), WITH_MAIL),
    kind("how often it was tried in vain", Column("mails", "tries"), Anybody, Kept::Plain, Some("mails"), WITH_MAIL),
    kind("when it is tried next, only as long as it waits; not when it was written", Column("mails", "due_ms"), Anybody, Kept::Plain, None, WITH_MAIL),
    kind("hash of the link that ends a kind of mail", Column("unsubscribes", "hash"), Account, Kept::Hashed, None, WITH_ACCOUNT),
    kind("whose mails it ends", Column("unsubscribes", "account"), Account, Kept::Plain, None, WITH_ACCOUNT),
    kind("which kind of mail it ends", Column("unsubscribes", "kind"), Account, Kept::Plain, None, WITH_ACCOUNT),
    // ---- Rooms that stay.
    kind("a room's id", Column("rooms", "id"), Account, Kept::Plain, Some("rooms"), WITH_ROOM),
    kind("whose room it is", Column("rooms", "owner"), Account, Kept::Plain, None, WITH_ROOM),
    kind("title and settings, hashes of password and of invitations with the ends that were chosen for them, who is host", Column("rooms", "settings"), Account, Kept::Sealed, Some("rooms"), WITH_ROOM),
    kind("what plays, from when on (a time of the music, not of a visit), added by which member", Column("rooms", "playing"), Anybody, Kept::Plain, Some("rooms"), WITH_ROOM),
    kind("the order of what is coming", Column("rooms", "play_order"), Nobody, Kept::Plain, Some("rooms"), WITH_ROOM),
    kind("in which room", Column("room_members", "room"), Anybody, Kept::Plain, None, WITH_MEMBER),
    kind("a member's random name in this room", Column("room_members", "member"), Anybody, Kept::Plain, Some("rooms"), WITH_MEMBER),
    kind("which account it is", Column("room_members", "account"), Account, Kept::Plain, None, WITH_MEMBER),
    kind("the random name of a guest's key for this room", Column("room_members", "key"), Guest, Kept::Plain, None, WITH_MEMBER),
    kind("name, picture and role in this room; hash of a guest's token", Column("room_members", "person"), Anybody, Kept::Sealed, Some("rooms"), WITH_MEMBER),
    kind("from which room", Column("room_bans", "room"), Anybody, Kept::Plain, None, WITH_BAN),
    kind("a ban's random name", Column("room_bans", "ban"), Anybody, Kept::Plain, Some("rooms"), WITH_BAN),
    kind("which account is banned", Column("room_bans", "account"), Account, Kept::Plain, None, WITH_BAN),
    kind("the random name of a guest's key for this room", Column("room_bans", "key"), Guest, Kept::Plain, None, WITH_BAN),
    kind("who is banned and until when; hash of a guest's token", Column("room_bans", "banned"), Anybody, Kept::Sealed, Some("rooms"), WITH_BAN),
    kind("in which room", Column("room_tracks", "room"), Anybody, Kept::Plain, None, WITH_TRACK),
    kind("the random name of a track that somebody else serves", Column("room_tracks", "track"), Anybody, Kept::Plain, Some("rooms"), WITH_TRACK),
    kind("which account added it", Column("room_tracks", "account"), Account, Kept::Plain, None, WITH_TRACK),
    kind("the random name of the key for this room of the guest who added it", Column("room_tracks", "key"), Guest, Kept::Plain, None, WITH_TRACK),
    kind("the track, its address and title among it; hash of a guest's token", Column("room_tracks", "content"), Anybody, Kept::Sealed, Some("rooms"), WITH_TRACK),
    kind("in which room", Column("room_items", "room"), Nobody, Kept::Plain, None, WITH_ROOM),
    kind("an item's random name", Column("room_items", "item"), Nobody, Kept::Plain, Some("rooms"), "when it has played or is removed; with the room"),
    kind("a track, of one that somebody else serves only its name, and the random name of the member who added it", Column("room_items", "content"), Anybody, Kept::Plain, Some("rooms"), "when it has played or is removed; with the room; the name of an erased member is nobody's"),
    kind("in which room", Column("room_history", "room"), Nobody, Kept::Plain, None, WITH_ROOM),
    kind("a place in the order", Column("room_history", "place"), Nobody, Kept::Plain, Some("rooms"), "when as many have played since as are kept; with the room"),
    kind("a track that played, of one that somebody else serves only its name, and the random name of the member who added it", Column("room_history", "content"), Anybody, Kept::Plain, Some("rooms"), "when as many have played since as are kept; with the room; the name of an erased member is nobody's"),
    kind("in which room", Column("room_log", "room"), Nobody, Kept::Plain, None, WITH_ROOM),
    kind("a place in the order", Column("room_log", "place"), Nobody, Kept::Plain, Some("rooms"), "when as much was done since as is kept; with the room"),
    kind("what was done, by the random name of the member", Column("room_log", "content"), Anybody, Kept::Plain, Some("rooms"), "when as much was done since as is kept; with the room; the name of an erased member is nobody's"),
    // ---- Of nobody.
    nothing("store", "keys", "the random name of the key store"),
    nothing("store", "unclean", "whether something was deleted that was not yet looked for in every file"),
    nothing("erasures", "receipt", "a receipt's random name"),
    nothing("erasures", "sought", "random numbers that named what is being erased, until that is done"),
    nothing("erasures", "report", "which files were searched for what was erased, and when"),
    nothing("erasures", "ends_day", "the day when the receipt goes, rounded up"),
    nothing("visits", "day", "a day on which somebody came"),
    nothing("visits", "page", "which kind of page they looked at"),
    nothing("visits", "visits", "how often that day, all people together"),
    nothing("visits", "visitors", "how many different browsers, as far as could be told"),
    nothing("refinery_schema_history", "version", "the database's own version"),
    nothing("refinery_schema_history", "name", "what that version brought"),
    nothing("refinery_schema_history", "applied_on", "when this server first ran that version"),
    nothing("refinery_schema_history", "checksum", "whether the version is the one that was meant"),
    // ---- Memory: of rooms, and gone with them or with the process.
    kind("names, roles, pictures and the hash of a guest's token", Memory("members of a room"), Anybody, Kept::Volatile, None, "when they are erased, or with the room"),
    kind("who is here", Memory("presence"), Anybody, Kept::Volatile, None, "half a minute after they leave"),
    kind("messages", Memory("chat"), Anybody, Kept::Volatile, None, "when they are removed, with who wrote them, or with the room"),
    kind("the latest events", Memory("ring"), Anybody, Kept::Volatile, None, "rewritten when something in them is deleted; with the room"),
    kind("names of operations, without content", Memory("operations"), Anybody, Kept::Volatile, None, "ten minutes after they leave"),
    kind("a guest's or an account's key, and until when", Memory("bans"), Anybody, Kept::Volatile, None, "with the ban, with whom it concerns, or with the room"),
    kind("what support may look at, and until when", Memory("consents"), Account, Kept::Volatile, None, "after an hour, when it is taken back, with the thread"),
    kind("mails that are being sent", Memory("mails under way"), Anybody, Kept::Volatile, None, "when each is sent or stopped; stopped with what drops it from the queue"),
    kind("that somebody was told something of a room, by a keyed hash", Memory("rooms told of"), Account, Kept::Volatile, None, "within the day"),
    kind("which rooms are in no list, because their account is frozen", Memory("hidden rooms"), Account, Kept::Volatile, None, "when the account is used again; with the room; with the account"),
    kind("which account a ticket for a socket stands for, by its hash", Memory("tickets"), Account, Kept::Volatile, None, "when it is used, after half a minute, with the account"),
    kind("which account adds a passkey, and what was asked of its browser", Memory("passkey ceremonies"), Account, Kept::Volatile, None, "when it is done, after five minutes, with the account"),
    kind("hashes of sign-ins with a provider that are used up; what they say is sealed in the browser's own cookie", Memory("sign-ins with a provider"), Anybody, Kept::Volatile, None, "after ten minutes"),
    kind("when a sign-in by mail ends", Memory("attempts under way"), Anybody, Kept::Volatile, None, "with the attempt"),
    kind("which account and session a socket is held by", Memory("live sockets"), Account, Kept::Volatile, None, "when the socket ends; it ends with the session and with the account"),
    kind("keyed hashes of addresses and accounts, for limits only", Memory("limits"), Anybody, Kept::Volatile, None, "within the hour; the key each day"),
    kind("salted hashes of address and browser, to count visitors once", Memory("visitors of today"), Anybody, Kept::Volatile, None, "at the end of the day, with the salt"),
    kind("keyed hash of the address that asked for a link", Memory("sign-ins under way"), Anybody, Kept::Volatile, None, WITH_ATTEMPT),
    kind("random tokens that make a guest the same guest again", Memory("the guest's own browser"), Guest, Kept::Volatile, None, "by the guest"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::config;
    use crate::store::{Accounts, NewAccount, SqliteStore};
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use crate::keystore::EntryId;
    type Names = BTreeSet<String>;

    fn named(of: impl Fn(Place) -> Option<String>) -> Names {
        INVENTORY.iter().filter_map(|kind| of(kind.place)).collect()
    }

    fn columns(db: &rusqlite::Connection) -> Names {
        let select = "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'";
        let mut select = db.prepare(select).unwrap();
        let columns = select.query_map([], |row| row.get(0)).unwrap();
        columns.collect::<Result<_, _>>().unwrap()
    }

    #[tokio::test]
    async fn every_column_and_every_file_is_named_and_everything_named_is_there() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        let config = config::Store {
            data: data.clone(),
            ..config::Store::default()
        };
        let store = SqliteStore::open(&config, Arc::new(Clock::manual(0.0))).unwrap();
        let account = NewAccount {
            handle: "Ada".into(),
            identities: Vec::new(),
        };
        store.create_account(account).await.unwrap();
        let ops = std::net::SocketAddr::from(([127, 0, 0, 1], 4411));
        let _door = crate::support::Door::open(&data, ops).unwrap();
        let files = std::fs::read_dir(&data).unwrap();
        let files: Names = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(
            files,
            named(|place| match place {
                File(name) => Some(name.to_owned()),
                _ => None,
            })
        );
        drop(store);
        let db = rusqlite::Connection::open(data.join("stereo.db")).unwrap();
        let named = named(|place| match place {
            Column(table, column) => Some(format!("{table}.{column}")),
            _ => None,
        });
        assert_eq!(columns(&db), named);
        db.execute("ALTER TABLE accounts ADD COLUMN shoe_size INTEGER", [])
            .unwrap();
        let odd: Names = columns(&db).difference(&named).cloned().collect();
        assert_eq!(
            odd,
            ["accounts.shoe_size".to_owned()].into(),
            "a new one is seen"
        );
    }

    /// A kind of entry as the inventory names it. One that is new has to be named here first.
    fn entry_name(entry: EntryId) -> &'static str {
        match entry {
            EntryId::Key(_) => "key",
            EntryId::Lookup(_) => "lookup",
            EntryId::Attempt(_) => "attempt",
        }
    }

    #[test]
    fn every_kind_of_entry_of_the_key_store_is_named_and_no_other() {
        let kinds = (0..=u8::MAX).filter_map(|kind| EntryId::read(kind, [0; 32]));
        let kinds: Names = kinds.map(|entry| entry_name(entry).to_owned()).collect();
        let named = named(|place| match place {
            KeyEntry(name) => Some(name.to_owned()),
            _ => None,
        });
        assert_eq!(kinds, named);
    }

    /// Keys of the config that name what is only read.
    const READ: [&str; 3] = ["mail.password_file", "tls.certificate", "tls.key"];

    #[test]
    fn every_path_of_the_config_is_read_or_named() {
        let named = named(|place| match place {
            Elsewhere(key, _) => Some(key.to_owned()),
            _ => None,
        });
        let mut classified: Names = READ.iter().map(|key| key.to_string()).collect();
        classified.extend(named);
        // The folder for data itself, of which each file is named.
        classified.insert("store.data".into());
        // Paths of the config are fields of this type, and of no other. Those of the command line
        // are the operator's own; those of providers name files that are read.
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config");
        let mut paths = Names::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap().path();
            let section = file.file_stem().unwrap().to_string_lossy().into_owned();
            if ["arguments", "providers", "tests"].contains(&&*section) {
                continue;
            }
            let source = std::fs::read_to_string(&file).unwrap();
            let fields = source.lines().filter_map(|line| {
                let field = line.trim().strip_prefix("pub ")?;
                field.split_once(": PathBuf,").map(|(name, _)| name)
            });
            paths.extend(fields.map(|field| format!("{section}.{field}")));
        }
        assert_eq!(paths, classified);
    }

    #[tokio::test]
    async fn what_is_written_elsewhere_is_named() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = root.path().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let config = config::Store {
            data: root.path().join("data"),
            keys_copy: elsewhere.join("keys_copy"),
            key_file: elsewhere.join("key_file"),
            ..config::Store::default()
        };
        let store = SqliteStore::open(&config, Arc::new(Clock::manual(0.0))).unwrap();
        let account = NewAccount {
            handle: "Ada".into(),
            identities: Vec::new(),
        };
        let ada = store.create_account(account).await.unwrap();
        // Each deletion replaces the copy.
        let receipt = crate::store::ReceiptId::random();
        crate::store::Erasures::erase_account(&store, ada, receipt)
            .await
            .unwrap();
        let names = |folder: &std::path::Path| -> Names {
            let files = std::fs::read_dir(folder).unwrap();
            files
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect()
        };
        let copies = ["keys_copy", "key_file"].map(str::to_owned);
        assert_eq!(names(&elsewhere), copies.into());
        assert!(!names(&config.data).contains("server.key"), "kept apart");
    }

    #[test]
    fn nothing_is_named_twice() {
        let places: BTreeSet<String> = INVENTORY
            .iter()
            .map(|kind| format!("{:?}", kind.place))
            .collect();
        assert_eq!(places.len(), INVENTORY.len());
    }

    #[test]
    fn no_column_tells_when_somebody_came_or_was_here() {
        for kind in INVENTORY.iter().filter(|kind| kind.owner != Nobody) {
            let Column(table, column) = kind.place else {
                continue;
            };
            for word in [
                "created",
                "seen",
                "login",
                "updated",
                "_at",
                "time",
                "date",
                "agent",
                "address_ip",
            ] {
                assert!(!column.contains(word), "{table}.{column}");
            }
        }
    }
}

//! TypeScript types and JSON Schema come out of the Rust types, and what is in the repository is
//! what comes out of them now. `STEREO_BLESS=1` writes them anew.
#![cfg(feature = "schema")]

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::path::Path;
use stereo_protocol::*;
use ts_rs::{Config, TS};

fn current(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("STEREO_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{name} is not current: run with STEREO_BLESS=1"
    );
}

macro_rules! all_types {
    ($visit:ident) => {
        all_types!(@ $visit: RoomId, MemberId, ItemId, MessageId, BanId, InviteId, Epoch, ClockId, TrackId, Role, Person,
            Track, QueueItem, Playback, Vote, ChatMessage, Visibility, Entry, Order, HostLeaves, Permissions,
            PermissionsUpdate, RoomSettings, RoomUpdate, Limits, PublicState, Snapshot, Presence, You, Joined, EndReason,
            Ended, Cause, Event, EventNotice, PresenceNotice, TallyNotice, Health, ClosingReason, Closing, Notification,
            ErrorKind, ErrorData, ErrorObject, Nothing, OfItem, OfMessage, OfBan, OfInvite, AtSeq, Resume, JoinParams,
            ClockParams, EventsParams, PageOfItems, PageOfMembers, QueueAdd, QueueMove, QueueVote, Seek, React, ChatSend,
            Rename, MemberRole, MemberMute, MemberKick, InviteCreate, ReportStatus, Report, Command, Done, ClockAnswer,
            EventsPage, QueuePage, MembersPage)
    };
    (@ $visit:ident: $($type:ty),*) => { $($visit!($type);)* };
}

#[test]
fn typescript_types_are_current() {
    let config = Config::default();
    let mut out = String::from(
        "// Generated from the Rust types of `protocol/src`: do not edit. See protocol/tests/generated.rs.\n\n",
    );
    macro_rules! declare {
        ($type:ty) => {
            if let Some(docs) = <$type>::docs() {
                out += docs.trim_end();
                out.push('\n');
            }
            out += &format!("export {}\n\n", <$type>::decl(&config));
        };
    }
    all_types!(declare);
    out += "/** The result of `join` without `resume`, and of `snapshot`. */\nexport type JoinedAnew = Joined & Snapshot;\n\n";
    let codes: Vec<String> = CloseCode::ALL
        .iter()
        .map(|code| code.code().to_string())
        .collect();
    out += &format!(
        "/** Why a connection is closed. 4000 to 4499: reconnect and resume. From 4500: do not. */\nexport type CloseCode = {};\n\n",
        codes.join(" | ")
    );
    out += "/** People by member id. */\nexport type People = { [member: string]: Person };\n";
    current("js/src/types.d.ts", &out);
}

#[test]
fn the_json_schema_is_current() {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    macro_rules! define {
        ($type:ty) => {
            let _ = generator.subschema_for::<$type>();
        };
    }
    all_types!(define);
    define!(CloseCode);
    let definitions: Map<String, Value> = generator.take_definitions(true);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "stereo.v1",
        "title": "Stereo's wire, version 1",
        "$defs": definitions,
    });
    current(
        "schema/stereo.v1.json",
        &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()),
    );
}

//! Whatever comes as the body of a request is one, or is refused by a short answer that says what
//! was expected; how its JSON is laid out makes no difference. What is taken of an export keeps to
//! every limit, and is taken a second time as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::io::{Cursor, Write};
use std::sync::LazyLock;
use stereo::auth::check_handle;
use stereo::config::Config;
use stereo::http::BODIES;
use stereo::media::Library;
use stereo::privacy::{Import, Taken};
use stereo::room::Rules;
use stereo::store::AccountId;
use stereo::text::clean_line;
use stereo_protocol::{ErrorKind, ErrorObject};
use zip::write::{SimpleFileOptions, ZipWriter};

static RULES: LazyLock<Rules> = LazyLock::new(|| Config::default().rules());

fuzz_target!(|bytes: &[u8]| {
    // What begins as a zip file does is an export; anything else is the document in one.
    if bytes.starts_with(b"PK") {
        return import(bytes);
    }
    let anew = serde_json::from_slice::<Value>(bytes);
    let anew = anew.map(|value| value.to_string()).ok();
    for (request, decode) in BODIES {
        match decode(bytes) {
            Err(error) => answerable(request, &error),
            Ok(()) => {
                let anew = anew.as_ref().filter(|_| bytes.starts_with(b"{"));
                let same = anew.is_none_or(|anew| decode(anew.as_bytes()).is_ok());
                assert!(same, "{request}: {anew:?}");
            }
        }
    }
    import(&zipped(bytes));
});

fn answerable(what: &str, error: &ErrorObject) {
    let kinds = [ErrorKind::Invalid, ErrorKind::TooLarge, ErrorKind::TooMany];
    assert!(kinds.contains(&error.data.kind), "{what}: {error:?}");
    assert!(!error.message.is_empty(), "{what}: says what was expected");
    let answer = serde_json::to_string(error).expect("JSON");
    assert!(answer.len() < 4096, "{what}: an answer is short: {answer}");
}

fn zipped(document: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive
        .start_file("stereo-export.json", options)
        .expect("in memory");
    archive.write_all(document).expect("in memory");
    archive.finish().expect("in memory").into_inner()
}

fn import(bytes: &[u8]) {
    let read = Import::read(bytes);
    let checked = read
        .and_then(|import| import.checked(AccountId::from_bits(1), &Library::default(), &RULES));
    match checked {
        Ok(taken) => keeps_to_the_limits(&taken),
        Err(error) => answerable("POST /api/me/import", &error),
    }
}

fn keeps_to_the_limits(taken: &Taken) {
    assert_eq!(
        check_handle(&taken.handle).ok().as_ref(),
        Some(&taken.handle)
    );
    assert!(!taken.preferences.frozen);
    let limits = &RULES.limits;
    for room in &taken.rooms {
        let settings = &room.room.settings;
        let title = clean_line("title", &settings.title, limits.title);
        assert_eq!(title.ok().as_ref(), Some(&settings.title));
        assert!(settings.vote_skip_percent <= 100 && !settings.temporary);
        assert!(room.room.password.is_none());
        // There is no track that this server has: nothing that could be played is believed.
        assert!(room.room.current.is_none() && room.room.playback.is_none());
        assert!(room.room.queue.is_empty() && room.room.history.is_empty());
        for member in room
            .room
            .members
            .values()
            .filter(|member| !member.name.is_empty())
        {
            let name = clean_line("name", &member.name, limits.name);
            assert_eq!(name.ok().as_ref(), Some(&member.name));
        }
    }
}

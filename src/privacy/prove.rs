//! `stereo prove-purge`: looks for given texts in everything that a server keeps, in every form in
//! which they could stand there. The texts come on standard input, so that they reach no history of
//! a shell; they are named by number in what is said.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// Bytes of a text that is worth looking for: shorter ones are found where nobody put them.
pub const LEAST: usize = 4;
/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// Bytes that are unpacked of one file: a bomb is not followed to its end.
const MOST_UNPACKED: u64 = 1 << 30;

/// What is looked for.
pub struct Search {
    forms: AhoCorasick,
    /// By form: which text, and in which way it is written.
    names: Vec<(usize, &'static str)>,
    longest: usize,
}

/// A place that was searched.
#[derive(Debug)]
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// How many bytes were looked at; more than the file has, when it was unpacked.
    pub bytes: u64,
    /// What was found: which text, how it is written, and how often.
    pub found: BTreeMap<(usize, &'static str), u64>,
}

impl Search {
    /// For these texts, each at least [`LEAST`] bytes long.
    ///
    /// # Errors
    /// When they are too many to be looked for at once.
    pub fn new(texts: &[String]) -> Result<Self, String> {
        let mut forms = Vec::new();
        let mut names = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            for (how, form) in forms_of(text) {
                names.push((number, how));
                forms.push(form);
            }
        }
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let forms = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(forms)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            forms,
            names,
            longest,
        })
    }

    /// Looks through a file, and through what is packed in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, path: &Path) -> io::Result<Place> {
        let mut place = Place {
            path: path.into(),
            bytes: 0,
            found: BTreeMap::new(),
        };
        let mut file = File::open(path)?;
        self.stream(&mut file, &mut place)?;
        let mut magic = [0; 4];
        file.rewind()?;
        let read = file.read(&mut magic)?;
        file.rewind()?;
        match &magic[..read] {
            [0x1f, 0x8b, ..] => {
                // What does not unpack was searched as it is.
                let _ = self.stream(
                    &mut MultiGzDecoder::new(file).take(MOST_UNPACKED),
                    &mut place,
                );
            }
            b"PK\x03\x04" => self.members(file, &mut place),
            _ => {}
        }
        Ok(place)
    }

    /// Looks through the members of a zip file.
    fn members(&self, file: File, place: &mut Place) {
        let Ok(mut archive) = zip::ZipArchive::new(file) else {
            return;
        };
        for member in 0..archive.len() {
            if let Ok(member) = archive.by_index(member) {
                // Their names are in the file as it is.
                let _ = self.stream(&mut member.take(MOST_UNPACKED), place);
            }
        }
    }

    /// Looks through bytes as they come. What lies across two reads is found too.
    fn stream(&self, from: &mut impl Read, place: &mut Place) -> io::Result<()> {
        let overlap = self.longest.saturating_sub(1);
        let mut buffer = vec![0; overlap + CHUNK];
        let mut kept = 0;
        loop {
            let read = match from.read(&mut buffer[kept..kept + CHUNK]) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            place.bytes += read as u64;
            let window = &buffer[..kept + read];
            for found in self.forms.find_overlapping_iter(window) {
                // What ends in the kept part was counted the last time.
                if found.end() > kept {
                    let name = self.names[found.pattern().as_usize()];
                    *place.found.entry(name).or_insert(0) += 1;
                }
            }
            let end = window.len();
            let keep = overlap.min(end);
            buffer.copy_within(end - keep..end, 0);
            kept = keep;
        }
    }
}

/// Every way in which a text could be written, with its name.
fn forms_of(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = text.as_bytes();
    let utf16 = |write: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(write).collect();
    let hex = |upper: bool| {
        let digits = bytes.iter().map(|byte| match upper {
            true => format!("{byte:02X}"),
            false => format!("{byte:02x}"),
        });
        digits.collect::<String>().into_bytes()
    };
    let mut forms: Vec<(&'static str, Vec<u8>)> = vec![
        ("as it is", bytes.to_vec()),
        ("in UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("in UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("in hexadecimal", hex(false)),
        ("in hexadecimal, capitals", hex(true)),
        ("in JSON", json(text, false)),
        ("in JSON, ASCII alone", json(text, true)),
        ("in a URL", url(bytes, "%20", true)),
        ("in a URL, small letters", url(bytes, "%20", false)),
        ("in a form", url(bytes, "+", true)),
    ];
    for offset in 0..3 {
        forms.push(("in base64", base64(&STANDARD_NO_PAD, bytes, offset)));
        forms.push((
            "in base64 for URLs",
            base64(&URL_SAFE_NO_PAD, bytes, offset),
        ));
    }
    // Many are the same for plain letters: each is looked for once, by its first name.
    let mut seen = BTreeSet::new();
    forms.retain(|(_, form)| form.len() >= LEAST && seen.insert(form.clone()));
    forms
}

/// The letters of base64 that depend on the text alone, when `offset` bytes stand before it in its
/// first group of three.
fn base64(engine: &impl Engine, bytes: &[u8], offset: usize) -> Vec<u8> {
    let padded = [&[0; 2][..offset], bytes].concat();
    let written = engine.encode(&padded).into_bytes();
    let first = [0, 2, 3][offset];
    // The last letter holds bits of what follows, unless a group ends with the text.
    let last = written.len() - usize::from(!padded.len().is_multiple_of(3));
    written.get(first..last).unwrap_or_default().to_vec()
}

fn json(text: &str, ascii: bool) -> Vec<u8> {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted.trim_start_matches('"');
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut written = String::new();
    for letter in inner.chars() {
        if letter.is_ascii() || !ascii {
            written.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            written.push_str(&format!("\\u{unit:04x}"));
        }
    }
    written.into_bytes()
}

fn url(bytes: &[u8], space: &str, upper: bool) -> Vec<u8> {
    let mut written = String::new();
    for byte in bytes {
        match byte {
            b' ' => written.push_str(space),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) => {
                written.push(char::from(*byte));
            }
            byte if upper => written.push_str(&format!("%{byte:02X}")),
            byte => written.push_str(&format!("%{byte:02x}")),
        }
    }
    written.into_bytes()
}

/// Every file below these paths, in order.
///
/// # Errors
/// When a folder cannot be read.
pub fn files_below(paths: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut left: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = left.pop() {
        let kind = std::fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            for entry in std::fs::read_dir(&path)? {
                left.push(entry?.path());
            }
        } else if kind.is_file() || std::fs::metadata(&path).is_ok_and(|it| it.is_file()) {
            found.insert(path);
        }
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn found(bytes: &[u8], texts: &[&str]) -> BTreeMap<(usize, &'static str), u64> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        Search::new(&texts).unwrap().file(&path).unwrap().found
    }

    /// Each way to write a text, as whoever writes it would: by other means than the search.
    fn written(text: &str, way: usize) -> Vec<u8> {
        match way {
            0 => text.as_bytes().to_vec(),
            1 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            2 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            3 => text
                .bytes()
                .flat_map(|byte| format!("{byte:02x}").into_bytes())
                .collect(),
            4 => text
                .bytes()
                .flat_map(|byte| format!("{byte:02X}").into_bytes())
                .collect(),
            5 => serde_json::to_vec(&serde_json::json!({"deep": [{ "name": text }]})).unwrap(),
            6 => STANDARD_NO_PAD.encode(text).into_bytes(),
            7 => URL_SAFE_NO_PAD.encode(format!("a{text}bc")).into_bytes(),
            8 => STANDARD_NO_PAD.encode(format!("ab{text}c")).into_bytes(),
            _ => {
                let mut packed =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packed.write_all(text.as_bytes()).unwrap();
                packed.finish().unwrap()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn a_text_is_found_however_it_is_written_and_wherever(
            text in "[a-zA-Z0-9 @._<>\"éộ-]{8,40}",
            before in 0usize..3_000,
            way in 0usize..9,
        ) {
            let bytes = [vec![b'#'; before], written(&text, way), vec![b'#'; 7]].concat();
            let found = found(&bytes, &["some other text", &text]);
            prop_assert!(found.keys().any(|(number, _)| *number == 1), "way {way}: {found:?}");
            prop_assert!(!found.keys().any(|(number, _)| *number == 0));
        }
    }

    #[test]
    fn what_lies_across_two_reads_is_found_once() {
        for shift in 0..12 {
            let bytes = [vec![0; CHUNK - shift], b"ndl-across".to_vec(), vec![0; 100]].concat();
            assert_eq!(
                found(&bytes, &["ndl-across"]),
                BTreeMap::from([((0, "as it is"), 1)])
            );
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        assert_eq!(found(&written("ndl in gzip", 9), &["ndl in gzip"]).len(), 1);
        let mut archive = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("a", options).unwrap();
        archive
            .write_all("ndl in zip, ndl in zip".as_bytes())
            .unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        let found = found(&bytes, &["ndl in zip"]);
        assert_eq!(found.values().sum::<u64>(), 2, "{found:?}");
    }

    #[test]
    fn text_that_is_not_there_is_not_found() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|it| it.to_le_bytes()).collect();
        assert!(found(&bytes, &["ndl-nowhere", "ada@example.org"]).is_empty());
    }
}

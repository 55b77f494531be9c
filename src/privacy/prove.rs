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

/// Archives within archives that are unpacked.
const DEPTH: u32 = 4;
/// How often folders are listed while what was in them goes before it is looked at.
const LISTINGS: u32 = 5;
/// Bytes of an archive within an archive, which is unpacked in memory.
const MOST_NESTED: u64 = 64 << 20;
/// What files that age encrypted begin with.
const AGE: &[u8] = b"age-encryption.org/";

/// What is looked for.
pub struct Search {
    forms: AhoCorasick,
    /// By form: which text, and in which way it is written.
    names: Vec<(usize, Way)>,
    longest: usize,
}

/// A way to write a text.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    /// When a mail writes it in this way, its line may end anywhere; the name of that.
    across: Option<&'static str>,
}

/// A place that was searched.
#[derive(Debug)]
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// How many bytes were looked at; more than the file has, when it was unpacked.
    pub bytes: u64,
    /// Whether age encrypted it, so that looking through it says nothing.
    pub sealed: bool,
    /// Whether something in it was too large, or too deep, to be unpacked.
    pub too_much: bool,
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
            sealed: false,
            too_much: false,
            found: BTreeMap::new(),
        };
        let mut file = File::open(path)?;
        let mut begins = Vec::new();
        file.by_ref()
            .take(AGE.len() as u64)
            .read_to_end(&mut begins)?;
        place.sealed = begins == AGE;
        file.rewind()?;
        self.stream(&mut file, &mut place)?;
        file.rewind()?;
        match Packed::by(&begins) {
            Some(Packed::Gzip) => self.gzip(file, &mut place, DEPTH),
            Some(Packed::Zip) => self.zip(file, &mut place, DEPTH),
            None => {}
        }
        Ok(place)
    }

    /// Looks through what is inside of a file that was opened.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn inside(&self, mut from: impl Read, place: &mut Place) -> io::Result<()> {
        self.stream(&mut from, place)
    }

    /// What does not unpack was searched as it is.
    fn gzip(&self, file: impl Read, place: &mut Place, depth: u32) {
        self.unpacked(&mut MultiGzDecoder::new(file), place, depth);
    }

    /// Looks through the members of a zip file. Their names are in the file as it is.
    fn zip(&self, file: impl Read + Seek, place: &mut Place, depth: u32) {
        let Ok(mut archive) = zip::ZipArchive::new(file) else {
            return;
        };
        for member in 0..archive.len() {
            if let Ok(mut member) = archive.by_index(member) {
                self.unpacked(&mut member, place, depth);
            }
        }
    }

    /// Looks through what was packed, and unpacks it again if that is packed too.
    fn unpacked(&self, from: &mut dyn Read, place: &mut Place, depth: u32) {
        let mut begins = Vec::new();
        let _ = (&mut *from).take(4).read_to_end(&mut begins);
        let packed = Packed::by(&begins);
        let mut all = io::Cursor::new(begins).chain(from);
        let Some(packed) = packed else {
            let mut bounded = all.by_ref().take(MOST_UNPACKED);
            let _ = self.stream(&mut bounded, place);
            place.too_much |= all.read(&mut [0]).is_ok_and(|more| more > 0);
            return;
        };
        let mut archive = Vec::new();
        let _ = all.take(MOST_NESTED + 1).read_to_end(&mut archive);
        let _ = self.stream(&mut archive.as_slice(), place);
        if archive.len() as u64 > MOST_NESTED || depth == 0 {
            place.too_much = true;
            return;
        }
        match packed {
            Packed::Gzip => self.gzip(archive.as_slice(), place, depth - 1),
            Packed::Zip => self.zip(io::Cursor::new(archive), place, depth - 1),
        }
    }

    /// Looks through bytes as they come, and once more without the ends of lines.
    fn stream(&self, from: &mut impl Read, place: &mut Place) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK];
        let (mut plain, mut joined) = (Window::default(), Window::default());
        let mut lines = Lines::default();
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            place.bytes += read as u64;
            plain.feed(self, &buffer[..read]);
            joined.feed(self, &lines.join(&buffer[..read]));
        }
        for (form, count) in &plain.found {
            let (number, way) = self.names[*form];
            *place.found.entry((number, way.name)).or_insert(0) += count;
        }
        for (form, count) in &joined.found {
            let (number, way) = self.names[*form];
            let seen = plain.found.get(form).copied().unwrap_or(0);
            if let Some(across) = way.across.filter(|_| *count > seen) {
                *place.found.entry((number, across)).or_insert(0) += count - seen;
            }
        }
        Ok(())
    }
}

/// How something is packed.
enum Packed {
    Gzip,
    Zip,
}

impl Packed {
    fn by(begins: &[u8]) -> Option<Self> {
        match begins {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            _ => None,
        }
    }
}

/// What was read last: what lies across two reads is found too, and once.
#[derive(Default)]
struct Window {
    kept: Vec<u8>,
    /// By form, how often.
    found: BTreeMap<usize, u64>,
}

impl Window {
    fn feed(&mut self, search: &Search, bytes: &[u8]) {
        let before = self.kept.len();
        self.kept.extend_from_slice(bytes);
        for found in search.forms.find_overlapping_iter(&self.kept) {
            // What ends in the kept part was counted the last time.
            if found.end() > before {
                *self.found.entry(found.pattern().as_usize()).or_insert(0) += 1;
            }
        }
        let keep = search.longest.saturating_sub(1).min(self.kept.len());
        self.kept.drain(..self.kept.len() - keep);
    }
}

/// Leaves out the ends of lines, and the sign of quoted-printable that a line goes on (RFC 2045 §6.7).
#[derive(Default)]
struct Lines {
    /// `=`, or that and a carriage return, at the end of what was read last.
    held: Vec<u8>,
}

impl Lines {
    fn join(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut joined = Vec::with_capacity(bytes.len() + 2);
        for byte in bytes {
            match (byte, self.held.last()) {
                (b'\n', _) => self.held.clear(),
                (b'\r', None | Some(b'=')) => self.held.push(b'\r'),
                (b'=', _) => {
                    joined.extend(self.held.drain(..).filter(|held| *held != b'\r'));
                    self.held.push(b'=');
                }
                _ => {
                    joined.extend(self.held.drain(..).filter(|held| *held != b'\r'));
                    joined.push(*byte);
                }
            }
        }
        joined
    }
}

/// Every way in which a text could be written, with its name.
fn forms_of(text: &str) -> Vec<(Way, Vec<u8>)> {
    let bytes = text.as_bytes();
    let utf16 = |write: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(write).collect();
    let hex = |upper: bool| {
        let digits = bytes.iter().map(|byte| match upper {
            true => format!("{byte:02X}"),
            false => format!("{byte:02x}"),
        });
        digits.collect::<String>().into_bytes()
    };
    let way = |name| Way { name, across: None };
    let forms = [
        ("as it is", bytes.to_vec()),
        ("in UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("in UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("in hexadecimal", hex(false)),
        ("in hexadecimal, capitals", hex(true)),
        ("in JSON", json(text, None)),
        ("in JSON, ASCII alone", json(text, Some(false))),
        ("in JSON, ASCII alone, capitals", json(text, Some(true))),
        ("in a URL", url(bytes, "%20", true)),
        ("in a URL, small letters", url(bytes, "%20", false)),
        ("in a form", url(bytes, "+", true)),
    ];
    let forms = forms.into_iter().map(|(name, form)| (way(name), form));
    let mut forms: Vec<(Way, Vec<u8>)> = forms.collect();
    let base64s = Way {
        name: "in base64",
        across: Some("in base64, across lines"),
    };
    for offset in 0..3 {
        forms.push((base64s, base64(&STANDARD_NO_PAD, bytes, offset)));
        let form = base64(&URL_SAFE_NO_PAD, bytes, offset);
        forms.push((way("in base64 for URLs"), form));
    }
    let printable = Way {
        name: "in quoted-printable",
        across: Some("in quoted-printable, across lines"),
    };
    // Plain letters stand for themselves in it: only then is what lines are taken off of plain text.
    forms.push((printable, quoted_printable(bytes)));
    // Many are the same for plain letters: each is looked for once, by its first name, and across
    // lines if it is so for one of them.
    let mut once: Vec<(Way, Vec<u8>)> = Vec::new();
    for (way, form) in forms {
        match once.iter_mut().find(|(_, known)| *known == form) {
            Some((known, _)) => known.across = known.across.or(way.across),
            None if form.len() >= LEAST => once.push((way, form)),
            None => {}
        }
    }
    once
}

/// RFC 2045 §6.7, but for where lines end.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for byte in bytes {
        match byte {
            b'=' => written.extend(b"=3D"),
            b' '..=b'~' => written.push(*byte),
            byte => written.extend(format!("={byte:02X}").into_bytes()),
        }
    }
    written
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

/// As JSON writes it; in ASCII alone, with small letters or capitals.
fn json(text: &str, ascii: Option<bool>) -> Vec<u8> {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    let inner = quoted.trim_start_matches('"');
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut written = String::new();
    for letter in inner.chars() {
        let Some(capitals) = ascii.filter(|_| !letter.is_ascii()) else {
            written.push(letter);
            continue;
        };
        for unit in letter.encode_utf16(&mut [0; 2]) {
            written.push_str(&match capitals {
                true => format!("\\u{unit:04X}"),
                false => format!("\\u{unit:04x}"),
            });
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

/// What `look` makes of every file below these paths, in order.
///
/// A server may be running, and replace a file meanwhile: it writes another one beside it and gives
/// that its name. Whoever comes to the one beside it too late begins again, since what was in there
/// may now have a name that was looked at before.
///
/// # Errors
/// Which file or folder cannot be read, and why: it is there, or should be by its name among `paths`,
/// or something went at every try.
pub fn each_below<T>(
    paths: &[PathBuf],
    mut look: impl FnMut(&Path) -> io::Result<T>,
) -> Result<Vec<T>, (PathBuf, io::Error)> {
    let mut left = LISTINGS;
    loop {
        left -= 1;
        match all_below(paths, &mut look) {
            Err((path, error)) if left > 0 && has_gone(&path, &error, paths) => {}
            done => return done,
        }
    }
}

/// Whether it was listed, and was not there any more.
fn has_gone(path: &PathBuf, error: &io::Error, given: &[PathBuf]) -> bool {
    error.kind() == io::ErrorKind::NotFound && !given.contains(path)
}

fn all_below<T>(
    paths: &[PathBuf],
    look: &mut impl FnMut(&Path) -> io::Result<T>,
) -> Result<Vec<T>, (PathBuf, io::Error)> {
    let files = files_below(paths)?.into_iter();
    let looked = files.map(|file| look(&file).map_err(|error| (file, error)));
    looked.collect()
}

fn files_below(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = BTreeSet::new();
    let mut left: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = left.pop() {
        let named = |error| (path.clone(), error);
        let kind = std::fs::symlink_metadata(&path).map_err(named)?.file_type();
        if kind.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(named)? {
                left.push(entry.map_err(named)?.path());
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
    fn what_is_packed_in_what_is_packed_is_unpacked() {
        let mut inner = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        inner.start_file("a.gz", options).unwrap();
        inner.write_all(&written("ndl in three", 9)).unwrap();
        let inner = inner.finish().unwrap().into_inner();
        let mut outer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        outer.write_all(&inner).unwrap();
        let found = found(&outer.finish().unwrap(), &["ndl in three"]);
        assert_eq!(found.values().sum::<u64>(), 1, "{found:?}");
    }

    #[test]
    fn mails_are_read_across_the_ends_of_their_lines() {
        let text = "Chào ndl=Ada, how are you?";
        let mail = "Cc: x=\r\ny\r\n\r\nCh=C3=\r\n=A0o ndl=3D=\r\nAda, how a=\nre you?\r\n";
        let in_mail = found(mail.as_bytes(), &[text]);
        let expected = BTreeMap::from([((0, "in quoted-printable, across lines"), 1)]);
        assert_eq!(in_mail, expected);
        let plain = found(
            b"a plain ndl-ada=\n@example.org there",
            &["ndl-ada@example.org"],
        );
        assert_eq!(plain.values().sum::<u64>(), 1, "{plain:?}");
        let encoded = STANDARD_NO_PAD.encode(format!("ab{text}, and so on"));
        for end in ["\r\n", "\n"] {
            let lines: Vec<&str> = (encoded.as_bytes().chunks(20))
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let found = found(lines.join(end).as_bytes(), &[text]);
            assert_eq!(found, BTreeMap::from([((0, "in base64, across lines"), 1)]));
        }
    }

    #[test]
    fn json_in_capitals_is_read() {
        let found = found(br#"{"a":"ng\u00F4i \u1ED9t"}"#, &["ngôi ột"]);
        assert_eq!(
            found,
            BTreeMap::from([((0, "in JSON, ASCII alone, capitals"), 1)])
        );
    }

    /// A folder with a file, and one beside it that is about to take its place.
    fn about_to_be_replaced() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (kept, beside) = (folder.path().join("keys"), folder.path().join("keys.new"));
        std::fs::write(&kept, "before").unwrap();
        std::fs::write(&beside, "after").unwrap();
        (folder, kept, beside)
    }

    #[test]
    fn what_is_replaced_between_listing_and_looking_is_looked_at_as_it_is_then() {
        let (folder, kept, beside) = about_to_be_replaced();
        let looked = each_below(&[folder.path().into()], |path| {
            let text = std::fs::read_to_string(path)?;
            if beside.exists() {
                std::fs::rename(&beside, &kept)?;
            }
            Ok(text)
        });
        assert_eq!(looked.unwrap(), ["after"]);
    }

    #[test]
    fn a_folder_that_never_comes_to_rest_is_told() {
        let (folder, kept, beside) = about_to_be_replaced();
        let mut looks = 0;
        let looked = each_below(&[folder.path().into()], |path| {
            looks += 1;
            if path == kept {
                return std::fs::rename(&beside, &kept);
            }
            let gone = std::fs::read(path);
            // The next is there when the folder is listed anew.
            std::fs::write(&beside, "another")?;
            gone.map(drop)
        });
        let (path, error) = looked.unwrap_err();
        assert_eq!((path, error.kind()), (beside, io::ErrorKind::NotFound));
        assert_eq!(looks, 2 * LISTINGS);
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_told_at_once_and_so_is_a_name_that_was_given() {
        let (folder, kept, beside) = about_to_be_replaced();
        let mut looks = 0;
        let looked = each_below(&[folder.path().into()], |_| -> io::Result<()> {
            looks += 1;
            Err(io::ErrorKind::PermissionDenied.into())
        });
        let (path, error) = looked.unwrap_err();
        assert_eq!(
            (path, error.kind()),
            (kept.clone(), io::ErrorKind::PermissionDenied)
        );
        assert_eq!(looks, 1);
        std::fs::remove_file(&beside).unwrap();
        let given = [kept, beside.clone()];
        let looked = each_below(&given, |_| {
            looks += 1;
            Ok(())
        });
        let (path, error) = looked.unwrap_err();
        assert_eq!((path, error.kind()), (beside, io::ErrorKind::NotFound));
        assert_eq!(looks, 1, "before anything was looked at");
    }

    #[test]
    fn text_that_is_not_there_is_not_found() {
        let bytes: Vec<u8> = (0..100_000u32).flat_map(|it| it.to_le_bytes()).collect();
        assert!(found(&bytes, &["ndl-nowhere", "ada@example.org"]).is_empty());
    }
}

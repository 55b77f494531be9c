//! Makes the demo tracks, packs the source, and tells the program which commit it is.

use flate2::{Compression, GzBuilder};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names a source archive, as a server gives it out at /source.tar.gz: for a build from what it holds,
/// where there is no git to ask.
const GIVEN: &str = "STEREO_SOURCE";

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    // All that is compiled in, so that what is said of it is true: new files, too.
    for watched in [
        ".cargo",
        "Cargo.lock",
        "Cargo.toml",
        "build.rs",
        "protocol/Cargo.toml",
        "protocol/js/src",
        "protocol/src",
        "src",
        "tracks/Cargo.toml",
        "tracks/src",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let (commit, source) = match std::env::var_os(GIVEN) {
        Some(given) => {
            let _ = std::fs::remove_file(out.join("source.commit"));
            given_source(Path::new(&given))?
        }
        None => source_of_checkout(&out)?,
    };
    println!("cargo::rustc-env=STEREO_COMMIT={commit}");
    replace(&out.join("source.tar.gz"), &source)?;
    // The synthesis is part of this very program: while it is the same, so are its tracks.
    let made_by = format!(
        "{:?}",
        std::fs::metadata(std::env::current_exe()?)?.modified()?
    );
    let stamp = out.join("made_by");
    if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == made_by) {
        return Ok(());
    }
    make_tracks(&out)?;
    Ok(std::fs::write(stamp, made_by)?)
}

/// Renders every track into `out`, and an index of them that the program includes. The index does not
/// say in which folder that is: it is the same in each.
fn make_tracks(out: &Path) -> Result<(), Failed> {
    let mut index = String::from("static DEMOS: &[Demo] = &[\n");
    for track in stereo_tracks::write_all(out)? {
        let stereo_tracks::Rendered {
            slug,
            title,
            artist,
            duration_ms,
            accent,
            audio_file,
            content_type,
            artwork_file,
            ..
        } = track;
        writeln!(
            index,
            "    Demo {{ slug: {slug:?}, title: {title:?}, artist: {artist:?}, duration_ms: {duration_ms}, accent: {accent:?},"
        )?;
        writeln!(
            index,
            "        audio: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{audio_file}\")), audio_file: {audio_file:?}, content_type: {content_type:?},",
        )?;
        writeln!(
            index,
            "        artwork: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{artwork_file}\")), artwork_file: {artwork_file:?} }},",
        )?;
    }
    index.push_str("];\n");
    Ok(std::fs::write(out.join("demo_tracks.rs"), index)?)
}

/// The commit and the source of a checkout: `unknown` and nothing when it is none.
fn source_of_checkout(out: &Path) -> Result<(String, Vec<u8>), Failed> {
    // A folder within somebody else's checkout is none.
    let top = git(&["rev-parse", "--show-toplevel"])
        .map(text)
        .transpose()?;
    let here = std::fs::canonicalize(".")?;
    let is_ours = top.is_some_and(|top| std::fs::canonicalize(top).is_ok_and(|top| top == here));
    let commit = git(&["rev-parse", "HEAD"]).filter(|_| is_ours);
    let Some(commit) = commit else {
        return Ok(("unknown".into(), Vec::new()));
    };
    // Where a commit is noted, in a work tree of its own too.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={}", text(log)?);
    }
    let commit = text(commit)?;
    let source = packed(&commit, out)?;
    // What runs is not what was committed: nobody is told that it is.
    let changes = [
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
    ];
    let changes = git(&changes).unwrap_or_default();
    let dirty = if changes.is_empty() { "" } else { "-dirty" };
    Ok((format!("{commit}{dirty}"), source))
}

/// The source as it stands in a commit, for the server to give out. The same bytes each time: git
/// dates its entries by the commit, and no version of git or gzip adds what it likes.
fn packed(commit: &str, out: &Path) -> Result<Vec<u8>, Failed> {
    let stamp = out.join("source.commit");
    if std::fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == commit) {
        return Ok(std::fs::read(out.join("source.tar.gz"))?);
    }
    let archive = git(&[
        "-c",
        "tar.umask=0022",
        "archive",
        "--format=tar",
        "--prefix=stereo/",
        commit,
    ]);
    let mut packed = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), Compression::default());
    packed.write_all(&archive.ok_or("git archive failed")?)?;
    let packed = packed.finish()?;
    replace(&out.join("source.tar.gz"), &packed)?;
    replace(&stamp, commit.as_bytes())?;
    Ok(packed)
}

/// A source archive and the commit that it says it is of: git writes it into the archive's head.
fn given_source(path: &Path) -> Result<(String, Vec<u8>), Failed> {
    println!("cargo::rerun-if-changed={}", path.display());
    let named = |error: &dyn std::fmt::Display| format!("{GIVEN}: {}: {error}", path.display());
    let source = std::fs::read(path).map_err(|error| named(&error))?;
    let mut head = [0; 1024];
    let read = flate2::read::GzDecoder::new(&source[..]).read_exact(&mut head);
    read.map_err(|error| named(&error))?;
    // A global header of pax (POSIX.1-2001): `52 comment=` and the commit.
    let comment = head[156] == b'g';
    let commit = (comment.then(|| String::from_utf8_lossy(&head[512..]).into_owned()))
        .and_then(|text| Some(text.split_once("comment=")?.1.lines().next()?.to_owned()))
        .filter(|commit| commit.len() >= 40 && commit.bytes().all(|it| it.is_ascii_hexdigit()));
    let commit =
        commit.ok_or_else(|| named(&"expected a source archive that a server gave out"))?;
    Ok((commit, source))
}

fn git(arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then_some(output.stdout)
}

fn text(bytes: Vec<u8>) -> Result<String, Failed> {
    Ok(String::from_utf8(bytes)?.trim().to_owned())
}

/// Writes a file unless it says so already: what includes it is compiled anew when it is touched.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    Ok(std::fs::write(path, bytes)?)
}

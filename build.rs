//! Makes the demo tracks, packs the source, and tells the program which commit it is.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // New files too: the folders are what the program holds of the browser client.
    for watched in ["build.rs", "src/web", "protocol/js/src", ".git/logs/HEAD"] {
        if std::fs::exists(watched)? {
            println!("cargo::rerun-if-changed={watched}");
        }
    }
    println!(
        "cargo::rustc-env=STEREO_COMMIT={}",
        commit().unwrap_or_else(|| "unknown".into())
    );
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("source.tar.gz"), source().unwrap_or_default())?;
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

/// Renders every track into `out`, and an index of them that the program includes.
fn make_tracks(out: &Path) -> Result<(), Box<dyn std::error::Error>> {
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
            "        audio: include_bytes!({:?}), audio_file: {audio_file:?}, content_type: {content_type:?},",
            out.join(&audio_file)
        )?;
        writeln!(
            index,
            "        artwork: include_bytes!({:?}), artwork_file: {artwork_file:?} }},",
            out.join(&artwork_file)
        )?;
    }
    index.push_str("];\n");
    Ok(std::fs::write(out.join("demo_tracks.rs"), index)?)
}

/// The source as it stands in that commit, for the server to give out. The same bytes each time:
/// git dates its entries by the commit.
fn source() -> Option<Vec<u8>> {
    let output = Command::new("git")
        .args(["archive", "--format=tar.gz", "--prefix=stereo/", "HEAD"])
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// The commit that is built, when it is built from a checkout.
fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .output()
        .ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}

//! Makes the demo tracks, and tells the program which commit it is.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=.git/HEAD");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut index = String::from("static DEMOS: &[Demo] = &[\n");
    for track in stereo_tracks::write_all(&out)? {
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
    std::fs::write(out.join("demo_tracks.rs"), index)?;
    println!(
        "cargo::rustc-env=STEREO_COMMIT={}",
        commit().unwrap_or_else(|| "unknown".into())
    );
    Ok(())
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

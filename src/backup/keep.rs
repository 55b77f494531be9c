//! How long backups are kept: whatever the server wrote into `backup.folder`, no longer than
//! `backup.keep_days`. Nothing else in the folder is touched.

use crate::config;
use crate::store::Day;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const BEGINS: &str = "stereo-";
const ENDS: &str = ".age";
const UNFINISHED: &str = ".new";
/// After so long nobody writes it any more.
const LEFT_BEHIND: Duration = Duration::from_secs(86_400);

pub(super) fn name_of(day: Day) -> String {
    format!("{BEGINS}{}{ENDS}", day.date())
}

/// Where a backup is written until it is whole.
pub(super) fn unfinished(target: &Path) -> PathBuf {
    let mut beside = target.as_os_str().to_owned();
    beside.push(UNFINISHED);
    beside.into()
}

/// Removes from the folder backups that are too old on `today`, and what a backup that was cut short
/// left there. Returns how many files went. Without a folder there is nothing to do.
///
/// # Errors
/// When the folder or a file in it refuses.
pub fn sweep(settings: &config::Backup, today: Day) -> Result<u32, String> {
    let folder = &settings.folder;
    if folder.as_os_str().is_empty() {
        return Ok(0);
    }
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    let oldest = name_of(Day(today.0.saturating_sub(settings.keep_days)));
    let mut gone = 0;
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        // Dates are written so that their order is that of the letters.
        let over = match name.strip_suffix(UNFINISHED) {
            Some(name) => is_ours(name) && is_left_behind(&path),
            None => is_ours(&name) && name <= oldest,
        };
        if over {
            std::fs::remove_file(&path).map_err(|error| failed(&path, error))?;
            gone += 1;
        }
    }
    if gone > 0 {
        let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| failed(folder, error))?;
    }
    Ok(gone)
}

/// `stereo-2026-11-24.age`
fn is_ours(name: &str) -> bool {
    let date = name.strip_prefix(BEGINS);
    let date = date.and_then(|rest| rest.strip_suffix(ENDS));
    date.is_some_and(|date| {
        date.len() == 10
            && date.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    })
}

fn is_left_behind(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|file| file.modified());
    let since = changed.map(|changed| SystemTime::now().duration_since(changed));
    since.is_ok_and(|since| since.is_ok_and(|since| since > LEFT_BEHIND))
}

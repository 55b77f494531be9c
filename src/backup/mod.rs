//! `stereo backup` and `stereo restore`: the data, as they are at one moment, encrypted to the
//! operator's recipients by age (age-encryption.org/v1). Nothing plain is ever written to a file,
//! and the key store is never in it: what a deleted person left in an older backup opens for nobody.
//!
//! A lost disk takes three things with it, and each has to lie elsewhere: a backup, the one copy of
//! the key store (`store.keys_copy`), and the server's key (`store.key_file`, or a copy of it that
//! the operator made once).

mod keep;
mod restore;
mod stream;
#[cfg(test)]
mod tests;

pub use keep::sweep;
pub use restore::{Parts, Restored, opened, restore};

use crate::config::Config;
use crate::keystore::Head;
use crate::store::{Day, Image, ImageError, Reader};
use age::Encryptor;
use age::x25519::Recipient;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const DAY_MS: u64 = 86_400_000;
/// How long the copy of the key store may take to follow the data.
const COPY_WAIT: Duration = Duration::from_secs(30);

/// What is written, and on which terms.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// This file, rather than one of today in the folder that the config names. It is not removed
    /// by age.
    pub to: Option<&'a Path>,
    /// Also when there is no copy of the key store that it needs.
    pub without_keys_copy: bool,
}

/// A backup that was written.
#[derive(Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// What would make it useless on the day that it is needed.
    pub warnings: Vec<String>,
}

/// Writes a backup, and removes those from the folder that are too old at `now` (Unix milliseconds).
/// A server may be running, and erases meanwhile what it is asked to.
///
/// # Errors
/// What is missing in the config, or which file refuses; and when the copy of the key store does not
/// hold every key that the backup needs.
pub fn write(config: &Config, wanted: &Wanted<'_>, now: u64) -> Result<Written, String> {
    let settings = &config.backup;
    if settings.recipients.is_empty() {
        return Err("backup.recipients: expected who can read it: an age recipient, age1…".into());
    }
    let target = match wanted.to {
        Some(path) => path.to_owned(),
        None if settings.folder.as_os_str().is_empty() => {
            return Err("expected where to: --to FILE, or backup.folder".into());
        }
        None => settings.folder.join(keep::name_of(Day::of(now))),
    };
    let warnings = warnings(config, wanted)?;
    let mut reader = sound_reader(config)?;
    let beside = keep::unfinished(&target);
    let sealed = seal(config, &mut reader, &beside);
    let done = sealed.and_then(|image| {
        if !wanted.without_keys_copy {
            wait_for_copy(&config.store.keys_copy, &image)?;
        }
        let renamed = std::fs::rename(&beside, &target).and_then(|()| sync_folder_of(&target));
        renamed.map_err(|error| format!("{}: {error}", target.display()))
    });
    if let Err(told) = done {
        // Half a backup is none.
        let _ = std::fs::remove_file(&beside);
        return Err(told);
    }
    if wanted.to.is_none() {
        sweep(settings, Day::of(now))?;
    }
    Ok(Written {
        path: target,
        warnings,
    })
}

/// Refuses what could never be restored, unless told otherwise; returns what to say of the rest.
fn warnings(config: &Config, wanted: &Wanted<'_>) -> Result<Vec<String>, String> {
    let store = &config.store;
    let mut warnings = Vec::new();
    if store.keys_copy.as_os_str().is_empty() {
        if !wanted.without_keys_copy {
            return Err("store.keys_copy: expected a file on another disk: no backup can be read without the key store, which is never in one; --without-keys-copy if you keep it in another way".into());
        }
        warnings.push("there is no copy of the key store (store.keys_copy): when this disk is lost, nobody can read this backup".into());
    }
    let inside = |path: &Path| is_inside(path, &store.data);
    if store.key_file.as_os_str().is_empty() || inside(&store.key_file) {
        warnings.push(format!("the server's key lies in {}, and is lost with it: keep a copy of server.key elsewhere, or the file itself (store.key_file); without it nobody can read this backup", store.data.display()));
    }
    if inside(&target_folder(config, wanted)) {
        warnings.push(format!(
            "the backup lies in {}, and is lost with it",
            store.data.display()
        ));
    }
    Ok(warnings)
}

fn target_folder(config: &Config, wanted: &Wanted<'_>) -> PathBuf {
    let of = |path: &Path| path.parent().map_or_else(PathBuf::new, Path::to_owned);
    (wanted.to).map_or_else(|| config.backup.folder.clone(), of)
}

/// Whether `path` is below `folder`, by whatever name both are called.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    path.starts_with(folder) || real(path).starts_with(real(folder))
}

/// The data, if they are whole: what is damaged would in time take the place of every backup that
/// is not.
fn sound_reader(config: &Config) -> Result<Reader, String> {
    let reader = Reader::open(&config.store).map_err(|error| error.to_string())?;
    let sound = reader.refuse_damaged();
    sound.map_err(|error| {
        format!("no backup was written, and older ones are as they were: {error}")
    })?;
    Ok(reader)
}

/// Writes the data, encrypted; they are on the disk when this returns.
fn seal(config: &Config, reader: &mut Reader, path: &Path) -> Result<Image, String> {
    let recipients = config.backup.recipients.iter().map(|text| text.parse());
    let recipients: Vec<Recipient> = recipients.collect::<Result<_, _>>()?;
    let told = recipients
        .iter()
        .map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(told).map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let unread = |error: ImageError| match error {
        ImageError::Database(_) => format!("{}: {error}", config.store.data.display()),
        ImageError::Pages(error) => failed(error),
    };
    let file = owned(path).map_err(failed)?;
    let sealed = encryptor
        .wrap_output(BufWriter::new(&file))
        .map_err(failed)?;
    let size = reader.page_size().map_err(unread)?;
    let mut out = stream::Out::begin(sealed, size).map_err(failed)?;
    let image = reader.copy(&mut out).map_err(unread)?;
    let sealed = out.end(image.pages).map_err(failed)?;
    let mut written = sealed.finish().map_err(failed)?;
    written.flush().map_err(failed)?;
    drop(written);
    file.sync_all().map_err(failed)?;
    Ok(image)
}

/// Returns when the copy of the key store holds every key that the backup needs.
fn wait_for_copy(copy: &Path, image: &Image) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let head = Head::read(copy);
        if let Ok(head) = &head {
            if head.name != image.keys {
                return Err(format!(
                    "{}: the copy of another server's key store: expected store.keys_copy to be this server's alone",
                    copy.display()
                ));
            }
            if head.generation >= image.generation {
                return Ok(());
            }
        }
        if began.elapsed() > COPY_WAIT {
            let why = match head {
                Err(error) => error.to_string(),
                Ok(_) => format!("{}: older than the data", copy.display()),
            };
            return Err(format!(
                "{why}; the server replaces this copy of the key store while it runs: start it, or see in its log why it cannot"
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Opens a new file that only its owner may read.
fn owned(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true);
    options.mode(0o600).open(path)
}

/// Makes a new or renamed file's name safe.
fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Today's beginning in Unix milliseconds.
pub fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64 / DAY_MS * DAY_MS)
}

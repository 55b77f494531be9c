//! The operator's door: a file in the folder for data that says where operations listen, and the
//! token that lets in there. New with each start: whoever may read the folder may use it.

use crate::secret;
use crate::store::OPERATOR_TOKEN;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The door from inside. The file goes when this is dropped.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    hash: [u8; 32],
}

impl Door {
    /// Writes a new token, only for this user to read.
    ///
    /// # Errors
    /// When the folder cannot be written to; the message names the file.
    pub fn open(folder: &Path, ops: SocketAddr) -> std::io::Result<Self> {
        let (path, token) = (folder.join(OPERATOR_TOKEN), secret::token());
        let written = write(&path, &format!("{ops} {token}\n"));
        written.map_err(|error| {
            let why = format!("{}: cannot be written: {error}", path.display());
            std::io::Error::new(error.kind(), why)
        })?;
        let hash = secret::hash(&token);
        Ok(Self { path, hash })
    }

    /// Whether this is the token. Hashes are compared, so that time tells nothing of it.
    pub fn admits(&self, token: &str) -> bool {
        secret::hash(token) == self.hash
    }
}

/// Writes a file that only this user may read, whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_added_extension("new");
    // What an earlier start left could have another mode.
    let _ = std::fs::remove_file(&new);
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    options.open(&new)?.write_all(text.as_bytes())?;
    std::fs::rename(&new, path)
}

impl Drop for Door {
    fn drop(&mut self) {
        // A token that stays is one that nothing answers to.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The door from outside.
pub struct Way {
    /// Where operations listen, as reached from this machine.
    pub address: SocketAddr,
    /// What lets in there.
    pub token: Box<str>,
}

impl Way {
    /// Reads what the server that runs on this folder has written.
    ///
    /// # Errors
    /// What to say to the operator.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(OPERATOR_TOKEN);
        let told = |why: &dyn std::fmt::Display| {
            let path = path.display();
            format!("{path}: {why}; is the server running on this folder, and are you its user?")
        };
        let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
        let parts = text.trim().split_once(' ');
        let parts = parts.and_then(|(address, token)| Some((address.parse().ok()?, token)));
        let (address, token): (SocketAddr, &str) = parts.ok_or_else(|| told(&"is no token"))?;
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Ok(Self {
            address: SocketAddr::new(ip, address.port()),
            token: token.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_token_of_this_start_lets_in_and_only_this_user_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Way::read(folder.path()).is_err());
        let ops = SocketAddr::from(([0, 0, 0, 0], 4411));
        let first = Door::open(folder.path(), ops).unwrap();
        let way = Way::read(folder.path()).unwrap();
        assert_eq!(way.address, SocketAddr::from(([127, 0, 0, 1], 4411)));
        assert!(first.admits(&way.token) && !first.admits("") && !first.admits("x"));
        let file = folder.path().join(OPERATOR_TOKEN);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::mem::forget(first);
        let second = Door::open(folder.path(), ops).unwrap();
        assert!(!second.admits(&way.token), "of the start before");
        drop(second);
        assert!(!file.exists());
    }
}

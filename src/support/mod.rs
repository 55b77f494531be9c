//! Support: what whoever runs the server may do for the people on it, and no more. They read and
//! answer letters that were written to them, on the command line; of an account they see its handle,
//! and the rest only while its owner has allowed it. Knows the store, not HTTP.

pub mod command;
mod door;
mod grants;

pub use door::{Door, Way};
pub use grants::{GRANT_MS, Grant, Grants, What};

use parking_lot::Mutex;
use std::net::SocketAddr;
use std::path::Path;

/// The operator's side of one node.
#[derive(Debug, Default)]
pub struct Support {
    /// What people allow to be looked at.
    pub grants: Grants,
    door: Mutex<Option<Door>>,
}

impl Support {
    /// Lets in whoever can read the folder for data, until [`Support::close`].
    ///
    /// # Errors
    /// When the token cannot be written there.
    pub fn open(&self, folder: &Path, ops: SocketAddr) -> std::io::Result<()> {
        let door = Door::open(folder, ops)?;
        *self.door.lock() = Some(door);
        Ok(())
    }

    /// Lets nobody in any more, and removes the token.
    pub fn close(&self) {
        self.door.lock().take();
    }

    /// Whether this is the operator's token.
    pub fn admits(&self, token: &str) -> bool {
        let door = self.door.lock();
        door.as_ref().is_some_and(|door| door.admits(token))
    }
}

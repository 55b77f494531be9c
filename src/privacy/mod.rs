//! What is promised of people's data, and what proves it: the inventory of all kinds, forgetting a
//! person, and giving them everything that is kept of them. Sealing and erasing themselves are done
//! where the data are.

mod export;
mod exports;
mod import;
pub mod inventory;

pub mod policy;
pub mod prove;
mod purge;

pub use export::{Export, SCHEMA, export};
pub use exports::Exports;
pub(crate) use exports::Line;
pub use import::{Import, LARGEST_ZIP, Taken, TakenRoom};
pub use purge::{Purging, purge, resume};

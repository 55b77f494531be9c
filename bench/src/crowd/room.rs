//! One room of the crowd.

/// A room as its people know it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) path: String,
    /// What makes one its host.
    pub(crate) token: String,
    /// Who publishes.
    pub(crate) host: Option<u32>,
    /// Who has joined and is still there.
    pub(crate) present: u32,
    /// The next event's number.
    pub(crate) next: u64,
    /// What is playing, as far as the host has heard.
    pub(crate) item: String,
}

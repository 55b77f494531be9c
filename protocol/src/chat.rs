//! Chat: in memory only, a ring of the latest messages.

use crate::{MemberId, MessageId};
use serde::{Deserialize, Serialize};

/// One message. The author's name is looked up in `people`, never copied here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
pub struct ChatMessage {
    /// The message's id.
    pub id: MessageId,
    /// Who wrote it.
    pub by: MemberId,
    /// Milliseconds of server time.
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub at: u64,
    /// What was written: plain text, NFC, without control characters.
    pub text: Box<str>,
}

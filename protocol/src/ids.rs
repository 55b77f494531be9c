//! Identifiers. Opaque to clients: an id that this server never made names nothing, and is
//! answered as something that is not there, never as a parse error.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Decodes `digits` of Crockford's base 32 (lower case); `None` for any other text.
fn decode(text: &str, digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some(value << 5 | digit as u128)
    })
}

fn encode(value: u128, digits: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0u8; 26];
    for (place, slot) in text[..digits].iter_mut().rev().enumerate() {
        *slot = ALPHABET[(value >> (5 * place)) as usize & 31];
    }
    f.write_str(std::str::from_utf8(&text[..digits]).map_err(|_| fmt::Error)?)
}

macro_rules! compact_id {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $prefix:literal, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(ts_rs::TS))]
        #[cfg_attr(feature = "schema", ts(type = "string"))]
        pub struct $name(#[cfg_attr(feature = "schema", ts(skip))] $inner);

        impl $name {
            /// What every foreign text decodes to. Never handed out, so it matches nothing.
            pub const UNKNOWN: Self = Self(<$inner>::MAX);

            /// An id from random bits; the bits beyond the id's width are dropped.
            pub fn from_bits(bits: $inner) -> Self {
                Self(bits & ((1 << (5 * $digits)) - 1))
            }

            /// The bits that [`Self::from_bits`] makes it of.
            pub fn bits(self) -> $inner {
                self.0
            }

            /// The id that `text` writes, or [`Self::UNKNOWN`].
            pub fn parse(text: &str) -> Self {
                text.strip_prefix($prefix)
                    .and_then(|digits| decode(digits, $digits))
                    .map_or(Self::UNKNOWN, |value| Self(value as $inner))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                encode(self.0 as u128, $digits, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("an id like ", $prefix, "…"))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::parse(text))
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "description": concat!("opaque, starts with ", $prefix)})
            }
        }
    };
}

compact_id!(
    /// A room. 80 random bits: whoever holds an unlisted room's id may enter it.
    RoomId, u128, "", 16
);
compact_id!(
    /// A person in one room; random per room, so that rooms cannot be linked by it.
    MemberId, u64, "m_", 12
);
compact_id!(
    /// One entry of a queue: the same track added twice is two items.
    ItemId, u64, "q_", 12
);
compact_id!(
    /// A chat message.
    MessageId, u64, "x_", 12
);
compact_id!(
    /// A ban.
    BanId, u64, "b_", 12
);
compact_id!(
    /// An invitation.
    InviteId, u64, "i_", 12
);
compact_id!(
    /// One life of a room's event numbering. A new one means "take a snapshot".
    Epoch, u64, "e_", 12
);
compact_id!(
    /// One run of a server's clock. A change means "measure again".
    ClockId, u64, "c_", 12
);

/// A track of a provider, `t_…`. Stable over restarts and nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, schemars::JsonSchema))]
#[serde(transparent)]
pub struct TrackId(pub Box<str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = ItemId::from_bits(0x0123_4567_89ab_cdef);
        assert_eq!(ItemId::parse(&id.to_string()), id);
        assert_eq!(ItemId::from_bits(id.bits()), id);
        let room = RoomId::from_bits(u128::MAX / 3);
        assert_eq!(RoomId::parse(&room.to_string()), room);
    }

    #[test]
    fn a_foreign_text_names_nothing() {
        for text in [
            "",
            "q_",
            "q_nope",
            "m_000000000000",
            "q_00000000000l",
            "q_0000000000000",
        ] {
            assert_eq!(ItemId::parse(text), ItemId::UNKNOWN, "{text}");
        }
        assert_ne!(ItemId::from_bits(u64::MAX), ItemId::UNKNOWN);
    }
}

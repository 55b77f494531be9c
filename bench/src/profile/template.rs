//! Texts with places for what is known only while running: `{room}`, `{number}`, …. A brace that
//! no such word follows is a brace, so that JSON can be written as it is.

/// What a template may name.
pub(crate) const WORDS: [(&str, Word); 11] = [
    ("room", Word::Room),
    ("token", Word::Token),
    ("listener", Word::Listener),
    ("id", Word::Id),
    ("number", Word::Number),
    ("pad", Word::Pad),
    ("now", Word::Now),
    ("track", Word::Track),
    ("item", Word::Item),
    ("reaction", Word::Reaction),
    ("op", Word::Op),
];

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The room's id.
    Room,
    /// What makes one its host.
    Token,
    /// The connection's number.
    Listener,
    /// A request's number, unlike any other of the connection.
    Id,
    /// The event's number within the room.
    Number,
    /// As many letters as make the event as long as wanted.
    Pad,
    /// The sender's monotonic clock, in milliseconds with decimals.
    Now,
    /// A track that can be queued.
    Track,
    /// What is playing.
    Item,
    /// A reaction, another each time.
    Reaction,
    /// An operation's name, unlike any other.
    Op,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Word(Word),
}

/// What the words stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values<'a> {
    pub(crate) room: &'a str,
    pub(crate) token: &'a str,
    pub(crate) listener: u32,
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) pad: usize,
    pub(crate) now_ms: f64,
    pub(crate) track: &'a str,
    pub(crate) item: &'a str,
}

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

/// A word that nobody knows, and where it stands: bytes from the text's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) word: String,
    pub(crate) at: usize,
}

const REACTIONS: [&str; 6] = ["❤️", "🔥", "👏", "😂", "😮", "💤"];

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, Unknown> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            plain.push_str(before);
            let Some(word) = word_of(after) else {
                plain.push('{');
                rest = &after[1..];
                continue;
            };
            let known = WORDS.iter().find(|(name, _)| *name == word);
            let Some((_, known)) = known else {
                let at = text.len() - after.len();
                return Err(Unknown {
                    word: word.to_owned(),
                    at,
                });
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Word(*known));
            rest = &after[word.len() + 2..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    pub(crate) fn names(&self, word: Word) -> bool {
        self.0.contains(&Part::Word(word))
    }

    pub(crate) fn fill(&self, values: &Values<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Word(word) => values.write(*word, &mut out),
            }
        }
        out
    }
}

/// The word in braces that a text begins with, when it begins with one.
fn word_of(text: &str) -> Option<&str> {
    let inside = &text[1..text.find('}')?];
    let is_word = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_lowercase());
    is_word.then_some(inside)
}

impl Values<'_> {
    fn write(&self, word: Word, out: &mut String) {
        use std::fmt::Write;
        // Writing into a String cannot fail.
        let _ = match word {
            Word::Room => out.write_str(self.room),
            Word::Token => out.write_str(self.token),
            Word::Listener => write!(out, "{}", self.listener),
            Word::Id => write!(out, "{}", self.id),
            // Of one width, so that all events are of one length.
            Word::Number => write!(out, "{:010}", self.number),
            Word::Pad => {
                out.extend(std::iter::repeat_n('x', self.pad));
                Ok(())
            }
            Word::Now => write!(out, "{:.3}", self.now_ms),
            Word::Track => out.write_str(self.track),
            Word::Item => out.write_str(self.item),
            Word::Reaction => out.write_str(REACTIONS[self.id as usize % REACTIONS.len()]),
            Word::Op => write!(out, "b{}-{}", self.listener, self.id),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_it_is() {
        let template =
            Template::parse(r#"{"id":{id},"p":{"t":"~{number}~{pad}"},"e":{}}"#).unwrap();
        let values = Values {
            id: 7,
            number: 42,
            pad: 3,
            ..Values::default()
        };
        assert_eq!(
            template.fill(&values),
            r#"{"id":7,"p":{"t":"~0000000042~xxx"},"e":{}}"#
        );
        assert!(template.names(Word::Number) && !template.names(Word::Room));
    }

    #[test]
    fn a_word_that_nobody_knows_is_found() {
        let unknown = Template::parse("ab{c\"d\":{nunber}}").unwrap_err();
        assert_eq!((unknown.word.as_str(), unknown.at), ("nunber", 8));
    }
}

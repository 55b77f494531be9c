//! How a server is spoken to: where its rooms are, what is said to join and to publish, and what
//! marks a delivery. Stereo's is built in; any other is a TOML file.

mod template;
mod written;

use crate::failure::{Failure, Outcome};
use std::path::{Path, PathBuf};
pub(crate) use template::{Template, Values, Word};
use toml::Spanned;
pub(crate) use written::Server;
use written::Written;

/// Stereo's profile.
pub(crate) const STEREO: &str = include_str!("../../profiles/stereo.toml");
/// The floor's.
pub(crate) const FLOOR: &str = include_str!("../../profiles/floor.toml");

/// How a server is spoken to.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) room: Option<MakeRoom>,
    pub(crate) path: Template,
    pub(crate) subprotocol: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) join: Option<Join>,
    pub(crate) publish: Template,
    /// Whether a publisher receives what it publishes.
    pub(crate) echo: bool,
    pub(crate) delivery: Delivery,
    /// What an answer holds that says no.
    pub(crate) refusal: Option<String>,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) probe: Option<Ask>,
    pub(crate) track: Option<Get>,
    pub(crate) fill: Option<Ask>,
    /// What stands before the id of what is playing.
    pub(crate) item_after: Option<String>,
    pub(crate) actions: Vec<Action>,
    pub(crate) server: Option<Server>,
    /// Where its file lies, and what may lie beside it.
    pub(crate) folder: Option<PathBuf>,
}

/// A message by which a server asks whether somebody is there, and what is said to it.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) is: String,
    pub(crate) answer: String,
}

/// How a room comes to be: a POST, and where its answer holds what is needed (RFC 6901).
#[derive(Clone, Debug)]
pub(crate) struct MakeRoom {
    pub(crate) post: String,
    pub(crate) body: String,
    pub(crate) id: String,
    pub(crate) token: Option<String>,
}

/// What is said first.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) send: Template,
    pub(crate) send_host: Template,
    pub(crate) joined: String,
}

/// What marks a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) prefix: String,
    pub(crate) number_after: String,
}

/// A request, and what its answer holds.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) send: Template,
    pub(crate) answer: String,
}

/// Something that is asked for over HTTP, and where it stands in the answer.
#[derive(Clone, Debug)]
pub(crate) struct Get {
    pub(crate) get: String,
    pub(crate) id: String,
}

/// What people do now and then.
#[derive(Clone, Debug)]
pub(crate) struct Action {
    pub(crate) name: String,
    /// Of each listener.
    pub(crate) per_minute: f64,
    /// Of each room.
    pub(crate) per_minute_room: f64,
    pub(crate) send: Template,
}

impl Profile {
    /// Stereo's.
    pub(crate) fn stereo() -> Outcome<Self> {
        Self::parse(STEREO, "the built-in profile")
    }

    /// The floor's.
    pub(crate) fn floor() -> Outcome<Self> {
        Self::parse(FLOOR, "the floor's profile")
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{shown}: {error}")))?;
        let whole = std::fs::canonicalize(path).ok();
        let folder = whole.and_then(|path| path.parent().map(Path::to_owned));
        Ok(Self {
            folder,
            ..Self::parse(&text, &shown)?
        })
    }

    /// Reads a text; mistakes are told with their line and column.
    pub(crate) fn parse(text: &str, shown: &str) -> Outcome<Self> {
        let written: Written = toml::from_str(text)
            .map_err(|error| Failure::new(format!("{shown}: {}", error.to_string().trim_end())))?;
        Reading { text, shown }.profile(written)
    }
}

/// A text that is being read.
struct Reading<'a> {
    text: &'a str,
    shown: &'a str,
}

impl Reading<'_> {
    fn profile(&self, written: Written) -> Outcome<Profile> {
        let publish = self.template(&written.publish.send)?;
        if !publish.names(Word::Number) {
            let message =
                "expected {number} in it: by its number an event is known where it arrives";
            return Err(self.at(written.publish.send.span().start, message));
        }
        if written.delivery.number_after.get_ref().is_empty() {
            let at = written.delivery.number_after.span().start;
            return Err(self.at(at, "expected what stands before the event's number"));
        }
        Ok(Profile {
            name: written.name,
            room: written.room.map(|room| self.room(room)).transpose()?,
            path: self.template(&written.socket.path)?,
            subprotocol: written.socket.subprotocol,
            headers: written.socket.headers.into_iter().collect(),
            join: written.join.map(|join| self.join(join)).transpose()?,
            publish,
            echo: written.publish.echo,
            delivery: Delivery {
                prefix: written.delivery.prefix,
                number_after: written.delivery.number_after.into_inner(),
            },
            refusal: written.refusal.map(|refusal| refusal.holds),
            heartbeat: written.heartbeat.map(|heartbeat| Heartbeat {
                is: heartbeat.is,
                answer: heartbeat.answer,
            }),
            probe: written.probe.map(|probe| self.ask(probe)).transpose()?,
            track: written.track.map(|track| self.get(track)).transpose()?,
            fill: written.fill.map(|fill| self.ask(fill)).transpose()?,
            item_after: written.item.map(|item| item.after),
            actions: written
                .action
                .into_iter()
                .map(|action| self.action(action))
                .collect::<Outcome<_>>()?,
            server: written.server,
            folder: None,
        })
    }

    fn room(&self, room: written::Room) -> Outcome<MakeRoom> {
        Ok(MakeRoom {
            post: room.post,
            body: room.body,
            id: self.pointer(room.id)?,
            token: room.token.map(|token| self.pointer(token)).transpose()?,
        })
    }

    fn join(&self, join: written::Join) -> Outcome<Join> {
        let send = self.template(&join.send)?;
        let send_host = match &join.send_host {
            Some(send_host) => self.template(send_host)?,
            None => send.clone(),
        };
        Ok(Join {
            send,
            send_host,
            joined: join.joined,
        })
    }

    fn ask(&self, ask: written::Ask) -> Outcome<Ask> {
        Ok(Ask {
            send: self.template(&ask.send)?,
            answer: ask.answer,
        })
    }

    fn get(&self, get: written::Get) -> Outcome<Get> {
        Ok(Get {
            get: get.get,
            id: self.pointer(get.id)?,
        })
    }

    fn action(&self, action: written::Action) -> Outcome<Action> {
        let rate = |rate: Option<Spanned<f64>>| match rate {
            None => Ok(0.0),
            Some(rate) if rate.get_ref().is_finite() && *rate.get_ref() >= 0.0 => {
                Ok(rate.into_inner())
            }
            Some(rate) => Err(self.at(rate.span().start, "expected a number from 0")),
        };
        Ok(Action {
            send: self.template(&action.send)?,
            name: action.name,
            per_minute: rate(action.per_minute)?,
            per_minute_room: rate(action.per_minute_room)?,
        })
    }

    fn pointer(&self, pointer: Spanned<String>) -> Outcome<String> {
        if pointer.get_ref().starts_with('/') {
            return Ok(pointer.into_inner());
        }
        let message = "expected a JSON pointer, such as /room/id";
        Err(self.at(pointer.span().start, message))
    }

    fn template(&self, text: &Spanned<String>) -> Outcome<Template> {
        Template::parse(text.get_ref()).map_err(|unknown| {
            // Behind the opening quote; exact for texts without escapes.
            let at = text.span().start + 1 + unknown.at;
            let words: Vec<_> = template::WORDS
                .iter()
                .map(|(name, _)| format!("{{{name}}}"))
                .collect();
            let message = format!(
                "{{{}}} stands for nothing; there are {}",
                unknown.word,
                words.join(" ")
            );
            self.at(at, &message)
        })
    }

    fn at(&self, place: usize, message: &str) -> Failure {
        let before = self.text.get(..place).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let shown = self.shown;
        Failure::new(format!("{shown}: line {line}, column {column}: {message}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Profile::parse(text, "my.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_profiles_that_come_along_are_good() {
        let stereo = Profile::stereo().unwrap();
        assert_eq!(stereo.name, "stereo");
        assert!(stereo.join.is_some() && stereo.actions.len() > 2);
        assert_eq!(Profile::floor().unwrap().name, "floor");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
        let files = std::fs::read_dir(&folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let mut read = 0;
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let profile = Profile::read(&path).unwrap();
            assert_eq!(
                Some(profile.name.as_str()),
                path.file_stem().unwrap().to_str()
            );
            assert_eq!(profile.folder.as_deref(), Some(&*folder));
            read += 1;
        }
        assert!(read >= 2, "{read}");
    }

    #[test]
    fn mistakes_are_told_with_line_and_column() {
        let good = FLOOR;
        let wrong = good.replace("path = ", "pat = ");
        assert!(
            error(&wrong).contains("line 6, column 1"),
            "{}",
            error(&wrong)
        );
        assert!(error(&wrong).contains("unknown field `pat`"));
        let wrong = good.replace("{number}", "{nunber}");
        assert!(
            error(&wrong).starts_with("my.toml: line 9, column 10: {nunber} stands for nothing"),
            "{}",
            error(&wrong)
        );
        let wrong = good.replace("{number}", "");
        assert!(
            error(&wrong).starts_with("my.toml: line 9, column 8: expected {number}"),
            "{}",
            error(&wrong)
        );
        let wrong = format!("{good}[room]\npost = '/'\nid = 'room'\n");
        assert!(
            error(&wrong).contains("line 18, column 6: expected a JSON pointer"),
            "{}",
            error(&wrong)
        );
        assert!(
            error("name = ").contains("line 1, column"),
            "{}",
            error("name = ")
        );
        let missing = error("name = 'a'\n");
        assert!(missing.contains("socket"), "{missing}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Profile::read(Path::new("/nowhere/a.toml")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/a.toml: "));
    }
}

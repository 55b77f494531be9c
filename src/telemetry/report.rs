//! Reports of unexpected errors: one each, under a random reference that the person is shown. A
//! report holds the stack, the version and the reference; it is built anew from these before it
//! leaves, so that nothing else can come along.

use super::post::Post;
use sentry::protocol::{Event, Exception, Frame, Level, Stacktrace};
use sentry::types::Dsn;
use sentry::{Client, ClientOptions};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What leads a person's question to its report.
const REFERENCE: &str = "reference";
/// The name that every server gives.
const SERVER: &str = "stereo";
/// How long the end of the process waits for reports to leave.
const PATIENCE: Duration = Duration::from_secs(2);

static CLIENT: OnceLock<Client> = OnceLock::new();

/// Starts reporting to `dsn`; none when it is empty. The config has judged it.
pub(super) fn start(dsn: &str) {
    if let Ok(dsn) = dsn.parse::<Dsn>() {
        let _ = CLIENT.set(Client::with_options(options(dsn)));
    }
}

fn options(dsn: Dsn) -> ClientOptions {
    let post = Arc::new(Post::start(&dsn));
    let mut options = ClientOptions::default();
    options.dsn = Some(dsn);
    options.release = Some(release().into());
    options.server_name = Some(SERVER.into());
    options.default_integrations = false;
    options.attach_stacktrace = false;
    options.send_default_pii = false;
    options.max_breadcrumbs = 0;
    options.before_breadcrumb = Some(Arc::new(|_| None));
    options.before_send = Some(Arc::new(|event| Some(scrubbed(event))));
    options.transport = Some(Arc::new(move |_: &ClientOptions| {
        post.clone() as Arc<dyn sentry::Transport>
    }));
    options
}

fn release() -> String {
    format!(
        "stereo@{}+{}",
        env!("CARGO_PKG_VERSION"),
        env!("STEREO_COMMIT")
    )
}

/// Reports an unexpected error, in the log and to whom the operator chose. Returns the reference
/// that the person is shown.
pub fn report(what: &'static str) -> String {
    let reference = send(what);
    tracing::error!(%reference, what, "internal error");
    reference
}

/// The report alone. `what` is of the source: it cannot hold what a person sent.
pub(super) fn send(what: &'static str) -> String {
    let reference = crate::secret::reference();
    if let Some(client) = CLIENT.get() {
        client.capture_event(event(what, &reference), None);
    }
    reference
}

fn event(what: &'static str, reference: &str) -> Event<'static> {
    let exception = Exception {
        ty: what.into(),
        stacktrace: sentry::integrations::backtrace::current_stacktrace(),
        ..Exception::default()
    };
    let mut event = Event::new();
    event.level = Level::Error;
    event.exception = vec![exception].into();
    event.tags.insert(REFERENCE.into(), reference.into());
    event
}

/// What may leave of an event: a new one of what it happened in, when, and its reference.
fn scrubbed(mut event: Event<'static>) -> Event<'static> {
    let exceptions: Vec<Exception> = event.exception.values.into_iter().map(bare).collect();
    let mut bare = Event {
        event_id: event.event_id,
        level: event.level,
        timestamp: event.timestamp,
        platform: Cow::Borrowed("native"),
        release: Some(release().into()),
        server_name: Some(SERVER.into()),
        exception: exceptions.into(),
        ..Event::default()
    };
    if let Some(reference) = event.tags.remove(REFERENCE) {
        bare.tags.insert(REFERENCE.into(), reference);
    }
    bare
}

/// An exception without its message, which a library may have made of what a person sent.
fn bare(exception: Exception) -> Exception {
    let frames = exception.stacktrace.map(|stack| stack.frames);
    let frames = frames.unwrap_or_default().into_iter().map(|frame| Frame {
        function: frame.function,
        filename: frame
            .abs_path
            .or(frame.filename)
            .map(|path| crate_path(&path)),
        lineno: frame.lineno,
        ..Frame::default()
    });
    Exception {
        ty: exception.ty,
        stacktrace: Some(Stacktrace {
            frames: frames.collect(),
            ..Stacktrace::default()
        }),
        ..Exception::default()
    }
}

/// A path of a source file from its crate on: where the crate lay says who compiled it.
pub(super) fn crate_path(path: &str) -> String {
    let path = path.replace('\\', "/");
    let from = |mark: &str| path.rfind(mark).map(|at| at + mark.len());
    if let Some(at) = from("/registry/src/") {
        // After the index's name.
        let rest = &path[at..];
        return rest.split_once('/').map_or(rest, |(_, rest)| rest).into();
    }
    if let Some(at) = path
        .rfind("/library/")
        .filter(|_| path.contains("/rustc/") || path.contains("/rustlib/"))
    {
        return path[at + 1..].into();
    }
    if path.starts_with("src/") {
        return path;
    }
    match path.rfind("/src/") {
        Some(at) => path[at + 1..].into(),
        None => path.rsplit('/').next().unwrap_or_default().into(),
    }
}

/// Waits until what was reported has left, for two seconds at most.
pub fn finish() {
    if let Some(client) = CLIENT.get() {
        client.close(Some(PATIENCE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::protocol::{Breadcrumb, Request, User};

    #[test]
    fn a_path_says_the_crate_and_not_whose_folder() {
        for (path, expected) in [
            (
                "/home/ada/.cargo/registry/src/index-1949cf8c6b5b557f/hyper-1.12.0/src/proto.rs",
                "hyper-1.12.0/src/proto.rs",
            ),
            (
                "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs",
                "library/core/src/panicking.rs",
            ),
            (
                "/home/ada/.rustup/toolchains/stable/lib/rustlib/src/rust/library/std/src/rt.rs",
                "library/std/src/rt.rs",
            ),
            (
                "/home/ada/src/stereo/src/http/error.rs",
                "src/http/error.rs",
            ),
            ("src/http/error.rs", "src/http/error.rs"),
            ("/home/ada/main.rs", "main.rs"),
            ("", ""),
        ] {
            assert_eq!(crate_path(path), expected);
        }
    }

    #[test]
    fn a_report_holds_stack_version_and_reference_and_nothing_else() {
        let mut event = event("it broke", "0123456789");
        event.message = Some("needle of a message".into());
        event.user = Some(User {
            email: Some("needle@example.org".into()),
            ..User::default()
        });
        event.request = Some(Request {
            query_string: Some("needle=1".into()),
            ..Request::default()
        });
        event.server_name = Some("needle-host".into());
        event.tags.insert("needle".into(), "needle".into());
        event.extra.insert("needle".into(), "needle".into());
        event.breadcrumbs.values.push(Breadcrumb {
            message: Some("needle".into()),
            ..Breadcrumb::default()
        });
        event.exception.values[0].value = Some("needle".into());
        let frames = &mut event.exception.values[0]
            .stacktrace
            .as_mut()
            .unwrap()
            .frames;
        assert!(!frames.is_empty());
        frames[0].vars.insert("needle".into(), "needle".into());
        frames[0].abs_path = Some("/home/needle/src/main.rs".into());
        let sent = serde_json::to_value(scrubbed(event)).unwrap();
        assert!(!sent.to_string().contains("needle"), "{sent}");
        assert_eq!(sent["tags"]["reference"], "0123456789");
        assert_eq!(sent["exception"]["values"][0]["type"], "it broke");
        assert_eq!(sent["server_name"], "stereo");
        let mut fields: Vec<&String> = sent.as_object().unwrap().keys().collect();
        fields.sort_unstable();
        let expected = [
            "event_id",
            "exception",
            "platform",
            "release",
            "server_name",
            "tags",
            "timestamp",
        ];
        assert_eq!(fields, expected);
    }
}

//! How many descriptors we may open, and whether that is enough.

use super::process::Processes;
use crate::failure::{Failure, Outcome};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors beside the connections: epoll, standard streams, files, a server of our own.
const BESIDE: u64 = 32;

/// Makes room for so many connections: raises our own limit as far as the system lets us, and
/// looks at the server's.
pub(crate) fn provide(connections: usize, server: Option<&Processes>) -> Outcome<()> {
    let wanted = connections as u64 + BESIDE;
    let allowed = raise(wanted);
    if allowed < wanted {
        return Err(Failure::new(format!(
            "{connections} connections need {wanted} descriptors, and this process may open {allowed}: raise the hard limit (ulimit -Hn {wanted}), or take fewer listeners"
        )));
    }
    match server.and_then(Processes::descriptors) {
        Some(most) if most < wanted => Err(Failure::new(format!(
            "{connections} connections need {wanted} descriptors, and the server may open {most}: start it with a higher limit (ulimit -n {wanted}), or take fewer listeners"
        ))),
        _ => Ok(()),
    }
}

/// Raises the soft limit, and the hard one where we are privileged; what it is then.
fn raise(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return current;
    }
    let hard = limit.maximum.unwrap_or(u64::MAX);
    for maximum in [hard.max(wanted), hard] {
        let raised = Rlimit {
            current: Some(maximum),
            maximum: Some(maximum),
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return maximum;
        }
    }
    current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_any_system_gives_is_refused_with_the_numbers() {
        let error = provide(usize::MAX >> 8, None).unwrap_err().to_string();
        assert!(error.contains("this process may open"), "{error}");
        assert!(provide(10, None).is_ok());
    }
}

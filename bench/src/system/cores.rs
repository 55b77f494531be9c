//! Which cores the server runs on, and which we do: apart, neither disturbs the other.

use crate::failure::{Failure, Outcome};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;

/// Numbers of cores.
pub(crate) type Cores = Vec<usize>;

/// Reads `0`, `0,2` or `0-3`.
pub(crate) fn parse(text: &str) -> Result<Cores, String> {
    let wrong = || format!("expected numbers of cores, such as 0 or 0,2 or 0-3, not {text:?}");
    let mut cores = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
        let (first, last) = (number(first)?, number(last)?);
        if first > last || last >= CpuSet::MAX_CPU {
            return Err(wrong());
        }
        cores.extend(first..=last);
    }
    Ok(cores)
}

/// Binds this thread, and what it starts from now on.
pub(crate) fn bind_self(cores: &Cores) -> Outcome<()> {
    bind(None, cores)
}

/// Binds all threads of a process that runs.
pub(crate) fn bind_process(id: i32, cores: &Cores) -> Outcome<()> {
    let threads = fs::read_dir(format!("/proc/{id}/task"))
        .map_err(|error| Failure::new(format!("process {id}: {error}")))?;
    for thread in threads.flatten() {
        let number = thread.file_name().to_string_lossy().parse().ok();
        if let Some(thread) = number.and_then(Pid::from_raw) {
            bind(Some(thread), cores)?;
        }
    }
    Ok(())
}

/// Where this thread may run now.
pub(crate) fn own() -> Option<Cores> {
    let set = sched_getaffinity(None).ok()?;
    Some(
        (0..CpuSet::MAX_CPU)
            .filter(|core| set.is_set(*core))
            .collect(),
    )
}

fn bind(thread: Option<Pid>, cores: &Cores) -> Outcome<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    sched_setaffinity(thread, &set)
        .map_err(|error| Failure::new(format!("cores {cores:?} cannot be had: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_are_read() {
        assert_eq!(parse("0"), Ok(vec![0]));
        assert_eq!(parse("0,2-4"), Ok(vec![0, 2, 3, 4]));
        for wrong in ["", "a", "3-1", "0,", "99999"] {
            assert!(parse(wrong).unwrap_err().contains("expected"), "{wrong}");
        }
    }
}

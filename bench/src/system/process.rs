//! What a server has used so far, from outside: CPU time and memory of one process or several.

use crate::failure::{Failure, Outcome};
use std::fs;

/// Numbers of processes are below this (PID_MAX_LIMIT of Linux).
const MOST_IDS: i32 = 1 << 22;

/// Processes that make up one server.
#[derive(Clone, Debug)]
pub(crate) struct Processes(Vec<i32>);

impl Processes {
    /// These; each must be there.
    pub(crate) fn new(ids: &[i32]) -> Outcome<Self> {
        for id in ids {
            if cpu_of(*id).is_none() {
                return Err(Failure::new(format!(
                    "--pid {id}: there is no such process"
                )));
            }
        }
        Ok(Self(ids.to_vec()))
    }

    pub(crate) fn ids(&self) -> &[i32] {
        &self.0
    }

    /// Nanoseconds of CPU so far, user and system, of all threads; `None` when one is gone.
    pub(crate) fn cpu_ns(&self) -> Option<u64> {
        self.0.iter().map(|id| cpu_of(*id)).sum()
    }

    /// Resident bytes.
    pub(crate) fn rss(&self) -> Option<u64> {
        self.0.iter().map(|id| rss_of(*id)).sum()
    }

    /// The fewest descriptors that one of them may have open.
    pub(crate) fn descriptors(&self) -> Option<u64> {
        self.0.iter().filter_map(|id| descriptors_of(*id)).min()
    }
}

/// Nanoseconds of CPU that this process has used.
pub(crate) fn own_cpu_ns() -> u64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}

/// Nanoseconds of CPU that anything on this machine has used, in steps of one hundredth of a
/// second: all of `/proc/stat`'s first line but idling and waiting for disks.
pub(crate) fn machine_cpu_ns() -> Option<u64> {
    const IDLE: [usize; 2] = [3, 4];
    // Guests are counted among users already.
    const COUNTED: usize = 8;
    let text = fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks = line.split_whitespace().take(COUNTED).enumerate();
    let busy = ticks.filter(|(place, _)| !IDLE.contains(place));
    let busy: u64 = busy
        .filter_map(|(_, ticks)| ticks.parse::<u64>().ok())
        .sum();
    Some(busy * 1_000_000_000 / rustix::param::clock_ticks_per_second())
}

/// The CPU clock of a process counts nanoseconds, and threads that have ended: `utime` and `stime`
/// come in steps of ten milliseconds, `schedstat` only of threads that live.
fn cpu_of(id: i32) -> Option<u64> {
    // 0 would be our own, and from 2^28 on the number of the clock wraps around.
    if !(1..MOST_IDS).contains(&id) {
        return None;
    }
    let mut clock: libc::clockid_t = 0;
    let mut spent = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: both calls write to a local of the type they expect, and keep nothing.
    let read = unsafe {
        libc::clock_getcpuclockid(id, &mut clock) == 0
            && libc::clock_gettime(clock, &mut spent) == 0
    };
    read.then(|| spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64)
}

/// `smaps_rollup` walks the pages; `statm` lags behind by what threads have not added up yet.
fn rss_of(id: i32) -> Option<u64> {
    field(&format!("/proc/{id}/smaps_rollup"), "Rss:")
        .or_else(|| field(&format!("/proc/{id}/status"), "VmRSS:"))
        .map(|kib| kib * 1024)
}

fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn descriptors_of(id: i32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/limits")).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_seen_from_outside() {
        let own = Processes::new(&[std::process::id() as i32]).unwrap();
        let before = own.cpu_ns().unwrap();
        let mut sum = 0u64;
        for number in 0..3_000_000u64 {
            sum = sum
                .wrapping_mul(31)
                .wrapping_add(std::hint::black_box(number));
        }
        std::hint::black_box(sum);
        let used = own.cpu_ns().unwrap() - before;
        assert!(used > 100_000, "{used} ns for three million steps");
        assert!(own.rss().unwrap() > 500_000);
        assert!(own.descriptors().unwrap() > 3);
    }

    #[test]
    fn a_process_that_is_not_there_is_said() {
        for id in [i32::MAX, 0, -1] {
            let error = Processes::new(&[id]).unwrap_err().to_string();
            assert_eq!(error, format!("--pid {id}: there is no such process"));
        }
    }
}

//! What a comparison consists of: the shapes of the project's table of targets.

use crate::crowd::Gathering;
use crate::scenario::Scenario;
use crate::scenario::fanout::Fanout;
use crate::scenario::idle::Idle;
use crate::scenario::join::Join;
use crate::scenario::mixed::Mixed;
use crate::scenario::pump::Pace;
use crate::scenario::slow::Slow;

/// Payload of an event.
const BYTES: usize = 330;

/// One shape.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) scenario: Scenario,
    /// Whether the floor can do it.
    pub(crate) floor: bool,
    /// Whether a floor that gathers says something here.
    pub(crate) gathers: bool,
    /// Threads; as many as the server takes by itself otherwise.
    pub(crate) workers: Option<usize>,
    /// Whether TLS is spoken.
    pub(crate) tls: bool,
    /// The figure that is shown first.
    pub(crate) figure: &'static str,
}

/// All shapes. `quick` is for a first look: a tenth of the events and the time.
pub(crate) fn all(quick: bool) -> Vec<Case> {
    let less = if quick { 10 } else { 1 };
    let seconds = |full: f64| (full / less as f64).max(1.0);
    let fanout = |rooms: usize, listeners: usize, pace| {
        let deliveries = 400_000 / less;
        Scenario::Fanout(Fanout {
            rooms,
            listeners,
            pace,
            events: (deliveries / (rooms * listeners) as u64).max(10),
            bytes: BYTES,
        })
    };
    let paced = Scenario::Fanout(Fanout {
        rooms: 1,
        listeners: 1000,
        pace: Pace::Rate(20.0),
        events: (20.0 * seconds(10.0)) as u64,
        bytes: BYTES,
    });
    let idle = Scenario::Idle(Idle {
        rooms: 1,
        listeners: 10_000,
        seconds: seconds(30.0),
        sync: true,
        acts: Vec::new(),
        burst: 200,
    });
    let join = |joiners: usize, rate: Option<f64>| {
        Scenario::Join(Join {
            rooms: 1,
            joiners,
            items: 20,
            how: Gathering {
                at_once: 32,
                per_second: rate,
            },
            probes: rate.is_some(),
            settle: if rate.is_some() { 5.0 } else { 1.0 },
        })
    };
    let slow = Scenario::Slow(Slow {
        listeners: 1000,
        stopped: 1,
        rate: 20.0,
        seconds: seconds(5.0),
        rounds: 3,
        bytes: BYTES,
    });
    let mixed = Scenario::Mixed(Mixed {
        scenario: "mixed",
        rooms: 20,
        listeners: 50,
        seconds: seconds(20.0),
        busy: 1.0,
        churn: 0.1,
        rate: 1.0,
        every: 5.0,
    });
    let cost = "cpu_us_per_delivery";
    let one = Pace::Window(1);
    let with_floor = |key, name, scenario, figure| Case {
        key,
        name,
        scenario,
        floor: true,
        gathers: false,
        workers: None,
        tls: false,
        figure,
    };
    let alone = |key, name, scenario, figure| Case {
        floor: false,
        ..with_floor(key, name, scenario, figure)
    };
    let threads = |key, name, scenario, workers| Case {
        workers: Some(workers),
        ..alone(key, name, scenario, cost)
    };
    vec![
        with_floor(
            "one",
            "1 × 1,000, one event in flight",
            fanout(1, 1000, one),
            cost,
        ),
        Case {
            gathers: true,
            ..with_floor(
                "sixteen",
                "1 × 1,000, 16 in flight",
                fanout(1, 1000, Pace::Window(16)),
                cost,
            )
        },
        with_floor(
            "rooms",
            "100 × 10, one event in flight",
            fanout(100, 10, one),
            cost,
        ),
        with_floor("paced", "1 × 1,000, 20 events a second", paced, cost),
        with_floor(
            "ten",
            "1 × 10, one event in flight",
            fanout(1, 10, one),
            cost,
        ),
        with_floor(
            "hundred",
            "1 × 100, one event in flight",
            fanout(1, 100, one),
            cost,
        ),
        with_floor(
            "ten-thousand",
            "1 × 10,000, one event in flight",
            fanout(1, 10_000, one),
            cost,
        ),
        with_floor(
            "join",
            "2,000 join a room of 20 items",
            join(2000, None),
            "cpu_us_per_join",
        ),
        Case {
            tls: true,
            ..with_floor(
                "tls",
                "1 × 1,000 over TLS, one event in flight",
                fanout(1, 1000, one),
                cost,
            )
        },
        alone(
            "idle",
            "10,000 joined and synchronised",
            idle,
            "rss_per_connection",
        ),
        alone(
            "storm",
            "10,000 join one room in 10 s",
            join(10_000, Some(1000.0)),
            "bytes_beyond",
        ),
        alone(
            "mixed",
            "an evening in 20 rooms of 50",
            mixed,
            "server_cpu_percent",
        ),
        alone("slow", "one of 1,000 stops reading", slow, "slow_p99_ratio"),
        threads(
            "rooms-1-worker",
            "100 × 10, 1 worker",
            fanout(100, 10, one),
            1,
        ),
        threads(
            "rooms-2-workers",
            "100 × 10, 2 workers",
            fanout(100, 10, one),
            2,
        ),
        threads(
            "room-1-worker",
            "1 × 1,000, 1 worker",
            fanout(1, 1000, one),
            1,
        ),
        threads(
            "room-2-workers",
            "1 × 1,000, 2 workers",
            fanout(1, 1000, one),
            2,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_key_of_its_own() {
        let cases = all(true);
        let keys: BTreeSet<_> = cases.iter().map(|case| case.key).collect();
        assert_eq!(keys.len(), cases.len());
    }
}

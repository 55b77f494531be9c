//! Every scenario, small, against the real server: what was published arrives, once, everywhere.

use super::support::{Running, bench, figure, folder, run, stereo};
use serde_json::Value;
use std::process::Command;

#[test]
fn every_event_reaches_every_listener() {
    for (server, window) in [(stereo(), "1"), (stereo(), "4"), ("floor", "4")] {
        let run = run(&[
            "fanout",
            "--server",
            server,
            "--rooms",
            "3",
            "--listeners",
            "8",
            "--events",
            "20",
            "--window",
            window,
        ]);
        assert_eq!(figure(&run, "events"), 60.0);
        assert_eq!(figure(&run, "deliveries"), 480.0);
        assert_eq!(figure(&run, "lost"), 0.0);
        assert!(figure(&run, "cpu_us_per_delivery") > 0.0);
    }
}

#[test]
fn a_schedule_is_kept_and_latency_is_told() {
    let run = run(&[
        "paced",
        "--server",
        stereo(),
        "--listeners",
        "20",
        "--rate",
        "50",
        "--seconds",
        "1",
    ]);
    assert_eq!(figure(&run, "deliveries"), 1000.0);
    assert_eq!(figure(&run, "lost"), 0.0);
    let latency = run["latency"].as_array().unwrap();
    assert!(latency.len() > 5 && latency.iter().all(|point| point[1].as_f64().unwrap() > 0.0));
}

#[test]
fn listeners_stay_and_their_probes_are_answered() {
    let run = run(&[
        "idle",
        "--server",
        stereo(),
        "--rooms",
        "2",
        "--listeners",
        "40",
        "--seconds",
        "1",
        "--burst",
        "5",
    ]);
    assert_eq!(figure(&run, "connections"), 80.0);
    for memory in ["rss_per_connection", "rss_after_burst"] {
        let bytes = figure(&run, memory);
        assert!((0.0..1_000_000.0).contains(&bytes), "{memory}: {bytes}");
    }
}

#[test]
fn idle_listeners_report_what_plays_and_over_tls_their_memory_is_measured_too() {
    let run = run(&[
        "idle",
        "--tls",
        "--server",
        stereo(),
        "--listeners",
        "30",
        "--seconds",
        "1.5",
        "--no-sync",
        "--act",
        "report",
    ]);
    assert_eq!(figure(&run, "connections"), 30.0);
    assert!(figure(&run, "rss_per_connection") > 0.0, "{run}");
    // Each six times a minute.
    let each = figure(&run, "acts_per_s");
    assert!((1.0..=3.0).contains(&each), "{each} a second");
}

#[test]
fn everyone_gets_in_and_gets_a_snapshot() {
    let run = run(&[
        "join",
        "--server",
        stereo(),
        "--joiners",
        "60",
        "--items",
        "3",
        "--probes",
        "--rate",
        "500",
        "--settle",
        "5",
    ]);
    assert_eq!(figure(&run, "joined"), 60.0);
    assert!(figure(&run, "snapshot_bytes") > 500.0);
    assert!(
        figure(&run, "probe_bytes") > 40.0 * 50.0,
        "most of 64 answers each"
    );
}

#[test]
fn those_who_read_lose_nothing_to_those_who_do_not() {
    let run = run(&[
        "slow",
        "--server",
        stereo(),
        "--listeners",
        "20",
        "--stopped",
        "2",
        "--rate",
        "40",
        "--seconds",
        "1",
        "--rounds",
        "2",
    ]);
    assert_eq!(figure(&run, "lost"), 0.0);
    assert!(figure(&run, "slow_p99_ratio") > 0.0);
    // More than the kernel keeps for a reader who does not read: the server has kept the rest.
    let kept = figure(&run, "backlog_bytes");
    assert!(kept >= 400_000.0, "{kept} bytes waited");
}

#[test]
fn over_tls_every_event_reaches_every_listener_too() {
    for server in [stereo(), "floor"] {
        let run = run(&[
            "fanout",
            "--tls",
            "--server",
            server,
            "--rooms",
            "2",
            "--listeners",
            "8",
            "--events",
            "30",
            "--window",
            "4",
        ]);
        assert_eq!(figure(&run, "deliveries"), 480.0, "{server}");
        assert_eq!(figure(&run, "lost"), 0.0, "{server}");
    }
}

#[test]
fn a_soak_is_watched_to_its_end() {
    let run = run(&[
        "soak",
        "--server",
        stereo(),
        "--rooms",
        "2",
        "--listeners",
        "5",
        "--minutes",
        "0.05",
        "--every",
        "0.5",
    ]);
    for none in ["lost", "repeated", "refused"] {
        assert_eq!(figure(&run, none), 0.0, "{none}: {run}");
    }
    let memory = &run["series"].as_array().unwrap()[0];
    assert!(memory["points"].as_array().unwrap().len() >= 3, "{memory}");
}

#[test]
fn an_evening_passes_with_nobody_refused_or_lost() {
    let run = run(&[
        "mixed",
        "--server",
        stereo(),
        "--rooms",
        "3",
        "--listeners",
        "10",
        "--seconds",
        "4",
        "--churn",
        "600",
        "--busy",
        "3",
    ]);
    for none in ["lost", "repeated", "refused"] {
        assert_eq!(figure(&run, none), 0.0, "{none}: {run}");
    }
    for some in [
        "did_report",
        "did_measured event",
        "did_come and go",
        "measured",
    ] {
        assert!(figure(&run, some) > 0.0, "{some}: {run}");
    }
    assert!(run["series"].as_array().unwrap().len() >= 2);
}

#[test]
fn servers_are_compared_with_the_floor_and_judged() {
    let folder = folder("compare");
    let json = folder.join("results.json");
    let outcome = bench(&[
        "compare",
        "--server",
        stereo(),
        "--runs",
        "1",
        "--quick",
        "--only",
        "ten,rooms-2-workers",
        "--quiet",
        "--json",
        json.to_str().unwrap(),
    ]);
    assert!(outcome.good, "{}{}", outcome.error, outcome.out);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let ten = &results["cases"][0];
    for (place, name) in ["floor", "stereo"].into_iter().enumerate() {
        let entrant = &ten["entrants"][place];
        assert_eq!(entrant["name"], name);
        let runs = entrant["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1);
        assert!(
            runs.iter()
                .all(|run| figure(run, "lost") == 0.0 && run["failure"].is_null())
        );
    }
    assert!(
        outcome.out.contains("Targets: stereo") && outcome.out.contains("not measured"),
        "{}",
        outcome.out
    );
    let page = bench(&["report", json.to_str().unwrap(), "--out", "-"]);
    assert!(
        page.good && page.out.contains("<svg") && page.out.contains("Targets: stereo"),
        "{}",
        page.error
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_wish_to_stop_ends_a_run_with_what_there_is() {
    let mut running = Running::start(&[
        "paced",
        "--server",
        stereo(),
        "--listeners",
        "5",
        "--rate",
        "20",
        "--seconds",
        "600",
    ]);
    running.until("measuring");
    // As a terminal does: the whole group.
    let group = format!("-{}", running.child.id());
    let sent = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(sent.unwrap().success());
    let outcome = running.end();
    assert!(!outcome.good);
    assert!(
        outcome.out.contains("deliveries") && outcome.out.contains("ended early: stopped"),
        "{}",
        outcome.out
    );
}

#[test]
fn a_comparison_that_is_ended_shows_what_there_is_and_is_no_success() {
    let mut running = Running::start(&["compare", "--server", stereo(), "--only", "ten,slow"]);
    running.until("measuring");
    let group = format!("-{}", running.child.id());
    let sent = Command::new("kill").args(["-INT", "--", &group]).status();
    assert!(sent.unwrap().success());
    let outcome = running.end();
    assert!(!outcome.good, "{}", outcome.out);
    assert!(outcome.out.contains("Targets: stereo"), "{}", outcome.out);
}

#[test]
fn a_killed_run_leaves_no_server_behind() {
    let mut running = Running::start(&[
        "paced",
        "--server",
        stereo(),
        "--listeners",
        "5",
        "--seconds",
        "600",
    ]);
    running.until("measuring");
    let id = running.child.id();
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    let server = children.trim().to_owned();
    assert!(is_alive(&server), "{children}");
    running.child.kill().unwrap();
    let waited = std::time::Instant::now();
    while is_alive(&server) {
        assert!(waited.elapsed().as_secs() < 60, "the server goes on");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Whether a process is there and has not ended.
fn is_alive(id: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

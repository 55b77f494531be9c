//! A comparison as tables in Markdown, which a terminal shows as well.

use super::results::{CaseResults, EntrantResults, Results, Spread};
use crate::run::number;
use comfy_table::{Cell, CellAlignment, Table, presets};

/// Everything: each case, then the targets.
pub(crate) fn text(results: &Results) -> String {
    let machine = &results.machine;
    let mut parts = vec![format!(
        "{}, {} cores, Linux {}. Medians, in brackets the least and the most.",
        machine.cpu, machine.cores, machine.kernel
    )];
    parts.extend(
        results
            .cases
            .iter()
            .map(|found| format!("### {}\n\n{}", found.name, case(found))),
    );
    for server in results.servers() {
        parts.push(format!(
            "### Targets: {server}\n\n{}",
            targets(results, &server)
        ));
    }
    parts.join("\n\n")
}

/// One case: a row for each entrant.
pub(crate) fn case(found: &CaseResults) -> String {
    let keys = columns(found);
    let mut table = table();
    let mut head = vec![String::new()];
    head.extend(keys.iter().map(|key| heading(found, key)));
    let floor = found.floor();
    head.extend(floor.map(|_| "× floor".to_owned()));
    head.push("runs".to_owned());
    table.set_header(head);
    for entrant in &found.entrants {
        let mut row = vec![Cell::new(&entrant.name)];
        row.extend(
            keys.iter()
                .map(|key| right(entrant.spread(key).map(spread))),
        );
        if let Some(floor) = floor {
            let ratio = entrant.ratio(floor, &found.figure);
            row.push(right(
                ratio.filter(|_| floor.name != entrant.name).map(spread),
            ));
        }
        row.push(right(Some(runs(entrant))));
        table.add_row(row);
    }
    let mut text = table.to_string();
    for note in notes(found) {
        text += &format!("\n\n- {note}");
    }
    text
}

/// The figures that are worth a column: the case's own first.
fn columns(found: &CaseResults) -> Vec<&str> {
    const MORE: [&str; 11] = [
        "cpu_us_per_delivery",
        "deliveries_per_s",
        "p50_ms",
        "p99_ms",
        "all_p99_ms",
        "rss_after_burst_ratio",
        "cpu_us_per_join",
        "snapshot_bytes",
        "server_cpu_percent",
        "bench_cpu_percent",
        "lost",
    ];
    let has = |key: &str| {
        found
            .entrants
            .iter()
            .any(|entrant| entrant.spread(key).is_some())
    };
    let mut keys = vec![found.figure.as_str()];
    keys.extend(
        MORE.iter()
            .copied()
            .filter(|key| *key != found.figure && has(key)),
    );
    keys
}

fn heading(found: &CaseResults, key: &str) -> String {
    let mut runs = found.entrants.iter().flat_map(|entrant| &entrant.runs);
    let figure = runs.find_map(|run| run.figures.iter().find(|figure| figure.key == key));
    figure.map_or_else(
        || key.to_owned(),
        |figure| {
            let unit = if figure.unit.is_empty() {
                String::new()
            } else {
                format!(", {}", figure.unit)
            };
            format!("{}{unit}", figure.name)
        },
    )
}

fn runs(entrant: &EntrantResults) -> String {
    let good = entrant
        .runs
        .iter()
        .filter(|run| run.failure.is_none())
        .count();
    match entrant.runs.len() {
        all if all == good => good.to_string(),
        all => format!("{good} of {all}"),
    }
}

/// What was said of runs, each once.
fn notes(found: &CaseResults) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for entrant in &found.entrants {
        for run in &entrant.runs {
            let failure = run
                .failure
                .iter()
                .map(|failure| format!("failed: {failure}"));
            for note in run.notes.iter().cloned().chain(failure) {
                let note = format!("{}: {note}", entrant.name);
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
    }
    notes
}

fn targets(results: &Results, server: &str) -> String {
    let mut table = table();
    table.set_header(["", "found", "first", "then", "", ""]);
    for verdict in results
        .targets
        .iter()
        .filter(|verdict| verdict.server == server)
    {
        let unit = &verdict.unit;
        table.add_row(vec![
            Cell::new(&verdict.name),
            right(
                verdict
                    .found
                    .map(|found| format!("{} {unit}", number(found))),
            ),
            right(Some(format!("≤ {}", number(verdict.first)))),
            right(Some(format!("≤ {}", number(verdict.then)))),
            Cell::new(verdict.word()),
            Cell::new(&verdict.note),
        ]);
    }
    table.to_string()
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table
}

fn right(text: Option<String>) -> Cell {
    Cell::new(text.unwrap_or_default()).set_alignment(CellAlignment::Right)
}

fn spread(spread: Spread) -> String {
    let Spread {
        median,
        least,
        most,
    } = spread;
    if least == most {
        return number(median);
    }
    format!("{} ({}–{})", number(median), number(least), number(most))
}

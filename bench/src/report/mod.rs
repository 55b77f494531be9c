//! `report`: what was found, from JSON files, as one page that needs nothing from anywhere.

mod bars;
mod html;
mod lines;

use crate::compare::results::{CaseResults, Results};
use crate::compare::targets::Verdict;
use crate::failure::{Failure, Outcome};
use crate::run::{Run, number};
use html::escaped;
use lines::{Chart, Line};
use serde_json::Value;
use std::path::{Path, PathBuf};

const STYLE: &str = include_str!("page.css");

/// What a file holds: a comparison, or single runs.
enum Found {
    Comparison(Box<Results>),
    Runs(Vec<Run>),
}

/// Reads what was found and gives the page.
pub(crate) fn page(files: &[PathBuf]) -> Outcome<String> {
    let mut sections = Vec::new();
    for file in files {
        match read(file)? {
            Found::Comparison(results) => sections.push(comparison(&results)),
            Found::Runs(runs) => sections.extend(runs.iter().map(single)),
        }
    }
    let body = sections.concat();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>stereo-bench</title>\n<style>\n{STYLE}</style>\n<main>\n<h1>stereo-bench</h1>\n{body}</main>\n</html>\n"
    ))
}

fn read(file: &Path) -> Outcome<Found> {
    let shown = file.display();
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::new(format!("{shown}: {error}")))?;
    let wrong = |error: serde_json::Error| {
        Failure::new(format!("{shown}: no results of stereo-bench: {error}"))
    };
    let value: Value = serde_json::from_str(&text).map_err(wrong)?;
    match value {
        Value::Array(_) => serde_json::from_value(value).map(Found::Runs),
        value => serde_json::from_value(value).map(|results| Found::Comparison(Box::new(results))),
    }
    .map_err(wrong)
}

fn comparison(results: &Results) -> String {
    let machine = &results.machine;
    let runs = results.cases.iter().flat_map(|case| &case.entrants);
    let most = runs.map(|entrant| entrant.runs.len()).max().unwrap_or(0);
    let mut out = format!(
        "<p>{}, {} cores, Linux {}. Medians of up to {most} runs, taken turn about; thin lines from the least to the most.</p>\n",
        escaped(&machine.cpu),
        machine.cores,
        escaped(&machine.kernel)
    );
    for server in results.servers() {
        let verdicts = results
            .targets
            .iter()
            .filter(|verdict| verdict.server == server);
        out += &format!(
            "<h2>Targets: {}</h2>\n{}",
            escaped(&server),
            targets(verdicts)
        );
    }
    out + &results.cases.iter().map(case).collect::<String>()
}

fn targets<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> String {
    let rows = verdicts.map(|verdict| {
        let word = verdict.word();
        let found = verdict.found.map(number).unwrap_or_default();
        format!(
            "<tr><th scope=\"row\">{}</th><td>{found}</td><td>{}</td><td>≤ {}</td><td>≤ {}</td><td class=\"word {}\">{word}</td><td class=\"note\">{}</td></tr>\n",
            escaped(&verdict.name),
            escaped(&verdict.unit),
            number(verdict.first),
            number(verdict.then),
            word.replace(' ', "-"),
            escaped(&verdict.note)
        )
    });
    let rows: String = rows.collect();
    format!(
        "<div class=\"wide\"><table>\n<tr><td></td><th scope=\"col\">found</th><td></td><th scope=\"col\">first</th><th scope=\"col\">then</th><td></td><td></td></tr>\n{rows}</table></div>\n"
    )
}

fn case(found: &CaseResults) -> String {
    let mut figures = vec![found.figure.as_str()];
    let worth = ["p99_ms", "server_cpu_percent"];
    let has = |key: &str| {
        found
            .entrants
            .iter()
            .any(|entrant| entrant.spread(key).is_some())
    };
    figures.extend(
        worth
            .into_iter()
            .filter(|key| *key != found.figure && has(key)),
    );
    let bars: String = figures.iter().map(|key| bars::chart(found, key)).collect();
    format!(
        "<section>\n<h2>{}</h2>\n<div class=\"charts\">{bars}{}</div>\n</section>\n",
        escaped(&found.name),
        latencies(found)
    )
}

/// Latency by quantile: each entrant's median run by run.
fn latencies(found: &CaseResults) -> String {
    let lines = found.entrants.iter().filter_map(|entrant| {
        let good = entrant.runs.iter().filter(|run| run.failure.is_none());
        let runs: Vec<&Run> = good.filter(|run| !run.latency.is_empty()).collect();
        let first = runs.first()?;
        let points = first
            .latency
            .iter()
            .enumerate()
            .filter_map(|(place, (quantile, _))| {
                let at = runs
                    .iter()
                    .filter_map(|run| Some(run.latency.get(place)?.1));
                let median = crate::compare::results::Spread::of(at)?.median;
                Some((*quantile, median))
            });
        Some(Line {
            name: entrant.name.clone(),
            points: by_nines(points),
        })
    });
    quantiles(lines.collect())
}

/// Quantiles as a number of nines: 0.9 is 1, 0.99 is 2. The longest of all has none.
fn by_nines(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let inside = points.filter(|(quantile, _)| *quantile > 0.0 && *quantile < 1.0);
    inside
        .map(|(quantile, value)| (-(1.0 - quantile).log10(), value))
        .collect()
}

fn quantiles(lines: Vec<Line>) -> String {
    let ticks = [0.5, 0.9, 0.99, 0.999, 0.9999];
    Chart {
        title: "latency by quantile, ms",
        lines,
        ticks: Some(
            ticks
                .map(|quantile: f64| (-(1.0 - quantile).log10(), format!("{} %", quantile * 100.0)))
                .to_vec(),
        ),
    }
    .svg()
}

/// One run by itself: its figures, and its plots.
fn single(run: &Run) -> String {
    let rows = run.figures.iter().map(|figure| {
        format!(
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
            escaped(&figure.name),
            number(figure.value),
            escaped(&figure.unit)
        )
    });
    let rows: String = rows.collect();
    let mut charts = String::new();
    if !run.latency.is_empty() {
        charts += &quantiles(vec![Line {
            name: run.server.clone(),
            points: by_nines(run.latency.iter().copied()),
        }]);
    }
    for series in &run.series {
        let title = format!("{}, {}, by second", series.name, series.unit);
        let line = Line {
            name: run.server.clone(),
            points: series.points.clone(),
        };
        charts += &Chart {
            title: &title,
            lines: vec![line],
            ticks: None,
        }
        .svg();
    }
    let failure = run.failure.iter().map(|failure| {
        format!(
            "<p class=\"word not-met\">Ended early: {}</p>\n",
            escaped(failure)
        )
    });
    let notes = run
        .notes
        .iter()
        .map(|note| format!("<p class=\"note\">{}</p>\n", escaped(note)));
    let told: String = failure.chain(notes).collect();
    format!(
        "<section>\n<h2>{} of {}</h2>\n<p>{}</p>\n{told}<div class=\"charts\">{charts}</div>\n<div class=\"wide\"><table>\n{rows}</table></div>\n</section>\n",
        escaped(&run.scenario),
        escaped(&run.server),
        escaped(&run.shape)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_was_found_and_nothing_becomes_markup() {
        let mut run = Run::new("paced", "<b>", "1 × 10".into());
        run.add("a", "a figure", "ms", 12.5);
        run.latency = vec![(0.5, 1.0), (0.99, 2.0), (1.0, 9.0)];
        let page = single(&run);
        assert!(page.contains("a figure") && page.contains("12.5"));
        assert!(page.contains("&lt;b&gt;") && !page.contains("<b>"));
        assert!(page.contains("<svg") && page.contains("polyline"));
    }

    #[test]
    fn nines_are_counted() {
        let nines = by_nines([(0.0, 1.0), (0.9, 2.0), (0.999, 3.0), (1.0, 4.0)].into_iter());
        assert_eq!(nines.len(), 2);
        assert!((nines[0].0 - 1.0).abs() < 1e-9 && (nines[1].0 - 3.0).abs() < 1e-9);
    }
}

//! One figure of a case as bars: medians, and lines from the least to the most.

use super::html::escaped;
use crate::compare::results::{CaseResults, Spread};
use crate::run::number;

const WIDTH: f64 = 560.0;
const LABEL: f64 = 150.0;
const VALUE: f64 = 130.0;
const ROW: f64 = 34.0;
const HEAD: f64 = 28.0;

/// The chart, or nothing where nobody has the figure.
pub(super) fn chart(found: &CaseResults, key: &str) -> String {
    let rows: Vec<(&str, bool, Spread)> = found
        .entrants
        .iter()
        .filter_map(|entrant| Some((entrant.name.as_str(), entrant.floor, entrant.spread(key)?)))
        .collect();
    let most = rows
        .iter()
        .map(|(_, _, spread)| spread.most)
        .fold(0.0, f64::max);
    if rows.is_empty() || most <= 0.0 {
        return String::new();
    }
    let scale = (WIDTH - LABEL - VALUE) / most;
    let height = HEAD + ROW * rows.len() as f64;
    let title = title(found, key);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n<text class=\"title\" x=\"0\" y=\"16\">{title}</text>\n"
    );
    for (place, (name, floor, spread)) in rows.iter().enumerate() {
        let middle = HEAD + ROW * place as f64 + ROW / 2.0;
        out += &row(name, *floor, *spread, middle, scale);
    }
    out + "</svg>\n"
}

fn row(name: &str, floor: bool, spread: Spread, middle: f64, scale: f64) -> String {
    let class = if floor { "floor" } else { "server" };
    let (top, baseline, below) = (middle - 9.0, middle + 5.0, middle + 11.0);
    let width = spread.median * scale;
    let (from, to) = (LABEL + spread.least * scale, LABEL + spread.most * scale);
    let at = to.max(LABEL + width) + 8.0;
    format!(
        "<text x=\"{}\" y=\"{baseline:.1}\" text-anchor=\"end\">{}</text><rect class=\"{class}\" x=\"{LABEL}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"16\" rx=\"3\"/><line class=\"spread\" x1=\"{from:.1}\" x2=\"{to:.1}\" y1=\"{below:.1}\" y2=\"{below:.1}\"/><text class=\"value\" x=\"{at:.1}\" y=\"{baseline:.1}\">{}</text>\n",
        LABEL - 10.0,
        escaped(name),
        number(spread.median)
    )
}

fn title(found: &CaseResults, key: &str) -> String {
    let mut runs = found.entrants.iter().flat_map(|entrant| &entrant.runs);
    let figure = runs.find_map(|run| run.figures.iter().find(|figure| figure.key == key));
    figure.map_or_else(
        || escaped(key),
        |figure| {
            let unit = if figure.unit.is_empty() {
                String::new()
            } else {
                format!(", {}", figure.unit)
            };
            escaped(&format!("{}{unit}", figure.name))
        },
    )
}

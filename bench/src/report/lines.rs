//! Values over something, as lines.

use super::html::escaped;
use crate::run::number;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 32.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 34.0;

/// One line.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// Lines in one picture, from nothing upwards.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    pub(super) lines: Vec<Line>,
    /// Where the horizontal axis is marked, and with what; evenly otherwise.
    pub(super) ticks: Option<Vec<(f64, String)>>,
}

impl Chart<'_> {
    /// The picture, or nothing without points.
    pub(super) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::NEG_INFINITY, f64::max);
        let first = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
        let (last, highest) = (most(|point| point.0), most(|point| point.1));
        if !(last > first && highest > 0.0) {
            return String::new();
        }
        let step = nice(highest / 4.0);
        let top = (highest / step).ceil() * step;
        let x = |value: f64| LEFT + (value - first) / (last - first) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
        let title = escaped(self.title);
        let mut out = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n<text class=\"title\" x=\"0\" y=\"16\">{title}</text>\n"
        );
        let mut level = 0.0;
        while level <= top * 1.001 {
            let at = y(level);
            out += &format!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.0,
                tick(level)
            );
            level += step;
        }
        for (value, label) in self.marks(first, last) {
            out += &format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
                x(value),
                HEIGHT - 12.0,
                escaped(&label)
            );
        }
        for (place, line) in self.lines.iter().enumerate() {
            let points: Vec<_> = line
                .points
                .iter()
                .map(|(over, value)| format!("{:.1},{:.1}", x(*over), y(*value)))
                .collect();
            let class = format!("line line{}", place % 4);
            out += &format!(
                "<polyline class=\"{class}\" points=\"{}\"/>\n",
                points.join(" ")
            );
            if self.lines.len() > 1 {
                let at = TOP + 14.0 + 16.0 * place as f64;
                out += &format!(
                    "<line class=\"{class}\" x1=\"{}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\"/><text x=\"{}\" y=\"{:.1}\">{}</text>\n",
                    LEFT + 10.0,
                    LEFT + 30.0,
                    at - 4.0,
                    at - 4.0,
                    LEFT + 36.0,
                    at,
                    escaped(&line.name)
                );
            }
        }
        out + "</svg>\n"
    }

    fn marks(&self, first: f64, last: f64) -> Vec<(f64, String)> {
        if let Some(ticks) = &self.ticks {
            let inside = |(at, _): &&(f64, String)| *at >= first - 1e-9 && *at <= last + 1e-9;
            return ticks.iter().filter(inside).cloned().collect();
        }
        let step = nice((last - first) / 5.0);
        let mut marks = Vec::new();
        let mut at = (first / step).ceil() * step;
        while at <= last {
            marks.push((at, tick(at)));
            at += step;
        }
        marks
    }
}

/// A round number as it is read.
fn tick(value: f64) -> String {
    let text = number(value);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The next of 1, 2, 5, 10, 20, 50, … above a value.
fn nice(value: f64) -> f64 {
    let size = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|step| step * size)
        .into_iter()
        .find(|step| *step >= value * 0.999)
        .unwrap_or(size * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (value, step) in [
            (0.9, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (3.0, 5.0),
            (70.0, 100.0),
            (0.03, 0.05),
        ] {
            assert!(
                (nice(value) - step).abs() < 1e-9,
                "{value}: {}",
                nice(value)
            );
        }
    }

    #[test]
    fn a_chart_without_points_is_nothing() {
        let chart = |points: Vec<(f64, f64)>| Chart {
            title: "t",
            lines: vec![Line {
                name: "n".into(),
                points,
            }],
            ticks: None,
        };
        assert_eq!(chart(vec![]).svg(), "");
        assert_eq!(chart(vec![(1.0, 1.0)]).svg(), "");
        let drawn = chart(vec![(0.0, 1.0), (10.0, 4.0)]).svg();
        assert!(
            drawn.contains("points=\"70.0,") && drawn.contains(">10<"),
            "{drawn}"
        );
    }
}

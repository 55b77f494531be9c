//! Sleeves: squares of 600 units drawn from a track's own waveform, in ink, paper and one colour.
//! Every number is rounded to a tenth, so the picture is the same to the byte everywhere.

use crate::Piece;
use std::fmt::Write;

const INK: &str = "#14121a";
const PAPER: &str = "#f6f1e7";

/// How a waveform becomes a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sleeve {
    /// Rings, thicker where it is louder.
    Groove,
    /// Horizontal layers that bend.
    Strata,
    /// Ridge behind ridge.
    Ridges,
    /// Rays as long as it is loud.
    Sun,
    /// Filled hills, one before the other.
    Hills,
    /// Left channel against right.
    Mirror,
    /// A grid of squares.
    Pixels,
}

/// The sleeve of a piece as an SVG document.
pub(crate) fn draw(piece: &Piece, frames: &[[i16; 2]]) -> String {
    let accent = piece.accent;
    let body = match piece.sleeve {
        Sleeve::Groove => groove(&loudness(frames, 240)),
        Sleeve::Strata => strata(&loudness(frames, 18 * 24)),
        Sleeve::Ridges => ridges(&loudness(frames, 22 * 48)),
        Sleeve::Sun => sun(&loudness(frames, 144)),
        Sleeve::Hills => hills(&loudness(frames, 5 * 16)),
        Sleeve::Mirror => mirror(frames),
        Sleeve::Pixels => pixels(&loudness(frames, 144)),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 600\" width=\"600\" height=\"600\">\
         <rect width=\"600\" height=\"600\" fill=\"{INK}\"/>\
         <g fill=\"none\" stroke=\"{accent}\" color=\"{accent}\" stroke-linecap=\"round\" stroke-linejoin=\"round\">{body}</g></svg>\n"
    )
}

/// Loudness from 0 to 1 in `bins` equal parts of the track.
fn loudness(frames: &[[i16; 2]], bins: usize) -> Vec<f64> {
    let part = |bin: usize| {
        &frames[bin * frames.len() / bins
            ..((bin + 1) * frames.len() / bins)
                .max(bin * frames.len() / bins + 1)
                .min(frames.len())]
    };
    let levels: Vec<f64> = (0..bins)
        .map(|bin| {
            level(
                part(bin)
                    .iter()
                    .map(|[left, right]| (i64::from(*left) + i64::from(*right)) / 2),
            )
        })
        .collect();
    normal(levels)
}

/// Root mean square.
fn level(samples: impl Iterator<Item = i64>) -> f64 {
    let (sum, count) = samples.fold((0i64, 0i64), |(sum, count), sample| {
        (sum + sample * sample, count + 1)
    });
    libm::sqrt(sum as f64 / count.max(1) as f64)
}

/// Scaled so that the loudest is 1, with quiet passages lifted a little.
fn normal(levels: Vec<f64>) -> Vec<f64> {
    let most = levels.iter().copied().fold(1.0, f64::max);
    levels
        .into_iter()
        .map(|level| libm::sqrt(level / most))
        .collect()
}

fn turn(share: f64, radius: f64) -> (f64, f64) {
    let angle = share * core::f64::consts::TAU;
    (
        300.0 + radius * libm::sin(angle),
        300.0 - radius * libm::cos(angle),
    )
}

fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (place, (x, y)) in points.enumerate() {
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" });
    }
    path
}

fn groove(levels: &[f64]) -> String {
    let mut out = String::new();
    for ring in 0..24 {
        let radius = 60.0 + f64::from(ring) * 9.2;
        let points = (0..=120).map(|step| {
            let level = levels[(ring as usize * 10 + step as usize % 120 / 12) % levels.len()];
            turn(
                f64::from(step) / 120.0,
                radius
                    + level
                        * 5.0
                        * libm::sin(f64::from(step % 120) * core::f64::consts::TAU * 18.0 / 120.0),
            )
        });
        let level = levels[ring as usize * 10 % levels.len()];
        let _ = write!(
            out,
            "<path d=\"{}Z\" stroke-width=\"{:.1}\" opacity=\"{:.2}\"/>",
            line(points),
            0.8 + level * 4.0,
            0.35 + level * 0.65
        );
    }
    out + &format!("<circle cx=\"300\" cy=\"300\" r=\"30\" fill=\"{PAPER}\" stroke=\"none\"/>")
}

fn strata(levels: &[f64]) -> String {
    let mut out = String::new();
    for layer in 0..18 {
        let base = 70.0 + layer as f64 * 27.0;
        let points = (0..24).map(|step| {
            let level = levels[layer * 24 + step];
            (
                50.0 + step as f64 * 500.0 / 23.0,
                base + (level - 0.5) * 34.0,
            )
        });
        let mean = levels[layer * 24..layer * 24 + 24].iter().sum::<f64>() / 24.0;
        let _ = write!(
            out,
            "<path d=\"{}\" stroke-width=\"{:.1}\" opacity=\"{:.2}\"/>",
            line(points),
            1.5 + mean * 13.0,
            0.3 + mean * 0.7
        );
    }
    out
}

fn ridges(levels: &[f64]) -> String {
    let mut out = String::new();
    for ridge in 0..22 {
        let base = 150.0 + ridge as f64 * 18.5;
        let points = (0..48).map(|step| {
            let middle = (step as f64 - 23.5) / 23.5;
            let window = (1.0 - middle * middle).max(0.0);
            (
                90.0 + step as f64 * 420.0 / 47.0,
                base - levels[ridge * 48 + step] * window * 74.0,
            )
        });
        let _ = write!(
            out,
            "<path d=\"{}\" fill=\"{INK}\" stroke-width=\"2.4\"/>",
            line(points)
        );
    }
    out
}

fn sun(levels: &[f64]) -> String {
    let mut out = String::from(
        "<circle cx=\"300\" cy=\"300\" r=\"108\" fill=\"currentColor\" stroke=\"none\"/>",
    );
    let count = levels.len() as f64;
    for (ray, level) in levels.iter().enumerate() {
        let share = ray as f64 / count;
        let (from, to) = (turn(share, 128.0), turn(share, 134.0 + level * 128.0));
        let _ = write!(
            out,
            "<path d=\"{}\" stroke-width=\"4\"/>",
            line([from, to].into_iter())
        );
    }
    out
}

fn hills(levels: &[f64]) -> String {
    let mut out =
        format!("<circle cx=\"410\" cy=\"170\" r=\"62\" fill=\"{PAPER}\" stroke=\"none\"/>");
    for hill in 0..5 {
        let base = 300.0 + hill as f64 * 68.0;
        let tops =
            (0..16).map(|step| (step as f64 * 40.0, base - levels[hill * 16 + step] * 120.0));
        let edge = [(0.0, 600.0)]
            .into_iter()
            .chain(tops)
            .chain([(600.0, 600.0)]);
        let _ = write!(
            out,
            "<path d=\"{}Z\" fill=\"currentColor\" fill-opacity=\"{:.2}\" stroke=\"{INK}\" stroke-width=\"3\"/>",
            line(edge),
            0.22 + hill as f64 * 0.19
        );
    }
    out
}

fn mirror(frames: &[[i16; 2]]) -> String {
    let side = |channel: usize| -> Vec<f64> {
        let part = frames.len() / 64;
        normal(
            (0..64)
                .map(|bin| {
                    level(
                        frames[bin * part..(bin + 1) * part]
                            .iter()
                            .map(|frame| i64::from(frame[channel])),
                    )
                })
                .collect(),
        )
    };
    let (left, right) = (side(0), side(1));
    let mut out = String::new();
    for bin in 0..64 {
        let y = 52.0 + bin as f64 * 7.9;
        let _ = write!(
            out,
            "<path d=\"{}\" stroke-width=\"4.4\"/>",
            line([(293.0, y), (293.0 - 20.0 - left[bin] * 200.0, y)].into_iter())
        );
        let _ = write!(
            out,
            "<path d=\"{}\" stroke-width=\"4.4\" stroke=\"{PAPER}\"/>",
            line([(307.0, y), (307.0 + 20.0 + right[bin] * 200.0, y)].into_iter())
        );
    }
    out
}

fn pixels(levels: &[f64]) -> String {
    let mut out = String::new();
    for (cell, level) in levels.iter().enumerate() {
        let (x, y) = (48 + cell % 12 * 42, 48 + cell / 12 * 42);
        let size = 8.0 + libm::floor(level * 4.0) * 7.0;
        let inset = (42.0 - size) / 2.0;
        let fill = if cell % 7 == 3 { PAPER } else { "currentColor" };
        let _ = write!(
            out,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{size:.1}\" height=\"{size:.1}\" fill=\"{fill}\" stroke=\"none\"/>",
            x as f64 + inset,
            y as f64 + inset
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::pieces;

    #[test]
    fn every_sleeve_is_drawn_and_small() {
        for piece in pieces() {
            let frames: Vec<[i16; 2]> = (0..44_100)
                .map(|place| [(place % 900) as i16 * 20, (place % 700) as i16 * 20])
                .collect();
            let sleeve = super::draw(piece, &frames);
            assert!(
                sleeve.starts_with("<svg") && sleeve.trim_end().ends_with("</svg>"),
                "{}",
                piece.slug
            );
            assert!(
                (1_500..120_000).contains(&sleeve.len()),
                "{}: {} bytes",
                piece.slug,
                sleeve.len()
            );
            assert!(!sleeve.contains("NaN"), "{}", piece.slug);
        }
    }
}

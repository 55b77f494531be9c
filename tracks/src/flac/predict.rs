//! Guessing the next sample: the fixed polynomials of FLAC, and a linear predictor fitted to the
//! block (autocorrelation, Levinson-Durbin). The smaller residual wins.

use super::rice;

/// Bits of a linear coefficient.
pub(super) const PRECISION: u32 = 14;
/// Highest linear order; the streamable subset allows 12 at our rate.
const ORDER: usize = 12;

/// A linear predictor: the sum of coefficient × past sample, shifted down.
pub(super) struct Linear {
    pub(super) coefficients: Vec<i32>,
    pub(super) shift: u32,
}

/// A choice of predictor and what it leaves unexplained.
pub(super) struct Prediction {
    fixed_order: usize,
    pub(super) linear: Option<Linear>,
    /// One value per sample after the warm-up ones.
    pub(super) residual: Vec<i32>,
}

impl Prediction {
    /// Samples that are told as they are, before prediction starts.
    pub(super) fn order(&self) -> usize {
        self.linear
            .as_ref()
            .map_or(self.fixed_order, |linear| linear.coefficients.len())
    }

    /// The subframe type of RFC 9639, table 19.
    pub(super) fn code(&self) -> u32 {
        match &self.linear {
            Some(linear) => 0b10_0000 | (linear.coefficients.len() as u32 - 1),
            None => 0b00_1000 | self.fixed_order as u32,
        }
    }
}

/// Differences of one order higher.
fn difference(samples: &[i32]) -> Vec<i32> {
    samples.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn magnitude(values: &[i32]) -> u64 {
    values
        .iter()
        .map(|value| u64::from(value.unsigned_abs()))
        .sum()
}

/// How hard a channel is to predict, roughly: the second differences.
pub(super) fn roughness(samples: &[i32]) -> u64 {
    samples
        .windows(3)
        .map(|w| u64::from((w[2] - 2 * w[1] + w[0]).unsigned_abs()))
        .sum()
}

/// The predictor that leaves the least.
pub(super) fn best(samples: &[i32]) -> Prediction {
    let fixed = best_fixed(samples);
    let Some(linear) = fit(samples) else {
        return fixed;
    };
    let Some(residual) = leftover(samples, &linear) else {
        return fixed;
    };
    let cost = |residual: &[i32], order| rice::plan(residual, order).bits;
    let told = (linear.coefficients.len() as u64) * u64::from(PRECISION + 16) + 9;
    if cost(&residual, linear.coefficients.len()) + told < cost(&fixed.residual, fixed.order()) {
        return Prediction {
            fixed_order: 0,
            linear: Some(linear),
            residual,
        };
    }
    fixed
}

fn best_fixed(samples: &[i32]) -> Prediction {
    let mut best = Prediction {
        fixed_order: 0,
        linear: None,
        residual: samples.to_vec(),
    };
    let mut least = magnitude(&best.residual);
    let mut residual = best.residual.clone();
    for order in 1..=4.min(samples.len().saturating_sub(1)) {
        residual = difference(&residual);
        let left = magnitude(&residual);
        if left < least {
            least = left;
            best = Prediction {
                fixed_order: order,
                linear: None,
                residual: residual.clone(),
            };
        }
    }
    best
}

/// Autocorrelation under a Welch window, which needs no cosine.
fn autocorrelation(samples: &[i32]) -> [f64; ORDER + 1] {
    let half = (samples.len() as f64 - 1.0) / 2.0;
    let windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(at, sample)| {
            let x = (at as f64 - half) / (half + 1.0);
            f64::from(*sample) * (1.0 - x * x)
        })
        .collect();
    core::array::from_fn(|lag| {
        windowed
            .iter()
            .zip(&windowed[lag..])
            .map(|(a, b)| a * b)
            .sum()
    })
}

/// Fits a linear predictor; nothing for blocks too short or too flat to learn from.
fn fit(samples: &[i32]) -> Option<Linear> {
    if samples.len() < 4 * ORDER {
        return None;
    }
    let correlation = autocorrelation(samples);
    let mut error = correlation[0] * (1.0 + 1e-9);
    let mut model = [0.0_f64; ORDER];
    for order in 0..ORDER {
        if error <= 0.0 {
            return None;
        }
        let explained: f64 = (0..order).map(|i| model[i] * correlation[order - i]).sum();
        let reflection = (correlation[order + 1] - explained) / error;
        let before = model;
        for i in 0..order {
            model[i] = before[i] - reflection * before[order - 1 - i];
        }
        model[order] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    quantise(&model)
}

/// Coefficients as integers, each carrying the rounding error of the one before.
fn quantise(model: &[f64; ORDER]) -> Option<Linear> {
    let largest = model
        .iter()
        .fold(0.0_f64, |largest, c| largest.max(c.abs()));
    let limit = f64::from(1 << (PRECISION - 1));
    let shift = (0..=14_u32)
        .rev()
        .find(|shift| largest * f64::from(1 << shift) < limit - 1.0)?;
    let mut carried = 0.0;
    let coefficients = model
        .iter()
        .map(|c| {
            let exact = c * f64::from(1 << shift) + carried;
            let rounded = exact.round().clamp(-limit, limit - 1.0);
            carried = exact - rounded;
            rounded as i32
        })
        .collect();
    Some(Linear {
        coefficients,
        shift,
    })
}

/// What the predictor leaves; nothing when that would not fit 32 bits.
fn leftover(samples: &[i32], linear: &Linear) -> Option<Vec<i32>> {
    let order = linear.coefficients.len();
    samples
        .windows(order + 1)
        .map(|window| {
            let past = window[..order].iter().rev();
            let sum: i64 = past
                .zip(&linear.coefficients)
                .map(|(sample, c)| i64::from(*sample) * i64::from(*c))
                .sum();
            i32::try_from(i64::from(window[order]) - (sum >> linear.shift)).ok()
        })
        .collect()
}

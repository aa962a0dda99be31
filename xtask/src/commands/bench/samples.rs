//! The result of a measurement.

use serde::{Deserialize, Serialize};

/// The result of measuring a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Outcome {
    Measured(Samples),
    /// Something that the row needs is not installed.
    Missing {
        #[serde(rename = "missing")]
        reason: String,
    },
    Failed {
        #[serde(rename = "failed")]
        reason: String,
    },
}

impl Outcome {
    pub(super) fn missing(reason: impl Into<String>) -> anyhow::Result<Self> {
        Ok(Outcome::Missing { reason: reason.into() })
    }
}

/// The figures of each round, in the row's unit. The rounds of both sides alternate.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Samples {
    pub(super) ours: Vec<f64>,
    pub(super) theirs: Vec<f64>,
}

impl Samples {
    /// Returns the ratio of the medians. A single round that was slowed down does not affect it.
    pub(super) fn ratio(&self) -> f64 {
        median(&self.ours) / median(&self.theirs)
    }

    /// Returns the lower and the upper quartile of the rounds' ratios. Returns `None` if there was
    /// only one round.
    pub(super) fn spread(&self) -> Option<[f64; 2]> {
        if self.ours.len() < 2 {
            return None;
        }
        let ratios = self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs);
        let ratios: Vec<_> = ratios.collect();
        Some([quartile(&ratios, 1), quartile(&ratios, 3)])
    }
}

pub(super) fn median(numbers: &[f64]) -> f64 {
    quartile(numbers, 2)
}

/// Returns the first, second or third quartile. Without numbers, it is not a number.
fn quartile(numbers: &[f64], which: usize) -> f64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(f64::total_cmp);
    let index = numbers.len().saturating_sub(1) * which / 4;
    numbers.get(index).copied().unwrap_or(f64::NAN)
}

//! The figures of a measurement beside what they aim at and what other switches need.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One figure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    /// A stable name, the key in baselines.
    pub name: Cow<'static, str>,
    /// The measured value.
    pub value: f64,
    /// Its unit.
    pub unit: Cow<'static, str>,
    /// The value may be at most this; none where a figure is only informative.
    pub aim: Option<f64>,
    /// What others need for the same.
    pub others: Cow<'static, str>,
}

impl Figure {
    /// A figure that is only reported.
    pub fn note(name: &'static str, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit: unit.into(), aim: None, others: Cow::Borrowed("") }
    }

    /// Sets the most that the value may be.
    pub fn aim(self, most: f64) -> Self {
        Self { aim: Some(most), ..self }
    }

    /// Sets what other switches need.
    pub fn others(self, others: &'static str) -> Self {
        Self { others: others.into(), ..self }
    }

    /// Whether the aim, if any, is met.
    pub fn met(&self) -> bool {
        self.aim.is_none_or(|most| self.value <= most)
    }
}

/// All figures of one measurement.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// In the order they were measured.
    pub figures: Vec<Figure>,
}

impl Verdict {
    /// Whether every aim is met.
    pub fn met(&self) -> bool {
        self.figures.iter().all(Figure::met)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<34} {:>12} {:<6} {:>10}  {:<6} others", "figure", "value", "unit", "at most", "")?;
        for figure in &self.figures {
            let Figure { name, value, unit, aim, others } = figure;
            let most = aim.map_or_else(String::new, |most| format!("{most:.2}"));
            let word = match (aim, figure.met()) {
                (None, _) => "",
                (Some(_), true) => "met",
                (Some(_), false) => "MISSED",
            };
            writeln!(f, "{name:<34} {value:>12.3} {unit:<6} {most:>10}  {word:<6} {others}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_up_to_its_value() {
        let figure = Figure::note("cpu_per_call", 0.3, "ms");
        assert!(figure.clone().met());
        assert!(figure.clone().aim(0.3).met());
        assert!(!figure.aim(0.29).met());
    }
}

//! Generates the scenario of a token that names a seed instead of a file, and checks it.

use crate::sim::{
    Disturbance, SimError, Violation, check_generated, check_history, generate_history,
    generate_scenario,
};

/// A generated scenario and its violations.
pub(super) struct Generated {
    pub(super) seed: u64,
    /// The scenario as TOML.
    pub(super) text: String,
    pub(super) violations: Vec<Violation>,
}

impl Generated {
    /// Returns the scenario of a disturbance; none if its scenario is a file.
    pub(super) fn of(disturbance: Disturbance) -> Result<Option<Self>, SimError> {
        let (seed, text, violations) = match disturbance {
            Disturbance::Fuzz { seed } => {
                let text = generate_scenario(seed);
                let violations = check_generated(&text, seed)?.violations;
                (seed, text, violations)
            }
            Disturbance::History { seed } => {
                let text = generate_history(seed);
                let violations = check_history(&text)?.violations;
                (seed, text, violations)
            }
            _ => return Ok(None),
        };
        Ok(Some(Self {
            seed,
            text,
            violations,
        }))
    }
}

//! Numbers of steps, those inside runs included.

use std::fmt;

use serde::{Serialize, Serializer};

/// The number of a step: `2`, or `2.1` for the first step that happened inside the run of step 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepNumber(Vec<usize>);

impl StepNumber {
    /// Returns the number of the `nth` step of a scenario, from 1.
    pub(crate) fn of_scenario(nth: usize) -> Self {
        Self(vec![nth])
    }

    /// Returns the number of the `nth` step, from 1, inside the run of this step.
    pub(super) fn inside(&self, nth: usize) -> Self {
        let mut places = self.0.clone();
        places.push(nth);
        Self(places)
    }

    /// Returns whether the step happened inside a run.
    pub const fn is_during_run(&self) -> bool {
        self.0.len() > 1
    }

    /// Returns the place of the step in the scenario, then that in the `meanwhile` of each run
    /// around it, from 1.
    pub fn places(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for StepNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&places.join("."))
    }
}

impl Serialize for StepNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

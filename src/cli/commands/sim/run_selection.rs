//! Which runs of which scenarios are simulated.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::cli::CliError;
use crate::cli::commands::scenario::or_default_paths;
use crate::parallel::available_threads;
use crate::scenario::suite::{Case, ScenarioFile, find_scenarios};
use crate::sim::{ReplayToken, RunUnderTest, SimError, runs_under_test};

/// What every simulation is told.
#[derive(Debug, Args)]
pub(super) struct RunSelection {
    /// Scenarios, or folders of them; ./scenarios where none is named
    #[arg(value_name = "SCENARIO")]
    paths: Vec<PathBuf>,

    /// Only the run that is this step of its scenario
    #[arg(long, value_name = "N")]
    step: Option<String>,

    /// How many threads; all processors where not given
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// The scenario that a token speaks of, and the run.
pub(super) fn find_run(token: &ReplayToken) -> Result<(Case, RunUnderTest), CliError> {
    let case = Case::read(&token.scenario)?;
    let mut runs = runs_under_test(&token.scenario, &case.scenario)?.into_iter();
    let run = runs.find(|run| run.step() == token.step);
    let run = run.ok_or_else(|| SimError::NoStep(token.step.clone()))?;
    Ok((case, run))
}

impl RunSelection {
    /// The scenarios.
    pub(super) fn scenarios(&self) -> Result<Vec<ScenarioFile>, CliError> {
        Ok(find_scenarios(&or_default_paths(&self.paths))?)
    }

    /// The chosen runs of one; none where it only reproduces faults of other rules.
    pub(super) fn runs_in(&self, found: &ScenarioFile) -> Result<Vec<RunUnderTest>, CliError> {
        let case = Case::read(&found.path)?;
        let mut runs = match runs_under_test(&found.path, &case.scenario) {
            Err(SimError::NoRun) => return Ok(Vec::new()),
            other => other?,
        };
        if let Some(step) = &self.step {
            let known: Vec<_> = runs.iter().map(|run| run.step().to_owned()).collect();
            runs.retain(|run| run.step() == step);
            if runs.is_empty() {
                return Err(CliError::Usage(format!(
                    "step {step} of `{}` is no run that can be simulated; these are: {}",
                    found.path.display(),
                    known.join(", ")
                )));
            }
        }
        Ok(runs)
    }

    pub(super) fn jobs(&self) -> NonZeroUsize {
        self.jobs.unwrap_or_else(available_threads)
    }
}

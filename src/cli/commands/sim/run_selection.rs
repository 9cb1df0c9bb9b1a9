//! The arguments of simulations that select runs of scenarios.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::cli::commands::scenario::or_default_paths;
use crate::cli::error::CliError;
use crate::parallel::available_threads;
use crate::scenario::suite::{Case, ScenarioFile, find_scenarios};
use crate::sim::{ReplayToken, RunUnderTest, SimError, runs_under_test};

/// The selected runs, as typed, and the number of threads.
#[derive(Debug, Args)]
pub(super) struct RunSelection {
    /// Scenario files or folders; ./scenarios by default
    #[arg(value_name = "SCENARIO")]
    paths: Vec<PathBuf>,

    /// Only the run in this step of its scenario
    #[arg(long, value_name = "N")]
    step: Option<String>,

    /// Number of threads; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

/// Returns the scenario and the run of a token.
pub(super) fn find_run(token: &ReplayToken) -> Result<(Case, RunUnderTest), CliError> {
    let case = Case::read(&token.scenario)?;
    let mut runs = runs_under_test(&token.scenario, &case.scenario)?.into_iter();
    let run = runs.find(|run| run.step() == token.step);
    let run = run.ok_or_else(|| SimError::NoStep(token.step.clone()))?;
    Ok((case, run))
}

impl RunSelection {
    /// Returns the selected scenario files.
    pub(super) fn scenarios(&self) -> Result<Vec<ScenarioFile>, CliError> {
        Ok(find_scenarios(&or_default_paths(&self.paths))?)
    }

    /// Returns the selected runs of one scenario; none if each of its runs names a policy.
    pub(super) fn runs_in(&self, file: &ScenarioFile) -> Result<Vec<RunUnderTest>, CliError> {
        let case = Case::read(&file.path)?;
        let mut runs = match runs_under_test(&file.path, &case.scenario) {
            Err(SimError::NoRun) => return Ok(Vec::new()),
            other => other?,
        };
        if let Some(step) = &self.step {
            let known: Vec<_> = runs.iter().map(|run| run.step().to_owned()).collect();
            runs.retain(|run| run.step() == step);
            if runs.is_empty() {
                return Err(CliError::Usage(format!(
                    "step {step} of `{}` cannot be simulated (known: {})",
                    file.path.display(),
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

//! Errors of shrinking.

use std::path::PathBuf;

use thiserror::Error;

use super::condition::Condition;
use crate::scenario::runner::PlayError;
use crate::scenario::script::ScenarioError;

/// A scenario that could not be made smaller.
#[derive(Debug, Error)]
pub enum ShrinkError {
    /// The file is not a valid scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The scenario could not be played.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The condition does not hold for the scenario as given.
    #[error("the condition `{0}` does not hold for the scenario")]
    DoesNotHold(Condition),
    /// The golden file of the condition could not be read. Every transcript would differ from it.
    #[error("failed to read the golden file `{}`", path.display())]
    Golden {
        /// The path in the condition.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The shell did not find the command, or could not run it. Every scenario would meet the
    /// condition.
    #[error("the shell cannot run the command `{command}`: it ends with {code}")]
    CannotRun {
        /// The command as it was given.
        command: String,
        /// The exit code of the shell: 126 or 127.
        code: i32,
    },
    /// The command of the condition could not be run.
    #[error("failed to run the command `{command}`")]
    Command {
        /// The command as it was given.
        command: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

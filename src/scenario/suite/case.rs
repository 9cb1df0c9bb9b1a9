//! Reads one scenario file, plays it and holds its verdict.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::find::{ScenarioFile, find_fixture};
use crate::report::Palette;
use crate::scenario::runner::{CheckLevel, Finding, PlayError, PlayResult, StepNumber, play};
use crate::scenario::script::{NamedPolicy, Scenario, ScenarioError};
use crate::scenario::transcript::{Detail, transcript};

/// A scenario file that was read and parsed.
#[derive(Debug)]
pub struct Case {
    /// The path that the file was read from.
    pub path: PathBuf,
    /// The content of the file, for error reports and shrinking.
    pub text: String,
    /// The scenario that the file describes.
    pub scenario: Scenario,
}

/// A scenario file that could not be read or played.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The file or its golden file could not be read or written.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// The path of that file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not a valid scenario.
    #[error("invalid scenario file `{}`", path.display())]
    Scenario {
        /// The path of the scenario file.
        path: PathBuf,
        /// The content of the file, to point at the mistake.
        text: String,
        /// The mistake, with its place in the text.
        #[source]
        source: Box<ScenarioError>,
    },
    /// The scenario is valid but playing it failed.
    #[error("failed to play `{}`", path.display())]
    Play {
        /// The path of the scenario file.
        path: PathBuf,
        /// The error that ended the play.
        #[source]
        source: Box<PlayError>,
    },
    /// The scenario is valid, but the job under test could not play it.
    #[error("failed to play `{}` with the job", path.display())]
    Job {
        /// The path of the scenario file.
        path: PathBuf,
        /// The error that ended the play.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The verdict on a scenario file.
#[derive(Debug)]
pub struct CaseResult {
    /// The scenario file.
    pub file: ScenarioFile,
    /// The path of the golden file: that of the scenario, or of the scenario with a job.
    pub golden: PathBuf,
    /// The verdict on the file.
    pub verdict: Verdict,
    /// The outputs of the job under test, by step; none without a job.
    pub output: Vec<StepOutput>,
}

/// The output of a job under test in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutput {
    /// The number of the step.
    pub step: StepNumber,
    /// The lines of the output.
    pub lines: Vec<String>,
}

/// The transcript compared with the golden one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoldenMatch {
    /// They are equal.
    Same,
    /// There is no golden file, which is a failure where one is needed.
    Absent {
        /// Whether one is needed.
        is_failure: bool,
    },
    /// The golden file has another transcript.
    Differs(String),
}

/// The verdict on a scenario file.
#[derive(Debug)]
pub enum Verdict {
    /// All expectations and invariants hold, and the transcript matches the golden file.
    Passed,
    /// All expectations and invariants hold, and the transcript was written as the golden file.
    Accepted,
    /// The transcript differs from the golden file, or there are findings, or both.
    Failed {
        /// The findings, each with the name of its policy.
        findings: Vec<(String, Finding)>,
        /// The transcript compared with the golden file.
        golden: GoldenMatch,
        /// The transcript of this play, in golden form.
        transcript: String,
    },
    /// The job under test cannot take the scenario. It did not pass.
    NotApplicable {
        /// The reason in words.
        reason: String,
    },
    /// The file could not be read or played.
    Broken(CaseError),
}

impl Verdict {
    /// Returns true if the scenario passed or its transcript was accepted.
    pub const fn has_passed(&self) -> bool {
        matches!(self, Self::Passed | Self::Accepted)
    }
}

impl Case {
    /// Reads and parses a scenario file; its fixtures are searched next to it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a valid scenario.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let text = std::fs::read_to_string(path).map_err(|source| CaseError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let claim = path.file_stem().unwrap_or_default().to_string_lossy();
        let scenario = Scenario::read(&claim, &text, &|name| find_fixture(path, name));
        match scenario {
            Ok(scenario) => Ok(Self {
                path: path.to_owned(),
                text,
                scenario,
            }),
            Err(source) => Err(CaseError::Scenario {
                path: path.to_owned(),
                text,
                source: Box::new(source),
            }),
        }
    }

    /// Replaces the rules of the policies with the name of `replacement`.
    pub(super) fn replace_policy(&mut self, replacement: &NamedPolicy) {
        let policies = self.scenario.policies.iter_mut();
        for policy in policies.filter(|policy| policy.name == replacement.name) {
            policy.policy = replacement.policy;
        }
    }

    /// Plays the scenario under all of its policies.
    ///
    /// # Errors
    ///
    /// [`CaseError::Play`] if the play cannot go on.
    pub fn play(&self, check_level: CheckLevel) -> Result<PlayResult, CaseError> {
        play(&self.scenario, check_level).map_err(|source| CaseError::Play {
            path: self.path.clone(),
            source: Box::new(source),
        })
    }
}

/// Reads and plays a scenario file.
///
/// # Errors
///
/// Those of [`Case::read`] and [`Case::play`].
pub fn play_file(path: &Path, check_level: CheckLevel) -> Result<PlayResult, CaseError> {
    Case::read(path)?.play(check_level)
}

/// Returns the transcript in the form that golden files hold.
pub(super) fn golden_text(result: &PlayResult) -> String {
    transcript(result, Detail::Golden, Palette::Plain)
}

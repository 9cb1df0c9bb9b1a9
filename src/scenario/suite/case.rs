//! One scenario file: read, played, judged.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::find::{ScenarioFile, find_fixture};
use super::golden::Golden;
use crate::report::Palette;
use crate::scenario::runner::{CheckLevel, Finding, PlayError, PlayResult, play};
use crate::scenario::script::{NamedPolicy, Scenario, ScenarioError};
use crate::scenario::transcript::{Detail, transcript};

/// A scenario file that was read.
#[derive(Debug)]
pub struct Case {
    /// The file.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
    /// What it means.
    pub scenario: Scenario,
}

/// Why a file could not be played.
#[derive(Debug, Error)]
pub enum CaseError {
    /// It can't be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no scenario.
    #[error("`{}` is no scenario", path.display())]
    Scenario {
        /// Which.
        path: PathBuf,
        /// What stands in it.
        text: String,
        /// Why not.
        #[source]
        source: Box<ScenarioError>,
    },
    /// It can't be played.
    #[error("`{}` cannot be played", path.display())]
    Play {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<PlayError>,
    },
}

/// What became of a case.
#[derive(Debug)]
pub struct CaseResult {
    /// Which case.
    pub file: ScenarioFile,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a case.
#[derive(Debug)]
pub enum Verdict {
    /// It is as it should be.
    Passed,
    /// It is as it should be, and its transcript was taken as the golden one.
    Accepted,
    /// Its transcript is not the golden one, or something else is wrong, or both.
    Failed {
        /// What is not as it should be, each with its policy.
        findings: Vec<(String, Finding)>,
        /// The golden transcript, where the new one differs from it.
        differs: Option<Golden>,
        /// The new transcript.
        transcript: String,
    },
    /// It could not be played.
    Broken(CaseError),
}

impl Verdict {
    /// Whether it is as it should be.
    pub const fn has_passed(&self) -> bool {
        matches!(self, Self::Passed | Self::Accepted)
    }
}

impl Case {
    /// Reads a file.
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

    /// Lets a policy be played by other rules, under the name that it has.
    pub(super) fn replace_policy(&mut self, with: &NamedPolicy) {
        let policies = self.scenario.policies.iter_mut();
        for one in policies.filter(|one| one.name == with.name) {
            one.policy = with.policy;
        }
    }

    /// Plays it.
    pub fn play(&self, pace: CheckLevel) -> Result<PlayResult, CaseError> {
        play(&self.scenario, pace).map_err(|source| CaseError::Play {
            path: self.path.clone(),
            source: Box::new(source),
        })
    }
}

/// Reads and plays a file.
pub fn play_file(path: &Path, pace: CheckLevel) -> Result<PlayResult, CaseError> {
    Case::read(path)?.play(pace)
}

/// The golden form of what came of a scenario.
pub(super) fn golden_text(told: &PlayResult) -> String {
    transcript(told, Detail::Golden, Palette::Plain)
}

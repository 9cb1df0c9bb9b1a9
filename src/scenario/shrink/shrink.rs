//! Makes a scenario smaller as long as any smaller one will do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use thiserror::Error;

use super::condition::{Condition, Kind};
use super::draft::Draft;
use super::passes::smaller;
use super::text::text;
use crate::scenario::play::{Pace, PlayError, Told, play};
use crate::scenario::script::{FindFixture, Scenario, ScenarioError};

/// Why a scenario could not be made smaller.
#[derive(Debug, Error)]
pub enum ShrinkError {
    /// It is no scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// It can't be played.
    #[error(transparent)]
    Play(#[from] PlayError),
    /// The condition does not hold of it in the first place.
    #[error("the condition `{0}` does not hold of the scenario as it is")]
    DoesNotHold(Condition),
    /// The command of the condition can't be run.
    #[error("the command `{command}` cannot be run")]
    Command {
        /// Which.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The smallest scenario that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrunk {
    /// It as TOML text.
    pub text: String,
    /// In which way the condition holds, before and after.
    pub kind: Kind,
    /// How many drafts were tried.
    pub tried: usize,
    /// How many portfolios it has, of how many.
    pub portfolios: (usize, usize),
}

/// Makes a scenario smaller while a condition holds in the same way. `progress` is told how many
/// portfolios are left, and how many drafts were tried.
pub fn shrink(
    name: &str,
    source: &str,
    fixtures: &FindFixture<'_>,
    condition: &Condition,
    scratch: &Path,
    progress: &dyn Fn(usize, usize),
) -> Result<Shrunk, ShrinkError> {
    let scenario = Scenario::read(name, source, fixtures)?;
    let draft = Draft::read(source, &scenario, fixtures)?;
    let before = draft.portfolios.len();
    let trial = Trial {
        condition,
        scratch,
        description: scenario.world.description.clone(),
        name,
    };
    let kinds = trial.kinds(&draft)?;
    let Some(kind) = kinds.into_iter().next() else {
        return Err(ShrinkError::DoesNotHold(condition.clone()));
    };
    let (mut best, mut tried) = (draft, 1);
    loop {
        let calendar = &scenario.world.calendar;
        let mut found = None;
        for candidate in smaller(&best, calendar) {
            tried += 1;
            progress(best.portfolios.len(), tried);
            // What can't be read or played is no smaller case of the same kind.
            if trial
                .kinds(&candidate)
                .is_ok_and(|kinds| kinds.contains(&kind))
            {
                found = Some(candidate);
                break;
            }
        }
        match found {
            Some(smaller) => best = smaller,
            None => break,
        }
    }
    let told = trial.told(&best)?;
    Ok(Shrunk {
        portfolios: (best.portfolios.len(), before),
        text: text(&best, &trial.description, Some((&told, &kind))),
        kind,
        tried,
    })
}

struct Trial<'t> {
    condition: &'t Condition,
    scratch: &'t Path,
    description: String,
    name: &'t str,
}

impl Trial<'_> {
    fn told(&self, draft: &Draft) -> Result<Told, ShrinkError> {
        let text = text(draft, &self.description, None);
        let scenario = Scenario::read(self.name, &text, &|name| {
            Err(crate::scenario::script::FixtureError::Absent(
                name.to_owned(),
            ))
        })?;
        let pace = match self.condition {
            Condition::InvariantFails => Pace::Checked,
            _ => Pace::Unchecked,
        };
        Ok(play(&scenario, pace)?)
    }

    /// The kinds in which the condition holds of a draft.
    fn kinds(&self, draft: &Draft) -> Result<BTreeSet<Kind>, ShrinkError> {
        if let Condition::Command(words) = self.condition {
            return self.code(draft, words);
        }
        Ok(self.condition.kinds(&self.told(draft)?))
    }

    /// Whether the command ends with another code than 0 when it is given the draft as a file.
    fn code(&self, draft: &Draft, words: &str) -> Result<BTreeSet<Kind>, ShrinkError> {
        let unusable = |source| ShrinkError::Command {
            command: words.to_owned(),
            source,
        };
        let path = self.scratch.join("draft.toml");
        let text = text(draft, &self.description, None);
        std::fs::write(&path, text).map_err(unusable)?;
        let status = Command::new("sh")
            .args(["-c", &format!("{words} \"$0\"")])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let code = status.map_err(unusable)?.code().unwrap_or(-1);
        Ok((code != 0)
            .then_some(Kind::Code(code))
            .into_iter()
            .collect())
    }
}

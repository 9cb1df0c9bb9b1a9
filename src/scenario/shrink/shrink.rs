//! Makes a scenario smaller as long as any smaller one will do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use thiserror::Error;

use super::condition::{Condition, ConditionKind};
use super::draft::Draft;
use super::passes::candidates;
use super::text::draft_text;
use crate::domain::{Day, DayRange};
use crate::plan::PolicyName;
use crate::scenario::runner::{CheckLevel, PlayError, PlayResult, play};
use crate::scenario::script::{FindFixture, FixtureError, Scenario, ScenarioError};
use crate::scenario::world::World;

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
pub struct ShrinkResult {
    /// It as TOML text.
    pub text: String,
    /// In which way the condition holds, before and after.
    pub kind: ConditionKind,
    /// How many drafts were tried.
    pub tried: usize,
    /// How many portfolios it has, of how many.
    pub portfolios: (usize, usize),
}

impl ShrinkResult {
    /// How many lines of its text say something.
    pub fn lines(&self) -> usize {
        self.text.lines().filter(|line| !line.is_empty()).count()
    }
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
) -> Result<ShrinkResult, ShrinkError> {
    let scenario = Scenario::read(name, source, fixtures)?;
    let draft = Draft::read(source, &scenario, fixtures)?;
    let before = draft.portfolios.len();
    let trial = Trial {
        condition,
        scratch,
        name,
    };
    let kinds = trial.kinds(&draft)?;
    let Some(kind) = preferred_kind(kinds) else {
        return Err(ShrinkError::DoesNotHold(condition.clone()));
    };
    let (mut size, mut best, mut tried) = (trial.size(&draft)?, draft, 1);
    let mut in_vain = BTreeSet::new();
    while let Some((smaller, of_smaller)) = candidates(&best, &scenario.world.calendar)
        .into_iter()
        .find_map(|candidate| {
            // What can't be read or played is no smaller case of the same kind.
            let of_candidate = trial.size(&candidate).ok().filter(|one| *one < size)?;
            if !in_vain.insert(trial.text(&candidate)) {
                return None;
            }
            tried += 1;
            progress(best.portfolios.len(), tried);
            let kinds = trial.kinds(&candidate).ok()?;
            kinds.contains(&kind).then_some((candidate, of_candidate))
        })
    {
        (best, size) = (smaller, of_smaller);
    }
    let told = trial.play(&best)?;
    Ok(ShrinkResult {
        portfolios: (best.portfolios.len(), before),
        text: draft_text(&best, Some((&told, &kind, name))),
        kind,
        tried,
    })
}

/// The kind that a case is about: how somebody else's policy is worse than ours, if it is.
fn preferred_kind(kinds: BTreeSet<ConditionKind>) -> Option<ConditionKind> {
    let ours = PolicyName::PerCell.name();
    let than_ours = |kind: &&ConditionKind| matches!(kind, ConditionKind::Policies { better, .. } if better == ours);
    kinds
        .iter()
        .find(than_ours)
        .or_else(|| kinds.first())
        .cloned()
}

struct Trial<'t> {
    condition: &'t Condition,
    scratch: &'t Path,
    name: &'t str,
}

impl Trial<'_> {
    fn text(&self, draft: &Draft) -> String {
        draft_text(draft, None)
    }

    fn scenario(&self, draft: &Draft) -> Result<Scenario, ScenarioError> {
        Scenario::read(self.name, &self.text(draft), &|name| {
            Err(FixtureError::Absent(name.to_owned()))
        })
    }

    /// How large a draft is: portfolios, then what happens, then the sessions of all lives, then
    /// what is open of them, then letters. Only what is smaller in this is tried, so that it ends.
    fn size(&self, draft: &Draft) -> Result<[usize; 5], ScenarioError> {
        let scenario = self.scenario(draft)?;
        let world = &scenario.world;
        let last = world.priced_days.last();
        let lived = world.portfolios.iter().filter_map(|one| {
            let days = DayRange::new(one.portfolio.lifecycle.inception(), last).ok()?;
            world.calendar.sessions(days).ok().map(<[_]>::len)
        });
        Ok([
            draft.portfolios.len(),
            draft.lists().map(<[_]>::len).sum(),
            lived.sum(),
            open_cells(world, last),
            self.text(draft).len(),
        ])
    }

    fn play(&self, draft: &Draft) -> Result<PlayResult, ShrinkError> {
        let scenario = self.scenario(draft)?;
        let pace = match self.condition {
            Condition::InvariantFails => CheckLevel::Invariants,
            _ => CheckLevel::ExpectationsOnly,
        };
        Ok(play(&scenario, pace)?)
    }

    /// The kinds in which the condition holds of a draft.
    fn kinds(&self, draft: &Draft) -> Result<BTreeSet<ConditionKind>, ShrinkError> {
        if let Condition::Command(words) = self.condition {
            return self.command_kinds(draft, words);
        }
        if let Condition::Oracle(judge) = self.condition {
            return Ok(judge.kinds(&self.scenario(draft)?));
        }
        Ok(self.condition.kinds(&self.play(draft)?))
    }

    /// Whether the command ends with another code than 0 when it is given the draft as a file.
    fn command_kinds(
        &self,
        draft: &Draft,
        words: &str,
    ) -> Result<BTreeSet<ConditionKind>, ShrinkError> {
        let unusable = |source| ShrinkError::Command {
            command: words.to_owned(),
            source,
        };
        let path = self.scratch.join("draft.toml");
        std::fs::write(&path, self.text(draft)).map_err(unusable)?;
        let status = Command::new("sh")
            .args(["-c", &format!("{words} \"$0\"")])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let code = status.map_err(unusable)?.code().unwrap_or(-1);
        Ok((code != 0)
            .then_some(ConditionKind::ExitCode(code))
            .into_iter()
            .collect())
    }
}

/// How many cells of a world are not done.
fn open_cells(world: &World, last: Day) -> usize {
    let open = world.portfolios.iter().map(|one| {
        let days = DayRange::new(one.portfolio.lifecycle.inception(), last).ok();
        let sessions = days.and_then(|days| world.calendar.sessions(days).ok());
        sessions
            .map_or(0, <[_]>::len)
            .saturating_sub(one.done.len())
    });
    open.sum()
}

//! Makes a scenario smaller as long as a smaller one still meets the condition.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

use super::condition::{Condition, ConditionKind, is_enough};
use super::draft::Draft;
use super::passes::candidates;
use super::text::{case_text, draft_text};
use crate::domain::{Calendar, Day, DayRange};
use crate::plan::PolicyName;
use crate::scenario::load::WorldHistory;
use crate::scenario::runner::{CheckLevel, PlayError, PlayResult, PolicyResult, play_until};
use crate::scenario::script::{Action, FindFixture, FixtureError, Scenario, ScenarioError};
use crate::scenario::suite::Golden;
use crate::scenario::world::World;

/// The exit codes with which a shell says that it cannot run a command, or does not find it.
const SHELL_ERRORS: [i32; 2] = [126, 127];

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

/// The smallest scenario that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShrinkResult {
    /// The scenario as TOML, with its expectations.
    pub text: String,
    /// The kind in which the condition holds, before and after.
    pub kind: ConditionKind,
    /// The number of drafts that were tried.
    pub tried: usize,
    /// The number of portfolios after and before.
    pub portfolios: (usize, usize),
}

impl ShrinkResult {
    /// Returns the number of lines that are not empty.
    pub fn lines(&self) -> usize {
        self.text.lines().filter(|line| !line.is_empty()).count()
    }
}

/// Makes a scenario smaller while the condition holds in the same kind. `progress` gets the number
/// of portfolios left and of drafts tried; `scratch` is a folder for the file of a command.
///
/// # Errors
///
/// The scenario is invalid, can't be played or does not meet the condition, or a command can't be
/// run.
pub fn shrink(
    name: &str,
    source: &str,
    fixtures: &FindFixture<'_>,
    condition: &Condition,
    scratch: &Path,
    progress: &dyn Fn(usize, usize),
) -> Result<ShrinkResult, ShrinkError> {
    let scenario = Scenario::read(name, source, fixtures)?;
    let draft = Draft::read(source, fixtures)?;
    let before = draft.portfolios.len();
    let mut trial = Trial {
        condition,
        golden: golden(condition)?,
        scratch,
        name,
        history: history_of(condition, &scenario),
    };
    let calendar = &scenario.world.calendar;
    let mut found = trial.shrink(&draft, calendar, progress)?;
    // A history that is only marked done says nothing of cells that cannot be computed.
    if trial.history == WorldHistory::Marked && !trial.holds_computed(&found)? {
        trial.history = WorldHistory::Computed;
        found = trial.shrink(&draft, calendar, progress)?;
    }
    trial.history = WorldHistory::Computed;
    let result = trial.play(&trial.scenario(&found.best)?)?;
    Ok(ShrinkResult {
        portfolios: (found.best.portfolios.len(), before),
        text: case_text(&found.best, &result, &found.kind, name)?,
        kind: found.kind,
        tried: found.tried,
    })
}

/// The smallest draft of a search.
struct Found {
    best: Draft,
    kind: ConditionKind,
    tried: usize,
}

/// Returns how the done cells of a world are made for a condition. The figures of cells that a world
/// declares done cost most of a trial, and decide nothing where only the choice of cells counts. A
/// step that changes sources looks at what the done cells used.
fn history_of(condition: &Condition, scenario: &Scenario) -> WorldHistory {
    let chooses = matches!(condition, Condition::LeftBehind | Condition::PoliciesDiffer);
    let mut steps = scenario.steps.iter();
    let only_runs = steps.all(|step| match &step.action {
        Action::Run(run) => run.meanwhile.is_empty(),
        Action::Plan(_) | Action::Advance(_) | Action::Clock(_) => true,
        _ => false,
    });
    match chooses && only_runs && scenario.world.corrections.is_empty() {
        true => WorldHistory::Marked,
        false => WorldHistory::Computed,
    }
}

/// Returns the kind that a case is about: some policy being worse than `per-cell` if it is, else
/// the first.
fn preferred_kind(kinds: Vec<ConditionKind>) -> Option<ConditionKind> {
    let default_policy = PolicyName::PerCell.name();
    let is_worse_than_default = |kind: &&ConditionKind| matches!(kind, ConditionKind::Policies { better, .. } if better == default_policy);
    kinds
        .iter()
        .find(is_worse_than_default)
        .or_else(|| kinds.first())
        .cloned()
}

/// Reads the golden file that a condition names, if it names one.
fn golden(condition: &Condition) -> Result<Option<Golden>, ShrinkError> {
    let Condition::DiffersFrom(path) = condition else {
        return Ok(None);
    };
    let unreadable = |source| ShrinkError::Golden {
        path: path.clone(),
        source,
    };
    match Golden::read(path).map_err(unreadable)? {
        Golden::Absent => Err(unreadable(std::io::ErrorKind::NotFound.into())),
        golden => Ok(Some(golden)),
    }
}

struct Trial<'t> {
    condition: &'t Condition,
    golden: Option<Golden>,
    scratch: &'t Path,
    name: &'t str,
    history: WorldHistory,
}

impl Trial<'_> {
    /// Searches for the smallest draft on which the condition holds as on the given one.
    fn shrink(
        &self,
        draft: &Draft,
        calendar: &Calendar,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Found, ShrinkError> {
        let text = draft_text(draft)?;
        let mut scenario = self.read(&text)?;
        let mut size = size(draft, &scenario, &text);
        let kinds = self.kinds(&mut scenario, &text, None)?;
        let Some(kind) = preferred_kind(kinds) else {
            return Err(ShrinkError::DoesNotHold(self.condition.clone()));
        };
        let (mut best, mut tried) = (draft.clone(), 1);
        let mut tried_texts = BTreeSet::new();
        loop {
            let smaller = candidates(&best, calendar).find_map(|candidate| {
                // A candidate that can't be read or played is not a case of the same kind.
                let text = draft_text(&candidate).ok()?;
                let mut scenario = self.read(&text).ok()?;
                let candidate_size = self::size(&candidate, &scenario, &text);
                // Different passes lead to the same draft, and playing one is the slow part.
                if candidate_size >= size || !tried_texts.insert(text.clone()) {
                    return None;
                }
                tried += 1;
                progress(best.portfolios.len(), tried);
                let kinds = self.kinds(&mut scenario, &text, Some(&kind)).ok()?;
                let holds = kinds.iter().any(|found| found.is_like(&kind));
                holds.then_some((candidate, candidate_size))
            });
            match smaller {
                Some((smaller, size_of_smaller)) => (best, size) = (smaller, size_of_smaller),
                None => break,
            }
        }
        Ok(Found { best, kind, tried })
    }

    /// Tells whether the condition holds in the same kind on a draft whose history is computed.
    fn holds_computed(&self, found: &Found) -> Result<bool, ShrinkError> {
        let computed = Trial {
            condition: self.condition,
            golden: None,
            scratch: self.scratch,
            name: self.name,
            history: WorldHistory::Computed,
        };
        let text = draft_text(&found.best)?;
        let kinds = computed.kinds(&mut self.read(&text)?, &text, Some(&found.kind));
        Ok(kinds.is_ok_and(|kinds| kinds.iter().any(|kind| kind.is_like(&found.kind))))
    }

    fn scenario(&self, draft: &Draft) -> Result<Scenario, ScenarioError> {
        self.read(&draft_text(draft)?)
    }

    fn read(&self, text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::read(self.name, text, &|name| {
            Err(FixtureError::Absent(name.to_owned()))
        })
    }

    fn play(&self, scenario: &Scenario) -> Result<PlayResult, ShrinkError> {
        let check_level = match self.condition {
            Condition::InvariantFails => CheckLevel::Invariants,
            _ => CheckLevel::ExpectationsOnly,
        };
        let enough = |result: &PolicyResult| is_enough(self.condition, result);
        Ok(play_until(scenario, check_level, self.history, enough)?)
    }

    /// Returns the kinds in which the condition holds for a scenario with this text. With a `kind`,
    /// only the policies that it is about are played.
    fn kinds(
        &self,
        scenario: &mut Scenario,
        text: &str,
        kind: Option<&ConditionKind>,
    ) -> Result<Vec<ConditionKind>, ShrinkError> {
        if let Condition::Command(command) = self.condition {
            return self.command_kinds(text, command);
        }
        if let Condition::Oracle(oracle) = self.condition {
            return Ok(oracle.kinds(scenario));
        }
        if let Some(names) = kind.and_then(ConditionKind::policies) {
            let is_named = |name: &str| names.contains(&name);
            scenario.policies.retain(|policy| is_named(&policy.name));
        }
        if *self.condition == Condition::LeftBehind {
            // The first kind counts, by name.
            scenario.policies.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let result = self.play(scenario)?;
        Ok(self.condition.kinds(&result, self.golden.as_ref()))
    }

    /// Runs the command with the draft as a file; it holds if the code is not 0.
    fn command_kinds(&self, text: &str, command: &str) -> Result<Vec<ConditionKind>, ShrinkError> {
        let command_error = |source| ShrinkError::Command {
            command: command.to_owned(),
            source,
        };
        let path = self.scratch.join("draft.toml");
        std::fs::write(&path, text).map_err(command_error)?;
        let status = Command::new("sh")
            // The path goes in as `$0`, so that the shell does not split it.
            .args(["-c", &format!("{command} \"$0\"")])
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let code = status.map_err(command_error)?.code().unwrap_or(-1);
        if SHELL_ERRORS.contains(&code) {
            return Err(ShrinkError::CannotRun {
                command: command.to_owned(),
                code,
            });
        }
        let kind = (code != 0).then_some(ConditionKind::ExitCode(code));
        Ok(kind.into_iter().collect())
    }
}

/// Returns the size of a draft: portfolios, entries of lists, sessions of all lifecycles, open cells,
/// bytes of text. Only candidates that are smaller by this order are tried, so that shrinking ends.
fn size(draft: &Draft, scenario: &Scenario, text: &str) -> [usize; 5] {
    let world = &scenario.world;
    let last = world.priced_days.last();
    let sessions = world.portfolios.iter().filter_map(|portfolio| {
        let days = DayRange::new(portfolio.portfolio.lifecycle.inception(), last).ok()?;
        world.calendar.sessions(days).ok().map(<[_]>::len)
    });
    [
        draft.portfolios.len(),
        draft.lists().map(<[_]>::len).sum(),
        sessions.sum(),
        open_cells(world, last),
        text.len(),
    ]
}

/// Returns the number of cells of a world that are not done.
fn open_cells(world: &World, last: Day) -> usize {
    let open = world.portfolios.iter().map(|portfolio| {
        let days = DayRange::new(portfolio.portfolio.lifecycle.inception(), last).ok();
        let sessions = days.and_then(|days| world.calendar.sessions(days).ok());
        sessions
            .map_or(0, <[_]>::len)
            .saturating_sub(portfolio.done.len())
    });
    open.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n\
                        [[step]]\nrun = {}\n";

    fn shrink_to(condition: &str) -> Result<ShrinkResult, ShrinkError> {
        let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
        let scratch = tempfile::tempdir().unwrap();
        let condition = condition.parse().unwrap();
        shrink(
            "a",
            TEXT,
            &no_fixture,
            &condition,
            scratch.path(),
            &|_, _| {},
        )
    }

    #[test]
    fn a_condition_that_always_holds_is_refused() {
        let missing = shrink_to("differs-from:snapshots/missing.snap");
        assert!(
            matches!(missing, Err(ShrinkError::Golden { .. })),
            "{missing:?}"
        );
        let unknown = shrink_to("command:plimsoll-unknown-command");
        assert!(
            matches!(unknown, Err(ShrinkError::CannotRun { code: 127, .. })),
            "{unknown:?}"
        );
        let failing = shrink_to("command:false #").unwrap();
        assert_eq!(failing.kind, ConditionKind::ExitCode(1));
    }
}

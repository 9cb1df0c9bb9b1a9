//! Tries a draft: plays it, or runs a command, and tells in which kinds the condition holds.

use std::path::Path;
use std::process::{Command, Stdio};

use super::condition::{Condition, ConditionKind, is_enough};
use super::draft::Draft;
use super::error::ShrinkError;
use super::text::draft_text;
use crate::domain::{Day, DayRange};
use crate::scenario::load::WorldHistory;
use crate::scenario::runner::{CheckLevel, PlayResult, PolicyResult, play_until};
use crate::scenario::script::{FixtureError, Scenario, ScenarioError};
use crate::scenario::suite::Golden;
use crate::scenario::world::World;

/// The exit codes with which a shell says that it cannot run a command, or does not find it.
const SHELL_ERRORS: [i32; 2] = [126, 127];

/// A condition, and how a draft is tried.
pub(super) struct Trial<'t> {
    pub(super) condition: &'t Condition,
    pub(super) golden: Option<Golden>,
    pub(super) scratch: &'t Path,
    pub(super) name: &'t str,
    pub(super) history: WorldHistory,
}

impl Trial<'_> {
    pub(super) fn scenario(&self, draft: &Draft) -> Result<Scenario, ScenarioError> {
        self.read(&draft_text(draft)?)
    }

    pub(super) fn read(&self, text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::read(self.name, text, &|name| {
            Err(FixtureError::Absent(name.to_owned()))
        })
    }

    pub(super) fn play(&self, scenario: &Scenario) -> Result<PlayResult, ShrinkError> {
        let check_level = match self.condition {
            Condition::InvariantFails => CheckLevel::Invariants,
            _ => CheckLevel::ExpectationsOnly,
        };
        let enough = |result: &PolicyResult| is_enough(self.condition, result);
        Ok(play_until(scenario, check_level, self.history, enough)?)
    }

    /// Returns the kinds in which the condition holds for a scenario with this text. With a `kind`,
    /// only the policies that it is about are played.
    pub(super) fn kinds(
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
            // The play ends at the first policy that leaves cells behind, and the kind is that of the
            // first such policy by name.
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
pub(super) fn size_of(draft: &Draft, scenario: &Scenario, text: &str) -> [usize; 5] {
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

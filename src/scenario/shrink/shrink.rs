//! Makes a scenario smaller as long as a smaller one still meets the condition.

use std::collections::BTreeSet;
use std::path::Path;

use super::condition::{Condition, ConditionKind};
use super::draft::Draft;
use super::error::ShrinkError;
use super::passes::candidates;
use super::text::{case_text, draft_text};
use super::trial::{Trial, size_of};
use crate::domain::Calendar;
use crate::plan::PolicyName;
use crate::scenario::load::WorldHistory;
use crate::scenario::script::{Action, FindFixture, Scenario};
use crate::scenario::suite::Golden;

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
    // A kind without policies has no expectations of theirs.
    let result = match found.kind.policies() {
        Some(_) => Some(trial.play(&trial.scenario(&found.best)?)?),
        None => None,
    };
    Ok(ShrinkResult {
        portfolios: (found.best.portfolios.len(), before),
        text: case_text(&found.best, result.as_ref(), &found.kind, name)?,
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
pub(super) fn history_of(condition: &Condition, scenario: &Scenario) -> WorldHistory {
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
        let mut size = size_of(draft, &scenario, &text);
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
                let candidate_size = size_of(&candidate, &scenario, &text);
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

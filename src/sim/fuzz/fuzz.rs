//! Tales played, broken and held against the twin.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;

use super::tale::tale;
use super::twin;
use crate::domain::{DayRange, PhaseSet, PortfolioId, Scope};
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, FindingKind, play};
use crate::scenario::script::{FixtureError, RunEnd, Scenario};
use crate::sim::course::Course;
use crate::sim::draws::Draws;
use crate::sim::faults::{calls_of, struck};
use crate::sim::finding::{Finding, Token};
use crate::sim::image::{Extent, images};
use crate::sim::leftovers::Leftovers;
use crate::sim::pair::one_pair;
use crate::sim::subject::{SimError, Subject, subjects};
use crate::store::disk::{Aftermath, Fault, FaultDuration, InjectedDiskFault};
use crate::store::{Store, StoreError};

/// How many crashes and faults are drawn for the run that a tale is broken at.
const CRASHES: usize = 6;
const FAULTS: usize = 6;

/// Which tales are told.
#[derive(Debug, Clone, Copy)]
pub struct FuzzTerms {
    /// The first seed.
    pub seed: u64,
    /// How many seeds from there on.
    pub seeds: u64,
    /// How many tales at once.
    pub jobs: NonZeroUsize,
}

/// What came of tales.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fuzzed {
    /// How many tales were told.
    pub tales: usize,
    /// How many runs were made in all.
    pub runs: u64,
    /// How many sessions of how many portfolios those runs were to keep, added up.
    pub portfolio_days: u64,
    /// What does not hold, by seed.
    pub findings: Vec<Finding>,
}

/// What came of one tale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// How many runs were made.
    pub runs: u64,
    /// How many cells they were to keep, added up.
    pub portfolio_days: u64,
    /// What does not hold.
    pub wrong: Vec<String>,
}

impl Fuzzed {
    /// Takes in what came of more tales.
    pub fn take_in(&mut self, more: Self) {
        self.tales += more.tales;
        self.runs += more.runs;
        self.portfolio_days += more.portfolio_days;
        self.findings.extend(more.findings);
    }
}

/// Tells tales, one a seed.
pub fn fuzz(terms: &FuzzTerms) -> Result<Fuzzed, SimError> {
    let seeds: Vec<u64> = (0..terms.seeds)
        .map(|number| terms.seed.wrapping_add(number))
        .collect();
    let mut fuzzed = Fuzzed::default();
    let tried = map(terms.jobs, &seeds, |seed| tell(&tale(*seed), *seed));
    for (seed, tried) in seeds.into_iter().zip(tried) {
        let tried = tried?;
        fuzzed.tales += 1;
        fuzzed.runs += tried.runs;
        fuzzed.portfolio_days += tried.portfolio_days;
        fuzzed
            .findings
            .extend(tried.wrong.into_iter().map(|says| Finding {
                token: Token::of_tale(seed),
                says,
            }));
    }
    Ok(fuzzed)
}

/// Plays a tale with every invariant, and breaks one of its runs as the seed says.
pub fn tell(text: &str, seed: u64) -> Result<Tried, SimError> {
    tell_scenario(&scenario(text)?, seed)
}

/// The same with a scenario that was read.
pub(in crate::sim) fn tell_scenario(scenario: &Scenario, seed: u64) -> Result<Tried, SimError> {
    let mut tried = Tried::default();
    let told = play(scenario, CheckLevel::Invariants)?;
    for (_, found) in told.findings() {
        if found.kind == FindingKind::Invariant {
            let act = found.step.as_deref().unwrap_or("the end");
            tried.wrong.push(format!("{} (step {act})", found.message));
        }
    }
    let runs = subjects(Path::new("tale.toml"), scenario)?;
    tried.runs += runs.len() as u64;
    if let Some(last) = runs.last() {
        against_the_twin(last, &mut tried)?;
    }
    let mut draws = Draws::new(seed, "break");
    if let Some(broken) = draws.pick(&runs) {
        break_it(broken, &mut draws, &mut tried)?;
    }
    Ok(tried)
}

/// The scenario of a tale.
pub(in crate::sim) fn scenario(text: &str) -> Result<Scenario, SimError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Scenario::read("tale", text, &no_fixture).map_err(|error| SimError::Tale(error.to_string()))
}

/// The last run of a tale, alone: when it says that all is done, it is, and nothing else is said
/// to be; and its watermark is where the first hole is.
fn against_the_twin(subject: &Subject, tried: &mut Tried) -> Result<(), SimError> {
    let disk = subject.disk();
    let attempt = subject.make(&disk, subject.asked(), 0, &|_| {});
    tried.runs += 1;
    let Ok(outcome) = &attempt.ended else {
        return Ok(());
    };
    let store = Store::open(&disk)?;
    let (portfolios, done) = store.read(|reading| {
        Ok::<_, StoreError>((
            reading.portfolios()?,
            reading.coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?,
        ))
    })?;
    let (calendar, target) = (&subject.settings().calendar, outcome.plan.target.day);
    let required = twin::required(&portfolios, calendar, target);
    tried.portfolio_days += required.len() as u64;
    if outcome.plan.scope != Scope::AllActive {
        return Ok(());
    }
    if attempt.end == RunEnd::Complete {
        for (id, day) in twin::missing(&required, &done) {
            let wrong = &mut tried.wrong;
            wrong.push(format!(
                "the run is complete, and not done is: portfolio {} on {day}",
                id.0
            ));
        }
    }
    let expected = twin::watermark(&required, &done, calendar, target);
    let found = outcome.watermark_after.day();
    let nobody = required.is_empty();
    if !nobody && attempt.end == RunEnd::Complete && found != expected {
        let told =
            |day: Option<crate::domain::Day>| day.map_or("none".to_owned(), |day| day.to_string());
        tried.wrong.push(format!(
            "the watermark differs from the twin's: {} and not {}",
            told(found),
            told(expected)
        ));
    }
    for (day, phase, who) in done.iter() {
        for id in who.iter().map(PortfolioId) {
            let known = portfolios.iter().find(|one| one.id == id);
            let lives = known.is_some_and(|one| one.lifecycle.inception() <= day);
            if !lives {
                tried.wrong.push(format!(
                    "done outside of a life: {phase} of portfolio {} on {day}",
                    id.0
                ));
            }
        }
    }
    Ok(())
}

/// Lets a run crash, fail and meet another as drawn.
fn break_it(subject: &Subject, draws: &mut Draws, tried: &mut Tried) -> Result<(), SimError> {
    let days_before = tried.portfolio_days;
    let course = Course::undrawn(subject)?;
    let leftovers = Leftovers::of(subject, &course);
    let mut runs = 2;
    for _ in 0..CRASHES {
        tried.wrong.extend(one_crash(&course, &leftovers, draws)?);
        runs += 2;
    }
    let calls = calls_of(subject);
    for _ in 0..FAULTS {
        let at = draws.below(calls.len());
        let fits = |fault: &Fault| calls.get(at).is_some_and(|call| fault.applies_to(*call));
        let fitting: Vec<Fault> = Fault::ALL.into_iter().filter(fits).collect();
        let Some(fault) = draws.pick(&fitting).copied() else {
            continue;
        };
        let lasting = if draws.percent(50) {
            FaultDuration::Once
        } else {
            FaultDuration::Always
        };
        let strike = InjectedDiskFault {
            at,
            fault,
            duration: lasting,
        };
        let (_, wrong) = struck(&leftovers, strike)?;
        tried.wrong.extend(wrong);
        runs += 3;
    }
    let pair = one_pair(subject, &course, calls.len(), draws.number())?;
    tried.wrong.extend(pair.wrong);
    tried.runs += runs + 3;
    tried.portfolio_days = days_before * (runs + 3);
    Ok(())
}

/// A crash at a point that is drawn, and one of the disks it can leave.
fn one_crash(
    course: &Course,
    leftovers: &Leftovers<'_>,
    draws: &mut Draws,
) -> Result<Vec<String>, SimError> {
    let point = draws.below(course.log.len() + 1);
    let mut aftermath = Aftermath::of(&course.before);
    course.log[..point]
        .iter()
        .for_each(|one| aftermath.pass(one));
    let pending = aftermath.pending();
    let extent = Extent {
        exhaustive: 3,
        samples: 4,
    };
    let images = images(pending, extent, false);
    let Some(image) = draws.pick(&images) else {
        return Ok(Vec::new());
    };
    let kept = image.kept(pending, point, draws.number());
    let wrong = leftovers.judged(aftermath.left(&kept))?;
    let after = |says| format!("{says} (crash after {point} operations, {image})");
    Ok(wrong.into_iter().map(after).collect())
}

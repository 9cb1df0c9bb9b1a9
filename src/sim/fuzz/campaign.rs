//! Tales played, broken and held against the twin.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;

use super::generator::generate_scenario;
use super::reference_model;
use crate::domain::{DayRange, PhaseSet, PortfolioId, Scope};
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, FindingKind, play};
use crate::scenario::script::{FixtureError, RunEnd, Scenario};
use crate::sim::baseline::Baseline;
use crate::sim::crash_image::{Sampling, crash_images};
use crate::sim::disk_checks::DiskChecker;
use crate::sim::faults::{record_calls, run_with_fault};
use crate::sim::finding::{Finding, ReplayToken};
use crate::sim::pair::run_pair;
use crate::sim::random::RandomSource;
use crate::sim::run_under_test::{RunUnderTest, SimError, runs_under_test};
use crate::store::disk::{CrashState, Fault, FaultDuration, InjectedDiskFault};
use crate::store::{Store, StoreError};

/// How many crashes and faults are drawn for the run that a tale is broken at.
const CRASHES: usize = 6;
const FAULTS: usize = 6;

/// Which tales are told.
#[derive(Debug, Clone, Copy)]
pub struct FuzzOptions {
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
pub struct FuzzReport {
    /// How many tales were told.
    #[serde(rename = "tales")]
    pub scenarios: usize,
    /// How many runs were made in all.
    pub runs: u64,
    /// How many sessions of how many portfolios those runs were to keep, added up.
    pub portfolio_days: u64,
    /// What does not hold, by seed.
    pub findings: Vec<Finding>,
}

/// What came of one tale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeedResult {
    /// How many runs were made.
    pub runs: u64,
    /// How many cells they were to keep, added up.
    pub portfolio_days: u64,
    /// What does not hold.
    pub violations: Vec<String>,
}

impl FuzzReport {
    /// Takes in what came of more tales.
    pub fn merge(&mut self, more: Self) {
        self.scenarios += more.scenarios;
        self.runs += more.runs;
        self.portfolio_days += more.portfolio_days;
        self.findings.extend(more.findings);
    }
}

/// Tells tales, one a seed.
pub fn fuzz(terms: &FuzzOptions) -> Result<FuzzReport, SimError> {
    let seeds: Vec<u64> = (0..terms.seeds)
        .map(|number| terms.seed.wrapping_add(number))
        .collect();
    let mut fuzzed = FuzzReport::default();
    let tried = map(terms.jobs, &seeds, |seed| {
        check_generated(&generate_scenario(*seed), *seed)
    });
    for (seed, tried) in seeds.into_iter().zip(tried) {
        let tried = tried?;
        fuzzed.scenarios += 1;
        fuzzed.runs += tried.runs;
        fuzzed.portfolio_days += tried.portfolio_days;
        fuzzed
            .findings
            .extend(tried.violations.into_iter().map(|says| Finding {
                token: ReplayToken::fuzz(seed),
                message: says,
            }));
    }
    Ok(fuzzed)
}

/// Plays a tale with every invariant, and breaks one of its runs as the seed says.
pub fn check_generated(text: &str, seed: u64) -> Result<SeedResult, SimError> {
    check_scenario(&parse_generated(text)?, seed)
}

/// The same with a scenario that was read.
pub(in crate::sim) fn check_scenario(
    scenario: &Scenario,
    seed: u64,
) -> Result<SeedResult, SimError> {
    let mut tried = SeedResult::default();
    let told = play(scenario, CheckLevel::Invariants)?;
    for (_, found) in told.findings() {
        if found.kind == FindingKind::Invariant {
            let act = found.step.as_deref().unwrap_or("the end");
            tried
                .violations
                .push(format!("{} (step {act})", found.message));
        }
    }
    let runs = runs_under_test(Path::new("tale.toml"), scenario)?;
    tried.runs += runs.len() as u64;
    if let Some(last) = runs.last() {
        check_against_reference(last, &mut tried)?;
    }
    let mut draws = RandomSource::new(seed, "break");
    if let Some(broken) = draws.choose(&runs) {
        inject_random_faults(broken, &mut draws, &mut tried)?;
    }
    Ok(tried)
}

/// The scenario of a tale.
pub(in crate::sim) fn parse_generated(text: &str) -> Result<Scenario, SimError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Scenario::read("tale", text, &no_fixture)
        .map_err(|error| SimError::GeneratedScenario(error.to_string()))
}

/// The last run of a tale, alone: when it says that all is done, it is, and nothing else is said
/// to be; and its watermark is where the first hole is.
fn check_against_reference(subject: &RunUnderTest, tried: &mut SeedResult) -> Result<(), SimError> {
    let disk = subject.disk();
    let attempt = subject.run(&disk, subject.request(), 0, &|_| {});
    tried.runs += 1;
    let Ok(outcome) = &attempt.result else {
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
    let required = reference_model::required_cells(&portfolios, calendar, target);
    tried.portfolio_days += required.len() as u64;
    if outcome.plan.scope != Scope::AllActive {
        return Ok(());
    }
    if attempt.end == RunEnd::Complete {
        for (id, day) in reference_model::missing_cells(&required, &done) {
            let wrong = &mut tried.violations;
            wrong.push(format!(
                "the run is complete, and not done is: portfolio {} on {day}",
                id.0
            ));
        }
    }
    let expected = reference_model::watermark(&required, &done, calendar, target);
    let found = outcome.watermark_after.day();
    let nobody = required.is_empty();
    if !nobody && attempt.end == RunEnd::Complete && found != expected {
        let told =
            |day: Option<crate::domain::Day>| day.map_or("none".to_owned(), |day| day.to_string());
        tried.violations.push(format!(
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
                tried.violations.push(format!(
                    "done outside of a life: {phase} of portfolio {} on {day}",
                    id.0
                ));
            }
        }
    }
    Ok(())
}

/// Lets a run crash, fail and meet another as drawn.
fn inject_random_faults(
    subject: &RunUnderTest,
    draws: &mut RandomSource,
    tried: &mut SeedResult,
) -> Result<(), SimError> {
    let days_before = tried.portfolio_days;
    let course = Baseline::record_unseeded(subject)?;
    let leftovers = DiskChecker::new(subject, &course);
    let mut runs = 2;
    for _ in 0..CRASHES {
        tried
            .violations
            .extend(inject_crash(&course, &leftovers, draws)?);
        runs += 2;
    }
    let calls = record_calls(subject);
    for _ in 0..FAULTS {
        let at = draws.below(calls.len());
        let fits = |fault: &Fault| calls.get(at).is_some_and(|call| fault.applies_to(*call));
        let fitting: Vec<Fault> = Fault::ALL.into_iter().filter(fits).collect();
        let Some(fault) = draws.choose(&fitting).copied() else {
            continue;
        };
        let lasting = if draws.chance(50) {
            FaultDuration::Once
        } else {
            FaultDuration::Always
        };
        let strike = InjectedDiskFault {
            at,
            fault,
            duration: lasting,
        };
        let (_, wrong) = run_with_fault(&leftovers, strike)?;
        tried.violations.extend(wrong);
        runs += 3;
    }
    let pair = run_pair(subject, &course, calls.len(), draws.next_u64())?;
    tried.violations.extend(pair.violations);
    tried.runs += runs + 3;
    tried.portfolio_days = days_before * (runs + 3);
    Ok(())
}

/// A crash at a point that is drawn, and one of the disks it can leave.
fn inject_crash(
    course: &Baseline,
    leftovers: &DiskChecker<'_>,
    draws: &mut RandomSource,
) -> Result<Vec<String>, SimError> {
    let point = draws.below(course.log.len() + 1);
    let mut aftermath = CrashState::from_disk(&course.before);
    course.log[..point]
        .iter()
        .for_each(|one| aftermath.apply(one));
    let pending = aftermath.pending();
    let extent = Sampling {
        exhaustive: 3,
        samples: 4,
    };
    let images = crash_images(pending, extent, false);
    let Some(image) = draws.choose(&images) else {
        return Ok(Vec::new());
    };
    let kept = image.surviving_operations(pending, point, draws.next_u64());
    let wrong = leftovers.check_disk(aftermath.image(&kept))?;
    let after = |says| format!("{says} (crash after {point} operations, {image})");
    Ok(wrong.into_iter().map(after).collect())
}

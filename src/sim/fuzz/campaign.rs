//! Plays generated scenarios, disturbs them, and compares them with the reference model.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Serialize;

use super::generator::generate_scenario;
use super::reference_model;
use crate::disk::{CrashState, Fault, FaultDuration, InjectedDiskFault};
use crate::domain::{Cell, Day, DayRange, PhaseSet, PortfolioId, Scope, SecurityId};
use crate::engine::Outcome;
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, play};
use crate::scenario::script::{FixtureError, RunEnd, Scenario};
use crate::sim::baseline::Baseline;
use crate::sim::crash_image::{Sampling, crash_images};
use crate::sim::disk_checks::DiskChecker;
use crate::sim::faults::{record_calls, run_with_fault};
use crate::sim::finding::{Finding, ReplayToken};
use crate::sim::pair::run_pair;
use crate::sim::random::RandomSource;
use crate::sim::run_under_test::{RunUnderTest, SimError, runs_under_test};
use crate::sim::violation::Violation;
use crate::store::{ReadTransaction, Store, StoreError};

/// The number of crashes drawn for the run that is disturbed.
const CRASHES: usize = 6;
/// The number of faults drawn for the run that is disturbed.
const FAULTS: usize = 6;

/// The seeds of the scenarios to generate.
#[derive(Debug, Clone, Copy)]
pub struct FuzzOptions {
    /// The first of consecutive seeds.
    pub seed: u64,
    /// The number of seeds, one scenario each.
    pub seeds: u64,
    /// The number of scenarios played at a time.
    pub jobs: NonZeroUsize,
}

/// The result of many generated scenarios.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FuzzReport {
    /// The number of scenarios that were played.
    pub scenarios: usize,
    /// The number of runs that were made.
    pub runs: u64,
    /// An estimate of the cells that those runs had to keep complete, summed over the runs.
    pub portfolio_days: u64,
    /// The violations in the order of the seeds.
    pub findings: Vec<Finding>,
}

/// The result of one generated scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeedResult {
    /// The number of runs that were made.
    pub runs: u64,
    /// An estimate of the cells that those runs had to keep complete, summed over the runs.
    pub portfolio_days: u64,
    /// The violations of invariants and of the reference model.
    pub violations: Vec<Violation>,
}

impl FuzzReport {
    /// Adds the results of more scenarios.
    pub fn merge(&mut self, more: Self) {
        self.scenarios += more.scenarios;
        self.runs += more.runs;
        self.portfolio_days += more.portfolio_days;
        self.findings.extend(more.findings);
    }
}

/// Generates and checks scenarios, one a seed.
///
/// # Errors
///
/// A scenario can't be played or simulated at all.
pub fn fuzz(options: &FuzzOptions) -> Result<FuzzReport, SimError> {
    let seeds: Vec<u64> = (0..options.seeds)
        .map(|number| options.seed.wrapping_add(number))
        .collect();
    let mut report = FuzzReport::default();
    let results = map(options.jobs, &seeds, |seed| {
        check_generated(&generate_scenario(*seed), *seed)
    });
    for (seed, result) in seeds.into_iter().zip(results) {
        let result = result?;
        report.scenarios += 1;
        report.runs += result.runs;
        report.portfolio_days += result.portfolio_days;
        report
            .findings
            .extend(result.violations.into_iter().map(|violation| Finding {
                token: ReplayToken::fuzz(seed),
                violation,
            }));
    }
    Ok(report)
}

/// Plays a scenario and checks every invariant, compares its last run with the reference model, and
/// disturbs one of its runs as the seed says.
///
/// # Errors
///
/// The text is not a scenario, or can't be played or simulated at all.
pub fn check_generated(text: &str, seed: u64) -> Result<SeedResult, SimError> {
    check_scenario(&parse_generated(text)?, seed)
}

/// Does the work of [`check_generated`] for a parsed scenario.
pub(in crate::sim) fn check_scenario(
    scenario: &Scenario,
    seed: u64,
) -> Result<SeedResult, SimError> {
    let played = play(scenario, CheckLevel::Invariants)?;
    let mut result = SeedResult {
        violations: Violation::of_play(&played),
        ..SeedResult::default()
    };
    let runs = runs_under_test(Path::new("generated.toml"), scenario)?;
    result.runs += runs.len() as u64;
    if let Some(last) = runs.last() {
        check_against_reference(last, &mut result)?;
    }
    let mut random = RandomSource::new(seed, "break");
    // A disturbance costs tens of runs, so one run of a scenario gets it.
    if let Some(broken) = random.choose(&runs) {
        inject_random_faults(broken, &mut random, &mut result)?;
    }
    Ok(result)
}

/// Parses a generated scenario, which has no fixtures.
pub(in crate::sim) fn parse_generated(text: &str) -> Result<Scenario, SimError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Scenario::read("generated", text, &no_fixture)
        .map_err(|error| SimError::GeneratedScenario(error.to_string()))
}

/// Makes the last run once more and compares it with the reference model: a complete run has done
/// all required cells and has the watermark of the model, and nothing is done before inception.
fn check_against_reference(
    run_under_test: &RunUnderTest,
    result: &mut SeedResult,
) -> Result<(), SimError> {
    let disk = run_under_test.disk();
    let attempt = run_under_test.run(&disk, run_under_test.request(), 0, &|_| {});
    result.runs += 1;
    // A run that was refused or failed has no outcome to compare.
    let Ok(outcome) = &attempt.result else {
        return Ok(());
    };
    let store = Store::open(&disk)?;
    let (portfolios, done) = store.read(|reading| {
        Ok::<_, StoreError>((
            reading.portfolios().all()?,
            reading
                .ledger()
                .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?,
        ))
    })?;
    let unpriced = store.read(|reading| done_without_closes(reading, outcome))?;
    let unpriced = unpriced.into_iter();
    let unpriced = unpriced.map(|cell| Violation::DoneWithoutCloses(cell.portfolio, cell.day));
    result.violations.extend(unpriced);
    let (calendar, target) = (&run_under_test.settings().calendar, outcome.plan.target.day);
    let required = reference_model::required_cells(&portfolios, calendar, target);
    result.portfolio_days += required.len() as u64;
    // A run of some portfolios need not complete the others.
    if outcome.plan.scope != Scope::AllActive {
        return Ok(());
    }
    if attempt.end == RunEnd::Complete {
        for (id, day) in reference_model::missing_cells(&required, &done) {
            result.violations.push(Violation::NotDone(id, day));
        }
    }
    let expected = reference_model::watermark(&required, &done, calendar, target);
    let found = outcome.watermark_after.day();
    let nothing_required = required.is_empty();
    if !nothing_required && attempt.end == RunEnd::Complete && found != expected {
        result
            .violations
            .push(Violation::Watermark { found, expected });
    }
    for (day, phase, portfolios_done) in done.iter() {
        for id in portfolios_done.iter().map(PortfolioId) {
            let portfolio = portfolios.iter().find(|portfolio| portfolio.id == id);
            let is_alive =
                portfolio.is_some_and(|portfolio| portfolio.lifecycle.inception() <= day);
            if !is_alive {
                result
                    .violations
                    .push(Violation::BeforeInception(phase, id, day));
            }
        }
    }
    Ok(())
}

/// Returns the cells that a run did on sessions without any close although they hold a security of
/// which one is expected. It knows no share and no age: such a session is always an outage, unless its
/// prices are accepted.
fn done_without_closes(
    reading: &ReadTransaction<'_>,
    outcome: &Outcome,
) -> Result<Vec<Cell>, StoreError> {
    let securities = reading.securities().all()?;
    let is_expected = |id: SecurityId, day: Day| {
        let mut known = securities.iter().filter(|security| security.id == id);
        known.any(|security| security.is_price_expected(day))
    };
    let accepted = reading.accepted_prices().in_force()?;
    let is_accepted = |day: Day| {
        let mut decisions = accepted.iter();
        decisions.any(|accepted| accepted.decision.days.contains(day))
    };
    let mut found = Vec::new();
    for (day, ids) in &outcome.done {
        if is_accepted(*day) || !reading.closes().priced_securities(*day)?.is_empty() {
            continue;
        }
        for id in ids {
            let cell = Cell::new(*day, PortfolioId(id));
            let positions = reading.outputs().positions(cell)?.unwrap_or_default();
            if (positions.iter()).any(|position| is_expected(position.security, *day)) {
                found.push(cell);
            }
        }
    }
    Ok(found)
}

/// Crashes a run, injects faults into it and makes a pair of it, all drawn from `random`.
fn inject_random_faults(
    run_under_test: &RunUnderTest,
    random: &mut RandomSource,
    result: &mut SeedResult,
) -> Result<(), SimError> {
    let days_before = result.portfolio_days;
    let baseline = Baseline::record_unseeded(run_under_test)?;
    let checker = DiskChecker::new(run_under_test, &baseline);
    // The recordings of the baseline and of its calls are runs too.
    let mut runs = 2;
    for _ in 0..CRASHES {
        result
            .violations
            .extend(inject_crash(&baseline, &checker, random)?);
        runs += 2;
    }
    let calls = record_calls(run_under_test);
    for _ in 0..FAULTS {
        let at = random.below(calls.len());
        let applies = |fault: &Fault| calls.get(at).is_some_and(|call| fault.applies_to(*call));
        let fitting: Vec<Fault> = Fault::ALL.into_iter().filter(applies).collect();
        let Some(fault) = random.choose(&fitting).copied() else {
            continue;
        };
        let lasting = if random.chance(50) {
            FaultDuration::Once
        } else {
            FaultDuration::Always
        };
        let injected = InjectedDiskFault {
            at,
            fault,
            duration: lasting,
        };
        let (_, violations) = run_with_fault(&checker, injected)?;
        result.violations.extend(violations);
        runs += 3;
    }
    let pair = run_pair(run_under_test, &baseline, calls.len(), random.next_u64())?;
    result.violations.extend(pair.violations);
    result.runs += runs + 3;
    // An estimate: each run keeps about as many cells as the one of the reference check.
    result.portfolio_days = days_before * (runs + 3);
    Ok(())
}

/// Crashes a run at a drawn point and checks one of the disks it can leave.
fn inject_crash(
    baseline: &Baseline,
    checker: &DiskChecker<'_>,
    random: &mut RandomSource,
) -> Result<Vec<Violation>, SimError> {
    let point = random.below(baseline.log.len() + 1);
    let mut crash_state = CrashState::from_disk(&baseline.before);
    baseline.log[..point]
        .iter()
        .for_each(|operation| crash_state.apply(operation));
    let pending = crash_state.pending();
    let extent = Sampling {
        exhaustive: 3,
        samples: 4,
    };
    let images = crash_images(pending, extent, false);
    let Some(image) = random.choose(&images) else {
        return Ok(Vec::new());
    };
    let kept = image.surviving_operations(pending, point, random.next_u64());
    let violations = checker.check_disk(crash_state.image(&kept))?;
    let with_place = |violation| Violation::AtCrash {
        violation: Box::new(violation),
        point,
        image: *image,
    };
    Ok(violations.into_iter().map(with_place).collect())
}

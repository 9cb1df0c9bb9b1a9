//! Finds the values of expectations that a played scenario meets, and values that it does not meet.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{Day, DayRange};
use plimsoll::scenario::runner::{EndState, RunResult, StepOutcome};
use plimsoll::scenario::script::{CellStatus, ReasonKind, Step};
use toml::{Table, Value};

use crate::books::{amounts, euros, phases, quality};
use crate::played::{END_NAMES, Place, PlaceKind, Played};

/// The verdict on an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    Fails,
    /// The reader refuses it: it could never fail, or means nothing there.
    Refused,
}

/// A value of an expectation, with the verdict that it must get.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) value: Value,
    pub(crate) verdict: Verdict,
}

pub(crate) fn probe(value: impl Into<Value>, verdict: Verdict) -> Probe {
    Probe {
        value: value.into(),
        verdict,
    }
}

/// The names of portfolios by session.
type Cells = BTreeMap<Day, BTreeSet<String>>;

/// The results at a place, under the first policy.
struct Observed<'p> {
    kind: PlaceKind,
    has_runs: bool,
    runs: Vec<&'p RunResult>,
    /// The run that `end` and `left-behind` are about.
    last: Option<&'p RunResult>,
    state: &'p EndState,
    /// The watermark that a run reported.
    reported: Option<Option<Day>>,
    messages: Vec<&'p str>,
    invalidated_phases: u64,
}

/// Returns values for a key at a place, with their verdicts.
///
/// # Panics
///
/// The key is not known here: a new key of the format needs an arm below.
pub(crate) fn probes(key: &str, played: &Played<'_>, place: &Place) -> Vec<Probe> {
    let at = observed(played, place);
    let cells_of = |cells: fn(&RunResult) -> &BTreeMap<Day, Vec<String>>| match at.last {
        Some(run) if run.has_plan() => by_day(&[cells(run)], played),
        // A run without a plan says nothing about these cells.
        Some(_) => vec![probe(day_table(sessions(played)[0], &[]), Verdict::Fails)],
        None => Vec::new(),
    };
    let is_run_key = !matches!(
        key,
        "open"
            | "open-cells"
            | "waiting"
            | "waiting-cells"
            | "stale"
            | "stale-cells"
            | "old-inputs"
            | "old-inputs-cells"
            | "unpriced"
            | "nav"
            | "cash"
            | "pnl"
            | "realized"
            | "unrealized"
            | "fx-gain"
            | "cash-in"
            | "quality"
            | "phases"
            | "watermark"
            | "watermarks"
            | "says"
            | "invalidated-phases"
            | "invalidated_phases"
            | "taken-out"
            | "taken_out"
    );
    let values = match key {
        "processed" => {
            let days: Vec<_> = at.runs.iter().map(|run| &run.processed).collect();
            by_day(&days, played)
        }
        "planned" => planned(at.last, played),
        "planned-cells" => match at.last {
            Some(run) if run.has_plan() => counts(size(&run.planned_cells())),
            _ => vec![probe(0, Verdict::Fails)],
        },
        "left-behind" | "left_behind" => cells_of(|run| &run.left_behind),
        "failed" => cells_of(|run| &run.failed),
        "blocked" => cells_of(|run| &run.blocked),
        "quarantined" => cells_of(|run| &run.quarantined),
        "open" => by_day(&[&at.state.open], played),
        "waiting" => by_day(&[&at.state.waiting], played),
        "stale" => by_day(&[&cells_of_state(at.state, CellStatus::Stale)], played),
        "old-inputs" => by_day(&[&cells_of_state(at.state, CellStatus::OldInputs)], played),
        "old-inputs-cells" => counts(size(&cells_of_state(at.state, CellStatus::OldInputs))),
        "unpriced" => by_day(&[&at.state.unpriced], played),
        "open-cells" => counts(size(&at.state.open)),
        "waiting-cells" => counts(size(&at.state.waiting)),
        "stale-cells" => counts(size(&cells_of_state(at.state, CellStatus::Stale))),
        "failed-cells" => count_of(at.last, |run| &run.failed),
        "blocked-cells" => count_of(at.last, |run| &run.blocked),
        "quarantined-cells" => count_of(at.last, |run| &run.quarantined),
        "nav" => amounts(at.state, played, |books| books.nav),
        "cash" => amounts(at.state, played, |books| books.cash),
        "pnl" => amounts(at.state, played, |books| books.pnl),
        "realized" => amounts(at.state, played, |books| books.realized),
        "unrealized" => amounts(at.state, played, |books| books.unrealized),
        "fx-gain" => amounts(at.state, played, |books| books.fx_gain().unwrap()),
        "cash-in" => {
            let probes = amounts(at.state, played, euros).into_iter();
            let entry = |value| Value::Table(Table::from_iter([("EUR".to_owned(), value)]));
            probes
                .map(|it| probe(entry(it.value), it.verdict))
                .collect()
        }
        "quality" => quality(at.state),
        "phases" => phases(at.state, played),
        "reasons" => reasons(at.last, played),
        "processed-cells" | "processed_cells" => {
            let days: Vec<_> = at.runs.iter().map(|run| &run.processed).collect();
            counts(merged(&days).values().map(|names| names.len() as u64).sum())
        }
        "left-behind-cells" | "left_behind_cells" => count_of(at.last, |run| &run.left_behind),
        "watermark" => watermarks(at.reported.unwrap_or(at.state.watermark), played),
        "watermarks" => {
            let entry = |name: &String, value| Table::from_iter([(name.clone(), value)]);
            let each = at.state.watermarks.iter().take(2).flat_map(|(name, day)| {
                let probes = watermarks(*day, played).into_iter();
                probes.map(move |it| probe(entry(name, it.value), it.verdict))
            });
            each.collect()
        }
        "end" => {
            let end = at.last.map(|run| run.end.name());
            let verdict = |name| {
                if end == Some(name) {
                    Verdict::Holds
                } else {
                    Verdict::Fails
                }
            };
            END_NAMES.map(|name| probe(name, verdict(name))).into()
        }
        "exit" => match at.last.and_then(|run| run.exit) {
            Some(code) => counts(code.into()),
            None => vec![probe(0, Verdict::Fails)],
        },
        "says" => {
            let said = at.messages.first();
            let said = said.map(|text| probe(*text, Verdict::Holds));
            let never = [
                probe("said never", Verdict::Fails),
                probe("", Verdict::Refused),
            ];
            said.into_iter().chain(never).collect()
        }
        "invalidated-phases" | "invalidated_phases" | "taken-out" | "taken_out" => {
            counts(at.invalidated_phases)
        }
        key => panic!("no value is known for the key `{key}`: add it here"),
    };
    let is_known = match at.kind {
        PlaceKind::Plan => !matches!(
            key,
            "processed" | "processed-cells" | "processed_cells" | "failed" | "failed-cells"
        ),
        _ => at.has_runs || !is_run_key,
    };
    if is_known {
        return values;
    }
    // Whatever its value, the key means nothing here.
    let value = match key {
        "end" => "complete".into(),
        "processed" | "planned" | "left-behind" | "left_behind" | "failed" | "blocked"
        | "quarantined" => day_table(sessions(played)[0], &[]),
        "reasons" => table("missing", day_table(sessions(played)[0], &[])),
        _ => 0.into(),
    };
    vec![probe(value, Verdict::Refused)]
}

fn observed<'p>(played: &'p Played<'_>, place: &Place) -> Observed<'p> {
    let steps = &played.scenario.steps;
    let kind = played.kind(place);
    let mut at = Observed {
        kind,
        has_runs: match kind {
            PlaceKind::Scenario => steps.iter().any(Step::is_run),
            kind => kind == PlaceKind::Run,
        },
        runs: Vec::new(),
        last: None,
        state: &played.result.policies[0].end,
        reported: None,
        messages: Vec::new(),
        invalidated_phases: 0,
    };
    let played_steps = match place {
        Place::Step(places) => {
            let step = played.step(places);
            at.state = step.state.as_ref().unwrap();
            vec![step]
        }
        _ => played.result.policies[0].steps.iter().collect(),
    };
    for step in played_steps {
        match &step.outcome {
            StepOutcome::Run(run) => {
                at.runs.push(run);
                at.invalidated_phases += run.invalidated_phases;
                if at.kind != PlaceKind::Scenario || !step.number.is_during_run() {
                    at.last = Some(run);
                }
                let texts = run.warnings.iter().chain(&run.error).chain(&run.log);
                at.messages.extend(texts.map(String::as_str));
            }
            StepOutcome::Planned(plan) => {
                if at.kind == PlaceKind::Plan {
                    at.last = Some(plan);
                }
                let texts = plan.warnings.iter().chain(&plan.error).chain(&plan.log);
                at.messages.extend(texts.map(String::as_str));
            }
            StepOutcome::Done {
                messages,
                invalidated_phases,
            } => {
                at.messages.extend(messages.iter().map(String::as_str));
                at.invalidated_phases += invalidated_phases;
            }
            StepOutcome::Refused { reason } => at.messages.push(reason),
        }
    }
    if matches!(at.kind, PlaceKind::Run | PlaceKind::Plan) {
        let reported = at.last.and_then(|run| run.watermark);
        at.reported = reported.map(|(_, after)| after);
    }
    at
}

/// Returns the sessions from the earliest inception to the last one with prices.
pub(crate) fn sessions(played: &Played<'_>) -> Vec<Day> {
    let world = &played.scenario.world;
    let inceptions = played.scenario.portfolios();
    let first = inceptions.map(|known| known.portfolio.lifecycle.inception());
    let last = world.calendar.on_or_before(world.calendar.today(world.now));
    let last = last.unwrap().unwrap();
    let days = DayRange::new(first.min().unwrap().min(last), last).unwrap();
    world.calendar.sessions(days).unwrap().to_vec()
}

pub(crate) fn table(key: &str, value: impl Into<Value>) -> Value {
    Value::Table(Table::from_iter([(key.to_owned(), value.into())]))
}

fn size(cells: &BTreeMap<Day, Vec<String>>) -> u64 {
    cells.values().map(|names| names.len() as u64).sum()
}

fn count_of(
    last: Option<&RunResult>,
    cells: fn(&RunResult) -> &BTreeMap<Day, Vec<String>>,
) -> Vec<Probe> {
    match last {
        Some(run) if run.has_plan() => counts(size(cells(run))),
        _ => vec![probe(0, Verdict::Fails)],
    }
}

fn planned(last: Option<&RunResult>, played: &Played<'_>) -> Vec<Probe> {
    match last {
        Some(run) if run.has_plan() => by_day(&[&run.planned_cells()], played),
        Some(_) => vec![probe(day_table(sessions(played)[0], &[]), Verdict::Fails)],
        None => Vec::new(),
    }
}

fn cells_of_state(state: &EndState, status: CellStatus) -> BTreeMap<Day, Vec<String>> {
    state.cells(status).unwrap()
}

/// Returns probes of the first reasons of the plan.
fn reasons(last: Option<&RunResult>, played: &Played<'_>) -> Vec<Probe> {
    let Some(run) = last.filter(|run| run.has_plan()) else {
        return vec![probe(
            table("missing", day_table(sessions(played)[0], &[])),
            Verdict::Fails,
        )];
    };
    let mut cells: BTreeMap<(ReasonKind, Day), BTreeSet<String>> = BTreeMap::new();
    for (day, group) in run
        .reasons
        .iter()
        .flat_map(|(day, groups)| groups.iter().map(move |it| (*day, it)))
    {
        let kind = group.reason.kind().unwrap();
        cells
            .entry((kind, day))
            .or_default()
            .extend(group.portfolios.clone());
    }
    let known = sessions(played);
    let cells = cells
        .into_iter()
        .filter(|((_, day), names)| known.contains(day) && !names.is_empty());
    let probes = cells.take(3).flat_map(|((kind, day), names)| {
        let names: Vec<String> = names.into_iter().collect();
        [
            probe(table(kind.name(), day_table(day, &names)), Verdict::Holds),
            probe(
                table(kind.name(), day_table(day, &names[1..])),
                Verdict::Fails,
            ),
        ]
    });
    probes.collect()
}

fn merged(days: &[&BTreeMap<Day, Vec<String>>]) -> Cells {
    let mut cells = Cells::new();
    for (day, names) in days.iter().copied().flatten() {
        cells.entry(*day).or_default().extend(names.iter().cloned());
    }
    cells
}

fn day_table(day: Day, names: &[String]) -> Value {
    let names: Vec<Value> = names.iter().cloned().map(Value::from).collect();
    Value::Table(Table::from_iter([(day.to_string(), Value::Array(names))]))
}

/// Returns probes of the first days with cells, and of the last day without any.
fn by_day(days: &[&BTreeMap<Day, Vec<String>>], played: &Played<'_>) -> Vec<Probe> {
    let cells = merged(days);
    let some_name = played.scenario.portfolios().next().unwrap();
    let some_name = [some_name.portfolio.name.clone()];
    let with = cells.iter().take(2).flat_map(|(day, names)| {
        let names: Vec<String> = names.iter().cloned().collect();
        [
            probe(day_table(*day, &names), Verdict::Holds),
            probe(day_table(*day, &names[1..]), Verdict::Fails),
        ]
    });
    let mut sessions = sessions(played).into_iter().rev();
    let without = sessions.find(|day| !cells.contains_key(day));
    let without = without.into_iter().flat_map(|day| {
        [
            probe(day_table(day, &[]), Verdict::Holds),
            probe(day_table(day, &some_name), Verdict::Fails),
        ]
    });
    with.chain(without).collect()
}

fn counts(count: u64) -> Vec<Probe> {
    let count = count as i64;
    vec![
        probe(count, Verdict::Holds),
        probe(count + 1, Verdict::Fails),
    ]
}

fn watermarks(found: Option<Day>, played: &Played<'_>) -> Vec<Probe> {
    let text = |day: Option<Day>| day.map_or("none".to_owned(), |day| day.to_string());
    let days = sessions(played);
    let others = days.iter().rev().take(2).copied().map(Some).chain([None]);
    let others = others.filter(|day| *day != found);
    let others = others.map(|day| probe(text(day), Verdict::Fails));
    [probe(text(found), Verdict::Holds)]
        .into_iter()
        .chain(others)
        .collect()
}

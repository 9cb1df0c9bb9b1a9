//! Every step that is no run: lives, closes, transactions, splits, the ledger. Sources change the
//! way files change them, by the same import with the same consequences.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::harness::Harness;
use super::inspect::read_names;
use super::play::PlayError;
use super::result::StepOutcome;
use crate::domain::{
    Day, DayRange, IdSet, Phase, PortfolioId, PortfolioKey, Scope, SecurityId, Split, Transaction,
};
use crate::engine::{self, EngineError};
use crate::import::Jumps;
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, ImportOptions, LifecycleChangeError, Mode, SourceFile,
    close, delete, import_file, restore,
};
use crate::phases::LONGEST_WINDOW;
use crate::report::Names;
use crate::scenario::script::Invalidation;
use crate::scenario::world::{Correction, WorldPortfolio};
use crate::store::StoreError;

/// What left the ledger.
type InvalidatedCells = BTreeMap<(Day, Phase), IdSet>;

pub(super) fn delete_portfolios(
    stage: &Harness<'_>,
    who: &[String],
) -> Result<StepOutcome, PlayError> {
    let at = stage.environment().clock.now();
    change_lifecycles(stage, who, |writer, name| {
        delete(writer, PortfolioKey::from_name(name), at).map(|_| ())
    })
}

pub(super) fn restore_portfolios(
    stage: &Harness<'_>,
    who: &[String],
) -> Result<StepOutcome, PlayError> {
    change_lifecycles(stage, who, |writer, name| {
        restore(writer, PortfolioKey::from_name(name)).map(|_| ())
    })
}

pub(super) fn close_portfolios(
    stage: &Harness<'_>,
    lives: &[(String, Day)],
) -> Result<StepOutcome, PlayError> {
    let days: BTreeMap<&String, Day> = lives.iter().map(|(name, day)| (name, *day)).collect();
    let who: Vec<String> = lives.iter().map(|(name, _)| name.clone()).collect();
    change_lifecycles(stage, &who, |writer, name| {
        close(
            writer,
            PortfolioKey::from_name(name),
            days.get(name).copied(),
        )
        .map(|_| ())
    })
}

/// Changes lives one after the other, up to the first that can't be changed so.
fn change_lifecycles(
    stage: &Harness<'_>,
    who: &[String],
    change: impl Fn(&mut crate::store::Writer, &String) -> Result<(), LifecycleChangeError>,
) -> Result<StepOutcome, PlayError> {
    let mut writer = stage.store().writer()?;
    for name in who {
        match change(&mut writer, name) {
            Ok(()) => {}
            Err(LifecycleChangeError::Store(error))
                if !matches!(error, StoreError::UnknownPortfolio(_)) =>
            {
                return Err(error.into());
            }
            Err(refusal) => {
                let why = refusal.to_string();
                return Ok(StepOutcome::Refused { reason: why });
            }
        }
    }
    Ok(done_outcome(Vec::new(), 0))
}

pub(super) fn add_portfolios(
    stage: &Harness<'_>,
    who: &[WorldPortfolio],
) -> Result<StepOutcome, PlayError> {
    let last = stage.sources_until();
    let world = &stage.scenario.world;
    let mut entries = Vec::new();
    for one in who {
        entries.extend(world.transactions_for(one, last)?);
    }
    stage.write(|writing| {
        let mut lives = Vec::new();
        for one in who {
            let id = writing.add_portfolio(&one.portfolio.without_id())?;
            lives.push((id, None, one.portfolio.lifecycle));
        }
        writing.change_lifecycle_index(&lives)?;
        writing.add_entries(&entries)?;
        writing.increment_revision()
    })?;
    Ok(done_outcome(Vec::new(), 0))
}

pub(super) fn import_prices(
    stage: &Harness<'_>,
    closes: &[Correction],
) -> Result<StepOutcome, PlayError> {
    let names = read_names(&stage.store())?;
    let mut rows = "symbol,date,close\n".to_owned();
    for Correction {
        security,
        day,
        close,
    } in closes
    {
        let _ = writeln!(rows, "{},{day},{close}", names.security(*security));
    }
    import_rows(stage, FileKind::Prices, &rows)
}

pub(super) fn import_split(stage: &Harness<'_>, split: &Split) -> Result<StepOutcome, PlayError> {
    let symbol = read_names(&stage.store())?.security(split.security);
    let Split { day, new, old, .. } = split;
    let rows = format!("symbol,date,kind,new,old\n{symbol},{day},split,{new},{old}\n");
    import_rows(stage, FileKind::Actions, &rows)
}

pub(super) fn import_transactions(
    stage: &Harness<'_>,
    transactions: &[Transaction],
) -> Result<StepOutcome, PlayError> {
    let names = read_names(&stage.store())?;
    let mut rows = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n".to_owned();
    for one in transactions {
        let symbol = one.security.map(|id: SecurityId| names.security(id));
        let quantity = (!one.quantity.is_zero()).then(|| one.quantity.to_string());
        let _ = writeln!(
            rows,
            "{},{},{},{},{},{},{},{},{}",
            one.reference,
            quoted(&names.portfolio(one.portfolio)),
            one.day,
            one.kind,
            symbol.unwrap_or_default(),
            quantity.unwrap_or_default(),
            one.price.map(|price| price.to_string()).unwrap_or_default(),
            one.amount
                .map(|amount| amount.to_string())
                .unwrap_or_default(),
            one.fee,
        );
    }
    import_rows(stage, FileKind::Transactions, &rows)
}

/// A field of a file of comma-separated values.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

fn import_rows(stage: &Harness<'_>, kind: FileKind, rows: &str) -> Result<StepOutcome, PlayError> {
    let file = SourceFile {
        kind,
        name: "a step of the scenario",
        bytes: rows.as_bytes(),
        options: &ImportOptions {
            jumps: Jumps::Allowed,
            ..ImportOptions::default()
        },
    };
    let settings = stage.settings();
    let terms = ImportContext {
        calendar: &settings.calendar,
        window: LONGEST_WINDOW,
        now: stage.environment().clock.now(),
    };
    let taken = match import_file(&mut stage.store().writer()?, &file, &terms, Mode::Apply) {
        Ok(taken) => taken,
        Err(ApplyError::Store(error)) => return Err(error.into()),
        Err(refusal) => {
            return Ok(StepOutcome::Refused {
                reason: refusal.to_string(),
            });
        }
    };
    if let Some((_, flaw)) = taken.first_error() {
        return Ok(StepOutcome::Refused {
            reason: flaw.to_string(),
        });
    }
    let names = read_names(&stage.store())?;
    let mut says = invalidation_lines(&taken.invalidated_cells, &names);
    if says.is_empty() {
        says.push("nothing is to be done again".to_owned());
    }
    Ok(done_outcome(says, taken.invalidated_count()))
}

pub(super) fn invalidate(
    stage: &Harness<'_>,
    asked: &Invalidation,
) -> Result<StepOutcome, PlayError> {
    let scope = match &asked.portfolios {
        None => Ok(Scope::AllActive),
        Some(ids) => Scope::from_ids(ids.iter().copied()),
    };
    let scope = match scope {
        Ok(scope) => scope,
        Err(refusal) => {
            return Ok(StepOutcome::Refused {
                reason: refusal.to_string(),
            });
        }
    };
    let (settings, now) = (stage.settings(), stage.environment().clock.now());
    let taken: InvalidatedCells = stage.write(|writing| {
        let Invalidation {
            phases,
            reason: why,
            days,
            ..
        } = asked;
        engine::invalidate(writing, &scope, *phases, *days, why, &settings, now)
            .map_err(|error: EngineError| error)
    })?;
    let count = taken.values().map(IdSet::len).sum();
    let names = read_names(&stage.store())?;
    Ok(done_outcome(invalidation_lines(&taken, &names), count))
}

pub(super) fn retry(
    stage: &Harness<'_>,
    portfolio: Option<PortfolioId>,
    days: DayRange,
) -> Result<StepOutcome, PlayError> {
    let forgotten = stage.write(|writing| {
        let forgotten = writing.forget_failures(portfolio, days)?;
        writing.increment_revision()?;
        Ok::<_, StoreError>(forgotten)
    })?;
    let phases = if forgotten == 1 {
        "phase gets"
    } else {
        "phases get"
    };
    Ok(done_outcome(
        vec![format!("{forgotten} {phases} another chance")],
        0,
    ))
}

pub(super) const fn done_outcome(says: Vec<String>, taken_out: u64) -> StepOutcome {
    StepOutcome::Done {
        messages: says,
        invalidated_phases: taken_out,
    }
}

/// What left the ledger, a line for each day.
fn invalidation_lines(taken: &InvalidatedCells, names: &Names) -> Vec<String> {
    let mut days: BTreeMap<Day, BTreeMap<u32, Vec<&'static str>>> = BTreeMap::new();
    for ((day, phase), who) in taken {
        for id in who.iter().filter(|_| Phase::CELL_PHASES.contains(phase)) {
            let phases = days.entry(*day).or_default().entry(id).or_default();
            phases.push(phase.name());
        }
    }
    let mut lines = Vec::new();
    for (day, cells) in days {
        let mut alike: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
        for (id, phases) in cells {
            let name = names.portfolio(PortfolioId(id));
            alike.entry(phases).or_default().push(name);
        }
        for (phases, who) in alike {
            let phases = if phases.len() == Phase::CELL_PHASES.len() {
                "all phases".to_owned()
            } else {
                phases.join(", ")
            };
            let who = crate::scenario::name_list::format_names(&who);
            lines.push(format!("{day}  {who} to be done again: {phases}"));
        }
    }
    lines
}

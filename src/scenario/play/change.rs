//! Every step that is no run: lives, closes, transactions, splits, the ledger. Sources change the
//! way files change them, by the same import with the same consequences.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::look::names;
use super::play::PlayError;
use super::stage::Stage;
use super::told::Came;
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
type TakenOut = BTreeMap<(Day, Phase), IdSet>;

pub(super) fn deleted(stage: &Stage<'_>, who: &[String]) -> Result<Came, PlayError> {
    let at = stage.environment().clock.now();
    each_life(stage, who, |writer, name| {
        delete(writer, PortfolioKey::from_name(name), at).map(|_| ())
    })
}

pub(super) fn restored(stage: &Stage<'_>, who: &[String]) -> Result<Came, PlayError> {
    each_life(stage, who, |writer, name| {
        restore(writer, PortfolioKey::from_name(name)).map(|_| ())
    })
}

pub(super) fn closed(stage: &Stage<'_>, lives: &[(String, Day)]) -> Result<Came, PlayError> {
    let days: BTreeMap<&String, Day> = lives.iter().map(|(name, day)| (name, *day)).collect();
    let who: Vec<String> = lives.iter().map(|(name, _)| name.clone()).collect();
    each_life(stage, &who, |writer, name| {
        close(
            writer,
            PortfolioKey::from_name(name),
            days.get(name).copied(),
        )
        .map(|_| ())
    })
}

/// Changes lives one after the other, up to the first that can't be changed so.
fn each_life(
    stage: &Stage<'_>,
    who: &[String],
    change: impl Fn(&mut crate::store::Writer, &String) -> Result<(), LifecycleChangeError>,
) -> Result<Came, PlayError> {
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
                return Ok(Came::Refused { why });
            }
        }
    }
    Ok(done(Vec::new(), 0))
}

pub(super) fn added(stage: &Stage<'_>, who: &[WorldPortfolio]) -> Result<Came, PlayError> {
    let last = stage.sources_until();
    let world = &stage.scenario.world;
    let mut entries = Vec::new();
    for one in who {
        entries.extend(world.transactions_of(one, last)?);
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
    Ok(done(Vec::new(), 0))
}

pub(super) fn prices(stage: &Stage<'_>, closes: &[Correction]) -> Result<Came, PlayError> {
    let names = names(&stage.store())?;
    let mut rows = "symbol,date,close\n".to_owned();
    for Correction {
        security,
        day,
        close,
    } in closes
    {
        let _ = writeln!(rows, "{},{day},{close}", names.security(*security));
    }
    taken_in(stage, FileKind::Prices, &rows)
}

pub(super) fn split(stage: &Stage<'_>, split: &Split) -> Result<Came, PlayError> {
    let symbol = names(&stage.store())?.security(split.security);
    let Split { day, new, old, .. } = split;
    let rows = format!("symbol,date,kind,new,old\n{symbol},{day},split,{new},{old}\n");
    taken_in(stage, FileKind::Actions, &rows)
}

pub(super) fn transactions(
    stage: &Stage<'_>,
    transactions: &[Transaction],
) -> Result<Came, PlayError> {
    let names = names(&stage.store())?;
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
    taken_in(stage, FileKind::Transactions, &rows)
}

/// A field of a file of comma-separated values.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

fn taken_in(stage: &Stage<'_>, kind: FileKind, rows: &str) -> Result<Came, PlayError> {
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
            return Ok(Came::Refused {
                why: refusal.to_string(),
            });
        }
    };
    if let Some((_, flaw)) = taken.first_error() {
        return Ok(Came::Refused {
            why: flaw.to_string(),
        });
    }
    let names = names(&stage.store())?;
    let mut says = words_of(&taken.invalidated_cells, &names);
    if says.is_empty() {
        says.push("nothing is to be done again".to_owned());
    }
    Ok(done(says, taken.invalidated_count()))
}

pub(super) fn invalidated(stage: &Stage<'_>, asked: &Invalidation) -> Result<Came, PlayError> {
    let scope = match &asked.portfolios {
        None => Ok(Scope::AllActive),
        Some(ids) => Scope::from_ids(ids.iter().copied()),
    };
    let scope = match scope {
        Ok(scope) => scope,
        Err(refusal) => {
            return Ok(Came::Refused {
                why: refusal.to_string(),
            });
        }
    };
    let (settings, now) = (stage.settings(), stage.environment().clock.now());
    let taken: TakenOut = stage.write(|writing| {
        let Invalidation {
            phases, why, days, ..
        } = asked;
        engine::invalidate(writing, &scope, *phases, *days, why, &settings, now)
            .map_err(|error: EngineError| error)
    })?;
    let count = taken.values().map(IdSet::len).sum();
    let names = names(&stage.store())?;
    Ok(done(words_of(&taken, &names), count))
}

pub(super) fn retried(
    stage: &Stage<'_>,
    portfolio: Option<PortfolioId>,
    days: DayRange,
) -> Result<Came, PlayError> {
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
    Ok(done(
        vec![format!("{forgotten} {phases} another chance")],
        0,
    ))
}

pub(super) const fn done(says: Vec<String>, taken_out: u64) -> Came {
    Came::Done { says, taken_out }
}

/// What left the ledger, a line for each day.
fn words_of(taken: &TakenOut, names: &Names) -> Vec<String> {
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
            let who = crate::scenario::naming::folded(&who);
            lines.push(format!("{day}  {who} to be done again: {phases}"));
        }
    }
    lines
}

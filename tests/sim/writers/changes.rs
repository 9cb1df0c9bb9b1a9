//! Changes by commands: what they take back, the lives of portfolios, and decisions.

use plimsoll::domain::{
    Cell, CellSelection, DayRange, Phase, PhaseSet, PortfolioKey, PriceAcceptance, Scope,
};
use plimsoll::engine::{EngineError, accept_prices, revoke_accepted_prices};
use plimsoll::import::apply::{ActionToDelete, delete_action, delete_closes, void_transactions};
use plimsoll::invalidation::{invalidate, lifecycle};
use plimsoll::query::resolve_portfolio;
use plimsoll::store::{Store, StoreError};

use super::imports::import_action;
use super::scene::{Scene, Writer, Written, attribution};

pub(super) const WRITERS: &[Writer] = &[
    Writer::new("void a transaction", |scene, store| {
        let writer = &mut store.writer()?;
        let context = scene.import_context();
        void_transactions(writer, &["t1".to_owned()], &attribution(), &context)?;
        Ok(())
    }),
    Writer::new("delete a close", |scene, store| {
        let context = scene.import_context();
        let writer = &mut store.writer()?;
        delete_closes(writer, "ACME", jan(6)?, &attribution(), &context)?;
        Ok(())
    }),
    Writer::new("delete an action", |scene, store| {
        let action = ActionToDelete {
            symbol: "ACME".to_owned(),
            day: "2026-01-06".parse()?,
            kind: "return-of-capital".parse()?,
            received: None,
        };
        let context = scene.import_context();
        delete_action(&mut store.writer()?, &action, &attribution(), &context)?;
        Ok(())
    })
    .after(import_action),
    Writer::new("delete a portfolio", delete),
    Writer::new("restore a portfolio", |_, store| {
        lifecycle::restore(&mut store.writer()?, beta())?;
        Ok(())
    })
    .after(delete),
    Writer::new("close a portfolio", close),
    Writer::new("reopen a portfolio", |_, store| {
        lifecycle::close(&mut store.writer()?, beta(), None)?;
        Ok(())
    })
    .after(close),
    Writer::new("invalidate cells", |scene, store| {
        let selection = CellSelection {
            scope: &Scope::AllActive,
            phases: PhaseSet::ALL,
            range: jan(6)?,
        };
        let (calendar, now) = (&scene.settings.calendar, scene.now());
        let mut writer = store.writer()?;
        writer.write(|writing| invalidate(writing, calendar, &selection, "by hand", now))?;
        Ok(())
    }),
    Writer::new("retry a failed phase", |_, store| {
        let range = jan(8)?;
        let failed = resolve_portfolio(&store, "C")?.id;
        let released = store.writer()?.write(|writing| {
            writing.increment_revision()?;
            writing.failures().forget_range(Some(failed), range)
        })?;
        assert!(released > 0, "nothing has failed");
        Ok(())
    })
    .after(fail),
    Writer::new("accept prices", accept),
    Writer::new("revoke accepted prices", |scene, store| {
        let (settings, now) = (&scene.settings, scene.now());
        store.writer()?.write(|writing| {
            revoke_accepted_prices(writing, settings, 1, now)?;
            Ok::<_, EngineError>(())
        })?;
        Ok(())
    })
    .after(accept),
];

fn jan(day: u32) -> Result<DayRange, Box<dyn std::error::Error>> {
    let day = format!("2026-01-{day:02}").parse()?;
    Ok(DayRange::new(day, day)?)
}

fn beta() -> PortfolioKey {
    PortfolioKey::from_name("B")
}

fn delete(scene: &Scene, store: Store) -> Written {
    lifecycle::delete(&mut store.writer()?, beta(), scene.now())?;
    Ok(())
}

fn close(_: &Scene, store: Store) -> Written {
    lifecycle::close(&mut store.writer()?, beta(), Some("2026-01-06".parse()?))?;
    Ok(())
}

fn accept(scene: &Scene, store: Store) -> Written {
    let decision = PriceAcceptance {
        days: jan(8)?,
        by: "operator".to_owned(),
        reason: "the feed has ended".to_owned(),
    };
    let (settings, now) = (&scene.settings, scene.now());
    store.writer()?.write(|writing| {
        accept_prices(writing, settings, &decision, now)?;
        Ok::<_, EngineError>(())
    })?;
    Ok(())
}

/// Records that a phase of C failed.
fn fail(scene: &Scene, store: Store) -> Written {
    let portfolio = resolve_portfolio(&store, "C")?.id;
    let day = "2026-01-08".parse()?;
    let run = store.read(|reading| Ok::<_, StoreError>(reading.runs().latest(1)?.pop()))?;
    let run = run.ok_or("the world has a run of its history")?.number;
    store.writer()?.write(|writing| {
        let (cell, now) = (Cell { day, portfolio }, scene.now());
        let failures = writing.failures();
        failures.record(cell, Phase::Snapshot, "no history", now, run)
    })?;
    Ok(())
}

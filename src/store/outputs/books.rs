//! Stores the output of phase 3, `snapshot`: the books of a cell.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, OptionalExtension, Row, params};

use super::aged_moves;
use super::rows::{ReadOutputs, WriteOutputs};
use crate::domain::output::Snapshot;
use crate::domain::{Absence, Cell, Day, DayRange, Figure, IdSet, Money, PortfolioId, Quality};
use crate::store::error::StoreError;
use crate::store::select::select_first;

pub(super) const INSERT: &str =
    "INSERT OR REPLACE INTO snapshot (cell, cash, long, short, nav, flow, pnl, session_return,
     absence, realized, unrealized, fresh, stale, at_cost, valueless, aged_moves)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

const SELECT: &str =
    "SELECT cash, long, short, nav, flow, pnl, session_return, absence, realized, unrealized, fresh,
     stale, at_cost, valueless, aged_moves FROM snapshot WHERE cell = ?1";

fn row_to_snapshot(row: &Row<'_>) -> Result<Snapshot, StoreError> {
    let (cash, long, short): (Money, Money, Money) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let aged_moves = row
        .get_ref(14)?
        .as_blob_or_null()
        .map_err(StoreError::damaged)?;
    let too_large = || StoreError::damaged("gross or net of a snapshot exceeds the range of money");
    Ok(Snapshot {
        cash,
        long,
        short,
        gross: long.minus(short).ok_or_else(too_large)?,
        net: long.plus(short).ok_or_else(too_large)?,
        nav: row.get(3)?,
        flow: row.get(4)?,
        pnl: row.get(5)?,
        session_return: session_return(row.get(6)?, row.get(7)?)?,
        realized: row.get(8)?,
        unrealized: row.get(9)?,
        quality: Quality {
            fresh: row.get(10)?,
            stale: row.get(11)?,
            cost: row.get(12)?,
            none: row.get(13)?,
        },
        foreign_cash: Vec::new(),
        aged_moves: aged_moves::unpack(aged_moves)?,
    })
}

/// Combines a stored return with the code of its absence; exactly one of the two must be set. The
/// return of one session has one observation.
fn session_return(value: Option<f64>, absence: u8) -> Result<Figure, StoreError> {
    match (value, Absence::from_code(absence)) {
        (Some(value), None) if absence == 0 => Ok(Figure::new(value, 1)),
        (None, Some(reason)) => Ok(Figure::absent(reason, 0)),
        _ => Err(StoreError::damaged(
            "a return and its absence contradict each other",
        )),
    }
}

impl ReadOutputs<'_> {
    /// Returns the books of a cell, valid or not: only the ledger tells which.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn snapshot(&self, cell: Cell) -> Result<Option<Snapshot>, StoreError> {
        let books = select_first(self.connection, SELECT, [cell.key()], row_to_snapshot)?;
        let Some(books) = books else {
            return Ok(None);
        };
        Ok(Some(Snapshot {
            foreign_cash: self.foreign_cash(cell)?,
            ..books
        }))
    }

    /// Returns for each day of `range` the portfolios that have a snapshot, valid or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn snapshot_ids_by_day(&self, range: DayRange) -> Result<BTreeMap<Day, IdSet>, StoreError> {
        self.ids_by_day("snapshot", range)
    }

    /// Returns the number of portfolios that have a snapshot on a day, valid or not.
    pub(crate) fn snapshot_count(&self, day: Day) -> Result<u64, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT count(*) FROM snapshot WHERE cell BETWEEN ?1 AND ?2")?;
        let (first, last) = (PortfolioId(0), PortfolioId(u32::MAX));
        let keys = params![Cell::new(day, first).key(), Cell::new(day, last).key()];
        let count: i64 = statement.query_row(keys, |row| row.get(0))?;
        u64::try_from(count).map_err(StoreError::damaged)
    }

    /// Returns for each day of `range` the ids that have a row in a table of outputs.
    pub(super) fn ids_by_day(
        &self,
        table: &'static str,
        range: DayRange,
    ) -> Result<BTreeMap<Day, IdSet>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT cell FROM {table} WHERE cell BETWEEN ?1 AND ?2"
        ))?;
        // Keys are `day << 32 | id`, so the days of a range are one interval of keys.
        let first = Cell::new(range.first(), PortfolioId(0)).key();
        let last = Cell::new(range.last(), PortfolioId(u32::MAX)).key();
        let mut rows = statement.query(params![first, last])?;
        let mut days: BTreeMap<Day, IdSet> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let key: i64 = row.get(0)?;
            let cell = Cell::from_key(key)
                .ok_or_else(|| StoreError::damaged(format!("invalid cell key `{key}`")))?;
            days.entry(cell.day).or_default().insert(cell.portfolio.0);
        }
        Ok(days)
    }

    /// Returns the last day with any snapshot.
    pub(crate) fn last_snapshot_day(&self) -> Result<Option<Day>, StoreError> {
        let key: Option<i64> = self
            .connection
            .query_row("SELECT max(cell) FROM snapshot", [], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(key.and_then(Cell::from_key).map(|cell| cell.day))
    }
}

impl WriteOutputs<'_> {
    /// Inserts an empty snapshot where there is none, as a program does that writes the row before
    /// it has computed the books. The ledger does not change.
    ///
    /// # Errors
    ///
    /// The database cannot be read or written.
    pub fn insert_placeholder_snapshot(&self, cell: Cell) -> Result<(), StoreError> {
        if self.snapshot(cell)?.is_some() {
            return Ok(());
        }
        let unknown = Snapshot {
            cash: Money::ZERO,
            long: Money::ZERO,
            short: Money::ZERO,
            gross: Money::ZERO,
            net: Money::ZERO,
            nav: Money::ZERO,
            flow: Money::ZERO,
            pnl: Money::ZERO,
            session_return: Figure::absent(Absence::NoBase, 0),
            realized: Money::ZERO,
            unrealized: Money::ZERO,
            quality: Quality::default(),
            foreign_cash: Vec::new(),
            aged_moves: Vec::new(),
        };
        insert(&mut self.connection.prepare_cached(INSERT)?, cell, &unknown)
    }
}

/// Inserts or replaces the books of a cell.
pub(super) fn insert(
    statement: &mut CachedStatement<'_>,
    cell: Cell,
    books: &Snapshot,
) -> Result<(), StoreError> {
    let absence = books.session_return.as_result().err();
    statement.execute(params![
        cell.key(),
        books.cash,
        books.long,
        books.short,
        books.nav,
        books.flow,
        books.pnl,
        books.session_return.value(),
        absence.map_or(0, Absence::code),
        books.realized,
        books.unrealized,
        books.quality.fresh,
        books.quality.stale,
        books.quality.cost,
        books.quality.none,
        aged_moves::pack(&books.aged_moves),
    ])?;
    Ok(())
}

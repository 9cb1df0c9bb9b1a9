//! Stores the lifecycle index: all lifecycles as bitmaps, so that planning reads no portfolio row.
//!
//! The index must change in the transaction that changes a portfolio. `verify` compares the two.

use std::collections::BTreeMap;

use rusqlite::params;

use super::portfolios::{ReadPortfolios, WritePortfolios};
use crate::domain::{Day, IdSet, Lifecycle, LifecycleIndex, PortfolioId};
use crate::store::columns::StoredSet;
use crate::store::error::StoreError;

/// The kind of a set of the index; the number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SetKind {
    Active = 1,
    Deleted = 2,
    Inception = 3,
    LastDay = 4,
}

impl SetKind {
    fn from_number(number: i64) -> Option<Self> {
        [Self::Active, Self::Deleted, Self::Inception, Self::LastDay]
            .into_iter()
            .find(|kind| *kind as i64 == number)
    }
}

/// Returns the day stored with the sets `Active` and `Deleted`, which belong to no day.
fn no_day() -> Day {
    Day::from_number(0).expect("1970-01-01 is a day")
}

/// Returns the sets that contain a portfolio with this lifecycle.
fn memberships(lifecycle: &Lifecycle) -> Vec<(SetKind, Day)> {
    let status = if lifecycle.is_active() {
        SetKind::Active
    } else {
        SetKind::Deleted
    };
    let mut sets = vec![
        (status, no_day()),
        (SetKind::Inception, lifecycle.inception()),
    ];
    sets.extend(
        lifecycle
            .closing_day()
            .map(|closed| (SetKind::LastDay, closed)),
    );
    sets
}

impl ReadPortfolios<'_> {
    /// Returns the lifecycles of all portfolios without reading the rows of any.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn lifecycle_index(&self) -> Result<LifecycleIndex, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, day, ids, count FROM lifecycle_index ORDER BY kind, day",
        )?;
        let mut rows = statement.query([])?;
        let (mut active, mut deleted) = (IdSet::new(), IdSet::new());
        let (mut inceptions, mut closings) = (BTreeMap::new(), BTreeMap::new());
        while let Some(row) = rows.next()? {
            let ids = StoredSet::from_row(row, 2)?;
            let number: i64 = row.get(0)?;
            match SetKind::from_number(number) {
                Some(SetKind::Active) => active = ids,
                Some(SetKind::Deleted) => deleted = ids,
                Some(SetKind::Inception) => drop(inceptions.insert(row.get(1)?, ids)),
                Some(SetKind::LastDay) => drop(closings.insert(row.get(1)?, ids)),
                None => {
                    return Err(StoreError::damaged(format!(
                        "the lifecycle index has an invalid kind `{number}`"
                    )));
                }
            }
        }
        Ok(LifecycleIndex::from_parts(
            active, deleted, inceptions, closings,
        ))
    }
}

impl WritePortfolios<'_> {
    /// Moves portfolios from the sets of their old lifecycles to those of their new ones. Each set
    /// that changes is written once, however many portfolios move.
    pub(super) fn change_lifecycle_index(
        &self,
        changes: &[(PortfolioId, Option<Lifecycle>, Lifecycle)],
    ) -> Result<(), StoreError> {
        let mut leave: BTreeMap<(i64, Day), IdSet> = BTreeMap::new();
        let mut join: BTreeMap<(i64, Day), IdSet> = BTreeMap::new();
        for (id, old, new) in changes {
            for (kind, day) in old.iter().flat_map(memberships) {
                leave.entry((kind as i64, day)).or_default().insert(id.0);
            }
            for (kind, day) in memberships(new) {
                join.entry((kind as i64, day)).or_default().insert(id.0);
            }
        }
        let keys: std::collections::BTreeSet<_> =
            leave.keys().chain(join.keys()).copied().collect();
        for key in keys {
            let mut ids = self.lifecycle_set(key)?;
            // Removals first: an id that leaves a set and joins it again stays in it.
            if let Some(leaving) = leave.get(&key) {
                ids -= leaving;
            }
            if let Some(joining) = join.get(&key) {
                ids |= joining;
            }
            self.set_lifecycle_set(key, &ids)?;
        }
        Ok(())
    }

    /// Computes the index again from the rows of the portfolios.
    ///
    /// # Errors
    ///
    /// The database cannot be read or written.
    pub fn rebuild_lifecycle_index(&self) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM lifecycle_index", [])?;
        let portfolios = self.all()?.into_iter();
        let changes: Vec<_> = portfolios
            .map(|portfolio| (portfolio.id, None, portfolio.lifecycle))
            .collect();
        self.change_lifecycle_index(&changes)
    }

    fn lifecycle_set(&self, (kind, day): (i64, Day)) -> Result<IdSet, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ids, count FROM lifecycle_index WHERE kind = ?1 AND day = ?2",
        )?;
        let mut rows = statement.query(params![kind, day])?;
        match rows.next()? {
            None => Ok(IdSet::new()),
            Some(row) => StoredSet::from_row(row, 0),
        }
    }

    fn set_lifecycle_set(&self, (kind, day): (i64, Day), ids: &IdSet) -> Result<(), StoreError> {
        if ids.is_empty() {
            self.connection
                .prepare_cached("DELETE FROM lifecycle_index WHERE kind = ?1 AND day = ?2")?
                .execute(params![kind, day])?;
            return Ok(());
        }
        let (bytes, count) = StoredSet::to_bytes(ids);
        self.connection
            .prepare_cached(
                "INSERT INTO lifecycle_index (kind, day, ids, count) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (kind, day) DO UPDATE SET ids = excluded.ids, count = excluded.count",
            )?
            .execute(params![kind, day, bytes, count])?;
        Ok(())
    }
}

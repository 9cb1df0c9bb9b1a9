//! Stores splits and stock dividends. A stock dividend is a row of `corporate_action`, as the split with
//! the same effect: a security may have both on one day.

use rusqlite::{Row, params};

use crate::domain::{Day, SecurityId, Split, SplitKind};
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

fn row_to_split(row: &Row<'_>) -> Result<Split, StoreError> {
    Ok(Split {
        security: row.get(0)?,
        day: row.get(1)?,
        new: row.get(2)?,
        old: row.get(3)?,
    })
}

/// Returns splits and stock dividends by security and in booking order.
fn merged(splits: Vec<Split>, dividends: Vec<Split>) -> Vec<(SplitKind, Split)> {
    let splits = splits.into_iter().map(|split| (SplitKind::Split, split));
    let dividends = dividends.into_iter();
    let dividends = dividends.map(|split| (SplitKind::StockDividend, split));
    let mut all: Vec<_> = splits.chain(dividends).collect();
    all.sort_by_key(|(kind, split)| (split.security, split.day, *kind));
    all
}

subject!(splits: ReadSplits, WriteSplits, "the splits and stock dividends");

impl ReadSplits<'_> {
    /// Returns the splits of one security, stock dividends included, in booking order.
    pub(crate) fn of_security(&self, security: SecurityId) -> Result<Vec<Split>, StoreError> {
        let recorded = self.recorded_of(security)?.into_iter();
        Ok(recorded.map(|(_, split)| split).collect())
    }

    /// Returns the splits of one security with their kinds, in booking order.
    pub(crate) fn recorded_of(
        &self,
        security: SecurityId,
    ) -> Result<Vec<(SplitKind, Split)>, StoreError> {
        let splits = "SELECT security, day, new, old FROM split WHERE security = ?1 ORDER BY day";
        let dividends = "SELECT security, day, new, old FROM corporate_action
             WHERE security = ?1 AND kind = 'stock-dividend' ORDER BY day";
        Ok(merged(
            select(self.connection, splits, [security], row_to_split)?,
            select(self.connection, dividends, [security], row_to_split)?,
        ))
    }

    /// Returns all splits, stock dividends included, by security and in booking order.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<Split>, StoreError> {
        let recorded = self.recorded()?.into_iter();
        Ok(recorded.map(|(_, split)| split).collect())
    }

    /// Returns all splits with their kinds, by security and in booking order.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn recorded(&self) -> Result<Vec<(SplitKind, Split)>, StoreError> {
        let splits = "SELECT security, day, new, old FROM split ORDER BY security, day";
        let dividends = "SELECT security, day, new, old FROM corporate_action
             WHERE kind = 'stock-dividend' ORDER BY security, day";
        Ok(merged(
            select(self.connection, splits, [], row_to_split)?,
            select(self.connection, dividends, [], row_to_split)?,
        ))
    }
}

impl WriteSplits<'_> {
    /// Deletes the split or stock dividend of a security on a day.
    pub(crate) fn delete(
        &self,
        kind: SplitKind,
        security: SecurityId,
        day: Day,
    ) -> Result<(), StoreError> {
        let sql = match kind {
            SplitKind::Split => "DELETE FROM split WHERE security = ?1 AND day = ?2",
            SplitKind::StockDividend => {
                "DELETE FROM corporate_action
                 WHERE security = ?1 AND day = ?2 AND kind = 'stock-dividend'"
            }
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![security, day])?;
        Ok(())
    }

    /// Inserts splits; one of the same security and day is replaced.
    pub(crate) fn set(&self, splits: &[Split]) -> Result<(), StoreError> {
        for split in splits {
            self.set_one(SplitKind::Split, split)?;
        }
        Ok(())
    }

    /// Inserts a split or stock dividend; one of the same kind, security and day is replaced.
    pub(crate) fn set_one(&self, kind: SplitKind, split: &Split) -> Result<(), StoreError> {
        let sql = match kind {
            SplitKind::Split => {
                "INSERT INTO split (security, day, new, old) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (security, day) DO UPDATE SET new = excluded.new, old = excluded.old"
            }
            SplitKind::StockDividend => {
                "INSERT INTO corporate_action (security, day, kind, part, new, old)
                 VALUES (?1, ?2, 'stock-dividend', 0, ?3, ?4)
                 ON CONFLICT (security, day, kind, part) DO UPDATE
                     SET new = excluded.new, old = excluded.old"
            }
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![split.security, split.day, split.new, split.old])?;
        Ok(())
    }
}

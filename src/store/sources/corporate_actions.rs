//! Stores corporate actions other than splits and stock dividends.

use rusqlite::{Row, params};

use crate::domain::{CorporateAction, CostShare, Delivery};
use crate::store::error::StoreError;
use crate::store::select::select;
use crate::store::transaction::subject;

subject!(
    corporate_actions: ReadCorporateActions,
    WriteCorporateActions,
    "the corporate actions other than splits"
);

fn row_to_action(row: &Row<'_>) -> Result<CorporateAction, StoreError> {
    let received = (row.get(3)?, row.get(4)?, row.get(5)?);
    let cost_share: Option<i64> = row.get(7)?;
    let cost_share = cost_share.map(|parts| {
        CostShare::from_parts(parts)
            .ok_or_else(|| StoreError::damaged("a share of cost not from 0 to 1"))
    });
    Ok(CorporateAction {
        security: row.get(0)?,
        day: row.get(1)?,
        kind: row.get(2)?,
        received: match received {
            (Some(security), Some(new), Some(old)) => Some(Delivery { security, new, old }),
            _ => None,
        },
        cash: row.get(6)?,
        cost_share: cost_share.transpose()?,
    })
}

impl ReadCorporateActions<'_> {
    /// Returns all actions, by security, day and kind.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn all(&self) -> Result<Vec<CorporateAction>, StoreError> {
        let sql = "SELECT security, day, kind, received, new, old, cash, cost_share
                   FROM corporate_action WHERE kind <> 'stock-dividend'
                   ORDER BY security, day, kind, part";
        select(self.connection, sql, [], row_to_action)
    }
}

impl WriteCorporateActions<'_> {
    /// Deletes an action.
    pub(crate) fn delete(&self, action: &CorporateAction) -> Result<(), StoreError> {
        let (security, day, kind, part) = action.key();
        let part = part.map_or(0, |id| id.0);
        self.connection
            .prepare_cached(
                "DELETE FROM corporate_action
                 WHERE security = ?1 AND day = ?2 AND kind = ?3 AND part = ?4",
            )?
            .execute(params![security, day, kind, part])?;
        Ok(())
    }

    /// Inserts actions; one with the same key is replaced.
    pub(crate) fn set(&self, actions: &[CorporateAction]) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO corporate_action
                 (security, day, kind, part, received, new, old, cash, cost_share)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (security, day, kind, part) DO UPDATE
                 SET received = excluded.received, new = excluded.new, old = excluded.old,
                     cash = excluded.cash, cost_share = excluded.cost_share",
        )?;
        for action in actions {
            let (security, day, kind, part) = action.key();
            let received = action.received;
            statement.execute(params![
                security,
                day,
                kind,
                part.map_or(0, |id| id.0),
                received.map(|delivery| delivery.security),
                received.map(|delivery| delivery.new),
                received.map(|delivery| delivery.old),
                action.cash,
                action.cost_share.map(CostShare::parts),
            ])?;
        }
        Ok(())
    }
}

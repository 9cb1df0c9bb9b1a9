//! Stores the result of the last verification, with the damage that is known and not repaired.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::columns::Micros;
use super::error::StoreError;
use super::select::select_first;
use super::transaction::subject;

/// The result of the last verification.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VerificationRow {
    /// Time at which the last verification ended, if there was one.
    pub ended: Option<DateTime<Utc>>,
    /// The damage that is known and not repaired.
    pub damage: Option<DamageRow>,
}

/// Damage that a verification or another command found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DamageRow {
    /// Time at which damage was found first.
    pub found: DateTime<Utc>,
    /// Names of the claims that do not hold; empty if no verification has examined the damage.
    pub broken: BTreeSet<String>,
    /// The tables of sources whose rows differ from their digest.
    pub changed_sources: Vec<String>,
    /// One of the findings.
    pub finding: String,
}

subject!(verification: ReadVerification, WriteVerification, "the result of the last verification");

impl ReadVerification<'_> {
    /// Returns the result of the last verification.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or the stored value is damaged.
    pub fn last(&self) -> Result<VerificationRow, StoreError> {
        let sql = "SELECT ended, damage FROM verification";
        let row = select_first(self.connection, sql, [], |row| {
            let ended: Option<Micros> = row.get(0)?;
            let damage: Option<String> = row.get(1)?;
            let damage = damage.map(|text| serde_json::from_str(&text)).transpose();
            Ok(VerificationRow {
                ended: ended.map(|at| at.0),
                damage: damage.map_err(StoreError::damaged)?,
            })
        })?;
        row.ok_or_else(|| StoreError::damaged("the result of the last verification is missing"))
    }
}

impl WriteVerification<'_> {
    /// Replaces the result of the last verification.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn set(&self, row: &VerificationRow) -> Result<(), StoreError> {
        let damage = row.damage.as_ref().map(serde_json::to_string).transpose();
        let damage = damage.map_err(StoreError::damaged)?;
        self.connection.execute(
            "INSERT OR REPLACE INTO verification (only, ended, damage) VALUES (1, ?1, ?2)",
            params![row.ended.map(Micros), damage],
        )?;
        Ok(())
    }
}

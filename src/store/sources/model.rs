//! Stores risk models as JSON. A changed model is a new row, and each row of output names the model
//! that it was computed with.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::domain::RiskModel;
use crate::store::columns::{Micros, integer};
use crate::store::error::StoreError;
use crate::store::select::select_first;
use crate::store::transaction::subject;

/// Row id of a risk model; the highest is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelNumber(i64);

integer! {
    ModelNumber: |model: ModelNumber| model.0, |number| Some(ModelNumber(number));
}

impl ModelNumber {
    /// The number used before any model was set: a model without benchmark, factors and shocks.
    pub const NONE: Self = Self(0);
}

subject!(risk_models: ReadRiskModels, WriteRiskModels, "the risk models");

impl ReadRiskModels<'_> {
    /// Returns the model in force and its number; the empty model before any was set.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn in_force(&self) -> Result<(ModelNumber, RiskModel), StoreError> {
        self.select(
            "SELECT id, document FROM risk_model ORDER BY id DESC LIMIT 1",
            [],
        )
    }

    /// Returns the model with this number; the empty one if there is none.
    pub(crate) fn numbered(&self, number: ModelNumber) -> Result<RiskModel, StoreError> {
        let (_, model) = self.select(
            "SELECT id, document FROM risk_model WHERE id = ?1",
            [number],
        )?;
        Ok(model)
    }

    fn select(
        &self,
        sql: &str,
        arguments: impl rusqlite::Params,
    ) -> Result<(ModelNumber, RiskModel), StoreError> {
        let found = select_first(self.connection, sql, arguments, |row| {
            let document: String = row.get(1)?;
            let model = serde_json::from_str(&document).map_err(StoreError::damaged)?;
            Ok((row.get(0)?, model))
        })?;
        Ok(found.unwrap_or_else(|| (ModelNumber::NONE, RiskModel::default())))
    }
}

impl WriteRiskModels<'_> {
    /// Inserts a model, which is in force from then on.
    pub(crate) fn set(&self, model: &RiskModel, since: DateTime<Utc>) -> Result<(), StoreError> {
        let document = serde_json::to_string(model).map_err(StoreError::damaged)?;
        self.connection.execute(
            "INSERT INTO risk_model (since, document) VALUES (?1, ?2)",
            params![Micros(since), document],
        )?;
        Ok(())
    }
}

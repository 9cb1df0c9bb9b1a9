//! The risk model in force, as JSON. A changed model is a new row, and rows of output say by
//! which model they were made.

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, params};

use crate::domain::RiskModel;
use crate::store::columns::Micros;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// A risk model inside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelNumber(i64);

impl ToSql for ModelNumber {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl FromSql for ModelNumber {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

impl ModelNumber {
    /// The number before any model was set: benchmark, factors and shocks are none.
    pub const NONE: Self = Self(0);
}

impl ReadTransaction<'_> {
    /// The model in force and its number; the empty one before any was set.
    pub fn risk_model(&self) -> Result<(ModelNumber, RiskModel), StoreError> {
        self.select_model(
            "SELECT id, document FROM risk_model ORDER BY id DESC LIMIT 1",
            [],
        )
    }

    /// The model with a number.
    pub fn risk_model_numbered(&self, number: ModelNumber) -> Result<RiskModel, StoreError> {
        let (_, model) = self.select_model(
            "SELECT id, document FROM risk_model WHERE id = ?1",
            [number],
        )?;
        Ok(model)
    }

    fn select_model(
        &self,
        sql: &str,
        arguments: impl rusqlite::Params,
    ) -> Result<(ModelNumber, RiskModel), StoreError> {
        let found: Option<(ModelNumber, String)> = self
            .connection
            .prepare_cached(sql)?
            .query_row(arguments, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            None => Ok((ModelNumber::NONE, RiskModel::default())),
            Some((number, document)) => Ok((
                number,
                serde_json::from_str(&document).map_err(StoreError::damaged)?,
            )),
        }
    }
}

impl WriteTransaction<'_> {
    /// Puts a model in force.
    pub fn set_risk_model(
        &self,
        model: &RiskModel,
        since: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let document = serde_json::to_string(model).map_err(StoreError::damaged)?;
        self.connection.execute(
            "INSERT INTO risk_model (since, document) VALUES (?1, ?2)",
            params![Micros(since), document],
        )?;
        Ok(())
    }
}

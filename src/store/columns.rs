//! Converts domain types to and from column values.
//!
//! Days, amounts and dense ids are integers, names and public ids are text, sets are bitmaps in
//! Roaring's portable format. A stored value outside the type's range is a conversion error, never
//! a default.

use chrono::{DateTime, Utc};
use roaring::RoaringBitmap;
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::error::StoreError;
use crate::domain::{
    ActionKind, AssetClass, Currency, Day, FeeTreatment, IdSet, LotChoices, LotMethod, Money,
    Phase, PortfolioId, PortfolioKey, Price, Quantity, RecordedEdit, RunId, SecurityId, TimeOfDay,
    TransactionKind,
};

/// Stores a type as an integer: the type, the number of a value, and the value of a number, if it
/// has one.
macro_rules! integer {
    ($($name:ty: $out:expr, $into:expr;)*) => {$(
        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from($out(*self)))
            }
        }
        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                let number = value.as_i64()?;
                $into(number).ok_or(rusqlite::types::FromSqlError::OutOfRange(number))
            }
        }
    )*};
}
pub(super) use integer;

integer! {
    Day: |day: Day| i64::from(day.number()), |number| i32::try_from(number).ok().and_then(Day::from_number);
    TimeOfDay: |time: TimeOfDay| time.micros(), TimeOfDay::from_micros;
    Phase: |phase: Phase| i64::from(phase.number()), |number| u8::try_from(number).ok().and_then(Phase::from_number);
    PortfolioId: |id: PortfolioId| i64::from(id.0), |number| u32::try_from(number).ok().map(PortfolioId);
    SecurityId: |id: SecurityId| i64::from(id.0), |number| u32::try_from(number).ok().map(SecurityId);
    Money: |money: Money| money.units(), |units| Some(Money::from_units(units));
}

macro_rules! text {
    ($($name:ty),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.to_string()))
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(|error| FromSqlError::Other(Box::new(error)))
            }
        }
    )*};
}

/// Stores an amount as the integer of its compact form, or else as decimal text.
macro_rules! fine_amount {
    ($($name:ty),*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(match self.compact() {
                    Some(units) => ToSqlOutput::from(units),
                    None => ToSqlOutput::from(self.to_string()),
                })
            }
        }
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value {
                    ValueRef::Integer(units) => Ok(Self::from_units(units)),
                    value => value
                        .as_str()?
                        .parse()
                        .map_err(|error| FromSqlError::Other(Box::new(error))),
                }
            }
        }
    )*};
}

fine_amount!(Price, Quantity);

text!(
    ActionKind,
    AssetClass,
    Currency,
    FeeTreatment,
    LotChoices,
    LotMethod,
    PortfolioKey,
    RecordedEdit,
    RunId,
    TransactionKind
);

/// Numbers to look up in one statement, as the JSON text that `json_each` reads.
pub(super) struct JsonList(String);

impl JsonList {
    pub(super) fn from_numbers<N: Into<i64>>(numbers: impl Iterator<Item = N>) -> Self {
        let numbers: Vec<String> = numbers.map(|number| number.into().to_string()).collect();
        Self(format!("[{}]", numbers.join(",")))
    }
}

impl ToSql for JsonList {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// An instant, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Micros(pub(super) DateTime<Utc>);

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.timestamp_micros()))
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = value.as_i64()?;
        DateTime::from_timestamp_micros(micros)
            .map(Self)
            .ok_or(FromSqlError::OutOfRange(micros))
    }
}

/// A set of ids as it is stored: equal sets have equal bytes, so ledgers compare byte for byte.
pub(super) struct StoredSet;

impl StoredSet {
    /// Returns the bytes of a set and the number of ids in it.
    pub(super) fn to_bytes(ids: &IdSet) -> (Vec<u8>, i64) {
        let mut canonical = ids.clone();
        // The containers of a bitmap depend on the order of its changes. Removing the run-length
        // containers and choosing them anew makes the bytes depend on the ids alone.
        canonical.remove_run_compression();
        canonical.optimize();
        let mut bytes = Vec::with_capacity(canonical.serialized_size());
        canonical
            .serialize_into(&mut bytes)
            .expect("writing to memory does not fail");
        (bytes, canonical.len() as i64)
    }

    /// Reads the set in column `at` of a row; its count is in the next column.
    pub(super) fn from_row(row: &Row<'_>, at: usize) -> Result<IdSet, StoreError> {
        let bytes = row.get_ref(at)?.as_blob().map_err(StoreError::damaged)?;
        Self::from_bytes(bytes, row.get(at + 1)?)
    }

    /// Decodes a set and checks it against the stored count.
    fn from_bytes(bytes: &[u8], count: i64) -> Result<IdSet, StoreError> {
        let ids = RoaringBitmap::deserialize_from(bytes).map_err(|error| {
            StoreError::damaged(format!("failed to read a set of ids: {error}"))
        })?;
        if ids.len() as i64 != count {
            return Err(StoreError::damaged(format!(
                "a set holds {} ids, its stored count is {count}",
                ids.len()
            )));
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sets_serialize_to_equal_bytes() {
        let mut range = IdSet::new();
        range.insert_range(1..=5_000);
        let mut list: IdSet = (1..=6_000).rev().collect();
        list.remove_range(5_001..=6_000);
        let (bytes, count) = StoredSet::to_bytes(&range);
        assert_eq!(StoredSet::to_bytes(&list).0, bytes);
        assert_eq!(StoredSet::from_bytes(&bytes, count).unwrap(), range);
    }

    #[test]
    fn set_with_a_wrong_count_is_damaged() {
        let (bytes, count) = StoredSet::to_bytes(&IdSet::from([1, 2, 3]));
        assert!(StoredSet::from_bytes(&bytes, count + 1).is_err());
        assert!(StoredSet::from_bytes(&bytes[..4], count).is_err());
    }
}

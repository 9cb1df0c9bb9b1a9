//! Reads the mapped tables of a scratch database.

use super::error::CaptureError;
use super::map::{Map, Table};
#[cfg(feature = "postgres")]
use super::postgres::LiveDatabase;
use super::rows::{Row, RowSource, check_columns, visit_numbered_rows};
use crate::store::{ForeignFile, ScratchDatabase, ScratchLocation};

/// A scratch database, in one read transaction until it is dropped.
pub(crate) struct ScratchReader(Box<dyn RowSource>);

impl ScratchReader {
    /// Connects to the database, marked or not.
    pub(crate) fn open(database: &dyn ScratchDatabase) -> Result<Self, CaptureError> {
        Ok(Self(match database.location() {
            ScratchLocation::File(path) => Box::new(ForeignFile::open(path)?),
            #[cfg(feature = "postgres")]
            ScratchLocation::Postgres(login, name) => {
                let login = login.to_database(Some(name), "plimsoll job");
                Box::new(LiveDatabase::connect(login)?)
            }
        }))
    }

    /// Checks that the database has all tables and columns of a map. The error is the first one that
    /// is missing, with its line of the map.
    pub(crate) fn check(&mut self, map: &Map) -> Result<(), CaptureError> {
        check_columns(self.0.as_mut(), map.tables())
    }

    /// Calls `take` for each row of a table.
    pub(crate) fn visit_rows(
        &mut self,
        table: &Table,
        take: impl FnMut(Row<'_>) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        visit_numbered_rows(self.0.as_mut(), table, take)
    }
}

//! The schema as an append-only list of steps. A step that was released is never edited.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::StoreError;

const STEPS: &[M<'static>] = &[
    M::up(include_str!("schema/001_books.sql")),
    M::up(include_str!("schema/002_tokens.sql")),
    M::up(include_str!("schema/003_alerts.sql")),
];

/// The schema this version writes: how many steps there are.
pub(super) const fn newest() -> i64 {
    STEPS.len() as i64
}

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS).to_latest(connection)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_applies_from_every_earlier_one() {
        for from in 0..STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            let migrations = Migrations::from_slice(STEPS);
            migrations.to_version(&mut connection, from).unwrap();
            migrations.to_latest(&mut connection).unwrap();
            let version: i64 = connection
                .pragma_query_value(None, "user_version", |row| row.get(0))
                .unwrap();
            assert_eq!(version, newest());
        }
    }

    #[test]
    fn every_view_can_be_read() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        let mut names = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")
            .unwrap();
        let names: Vec<String> = names
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(names.len() >= 8);
        for name in names {
            connection
                .prepare(&format!("SELECT * FROM {name}"))
                .unwrap();
        }
    }
}

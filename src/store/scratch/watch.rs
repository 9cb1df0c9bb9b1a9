//! Writes the tables and triggers by which a SQLite file records writes and makes them fail.

use super::statements::FAILURE;
use super::values::{WatchedTable, WriteFaultKind, WriteKind};
use crate::store::foreign::identifier;

/// Tables of the harness: the mark, the recorded writes, the armed fault, and an endless query, in
/// which a write hangs until its process is killed.
pub(super) const HARNESS_TABLES: &str = "
    CREATE TABLE plimsoll_scratch (made_by TEXT NOT NULL);
    INSERT INTO plimsoll_scratch VALUES ('plimsoll job');
    CREATE TABLE plimsoll_writes (
        number INTEGER PRIMARY KEY, source INTEGER NOT NULL, kind TEXT NOT NULL, portfolio, day
    );
    CREATE TABLE plimsoll_fault (number INTEGER NOT NULL, kind TEXT NOT NULL);
    CREATE VIEW plimsoll_endless AS
        WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
        SELECT count(*) AS rows FROM n;";

/// Returns the trigger that records a kind of write, and applies an armed fault to it. A write that
/// fails, or whose transaction is rolled back, leaves no record.
pub(super) fn trigger(watched: &WatchedTable, kind: WriteKind, row: &str) -> String {
    let WatchedTable {
        source,
        table,
        portfolio,
        day,
    } = watched;
    let (table, portfolio, day) = (identifier(table), identifier(portfolio), identifier(day));
    let kind = kind.name();
    let armed = |fault: WriteFaultKind| {
        format!(
            "plimsoll_fault WHERE kind = '{}'
                AND number = (SELECT max(number) FROM plimsoll_writes)",
            fault.name()
        )
    };
    format!(
        "CREATE TRIGGER plimsoll_watch_{source}_{kind} AFTER {kind} ON {table} BEGIN
            INSERT INTO plimsoll_writes (source, kind, portfolio, day)
                VALUES ({source}, '{kind}', {row}.{portfolio}, {row}.{day});
            SELECT RAISE(ABORT, '{FAILURE}') FROM {};
            SELECT (SELECT rows FROM plimsoll_endless) FROM {};
        END",
        armed(WriteFaultKind::Raise),
        armed(WriteFaultKind::Hang)
    )
}

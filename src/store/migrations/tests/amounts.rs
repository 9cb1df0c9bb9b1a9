//! Tests the step that lets amounts be texts.

use super::*;
use crate::domain::Quantity;

#[test]
fn amounts_of_more_decimals_are_texts_from_schema_16_on() {
    let text = "0.000000000000000001";
    for from in [1, 3, 10] {
        let (_folder, path, mut connection) = database_of(from);
        // A connection that knew the definitions before the change reads them again.
        let other = Connection::open(&path).unwrap();
        let columns = [
            ("security", "multiplier"),
            ("price", "close"),
            ("price_correction", "was"),
            ("price_correction", "became"),
            ("entry", "quantity"),
            ("entry", "price"),
        ];
        let update = |connection: &Connection, (table, column): (&str, &str)| {
            let sql = format!("UPDATE {table} SET {column} = '{text}'");
            connection.execute(&sql, []).is_ok()
        };
        for column in columns {
            assert!(!update(&other, column), "schema {from}: {column:?}");
        }
        apply(&mut connection).unwrap();
        for (table, column) in columns {
            assert!(update(&other, (table, column)), "schema {from}: {column}");
            let sql = format!("SELECT {column} FROM {table}");
            let stored: Quantity = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(stored.to_string(), text);
        }
        let integrity: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(integrity, "ok");
    }
}

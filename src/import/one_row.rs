//! Writes a record that is given field by field as a file with one row, so that the checks of files
//! apply to it.

use super::options::{DecimalMark, ImportOptions, KnownRows, Restatements, ValidRows};
use super::profile::id_from_fields;

/// Returns a file with one row. Fields without a value have no column.
pub fn one_row(fields: &[(&str, Option<&str>)]) -> Vec<u8> {
    let given = || {
        fields
            .iter()
            .filter_map(|(name, value)| Some((*name, (*value)?)))
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header: Vec<&str> = given().map(|(name, _)| name).collect();
    let row: Vec<&str> = given().map(|(_, value)| value).collect();
    let written = writer
        .write_record(header)
        .and_then(|()| writer.write_record(row));
    written.expect("memory takes all bytes");
    writer.into_inner().expect("memory takes all bytes")
}

/// Returns the id of a transaction that is entered by hand without one. The same fields give the same
/// id, so that a command that is repeated by mistake books nothing twice.
pub fn manual_id(fields: &[(&str, Option<&str>)]) -> String {
    let given = fields
        .iter()
        .filter_map(|(name, value)| Some([*name, (*value)?]));
    id_from_fields("manual", given.flatten())
}

/// Returns the options for one row.
pub fn one_row_options(known_rows: KnownRows, restatements: Restatements) -> ImportOptions {
    ImportOptions {
        decimal_mark: Some(DecimalMark::Point),
        valid_rows: ValidRows::Refused,
        known_rows,
        restatements,
        ..ImportOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_without_a_value_have_no_column() {
        let fields = [
            ("name", Some("A, \"B\"")),
            ("currency", None),
            ("closed", Some("")),
        ];
        let text = String::from_utf8(one_row(&fields)).unwrap();
        assert_eq!(text, "name,closed\n\"A, \"\"B\"\"\",\n");
    }

    #[test]
    fn the_same_fields_give_the_same_id() {
        let fields = [
            ("date", Some("2026-01-05")),
            ("amount", Some("5")),
            ("fee", None),
        ];
        assert_eq!(manual_id(&fields), manual_id(&fields[..2]));
        assert_ne!(manual_id(&fields), manual_id(&fields[..1]));
    }
}

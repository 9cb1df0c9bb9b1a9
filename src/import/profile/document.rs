//! Reads the records of a JSON document as the rows of a table, so that profiles read both alike.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::source_table::is_header_of;
use super::spec::{Lookup, Profile};
use crate::import::content;
use crate::import::table::Record;

/// A JSON object with lists of records.
pub(super) struct Document<'t> {
    text: &'t str,
    lists: BTreeMap<String, Vec<&'t RawValue>>,
}

/// The records of a document, with a column for each of their keys.
pub(super) struct DocumentTable {
    pub(super) header: Vec<String>,
    pub(super) records: Vec<Record>,
}

/// The fields of one object, by the names of their columns.
type Fields = Vec<(String, String)>;

impl<'t> Document<'t> {
    /// Reads a text; `None` if it is not a JSON object.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let lists = parts.into_iter().filter_map(|(key, part)| {
            let list: Vec<&RawValue> = serde_json::from_str(part.get()).ok()?;
            Some((key, list))
        });
        Some(Self {
            text,
            lists: lists.collect(),
        })
    }

    /// Returns the records that a profile reads; `None` if the document has none of them.
    pub(super) fn table(&self, profile: &Profile) -> Option<DocumentTable> {
        let list = self.lists.get(profile.file.records.as_deref()?)?;
        let lookups: Vec<_> = (profile.file.lookup.iter())
            .map(|lookup| (lookup, self.by_key(lookup)))
            .collect();
        let known = profile.known_columns();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        let mut header = Vec::new();
        let mut rows: Vec<(u64, Vec<(usize, String)>)> = Vec::with_capacity(list.len());
        let (mut counted, mut line) = (0, 1);
        for raw in list {
            let start = raw.get().as_ptr() as usize - self.text.as_ptr() as usize;
            line += content::count_newlines(&self.text.as_bytes()[counted..start]);
            counted = start;
            let mut fields = fields(raw)?;
            for (lookup, objects) in &lookups {
                let value = |(name, _): &&(String, String)| *name == lookup.column;
                let key = fields.iter().find(value).map(|(_, value)| value);
                let found = key.and_then(|key| objects.get(key)).into_iter().flatten();
                let named =
                    found.map(|(name, value)| (format!("{}.{name}", lookup.column), value.clone()));
                // Only what the profile reads: the other list is not the one of the records.
                let read: Fields = named
                    .filter(|(name, _)| known.contains(name.as_str()))
                    .collect();
                fields.extend(read);
            }
            let placed = fields.into_iter().map(|(name, value)| {
                let position = *positions.entry(name).or_insert_with_key(|name| {
                    header.push(name.clone());
                    header.len() - 1
                });
                (position, value)
            });
            rows.push((line, placed.collect()));
        }
        if !list.is_empty() && !is_header_of(profile, &header) {
            return None;
        }
        let width = header.len();
        let records = rows.into_iter().map(|(line, placed)| {
            let mut fields = vec![String::new(); width];
            for (position, value) in placed {
                fields[position] = value;
            }
            Record {
                line,
                fields: fields.into(),
                errors: Vec::new(),
            }
        });
        Some(DocumentTable {
            records: records.collect(),
            header,
        })
    }

    /// Returns the fields of the objects of a list, by the values of their keys.
    fn by_key(&self, lookup: &Lookup) -> BTreeMap<String, Fields> {
        let list = self.lists.get(&lookup.list).into_iter().flatten();
        let objects = list.filter_map(|raw| {
            let fields = fields(raw)?;
            let (_, key) = fields.iter().find(|(name, _)| *name == lookup.key)?;
            Some((key.clone(), fields))
        });
        objects.collect()
    }
}

/// Returns the fields of an object; `None` if the value is not one.
fn fields(raw: &RawValue) -> Option<Fields> {
    let Ok(Value::Object(object)) = serde_json::from_str(raw.get()) else {
        return None;
    };
    let mut fields = Fields::new();
    for (name, value) in object {
        add_fields(name, value, &mut fields);
    }
    Some(fields)
}

/// Adds a value under its name, and those of an object inside it under both names, with a dot.
fn add_fields(name: String, value: Value, fields: &mut Fields) {
    let text = match value {
        Value::Object(object) => {
            for (inner, value) in object {
                add_fields(format!("{name}.{inner}"), value, fields);
            }
            return;
        }
        Value::Null => String::new(),
        Value::Array(list) if list.is_empty() => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    fields.push((name, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"
        name = "mine"
        title = "Mine"
        [file]
        records = "rows"
        lookup = [{ column = "account", list = "accounts", key = "id" }]
        header = ["day", "kind"]
        dates = ["%Y-%m-%d"]
        [columns]
        date = "day"
        portfolio = "account.name"
        [[rows]]
        when = { kind = "in" }
        transactions = [{ kind = "deposit", amount = "cash.value" }]
    "#;

    #[test]
    fn records_are_rows_with_their_lines_and_what_they_refer_to() {
        let text = "{\"accounts\": [{\"id\": 7, \"name\": \"Alpha\", \"secret\": 1}],\n \"rows\": [\n\
            {\"day\": \"2026-01-05\", \"kind\": \"in\", \"account\": 7, \"cash\": {\"value\": 1.50}},\n\
            {\"day\": \"2026-01-06\",\n \"kind\": null, \"tags\": []}]}";
        let profile = Profile::parse(PROFILE).unwrap();
        let table = Document::parse(text).unwrap().table(&profile).unwrap();
        assert_eq!(
            table.header,
            [
                "day",
                "kind",
                "account",
                "cash.value",
                "account.name",
                "tags"
            ]
        );
        let rows: Vec<_> = (table.records.iter())
            .map(|record| (record.line, record.fields.iter().collect::<Vec<_>>()))
            .collect();
        assert_eq!(
            rows,
            [
                (3, vec!["2026-01-05", "in", "7", "1.5", "Alpha", ""]),
                (4, vec!["2026-01-06", "", "", "", "", ""]),
            ]
        );
    }

    #[test]
    fn other_documents_have_no_records() {
        let profile = Profile::parse(PROFILE).unwrap();
        for text in ["{\"rows\": [{\"day\": 1}]}", "{\"rows\": 5}", "{}"] {
            let document = Document::parse(text).unwrap();
            assert!(document.table(&profile).is_none(), "{text}");
        }
        assert!(Document::parse("[1]").is_none());
    }
}

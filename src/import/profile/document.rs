//! Reads the records of a JSON or XML document as the rows of a table, so that profiles read all alike.

use std::collections::BTreeMap;

use super::records::{Fields, Lists, json_lists, xml_lists};
use super::source_table::is_header_of;
use super::spec::{FileRules, Lookup, Profile};
use crate::import::table::Record;

/// The column with the name of the list or element of a record, for profiles that read it.
const LIST: &str = "records";

/// A document with lists of records.
pub(super) struct Document(Lists);

/// The records of a document, with a column for each of their keys.
pub(super) struct DocumentTable {
    pub(super) header: Vec<String>,
    pub(super) records: Vec<Record>,
}

impl Document {
    /// Reads the lists that some profiles need; `None` if the text is neither a JSON object nor XML, or
    /// is not complete.
    pub(super) fn parse(text: &str, profiles: &[&Profile]) -> Option<Self> {
        let of_profile = |profile: &&Profile, name: &str| {
            let FileRules {
                records, lookup, ..
            } = &profile.file;
            records.0.iter().any(|list| list == name)
                || lookup.iter().any(|lookup| lookup.list == name)
        };
        let is_needed = |name: &str| profiles.iter().any(|profile| of_profile(profile, name));
        let lists = match text.trim_start().chars().next()? {
            '{' => json_lists(text, is_needed)?,
            '<' => xml_lists(text, is_needed)?,
            _ => return None,
        };
        Some(Self(lists))
    }

    /// Returns the records that a profile reads, in their order; `None` if the document has none of
    /// its lists, or they lack a column of the header.
    pub(super) fn table(&self, profile: &Profile) -> Option<DocumentTable> {
        let names = profile.file.records.0.iter();
        let lists: Vec<_> = names
            .filter_map(|name| Some((name, self.0.get(name)?)))
            .collect();
        if lists.is_empty() {
            return None;
        }
        let lookups: Vec<_> = (profile.file.lookup.iter())
            .map(|lookup| (lookup, self.by_key(lookup)))
            .collect();
        let known = profile.known_columns();
        let mut columns = Columns::default();
        let mut rows: Vec<(u64, Vec<(usize, String)>)> = Vec::new();
        for (list, records) in &lists {
            for (line, fields) in *records {
                let mut fields = fields.clone();
                for (lookup, objects) in &lookups {
                    // Only what the profile reads: the other list is not the one of the records.
                    let found = found_fields(&fields, lookup, objects);
                    let mut read: Fields = found
                        .filter(|(name, _)| known.contains(name.as_str()))
                        .collect();
                    fields.append(&mut read);
                }
                if known.contains(LIST) {
                    fields.push((LIST.to_owned(), (*list).clone()));
                }
                rows.push((*line, columns.place(fields)));
            }
        }
        if !rows.is_empty() && !is_header_of(profile, &columns.names) {
            return None;
        }
        rows.sort_by_key(|(line, _)| *line);
        let width = columns.names.len();
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
            header: columns.names,
        })
    }

    /// Returns the fields of the objects of a list, by the values of their keys.
    fn by_key(&self, lookup: &Lookup) -> BTreeMap<&str, &Fields> {
        let list = self.0.get(&lookup.list).into_iter().flatten();
        let objects = list.filter_map(|(_, fields)| {
            let (_, key) = fields.iter().find(|(name, _)| *name == lookup.key)?;
            Some((key.as_str(), fields))
        });
        objects.collect()
    }
}

/// Returns the fields of the object that a record names, under the names of their columns.
fn found_fields(
    fields: &Fields,
    lookup: &Lookup,
    objects: &BTreeMap<&str, &Fields>,
) -> impl Iterator<Item = (String, String)> {
    let mut named = fields.iter().filter(|(name, _)| *name == lookup.column);
    let found = named.next().and_then(|(_, key)| objects.get(key.as_str()));
    let found = found.copied().cloned().unwrap_or_default();
    let column = lookup.column.clone();
    found
        .into_iter()
        .map(move |(name, value)| (format!("{column}.{name}"), value))
}

/// The columns of the records so far.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    positions: BTreeMap<String, usize>,
}

impl Columns {
    /// Returns the values of a record with the positions of their columns.
    fn place(&mut self, fields: Fields) -> Vec<(usize, String)> {
        let placed = fields.into_iter().map(|(name, value)| {
            let position = *self.positions.entry(name).or_insert_with_key(|name| {
                self.names.push(name.clone());
                self.names.len() - 1
            });
            (position, value)
        });
        placed.collect()
    }
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
        let table = Document::parse(text, &[&profile])
            .unwrap()
            .table(&profile)
            .unwrap();
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
            let document = Document::parse(text, &[&profile]).unwrap();
            assert!(document.table(&profile).is_none(), "{text}");
        }
        assert!(Document::parse("[1]", &[&profile]).is_none());
    }
}

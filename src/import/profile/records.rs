//! Splits JSON and XML documents into lists of records, each with its line.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::import::content::count_newlines;

/// The fields of one record, by the names of their columns.
pub(super) type Fields = Vec<(String, String)>;

/// The records of a document with the lines on which they start, by the name of their list or element.
pub(super) type Lists = BTreeMap<String, Vec<(u64, Fields)>>;

/// Returns the objects in the needed lists of a JSON object; `None` if the text is not one, or if an
/// element of such a list cannot be read as an object.
pub(super) fn json_lists(text: &str, is_needed: impl Fn(&str) -> bool) -> Option<Lists> {
    let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let mut lists = Lists::new();
    for (name, part) in parts.into_iter().filter(|(name, _)| is_needed(name)) {
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(part.get()) else {
            continue;
        };
        let mut lines = Lines::new(text);
        let objects = list.into_iter().map(|raw| {
            let Ok(Value::Object(object)) = serde_json::from_str(raw.get()) else {
                return None;
            };
            let mut fields = Fields::new();
            for (name, value) in object {
                add_fields(name, value, &mut fields);
            }
            let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            Some((lines.line_of(start), fields))
        });
        lists.insert(name, objects.collect::<Option<_>>()?);
    }
    Some(lists)
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

/// Returns the needed elements of an XML document with their attributes; `None` if the text is not XML,
/// or its end is missing.
pub(super) fn xml_lists(text: &str, is_needed: impl Fn(&str) -> bool) -> Option<Lists> {
    let mut reader = Reader::from_str(text);
    let (mut lists, mut lines) = (Lists::new(), Lines::new(text));
    let mut open = 0_usize;
    loop {
        let start = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let element = match &event {
            Event::Start(element) | Event::Empty(element) => element,
            Event::End(_) => {
                open -= 1;
                continue;
            }
            Event::Eof => return (open == 0).then_some(lists),
            _ => continue,
        };
        open += usize::from(matches!(event, Event::Start(_)));
        let name = std::str::from_utf8(element.name().into_inner()).ok()?;
        if !is_needed(name) {
            continue;
        }
        let mut fields = Fields::new();
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            let name = std::str::from_utf8(attribute.key.as_ref()).ok()?;
            let value = attribute.normalized_value(XmlVersion::default()).ok()?;
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
        let line = lines.line_of(start);
        lists
            .entry(name.to_owned())
            .or_default()
            .push((line, fields));
    }
}

/// Finds the lines of positions that ascend, in one pass over the text.
struct Lines<'t> {
    bytes: &'t [u8],
    counted: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    const fn new(text: &'t str) -> Self {
        Self {
            bytes: text.as_bytes(),
            counted: 0,
            line: 1,
        }
    }

    fn line_of(&mut self, position: usize) -> u64 {
        self.line += count_newlines(&self.bytes[self.counted..position]);
        self.counted = position;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_their_attributes_and_lines() {
        let text = "<?xml version=\"1.0\"?>\n<All>\n<Trade id=\"1\" name=\"A &amp; B\"/>\n\n\
            <Trade id=\"2\"\n name=\" C \"></Trade></All>\n";
        let lists = xml_lists(text, |name| name == "Trade").unwrap();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            lists["Trade"],
            [
                (3, vec![field("id", "1"), field("name", "A & B")]),
                (5, vec![field("id", "2"), field("name", "C")]),
            ]
        );
    }

    #[test]
    fn a_document_that_is_cut_off_or_damaged_has_no_records() {
        for text in [
            "<All><Trade id=\"1\"/>",
            "<All><Trade id=\"1\"></All>",
            "<All><Trade id=\"&unknown;\"/></All>",
            "<All><Trade id=\"1\" id=\"2\"/></All>",
        ] {
            assert!(xml_lists(text, |_| true).is_none(), "{text}");
        }
        assert!(json_lists("{\"rows\": [{}", |_| true).is_none());
    }
}

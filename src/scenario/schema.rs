//! JSON Schemas of scenarios and fixtures, for completion in editors.
//!
//! The scenario schema is a file in `docs`. The fixture schema is derived from it: the keys that
//! only a scenario may have are removed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::script::SCENARIO_KEYS;

/// JSON Schema of a scenario, as text.
pub const SCENARIO: &str = include_str!("../../docs/schema/scenario.schema.json");

/// Returns the JSON Schema of a fixture.
pub fn fixture() -> Value {
    let mut schema: Map<String, Value> =
        serde_json::from_str(SCENARIO).expect("the schema in docs is JSON");
    let mut properties = into_object(schema.remove("properties"));
    properties.retain(|key, _| !SCENARIO_KEYS.contains(&key.as_str()));
    let mut used = BTreeSet::new();
    let mut definitions = into_object(schema.remove("$defs"));
    let properties = Value::Object(properties);
    collect_references(&properties, &definitions, &mut used);
    definitions.retain(|name, _| used.contains(name));
    schema.insert("title".to_owned(), "Plimsoll fixture".into());
    let description = "A world: a state of the database and clock";
    schema.insert("description".to_owned(), description.into());
    schema.insert("required".to_owned(), vec!["now"].into());
    schema.insert("properties".to_owned(), properties);
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

fn into_object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Adds the definitions that a value refers to, directly or through other definitions.
fn collect_references(
    value: &Value,
    definitions: &Map<String, Value>,
    used: &mut BTreeSet<String>,
) {
    match value {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str);
            let name = name.and_then(|name| name.strip_prefix("#/$defs/"));
            // Definitions are recursive (`step` holds `run`, which holds steps): each is visited
            // once.
            if let Some(name) = name
                && used.insert(name.to_owned())
                && let Some(definition) = definitions.get(name)
            {
                collect_references(definition, definitions, used);
            }
            for value in object.values() {
                collect_references(value, definitions, used);
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_references(value, definitions, used)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::scenario::script::{FixtureError, Scenario};

    /// The keys at a place of the schema, without their spellings with `_`.
    fn schema_keys(pointer: &str) -> BTreeSet<String> {
        let schema: Value = serde_json::from_str(SCENARIO).unwrap();
        let at = schema
            .pointer(pointer)
            .unwrap_or_else(|| panic!("no {pointer}"));
        let keys = at["properties"].as_object().unwrap().keys();
        keys.filter(|key| !key.contains('_')).cloned().collect()
    }

    /// The keys that the reader lists as expected in its error about an unknown key.
    fn reader_keys(text: &str) -> BTreeSet<String> {
        let text = format!("now = 2026-01-08T18:00:00-05:00\n{text}");
        let error = Scenario::read("a_claim", &text, &|name| {
            Err(FixtureError::Absent(name.to_owned()))
        });
        let error = error.unwrap_err();
        let source = error
            .source()
            .unwrap_or_else(|| panic!("{error}"))
            .to_string();
        let (_, listed) = source
            .split_once("expected")
            .unwrap_or_else(|| panic!("{source}"));
        let words = listed.split('`').skip(1).step_by(2);
        words
            .filter(|word| !word.contains('_'))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn schema_and_reader_accept_the_same_keys() {
        let x = "zzz = 1";
        let places = [
            ("/$defs/portfolio", format!("[portfolios.A]\n{x}")),
            ("/$defs/transaction", format!("[[transaction]]\n{x}")),
            ("/$defs/split", format!("[[split]]\n{x}")),
            (
                "/properties/correction/items",
                format!("[[correction]]\n{x}"),
            ),
            (
                "/properties/invalidation/items",
                format!("[[invalidation]]\n{x}"),
            ),
            ("/properties/run/items", format!("[[run]]\n{x}")),
            (
                "/properties/run-left-running",
                format!("[run-left-running]\n{x}"),
            ),
            ("/properties/market", format!("[market]\n{x}")),
            ("/properties/risk", format!("[risk]\n{x}")),
            (
                "/properties/securities/additionalProperties",
                format!("[securities.S]\n{x}"),
            ),
            ("/$defs/amendments", format!("[calendar-amendments]\n{x}")),
            ("/$defs/policy", format!("[policy.mine]\n{x}")),
            ("/$defs/configuration", format!("[configuration]\n{x}")),
            ("/properties/fault/items", format!("[[fault]]\n{x}")),
            ("/$defs/step", format!("[[step]]\n{x}")),
            ("/$defs/run", format!("[[step]]\nrun = {{ {x} }}")),
            (
                "/$defs/run/properties/crash/anyOf/1",
                format!("[[step]]\nrun.crash = {{ {x} }}"),
            ),
            (
                "/$defs/step/properties/invalidate",
                format!("[[step]]\ninvalidate = {{ {x} }}"),
            ),
            (
                "/$defs/step/properties/retry",
                format!("[[step]]\nretry = {{ {x} }}"),
            ),
            ("/$defs/expectation", format!("[expect.per-cell]\n{x}")),
            ("/properties/expect", format!("[expect]\n{x}")),
        ];
        for (pointer, text) in places {
            assert_eq!(schema_keys(pointer), reader_keys(&text), "{pointer}");
        }
        let known = crate::scenario::script::known_keys().map(str::to_owned);
        assert_eq!(schema_keys(""), known.collect());
    }

    #[test]
    fn the_fixture_schema_has_the_world_keys_of_a_scenario() {
        let fixture = fixture();
        assert_eq!(fixture["properties"]["step"], Value::Null);
        assert_eq!(fixture["$defs"]["step"], Value::Null);
        assert!(fixture["properties"]["portfolios"].is_object());
        assert!(fixture["$defs"]["portfolio"].is_object());
        let file = include_str!("../../docs/schema/fixture.schema.json");
        assert_eq!(
            file.parse::<Value>().unwrap(),
            fixture,
            "regenerate it with `plimsoll scenario schema --fixture`"
        );
    }
}

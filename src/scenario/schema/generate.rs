//! Generates the schemas. The files in `docs/schema` are the result.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::scenario::script::spec::ScenarioSpec;
use crate::scenario::world::spec::WorldSpec;

/// Returns the JSON Schema of a scenario.
pub fn scenario() -> Value {
    schema_of::<ScenarioSpec>("Plimsoll scenario", json!([]))
}

/// Returns the JSON Schema of a fixture.
pub fn fixture() -> Value {
    schema_of::<WorldSpec>("Plimsoll fixture", json!(["now"]))
}

/// Returns the JSON Schema of a type whose keys are those of a file. `required` has the keys that a
/// file must have.
pub(crate) fn schema_of<T: JsonSchema>(title: &str, required: Value) -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(simplify).transform(&mut schema);
    schema.insert("title".to_owned(), title.into());
    schema.insert("required".to_owned(), required);
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.to_value()
}

/// Removes `null`, which TOML does not have, and the default values of Rust's types, which are not
/// the meaning of a missing key.
fn simplify(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    object.remove("default");
    object.remove("format");
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    for key in ["type", "anyOf"] {
        let Some(Value::Array(values)) = object.get_mut(key) else {
            continue;
        };
        values.retain(|value| *value != json!("null") && *value != json!({ "type": "null" }));
        let [only] = values.as_slice() else {
            continue;
        };
        match (only.clone(), object.remove(key)) {
            (Value::Object(only), _) => object.extend(only),
            (only, _) => drop(object.insert(key.to_owned(), only)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::error::Error;

    use super::*;
    use crate::scenario::script::{FixtureError, Scenario, known_keys};

    type MakeSchema = fn() -> Value;

    const FILES: [(&str, MakeSchema); 2] = [
        ("docs/schema/scenario.schema.json", scenario),
        ("docs/schema/fixture.schema.json", fixture),
    ];

    #[test]
    fn the_schemas_in_docs_are_those_of_the_types() {
        for (path, schema) in FILES {
            let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            let text = std::fs::read_to_string(&file).unwrap();
            let hint = "regenerate it with `plimsoll scenario schema`, `--fixture` for fixtures";
            assert_eq!(text.parse::<Value>().unwrap(), schema(), "{path}: {hint}");
        }
    }

    /// The keys that the reader lists as expected in its error about an unknown key.
    fn reader_keys(table: &str) -> BTreeSet<String> {
        let text = format!("now = 2026-01-08T18:00:00-05:00\n{table}zzz = 1");
        let error = Scenario::read("a_claim", &text, &|name| {
            Err(FixtureError::Absent(name.to_owned()))
        });
        let error = error.unwrap_err();
        let source = error.source().unwrap_or_else(|| panic!("{error}"));
        let source = source.to_string();
        let (_, listed) = source.split_once("expected").unwrap();
        let words = listed.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect()
    }

    #[test]
    fn schema_and_reader_accept_the_same_keys() {
        let schema = scenario();
        let keys = |pointer: &str| -> BTreeSet<String> {
            let at = schema.pointer(pointer);
            let at = at.unwrap_or_else(|| panic!("no {pointer}"));
            at["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect()
        };
        // Keys with old names are written by hand; the others are those of the types.
        for (pointer, table) in [
            ("/$defs/PortfolioSpec", "[portfolios.A]\n"),
            ("/$defs/Definition", "[calendar]\n"),
            ("/$defs/InvalidationSpec", "[[invalidation]]\n"),
            ("/$defs/InvalidationSpec2", "[[step]]\ninvalidate."),
            ("/$defs/ExpectationSpec", "[expect.per-cell]\n"),
            ("/$defs/ExpectationsSpec", "[expect]\n"),
        ] {
            assert_eq!(keys(pointer), reader_keys(table), "{pointer}");
        }
        assert_eq!(keys(""), known_keys().map(str::to_owned).collect());
    }

    #[test]
    fn no_table_of_known_keys_accepts_others() {
        fn check(at: &str, value: &Value) {
            if let (Some(_), rest) = (value.get("properties"), &value["additionalProperties"]) {
                assert!(*rest == json!(false) || rest.is_object(), "{at}: {rest}");
            }
            for (key, value) in value.as_object().into_iter().flatten() {
                check(&format!("{at}/{key}"), value);
            }
        }
        check("", &scenario());
    }
}

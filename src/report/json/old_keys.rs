//! Emits renamed JSON keys under their old names too, so that programs written for the version
//! before keep working.

use serde_json::{Map, Value};

/// Adds the old key beside each renamed key, with the same value, at every depth. `pairs` are
/// `(new, old)`. A key that `value` itself has keeps its own value.
pub fn with_old_keys(value: Value, pairs: &[(&str, &str)]) -> Value {
    match value {
        Value::Object(entries) => {
            let mut with_old = Map::new();
            for (key, value) in entries {
                let value = with_old_keys(value, pairs);
                let old = pairs.iter().find(|(new, _)| *new == key);
                let beside = old.map(|(_, old)| ((*old).to_owned(), value.clone()));
                with_old.insert(key, value);
                if let Some((old, value)) = beside {
                    with_old.entry(old).or_insert(value);
                }
            }
            Value::Object(with_old)
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| with_old_keys(item, pairs))
            .collect(),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn old_keys_are_added_at_every_depth() {
        let value = json!({ "a": [{ "new": 1 }], "new": { "new": null } });
        assert_eq!(
            with_old_keys(value, &[("new", "old")]),
            json!({
                "a": [{ "new": 1, "old": 1 }],
                "new": { "new": null, "old": null },
                "old": { "new": null, "old": null },
            })
        );
    }

    #[test]
    fn an_old_key_follows_the_new_one_and_replaces_nothing() {
        let value = json!({ "new": 1, "z": 2 });
        let text = with_old_keys(value, &[("new", "old")]).to_string();
        assert_eq!(text, r#"{"new":1,"old":1,"z":2}"#);
        for value in [json!({ "old": 7, "new": 1 }), json!({ "new": 1, "old": 7 })] {
            assert_eq!(with_old_keys(value.clone(), &[("new", "old")]), value);
        }
    }
}

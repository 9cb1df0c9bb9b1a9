//! Adds keys to the schema of a type that its fields do not have.

use schemars::Schema;
use serde_json::json;

/// Adds the old key of an invalidation, which is still read.
pub(in crate::scenario) fn add_old_invalidation_keys(schema: &mut Schema) {
    add_old_keys(schema, &[("why", "reason")]);
}

/// Adds the old and the other spellings of the keys of an expectation, which are still read.
pub(in crate::scenario) fn add_old_expectation_keys(schema: &mut Schema) {
    let renames = [
        ("left_behind", "left-behind"),
        ("processed_cells", "processed-cells"),
        ("left_behind_cells", "left-behind-cells"),
        ("invalidated_phases", "invalidated-phases"),
        ("taken-out", "invalidated-phases"),
        ("taken_out", "invalidated-phases"),
    ];
    add_old_keys(schema, &renames);
}

fn add_old_keys(schema: &mut Schema, renames: &[(&str, &str)]) {
    let properties = schema.ensure_object().entry("properties");
    if let Some(properties) = properties.or_insert_with(|| json!({})).as_object_mut() {
        for (old, new) in renames {
            let mut property = properties[*new].clone();
            property["deprecated"] = true.into();
            properties.insert((*old).to_owned(), property);
        }
    }
}

/// Allows expectations below the names of policies.
pub(in crate::scenario) fn add_policy_expectations(schema: &mut Schema) {
    let expectation = json!({ "$ref": "#/$defs/ExpectationSpec" });
    schema.insert("additionalProperties".to_owned(), expectation);
}

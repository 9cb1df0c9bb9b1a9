//! Generates the JSON Schema of job files, for completion in editors.

use serde_json::{Value, json};

use super::spec::JobSpec;
use crate::scenario::schema::schema_of;

/// Returns the JSON Schema of a job file.
pub fn job_schema() -> Value {
    schema_of::<JobSpec>("Plimsoll job file", json!(["database", "commands"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_in_docs_is_that_of_the_types() {
        let text = include_str!("../../docs/schema/job.schema.json");
        let hint = "regenerate it with `plimsoll scenario schema --job`";
        assert_eq!(text.parse::<Value>().unwrap(), job_schema(), "{hint}");
    }
}

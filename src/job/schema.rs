//! Generates the JSON Schema of job files, for completion in editors.

use serde_json::{Value, json};

use super::spec::JobSpec;
use crate::scenario::schema::schema_of;

/// Returns the JSON Schema of a job file.
pub fn job_schema() -> Value {
    schema_of::<JobSpec>("Plimsoll job file", json!(["database", "commands"]))
}

//! Reads the body of a request, limited in size and time, and its fields.

use std::fmt;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tokio_stream::StreamExt;

use crate::serve::http::{BodyTimeout, FORM_LIMIT, Problem};

/// The content types of bodies with fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldsType {
    /// A form: `application/x-www-form-urlencoded`.
    Form,
    /// A JSON object: `application/json`.
    Json,
}

impl FieldsType {
    /// The type that the headers of a request name, or `None` if it is another one.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let kind = content_type(headers)?.split(';').next()?.trim();
        [
            ("application/x-www-form-urlencoded", Self::Form),
            ("application/json", Self::Json),
        ]
        .into_iter()
        .find(|(name, _)| kind.eq_ignore_ascii_case(name))
        .map(|(_, fields_type)| fields_type)
    }
}

/// The content type of a request as its headers have it.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// Reads a whole body of at most [`FORM_LIMIT`] bytes.
pub(super) async fn read_body(body: Body) -> Result<Vec<u8>, Problem> {
    let mut read = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) if read.len() + chunk.len() <= FORM_LIMIT => read.extend_from_slice(&chunk),
            Ok(_) => return Err(Problem::body_too_large()),
            Err(error) if BodyTimeout::caused(&error) => return Err(Problem::body_timed_out()),
            Err(_) => {
                let detail = "the body ended before it was complete";
                return Err(Problem::malformed(detail));
            }
        }
    }
    Ok(read)
}

/// Returns the fields of a JSON object in their order: each text, number, `true` or `false` once,
/// each list of them as a repeated field.
pub(super) fn json_fields(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let object: JsonObject = serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("invalid JSON body: {error}")))?;
    let mut fields = Vec::new();
    for (name, value) in object.0 {
        match value {
            Value::Array(values) if !values.is_empty() => {
                for value in values {
                    fields.push((name.clone(), scalar(&name, &value)?));
                }
            }
            value => fields.push((name.clone(), scalar(&name, &value)?)),
        }
    }
    Ok(fields)
}

fn scalar(name: &str, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let name: String = name.chars().take(60).collect();
            let detail = format!("`{name}`: expected a text, a number, `true` or `false`");
            Err(Problem::malformed(detail)
                .with_hint("leave out fields without a value; a list needs at least one"))
        }
    }
}

/// The members of a JSON object. A map would drop all but the last of a repeated one.
struct JsonObject(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = JsonObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with the fields of the request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(JsonObject(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_object_keep_their_order_and_repetitions() {
        let body = br#"{"id": ["A", "B"], "n": 7, "force": true, "n": 8}"#;
        let fields = json_fields(body).unwrap();
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let expected = [
            ("id", "A"),
            ("id", "B"),
            ("n", "7"),
            ("force", "true"),
            ("n", "8"),
        ];
        assert_eq!(fields, expected);
        assert!(json_fields(b"{}").unwrap().is_empty());
    }

    #[test]
    fn values_that_would_be_dropped_are_refused() {
        for body in [
            "",
            "[]",
            "\"A\"",
            "{\"id\": null}",
            "{\"id\": []}",
            "{\"id\": [[\"A\"]]}",
            "{\"id\": {\"a\": 1}}",
            "{\"id\": \"A\"",
            "{} {}",
        ] {
            assert!(json_fields(body.as_bytes()).is_err(), "{body}");
        }
    }
}

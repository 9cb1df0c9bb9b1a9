//! Decodes bytes to text, and refuses text that is not a table.
//!
//! Vendors send web pages, quota messages and error pages under a `.csv` name. Detecting them here
//! gives a better message than a complaint about their "header".

use super::error::Refusal;

/// Maximum length of an excerpt of a refused file in a message, in characters.
const EXCERPT_CHARS: usize = 160;

/// Phrases that identify a quota message, in lower case.
const QUOTA_PHRASES: [&str; 7] = [
    "daily hits limit",
    "too many requests",
    "rate limit",
    "call frequency",
    "requests per day",
    "quota",
    "limit exceeded",
];

/// Byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns the text of a file without its byte order mark; refuses what cannot be a table.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    let text = utf8(bytes)?;
    let body = text.trim();
    if body.is_empty() {
        return Err(Refusal::Empty);
    }
    match detect_non_table(body) {
        Some(refusal) => Err(refusal),
        None => Ok(text),
    }
}

/// Returns the text of a file without its byte order mark; refuses what is not a text in UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    if let Some(detected) = detect_binary_format(bytes) {
        return Err(Refusal::Encoding { detected });
    }
    let start = if bytes.starts_with(MARK) {
        MARK.len()
    } else {
        0
    };
    std::str::from_utf8(&bytes[start..]).map_err(|error| {
        let byte = start + error.valid_up_to();
        Refusal::NotUtf8 {
            line: 1 + count_newlines(&bytes[..byte]),
            byte,
        }
    })
}

/// Returns a header's column name as the formats of tables write it.
pub(super) fn normalized_column(written: &str) -> String {
    written.to_lowercase().replace([' ', '-'], "_")
}

pub(super) fn count_newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Returns true if the first field of a line names a total.
pub(super) fn is_total(first: &str) -> bool {
    let first = first.trim_matches('"').to_lowercase();
    ["total", "total:", "grand total", "sum"].contains(&first.as_str())
}

/// Returns the most frequent of the separators in the first line.
pub(super) fn detect_separator(text: &str) -> u8 {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: u8| first.bytes().filter(|byte| *byte == separator).count();
    // `max_by_key` returns the last of equal counts, so a header without a separator gets the comma.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|separator| count(*separator))
        .unwrap_or(b',')
}

fn detect_binary_format(bytes: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &'static str); 5] = [
        (b"\xff\xfe", "text in UTF-16"),
        (b"\xfe\xff", "text in UTF-16"),
        (b"PK\x03\x04", "a spreadsheet or zip archive"),
        (b"\x1f\x8b", "compressed by gzip"),
        (b"%PDF", "a PDF"),
    ];
    known
        .into_iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, format)| format)
        .or_else(|| bytes.contains(&0).then_some("binary"))
}

fn detect_non_table(body: &str) -> Option<Refusal> {
    let first = body.lines().next().unwrap_or_default().trim();
    let lower = first.to_lowercase();
    let start = excerpt(first);
    if [
        "<!doctype",
        "<html",
        "<head",
        "<body",
        "<?xml",
        "<flexqueryresponse",
    ]
    .iter()
    .any(|tag| lower.starts_with(tag))
    {
        return Some(Refusal::Html { start });
    }
    if body.starts_with(['{', '[']) {
        return Some(classify_json(body));
    }
    if QUOTA_PHRASES.iter().any(|phrase| lower.contains(phrase)) {
        return Some(Refusal::Quota { message: start });
    }
    if lower.starts_with("no data") {
        return Some(Refusal::NoData { message: start });
    }
    None
}

/// Classifies Alpha Vantage's JSON answers: `Note` and `Information` concern the quota,
/// `Error Message` the request. The other keys are those of common error answers.
fn classify_json(body: &str) -> Refusal {
    let start = excerpt(body);
    let Ok(serde_json::Value::Object(object)) = serde_json::from_str(body) else {
        return Refusal::Json { start };
    };
    let message_at = |key: &str| {
        object
            .get(key)
            .and_then(|value| value.as_str())
            .map(excerpt)
    };
    if let Some(message) = message_at("Note").or_else(|| message_at("Information")) {
        return Refusal::Quota { message };
    }
    let failure = ["Error Message", "error", "message", "detail"];
    match failure.into_iter().find_map(message_at) {
        Some(message) => Refusal::Message { message },
        None => Refusal::Json { start },
    }
}

/// Returns the start of a text, with all white space as single blanks.
pub(super) fn excerpt(text: &str) -> String {
    let flat: Vec<&str> = text.split_whitespace().collect();
    let flat = flat.join(" ");
    match flat.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &flat[..end]),
        None => flat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> Refusal {
        decode(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn strips_the_byte_order_mark() {
        assert_eq!(decode(b"\xef\xbb\xbfa,b\n1,2\n"), Ok("a,b\n1,2\n"));
    }

    #[test]
    fn a_blank_file_is_empty() {
        assert_eq!(refusal(""), Refusal::Empty);
        assert_eq!(refusal("\u{feff} \r\n\t\n"), Refusal::Empty);
    }

    #[test]
    fn refuses_html_and_accepts_a_stooq_header() {
        assert!(matches!(
            refusal("<!DOCTYPE html><html>…"),
            Refusal::Html { .. }
        ));
        assert!(matches!(refusal("\n <HTML lang=en>"), Refusal::Html { .. }));
        assert!(decode(b"<TICKER>,<PER>,<DATE>\n").is_ok());
    }

    #[test]
    fn distinguishes_quota_messages_from_errors() {
        let note = r#"{"Note": "our standard call frequency is 5 per minute"}"#;
        assert!(matches!(refusal(note), Refusal::Quota { .. }));
        let information = r#"{"Information": "25 requests per day"}"#;
        assert!(matches!(refusal(information), Refusal::Quota { .. }));
        let hits = "Exceeded the daily hits limit";
        assert!(matches!(refusal(hits), Refusal::Quota { .. }));
        let error = r#"{"Error Message": "Invalid API call"}"#;
        assert!(matches!(refusal(error), Refusal::Message { .. }));
        assert!(matches!(refusal("[1, 2]"), Refusal::Json { .. }));
        assert!(matches!(refusal("No data"), Refusal::NoData { .. }));
    }

    #[test]
    fn names_the_encoding_of_non_utf8_files() {
        assert_eq!(
            decode(b"a,b\n\xe9t\xe9,1\n"),
            Err(Refusal::NotUtf8 { line: 2, byte: 4 })
        );
        assert_eq!(
            decode(b"\xef\xbb\xbfa,b\n\xe9t\xe9,1\n"),
            Err(Refusal::NotUtf8 { line: 2, byte: 7 })
        );
        assert!(matches!(
            decode(b"\xff\xfea\0,\0"),
            Err(Refusal::Encoding {
                detected: "text in UTF-16"
            })
        ));
        assert!(matches!(
            decode(b"PK\x03\x04rest"),
            Err(Refusal::Encoding { .. })
        ));
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert_eq!(excerpt(&"é".repeat(400)).chars().count(), EXCERPT_CHARS + 1);
    }
}

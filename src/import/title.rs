//! Detects lines above a header, such as the title of a report, and vendors' messages instead of a
//! table.

use super::content::{detect_separator, excerpt, is_total};
use super::error::Refusal;

/// Number of lines in which a header is looked for.
const MAX_LINES: usize = 20;

/// Refuses a text whose first line is not its header: another line is, or the text is a message.
/// `lines_before` is the number of lines of the file above the text.
pub(super) fn check(
    text: &str,
    lines_before: u64,
    is_header: &dyn Fn(&[String]) -> bool,
    is_column: &dyn Fn(&str) -> bool,
) -> Result<(), Refusal> {
    let mut lines = (lines_before + 1..).zip(text.lines());
    let mut lines = lines.by_ref().filter(|(_, line)| !line.trim().is_empty());
    let Some((title_line, first)) = lines.next() else {
        return Ok(());
    };
    if is_header(&split(first)) {
        return Ok(());
    }
    if let Some((header_line, _)) =
        (lines.by_ref().take(MAX_LINES)).find(|(_, line)| is_header(&split(line)))
    {
        let total = lines.filter(|(_, line)| {
            let fields = split(line);
            let is_total = fields.first().is_some_and(|field| is_total(field));
            is_total && fields.iter().any(String::is_empty)
        });
        return Err(Refusal::TitleLine {
            title: excerpt(first),
            line: title_line,
            header_line,
            total: total.last().map(|(line, _)| line),
        });
    }
    let is_message =
        !first.contains([',', ';', '\t']) && !is_column(first.trim().trim_matches('"'));
    if is_message {
        return Err(Refusal::Message {
            message: excerpt(first),
        });
    }
    Ok(())
}

/// Splits a line at its own separator.
fn split(line: &str) -> Vec<String> {
    let separator = char::from(detect_separator(line));
    let fields = line.split(separator);
    fields
        .map(|field| field.trim().trim_matches('"').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_long(text: &str) -> Result<(), Refusal> {
        let is_header = |names: &[String]| names == ["symbol", "date", "close"];
        check(text, 0, &is_header, &|name| name == "symbol")
    }

    #[test]
    fn a_title_above_the_header_is_named_with_the_total_below() {
        let text = "\"Prices as of 01/08/2026\"\nsymbol,date,close\nX,2026-01-02,1\n\"Total\",,1\n";
        let expected = Refusal::TitleLine {
            title: "\"Prices as of 01/08/2026\"".to_owned(),
            line: 1,
            header_line: 2,
            total: Some(4),
        };
        assert_eq!(check_long(text), Err(expected));
        let padded = "Prices;;\n\nsymbol;date;close\n";
        assert!(matches!(
            check_long(padded),
            Err(Refusal::TitleLine {
                line: 1,
                header_line: 3,
                total: None,
                ..
            })
        ));
    }

    #[test]
    fn a_line_without_a_separator_is_a_message_unless_it_names_a_column() {
        assert!(matches!(
            check_long("404 Not Found"),
            Err(Refusal::Message { .. })
        ));
        assert_eq!(check_long("symbol\nAAPL\n"), Ok(()));
        assert_eq!(check_long("a,b\n1,2\n"), Ok(()));
    }
}

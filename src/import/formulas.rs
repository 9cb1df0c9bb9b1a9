//! Keeps spreadsheets from running texts as formulas: files that Plimsoll writes have an apostrophe
//! before such a text, and imports take it off again. Other programs write it too.

use std::borrow::Cow;

/// Characters that begin a formula.
const BEGINNINGS: [char; 4] = ['=', '+', '-', '@'];

/// Returns a field as a file for spreadsheets has it: with one more apostrophe before a text that
/// begins a formula, perhaps behind apostrophes. Numbers stay as they are.
pub fn protect_from_formulas(field: &str) -> Cow<'_, str> {
    match begins_formula(field.trim_start_matches('\'')) && !is_number(field) {
        true => Cow::Owned(format!("'{field}")),
        false => Cow::Borrowed(field),
    }
}

/// Returns the field of which [`protect_from_formulas`] made this one.
pub(super) fn without_protection(field: &str) -> &str {
    match field.strip_prefix('\'') {
        Some(rest) if begins_formula(rest.trim_start_matches('\'')) => rest,
        _ => field,
    }
}

fn begins_formula(text: &str) -> bool {
    text.starts_with(BEGINNINGS)
}

fn is_number(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(is_plain) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_an_apostrophe_and_lose_it_again() {
        for (text, written) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1 (555)", "'+1 (555)"),
            ("-", "'-"),
            ("@ES", "'@ES"),
            ("'=1", "''=1"),
            ("-inf", "'-inf"),
            ("-12.50", "-12.50"),
            ("-1.5e-7", "-1.5e-7"),
            ("'tis", "'tis"),
            ("A=B", "A=B"),
            ("", ""),
        ] {
            assert_eq!(protect_from_formulas(text), written);
            assert_eq!(without_protection(written), text);
        }
    }
}

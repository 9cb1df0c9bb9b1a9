//! Parses numbers with the decimal mark that is declared or proven by the file, never guessed.
//!
//! `10,50` proves a comma: a group of thousands has three digits. `1,234` proves nothing, so it stays
//! invalid until the mark is declared or another number proves it.

use rust_decimal::Decimal;

use super::options::DecimalMark;
use crate::domain::{AmountError, Quantity};

/// Parser for the numbers of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberReader {
    mark: DecimalMark,
}

impl NumberReader {
    /// Determines the mark from all numbers of a file. A declared mark wins. A file that proves
    /// both marks, or none, has points.
    pub(super) fn detect<'a>(
        fields: impl IntoIterator<Item = &'a str>,
        declared: Option<DecimalMark>,
    ) -> Self {
        if let Some(mark) = declared {
            return Self { mark };
        }
        let (mut comma, mut point) = (false, false);
        for text in fields {
            match proven_mark(text) {
                Some(DecimalMark::Comma) => comma = true,
                Some(DecimalMark::Point) => point = true,
                None => {}
            }
        }
        Self {
            mark: if comma && !point {
                DecimalMark::Comma
            } else {
                DecimalMark::Point
            },
        }
    }

    /// Parses a number: digits, with an optional sign, decimal mark and exponent. Groups of
    /// thousands are accepted only with points, in a file whose mark is a comma.
    pub(super) fn parse(self, text: &str) -> Result<Decimal, AmountError> {
        let invalid = || AmountError::NotANumber(text.to_owned());
        if self.mark == DecimalMark::Point {
            return parse_plain(text);
        }
        let (whole, decimals) = match text.split_once(',') {
            Some((whole, decimals)) => (whole, decimals),
            None => (text, ""),
        };
        let mut groups = whole.split('.');
        let first = groups.next().unwrap_or_default();
        let digits = first.trim_start_matches(['-', '+']).len();
        let mut is_grouped = false;
        let mut plain = first.to_owned();
        for group in groups {
            if group.len() != 3 {
                return Err(invalid());
            }
            is_grouped = true;
            plain.push_str(group);
        }
        if is_grouped && !(1..=3).contains(&digits) {
            return Err(invalid());
        }
        if !decimals.is_empty() {
            plain.push('.');
            plain.push_str(decimals);
        }
        parse_plain(&plain).map_err(|error| match error {
            AmountError::NotANumber(_) => invalid(),
            other => other,
        })
    }
}

/// Returns the mark that a number proves.
fn proven_mark(text: &str) -> Option<DecimalMark> {
    let digits = text.trim_start_matches(['-', '+']);
    let is_number = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if !is_number {
        return None;
    }
    let (last_comma, last_point) = (digits.rfind(','), digits.rfind('.'));
    match (last_comma, last_point) {
        (Some(comma), Some(point)) if comma > point => Some(DecimalMark::Comma),
        (Some(_), Some(_)) => Some(DecimalMark::Point),
        (Some(comma), None) if digits.len() - comma != 4 || digits.starts_with("0,") => {
            Some(DecimalMark::Comma)
        }
        (None, Some(point)) if digits.len() - point != 4 || digits.starts_with("0.") => {
            Some(DecimalMark::Point)
        }
        _ => None,
    }
}

/// The digits that a [`Decimal`] surely holds.
const MAX_DIGITS: usize = 28;

fn parse_plain(text: &str) -> Result<Decimal, AmountError> {
    // `Decimal` also accepts underscores between digits, which are more likely a typo here.
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    if !plain {
        return Err(AmountError::NotANumber(text.to_owned()));
    }
    let exact = Decimal::from_str_exact(text).ok();
    // The conversion of an exponent rounds digits away without an error.
    let is_short = text.bytes().filter(u8::is_ascii_digit).count() <= MAX_DIGITS;
    let scientific = || Decimal::from_scientific(text).ok().filter(|_| is_short);
    exact
        .or_else(scientific)
        .ok_or_else(|| match text.parse::<Quantity>() {
            Ok(_) => AmountError::TooManyDigits {
                text: text.to_owned(),
                digits: MAX_DIGITS,
            },
            Err(error) => error,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(texts: &[&str], declared: Option<DecimalMark>) -> Vec<Option<String>> {
        let reader = NumberReader::detect(texts.iter().copied(), declared);
        let parse = |text: &&str| reader.parse(text).ok().map(|number| number.to_string());
        texts.iter().map(parse).collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn accepts_only_plain_decimal_numbers() {
        for text in ["1,000", "$5", "1_000", "NaN", "inf", "", "1.2.3"] {
            assert_eq!(numbers(&[text], None), [None], "{text}");
        }
        assert_eq!(numbers(&["1.5e2"], None), some(&["150"]));
        assert!(numbers(&["185.63999938964844"], None)[0].is_some());
    }

    #[test]
    fn a_number_of_too_many_digits_is_named_so() {
        let reader = NumberReader::detect([], None);
        let text = "123456789012.123456789012345678";
        let too_many = AmountError::TooManyDigits {
            text: text.to_owned(),
            digits: 28,
        };
        assert_eq!(reader.parse(text), Err(too_many));
        let scientific = "1.23456789012345678901234567890123e9";
        assert!(reader.parse(scientific).is_err());
        let decimals = "0.0000000000000000000000000000001";
        assert!(matches!(
            reader.parse(decimals),
            Err(AmountError::TooManyDecimals { .. })
        ));
    }

    #[test]
    fn a_comma_is_proven_or_declared() {
        assert_eq!(
            numbers(&["10,50", "1.234,50"], None),
            some(&["10.50", "1234.50"])
        );
        assert_eq!(
            numbers(&["1,234", "0,125"], None),
            some(&["1.234", "0.125"])
        );
        assert_eq!(numbers(&["1,234"], None), [None]);
        let comma = Some(DecimalMark::Comma);
        assert_eq!(
            numbers(&["1,234", "1.234", "-7"], comma),
            some(&["1.234", "1234", "-7"])
        );
        assert_eq!(numbers(&["10.5", "1234.567"], comma), [None, None]);
    }

    #[test]
    fn a_file_that_proves_both_marks_has_points() {
        assert_eq!(
            numbers(&["10,50", "10.5"], None),
            [None, Some("10.5".to_owned())]
        );
    }
}

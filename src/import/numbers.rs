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
    /// True if the mark is declared, or the only one that the file proves.
    is_certain: bool,
}

impl NumberReader {
    /// Determines the mark from all numbers of a file. A declared mark wins. A file that proves
    /// both marks, or none, has points.
    pub(super) fn detect<'a>(
        fields: impl IntoIterator<Item = &'a str>,
        declared: Option<DecimalMark>,
    ) -> Self {
        if let Some(mark) = declared {
            return Self {
                mark,
                is_certain: true,
            };
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
            is_certain: comma != point,
        }
    }

    /// Returns the mark if it is declared, or the only one that the file proves.
    pub(super) fn certain_mark(self) -> Option<DecimalMark> {
        self.is_certain.then_some(self.mark)
    }

    /// Parses a number: digits, with an optional sign, decimal mark and exponent. Groups of
    /// thousands are accepted only with points, in a file whose mark is a comma.
    pub(super) fn parse(self, text: &str) -> Result<Decimal, AmountError> {
        match self.mark {
            DecimalMark::Point => parse_plain(text),
            DecimalMark::Comma => parse_grouped(text, '.', ','),
        }
    }

    /// Parses a number of an export: like [`Self::parse`], also with groups of thousands beside a
    /// decimal point, with blanks or a currency sign, and negative in parentheses. Groups need a mark
    /// that is declared or proven: `1,234` alone may be either number.
    pub(super) fn parse_written(self, text: &str) -> Result<Decimal, AmountError> {
        let invalid = || AmountError::NotANumber(text.to_owned());
        let inner = text
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        let plain = without_ornaments(inner.unwrap_or(text));
        let number = match (self.is_certain, self.mark) {
            (true, DecimalMark::Point) => parse_grouped(&plain, ',', '.'),
            _ => self.parse(&plain),
        };
        // The message shows the text as the file has it.
        let number = number.map_err(|error| match error {
            AmountError::NotANumber(_) => invalid(),
            other => other,
        })?;
        match inner {
            Some(_) if number.is_sign_negative() => Err(invalid()),
            Some(_) => Ok(-number),
            None => Ok(number),
        }
    }
}

/// Returns a number without the blanks and currency signs that exports write beside it.
pub(super) fn without_ornaments(text: &str) -> String {
    let is_ornament = |c: &char| c.is_whitespace() || CURRENCY_SIGNS.contains(c);
    text.chars().filter(|c| !is_ornament(c)).collect()
}

/// Signs that exports write beside amounts.
const CURRENCY_SIGNS: [char; 5] = ['$', '€', '£', '¥', '₣'];

/// Parses a number whose whole part may be in groups of three digits.
fn parse_grouped(text: &str, group: char, mark: char) -> Result<Decimal, AmountError> {
    let invalid = || AmountError::NotANumber(text.to_owned());
    let (whole, decimals) = match text.split_once(mark) {
        Some((whole, decimals)) => (whole, decimals),
        None => (text, ""),
    };
    let mut groups = whole.split(group);
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
    fn numbers_of_exports_have_groups_signs_and_parentheses() {
        let written = |text: &str, mark| {
            let reader = NumberReader::detect([], Some(mark));
            reader.parse_written(text).ok().map(|n| n.to_string())
        };
        let (point, comma) = (DecimalMark::Point, DecimalMark::Comma);
        for (text, mark, number) in [
            ("-$1,234.50", point, "-1234.50"),
            ("($7.10)", point, "-7.10"),
            ("-1.234,50 €", comma, "-1234.50"),
            ("12", comma, "12"),
        ] {
            assert_eq!(written(text, mark).as_deref(), Some(number), "{text}");
        }
        let unproven = NumberReader::detect(["1,234"], None);
        assert!(unproven.parse_written("1,234").is_err());
        for (text, mark) in [
            ("10,50", point),
            ("(-1)", point),
            ("1.5", comma),
            ("$", point),
            ("Not available", point),
        ] {
            assert_eq!(written(text, mark), None, "{text}");
        }
    }

    #[test]
    fn a_file_that_proves_both_marks_has_points() {
        assert_eq!(
            numbers(&["10,50", "10.5"], None),
            [None, Some("10.5".to_owned())]
        );
    }
}

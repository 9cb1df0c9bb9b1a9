//! Parses currencies, compares those of prices with those of securities, and recognises the
//! hundredths in which some exchanges quote prices.

use rust_decimal::Decimal;

use super::row_error_kind::RowErrorKind;
use crate::domain::{Currency, Day, Security};

/// Hundredths of a currency, as vendors write them, each with the code of the currency.
const MINOR_UNITS: [(&str, &str); 8] = [
    ("GBp", "GBP"),
    ("GBX", "GBP"),
    ("GBx", "GBP"),
    ("ZAc", "ZAR"),
    ("ZAC", "ZAR"),
    ("ILA", "ILS"),
    ("ILa", "ILS"),
    ("USX", "USD"),
];

/// Parses a currency; an error if the text names a hundredth of one.
pub(super) fn parse_currency(text: &str) -> Result<Currency, RowErrorKind> {
    match minor_unit(text) {
        Some(currency) => Err(RowErrorKind::MinorCurrency {
            text: text.to_owned(),
            currency,
        }),
        None => Ok(text.parse()?),
    }
}

/// Returns the currency of which the text names a hundredth.
pub(super) fn minor_unit(text: &str) -> Option<Currency> {
    let (_, code) = MINOR_UNITS.iter().find(|(minor, _)| *minor == text)?;
    code.parse().ok()
}

/// Checks the currency that a file states for a price of `day`. Prices in hundredths are those of a
/// security with a multiplier of 0.01 on that day, which keeps them as they are.
pub(super) fn check_price_currency(
    text: &str,
    security: &Security,
    day: Day,
) -> Result<(), RowErrorKind> {
    let is_hundredth = security.multiplier_on(day).decimal() == Decimal::new(1, 2);
    match minor_unit(text) {
        Some(currency) if currency == security.currency && is_hundredth => Ok(()),
        Some(currency) => Err(RowErrorKind::MinorCurrency {
            text: text.to_owned(),
            currency,
        }),
        None if text == security.currency.code() => Ok(()),
        None => Err(RowErrorKind::OtherCurrency {
            found: text.to_owned(),
            symbol: security.symbol.clone(),
            currency: security.currency,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_name_their_currency() {
        for (minor, code) in MINOR_UNITS {
            let refused = parse_currency(minor).unwrap_err();
            assert!(
                matches!(refused, RowErrorKind::MinorCurrency { currency, .. } if currency.code() == code),
                "{minor}"
            );
        }
        assert!(parse_currency("GBP").is_ok());
        assert!(parse_currency("gbp").is_err());
    }
}

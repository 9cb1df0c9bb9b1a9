//! Reads and writes scaled integers as decimal numbers, exact to the last digit.

use super::amount_error::AmountError;
use super::division::divide_size_half_even;

/// Largest power of ten that 128 bits hold.
const MAX_DIGITS: usize = 38;

/// Reads a decimal number, with an optional sign and exponent, in units of 10^-`decimals`. Never
/// rounds. `None` if the number does not fit in 128 bits.
///
/// # Errors
///
/// The text is not a decimal number, or has more than `decimals` decimals.
pub(super) fn parse(text: &str, decimals: u32) -> Result<Option<i128>, AmountError> {
    let invalid = || AmountError::NotANumber(text.to_owned());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_| invalid())?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut digits = String::with_capacity(unsigned.len());
    for (place, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        match digit {
            '0'..='9' => digits.push(digit),
            // As in numbers of TOML.
            '_' if place > 0 => {}
            _ => return Err(invalid()),
        }
    }
    if digits.is_empty() {
        return Err(invalid());
    }
    let fraction = fraction.bytes().filter(u8::is_ascii_digit).count() as i64;
    let significant = digits.trim_end_matches('0');
    let shift = i64::from(exponent) - fraction + (digits.len() - significant.len()) as i64;
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Some(0));
    }
    // The power of ten that turns the significant digits into units.
    let Ok(zeros) = usize::try_from(i64::from(decimals) + shift) else {
        return Err(AmountError::TooManyDecimals {
            text: text.to_owned(),
            decimals,
        });
    };
    if significant.len() + zeros > MAX_DIGITS {
        return Ok(None);
    }
    let size: i128 = significant.parse().map_err(|_| invalid())?;
    let size = size * 10_i128.pow(zeros as u32);
    Ok(Some(if mantissa.starts_with('-') {
        -size
    } else {
        size
    }))
}

/// Writes a number of units of 10^-`decimals` without trailing zeros, and without its sign.
pub(super) fn write(units: u128, decimals: u32) -> String {
    let scale = 10_u128.pow(decimals);
    let (whole, fraction) = (units / scale, units % scale);
    if fraction == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{fraction:0width$}", width = decimals as usize);
    text.trim_end_matches('0').to_owned()
}

/// Writes a number of units of 10^-`decimals` with exactly `places` decimals, rounded half to even,
/// and without its sign.
pub(super) fn write_rounded(units: u128, decimals: u32, places: usize) -> String {
    let kept = (places as u32).min(decimals);
    let divisor = 10_u128.pow(decimals - kept);
    let rounded = divide_size_half_even(units, divisor);
    let scale = 10_u128.pow(kept);
    let (whole, fraction) = (rounded / scale, rounded % scale);
    if places == 0 {
        return whole.to_string();
    }
    let fraction = format!("{fraction:0width$}", width = kept as usize);
    let fraction = if kept == 0 { "" } else { &fraction };
    format!("{whole}.{fraction:0<places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_digits_a_point_and_an_exponent() {
        for (text, units) in [
            ("0", 0),
            ("-0.0", 0),
            ("1", 1_000),
            ("+1.5", 1_500),
            ("-.5", -500),
            ("1.", 1_000),
            ("1.2500", 1_250),
            ("1e-3", 1),
            ("1.0e-3", 1),
            ("12_000E-1", 1_200_000),
            ("0e9999", 0),
        ] {
            assert_eq!(parse(text, 3), Ok(Some(units)), "{text}");
        }
    }

    #[test]
    fn refuses_other_texts_and_more_decimals() {
        for text in [
            "", "-", ".", "ten", "NaN", "1,5", "1.2.3", "_1", "1e", "1e1.5",
        ] {
            let invalid = AmountError::NotANumber(text.to_owned());
            assert_eq!(parse(text, 3), Err(invalid), "{text}");
        }
        for text in ["1.0001", "1e-4", "10e-5"] {
            let too_many = AmountError::TooManyDecimals {
                text: text.to_owned(),
                decimals: 3,
            };
            assert_eq!(parse(text, 3), Err(too_many), "{text}");
        }
        assert_eq!(parse("1e36", 3), Ok(None));
    }

    #[test]
    fn writes_what_it_reads() {
        assert_eq!(write(1_250, 3), "1.25");
        assert_eq!(write(7_000, 3), "7");
        assert_eq!(write(5, 3), "0.005");
    }

    #[test]
    fn rounds_half_to_even_to_a_number_of_places() {
        let rounded = |units, places| write_rounded(units, 3, places);
        assert_eq!(rounded(1_225, 2), "1.22");
        assert_eq!(rounded(1_235, 2), "1.24");
        assert_eq!(rounded(1_500, 0), "2");
        assert_eq!(rounded(999, 1), "1.0");
        assert_eq!(rounded(1_250, 5), "1.25000");
    }
}

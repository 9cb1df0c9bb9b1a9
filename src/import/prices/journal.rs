//! Reads the prices in journals of hledger (`P 2026-01-05 AAPL $200.50`) and of Beancount
//! (`2026-01-05 price AAPL 200.50 USD`).

use std::sync::Arc;

use super::price_row::PriceRow;
use crate::domain::Currency;
use crate::import::dates::DateReader;
use crate::import::error::Refusal;
use crate::import::numbers::{NumberReader, without_ornaments};
use crate::import::options::{DecimalMark, ImportOptions};
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::Line;

/// Currencies with reference rates. A commodity with one of these names is a currency, so its price
/// is that of a currency pair.
const CURRENCIES: [&str; 32] = [
    "EUR", "USD", "JPY", "BGN", "CZK", "DKK", "GBP", "HUF", "PLN", "RON", "SEK", "CHF", "ISK",
    "NOK", "TRY", "AUD", "BRL", "CAD", "CNY", "HKD", "IDR", "ILS", "INR", "KRW", "MXN", "MYR",
    "NZD", "PHP", "SGD", "THB", "ZAR", "RUB",
];

/// Signs of currencies, each with the code.
const SIGNS: [(&str, &str); 4] = [("$", "USD"), ("€", "EUR"), ("£", "GBP"), ("¥", "JPY")];

/// The parts of a line with a price.
struct Directive<'t> {
    date: &'t str,
    commodity: &'t str,
    number: &'t str,
    currency: &'t str,
    /// True if Beancount wrote it, whose numbers have points.
    is_beancount: bool,
}

/// Returns the prices of a journal; `None` if the first line that is not a comment has none.
pub(super) fn read_journal(
    text: &str,
    options: &ImportOptions,
) -> Result<Option<Vec<Line<PriceRow>>>, Refusal> {
    let mut lines = (1_u64..)
        .zip(text.lines())
        .filter(|(_, line)| !is_comment(line));
    if !lines
        .clone()
        .next()
        .is_some_and(|(_, line)| is_directive(line))
    {
        return Ok(None);
    }
    if let Some(symbol) = &options.symbol {
        let symbol = symbol.clone();
        return Err(Refusal::SymbolInFile { symbol });
    }
    let mut read: Vec<(u64, Result<Directive<'_>, &str>)> = Vec::new();
    for (number, line) in lines.by_ref() {
        match parse(line) {
            Some(directive) => read.push((number, Ok(directive))),
            // Below a price there may be lines with more about it.
            None if line.starts_with([' ', '\t']) && !is_directive(line) => {}
            None => read.push((number, Err(line))),
        }
    }
    let directives = || {
        read.iter()
            .filter_map(|(line, parsed)| Some((*line, parsed.as_ref().ok()?)))
    };
    let dates = directives().map(|(line, directive)| (line, directive.date));
    let dates = DateReader::detect(dates, options.date_order)?;
    let numbers = directives().filter(|(_, directive)| !directive.is_beancount);
    let numbers: Vec<String> = numbers
        .map(|(_, directive)| without_ornaments(directive.number))
        .collect();
    let numbers = NumberReader::detect(numbers.iter().map(String::as_str), options.decimal_mark);
    let points = NumberReader::detect([], Some(options.decimal_mark.unwrap_or(DecimalMark::Point)));
    let row = |directive: &Directive<'_>| -> Result<PriceRow, RowError> {
        let day = dates.parse_day(directive.date);
        let day = day.map_err(|reason| RowError::in_column("date", directive.date, reason))?;
        let numbers = if directive.is_beancount {
            points
        } else {
            numbers
        };
        let close = numbers.parse_written(directive.number);
        let close = close.map_err(|error| RowError::in_column("close", directive.number, error))?;
        let (commodity, currency) = (code(directive.commodity), code(directive.currency));
        Ok(PriceRow {
            symbol: match CURRENCIES.contains(&commodity) && currency.parse::<Currency>().is_ok() {
                true => format!("{commodity}{currency}").into(),
                false => commodity.into(),
            },
            day,
            close,
            currency: Some(Arc::from(currency)),
        })
    };
    let lines = read.iter().map(|(number, parsed)| Line {
        number: *number,
        row: match parsed {
            Ok(directive) => row(directive).map_err(|error| vec![error]),
            Err(line) => {
                let reason = RowErrorKind::NoPriceDirective;
                Err(vec![RowError::in_column("line", line, reason)])
            }
        },
    });
    Ok(Some(lines.collect()))
}

fn is_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with([';', '#', '*', '%'])
}

fn is_directive(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (first, second) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let is_date = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    (first == "P" && is_date(second)) || (is_date(first) && second == "price")
}

/// Returns the parts of a line; `None` if it is not a price.
fn parse(line: &str) -> Option<Directive<'_>> {
    if !is_directive(line) {
        return None;
    }
    let line = line.split(';').next().unwrap_or_default();
    let (first, rest) = word(line)?;
    let (second, rest) = word(rest)?;
    if first == "P" {
        // hledger ignores the time.
        let rest = match word(rest)? {
            (time, behind) if time.contains(':') => behind,
            _ => rest,
        };
        let (commodity, amount) = word(rest)?;
        let (number, currency) = split_amount(amount.trim())?;
        return Some(Directive {
            date: second,
            commodity,
            number,
            currency,
            is_beancount: false,
        });
    }
    let mut words = rest.split_whitespace();
    let (commodity, number, currency) = (words.next()?, words.next()?, words.next()?);
    words.next().is_none().then_some(Directive {
        date: first,
        commodity,
        number,
        currency,
        is_beancount: true,
    })
}

/// Returns the first word, which may be in quotes, and the rest.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"'),
        None => Some(text.split_once(char::is_whitespace).unwrap_or((text, "")))
            .filter(|(word, _)| !word.is_empty()),
    }
}

/// Splits an amount into its number and its currency, which is on either side.
fn split_amount(amount: &str) -> Option<(&str, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | ' ');
    let (number, currency) = match amount.find(is_number)? {
        0 => amount.split_at(amount.find(|c| !is_number(c))?),
        start => {
            let (currency, number) = amount.split_at(start);
            (number, currency)
        }
    };
    let number = number.trim();
    (!number.is_empty() && number.chars().all(is_number))
        .then_some((number, currency.trim().trim_matches('"')))
}

/// Returns the code of a currency that is written as a sign; other words as they are.
fn code(word: &str) -> &str {
    let known = SIGNS.iter().find(|(sign, _)| *sign == word);
    known.map_or(word, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let lines = read_journal(text, &ImportOptions::default())
            .unwrap()
            .unwrap();
        let described = lines.into_iter().map(|line| match line.row {
            Ok(row) => format!(
                "{} {} {} {} {}",
                line.number,
                row.symbol,
                row.day,
                row.close,
                row.currency.unwrap_or_default()
            ),
            Err(errors) => format!("{} {}", line.number, errors[0]),
        });
        described.collect()
    }

    #[test]
    fn prices_of_hledger_are_read_with_any_side_of_the_currency() {
        let journal = "; prices\nP 2026-01-05 AAPL $1,200.50\nP 2026/01/06 00:00:00 \"BRK B\" 480.25 USD ; close\n\n\
            P\t2026-01-06\t€\t$1.17\nP 2026-01-06 SAP EUR 230\naccount assets\n";
        assert_eq!(
            read(journal),
            [
                "2 AAPL 2026-01-05 1200.50 USD",
                "3 BRK B 2026-01-06 480.25 USD",
                "5 EURUSD 2026-01-06 1.17 USD",
                "6 SAP 2026-01-06 230 EUR",
                "7 column `line`: not a price of hledger or Beancount",
            ]
        );
        assert_eq!(
            read("P 2026-01-05 SAP 1.230,50 €\n"),
            ["1 SAP 2026-01-05 1230.50 EUR"]
        );
    }

    #[test]
    fn prices_of_beancount_are_read_with_their_metadata_left_out() {
        let journal = "* Prices\n2026-01-05 price AAPL 1,200 USD\n  source: \"x\"\n2026-01-05 price CHF 1.07 EUR\n\
            2026-01-06 price AAPL soon USD\n2026-01-06 price AAPL 1\n";
        let read = read(journal);
        assert_eq!(
            read[..2],
            ["2 AAPL 2026-01-05 1200 USD", "4 CHFEUR 2026-01-05 1.07 EUR"]
        );
        assert!(read[2].starts_with("5 column `close`"), "{read:?}");
        assert!(read[3].starts_with("6 column `line`"), "{read:?}");
    }

    #[test]
    fn tables_are_not_journals() {
        let options = ImportOptions::default();
        for text in [
            "symbol,date,close\nP 2026-01-05 A 1 USD\n",
            "Price,Close\n",
            "",
        ] {
            assert!(read_journal(text, &options).unwrap().is_none(), "{text}");
        }
    }
}

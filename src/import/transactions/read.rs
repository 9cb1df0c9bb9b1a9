//! Reads transactions and checks that each row has the fields its kind needs, and no others.

use std::fmt;

use rust_decimal::Decimal;

use crate::domain::TransactionKind::{
    Buy, Deposit, Exchange, Sell, TransferIn, TransferOut, Withdrawal,
};
use crate::domain::{
    AmountError, CashTerms, CashTermsError, Day, LotChoices, Money, Price, Quantity, TimeOfDay,
    TransactionKind,
};
use crate::import::content::normalized_column;
use crate::import::currency::parse_currency;
use crate::import::error::ImportError;
use crate::import::options::{DecimalMark, ImportOptions};
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::{OptionalField, RowReader, Rows, TableFormat, parse_text};
use crate::import::table::Table;

/// The columns of a file of transactions.
pub const TRANSACTION_COLUMNS: [&str; 17] = [
    "id",
    "portfolio",
    "date",
    "time",
    "kind",
    "symbol",
    "quantity",
    "price",
    "price_currency",
    "amount",
    "fee",
    "counterpart",
    "lots",
    "currency",
    "fee_currency",
    "from_amount",
    "from_currency",
];

const FORMAT: TableFormat = TableFormat {
    columns: &TRANSACTION_COLUMNS,
    required: &["id", "portfolio", "date", "kind"],
    date_columns: &["date"],
    number_columns: &["quantity", "price", "amount", "fee", "from_amount"],
};

/// One row of a file of transactions, checked against its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// The transaction's id, unique over all portfolios.
    pub id: String,
    /// The portfolio's id or name.
    pub portfolio: String,
    /// The day from which the transaction counts.
    pub day: Day,
    /// The time of day, from its own column or from that of the date.
    pub time: Option<TimeOfDay>,
    /// The kind, which decides the fields below.
    pub kind: TransactionKind,
    /// The symbol of the security that is moved or pays.
    pub symbol: Option<String>,
    /// The units moved, never negative; zero for cash transactions.
    pub quantity: Quantity,
    /// The price of one unit, in the security's currency unless `cash` names one.
    pub price: Option<Price>,
    /// The currency of the price of a transfer, as written; it must be that of the security.
    pub price_currency: Option<String>,
    /// The cash amount, before the fee.
    pub amount: Option<Money>,
    /// The fee; negative for a rebate.
    pub fee: Money,
    /// The currencies of amount and fee, and what an exchange pays.
    pub cash: CashTerms,
    /// The id or name of the portfolio at the other end of a transfer.
    pub counterpart: Option<String>,
    /// The lots that a sale or transfer out closes.
    pub lots: Option<LotChoices>,
}

/// Reads a file of transactions.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_transactions(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<TransactionRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

/// Reads the transactions that a profile made of a file of another program.
///
/// # Errors
///
/// Those of [`read_transactions`] that concern the columns.
pub(in crate::import) fn read_translated(
    file: &str,
    table: &Table,
) -> Result<Rows<TransactionRow>, ImportError> {
    // A profile writes dates and numbers in one way only.
    let options = ImportOptions {
        decimal_mark: Some(DecimalMark::Point),
        ..ImportOptions::default()
    };
    let lines = FORMAT.lines_of(table, &options, read_row);
    Ok(Rows {
        file: file.to_owned(),
        lines: lines.map_err(|refusal| refusal.for_file(file))?,
    })
}

/// Returns whether a header is that of a file of transactions, perhaps with a mistake.
pub(in crate::import) fn is_header(fields: &[String]) -> bool {
    let is_required = |field: &&String| {
        let name = normalized_column(field);
        FORMAT.required.contains(&name.as_str())
    };
    fields.iter().filter(is_required).count() >= 2
}

fn read_row(cells: &mut RowReader<'_>) -> Option<TransactionRow> {
    let id = cells.required("id", parse_text);
    let portfolio = cells.required("portfolio", parse_text);
    let day = read_day_and_time(cells);
    let kind = cells.required("kind", str::parse::<TransactionKind>);
    let symbol = cells.optional("symbol", parse_text).value();
    let quantity = unsigned(cells, "quantity", Quantity::from_decimal);
    let numbers = cells.numbers;
    // The class of the security decides whether it may be below zero.
    let unit_price = |text: &str| numbers.parse(text).and_then(Price::from_decimal);
    let price = cells.optional("price", unit_price).value();
    let price_currency = cells.optional("price_currency", parse_text).value();
    let money = |text: &str| numbers.parse(text).and_then(Money::from_decimal);
    let amount = match kind {
        Some(kind) if kind.can_be_reversed() => cells.optional("amount", money).value(),
        _ => unsigned(cells, "amount", Money::from_decimal),
    };
    let fee = cells.optional("fee", money).value();
    let counterpart = cells.optional("counterpart", parse_text).value();
    let lots = cells.optional("lots", str::parse::<LotChoices>).value();
    let cash = read_cash_terms(cells);
    let row = TransactionRow {
        id: id?,
        portfolio: portfolio?,
        day: day?.0,
        time: day?.1,
        kind: kind?,
        symbol,
        quantity: quantity.unwrap_or_default(),
        price,
        price_currency,
        amount,
        fee: fee.unwrap_or_default(),
        cash,
        counterpart,
        lots,
    };
    check_lots(cells, &row);
    check_currencies(cells, &row);
    Some(match row.kind {
        Buy | Sell => check_trade(cells, row),
        TransferIn | TransferOut => check_transfer(cells, row),
        _ => check_cash(cells, row),
    })
}

/// Reads the currencies of the cash, and the amount that an exchange pays.
fn read_cash_terms(cells: &mut RowReader<'_>) -> CashTerms {
    let paid = unsigned(cells, "from_amount", Money::from_decimal);
    CashTerms {
        currency: cells.optional("currency", parse_currency).value(),
        fee_currency: cells.optional("fee_currency", parse_currency).value(),
        // A zero counts as empty, as in any field that a kind does not use.
        from_amount: paid.filter(|amount| !amount.is_zero()),
        from_currency: cells.optional("from_currency", parse_currency).value(),
    }
}

/// Checks that a transfer, which moves no cash, has no currency but that of its price, and that an
/// exchange pays an amount and no other kind does.
fn check_currencies(cells: &mut RowReader<'_>, row: &TransactionRow) {
    let (kind, cash) = (row.kind, &row.cash);
    if matches!(kind, TransferIn | TransferOut) {
        reject_value(cells, "currency", kind, cash.currency);
    } else {
        reject_value(cells, "price_currency", kind, row.price_currency.as_ref());
    }
    if kind != Exchange {
        let reason = || RowErrorKind::Cash(CashTermsError::PaidWithoutExchange);
        if let Some(paid) = cash.from_amount {
            cells.add_error("from_amount", paid, reason());
        }
        if let Some(currency) = cash.from_currency {
            cells.add_error("from_currency", currency, reason());
        }
    } else if cash.from_amount.is_none() {
        require(cells, "from_amount", kind);
    }
}

/// Reads the date, and the time from its own column or from behind the date.
fn read_day_and_time(cells: &mut RowReader<'_>) -> Option<(Day, Option<TimeOfDay>)> {
    let dates = cells.dates;
    let time = cells.optional("time", str::parse).value();
    let (day, with_day) = cells.required("date", |text| dates.parse_day_and_time(text))?;
    match (time, with_day) {
        (Some(time), Some(other)) if time != other => {
            cells.add_error("time", time, RowErrorKind::TwoTimes { time, other });
            None
        }
        _ => Some((day, time.or(with_day))),
    }
}

/// Checks that only transfers name a counterpart, and then no cost, and that only sales and transfers
/// out choose lots, of the quantity that goes.
fn check_lots(cells: &mut RowReader<'_>, row: &TransactionRow) {
    let kind = row.kind;
    match &row.counterpart {
        Some(_) if !matches!(kind, TransferIn | TransferOut) => {
            reject_value(cells, "counterpart", kind, row.counterpart.as_ref());
        }
        Some(_) if row.price.is_some() => {
            let price = row.price.map_or(String::new(), |price| price.to_string());
            cells.add_error("price", price, RowErrorKind::CostOfCounterpart);
        }
        _ => {}
    }
    let Some(lots) = &row.lots else {
        return;
    };
    if !matches!(kind, Sell | TransferOut) {
        reject_value(cells, "lots", kind, Some(lots));
    } else if lots.total() != Some(row.quantity) {
        let quantity = row.quantity;
        cells.add_error("lots", lots, RowErrorKind::LotsDiffer { quantity });
    }
}

/// Reads an optional number that must not be negative.
fn unsigned<T>(
    cells: &mut RowReader<'_>,
    column: &str,
    amount: impl Fn(Decimal) -> Result<T, AmountError>,
) -> Option<T> {
    let numbers = cells.numbers;
    let read = |text: &str| {
        let number = numbers.parse(text)?;
        if number < Decimal::ZERO {
            return Err(RowErrorKind::Negative(text.to_owned()));
        }
        Ok(amount(number)?)
    };
    cells.optional(column, read).value()
}

/// Checks that a purchase or sale has a symbol, a quantity, and a price or an amount. A price of
/// zero is accepted, since an expired option is sold at zero.
fn check_trade(cells: &mut RowReader<'_>, row: TransactionRow) -> TransactionRow {
    let kind = row.kind;
    require_holding(cells, &row);
    // A refused value reads as empty; its error is reported once.
    let is_refused = cells.has_error("price") || cells.has_error("amount");
    match (row.price, row.amount) {
        _ if is_refused => {}
        (None, None) => cells.add_error("price", "", RowErrorKind::NoPriceAndNoAmount { kind }),
        (Some(price), Some(amount)) if amount.is_zero() && !price.is_zero() => {
            cells.add_error(
                "amount",
                amount,
                RowErrorKind::NotPositive(amount.to_string()),
            );
        }
        _ => {}
    }
    row
}

/// Checks that a transfer has a symbol and a quantity, and no amount. Its price, if any, is the
/// cost of one transferred unit.
fn check_transfer(cells: &mut RowReader<'_>, row: TransactionRow) -> TransactionRow {
    require_holding(cells, &row);
    let amount = row.amount.filter(|amount| !amount.is_zero());
    reject_value(cells, "amount", row.kind, amount);
    TransactionRow {
        amount: None,
        ..row
    }
}

/// Checks that a cash transaction has an amount and moves no holding. A zero in a field that must
/// be empty counts as empty.
fn check_cash(cells: &mut RowReader<'_>, row: TransactionRow) -> TransactionRow {
    let kind = row.kind;
    if row.amount.is_none_or(Money::is_zero) {
        require(cells, "amount", kind);
    }
    if matches!(kind, Deposit | Withdrawal | Exchange) {
        reject_value(cells, "symbol", kind, row.symbol.as_ref());
    }
    let quantity = Some(row.quantity).filter(|quantity| !quantity.is_zero());
    reject_value(cells, "quantity", kind, quantity);
    let price = row.price.filter(|price| !price.is_zero());
    reject_value(cells, "price", kind, price);
    TransactionRow { price: None, ..row }
}

fn require_holding(cells: &mut RowReader<'_>, row: &TransactionRow) {
    if row.symbol.is_none() {
        require(cells, "symbol", row.kind);
    }
    if row.quantity.is_zero() {
        require(cells, "quantity", row.kind);
    }
}

fn require(cells: &mut RowReader<'_>, column: &str, kind: TransactionKind) {
    // A refused value reads as empty; report its error once, not also as missing.
    if cells.has_error(column) {
        return;
    }
    match cells.raw(column) {
        OptionalField::Value(zero) => {
            let reason = RowErrorKind::NotPositive(zero.to_owned());
            cells.add_error(column, zero, reason);
        }
        _ => cells.add_error(column, "", RowErrorKind::RequiredByKind { kind }),
    }
}

fn reject_value<T: fmt::Display>(
    cells: &mut RowReader<'_>,
    column: &str,
    kind: TransactionKind,
    value: Option<T>,
) {
    if let Some(value) = value {
        let value = value.to_string();
        let reason = RowErrorKind::ForbiddenByKind {
            kind,
            value: value.clone(),
        };
        cells.add_error(column, value, reason);
    }
}

#[cfg(test)]
mod tests;

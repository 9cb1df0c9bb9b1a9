//! From a file's bytes to transactions that hold what their kind must have, and nothing that it
//! must not.

use std::fmt;

use rust_decimal::Decimal;

use crate::domain::TransactionKind::{
    Buy, Deposit, Interest, Sell, TransferIn, TransferOut, Withdrawal,
};
use crate::domain::{AmountError, Day, Money, Price, Quantity, TransactionKind};
use crate::import::cells::{Cells, Kind, decimal, words};
use crate::import::{DateOrder, ImportError, Reason, Rows};

const KIND: Kind = Kind {
    columns: &[
        "id",
        "portfolio",
        "date",
        "kind",
        "symbol",
        "quantity",
        "price",
        "amount",
        "fee",
    ],
    required: &["id", "portfolio", "date", "kind"],
    days: &["date"],
};

/// One row of a file of transactions, holding what its kind must have and nothing it must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    /// Its id, unique over all portfolios.
    pub id: String,
    /// Whose: an id or a name.
    pub portfolio: String,
    /// The day it counts from.
    pub day: Day,
    /// What it does.
    pub kind: TransactionKind,
    /// What it moves or is paid on.
    pub symbol: Option<String>,
    /// How much it moves, never negative.
    pub quantity: Quantity,
    /// Price of one unit in the security's currency.
    pub price: Option<Price>,
    /// Cash that moves in the portfolio's currency, before the fee.
    pub amount: Option<Money>,
    /// The fee in the portfolio's currency, never negative.
    pub fee: Money,
}

/// Reads a file of transactions.
pub fn read_transactions(
    file: &str,
    bytes: &[u8],
    order: Option<DateOrder>,
) -> Result<Rows<TransactionRow>, ImportError> {
    KIND.read(file, bytes, order, row)
}

fn row(cells: &mut Cells<'_>) -> Option<TransactionRow> {
    let id = cells.required("id", words);
    let portfolio = cells.required("portfolio", words);
    let day = cells.day("date");
    let kind = cells.required("kind", str::parse);
    let symbol = cells.optional("symbol", words).value();
    let quantity = unsigned(cells, "quantity", Quantity::from_decimal);
    let price = unsigned(cells, "price", Price::from_decimal);
    let amount = match kind {
        Some(Interest) => cells
            .optional("amount", |text| decimal(text).and_then(Money::from_decimal))
            .value(),
        _ => unsigned(cells, "amount", Money::from_decimal),
    };
    let fee = unsigned(cells, "fee", Money::from_decimal);
    let row = TransactionRow {
        id: id?,
        portfolio: portfolio?,
        day: day?,
        kind: kind?,
        symbol,
        quantity: quantity.unwrap_or_default(),
        price,
        amount,
        fee: fee.unwrap_or_default(),
    };
    Some(match row.kind {
        Buy | Sell => trade(cells, row),
        TransferIn | TransferOut => transfer(cells, row),
        _ => cash(cells, row),
    })
}

/// A number that is not below zero, if there is one.
fn unsigned<T>(
    cells: &mut Cells<'_>,
    column: &str,
    amount: impl Fn(Decimal) -> Result<T, AmountError>,
) -> Option<T> {
    let read = |text: &str| {
        let number = decimal(text)?;
        if number < Decimal::ZERO {
            return Err(Reason::Negative(text.to_owned()));
        }
        Ok(amount(number)?)
    };
    cells.optional(column, read).value()
}

/// A purchase or sale needs what and how much, and a price or an amount. Nothing may be paid for
/// it: an option that expires is sold at zero.
fn trade(cells: &mut Cells<'_>, row: TransactionRow) -> TransactionRow {
    let kind = row.kind;
    moved(cells, &row);
    match (row.price, row.amount) {
        (None, None) => cells.refuse("price", "", Reason::PriceOrAmount { kind }),
        (Some(price), Some(amount)) if amount.is_zero() && !price.is_zero() => {
            cells.refuse("amount", amount, Reason::NotPositive(amount.to_string()));
        }
        _ => {}
    }
    row
}

/// A transfer needs what and how much; its price is the cost that it brings along.
fn transfer(cells: &mut Cells<'_>, row: TransactionRow) -> TransactionRow {
    moved(cells, &row);
    let amount = row.amount.filter(|amount| !amount.is_zero());
    unwanted(cells, "amount", row.kind, amount);
    TransactionRow {
        amount: None,
        ..row
    }
}

/// Cash needs its amount and moves no holding. A zero where nothing should be is nothing.
fn cash(cells: &mut Cells<'_>, row: TransactionRow) -> TransactionRow {
    let kind = row.kind;
    if row.amount.is_none_or(Money::is_zero) {
        needed(cells, "amount", kind);
    }
    if matches!(kind, Deposit | Withdrawal) {
        unwanted(cells, "symbol", kind, row.symbol.as_ref());
    }
    let quantity = Some(row.quantity).filter(|quantity| !quantity.is_zero());
    unwanted(cells, "quantity", kind, quantity);
    let price = row.price.filter(|price| !price.is_zero());
    unwanted(cells, "price", kind, price);
    TransactionRow { price: None, ..row }
}

fn moved(cells: &mut Cells<'_>, row: &TransactionRow) {
    if row.symbol.is_none() {
        needed(cells, "symbol", row.kind);
    }
    if row.quantity.is_zero() {
        needed(cells, "quantity", row.kind);
    }
}

fn needed(cells: &mut Cells<'_>, column: &str, kind: TransactionKind) {
    // A cell whose value was refused is said once.
    if !cells.is_refused(column) {
        cells.refuse(column, "", Reason::Needed { kind });
    }
}

fn unwanted<T: fmt::Display>(
    cells: &mut Cells<'_>,
    column: &str,
    kind: TransactionKind,
    value: Option<T>,
) {
    if let Some(value) = value {
        let value = value.to_string();
        let reason = Reason::Unwanted {
            kind,
            value: value.clone(),
        };
        cells.refuse(column, value, reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n";

    /// The row, or the columns that are flawed.
    fn read(row: &str) -> Result<TransactionRow, Vec<String>> {
        let text = format!("{HEADER}{row}\n");
        let mut rows = read_transactions("t.csv", text.as_bytes(), None).unwrap();
        let row = rows.lines.remove(0).row;
        row.map_err(|flaws| flaws.into_iter().filter_map(|flaw| flaw.column).collect())
    }

    fn flawed(row: &str, columns: &[&str]) {
        assert_eq!(read(row).unwrap_err(), columns, "{row}");
    }

    #[test]
    fn a_trade_needs_what_how_much_and_for_how_much() {
        assert!(read("1,A,2026-01-05,buy,AAPL,10,100,,1").is_ok());
        assert!(read("1,A,2026-01-05,sell,AAPL,10,,990,").is_ok());
        flawed("1,A,2026-01-05,buy,,10,100,,", &["symbol"]);
        flawed("1,A,2026-01-05,buy,AAPL,0,100,,", &["quantity"]);
        flawed("1,A,2026-01-05,buy,AAPL,10,,,", &["price"]);
        flawed("1,A,2026-01-05,buy,AAPL,10,100,0,", &["amount"]);
    }

    #[test]
    fn a_worthless_option_is_sold_for_nothing() {
        let row = read("1,A,2026-01-05,sell,OPT,1,0,,").unwrap();
        assert_eq!(row.price, Some(Price::ZERO));
    }

    #[test]
    fn a_transfer_brings_its_cost_and_moves_no_cash() {
        let row = read("1,A,2026-01-05,transfer-in,AAPL,10,80.5,0,").unwrap();
        assert_eq!(
            (row.price.unwrap().to_string().as_str(), row.amount),
            ("80.5", None)
        );
        assert!(read("1,A,2026-01-05,transfer-out,AAPL,10,,,").is_ok());
        flawed("1,A,2026-01-05,transfer-in,AAPL,10,,805,", &["amount"]);
        flawed(
            "1,A,2026-01-05,transfer-in,,,80.5,,",
            &["symbol", "quantity"],
        );
    }

    #[test]
    fn cash_needs_an_amount_and_moves_no_holding() {
        assert!(read("1,A,2026-01-05,deposit,,,,1000,").is_ok());
        assert!(read("1,A,2026-01-05,dividend,AAPL,0,0,12.5,").is_ok());
        flawed("1,A,2026-01-05,deposit,,,,,", &["amount"]);
        flawed("1,A,2026-01-05,withdrawal,,,,0,", &["amount"]);
        flawed(
            "1,A,2026-01-05,deposit,AAPL,10,80,1000,",
            &["symbol", "quantity", "price"],
        );
    }

    #[test]
    fn only_interest_has_a_sign() {
        let interest = read("1,A,2026-01-05,interest,,,,-3.5,").unwrap();
        assert!(interest.amount.unwrap().is_negative());
        flawed("1,A,2026-01-05,fee,,,,-3.5,", &["amount"]);
        flawed("1,A,2026-01-05,sell,AAPL,-10,100,,-1", &["quantity", "fee"]);
        flawed("1,A,2026-01-05,interest,,,,0,", &["amount"]);
    }

    #[test]
    fn everything_wrong_with_a_row_is_said_at_once() {
        flawed(
            ",,2026-13-01,bye,AAPL,ten,1e99,0.00001,",
            &[
                "id",
                "portfolio",
                "date",
                "kind",
                "quantity",
                "price",
                "amount",
            ],
        );
    }
}

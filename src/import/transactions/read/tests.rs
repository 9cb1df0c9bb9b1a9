//! Tests of the fields that each kind of transaction needs.

use super::*;

const HEADER: &str = "id,portfolio,date,kind,symbol,quantity,price,amount,fee\n";

/// Returns the row, or the columns with errors.
fn read(row: &str) -> Result<TransactionRow, Vec<String>> {
    let text = format!("{HEADER}{row}\n");
    let mut rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
    let row = rows.lines.remove(0).row;
    row.map_err(|errors| {
        errors
            .into_iter()
            .filter_map(|error| error.column)
            .collect()
    })
}

fn assert_errors(row: &str, columns: &[&str]) {
    assert_eq!(read(row).unwrap_err(), columns, "{row}");
}

#[test]
fn a_trade_needs_symbol_quantity_and_price_or_amount() {
    assert!(read("1,A,2026-01-05,buy,AAPL,10,100,,1").is_ok());
    assert!(read("1,A,2026-01-05,sell,AAPL,10,,990,").is_ok());
    assert_errors("1,A,2026-01-05,buy,,10,100,,", &["symbol"]);
    assert_errors("1,A,2026-01-05,buy,AAPL,0,100,,", &["quantity"]);
    assert_errors("1,A,2026-01-05,buy,AAPL,10,,,", &["price"]);
    assert_errors("1,A,2026-01-05,buy,AAPL,10,100,0,", &["amount"]);
}

#[test]
fn a_zero_is_not_called_empty() {
    let text = format!("{HEADER}1,A,2026-01-05,buy,AAPL,0,100,,\n2,A,2026-01-05,buy,AAPL,,100,,\n");
    let rows = read_transactions("t.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
    let reasons: Vec<String> = rows
        .lines
        .iter()
        .flat_map(|line| line.row.clone().unwrap_err())
        .map(|error| error.to_string())
        .collect();
    assert_eq!(
        reasons,
        [
            "column `quantity`: `0` is not above zero",
            "column `quantity`: empty, but required for `buy`"
        ]
    );
}

#[test]
fn a_sale_at_price_zero_is_accepted() {
    let row = read("1,A,2026-01-05,sell,OPT,1,0,,").unwrap();
    assert_eq!(row.price, Some(Price::ZERO));
}

#[test]
fn a_transfer_carries_its_cost_and_no_cash() {
    let row = read("1,A,2026-01-05,transfer-in,AAPL,10,80.5,0,").unwrap();
    assert_eq!(
        (row.price.unwrap().to_string().as_str(), row.amount),
        ("80.5", None)
    );
    assert!(read("1,A,2026-01-05,transfer-out,AAPL,10,,,").is_ok());
    assert_errors("1,A,2026-01-05,transfer-in,AAPL,10,,805,", &["amount"]);
    assert_errors(
        "1,A,2026-01-05,transfer-in,,,80.5,,",
        &["symbol", "quantity"],
    );
}

#[test]
fn cash_needs_an_amount_and_moves_no_holding() {
    assert!(read("1,A,2026-01-05,deposit,,,,1000,").is_ok());
    assert!(read("1,A,2026-01-05,dividend,AAPL,0,0,12.5,").is_ok());
    assert_errors("1,A,2026-01-05,deposit,,,,,", &["amount"]);
    assert_errors("1,A,2026-01-05,withdrawal,,,,0,", &["amount"]);
    assert_errors(
        "1,A,2026-01-05,deposit,AAPL,10,80,1000,",
        &["symbol", "quantity", "price"],
    );
}

#[test]
fn a_time_is_read_from_its_column_or_behind_the_date() {
    let header = HEADER.replace("date,", "date,time,");
    let time = |date: &str, time: &str| {
        let text = format!("{header}1,A,{date},{time},deposit,,,,1,\n");
        let options = ImportOptions::default();
        let mut rows = read_transactions("t.csv", text.as_bytes(), &options).unwrap();
        let row = rows.lines.remove(0).row;
        row.map(|row| row.time.map(|time| time.to_string()))
    };
    let half_past = Ok(Some("14:30:00".to_owned()));
    assert_eq!(time("2026-01-05", "14:30"), half_past);
    assert_eq!(time("2026-01-05 14:30:00", ""), half_past);
    assert_eq!(time("2026-01-05T14:30:00", "14:30"), half_past);
    assert_eq!(time("2026-01-05", ""), Ok(None));
    assert_eq!(time("2026-01-05 00:00:00", ""), Ok(None));
    for (date, column) in [
        ("2026-01-05 14:30:00-05:00", ""),
        ("2026-01-05 14:30:00Z", ""),
        ("2026-01-05", "14:30Z"),
        ("2026-01-05 14:30", "14:31"),
    ] {
        assert!(time(date, column).is_err(), "{date} {column}");
    }
}

#[test]
fn income_and_costs_can_be_reversed_and_nothing_else() {
    for kind in ["dividend", "interest", "fee", "tax"] {
        let row = read(&format!("1,A,2026-01-05,{kind},,,,-3.5,")).unwrap();
        assert!(row.amount.unwrap().is_negative(), "{kind}");
        assert_errors(&format!("1,A,2026-01-05,{kind},,,,0,"), &["amount"]);
    }
    for kind in ["deposit", "withdrawal"] {
        assert_errors(&format!("1,A,2026-01-05,{kind},,,,-3.5,"), &["amount"]);
    }
    assert_errors("1,A,2026-01-05,sell,AAPL,-10,100,,", &["quantity"]);
    assert_errors("1,A,2026-01-05,buy,AAPL,10,10,-100,", &["amount"]);
    let rebate = read("1,A,2026-01-05,sell,AAPL,10,100,,-1").unwrap();
    assert!(rebate.fee.is_negative());
}

#[test]
fn a_counterpart_has_no_price_and_lots_add_up() {
    let header = HEADER.replace("fee", "fee,counterpart,lots");
    let columns = |row: &str| {
        let text = format!("{header}{row}\n");
        let options = ImportOptions::default();
        let mut rows = read_transactions("t.csv", text.as_bytes(), &options).unwrap();
        let errors = rows.lines.remove(0).row.err().unwrap_or_default();
        let columns = errors.into_iter().filter_map(|error| error.column);
        columns.collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(columns("1,A,2026-01-05,transfer-in,X,5,,,,B,"), none);
    assert_eq!(columns("1,A,2026-01-05,transfer-out,X,5,,,,B,5@t1"), none);
    assert_eq!(columns("1,A,2026-01-05,sell,X,5,1,,,,2@t1; 3@t2"), none);
    assert_eq!(columns("1,A,2026-01-05,transfer-in,X,5,9,,,B,"), ["price"]);
    assert_eq!(columns("1,A,2026-01-05,buy,X,5,9,,,B,"), ["counterpart"]);
    assert_eq!(columns("1,A,2026-01-05,buy,X,5,9,,,,5@t1"), ["lots"]);
    assert_eq!(columns("1,A,2026-01-05,sell,X,5,9,,,,4@t1"), ["lots"]);
    assert_eq!(columns("1,A,2026-01-05,sell,X,5,9,,,,t1"), ["lots"]);
}

#[test]
fn currencies_fit_the_kind() {
    let header = HEADER.replace("fee", "fee,currency,fee_currency,from_amount,from_currency");
    let read = |row: &str| {
        let text = format!("{header}{row}\n");
        let options = ImportOptions::default();
        let mut rows = read_transactions("t.csv", text.as_bytes(), &options).unwrap();
        rows.lines.remove(0).row
    };
    let columns = |row: &str| {
        let errors = read(row).err().unwrap_or_default();
        let columns = errors.into_iter().filter_map(|error| error.column);
        columns.collect::<Vec<_>>()
    };
    let bought = read("1,A,2026-01-05,exchange,,,,100,1,EUR,GBP,120,USD").unwrap();
    let code = |currency: Option<crate::domain::Currency>| currency.map(|of| of.code().to_owned());
    assert_eq!(code(bought.cash.currency).as_deref(), Some("EUR"));
    assert_eq!(code(bought.cash.fee_currency).as_deref(), Some("GBP"));
    assert_eq!(code(bought.cash.from_currency).as_deref(), Some("USD"));
    assert_eq!(bought.cash.from_amount, Some(Money::whole(120)));
    let none: [&str; 0] = [];
    assert_eq!(columns("1,A,2026-01-05,exchange,,,,100,,,,120,EUR"), none);
    assert_eq!(columns("1,A,2026-01-05,buy,X,5,9,,1,EUR,GBP,0,"), none);
    assert_eq!(columns("1,A,2026-01-05,transfer-in,X,5,9,,1,,EUR,,"), none);
    let wrong = [
        ("exchange,,,,100,,EUR,,,", "from_amount"),
        ("exchange,,,,100,,EUR,,0,", "from_amount"),
        ("exchange,,,,100,,EUR,,-5,", "from_amount"),
        ("exchange,,,,,,EUR,,5,", "amount"),
        ("exchange,X,,,100,,EUR,,5,", "symbol"),
        ("transfer-in,X,5,9,,,EUR,,,", "currency"),
        ("deposit,,,,100,,EUR,,5,", "from_amount"),
        ("deposit,,,,100,,EUR,,,EUR", "from_currency"),
        ("deposit,,,,100,,GBp,,,", "currency"),
        ("deposit,,,,100,,,euro,,", "fee_currency"),
    ];
    for (row, column) in wrong {
        assert_eq!(columns(&format!("1,A,2026-01-05,{row}")), [column], "{row}");
    }
}

#[test]
fn all_errors_of_a_row_are_reported_together() {
    assert_errors(
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

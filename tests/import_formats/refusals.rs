//! Refused files and rows, with their messages.

use plimsoll::domain::{Day, SecurityId};
use plimsoll::import::{
    Corrections, DateOrder, ImportOptions, Refusal, RowErrorKind, Verdict, read_prices,
    read_transactions, validate_prices, validate_transactions,
};

use crate::{RULES, accepted_changes, bytes, closes, existing_records, expected_closes};

#[test]
fn non_price_files_are_refused_with_their_detected_kind() {
    type IsExpected = fn(&Refusal) -> bool;
    let cases: [(&str, IsExpected); 14] = [
        ("empty.csv", |refusal| *refusal == Refusal::Empty),
        ("html.csv", |refusal| {
            matches!(refusal, Refusal::Html { .. })
        }),
        ("quota_note.csv", |refusal| {
            matches!(refusal, Refusal::Quota { .. })
        }),
        ("quota_information.csv", |refusal| {
            matches!(refusal, Refusal::Quota { .. })
        }),
        ("quota_stooq.csv", |refusal| {
            matches!(refusal, Refusal::Quota { .. })
        }),
        ("error_message.csv", |refusal| {
            matches!(refusal, Refusal::Message { .. })
        }),
        ("error_page.csv", |refusal| {
            matches!(refusal, Refusal::Message { .. })
        }),
        ("no_data.csv", |refusal| {
            matches!(refusal, Refusal::NoData { .. })
        }),
        ("header_only.csv", |refusal| *refusal == Refusal::NoRows),
        ("latin1.csv", |refusal| {
            matches!(refusal, Refusal::NotUtf8 { line: 2, .. })
        }),
        ("ambiguous_dates.csv", |refusal| {
            matches!(
                refusal,
                Refusal::AmbiguousDates {
                    first: (2, _),
                    second: Some((3, _))
                }
            )
        }),
        ("mixed_dates.csv", |refusal| {
            matches!(refusal, Refusal::MixedDates { .. })
        }),
        ("unknown_header.csv", |refusal| {
            matches!(refusal, Refusal::UnknownHeader { .. })
        }),
        ("repeated_symbol.csv", |refusal| {
            matches!(refusal, Refusal::RepeatedColumn { .. })
        }),
    ];
    for (file, is_expected) in cases {
        let body = bytes(&format!("refused/{file}"));
        let error = read_prices(file, &body, &ImportOptions::default()).unwrap_err();
        assert!(is_expected(&error.refusal), "{file}: {:?}", error.refusal);
        assert!(error.hint().is_some() && error.to_string().contains(file));
    }
}

#[test]
fn a_declared_order_resolves_ambiguous_dates() {
    let body = bytes("refused/ambiguous_dates.csv");
    let options = ImportOptions {
        date_order: Some(DateOrder::Mdy),
        ..ImportOptions::default()
    };
    let expected = expected_closes(&[(1, "2026-05-01", "200.5"), (1, "2026-06-01", "201")]);
    assert_eq!(closes("ambiguous_dates.csv", &body, &options), expected);
}

#[test]
fn every_invalid_price_is_reported_with_its_line() {
    let body = bytes("refused/invalid_rows.csv");
    let rows = read_prices("invalid_rows.csv", &body, &ImportOptions::default()).unwrap();
    let validated = validate_prices(
        &rows,
        &existing_records().with_closes([(
            SecurityId(1),
            "2026-01-02".parse().unwrap(),
            "199".parse().unwrap(),
        )]),
        RULES,
    );
    let messages = validated
        .verdicts
        .iter()
        .filter_map(|line| match &line.verdict {
            Verdict::Invalid(errors) => Some(format!("line {}: {}", line.line, errors[0])),
            _ => None,
        });
    insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n"), @r"
    line 2: column `close`: `-200.5` is below zero, which a security of class equity cannot have
    line 3: column `close`: `0` is more than 20-fold away from `199` on 2026-01-02, and no known split explains it
    line 4: column `close`: `NaN` is not a decimal number
    line 5: column `close`: `20050` is more than 20-fold away from `199` on 2026-01-02, and no known split explains it
    line 6: held back with line 3
    line 7: column `symbol`: no security has the symbol `APPL`
    line 8: column `date`: invalid date `2026-02-30`
    line 9: 2 fields where the header has 3
    line 10: conflicts with line 6: close `200.5` → `200.75`
    line 11: column `date`: `2026-01-13 16:00:00` has a time of day, expected a date
    ");
    assert!(validated.is_refused());
}

#[test]
fn transactions_are_refused_with_their_reasons() {
    let rows = read_transactions(
        "t.csv",
        &bytes("transactions.csv"),
        &ImportOptions::default(),
    )
    .unwrap();
    let changes = accepted_changes(validate_transactions(
        &rows,
        &existing_records(),
        Day::MAX,
        &Corrections::Refused,
    ));
    let books = existing_records()
        .with_transactions(changes.edits.iter().filter_map(|edit| edit.now().cloned()));
    assert_eq!(
        validate_transactions(&rows, &books, Day::MAX, &Corrections::Refused)
            .counts
            .same,
        5
    );
    let refused = bytes("refused/transactions.csv");
    let refused = read_transactions("refused.csv", &refused, &ImportOptions::default()).unwrap();
    let validated = validate_transactions(&refused, &books, Day::MAX, &Corrections::Refused);
    let messages = validated
        .verdicts
        .iter()
        .flat_map(|line| match &line.verdict {
            Verdict::Invalid(errors) => errors
                .iter()
                .map(|error| format!("line {}: {error}\n", line.line))
                .collect(),
            _ => Vec::new(),
        });
    insta::assert_snapshot!(messages.collect::<String>(), @r"
    line 2: column `id`: duplicate id `t1` with other content: amount `100000` → `99999`
    line 3: column `date`: `2026-01-06` is before the inception of `Beta` on `2026-01-07`
    line 4: column `portfolio`: no portfolio has the id or name `Gamma`
    line 5: column `symbol`: empty, but required for `buy`
    line 5: column `quantity`: empty, but required for `buy`
    line 5: column `price`: `buy` needs a price or an amount
    ");
    assert_eq!(validated.changes, None);
}

#[test]
fn a_title_or_an_unused_option_is_named_as_the_cause() {
    let title = b"\"Prices as of 01/08/2026\"\nsymbol,date,close\nAAPL,2026-01-05,1\nTotal,,1\n";
    let error = read_prices("p.csv", title, &ImportOptions::default()).unwrap_err();
    let hint = "remove the lines above line 2, and line 4, which is a total";
    assert_eq!(error.hint().as_deref(), Some(hint));
    let total = b"symbol,date,close\nAAPL,2026-01-05,1\nTotal,,1\n";
    let rows = read_prices("p.csv", total, &ImportOptions::default()).unwrap();
    let errors = rows.lines[1].row.as_ref().unwrap_err();
    assert!(matches!(errors[0].kind, RowErrorKind::Total));
    let symbol = ImportOptions {
        symbol: Some("MSFT".to_owned()),
        ..ImportOptions::default()
    };
    let long = b"symbol,date,close\nAAPL,2026-01-05,1\n";
    let error = read_prices("p.csv", long, &symbol).unwrap_err();
    assert!(matches!(error.refusal, Refusal::SymbolInFile { .. }));
    let adjusted = ImportOptions {
        adjusted_as_of: Some(Day::MIN),
        ..ImportOptions::default()
    };
    let error = read_prices("p.csv", long, &adjusted).unwrap_err();
    assert!(matches!(error.refusal, Refusal::AdjustmentOfRaw));
}

#[test]
fn a_close_with_too_many_decimals_or_in_another_currency_is_refused() {
    let text = "symbol,date,close,currency\n\
        AAPL,2026-01-05,0.0000000000000000123,USD\n\
        AAPL,2026-01-06,200,EUR\n\
        MSFT,2026-01-06,400,GBp\n\
        MSFT,2026-01-07,401,USD\n";
    let rows = read_prices("p.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
    let validated = validate_prices(&rows, &existing_records(), RULES);
    let reasons = validated
        .verdicts
        .iter()
        .filter_map(|line| match &line.verdict {
            Verdict::Invalid(errors) => Some(errors[0].to_string()),
            _ => None,
        });
    assert_eq!(
        reasons.collect::<Vec<_>>(),
        [
            "column `close`: `0.0000000000000000123` has more than 18 decimals",
            "column `currency`: price in `EUR`, but `AAPL` is priced in USD",
            "column `currency`: `GBp` is a hundredth of GBP, not a currency",
        ]
    );
    assert_eq!(validated.counts.added, 1);
}

#[test]
fn a_price_of_an_unknown_symbol_names_the_nearest() {
    let body = b"symbol,date,close\nAPPL,2026-01-05,1\n";
    let rows = read_prices("p.csv", body, &ImportOptions::default()).unwrap();
    let validated = validate_prices(&rows, &existing_records(), RULES);
    let Verdict::Invalid(errors) = &validated.verdicts[0].verdict else {
        panic!("{validated:?}");
    };
    assert!(matches!(
        &errors[0].kind,
        RowErrorKind::UnknownSymbol { .. }
    ));
    assert_eq!(errors[0].hint().as_deref(), Some("did you mean `AAPL`?"));
}

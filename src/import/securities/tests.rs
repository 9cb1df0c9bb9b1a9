//! Tests of files of securities.

use super::{SecurityChanges, read_securities, validate_securities};
use crate::domain::{AssetClass, Currency, Day, Quantity, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::options::{ImportOptions, Restatements};
use crate::import::verdict::{Validated, Verdict};

fn today() -> Day {
    crate::import::sample::day("2026-01-20")
}

fn validated(text: &str, known: &ExistingRecords) -> Validated<SecurityChanges> {
    let rows = read_securities("s.csv", text.as_bytes(), &ImportOptions::default()).unwrap();
    validate_securities(&rows, known, today(), Restatements::Refused)
}

fn after(validated: Validated<SecurityChanges>) -> ExistingRecords {
    let added = validated.changes.unwrap().added.into_iter();
    ExistingRecords::default()
        .with_securities(added.zip(1..).map(|(new, id)| new.with_id(SecurityId(id))))
}

#[test]
fn a_bare_symbol_defaults_to_a_us_equity() {
    let result = validated(
        "symbol,class\nAAPL,\nEURUSD,fx\n",
        &ExistingRecords::default(),
    );
    let added = result.changes.unwrap().added;
    assert_eq!(
        (added[0].class, added[0].currency),
        (AssetClass::Equity, Currency::USD)
    );
    assert_eq!(
        (added[0].name.as_str(), added[0].multiplier),
        ("AAPL", Quantity::whole(1))
    );
    assert_eq!(added[1].currency, Currency::USD);
}

#[test]
fn a_file_may_have_the_symbol_column_alone() {
    let result = validated("Symbol\r\nAAPL\r\nMSFT\r\n", &ExistingRecords::default());
    let added = result.changes.unwrap().added;
    let symbols: Vec<_> = added.iter().map(|new| new.symbol.as_str()).collect();
    assert_eq!(symbols, ["AAPL", "MSFT"]);
}

#[test]
fn a_second_import_changes_nothing_and_a_new_sector_is_a_correction() {
    let text = "symbol,sector,multiplier\nAAPL,Tech,1\nOPT,,100\n";
    let known = after(validated(text, &ExistingRecords::default()));
    assert_eq!(validated(text, &known).counts.same, 2);
    let moved = validated(
        "symbol,sector,inactive_from\nAAPL,Media,2026-01-05\n",
        &known,
    );
    let Verdict::Corrected(changes) = &moved.verdicts[0].verdict else {
        panic!("{:?}", moved.verdicts);
    };
    assert_eq!(changes[0].to_string(), "sector `Tech` → `Media`");
    assert_eq!(changes[1].column, "inactive_from");
}

#[test]
fn a_currency_pair_must_match_its_symbol() {
    let text = "symbol,class,currency\nEURUSD,fx,USD\nEURUSD2,fx,USD\nUSDJPY,fx,\nEURGBP,fx,USD\n";
    let result = validated(text, &ExistingRecords::default());
    assert_eq!((result.counts.added, result.counts.invalid), (2, 2));
}

#[test]
fn a_calendar_is_kept_corrected_and_removed_and_an_unknown_one_is_refused() {
    let named =
        |known: ExistingRecords| known.with_calendars(["XTSE", "XLON"].map(ToOwned::to_owned));
    let added = validated(
        "symbol,calendar\nRY.TO,XTSE\n",
        &named(ExistingRecords::default()),
    );
    let known = named(after(added));
    assert_eq!(validated("symbol\nRY.TO\n", &known).counts.same, 1);
    let removed = validated("symbol,calendar\nRY.TO,\n", &known);
    let Verdict::Corrected(changes) = &removed.verdicts[0].verdict else {
        panic!("{:?}", removed.verdicts);
    };
    assert_eq!(changes[0].column, "calendar");
    let unknown = validated("symbol,calendar\nRY.TO,XTSX\n", &known);
    let Verdict::Invalid(errors) = &unknown.verdicts[0].verdict else {
        panic!("{:?}", unknown.verdicts);
    };
    assert_eq!(errors[0].hint().unwrap(), "did you mean `XTSE`?");
}

#[test]
fn unknown_words_and_invalid_numbers_are_errors() {
    let text = "symbol,class,currency,multiplier\nA,stock,usd,0\n";
    let result = validated(text, &ExistingRecords::default());
    assert!(matches!(&result.verdicts[0].verdict, Verdict::Invalid(errors) if errors.len() == 3));
}

#[test]
fn another_meaning_of_prices_is_refused() {
    let security = crate::import::sample::security(1, "TSCO");
    let validated = |text: &str, known: &ExistingRecords, restatements| {
        let rows = read_securities("s.csv", text.as_bytes(), &ImportOptions::default());
        let result = validate_securities(&rows.unwrap(), known, today(), restatements);
        match &result.verdicts[0].verdict {
            Verdict::Invalid(errors) => Err(errors.iter().map(ToString::to_string).collect()),
            _ => Ok(result.changes.unwrap().corrected.len()),
        }
    };
    let known = ExistingRecords::default().with_securities([security.clone()]);
    let priced = known.clone().with_priced([security.id]);
    let text = "symbol,currency,multiplier\nTSCO,GBP,0.01\n";
    let errors: Vec<String> = validated(text, &priced, Restatements::Refused).unwrap_err();
    assert_eq!(
        errors,
        [
            "column `currency`: the security has prices in USD, which would become GBP unconverted",
            "column `multiplier`: the security has prices that count 1-fold and would then count 0.01-fold",
        ]
    );
    assert_eq!(validated(text, &priced, Restatements::Allowed), Ok(1));
    assert_eq!(validated(text, &known, Restatements::Refused), Ok(1));
    // A multiplier that changes on a day leaves the prices before it as they are, and these are no change.
    let dated = "symbol,multiplier,valid_from\nTSCO,10,2026-01-05\n";
    assert_eq!(validated(dated, &priced, Restatements::Refused), Ok(1));
    let same = "symbol,currency,multiplier,sector\nTSCO,USD,1,Food\n";
    assert_eq!(validated(same, &priced, Restatements::Refused), Ok(1));
}

#[test]
fn a_class_that_excludes_stored_closes_is_questioned() {
    let mut future = crate::import::sample::security(1, "CLF");
    future.class = AssetClass::Future;
    let close = |on: &str, close: &str| {
        let day = crate::import::sample::day(on);
        (future.id, day, close.parse().unwrap())
    };
    let closes = [
        close("2020-04-17", "18.27"),
        close("2020-04-20", "-37.63"),
        close("2020-04-21", "10.01"),
    ];
    let known = ExistingRecords::default()
        .with_securities([future.clone()])
        .with_closes(closes);
    let warned = |class: &str| {
        let text = format!("symbol,class\nCLF,{class}\n");
        let rows = read_securities("s.csv", text.as_bytes(), &ImportOptions::default());
        let result = validate_securities(&rows.unwrap(), &known, today(), Restatements::Refused);
        let warnings = result.verdicts[0].warnings.iter();
        warnings.map(ToString::to_string).collect::<Vec<_>>()
    };
    let below = "the close -37.63 on 2020-04-20 is below zero, which class equity cannot have";
    assert_eq!(warned("equity"), [below]);
    assert!(warned("commodity").is_empty());
    assert!(warned("future").is_empty());
}

#[test]
fn a_former_symbol_names_its_security_unless_a_day_tells_another() {
    let day = crate::import::sample::day("2022-06-09");
    let meta = crate::import::sample::security(1, "FB").with_symbol_from(day, "META");
    let known = ExistingRecords::default().with_securities([meta.clone()]);
    let validated = |row: &str, known: &ExistingRecords| {
        let text = format!("symbol,name,symbol_from\n{row}\n");
        let rows = read_securities("s.csv", text.as_bytes(), &ImportOptions::default());
        validate_securities(&rows.unwrap(), known, today(), Restatements::Refused)
    };
    let renamed = validated("FB,Meta Platforms,", &known);
    assert_eq!((renamed.counts.corrected, renamed.counts.warnings), (1, 1));
    let correction = &renamed.changes.unwrap().corrected[0];
    assert_eq!(correction.now.symbol, "META");
    assert_eq!(correction.now.former_symbols, meta.former_symbols);
    assert_eq!(validated("FB,FB,2022-06-08", &known).counts.same, 1);
    let new = validated("FB,Fresh Bakery,2023-01-03", &known);
    assert_eq!(new.changes.unwrap().added[0].symbol, "FB");
    let model = crate::domain::RiskModel {
        benchmark: Some("FB".to_owned()),
        ..Default::default()
    };
    let known = known.with_model(&model);
    assert!(validated("FB,Fresh Bakery,2023-01-03", &known).is_refused());
}

#[test]
fn a_symbol_that_the_known_security_had_before_is_questioned() {
    let day = crate::import::sample::day;
    let warned = |former: Option<&str>, close: &str| {
        let mut security = crate::import::sample::security(1, "FB");
        if let Some(renamed) = former {
            security =
                crate::import::sample::security(1, "OLD").with_symbol_from(day(renamed), "FB");
        }
        let known = ExistingRecords::default()
            .with_closes([(security.id, day(close), "10".parse().unwrap())])
            .with_securities([security]);
        let text = "symbol,symbol_from\nFB,2023-01-03\n";
        let rows = read_securities("s.csv", text.as_bytes(), &ImportOptions::default());
        let result = validate_securities(&rows.unwrap(), &known, today(), Restatements::Refused);
        let warnings = result.verdicts[0].warnings.iter();
        warnings.map(ToString::to_string).collect::<Vec<_>>()
    };
    let before = "`FB` has a close on 2022-12-30, before the `symbol_from`, so the row is about that \
                  security; if it is about another one, import the `symbol-change` first";
    assert_eq!(warned(None, "2022-12-30"), [before]);
    assert!(warned(None, "2023-01-03").is_empty());
    assert!(warned(Some("2023-01-03"), "2022-12-30").is_empty());
}

/// Alphabet and Meta moved to Communication Services after the close of 2018-09-28 (GICS).
const RECLASSIFIED: &str = "symbol,sector,valid_from\n\
    GOOGL,Communication Services,2018-10-01\n\
    GOOGL,Information Technology,\n";

fn after_reclassification() -> ExistingRecords {
    after(validated(RECLASSIFIED, &ExistingRecords::default()))
}

fn changes_of(text: &str, known: &ExistingRecords) -> Vec<String> {
    match &validated(text, known).verdicts[0].verdict {
        Verdict::Corrected(changes) => changes.iter().map(ToString::to_string).collect(),
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn a_row_with_a_day_keeps_the_values_before_it() {
    let validated_twice = validated(RECLASSIFIED, &after_reclassification());
    assert_eq!(validated_twice.counts.same, 2);
    let known = after_reclassification();
    let security = known.find_security("GOOGL").unwrap();
    let sector = |on: &str| security.sector_on(crate::import::sample::day(on));
    assert_eq!(sector("2018-09-28"), "Information Technology");
    assert_eq!(sector("2018-10-01"), "Communication Services");
}

#[test]
fn a_row_without_a_day_states_the_values_of_today() {
    let known = after_reclassification();
    assert_eq!(
        validated("symbol,sector\nGOOGL,Communication Services\n", &known)
            .counts
            .same,
        1
    );
    assert_eq!(
        changes_of("symbol,sector\nGOOGL,Media\n", &known),
        ["sector `Communication Services` → `Media` from 2018-10-01"]
    );
    // A change that is known in advance is not today's.
    let planned = after(validated(
        "symbol,sector,valid_from\nGOOGL,Search,\nGOOGL,Media,2026-02-02\n",
        &ExistingRecords::default(),
    ));
    assert_eq!(
        validated("symbol,sector\nGOOGL,Search\n", &planned)
            .counts
            .same,
        1
    );
}

#[test]
fn a_dated_row_that_repeats_the_value_before_takes_the_change_back() {
    let text = "symbol,sector,valid_from\nGOOGL,Information Technology,2018-10-01\n";
    assert_eq!(
        changes_of(text, &after_reclassification()),
        ["sector `Communication Services` → `Information Technology` from 2018-10-01"]
    );
    let corrected = validated(text, &after_reclassification())
        .changes
        .unwrap()
        .corrected;
    assert!(corrected[0].now.former_attributes.is_empty());
}

#[test]
fn what_a_day_cannot_change_is_refused() {
    let known = after_reclassification();
    let refused = |text: &str| {
        let result = validated(text, &known);
        match &result.verdicts[0].verdict {
            Verdict::Invalid(errors) => errors.iter().map(ToString::to_string).collect(),
            other => format!("{other:?}"),
        }
    };
    for (text, reason) in [
        (
            "symbol,valid_from\nGOOGL,2020-01-02\n",
            "neither class, sector nor multiplier",
        ),
        (
            "symbol,currency,sector,valid_from\nGOOGL,EUR,Media,2020-01-02\n",
            "`currency` has one value for all days",
        ),
        (
            "symbol,sector,valid_from\nMETA,Media,2020-01-02\n",
            "what `META` was before",
        ),
        ("symbol,class,valid_from\nGOOGL,fx,2020-01-02\n", "GOOGL"),
    ] {
        assert!(refused(text).contains(reason), "{text}: {}", refused(text));
    }
    // The present values may be repeated.
    let text = "symbol,currency,sector,valid_from\nGOOGL,USD,Media,2020-01-02\n";
    assert_eq!(validated(text, &known).counts.corrected, 1);
    let text = "symbol,sector,valid_from\nGOOGL,Media,2020-01-02\nGOOGL,Press,2020-01-02\n";
    assert_eq!(validated(text, &known).counts.invalid, 1);
}

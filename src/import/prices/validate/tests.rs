//! Tests of the validation of prices.

use super::*;
use crate::domain::{AssetClass, Split};
use crate::import::options::ImportOptions;
use crate::import::prices::read::read_prices;
use crate::import::sample::{day, security};

const RULES: PriceRules = PriceRules {
    jumps: Jumps::Refused,
    adjusted_as_of: AdjustedAsOf::Declared(Day::MAX),
    restatements: Restatements::Refused,
    today: Day::MAX,
};

fn known() -> ExistingRecords {
    ExistingRecords::default().with_securities([security(1, "AAPL"), security(2, "MSFT")])
}

fn split(on: &str, new: u32, old: u32) -> Split {
    Split {
        security: SecurityId(1),
        day: day(on),
        new,
        old,
    }
}

fn rows(text: &str) -> PriceRows {
    read_prices("AAPL.csv", text.as_bytes(), &ImportOptions::default()).unwrap()
}

fn yahoo(closes: &[(&str, &str)]) -> PriceRows {
    let row = |(day, close): &(&str, &str)| format!("{day},1,1,1,{close},1,9\n");
    let body: String = closes.iter().map(row).collect();
    rows(&format!(
        "Date,Open,High,Low,Close,Adj Close,Volume\n{body}"
    ))
}

/// Returns the raw closes that a file sets.
fn set_closes(rows: &PriceRows, known: &ExistingRecords, rules: PriceRules) -> Vec<String> {
    let changes = validate_prices(rows, known, rules).changes.unwrap();
    let closes = changes.closes.iter();
    closes.map(|change| change.price.to_string()).collect()
}

fn after(validated: Validated<PriceChanges>, known: ExistingRecords) -> ExistingRecords {
    let closes = validated.changes.unwrap().closes.into_iter();
    known.with_closes(closes.map(|change| (change.security, change.day, change.price)))
}

#[test]
fn a_second_import_changes_nothing_and_another_close_is_a_correction() {
    let text = "symbol,date,close\nAAPL,2026-01-05,100.5\nAAPL,2026-01-06,101\n";
    let known = after(validate_prices(&rows(text), &known(), RULES), known());
    assert_eq!(validate_prices(&rows(text), &known, RULES).counts.same, 2);
    let late = rows("symbol,date,close\nAAPL,2026-01-05,100.25\n");
    let late = validate_prices(&late, &known, RULES);
    let Verdict::Corrected(changes) = &late.verdicts[0].verdict else {
        panic!("{:?}", late.verdicts);
    };
    assert_eq!(changes[0].to_string(), "close `100.5` → `100.25`");
    let change = late.changes.unwrap().closes[0];
    assert_eq!(change.previous, Some("100.5".parse().unwrap()));
}

#[test]
fn adjusted_closes_are_converted_to_raw() {
    let closes = yahoo(&[("2026-01-05", "50.25"), ("2026-01-06", "50.5")]);
    let two = known().with_splits([split("2026-01-06", 2, 1)]);
    assert_eq!(set_closes(&closes, &two, RULES), ["100.5", "50.5"]);
    let three = known().with_splits([split("2026-01-06", 3, 2)]);
    assert_eq!(set_closes(&closes, &three, RULES), ["75.375", "50.5"]);
    let both = known().with_splits([split("2026-01-06", 3, 2), split("2026-01-07", 2, 1)]);
    assert_eq!(set_closes(&closes, &both, RULES), ["150.75", "101"]);
}

#[test]
fn a_split_after_the_adjustment_day_is_ignored() {
    let announced = known().with_splits([split("2026-01-07", 4, 1)]);
    let rules = PriceRules {
        adjusted_as_of: AdjustedAsOf::Declared(day("2026-01-06")),
        ..RULES
    };
    let closes = yahoo(&[("2026-01-06", "100")]);
    assert_eq!(set_closes(&closes, &announced, rules), ["100"]);
}

#[test]
fn a_split_does_not_correct_earlier_closes() {
    let paid = rows("symbol,date,close\nAAPL,2026-01-05,100.01\n");
    let known = after(validate_prices(&paid, &known(), RULES), known()).with_splits([split(
        "2026-01-06",
        3,
        1,
    )]);
    let adjusted = yahoo(&[("2026-01-05", "33.336666")]);
    assert_eq!(validate_prices(&adjusted, &known, RULES).counts.same, 1);
    let rounded = yahoo(&[("2026-01-05", "33.34")]);
    assert_eq!(validate_prices(&rounded, &known, RULES).counts.same, 1);
    let other = yahoo(&[("2026-01-05", "33.3400")]);
    assert_eq!(validate_prices(&other, &known, RULES).counts.corrected, 1);
    let penny = rows("symbol,date,close\nAAPL,2026-01-05,0.5\n");
    let known = after(
        validate_prices(&penny, &self::known(), RULES),
        self::known(),
    )
    .with_splits([split("2026-01-06", 3, 1)]);
    let adjusted = yahoo(&[("2026-01-05", "0.166667")]);
    assert_eq!(validate_prices(&adjusted, &known, RULES).counts.same, 1);
}

#[test]
fn single_precision_noise_is_not_a_correction() {
    let paid = rows("symbol,date,close\nAAPL,2026-01-05,185.64\n");
    let known = after(validate_prices(&paid, &known(), RULES), known());
    let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
    assert_eq!(validate_prices(&noisy, &known, RULES).counts.same, 1);
}

#[test]
fn extra_decimals_of_vendors_are_rounded_and_out_of_range_closes_are_refused() {
    let noisy = yahoo(&[("2026-01-05", "185.63999938964844")]);
    assert_eq!(set_closes(&noisy, &known(), RULES), ["185.63999939"]);
    let dust = rows("symbol,date,close\nAAPL,2026-01-05,0.0000000000000000001\n");
    assert!(validate_prices(&dust, &known(), RULES).is_refused());
    let vast = rows("symbol,date,close\nAAPL,2026-01-05,10000000000000000000\n");
    assert!(validate_prices(&vast, &known(), RULES).is_refused());
}

#[test]
fn raw_closes_keep_all_decimals() {
    let exact = "symbol,date,close\nAAPL,2026-01-05,0.000000012300000001\n";
    let closes = set_closes(&rows(exact), &known(), RULES);
    assert_eq!(closes, ["0.000000012300000001"]);
    let known = after(validate_prices(&rows(exact), &known(), RULES), known());
    assert_eq!(validate_prices(&rows(exact), &known, RULES).counts.same, 1);
    let next = "symbol,date,close\nAAPL,2026-01-05,0.0000000124\n";
    assert_eq!(
        validate_prices(&rows(next), &known, RULES).counts.corrected,
        1
    );
}

#[test]
fn a_close_stored_with_eight_decimals_is_the_same() {
    let stored = |close: &str| {
        let close = close.parse().unwrap();
        known().with_closes([(SecurityId(1), day("2026-01-05"), close)])
    };
    let exact = rows("symbol,date,close\nAAPL,2026-01-05,185.63999938964844\n");
    let same = validate_prices(&exact, &stored("185.63999939"), RULES);
    assert_eq!(same.counts.same, 1);
    let small = rows("symbol,date,close\nAAPL,2026-01-05,0.0000000123\n");
    let cut = validate_prices(&small, &stored("0.00000001"), RULES);
    assert_eq!(cut.counts.corrected, 1);
}

#[test]
fn small_closes_of_vendors_keep_eight_significant_digits() {
    let small = yahoo(&[("2026-01-05", "0.0000123456789")]);
    assert_eq!(set_closes(&small, &known(), RULES), ["0.000012345679"]);
}

#[test]
fn the_class_decides_about_zero_and_below() {
    let known = || {
        let mut future = security(2, "CL");
        future.class = AssetClass::Future;
        let mut pair = security(3, "EURUSD");
        pair.class = AssetClass::Fx;
        ExistingRecords::default().with_securities([security(1, "AAPL"), future, pair])
    };
    let file = rows(
        "symbol,date,close\nCL,2026-01-05,18.27\nCL,2026-01-06,-37.63\nCL,2026-01-07,0\n\
         AAPL,2026-01-05,-1\nEURUSD,2026-01-05,0\n",
    );
    let validated = validate_prices(&file, &known(), RULES);
    assert_eq!(validated.counts.added, 3);
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
            "column `close`: `-1` is below zero, which a security of class equity cannot have",
            "column `close`: `0` is zero, which a security of class fx cannot have",
        ]
    );
}

#[test]
fn a_jump_is_refused_unless_split_or_allowed() {
    let jumping = rows("symbol,date,close\nAAPL,2026-01-05,100\nAAPL,2026-01-06,4\n");
    let refused = validate_prices(&jumping, &known(), RULES);
    assert_eq!((refused.counts.added, refused.counts.invalid), (0, 2));
    let split = known().with_splits([split("2026-01-06", 25, 1)]);
    assert!(!validate_prices(&jumping, &split, RULES).is_refused());
    let allowed = PriceRules {
        jumps: Jumps::Allowed,
        ..RULES
    };
    let allowed = validate_prices(&jumping, &known(), allowed);
    let known = after(allowed, known());
    assert_eq!(validate_prices(&jumping, &known, RULES).counts.same, 2);
}

#[test]
fn repeated_closes_must_agree() {
    let text = "symbol,date,close\nMSFT,2026-01-05,400\nMSFT,2026-01-05,400.0\n";
    let twice = validate_prices(&rows(text), &known(), RULES);
    assert_eq!((twice.counts.added, twice.counts.same), (1, 1));
    let other = rows(&format!("{text}MSFT,2026-01-05,401\n"));
    assert_eq!(validate_prices(&other, &known(), RULES).counts.invalid, 1);
}

#[test]
fn a_restated_history_holds_back_its_symbol_alone() {
    let paid = rows("symbol,date,close\nAAPL,2026-01-05,500\nAAPL,2026-01-06,499.2\n");
    let known = after(validate_prices(&paid, &known(), RULES), known());
    let text = "symbol,date,close\nAAPL,2026-01-05,125\nAAPL,2026-01-06,124.8\nAAPL,2026-01-07,129\nMSFT,2026-01-07,400\n";
    let restated = validate_prices(&rows(text), &known, RULES);
    assert_eq!((restated.counts.added, restated.counts.invalid), (1, 3));
    let Verdict::Invalid(errors) = &restated.verdicts[0].verdict else {
        panic!("{restated:?}");
    };
    let RowErrorKind::Restated(found) = &errors[0].kind else {
        panic!("{errors:?}");
    };
    assert_eq!((found.closes, found.next), (2, Some(day("2026-01-07"))));
    assert!(
        errors[0]
            .hint()
            .unwrap()
            .contains("AAPL,2026-01-07,split,4,1")
    );
    let rules = PriceRules {
        restatements: Restatements::Allowed,
        ..RULES
    };
    assert_eq!(
        validate_prices(&rows(text), &known, rules).counts.corrected,
        2
    );
    let split = known.with_splits([split("2026-01-07", 4, 1)]);
    let adjusted = yahoo(&[("2026-01-06", "124.8"), ("2026-01-07", "129")]);
    let counts = validate_prices(&adjusted, &split, RULES).counts;
    assert_eq!((counts.same, counts.added, counts.invalid), (1, 1, 0));
}

#[test]
fn a_close_beside_a_known_one_that_moves_like_a_split_is_held_back() {
    let paid = rows("symbol,date,close\nAAPL,2026-01-05,499.23\n");
    let known = after(validate_prices(&paid, &known(), RULES), known());
    let next = rows("symbol,date,close\nAAPL,2026-01-06,129.04\n");
    assert!(validate_prices(&next, &known, RULES).is_refused());
    let split = known.with_splits([split("2026-01-06", 4, 1)]);
    assert!(!validate_prices(&next, &split, RULES).is_refused());
}

#[test]
fn a_close_in_the_future_is_questioned() {
    let rules = PriceRules {
        today: day("2026-01-05"),
        ..RULES
    };
    let late = rows("symbol,date,close\nAAPL,2026-01-05,1\nAAPL,2026-01-06,1\n");
    assert_eq!(validate_prices(&late, &known(), rules).counts.warnings, 1);
}

#[test]
fn the_rounding_of_a_file_in_cents_corrects_nothing() {
    let paid = rows(
        "symbol,date,close\nAAPL,2026-01-05,100.47\nAAPL,2026-01-06,100.49\nAAPL,2026-01-07,100.51\n",
    );
    let known = after(validate_prices(&paid, &known(), RULES), known());
    let known = known.with_splits([split("2026-01-08", 2, 1)]);
    for closes in [["50.24", "50.25", "50.26"], ["50.24", "50.24", "50.26"]] {
        let days = ["2026-01-05", "2026-01-06", "2026-01-07"];
        let file: Vec<_> = days.into_iter().zip(closes).collect();
        assert_eq!(validate_prices(&yahoo(&file), &known, RULES).counts.same, 3);
    }
}

#[test]
fn a_file_that_ends_before_a_known_split_is_held_back_unless_its_day_is_declared() {
    let old = yahoo(&[("2026-01-05", "100"), ("2026-01-06", "101")]);
    let known = known().with_splits([split("2026-01-12", 2, 1)]);
    let rules = |adjusted_as_of| PriceRules {
        adjusted_as_of,
        today: day("2026-01-30"),
        ..RULES
    };
    let assumed = rules(AdjustedAsOf::Assumed(day("2026-01-30")));
    let refused = validate_prices(&old, &known, assumed);
    assert_eq!((refused.counts.added, refused.counts.invalid), (0, 2));
    let before = rules(AdjustedAsOf::Declared(day("2026-01-09")));
    assert_eq!(set_closes(&old, &known, before), ["100", "101"]);
    let after_it = rules(AdjustedAsOf::Declared(day("2026-01-30")));
    assert_eq!(set_closes(&old, &known, after_it), ["200", "202"]);
    let allowed = PriceRules {
        restatements: Restatements::Allowed,
        ..assumed
    };
    assert_eq!(set_closes(&old, &known, allowed), ["200", "202"]);
    // A known close beside the file shows its basis.
    let stored = (SecurityId(1), day("2026-01-07"), "203".parse().unwrap());
    let beside = known.clone().with_closes([stored]);
    assert_eq!(set_closes(&old, &beside, assumed), ["200", "202"]);
}

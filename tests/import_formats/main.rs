//! Imports sample files of every kind and shape, and of every refusal.

mod documentation;
mod properties;
mod refusals;
mod shapes;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll::domain::{Calendar, Day, Portfolio, PortfolioId, Price, SecurityId};
use plimsoll::import::{
    AdjustedAsOf, ExistingRecords, ImportOptions, Jumps, PriceRules, Restatements, Validated,
    read_actions, read_portfolios, read_prices, read_securities, validate_actions,
    validate_portfolios, validate_prices, validate_securities,
};

pub(crate) const RULES: PriceRules = PriceRules {
    jumps: Jumps::Refused,
    adjusted_as_of: AdjustedAsOf::Declared(Day::MAX),
    restatements: Restatements::Refused,
    today: Day::MAX,
};

pub(crate) fn bytes(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    fs::read(path.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the records that exist after importing the sample portfolios and securities.
pub(crate) fn existing_records() -> ExistingRecords {
    with_securities(
        with_portfolios(ExistingRecords::default(), &bytes("portfolios.csv")),
        &bytes("securities.csv"),
    )
}

pub(crate) fn with_portfolios(known: ExistingRecords, bytes: &[u8]) -> ExistingRecords {
    let rows = read_portfolios("portfolios.csv", bytes, &ImportOptions::default()).unwrap();
    let changes = accepted_changes(validate_portfolios(
        &rows,
        &known,
        Calendar::new_york().known_days(),
        Restatements::Refused,
    ));
    known.with_portfolios(
        changes
            .added
            .into_iter()
            .zip(1..)
            .map(|(new, id)| Portfolio {
                id: PortfolioId(id),
                key: new.key,
                name: new.name,
                currency: new.currency,
                cost_basis: new.cost_basis,
                calendar: new.calendar,
                lifecycle: new.lifecycle,
            }),
    )
}

pub(crate) fn with_securities(known: ExistingRecords, bytes: &[u8]) -> ExistingRecords {
    let rows = read_securities("securities.csv", bytes, &ImportOptions::default()).unwrap();
    let changes = accepted_changes(validate_securities(
        &rows,
        &known,
        RULES.today,
        Restatements::Refused,
    ));
    known.with_securities(
        changes
            .added
            .into_iter()
            .zip(1..)
            .map(|(new, id)| new.with_id(SecurityId(id))),
    )
}

pub(crate) fn accepted_changes<C: std::fmt::Debug>(validated: Validated<C>) -> C {
    let text = format!("{validated:?}");
    assert_eq!(validated.counts.invalid, 0, "{text}");
    validated.changes.unwrap_or_else(|| panic!("{text}"))
}

pub(crate) type Closes = BTreeMap<(SecurityId, Day), Price>;

pub(crate) fn closes(file: &str, body: &[u8], options: &ImportOptions) -> Closes {
    let rows = read_prices(file, body, options).unwrap();
    let changes = accepted_changes(validate_prices(&rows, &existing_records(), RULES)).closes;
    let closes = changes.into_iter();
    closes
        .map(|close| ((close.security, close.day), close.price))
        .collect()
}

pub(crate) fn expected_closes(closes: &[(u32, &str, &str)]) -> Closes {
    let close = |&(id, day, close): &(u32, &str, &str)| {
        let key = (SecurityId(id), day.parse().unwrap());
        (key, close.parse().unwrap())
    };
    closes.iter().map(close).collect()
}

#[test]
fn importing_any_file_twice_changes_nothing() {
    let known = existing_records();
    let file = bytes("portfolios.csv");
    let rows = read_portfolios("portfolios.csv", &file, &ImportOptions::default()).unwrap();
    assert_eq!(
        validate_portfolios(
            &rows,
            &known,
            Calendar::new_york().known_days(),
            Restatements::Refused
        )
        .counts
        .same,
        rows.lines.len()
    );
    let rows = read_securities(
        "securities.csv",
        &bytes("securities.csv"),
        &ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(
        validate_securities(&rows, &known, RULES.today, Restatements::Refused)
            .counts
            .same,
        rows.lines.len()
    );
    let rows = read_actions(
        "actions.csv",
        &bytes("actions.csv"),
        &ImportOptions::default(),
    )
    .unwrap();
    let splits = accepted_changes(validate_actions(&rows, &known, Restatements::Refused))
        .splits
        .into_iter();
    let known = known.with_splits(splits.map(|change| change.split));
    assert_eq!(
        validate_actions(&rows, &known, Restatements::Refused)
            .counts
            .same,
        rows.lines.len()
    );
    // The closes of the samples do not move by the split of the sample.
    let rules = PriceRules {
        restatements: Restatements::Allowed,
        ..RULES
    };
    for file in [
        "long.csv",
        "wide.csv",
        "AAPL.csv",
        "aapl_us_d.csv",
        "daily_AAPL.csv",
    ] {
        let body = bytes(&format!("prices/{file}"));
        let rows = read_prices(file, &body, &ImportOptions::default()).unwrap();
        let closes = accepted_changes(validate_prices(&rows, &known, rules))
            .closes
            .into_iter();
        let known = known
            .clone()
            .with_closes(closes.map(|close| (close.security, close.day, close.price)));
        let again = validate_prices(&rows, &known, rules);
        assert_eq!(again.counts.same, rows.lines.len(), "{file}");
    }
}

//! Imports the examples of `docs/importing.md`.

use plimsoll::import::{
    Corrections, ExistingRecords, ImportOptions, Restatements, Shape, read_actions, read_prices,
    read_transactions, validate_actions, validate_prices, validate_transactions,
};

use plimsoll::domain::Day;

use crate::{RULES, accepted_changes, with_portfolios, with_securities};

/// Returns the fenced CSV blocks of the documentation, each with the name of its file.
fn csv_blocks() -> Vec<(String, String)> {
    let text = include_str!("../../docs/importing.md");
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("```csv ") {
        let (name, after) = after.split_once('\n').expect("a fence has an end of line");
        let (body, after) = after.split_once("```").expect("a fence is closed");
        blocks.push((name.trim().to_owned(), body.to_owned()));
        rest = after;
    }
    blocks
}

#[test]
fn the_documented_examples_are_accepted() {
    let blocks = csv_blocks();
    let body = |wanted: &str| {
        let found = blocks.iter().find(|(name, _)| name == wanted);
        found
            .map(|(_, body)| body.as_bytes())
            .unwrap_or_else(|| panic!("{wanted}"))
    };
    let known = with_portfolios(ExistingRecords::default(), body("portfolios.csv"));
    let known = with_securities(known, body("securities.csv"));
    let rows = read_actions(
        "actions.csv",
        body("actions.csv"),
        &ImportOptions::default(),
    )
    .unwrap();
    let splits = accepted_changes(validate_actions(&rows, &known, Restatements::Refused))
        .splits
        .into_iter();
    let known = known.with_splits(splits.map(|change| change.split));
    let alphabet = with_securities(ExistingRecords::default(), body("securities-dated.csv"));
    let sector = |on: &str| {
        alphabet
            .find_security("GOOGL")
            .unwrap()
            .sector_on(on.parse().unwrap())
    };
    assert_eq!(sector("2018-09-28"), "Information Technology");
    assert_eq!(sector("2018-10-01"), "Communication Services");
    let name = "actions-symbols.csv";
    let facebook = with_securities(ExistingRecords::default(), b"symbol\nFB\n");
    let rows = read_actions(name, body(name), &ImportOptions::default()).unwrap();
    accepted_changes(validate_actions(&rows, &facebook, Restatements::Refused));
    for name in ["transactions.csv", "transactions-currencies.csv"] {
        let rows = read_transactions(name, body(name), &ImportOptions::default()).unwrap();
        accepted_changes(validate_transactions(
            &rows,
            &known,
            Day::MAX,
            &Corrections::Refused,
        ));
    }
    let prices = blocks
        .iter()
        .filter(|(name, _)| name.starts_with("prices/"));
    let mut read = 0;
    for (name, body) in prices {
        let rows = read_prices(name, body.as_bytes(), &ImportOptions::default()).unwrap();
        accepted_changes(validate_prices(&rows, &known, RULES));
        read += 1;
    }
    assert!(
        read >= 2,
        "the documentation must show the long and the wide form"
    );
}

#[test]
fn the_documentation_lists_every_shape() {
    let text = include_str!("../../docs/importing.md");
    for shape in Shape::ALL {
        assert!(text.contains(&format!("`{}`", shape.header())), "{shape}");
    }
}

//! Files about securities whose attributes or symbols have changed.

use plimsoll::domain::RiskModel;
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{FileKind, Mode};
use plimsoll::query::securities;

use crate::books::Books;

fn books_with(securities: &str, change: &str) -> Books {
    let books = Books::on("2026-01-09".parse().unwrap(), RiskModel::default());
    books.import(FileKind::Securities, securities);
    books.import(FileKind::Securities, change);
    books
}

/// Returns the numbers of added and invalid closes of a file.
fn import_closes(books: &Books, text: &str) -> (usize, usize) {
    let options = ImportOptions::default();
    let result = books.import_with(FileKind::Prices, text, Mode::Apply, &options);
    let counts = result.unwrap().counts;
    (counts.added, counts.invalid)
}

#[test]
fn closes_in_hundredths_are_taken_on_the_days_of_their_multiplier() {
    let books = books_with(
        "symbol,class,currency,multiplier\nBARC,equity,GBP,0.01\n",
        "symbol,multiplier,valid_from\nBARC,1,2026-01-07\n",
    );
    let close = |day: &str, currency: &str| {
        let text = format!("symbol,date,close,currency\nBARC,{day},400,{currency}\n");
        import_closes(&books, &text)
    };
    assert_eq!(close("2026-01-06", "GBp"), (1, 0));
    assert_eq!(close("2026-01-07", "GBp"), (0, 1));
    assert_eq!(close("2026-01-07", "GBP"), (1, 0));
}

#[test]
fn a_security_that_was_a_fund_may_have_been_split() {
    let books = books_with(
        "symbol,class\nGOLD,fund\n",
        "symbol,class,valid_from\nGOLD,commodity,2026-01-09\n",
    );
    let halved = "symbol,date,close\nGOLD,2026-01-06,100\nGOLD,2026-01-07,50\nGOLD,2026-01-08,50\n";
    let (_, invalid) = import_closes(&books, halved);
    assert!(invalid > 0);
}

#[test]
fn a_renamed_security_is_listed_once_under_its_symbol_of_today() {
    let books = books_with(
        "symbol,class,sector\nFB,equity,Media\nGOOG,equity,Media\n",
        "symbol,sector,valid_from\nFB,Technology,2026-01-06\n",
    );
    let change = "symbol,date,kind,new_symbol\nFB,2026-01-07,symbol-change,META\n";
    books.import(FileKind::Actions, change);
    let listed = securities(&books.store, None).unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|view| (view.symbol.as_str(), view.sector.as_str()))
        .collect();
    let expected = [("GOOG", "Media"), ("META", "Media"), ("META", "Technology")];
    assert_eq!(listed, expected);
}

//! Files that name one security by its symbols on different days.

use plimsoll::domain::{Attribution, DayRange, RiskModel};
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{FileKind, Mode, delete_closes};

use crate::books::Books;

#[test]
fn closes_under_two_symbols_of_a_security_are_the_same_when_they_are_imported_again() {
    let books = Books::on("2026-01-08".parse().unwrap(), RiskModel::default());
    books.import(FileKind::Securities, "symbol,class\nFB,equity\n");
    let change = "symbol,date,kind,new_symbol\nFB,2026-01-07,symbol-change,META\n";
    books.import(FileKind::Actions, change);
    let closes = "symbol,date,close\nFB,2026-01-05,100\nFB,2026-01-06,101\nMETA,2026-01-07,102\n";
    let added = books.import(FileKind::Prices, closes).counts.added;
    let again = books.import(FileKind::Prices, closes).counts;
    assert_eq!((added, again.added, again.same), (3, 0, 3));
}

#[test]
fn closes_are_deleted_of_the_security_that_has_the_symbol_on_each_day() {
    let books = Books::on("2026-01-09".parse().unwrap(), RiskModel::default());
    books.import(FileKind::Securities, "symbol,class\nMETA,fund\nFB,equity\n");
    let changes = "symbol,date,kind,new_symbol\nMETA,2026-01-06,symbol-change,METV\n\
                   FB,2026-01-07,symbol-change,META\n";
    books.import(FileKind::Actions, changes);
    let closes = "symbol,date,close\nMETA,2026-01-05,10\nMETV,2026-01-06,11\nMETV,2026-01-07,12\n\
                  FB,2026-01-05,100\nFB,2026-01-06,101\nMETA,2026-01-07,102\n";
    books.import(FileKind::Prices, closes);
    let delete = |symbol: &str, from: &str, to: &str| {
        let days = DayRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let author = Attribution {
            by: "anna".to_owned(),
            reason: "closes of another share".to_owned(),
        };
        let mut writer = books.store.writer().unwrap();
        let context = books.import_context();
        let deleted = delete_closes(&mut writer, symbol, days, &author, &context);
        deleted.map(|deleted| {
            let closes = deleted.closes.iter();
            let closes = closes.map(|(day, close)| format!("{day} {close}"));
            closes.collect::<Vec<_>>().join(", ")
        })
    };
    let meta = delete("META", "2026-01-05", "2026-01-07").unwrap();
    assert_eq!(meta, "2026-01-05 10, 2026-01-07 102");
    let refused = delete("META", "2026-01-06", "2026-01-06").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "no security has the symbol `META` on `2026-01-06`: it is `FB` then"
    );
    assert_eq!(
        delete("METV", "2026-01-05", "2026-01-07").unwrap(),
        "2026-01-06 11, 2026-01-07 12"
    );
}

#[test]
fn a_split_is_compared_with_closes_through_each_change_of_symbol_of_its_file() {
    let books = Books::on("2026-01-09".parse().unwrap(), RiskModel::default());
    books.import(FileKind::Securities, "symbol,class\nAAA,equity\n");
    let closes = "symbol,date,close\nAAA,2026-01-07,100\nAAA,2026-01-08,101\n";
    books.import(FileKind::Prices, closes);
    let actions = "symbol,date,kind,new_symbol,ratio\nAAA,2026-01-05,symbol-change,BBB,\n\
                   BBB,2026-01-06,symbol-change,CCC,\nCCC,2026-01-08,split,,4:1\n";
    let options = ImportOptions::default();
    let result = books.import_with(FileKind::Actions, actions, Mode::Apply, &options);
    let result = result.unwrap();
    assert_eq!(result.counts.invalid, 1, "{result:#?}");
}

#[test]
fn a_history_under_one_symbol_is_that_of_one_security() {
    let books = Books::on("2026-01-09".parse().unwrap(), RiskModel::default());
    books.import(FileKind::Securities, "symbol,class\nFB,equity\n");
    let change = "symbol,date,kind,new_symbol\nFB,2026-01-07,symbol-change,META\n";
    books.import(FileKind::Actions, change);
    let closes = [
        "2026-01-05,100",
        "2026-01-06,101",
        "2026-01-07,102",
        "2026-01-08,103",
    ];
    let file = |symbol: &str| {
        let rows = closes.map(|row| format!("{symbol},{row}\n"));
        format!("symbol,date,close\n{}", rows.concat())
    };
    let counts = books.import(FileKind::Prices, &file("META")).counts;
    assert_eq!((counts.added, counts.invalid), (4, 0));
    let counts = books.import(FileKind::Prices, &file("FB")).counts;
    assert_eq!((counts.same, counts.invalid), (4, 0));

    // A close of a day on which another security has the symbol is one of that security, and so is that
    // of the day before, on which none has it: it is the next one.
    let fund = "symbol,class,symbol_from\nFB,fund,2026-01-08\n";
    books.import(FileKind::Securities, fund);
    let counts = books.import(FileKind::Prices, &file("FB")).counts;
    assert_eq!((counts.same, counts.added), (2, 2));
}

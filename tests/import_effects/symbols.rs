//! Files that name one security by its symbols on different days.

use plimsoll::domain::RiskModel;
use plimsoll::import::apply::FileKind;

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

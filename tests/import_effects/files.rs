//! A file is imported completely or not at all, and a second import changes nothing.

use plimsoll::import::apply::{ApplyError, FileKind, ImportStatus, Mode};

use crate::books::Books;
use crate::sources::{HEADER, TestSources};

const PRICES: &str = "symbol,date,close\nAAA,2026-01-05,100\nAAA,2026-01-06,101\n";

/// A file of each kind with changes, in dependency order.
const FILES: [(FileKind, &str); 5] = [
    (
        FileKind::Portfolios,
        "name,inception,closed\nP0,2026-01-05,2026-03-31\nQ,2026-01-06,\n",
    ),
    (FileKind::Securities, "symbol,sector\nAAA,Media\nNEW,Tech\n"),
    (
        FileKind::Actions,
        "symbol,date,kind,ratio\nAAA,2026-01-07,split,2:1\n",
    ),
    (FileKind::Prices, PRICES),
    (
        FileKind::Transactions,
        "id,portfolio,date,kind,symbol,quantity,price,amount\nt1,P0,2026-01-06,buy,AAA,3,50,\n",
    ),
];

fn filled() -> Books {
    let books = TestSources {
        closes: [((0, crate::sources::start()), 9_900)].into(),
        ..TestSources::with_sessions(5)
    }
    .books();
    books.run();
    books
}

#[test]
fn a_second_import_changes_nothing() {
    let books = filled();
    for (kind, text) in FILES {
        let first = books.import(kind, text);
        assert!(first.counts.added + first.counts.corrected > 0, "{kind}");
        let before = books.all_rows();
        let second = books.import(kind, text);
        assert_eq!(second.status, ImportStatus::Applied);
        assert_eq!(second.counts.same, second.verdicts.len(), "{kind}");
        assert_eq!(books.all_rows(), before, "{kind}");
    }
}

#[test]
fn equal_content_in_other_bytes_is_recorded_and_changes_no_source() {
    let books = filled();
    books.import(FileKind::Prices, PRICES);
    let revision = books.read(|reading| reading.revision());
    let mut before = books.all_rows();
    books.import(FileKind::Prices, &PRICES.replace("100", "100.00"));
    assert_eq!(books.read(|reading| reading.revision()), revision);
    let mut after = books.all_rows();
    let (was, is) = (
        before.remove("imported_file"),
        after.remove("imported_file"),
    );
    assert_eq!(was.unwrap().len() + 1, is.unwrap().len());
    assert_eq!(after, before);
}

#[test]
fn one_invalid_row_changes_nothing() {
    let books = filled();
    for (kind, text) in FILES {
        let bad = match kind {
            FileKind::Portfolios => "R,2026-02-30,\n",
            FileKind::Securities => "OTHER,Tech,surplus\n",
            FileKind::Actions => "OTHER,2026-01-07,split,2:1\n",
            FileKind::Prices => "AAA,2026-01-07,-1\n",
            FileKind::Transactions => "t2,Unknown,2026-01-06,fee,,,,1\n",
        };
        let before = books.all_rows();
        let text = format!("{text}{bad}");
        let refused = books.try_import(kind, &text, Mode::Apply).unwrap();
        assert_eq!(refused.status, ImportStatus::Refused, "{kind}");
        assert_eq!(refused.counts.invalid, 1, "{kind}");
        let (line, _) = refused.first_error().unwrap();
        assert_eq!(line, text.lines().count() as u64, "{kind}");
        assert_eq!(books.all_rows(), before, "{kind}");
    }
}

#[test]
fn a_dry_run_returns_the_real_result_and_writes_nothing() {
    let books = filled();
    for (kind, text) in FILES {
        let before = books.all_rows();
        let mut dry = books.try_import(kind, text, Mode::DryRun).unwrap();
        assert_eq!(books.all_rows(), before, "{kind}");
        assert_eq!(dry.status, ImportStatus::DryRun);
        dry.status = ImportStatus::Applied;
        assert_eq!(books.import(kind, text), dry, "{kind}");
    }
}

#[test]
fn an_unreadable_file_is_refused_without_writing() {
    let books = filled();
    let before = books.all_rows();
    let page = books.try_import(FileKind::Prices, "<html>wait</html>", Mode::Apply);
    assert!(matches!(page, Err(ApplyError::Import(_))));
    let header_only = format!("{HEADER}\n");
    let empty = books.try_import(FileKind::Transactions, &header_only, Mode::Apply);
    assert!(matches!(empty, Err(ApplyError::Import(_))));
    assert_eq!(books.all_rows(), before);
}

#[test]
fn a_jump_against_the_last_stored_close_is_refused() {
    let books = filled();
    let far = "symbol,date,close\nAAA,2026-01-09,9900\n";
    let refused = books
        .try_import(FileKind::Prices, far, Mode::Apply)
        .unwrap();
    assert_eq!(refused.status, ImportStatus::Refused);
    let (_, error) = refused.first_error().unwrap();
    assert!(error.to_string().contains("`99` on 2026-01-05"), "{error}");
}

//! The valid rows of a file are imported in one transaction, and a second import changes nothing.

use plimsoll::domain::Calendar;
use plimsoll::import::apply::{ApplyError, FileKind, ImportStatus, Mode};
use plimsoll::import::{ImportOptions, Restatements, ValidRows, Warnings};

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
    // The file's state counts the rows of all tables, the record of the import included.
    for rows in [&mut before, &mut after] {
        rows.remove("file_state");
    }
    let (was, is) = (
        before.remove("imported_file"),
        after.remove("imported_file"),
    );
    assert_eq!(was.unwrap().len() + 1, is.unwrap().len());
    assert_eq!(after, before);
}

/// Returns the file of a kind with an invalid row at its end.
fn with_invalid_row(kind: FileKind, text: &str) -> String {
    let bad = match kind {
        FileKind::Portfolios => "R,2026-02-30,\n",
        FileKind::Securities => "OTHER,Tech,surplus\n",
        FileKind::Actions => "OTHER,2026-01-07,split,2:1\n",
        FileKind::Prices => "AAA,2026-01-07,-1\n",
        FileKind::Transactions => "t2,Unknown,2026-01-06,fee,,,,1\n",
    };
    format!("{text}{bad}")
}

#[test]
fn one_invalid_row_changes_nothing_if_all_or_nothing() {
    let books = filled();
    let options = ImportOptions {
        restatements: Restatements::Allowed,
        valid_rows: ValidRows::Refused,
        ..ImportOptions::default()
    };
    for (kind, text) in FILES {
        let before = books.all_rows();
        let text = with_invalid_row(kind, text);
        let refused = books
            .import_with(kind, &text, Mode::Apply, &options)
            .unwrap();
        assert_eq!(refused.status, ImportStatus::Refused, "{kind}");
        assert_eq!(refused.counts.invalid, 1, "{kind}");
        let (line, _) = refused.first_error().unwrap();
        assert_eq!(line, text.lines().count() as u64, "{kind}");
        assert_eq!(books.all_rows(), before, "{kind}");
    }
}

#[test]
fn an_invalid_row_holds_back_no_other_except_in_transactions() {
    let books = filled();
    for (kind, text) in FILES {
        let text = with_invalid_row(kind, text);
        let result = books.try_import(kind, &text, Mode::Apply).unwrap();
        if kind == FileKind::Transactions {
            assert_eq!(
                (result.status, result.held_back()),
                (ImportStatus::Refused, 0)
            );
            continue;
        }
        assert_eq!(
            (result.status, result.held_back()),
            (ImportStatus::Applied, 1),
            "{kind}"
        );
        let again = books.import(kind, text.trim_end().rsplit_once('\n').unwrap().0);
        assert_eq!(again.counts.same, again.verdicts.len(), "{kind}");
    }
}

#[test]
fn a_warning_refuses_the_file_only_if_strict() {
    let books = filled();
    let late = "symbol,date,close\nAAA,2027-01-04,101\n";
    let strict = ImportOptions {
        warnings: Warnings::Refused,
        ..ImportOptions::default()
    };
    let before = books.all_rows();
    let refused = books
        .import_with(FileKind::Prices, late, Mode::Apply, &strict)
        .unwrap();
    assert_eq!(
        (refused.status, refused.counts.warnings),
        (ImportStatus::Refused, 1)
    );
    assert_eq!(books.all_rows(), before);
    let reported = books.import(FileKind::Prices, late);
    assert_eq!(
        (reported.status, reported.counts.warnings),
        (ImportStatus::Applied, 1)
    );
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
fn an_import_tells_of_sessions_that_the_database_lacks() {
    let text = "name,inception,calendar\nT,2026-01-05,XTSE\n";
    let import = |calendar: Calendar| {
        let mut books = filled();
        books.settings.calendar = calendar;
        let imported = books.import(FileKind::Portfolios, text);
        imported
            .warnings
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert!(import(Calendar::weekdays()).is_empty());
    let warnings = import(Calendar::new_york());
    let expected = "sessions of XTSE, the first on 2026-01-19, are not in the calendar new-york";
    assert!(warnings[0].contains(expected), "{warnings:?}");
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

#[test]
fn each_day_after_today_is_questioned() {
    let books = filled();
    let future = "2027-01-05";
    for (kind, text) in [
        (
            FileKind::Portfolios,
            format!("name,inception\nQ,{future}\n"),
        ),
        (
            FileKind::Portfolios,
            format!("name,inception,closed\nP0,2026-01-05,{future}\n"),
        ),
        (
            FileKind::Portfolios,
            format!("name,inception,deleted_at\nP0,2026-01-05,{future}T12:00:00Z\n"),
        ),
        (
            FileKind::Securities,
            format!("symbol,inactive_from\nAAA,{future}\n"),
        ),
        (
            FileKind::Securities,
            format!("symbol,symbol_from\nNEW,{future}\n"),
        ),
        (
            FileKind::Actions,
            format!("symbol,date,kind,ratio\nAAA,{future},split,2:1\n"),
        ),
        (
            FileKind::Actions,
            format!("symbol,date,kind,new_symbol\nAAA,{future},symbol-change,AAX\n"),
        ),
    ] {
        let result = books.import(kind, &text);
        let warnings = result.verdicts.iter().flat_map(|line| &line.warnings);
        let warnings: Vec<_> = warnings.map(ToString::to_string).collect();
        let expected = format!("`{future}` is in the future");
        assert_eq!(result.counts.warnings, 1, "{text}: {warnings:?}");
        assert!(warnings[0].starts_with(&expected), "{text}: {warnings:?}");
        // The known value is not questioned again.
        let again = books.import(kind, &text);
        assert_eq!(again.counts.warnings, 0, "{text}");
    }
}

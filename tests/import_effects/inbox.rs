//! Imports the files of an inbox: new files are imported and moved, and a refused file does not stop
//! the others.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use plimsoll::import::apply::{ApplyError, ImportStatus};
use plimsoll::import::inbox::{
    FileLocation, InboxFile, InboxOutcome, find_unusable_folder, import_inbox,
};
use plimsoll::report::{inbox_line, inbox_report};

use crate::books::Books;
use crate::sources::TestSources;

/// Books, and an inbox in the same folder.
pub(crate) struct TestInbox {
    pub(crate) books: Books,
    pub(crate) inbox: PathBuf,
}

impl TestInbox {
    pub(crate) fn new() -> Self {
        let mut sources = TestSources::with_sessions(3);
        sources.closes.insert((0, sources.sessions[0]), 10_000);
        let books = sources.books();
        let inbox = books.folder().join("inbox");
        fs::create_dir(&inbox).unwrap();
        Self { books, inbox }
    }

    /// Writes a file whose time is `seconds_ago` before the books' clock.
    pub(crate) fn write_file(&self, name: &str, text: impl AsRef<[u8]>, seconds_ago: i64) {
        let path = self.inbox.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let now = self.books.environment.clock.now();
        let written = now - TimeDelta::seconds(seconds_ago);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(written.into()).unwrap();
    }

    pub(crate) fn import(&self) -> Vec<InboxFile> {
        let mut writer = self.books.store.writer().unwrap();
        let context = self.books.import_context();
        import_inbox(&mut writer, &self.inbox, &context, &inbox_report).unwrap()
    }

    pub(crate) fn import_names(&self) -> Vec<String> {
        self.import().into_iter().map(|file| file.name).collect()
    }

    pub(crate) fn stored_close(&self) -> String {
        let security = plimsoll::domain::SecurityId(1);
        let day = "2026-01-06".parse().unwrap();
        let close = self
            .books
            .read(|reading| reading.closes().get(security, day));
        close.unwrap().to_string()
    }

    /// Returns all files below the inbox, sorted by path.
    pub(crate) fn files(&self) -> Vec<String> {
        fn collect(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => collect(&path, root, found),
                    false => found.push(path.strip_prefix(root).unwrap().display().to_string()),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.inbox, &self.inbox, &mut found);
        found.sort();
        found
    }
}

pub(crate) fn closes(cents: &str) -> String {
    format!("symbol,date,close\nAAA,2026-01-06,{cents}\n")
}

#[test]
fn new_files_are_imported_in_name_order_and_moved_to_done() {
    let inbox = TestInbox::new();
    inbox.write_file("prices/b.csv", closes("102"), 10);
    inbox.write_file("prices/a.TXT", closes("101"), 10);
    for ignored in ["c.xlsx", ".hidden.csv", "notes"] {
        inbox.write_file(&format!("prices/{ignored}"), closes("103"), 10);
    }
    assert_eq!(inbox.import_names(), ["prices/a.TXT", "prices/b.csv"]);
    assert_eq!(inbox.stored_close(), "102");
    assert_eq!(
        inbox.files(),
        [
            "done/prices/a.TXT",
            "done/prices/b.csv",
            "prices/.hidden.csv",
            "prices/c.xlsx",
            "prices/notes"
        ]
    );
    assert!(inbox.import_names().is_empty());
}

#[test]
fn a_repeated_file_name_overwrites_nothing() {
    let inbox = TestInbox::new();
    for close in ["101", "104"] {
        inbox.write_file("prices/a.csv", closes(close), 10);
        assert_eq!(inbox.import_names(), ["prices/a.csv"]);
        assert_eq!(inbox.stored_close(), close);
    }
    assert_eq!(inbox.files(), ["done/prices/a-2.csv", "done/prices/a.csv"]);
    // The state after a crash between commit and move: imported, and not moved yet.
    inbox.write_file("prices/a.csv", closes("104"), 10);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::AlreadyImported));
    assert_eq!(
        inbox_line(&files[0]),
        "inbox: prices/a.csv already imported"
    );
    assert_eq!(inbox.stored_close(), "104");
    assert_eq!(inbox.files().len(), 3);
}

#[test]
fn kinds_are_imported_in_dependency_order() {
    let inbox = TestInbox::new();
    let prices = "symbol,date,close\nNEW,2026-01-06,7\n";
    inbox.write_file("prices/a.csv", prices, 10);
    let header = "id,portfolio,date,kind,symbol,quantity,price,amount\n";
    let deposit = format!("{header}d1,Fresh,2026-01-05,deposit,,,,1000\n");
    inbox.write_file("transactions/a.csv", &deposit, 10);
    let new = "symbol,name,class,sector\nNEW,New,equity,Technology\n";
    inbox.write_file("securities/a.csv", new, 10);
    let fresh = "name,inception,currency\nFresh,2026-01-05,USD\n";
    inbox.write_file("portfolios/a.csv", fresh, 10);
    let files = inbox.import();
    let lines: Vec<_> = files.iter().map(inbox_line).collect();
    assert!(files.iter().all(InboxFile::is_imported), "{lines:#?}");
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "portfolios/a.csv",
            "securities/a.csv",
            "prices/a.csv",
            "transactions/a.csv"
        ]
    );
}

#[test]
fn a_refused_file_is_moved_with_a_report_and_blocks_no_other() {
    let inbox = TestInbox::new();
    inbox.write_file("prices/1.csv", "<html>maintenance</html>", 10);
    let unknown = "symbol,date,close\nNEW,2026-01-06,1\nAAA,2026-01-06,0\n";
    inbox.write_file("prices/2.csv", unknown, 10);
    inbox.write_file("prices/3.csv", closes("101"), 10);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::InvalidFile(..)));
    let reason = files[1].first_error().unwrap();
    assert!(
        reason.starts_with("line 2: ") && reason.contains("`NEW`"),
        "{reason}"
    );
    let line = inbox_line(&files[1]);
    assert!(
        line.contains("now rejected/prices/2.csv, with a report beside it"),
        "{line}"
    );
    let InboxOutcome::Validated(result) = &files[2].outcome else {
        panic!("{:?}", files[2]);
    };
    assert_eq!(
        (result.status, files[2].first_error()),
        (ImportStatus::Applied, None)
    );
    assert_eq!(
        inbox.files(),
        [
            "done/prices/3.csv",
            "rejected/prices/1.csv",
            "rejected/prices/1.csv.report.txt",
            "rejected/prices/2.csv",
            "rejected/prices/2.csv.report.txt"
        ]
    );
    let read = |name: &str| fs::read_to_string(inbox.inbox.join("rejected/prices").join(name));
    let report = read("2.csv.report.txt").unwrap();
    for part in [
        "line 2: ",
        "`NEW`",
        "line 3: ",
        "plimsoll import prices FILE",
    ] {
        assert!(report.contains(part), "{part} is not in:\n{report}");
    }
    assert!(read("1.csv.report.txt").unwrap().contains("web page"));
    assert_eq!(read("2.csv").unwrap(), unknown);
    assert!(inbox.import_names().is_empty());
}

#[test]
fn a_correction_that_is_taken_back_is_imported_again() {
    let inbox = TestInbox::new();
    for close in ["101", "104", "101"] {
        inbox.write_file("prices/a.csv", closes(close), 10);
        assert!(inbox.import()[0].is_imported());
        assert_eq!(inbox.stored_close(), close);
    }
}

#[test]
fn a_file_whose_last_line_has_no_end_waits() {
    let inbox = TestInbox::new();
    let whole = closes("101.5");
    let (part, rest) = whole.split_at(whole.len() - 3);
    inbox.write_file("prices/a.csv", part, 10);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::Unfinished));
    assert!(inbox_line(&files[0]).contains("its last line has no end"));
    assert_eq!(inbox.files(), ["prices/a.csv"]);
    inbox.write_file("prices/a.csv", format!("{part}{rest}"), 10);
    assert!(inbox.import()[0].is_imported());
    assert_eq!(inbox.stored_close(), "101.5");
}

#[test]
fn invalid_rows_are_rejected_beside_the_imported_file() {
    let inbox = TestInbox::new();
    let text = format!("{}AAA,2026-01-07,-3\nNEW,2026-01-06,3\n", closes("101"));
    inbox.write_file("prices/a.csv", &text, 10);
    let files = inbox.import();
    assert!(files[0].is_imported());
    let line = inbox_line(&files[0]);
    assert!(
        line.contains("imported in part") && line.contains("rejected/prices/a.csv"),
        "{line}"
    );
    assert_eq!(inbox.stored_close(), "101");
    let names = [
        "done/prices/a.csv",
        "rejected/prices/a.csv",
        "rejected/prices/a.csv.report.txt",
    ];
    assert_eq!(inbox.files(), names);
    let read = |name: &str| fs::read_to_string(inbox.inbox.join(name)).unwrap();
    let rows = "symbol,date,close\nAAA,2026-01-07,-3\nNEW,2026-01-06,3\n";
    assert_eq!(read(names[1]), rows);
    assert!(read(names[2]).contains("imported without the invalid rows"));
}

#[test]
fn a_file_being_written_is_skipped_until_it_is_stable() {
    let inbox = TestInbox::new();
    inbox.write_file("prices/a.csv", closes("101"), 1);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::BeingWritten));
    assert!(matches!(files[0].location, FileLocation::Unmoved));
    assert_eq!(inbox.files(), ["prices/a.csv"]);
    let elapsed = TimeDelta::from_std(Duration::from_secs(2)).unwrap();
    inbox.books.environment.clock.advance(elapsed);
    assert!(matches!(
        inbox.import()[0].outcome,
        InboxOutcome::Validated(_)
    ));
}

#[test]
fn a_file_outside_the_kind_folders_is_reported_and_not_moved() {
    let inbox = TestInbox::new();
    inbox.write_file("a.csv", closes("101"), 10);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::Misplaced));
    let line = inbox_line(&files[0]);
    assert!(
        line.contains("a.csv is not in a folder of a file kind"),
        "{line}"
    );
    assert_eq!(inbox.files(), ["a.csv"]);
}

#[cfg(unix)]
#[test]
fn symlinks_are_neither_imported_nor_written_through() {
    use std::os::unix::fs::symlink;
    let inbox = TestInbox::new();
    let secret = inbox.books.folder().join("secret.csv");
    fs::write(&secret, closes("105")).unwrap();
    fs::create_dir(inbox.inbox.join("prices")).unwrap();
    symlink(&secret, inbox.inbox.join("prices/a.csv")).unwrap();
    assert!(inbox.import_names().is_empty());

    let elsewhere = inbox.books.folder().join("elsewhere.txt");
    fs::create_dir_all(inbox.inbox.join("rejected/prices")).unwrap();
    let trap = inbox.inbox.join("rejected/prices/b.csv.report.txt");
    symlink(&elsewhere, trap).unwrap();
    inbox.write_file("prices/b.csv", "no prices", 10);
    let line = inbox_line(&inbox.import()[0]);
    assert!(line.contains("rejected/prices/b-2.csv"), "{line}");
    assert!(!elsewhere.exists());
}

#[test]
fn nothing_is_imported_from_an_inbox_through_which_files_cannot_be_moved() {
    let inbox = TestInbox::new();
    inbox.write_file("prices/a.csv", closes("101"), 10);
    let damages: [fn(&Path); 3] = [
        |inbox| fs::write(inbox.join("done"), "").unwrap(),
        |inbox| {
            fs::create_dir_all(inbox.join("rejected")).unwrap();
            std::os::unix::fs::symlink("absent", inbox.join("rejected/prices")).unwrap();
        },
        |inbox| std::os::unix::fs::symlink("absent", inbox.join("securities")).unwrap(),
    ];
    for (damage, place) in damages
        .into_iter()
        .zip(["done", "rejected/prices", "securities"])
    {
        damage(&inbox.inbox);
        let mut writer = inbox.books.store.writer().unwrap();
        let context = inbox.books.import_context();
        let refused = import_inbox(&mut writer, &inbox.inbox, &context, &inbox_report);
        let Err(ApplyError::Inbox { path, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(path.starts_with(inbox.inbox.join(place)), "{path:?}");
        assert_eq!(find_unusable_folder(&inbox.inbox).unwrap().0, path);
        fs::remove_file(inbox.inbox.join(place)).unwrap();
        assert_eq!(inbox.files(), ["prices/a.csv"]);
    }
    assert!(find_unusable_folder(&inbox.inbox).is_none());
    assert_eq!(inbox.import()[0].name, "prices/a.csv");
    assert_eq!(inbox.stored_close(), "101");
}

#[test]
fn a_file_whose_name_leaves_no_room_for_that_of_a_report_is_not_moved() {
    let inbox = TestInbox::new();
    let name = format!("prices/{}.csv", "a".repeat(251));
    inbox.write_file(&name, closes("101"), 10);
    let files = inbox.import();
    assert!(matches!(files[0].location, FileLocation::MoveFailed(_)));
    assert!(files[0].is_questionable());
    assert!(inbox_line(&files[0]).contains("failed to move it"));
}

#[test]
fn warnings_about_rows_are_said_and_written_beside_the_imported_file() {
    let inbox = TestInbox::new();
    let future = "symbol,date,close\nAAA,2026-01-06,101\nAAA,2027-01-06,101\nAAA,2027-01-07,102\n";
    inbox.write_file("prices/a.csv", future, 10);
    let files = inbox.import();
    assert!(files[0].is_imported() && files[0].is_questionable());
    let line = inbox_line(&files[0]);
    assert!(line.contains("2 warnings; warning: line 3: "), "{line}");
    let moved = "; now done/prices/a.csv, with a report of all warnings beside it";
    assert!(line.ends_with(moved), "{line}");
    let names = ["done/prices/a.csv", "done/prices/a.csv.report.txt"];
    assert_eq!(inbox.files(), names);
    let report = fs::read_to_string(inbox.inbox.join(names[1])).unwrap();
    assert!(report.contains("line 4: warning: "), "{report}");
    assert!(!report.contains("line 2"), "{report}");
}

#[test]
fn a_missing_inbox_is_an_error() {
    let inbox = TestInbox::new();
    let mut writer = inbox.books.store.writer().unwrap();
    let missing = inbox.inbox.join("missing");
    let context = inbox.books.import_context();
    let refused = import_inbox(&mut writer, &missing, &context, &inbox_report);
    assert!(matches!(refused, Err(ApplyError::Inbox { .. })));
}

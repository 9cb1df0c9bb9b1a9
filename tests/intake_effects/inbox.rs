//! The price inbox: what is new is taken in, what is refused stands in nobody's way.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use plimsoll::import::apply::{Ending, InboxFile, InboxOutcome, IntakeError, take_in_inbox};

use crate::books::Books;
use crate::sketch::Sketch;

/// Books with an inbox beside them.
struct Desk {
    books: Books,
    inbox: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let mut sketch = Sketch::of_sessions(3);
        sketch.closes.insert((0, sketch.sessions[0]), 10_000);
        let books = sketch.books();
        let inbox = books.folder().join("inbox");
        fs::create_dir(&inbox).unwrap();
        Self { books, inbox }
    }

    /// A file that was written so many seconds before the books' clock.
    fn put(&self, name: &str, text: &str, seconds_ago: i64) {
        let path = self.inbox.join(name);
        fs::write(&path, text).unwrap();
        let now = self.books.environment.clock.now();
        let written = now - TimeDelta::seconds(seconds_ago);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(written.into()).unwrap();
    }

    fn look(&self) -> Vec<InboxFile> {
        let mut writer = self.books.store.writer().unwrap();
        take_in_inbox(&mut writer, &self.inbox, &self.books.terms()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.look().into_iter().map(|file| file.name).collect()
    }
}

fn closes(cents: &str) -> String {
    format!("symbol,date,close\nAAA,2026-01-06,{cents}\n")
}

#[test]
fn new_files_are_taken_in_once_by_name_order() {
    let desk = Desk::new();
    desk.put("b.csv", &closes("102"), 10);
    desk.put("a.TXT", &closes("101"), 10);
    for ignored in ["c.xlsx", ".hidden.csv", "notes"] {
        desk.put(ignored, &closes("103"), 10);
    }
    assert_eq!(desk.names(), ["a.TXT", "b.csv"]);
    let day = "2026-01-06".parse().unwrap();
    let close = |desk: &Desk| {
        let security = plimsoll::domain::SecurityId(1);
        let close = desk.books.read(|reading| reading.close(security, day));
        close.unwrap().to_string()
    };
    assert_eq!(close(&desk), "102");
    assert!(desk.names().is_empty());
    desk.put("a.TXT", &closes("104"), 10);
    assert_eq!(desk.names(), ["a.TXT"]);
    assert_eq!(close(&desk), "104");
}

#[test]
fn a_refused_file_is_told_each_time_and_holds_back_no_other() {
    let desk = Desk::new();
    desk.put("1.csv", "<html>maintenance</html>", 10);
    desk.put("2.csv", "symbol,date,close\nWHO,2026-01-06,1\n", 10);
    desk.put("3.csv", &closes("101"), 10);
    let files = desk.look();
    assert!(matches!(files[0].outcome, InboxOutcome::Refused(_)));
    let reason = files[1].first_reason().unwrap();
    assert!(
        reason.starts_with("line 2: ") && reason.contains("`WHO`"),
        "{reason}"
    );
    let InboxOutcome::Judged(taken) = &files[2].outcome else {
        panic!("{:?}", files[2]);
    };
    assert_eq!(
        (taken.ending, files[2].first_reason()),
        (Ending::Applied, None)
    );
    assert_eq!(desk.names(), ["1.csv", "2.csv"]);
}

#[test]
fn a_file_that_is_being_written_is_left_alone_until_it_has_settled() {
    let desk = Desk::new();
    desk.put("a.csv", &closes("101"), 1);
    assert!(matches!(desk.look()[0].outcome, InboxOutcome::BeingWritten));
    let a_moment = Duration::from_secs(2);
    let a_moment = TimeDelta::from_std(a_moment).unwrap();
    desk.books.environment.clock.advance(a_moment);
    assert!(matches!(desk.look()[0].outcome, InboxOutcome::Judged(_)));
}

#[test]
fn an_inbox_that_is_not_there_is_said() {
    let desk = Desk::new();
    let mut writer = desk.books.store.writer().unwrap();
    let nowhere = desk.inbox.join("nowhere");
    let refused = take_in_inbox(&mut writer, &nowhere, &desk.books.terms());
    assert!(matches!(refused, Err(IntakeError::Inbox { .. })));
}

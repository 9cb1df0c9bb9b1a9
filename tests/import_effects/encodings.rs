//! Imports compressed files and files in other encodings than UTF-8.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll::import::apply::{FileKind, Mode, SourceFile, import_file};
use plimsoll::import::inbox::{InboxOutcome, WaitingReason, list_waiting};
use plimsoll::import::profile::{Profile, Profiles};
use plimsoll::import::{Encoding, ImportOptions, Refusal};

use crate::inbox::{TestInbox, closes};
use crate::profiles::{books, options, sample};

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_file_is_unpacked_and_keeps_its_name() {
    let inbox = TestInbox::new();
    for close in ["101", "102"] {
        let text = closes(close) + "AAA,2026-01-07,none\n";
        inbox.write_file("prices/a.csv.GZ", packed(&text), 10);
        assert_eq!(inbox.import_names(), ["prices/a.csv.GZ"]);
        assert_eq!(inbox.stored_close(), close);
    }
    assert_eq!(
        inbox.files(),
        [
            "done/prices/a-2.csv.GZ",
            "done/prices/a.csv.GZ",
            "rejected/prices/a-2.csv",
            "rejected/prices/a-2.csv.report.txt",
            "rejected/prices/a.csv",
            "rejected/prices/a.csv.report.txt",
        ]
    );
    let held_back = fs::read_to_string(inbox.inbox.join("rejected/prices/a.csv")).unwrap();
    assert_eq!(held_back, "symbol,date,close\nAAA,2026-01-07,none\n");
}

#[test]
fn a_compressed_file_without_its_end_waits_and_a_damaged_one_is_refused() {
    let inbox = TestInbox::new();
    let whole = packed(&closes("101"));
    inbox.write_file("prices/cut.csv.gz", &whole[..whole.len() - 4], 5 * 3600);
    let damaged = [whole.as_slice(), b"more than the header of a part"].concat();
    inbox.write_file("prices/damaged.csv.gz", damaged, 10);
    let files = inbox.import();
    assert!(matches!(files[0].outcome, InboxOutcome::Unfinished));
    let InboxOutcome::InvalidFile(_, error) = &files[1].outcome else {
        panic!("{:?}", files[1]);
    };
    assert_eq!(error.refusal, Refusal::DamagedGzip);
    let now = inbox.books.environment.clock.now();
    let waiting = list_waiting(&inbox.inbox, now).unwrap();
    let waiting: Vec<_> = waiting.iter().map(|file| file.reason).collect();
    assert_eq!(waiting, [WaitingReason::Unfinished]);
    // A part that ends like a line.
    let mut stored = GzEncoder::new(Vec::new(), Compression::none());
    stored.write_all(closes("101").as_bytes()).unwrap();
    let stored = stored.finish().unwrap();
    let line = stored.iter().position(|byte| *byte == b'\n').unwrap();
    inbox.write_file("prices/cut.csv.gz", &stored[..=line], 5 * 3600);
    assert_eq!(list_waiting(&inbox.inbox, now).unwrap().len(), 1);
    inbox.write_file("prices/cut.csv.gz", &whole, 10);
    inbox.import();
    assert_eq!(inbox.stored_close(), "101");
}

#[test]
fn a_file_in_utf_16_is_converted() {
    let inbox = TestInbox::new();
    let text = format!("\u{feff}{}AAA,2026-01-07,none\n", closes("101"));
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    inbox.write_file("prices/a.csv", bytes, 10);
    inbox.import();
    assert_eq!(inbox.stored_close(), "101");
    let held_back = fs::read_to_string(inbox.inbox.join("rejected/prices/a.csv")).unwrap();
    assert_eq!(held_back, "symbol,date,close\nAAA,2026-01-07,none\n");
}

#[test]
fn a_declared_encoding_is_that_of_the_text() {
    let inbox = TestInbox::new();
    let options = ImportOptions {
        encoding: Some(Encoding::Windows1252),
        ..ImportOptions::default()
    };
    let file = SourceFile {
        kind: FileKind::Portfolios,
        name: "portfolios.csv",
        bytes: b"name,inception\nM\xfcller,2026-01-05\n",
        options: &options,
    };
    let context = inbox.books.import_context();
    let mut writer = inbox.books.store.writer().unwrap();
    import_file(&mut writer, &file, &context, Mode::Apply).unwrap();
    let portfolios = inbox.books.read(|reading| reading.portfolios().all());
    assert!(
        portfolios
            .iter()
            .any(|portfolio| portfolio.name == "Müller")
    );
}

#[test]
fn a_profile_has_the_encoding_of_its_files() {
    let shipped = Profiles::shipped()
        .find("portfolio-performance-de")
        .unwrap();
    let text = sample("portfolio-performance-de");
    let latin: Vec<u8> = (text.chars())
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let import = |profiles: &Profiles| {
        let books = books();
        let file = SourceFile {
            kind: FileKind::Transactions,
            name: "export.csv",
            bytes: &latin,
            options: &options(Some("Beta")),
        };
        let context = books.import_context();
        let context = plimsoll::import::apply::ImportContext {
            profiles,
            ..context
        };
        let mut writer = books.store.writer().unwrap();
        import_file(&mut writer, &file, &context, Mode::Apply)
    };
    assert!(import(Profiles::shipped()).is_err());
    let encoded = shipped
        .text()
        .replace("[file]", "[file]\nencoding = \"windows-1252\"");
    Profile::parse(&encoded).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("encoded.toml"), encoded).unwrap();
    let profiles = Profiles::shipped().with_folder(folder.path()).unwrap();
    let result = import(&profiles).unwrap();
    assert_eq!(result.profile.as_deref(), Some("portfolio-performance-de"));
    assert_eq!(result.counts.invalid, 0);
}

//! Reads the frames of a write-ahead log that a crash left, without SQLite, as far as SQLite would
//! replay them.

use std::io::{self, Seek as _, SeekFrom};

use super::file_system::OpenFile;
use super::location::Location;

const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// First word of a log; the lowest bit is set if its checksums read words in big-endian order.
const MAGIC: u32 = 0x377f_0682;
/// Limits of SQLite's page sizes.
const PAGE_SIZES: std::ops::RangeInclusive<usize> = 512..=65_536;

/// The first bytes and the length of a log: they differ once it has been appended to or reset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LogVersion {
    header: [u8; LOG_HEADER],
    length: u64,
}

/// The log of a database.
#[derive(Debug)]
pub(super) struct LeftLog {
    file: Box<dyn OpenFile>,
    version: LogVersion,
}

/// SQLite's running checksum of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checksum {
    is_big_endian: bool,
    sums: [u32; 2],
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let word = |at| {
                let word = word(pair, at);
                match self.is_big_endian {
                    true => word,
                    false => word.swap_bytes(),
                }
            };
            let [first, second] = self.sums;
            let first = first.wrapping_add(word(0)).wrapping_add(second);
            let second = second.wrapping_add(word(4)).wrapping_add(first);
            self.sums = [first, second];
        }
    }
}

impl LeftLog {
    /// Opens the log at a location; `None` if there is none, or if it has no header.
    pub(super) fn open(log: &Location) -> io::Result<Option<Self>> {
        let mut file = match log.open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let length = file.seek(SeekFrom::End(0))?;
        let mut header = [0; LOG_HEADER];
        let read = read_at(&mut *file, 0, &mut header)?;
        let version = LogVersion { header, length };
        Ok((read == LOG_HEADER).then_some(Self { file, version }))
    }

    /// Returns what differs once the log has been appended to or reset.
    pub(super) const fn version(&self) -> &LogVersion {
        &self.version
    }

    pub(super) fn into_version(self) -> LogVersion {
        self.version
    }

    /// Calls `found` with each content of `page` that a commit in the log has, in order. A frame that
    /// SQLite would not replay ends the log: it is of an earlier use, or a power cut lost its bytes.
    pub(super) fn committed_pages(
        &mut self,
        page: u32,
        mut found: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let header = &self.version.header;
        let page_size = word(header, 8) as usize;
        let mut sum = Checksum {
            is_big_endian: word(header, 0) & 1 == 1,
            sums: [0; 2],
        };
        sum.add(&header[..24]);
        let is_log = word(header, 0) & !1 == MAGIC && PAGE_SIZES.contains(&page_size);
        if !is_log || sum.sums != [word(header, 24), word(header, 28)] {
            return Ok(());
        }
        let mut at = LOG_HEADER as u64;
        let mut frame = vec![0; FRAME_HEADER + page_size];
        // The last content of the page in the transaction that is not known to be committed yet.
        let mut pending: Option<Vec<u8>> = None;
        while read_at(&mut *self.file, at, &mut frame)? == frame.len() {
            let (head, content) = frame.split_at(FRAME_HEADER);
            sum.add(&head[..8]);
            sum.add(content);
            if head[8..16] != header[16..24] || sum.sums != [word(head, 16), word(head, 20)] {
                break;
            }
            if word(head, 0) == page {
                pending = Some(content.to_vec());
            }
            let is_commit = word(head, 4) != 0;
            if is_commit && let Some(content) = pending.take() {
                found(&content);
            }
            at += frame.len() as u64;
        }
        Ok(())
    }
}

/// Reads bytes from `at` on, and returns their number: fewer than `into` has at the end of the file.
fn read_at(file: &mut dyn OpenFile, at: u64, into: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    let mut read = 0;
    while read < into.len() {
        match file.read(&mut into[read..])? {
            0 => break,
            count => read += count,
        }
    }
    Ok(read)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

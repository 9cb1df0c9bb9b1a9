//! Reads files as text in UTF-8 within limits: unpacks gzip, and converts other encodings. Memory is
//! bounded, whatever a file unpacks to.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::content;
use super::decode::{windows_1252, without_utf_16};
use super::error::Refusal;
use super::options::Encoding;

/// The first bytes of a file that is compressed by gzip.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";

/// Limits of a file, in bytes of its unpacked text.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text: usize,
    line: usize,
    /// That of a JSON or XML document, which may have only one line.
    document: usize,
}

/// A table of ten million rows has less than half of this, and a wide one of 20,000 securities has
/// lines of a fifth.
const LIMITS: Limits = Limits {
    text: 1 << 30,
    line: 1 << 20,
    document: 1 << 26,
};

/// Error that stops reading a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The operating system refused to read it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The content is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Reads a file, unpacks it if it is compressed by gzip, and converts UTF-16, which its byte order mark
/// tells. Each line ends with a line feed. Other encodings are left to the import.
///
/// # Errors
///
/// The file cannot be read or unpacked, is larger than a gigabyte, or has a line of more than a
/// megabyte.
pub fn read_file(file: impl Read) -> Result<Vec<u8>, ReadError> {
    read_within(file, LIMITS)
}

fn read_within(file: impl Read, limits: Limits) -> Result<Vec<u8>, ReadError> {
    let text = without_utf_16(unpack(file, limits)?)?;
    Ok(with_line_feeds(Cow::Owned(text)).into_owned())
}

fn unpack(file: impl Read, limits: Limits) -> Result<Vec<u8>, ReadError> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    if !file.fill_buf()?.starts_with(GZIP) {
        return read_lines(&mut file, limits);
    }
    let mut unpacked = BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file));
    read_lines(&mut unpacked, limits).map_err(|error| match error {
        ReadError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Refusal::UnfinishedGzip.into()
        }
        ReadError::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
            ) =>
        {
            Refusal::DamagedGzip.into()
        }
        other => other,
    })
}

/// Reads to the end, but not further than the limits.
fn read_lines(file: &mut impl BufRead, limits: Limits) -> Result<Vec<u8>, ReadError> {
    let mut text = Vec::new();
    // The start and the number of the last line.
    let (mut start, mut line) = (0, 1);
    let (mut limit, mut is_begun) = (limits.line, false);
    loop {
        let part = match file.fill_buf() {
            Ok([]) => return Ok(text),
            Ok(part) => part,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if !is_begun && let Some(first) = part.trim_ascii_start().first() {
            is_begun = true;
            if matches!(first, b'{' | b'<') {
                limit = limits.document;
            }
        }
        let (from, length) = (text.len(), part.len());
        text.extend_from_slice(part);
        file.consume(length);
        let ends = (from..)
            .zip(&text[from..])
            .filter(|(_, byte)| **byte == b'\n');
        for (end, _) in ends {
            if end - start > limit {
                return Err(long_line(&text, line, limit));
            }
            (start, line) = (end + 1, line + 1);
        }
        if text.len() - start > limit {
            return Err(long_line(&text, line, limit));
        }
        if text.len() > limits.text {
            let limit = limits.text;
            return Err(Refusal::TooLarge { limit }.into());
        }
    }
}

/// Refuses a long line, or names the format of a file that is not a table.
fn long_line(text: &[u8], line: u64, limit: usize) -> ReadError {
    match content::decode(text) {
        // The last character may be cut.
        Ok(_) | Err(Refusal::NotUtf8 { .. }) => Refusal::LongLine { line, limit }.into(),
        Err(other) => other.into(),
    }
}

/// Returns a text in UTF-8, converted if it is in a declared encoding. Refuses a text that is UTF-8
/// already: read as another encoding, it would have two or three characters for each of its umlauts.
/// Each line ends with a line feed, since lines are counted by it.
pub(super) fn to_utf8(bytes: &[u8], declared: Option<Encoding>) -> Result<Cow<'_, [u8]>, Refusal> {
    converted(bytes, declared).map(with_line_feeds)
}

/// Puts a line feed in place of each carriage return that has none behind it. The last byte of a text
/// with other line ends may be the first half of one that is still being written, so it stays.
fn with_line_feeds(mut text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    // Most texts end here.
    if !text.contains(&b'\r') {
        return text;
    }
    let mut is_alone = !text.contains(&b'\n');
    for at in 0..text.len() {
        let next = text.get(at + 1);
        if text[at] == b'\r' && next != Some(&b'\n') && (next.is_some() || is_alone) {
            text.to_mut()[at] = b'\n';
            is_alone = true;
        }
    }
    text
}

fn converted(bytes: &[u8], declared: Option<Encoding>) -> Result<Cow<'_, [u8]>, Refusal> {
    match declared {
        None => Ok(Cow::Borrowed(bytes)),
        Some(_) if bytes.is_ascii() => Ok(Cow::Borrowed(bytes)),
        Some(declared) if std::str::from_utf8(bytes).is_ok() => {
            Err(Refusal::IsUnicode { declared })
        }
        Some(Encoding::Windows1252) => {
            windows_1252(bytes).map(|text| Cow::Owned(text.into_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn refused(bytes: &[u8], limits: Limits) -> Refusal {
        match read_within(bytes, limits) {
            Err(ReadError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_that_end_with_a_carriage_return_end_with_a_line_feed() {
        let text = to_utf8(b"a,b\r1,2\r\n3,4\r\r\n5,6\r", None).unwrap();
        assert_eq!(*text, *b"a,b\n1,2\r\n3,4\n\r\n5,6\n");
        assert_eq!(*to_utf8(b"a,b\r1,2\r", None).unwrap(), *b"a,b\n1,2\n");
        for unchanged in [&b"a\r\nb\n"[..], b"a\r\nb\r"] {
            let text = to_utf8(unchanged, None);
            assert!(matches!(text, Ok(Cow::Borrowed(_))), "{text:?}");
        }
    }

    #[test]
    fn gzip_is_unpacked_also_in_several_parts() {
        let parts = [packed(b"a,b\n"), packed(b"1,2\n")].concat();
        assert_eq!(read_file(parts.as_slice()).unwrap(), b"a,b\n1,2\n");
        assert_eq!(read_file(&b"a,b\n1,2\n"[..]).unwrap(), b"a,b\n1,2\n");
        assert_eq!(read_file(&b""[..]).unwrap(), b"");
    }

    #[test]
    fn damaged_gzip_is_told_from_unfinished() {
        let whole = packed(b"symbol,date,close\nAAPL,2026-01-05,1\n");
        let cut = &whole[..whole.len() - 9];
        assert_eq!(refused(cut, LIMITS), Refusal::UnfinishedGzip);
        let mut damaged = whole.clone();
        damaged.extend_from_slice(b"more than the header of a part");
        assert_eq!(refused(&damaged, LIMITS), Refusal::DamagedGzip);
    }

    /// Reads without an end, and counts the bytes that were read.
    struct Endless<'c>(u8, &'c mut usize);

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(self.0);
            *self.1 += buffer.len();
            Ok(buffer.len())
        }
    }

    #[test]
    fn no_more_is_read_than_the_limits_allow() {
        let mut count = 0;
        let line = read_file(Endless(b'x', &mut count));
        let expected = Refusal::LongLine {
            line: 1,
            limit: 1 << 20,
        };
        assert!(matches!(line, Err(ReadError::Refused(refusal)) if refusal == expected));
        assert!(count < 2 << 20, "{count}");
        let limits = Limits {
            text: 1 << 20,
            line: 100,
            document: 100,
        };
        let mut count = 0;
        let text = read_within(Endless(b'\n', &mut count), limits);
        let expected = Refusal::TooLarge { limit: 1 << 20 };
        assert!(matches!(text, Err(ReadError::Refused(refusal)) if refusal == expected));
        assert!(count < 2 << 20, "{count}");
    }

    #[test]
    fn a_gzip_bomb_is_not_unpacked() {
        let limits = Limits {
            text: 1 << 20,
            line: 1 << 10,
            document: 1 << 10,
        };
        let bomb = packed(&b"a,b\n".repeat(1 << 20));
        assert!(bomb.len() < 1 << 14);
        assert_eq!(refused(&bomb, limits), Refusal::TooLarge { limit: 1 << 20 });
        let bomb = packed(&vec![b'x'; 1 << 22]);
        let expected = Refusal::LongLine {
            line: 1,
            limit: 1 << 10,
        };
        assert_eq!(refused(&bomb, limits), expected);
    }

    #[test]
    fn a_long_line_of_another_format_names_the_format() {
        let limits = Limits {
            text: 100,
            line: 10,
            document: 20,
        };
        let refusal = refused(b"{\"candles\": [1, 2, 3]}", limits);
        assert!(matches!(refusal, Refusal::Json { .. }), "{refusal:?}");
        let refusal = refused(b"a,b\n123456789012\n", limits);
        assert_eq!(refusal, Refusal::LongLine { line: 2, limit: 10 });
    }

    #[test]
    fn utf_16_is_converted_by_its_mark() {
        let utf_16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = ['\u{feff}']
                .into_iter()
                .chain(text.chars())
                .collect::<String>();
            units.encode_utf16().flat_map(bytes).collect()
        };
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let written = utf_16("Name,Stück\n😀,1\n", bytes);
            let text = read_file(packed(&written).as_slice()).unwrap();
            assert_eq!(text, "Name,Stück\n😀,1\n".as_bytes());
            let odd = refused(&written[..written.len() - 1], LIMITS);
            let expected = Refusal::Undecodable {
                encoding: "UTF-16",
                line: 2,
            };
            assert_eq!(odd, expected);
        }
    }

    #[test]
    fn windows_1252_is_converted_on_request() {
        let written = b"W\xe4hrung;\x80\n";
        let declared = Some(Encoding::Windows1252);
        let text = to_utf8(written, declared).unwrap();
        assert_eq!(text, "Währung;€\n".as_bytes());
        assert!(matches!(to_utf8(written, None), Ok(Cow::Borrowed(_))));
        assert_eq!(to_utf8(b"a;b\n", declared).unwrap(), &b"a;b\n"[..]);
        let invalid = to_utf8(b"a\n\x81", declared).unwrap_err();
        let expected = Refusal::Undecodable {
            encoding: "Windows-1252",
            line: 2,
        };
        assert_eq!(invalid, expected);
    }

    #[test]
    fn a_text_that_is_unicode_is_not_converted_again() {
        let utf_16: Vec<u8> = "\u{feff}Stück\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let written = [utf_16.as_slice(), "Stück\n".as_bytes(), b"\xef\xbb\xbfa\n"];
        for bytes in written {
            let text = read_file(bytes).unwrap();
            let declared = Encoding::Windows1252;
            let refusal = to_utf8(&text, Some(declared)).unwrap_err();
            assert_eq!(refusal, Refusal::IsUnicode { declared });
        }
    }
}

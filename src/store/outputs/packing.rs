//! Packs values into a blob: whole numbers as LEB128 (signed ones zigzag-encoded first),
//! floating-point numbers as their eight bytes in little-endian order, text after its length.
//!
//! Bytes that cannot be unpacked are damage, never a default.

use std::ops::Range;

use crate::domain::{Absence, Figure};
use crate::store::error::StoreError;

/// Appends values to a buffer that several blobs share.
#[derive(Debug, Default)]
pub(super) struct Packer {
    /// Packed bytes, followed by spare zeros: a value is written as a whole word of eight bytes.
    buffer: Vec<u8>,
    packed: usize,
}

/// Least spare bytes after the buffer has grown.
const MIN_GROWTH: usize = 1 << 10;

/// Range of a blob in the buffer.
pub(super) type Blob = Range<usize>;

/// A row whose last column is a blob, kept in the buffer of its chunk.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackedRow<C> {
    pub(super) key: i64,
    pub(super) columns: C,
    pub(super) detail: Blob,
}

impl Packer {
    /// Returns the bytes of all blobs.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.buffer.truncate(self.packed);
        self.buffer
    }

    /// Packs one blob behind the earlier ones and returns its range.
    pub(super) fn blob(&mut self, pack: impl FnOnce(&mut Self)) -> Blob {
        let start = self.packed;
        pack(self);
        start..self.packed
    }

    /// Writes eight bytes and keeps the first `kept`: the next value overwrites the others.
    #[inline]
    fn word(&mut self, word: u64, kept: usize) {
        self.make_room(8);
        self.buffer[self.packed..][..8].copy_from_slice(&word.to_le_bytes());
        self.packed += kept;
    }

    fn bytes_of(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.buffer[self.packed..][..bytes.len()].copy_from_slice(bytes);
        self.packed += bytes.len();
    }

    #[inline]
    fn make_room(&mut self, bytes: usize) {
        let needed = self.packed + bytes;
        if self.buffer.len() < needed {
            self.grow(needed);
        }
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        self.buffer
            .resize((needed + MIN_GROWTH).max(2 * self.buffer.len()), 0);
    }

    /// Packs a whole number.
    #[inline]
    pub(super) fn count(&mut self, number: u64) {
        if number < SMALL {
            let (word, kept) = spread(number);
            self.word(word, kept);
        } else {
            self.large(number);
        }
    }

    /// Packs several whole numbers. If all are small, room is made once, and the end of each number
    /// stays in a register instead of being stored before the next one starts.
    #[inline]
    pub(super) fn counts<const N: usize>(&mut self, numbers: [u64; N]) {
        if numbers.iter().any(|number| *number >= SMALL) {
            return numbers.into_iter().for_each(|number| self.count(number));
        }
        self.make_room(8 * N);
        let room = &mut self.buffer[self.packed..][..8 * N];
        let mut end = 0;
        for number in numbers {
            let (word, kept) = spread(number);
            room[end..][..8].copy_from_slice(&word.to_le_bytes());
            end += kept;
        }
        self.packed += end;
    }

    #[cold]
    fn large(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.word(number & 0x7f | 0x80, 1);
            number >>= 7;
        }
        self.word(number, 1);
    }

    pub(super) fn float(&mut self, number: f64) {
        self.word(number.to_bits(), 8);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.count(text.len() as u64);
        self.bytes_of(text.as_bytes());
    }

    /// Packs a figure whose value has a column: its observations and the code of its absence.
    pub(super) fn figure_without_value(&mut self, figure: &Figure) {
        self.count(u64::from(figure.observations()));
        let absence = figure.as_result().err();
        self.word(absence.map_or(0, Absence::code).into(), 1);
    }

    /// Packs a figure with its value.
    pub(super) fn figure(&mut self, figure: &Figure) {
        self.figure_without_value(figure);
        if let Some(value) = figure.value() {
            self.float(value);
        }
    }
}

/// Maps signed to unsigned numbers so that small magnitudes stay small.
#[inline]
pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// Numbers below this, nearly all, take at most eight bytes of seven bits each.
const SMALL: u64 = 1 << 56;

/// Returns the LEB128 bytes of a small number in one word, and their count.
///
/// Without a branch: encoding byte by byte took a seventh of the writer's time.
#[inline]
fn spread(number: u64) -> (u64, usize) {
    // Moves the bits apart in three steps: 28 to a half word, 14 to a quarter, 7 to a byte.
    let halves = (number & 0x0fff_ffff) | ((number & 0x00ff_ffff_f000_0000) << 4);
    let fours = (halves & 0x0000_3fff_0000_3fff) | ((halves & 0x0fff_c000_0fff_c000) << 2);
    let spread = (fours & 0x007f_007f_007f_007f) | ((fours & 0x3f80_3f80_3f80_3f80) << 1);
    // `| 1` makes zero take one byte.
    let last = (63 - (spread | 1).leading_zeros()) / 8;
    let more_follows = 0x0080_8080_8080_8080 & ((1 << (8 * last)) - 1);
    (spread | more_follows, last as usize + 1)
}

/// Reads values in the order in which they were packed.
pub(super) struct Unpacker<'b> {
    rest: &'b [u8],
}

impl<'b> Unpacker<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], StoreError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| StoreError::damaged("a packed row ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn count(&mut self) -> Result<u64, StoreError> {
        let mut number = 0;
        // Ten bytes hold 64 bits; a longer number is damage.
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(StoreError::damaged("a packed number does not end"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, StoreError> {
        let number = self.count()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn float(&mut self) -> Result<f64, StoreError> {
        let bytes = self.take(8)?;
        Ok(f64::from_le_bytes(
            bytes.try_into().map_err(StoreError::damaged)?,
        ))
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        let length = usize::try_from(self.count()?).map_err(StoreError::damaged)?;
        let bytes = self.take(length)?;
        Ok(std::str::from_utf8(bytes)
            .map_err(StoreError::damaged)?
            .to_owned())
    }

    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, StoreError>
    where
        T::Error: std::fmt::Display,
    {
        T::try_from(self.count()?).map_err(StoreError::damaged)
    }

    /// Reads a figure whose value has a column.
    pub(super) fn figure_without_value(
        &mut self,
        column: Option<f64>,
    ) -> Result<Figure, StoreError> {
        let observations = self.small()?;
        match (self.byte()?, column) {
            // Code 0 means that the figure is present.
            (0, Some(value)) if value.is_finite() => Ok(Figure::new(value, observations)),
            (code, None) => Absence::from_code(code)
                .map(|reason| Figure::absent(reason, observations))
                .ok_or_else(|| StoreError::damaged(format!("invalid reason of absence `{code}`"))),
            (code, Some(value)) => Err(StoreError::damaged(format!(
                "a figure has both the value {value} and the reason of absence `{code}`"
            ))),
        }
    }

    /// Reads a figure with its value.
    pub(super) fn figure(&mut self) -> Result<Figure, StoreError> {
        let observations = self.small()?;
        match self.byte()? {
            0 => Ok(Figure::new(self.finite()?, observations)),
            code => Absence::from_code(code)
                .map(|reason| Figure::absent(reason, observations))
                .ok_or_else(|| StoreError::damaged(format!("invalid reason of absence `{code}`"))),
        }
    }

    pub(super) fn finite(&mut self) -> Result<f64, StoreError> {
        let number = self.float()?;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(StoreError::damaged("a packed figure is not finite"))
        }
    }

    /// Returns whether no bytes are left.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Fails if bytes are left.
    pub(super) fn end(self) -> Result<(), StoreError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(StoreError::damaged(format!(
                "a packed row has {} bytes too many",
                self.rest.len()
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packed_values_round_trip(count: u64, signed: i64, float in -1e12..1e12_f64, text: String) {
            let mut packer = Packer::default();
            packer.count(count);
            packer.count(zigzag(signed));
            packer.float(float);
            packer.text(&text);
            packer.figure(&Figure::new(float, 21));
            packer.figure(&Figure::absent(Absence::NoBase, 3));
            let bytes = packer.into_bytes();
            let mut unpacker = Unpacker::new(&bytes);
            prop_assert_eq!(unpacker.count().unwrap(), count);
            prop_assert_eq!(unpacker.signed().unwrap(), signed);
            prop_assert_eq!(unpacker.float().unwrap(), float);
            prop_assert_eq!(unpacker.text().unwrap(), text);
            prop_assert_eq!(unpacker.figure().unwrap(), Figure::new(float, 21));
            prop_assert_eq!(unpacker.figure().unwrap(), Figure::absent(Absence::NoBase, 3));
            unpacker.end().unwrap();
        }

        #[test]
        fn fast_and_slow_encodings_agree(bits in 0..64_u32, number: u64) {
            let number = number >> bits;
            let [mut single, mut together, mut plain] = [(); 3].map(|()| Packer::default());
            for number in [number, 1, number >> 9] {
                single.count(number);
                plain.large(number);
            }
            together.counts([number, 1, number >> 9]);
            let plain = plain.into_bytes();
            prop_assert_eq!(single.into_bytes(), &plain[..]);
            prop_assert_eq!(together.into_bytes(), plain);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_never_a_panic(bytes: Vec<u8>) {
            let mut unpacker = Unpacker::new(&bytes);
            while unpacker.figure().is_ok() && unpacker.text().is_ok() {}
        }
    }
}

//! Hashes rows for the digests of tables.

use rusqlite::types::ValueRef;

/// An odd constant with about as many ones as zeros: the golden ratio times 2^64.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Returns a hash of the types and bytes of all values. It is stored, so it must never change.
pub(super) fn hash_row<'v>(values: impl Iterator<Item = ValueRef<'v>>) -> u64 {
    let mut state = FACTOR;
    let mut add = |word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        state = ((product >> 64) as u64 ^ product as u64)
            .rotate_left(23)
            .wrapping_add(FACTOR);
    };
    for value in values {
        let (kind, bytes): (u64, &[u8]) = match value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => {
                add(1);
                add(number.cast_unsigned());
                continue;
            }
            ValueRef::Real(number) => {
                add(2);
                add(number.to_bits());
                continue;
            }
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(bytes) => (4, bytes),
        };
        add(kind | ((bytes.len() as u64) << 8));
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            add(u64::from_le_bytes(word));
        }
    }
    // One more step, so that each bit of the last value reaches all bits.
    add(FACTOR);
    state
}

//! Makes the ids of transactions from files without ids of Plimsoll: that of the source, or one made
//! of the fields, so that the same row always has the same id.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Bytes of the digest in an id.
const DIGEST_BYTES: usize = 10;

/// Makes the ids of the transactions of one file.
#[derive(Debug)]
pub(super) struct IdMaker<'p> {
    prefix: &'p str,
    /// The number of transactions so far, by the digest of their fields.
    seen: BTreeMap<[u8; DIGEST_BYTES], u32>,
}

impl<'p> IdMaker<'p> {
    /// Makes ids that begin with this prefix.
    pub(super) fn new(prefix: &'p str) -> Self {
        Self {
            prefix,
            seen: BTreeMap::new(),
        }
    }

    /// Returns the id from that of the source. `part` counts the transactions of one row, from 1.
    pub(super) fn of_source(&self, id: &str, part: usize) -> String {
        let prefix = self.prefix;
        match part {
            1 => format!("{prefix}:{id}"),
            part => format!("{prefix}:{id}/{part}"),
        }
    }

    /// Returns the id from the fields of a transaction. The second of equal transactions of a file
    /// gets another one than the first, and so on.
    pub(super) fn of_fields<'f>(&mut self, fields: impl Iterator<Item = &'f str>) -> String {
        let mut digest = Sha256::new();
        for field in fields {
            digest.update((field.len() as u64).to_le_bytes());
            digest.update(field.as_bytes());
        }
        let digest = digest.finalize();
        let key: [u8; DIGEST_BYTES] = std::array::from_fn(|index| digest[index]);
        let count = self.seen.entry(key).or_default();
        *count += 1;
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let prefix = self.prefix;
        match *count {
            1 => format!("{prefix}:{hex}"),
            count => format!("{prefix}:{hex}-{count}"),
        }
    }
}

/// Returns the id from the fields of a single transaction.
pub(in crate::import) fn id_from_fields<'f>(
    prefix: &str,
    fields: impl Iterator<Item = &'f str>,
) -> String {
    IdMaker::new(prefix).of_fields(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_transactions_are_counted() {
        let mut ids = IdMaker::new("p");
        let first = ids.of_fields(["a", "bc"].into_iter());
        let other = ids.of_fields(["ab", "c"].into_iter());
        let second = ids.of_fields(["a", "bc"].into_iter());
        assert_ne!(first, other);
        assert_eq!(second, format!("{first}-2"));
        assert_eq!(IdMaker::new("p").of_fields(["a", "bc"].into_iter()), first);
        assert_eq!(ids.of_source("7", 1), "p:7");
        assert_eq!(ids.of_source("7", 2), "p:7/2");
    }
}

//! The bytes of one file, in chunks that copies share until one of them writes.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use sha2::{Digest as _, Sha256};

use super::digest::Digest;

/// Bytes of a chunk, the unit of copy-on-write.
const CHUNK_SIZE: usize = 4_096;

/// One chunk, with its digest once that was computed.
#[derive(Debug)]
struct Chunk {
    bytes: [u8; CHUNK_SIZE],
    digest: OnceLock<Digest>,
}

impl Chunk {
    const fn holding(bytes: [u8; CHUNK_SIZE]) -> Self {
        Self {
            bytes,
            digest: OnceLock::new(),
        }
    }

    fn digest(&self) -> &Digest {
        self.digest
            .get_or_init(|| Digest(Sha256::digest(self.bytes).into()))
    }
}

/// A copy is made to be changed, so it starts without a digest.
impl Clone for Chunk {
    fn clone(&self) -> Self {
        Self::holding(self.bytes)
    }
}

/// Returns the chunk of zeros that all files share. Without it, each sync and each truncation would
/// allocate one.
fn hole() -> Arc<Chunk> {
    static HOLE: LazyLock<Arc<Chunk>> = LazyLock::new(|| Arc::new(Chunk::holding([0; CHUNK_SIZE])));
    Arc::clone(&HOLE)
}

/// Bytes whose copy costs one reference count.
#[derive(Debug, Clone, Default)]
struct Bytes {
    chunks: Arc<Vec<Arc<Chunk>>>,
    length: usize,
}

/// The bytes of a file as programs see them, and those that a power cut leaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    visible: Bytes,
    durable: Bytes,
    /// Indexes of the visible chunks that were written since the last sync.
    dirty: BTreeSet<usize>,
}

/// Tells a full read from one past the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    All,
    /// The file ended before; the missing bytes were filled with zeros.
    Short,
}

impl Content {
    /// Returns the visible length in bytes.
    pub(super) fn length(&self) -> usize {
        self.visible.length
    }

    /// Fills `into` with the visible bytes from `at` on.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> ReadOutcome {
        let there = self.visible.length.saturating_sub(at).min(into.len());
        let (found, missing) = into.split_at_mut(there);
        let mut at = at;
        let mut rest = found;
        while !rest.is_empty() {
            let inside = at % CHUNK_SIZE;
            let (now, later) = rest.split_at_mut(rest.len().min(CHUNK_SIZE - inside));
            let chunk = &self.visible.chunks[at / CHUNK_SIZE];
            now.copy_from_slice(&chunk.bytes[inside..inside + now.len()]);
            at += now.len();
            rest = later;
        }
        // SQLite requires zeros in the missing part; without them it corrupts databases.
        missing.fill(0);
        if missing.is_empty() {
            ReadOutcome::All
        } else {
            ReadOutcome::Short
        }
    }

    /// Writes `bytes` from `at` on; a gap between the end of the file and them reads as zeros.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        // Copies the list if a fork shares it, not the chunks.
        let chunks = Arc::make_mut(&mut self.visible.chunks);
        let before = chunks.len();
        let gap_end = at / CHUNK_SIZE;
        if before < gap_end {
            chunks.resize(gap_end, hole());
        }
        // The gap is dirty too: a sync makes its zeros durable.
        self.dirty
            .extend(before.min(gap_end)..end.div_ceil(CHUNK_SIZE));
        let (mut at, mut rest) = (at, bytes);
        while !rest.is_empty() {
            let inside = at % CHUNK_SIZE;
            let (now, later) = rest.split_at(rest.len().min(CHUNK_SIZE - inside));
            write_chunk(chunks, at / CHUNK_SIZE, inside, now);
            at += now.len();
            rest = later;
        }
        self.visible.length = self.visible.length.max(end);
    }

    /// Cuts the file off after `length` bytes, or extends it to there with zeros.
    pub(super) fn truncate(&mut self, length: usize) {
        let chunks = Arc::make_mut(&mut self.visible.chunks);
        let before = chunks.len();
        chunks.resize(length.div_ceil(CHUNK_SIZE), hole());
        self.dirty.extend(before..chunks.len());
        let inside = length % CHUNK_SIZE;
        // The cut bytes must read as zeros if the file grows again.
        if length < self.visible.length && inside > 0 {
            chunk_mut(&mut chunks[length / CHUNK_SIZE])[inside..].fill(0);
            self.dirty.insert(length / CHUNK_SIZE);
        }
        self.visible.length = length;
    }

    /// Makes all visible bytes durable, except those that a failed sync dropped.
    pub(super) fn sync(&mut self) {
        let durable = Arc::make_mut(&mut self.durable.chunks);
        // Chunks that a failed sync dropped are no longer dirty. They keep their last durable
        // bytes, or zeros if they were never durable.
        durable.resize(self.visible.chunks.len(), hole());
        for at in std::mem::take(&mut self.dirty) {
            // A chunk that was cut off after it was written does not exist any more.
            if let Some(chunk) = self.visible.chunks.get(at) {
                durable[at] = Arc::clone(chunk);
            }
        }
        self.durable.length = self.visible.length;
    }

    /// Marks the unsynced chunks as clean although they are not durable, as Linux does with pages
    /// whose write-back failed.
    pub(super) fn drop_unsynced(&mut self) {
        self.dirty.clear();
    }

    /// Returns the digest of the visible bytes. Only chunks without a digest are hashed.
    pub(super) fn digest(&self) -> Digest {
        let mut sum = Sha256::new();
        // The rest of the last chunk is zeros whatever the length, so the length counts too.
        sum.update(self.visible.length.to_le_bytes());
        for chunk in self.visible.chunks.iter() {
            sum.update(chunk.digest().0);
        }
        Digest(sum.finalize().into())
    }

    /// Returns a copy whose visible bytes are all durable.
    pub(super) fn to_durable(&self) -> Self {
        Self {
            visible: self.visible.clone(),
            durable: self.visible.clone(),
            dirty: BTreeSet::new(),
        }
    }

    /// Returns the file as a power cut leaves it.
    pub(super) fn after_power_cut(&self) -> Self {
        Self {
            visible: self.durable.clone(),
            durable: self.durable.clone(),
            dirty: BTreeSet::new(),
        }
    }
}

/// Writes into the chunk at `index`, or appends it. A chunk that a copy shares is replaced, not
/// changed.
fn write_chunk(chunks: &mut Vec<Arc<Chunk>>, index: usize, inside: usize, bytes: &[u8]) {
    match (chunks.get_mut(index), <&[u8; CHUNK_SIZE]>::try_from(bytes)) {
        (None, Ok(full)) => chunks.push(Arc::new(Chunk::holding(*full))),
        (None, Err(_)) => {
            let mut chunk = [0; CHUNK_SIZE];
            chunk[inside..inside + bytes.len()].copy_from_slice(bytes);
            chunks.push(Arc::new(Chunk::holding(chunk)));
        }
        // A full chunk needs no copy of the bytes that it replaces.
        (Some(chunk), Ok(full)) => match Arc::get_mut(chunk) {
            Some(unshared) => *unshared = Chunk::holding(*full),
            None => *chunk = Arc::new(Chunk::holding(*full)),
        },
        (Some(chunk), Err(_)) => {
            chunk_mut(chunk)[inside..inside + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// Returns the bytes of a chunk for a change that no copy sees, and forgets its digest.
fn chunk_mut(chunk: &mut Arc<Chunk>) -> &mut [u8; CHUNK_SIZE] {
    let chunk = Arc::make_mut(chunk);
    chunk.digest = OnceLock::new();
    &mut chunk.bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Write(usize, Vec<u8>),
        Truncate(usize),
        Sync,
        PowerCut,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let at = 0..3 * CHUNK_SIZE;
        let bytes = (1..2 * CHUNK_SIZE, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]);
        let full = (0..3_usize, any::<u8>())
            .prop_map(|(chunk, byte)| Step::Write(chunk * CHUNK_SIZE, vec![byte; CHUNK_SIZE]));
        let step = prop_oneof![
            3 => (at.clone(), bytes).prop_map(|(at, bytes)| Step::Write(at, bytes)),
            1 => full,
            2 => at.prop_map(Step::Truncate),
            2 => Just(Step::Sync),
            1 => Just(Step::PowerCut),
        ];
        prop::collection::vec(step, 1..20)
    }

    fn read_all(content: &Content) -> Vec<u8> {
        let mut bytes = vec![7; content.length()];
        assert_eq!(content.read(0, &mut bytes), ReadOutcome::All);
        bytes
    }

    proptest! {
        /// Compares a file in chunks with two plain vectors; copies taken on the way must not
        /// change.
        #[test]
        fn content_matches_a_plain_vector(steps in steps()) {
            let mut content = Content::default();
            let (mut seen, mut kept) = (Vec::new(), Vec::new());
            let mut copies = Vec::new();
            for step in steps {
                copies.push((content.clone(), seen.clone(), kept.clone()));
                content.digest();
                match step {
                    Step::Write(at, bytes) => {
                        seen.resize(seen.len().max(at + bytes.len()), 0);
                        seen[at..at + bytes.len()].copy_from_slice(&bytes);
                        content.write(at, &bytes);
                    }
                    Step::Truncate(length) => {
                        seen.resize(length, 0);
                        content.truncate(length);
                    }
                    Step::Sync => {
                        kept.clone_from(&seen);
                        content.sync();
                    }
                    Step::PowerCut => {
                        seen.clone_from(&kept);
                        content = content.after_power_cut();
                    }
                }
                prop_assert!(read_all(&content) == seen);
                let mut copy_of_bytes = Content::default();
                copy_of_bytes.write(0, &seen);
                prop_assert!(content.digest() == copy_of_bytes.digest());
            }
            for (copy, seen, kept) in copies {
                prop_assert!(read_all(&copy) == seen && read_all(&copy.after_power_cut()) == kept);
            }
        }
    }

    #[test]
    fn pages_dropped_by_a_failed_sync_stay_lost() {
        let mut content = Content::default();
        content.write(0, &[b'a'; 2 * CHUNK_SIZE]);
        content.drop_unsynced();
        content.write(CHUNK_SIZE, b"b");
        content.sync();
        let left = read_all(&content.after_power_cut());
        assert_eq!(
            (left[0], left[CHUNK_SIZE], left[CHUNK_SIZE + 1]),
            (0, b'b', b'a')
        );
        assert_eq!(read_all(&content)[0], b'a');
    }

    #[test]
    fn reads_past_the_end_return_zeros() {
        let mut content = Content::default();
        content.write(CHUNK_SIZE - 1, b"ab");
        let mut bytes = [9; 4];
        assert_eq!(content.read(CHUNK_SIZE - 1, &mut bytes), ReadOutcome::Short);
        assert_eq!(&bytes, b"ab\0\0");
        assert_eq!(content.read(5 * CHUNK_SIZE, &mut bytes), ReadOutcome::Short);
        assert_eq!(bytes, [0; 4]);
    }
}

//! The bytes of one file, in pieces that copies share until one of them writes.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

use sha2::{Digest as _, Sha256};

use super::digest::Digest;

/// How many bytes a piece holds: the unit in which copies are kept apart.
const CHUNK_SIZE: usize = 4_096;

/// One piece, and what it comes to once somebody asked.
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

/// A copy is made to be changed: it does not know what it will come to.
impl Clone for Chunk {
    fn clone(&self) -> Self {
        Self::holding(self.bytes)
    }
}

/// The piece of zeros that all files share: a sync would else make one for every piece it keeps.
fn hole() -> Arc<Chunk> {
    static HOLE: LazyLock<Arc<Chunk>> = LazyLock::new(|| Arc::new(Chunk::holding([0; CHUNK_SIZE])));
    Arc::clone(&HOLE)
}

/// Bytes of which a copy costs a count.
#[derive(Debug, Clone, Default)]
struct Bytes {
    chunks: Arc<Vec<Arc<Chunk>>>,
    length: usize,
}

/// What programs see of a file, and what of it a power cut leaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    visible: Bytes,
    durable: Bytes,
    /// The visible pieces that were written since the last sync.
    dirty: BTreeSet<usize>,
}

/// Whether a read found all the bytes it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadOutcome {
    All,
    /// The file ended before; what is missing was filled with zeros.
    Short,
}

impl Content {
    /// How long the file is, as programs see it.
    pub(super) fn length(&self) -> usize {
        self.visible.length
    }

    /// Fills `into` with the bytes from `at` on.
    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> ReadOutcome {
        let there = self.visible.length.saturating_sub(at).min(into.len());
        let (found, missing) = into.split_at_mut(there);
        let mut at = at;
        let mut rest = found;
        while !rest.is_empty() {
            let inside = at % CHUNK_SIZE;
            let (now, later) = rest.split_at_mut(rest.len().min(CHUNK_SIZE - inside));
            let piece = &self.visible.chunks[at / CHUNK_SIZE];
            now.copy_from_slice(&piece.bytes[inside..inside + now.len()]);
            at += now.len();
            rest = later;
        }
        missing.fill(0);
        if missing.is_empty() {
            ReadOutcome::All
        } else {
            ReadOutcome::Short
        }
    }

    /// Writes `bytes` from `at` on; a gap before them reads as zeros.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        let pieces = Arc::make_mut(&mut self.visible.chunks);
        let before = pieces.len();
        let gap_end = at / CHUNK_SIZE;
        if before < gap_end {
            pieces.resize(gap_end, hole());
        }
        self.dirty
            .extend(before.min(gap_end)..end.div_ceil(CHUNK_SIZE));
        let (mut at, mut rest) = (at, bytes);
        while !rest.is_empty() {
            let inside = at % CHUNK_SIZE;
            let (now, later) = rest.split_at(rest.len().min(CHUNK_SIZE - inside));
            put(pieces, at / CHUNK_SIZE, inside, now);
            at += now.len();
            rest = later;
        }
        self.visible.length = self.visible.length.max(end);
    }

    /// Cuts the file off after `length` bytes, or fills it up to there with zeros.
    pub(super) fn truncate(&mut self, length: usize) {
        let pieces = Arc::make_mut(&mut self.visible.chunks);
        let before = pieces.len();
        pieces.resize(length.div_ceil(CHUNK_SIZE), hole());
        self.dirty.extend(before..pieces.len());
        let inside = length % CHUNK_SIZE;
        if length < self.visible.length && inside > 0 {
            chunk_mut(&mut pieces[length / CHUNK_SIZE])[inside..].fill(0);
            self.dirty.insert(length / CHUNK_SIZE);
        }
        self.visible.length = length;
    }

    /// From here on a power cut leaves all that is seen now.
    pub(super) fn sync(&mut self) {
        let durable = Arc::make_mut(&mut self.durable.chunks);
        // Pages that an earlier sync dropped are holes.
        durable.resize(self.visible.chunks.len(), hole());
        for at in std::mem::take(&mut self.dirty) {
            // One that was cut off again after it was written is not there.
            if let Some(piece) = self.visible.chunks.get(at) {
                durable[at] = Arc::clone(piece);
            }
        }
        self.durable.length = self.visible.length;
    }

    /// What was written since the last sync counts as clean from here on, though it is not.
    pub(super) fn drop_unsynced(&mut self) {
        self.dirty.clear();
    }

    /// What all the visible bytes come to. Pieces that were asked before cost nothing.
    pub(super) fn digest(&self) -> Digest {
        let mut sum = Sha256::new();
        sum.update(self.visible.length.to_le_bytes());
        for piece in self.visible.chunks.iter() {
            sum.update(piece.digest().0);
        }
        Digest(sum.finalize().into())
    }

    /// The same, all of it durable.
    pub(super) fn to_durable(&self) -> Self {
        Self {
            visible: self.visible.clone(),
            durable: self.visible.clone(),
            dirty: BTreeSet::new(),
        }
    }

    /// What a power cut leaves of the file.
    pub(super) fn after_power_cut(&self) -> Self {
        Self {
            visible: self.durable.clone(),
            durable: self.durable.clone(),
            dirty: BTreeSet::new(),
        }
    }
}

/// Writes into the piece `which`, or appends it. A piece that a copy shares is left to the copy.
fn put(pieces: &mut Vec<Arc<Chunk>>, which: usize, inside: usize, bytes: &[u8]) {
    match (pieces.get_mut(which), <&[u8; CHUNK_SIZE]>::try_from(bytes)) {
        (None, Ok(whole)) => pieces.push(Arc::new(Chunk::holding(*whole))),
        (None, Err(_)) => {
            let mut piece = [0; CHUNK_SIZE];
            piece[inside..inside + bytes.len()].copy_from_slice(bytes);
            pieces.push(Arc::new(Chunk::holding(piece)));
        }
        (Some(piece), Ok(whole)) => match Arc::get_mut(piece) {
            Some(ours) => *ours = Chunk::holding(*whole),
            None => *piece = Arc::new(Chunk::holding(*whole)),
        },
        (Some(piece), Err(_)) => {
            chunk_mut(piece)[inside..inside + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// The bytes of a piece to change, which nobody else sees change.
fn chunk_mut(piece: &mut Arc<Chunk>) -> &mut [u8; CHUNK_SIZE] {
    let piece = Arc::make_mut(piece);
    piece.digest = OnceLock::new();
    &mut piece.bytes
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
        let whole = (0..3_usize, any::<u8>())
            .prop_map(|(piece, byte)| Step::Write(piece * CHUNK_SIZE, vec![byte; CHUNK_SIZE]));
        let step = prop_oneof![
            3 => (at.clone(), bytes).prop_map(|(at, bytes)| Step::Write(at, bytes)),
            1 => whole,
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
        /// A file in pieces against two plain vectors; copies taken on the way stay what they were.
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
                let mut anew = Content::default();
                anew.write(0, &seen);
                prop_assert!(content.digest() == anew.digest());
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

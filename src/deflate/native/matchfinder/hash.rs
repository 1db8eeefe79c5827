//! One candidate for each hash of five or six bytes: level 1.

use std::ops::Range;

use super::hash_functions::LONG_FACTOR;
use crate::deflate::WINDOW;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::window::{CheckedWindow, POSITIONS};

/// What a table hashes, and how much of it is used. Compressed/original size at level 1 relative to five bytes and 2^15 entries:
///
/// | bytes, entries | prose | logs | records | source | binaries | images | speed on text |
/// |---|---|---|---|---|---|---|---|
/// | 4, 2^15 | 1.030 | 1.027 | 1.010 | 1.027 | 0.984 | 1.007 | 0.87 |
/// | 5, 2^13 | 1.031 | 1.007 | 1.015 | 1.019 | 1.022 | 1.010 | 1.08 |
/// | 6, 2^13 | 1.043 | 1.000 | 1.020 | 1.025 | 1.058 | 1.036 | 1.25 |
/// | 6, 2^14 | 1.015 | 0.995 | 1.008 | 1.010 | 1.033 | 1.033 | 1.22 |
/// | 6, 2^15 | 1.005 | 0.993 | 1.003 | 1.003 | 1.031 | 1.030 | |
pub(crate) trait Hashing {
    /// Bytes that are hashed.
    const BYTES: u32;
    /// Base-2 logarithm of the number of entries that are used.
    const BITS: u32;
}

/// For text. Matches of four and five bytes rarely pay there. 64 KiB of table stay in the caches closest to the processor.
pub(crate) struct TextHashing;

impl Hashing for TextHashing {
    const BYTES: u32 = 6;
    const BITS: u32 = 14;
}

/// For everything else.
pub(crate) struct BinaryHashing;

impl Hashing for BinaryHashing {
    const BYTES: u32 = 5;
    const BITS: u32 = 15;
}

/// For letters of a few kinds, where only longer matches are taken. With six bytes, nearly every position has a candidate.
pub(crate) struct LettersHashing;

impl Hashing for LettersHashing {
    const BYTES: u32 = 8;
    const BITS: u32 = 15;
}

/// Entries of the table, of which the other [`Hashing`]s use a part.
const ENTRIES: usize = 1 << BinaryHashing::BITS;

/// Bits of a position in an entry. The tag is above them: the hash bits behind those of the slot.
const POSITION_BITS: u32 = POSITIONS.ilog2();

/// The last position of each hash. Within a block, all methods are called with the same [`Hashing`].
pub(crate) struct HashTable {
    table: Box<[u32; ENTRIES]>,
}

/// A position that is looked up, and the entry that was found.
pub(crate) struct Lookup {
    /// The eight bytes at the position.
    pub(crate) word: u64,
    slot: usize,
    new: u32,
    old: u32,
}

/// An earlier position that probably has the same bytes.
pub(crate) struct Candidate {
    /// From the entry, because the comparison would have to wait for a subtraction of the distance.
    pub(crate) pos: usize,
    pub(crate) distance: usize,
}

impl Lookup {
    /// The candidate, if there is one with the same tag in the window. An empty entry refers to position 0, so the caller must
    /// compare the bytes.
    #[inline(always)]
    pub(crate) fn candidate(&self) -> Option<Candidate> {
        // The distance if both have the same tag, and otherwise more than any distance, because the old position is not behind the
        // new one.
        let difference = self.new.wrapping_sub(self.old);
        let is_near = difference.wrapping_sub(1) < WINDOW as u32;
        is_near.then_some(Candidate { pos: self.old as usize % POSITIONS, distance: difference as usize })
    }
}

impl HashTable {
    pub(crate) fn new() -> Self {
        Self { table: boxed_array(0) }
    }

    /// Forgets the last block.
    pub(crate) fn clear<H: Hashing>(&mut self) {
        self.table[..1 << H::BITS].fill(0);
    }

    /// Inserts every other one of the positions.
    pub(crate) fn insert_unparsed<H: Hashing>(&mut self, window: CheckedWindow<'_>, positions: Range<usize>) {
        positions.step_by(2).for_each(|pos| self.insert::<H>(window.load64(pos), pos));
    }

    /// Loads the entry of a position, without storing the position.
    #[inline(always)]
    pub(crate) fn look_up<H: Hashing>(&self, window: CheckedWindow<'_>, pos: usize) -> Lookup {
        let word = window.load64(pos);
        let (slot, new) = slot_and_entry::<H>(word, pos);
        Lookup { word, slot, new, old: self.table[slot] }
    }

    /// Stores a position that was looked up.
    #[inline(always)]
    pub(crate) fn store(&mut self, lookup: &Lookup) {
        self.table[lookup.slot] = lookup.new;
    }

    /// Stores a position with these bytes.
    #[inline(always)]
    pub(crate) fn insert<H: Hashing>(&mut self, word: u64, pos: usize) {
        let (slot, new) = slot_and_entry::<H>(word, pos);
        self.table[slot] = new;
    }
}

/// The slot of the hash of the lowest bytes of `word`, and the entry of a position.
#[inline(always)]
fn slot_and_entry<H: Hashing>(word: u64, pos: usize) -> (usize, u32) {
    let hash = word.wrapping_mul(LONG_FACTOR << (u64::BITS - 8 * H::BYTES));
    let slot = (hash >> (u64::BITS - H::BITS)) as usize % (1 << H::BITS);
    let tag = (hash >> (u32::BITS - H::BITS)) as u32 >> POSITION_BITS << POSITION_BITS;
    (slot, tag | pos as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::{BLOCK, Window, WindowBuffer};

    /// The distance to the candidate for `pos` if only `before` was inserted.
    fn distance<H: Hashing>(window: Window<'_>, before: usize, pos: usize) -> Option<usize> {
        let (window, mut table) = (window.checked(), HashTable::new());
        table.insert::<H>(window.load64(before), before);
        table.look_up::<H>(window, pos).candidate().map(|Candidate { pos: found, distance }| {
            assert_eq!(found, before);
            distance
        })
    }

    #[test]
    fn candidates_have_the_hashed_bytes_and_are_in_the_window() {
        let mut bytes = vec![b'.'; WINDOW + BLOCK];
        for (at, text) in [(100, b"abcdefgh"), (200, b"abcdefxx"), (300, b"abcdexxx"), (100 + WINDOW, b"abcdefgh")] {
            bytes[at..at + 8].copy_from_slice(text);
        }
        bytes[101 + WINDOW + 8..][..8].copy_from_slice(b"abcdefgh");
        let mut buffer = WindowBuffer::new();
        let window = buffer.fill(&bytes);
        assert_eq!(distance::<TextHashing>(window, 100, 200), Some(100));
        assert_eq!(distance::<TextHashing>(window, 100, 300), None, "the sixth byte differs");
        assert_eq!(distance::<BinaryHashing>(window, 100, 300), Some(200));
        assert_eq!(distance::<TextHashing>(window, 100, 100 + WINDOW), Some(WINDOW));
        assert_eq!(distance::<TextHashing>(window, 100, 109 + WINDOW), None, "too far");
        assert_eq!(distance::<TextHashing>(window, 100, 100), None);
    }
}

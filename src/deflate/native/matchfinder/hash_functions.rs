//! Hash functions of the bytes at a position, and the tagged table entries of levels 2 to 5.
//!
//! All hashes multiply by 2^n divided by the golden ratio (Knuth, volume 3, section 6.4) and use the highest bits, which
//! depend on all hashed bytes.

use super::in_window;

const FACTOR: u32 = 0x9E37_79B1;
pub(super) const LONG_FACTOR: u64 = 0x9E37_79B1_85EB_CA87;

/// Hash of the three lowest bytes, in the highest bits.
#[inline(always)]
pub(super) fn hash3(word: u32) -> u32 {
    (word << 8).wrapping_mul(FACTOR)
}

/// Hash of four bytes, in the highest bits.
#[inline(always)]
pub(super) fn hash4(word: u32) -> u32 {
    word.wrapping_mul(FACTOR)
}

/// A hash of as many bytes as are chosen for a block, up to eight.
#[derive(Clone, Copy)]
pub(crate) struct LongHash {
    /// Bytes that are hashed.
    pub(crate) bytes: usize,
    factor: u64,
}

impl LongHash {
    pub(crate) const fn new(bytes: usize) -> Self {
        Self { bytes, factor: LONG_FACTOR << (64 - 8 * bytes) }
    }

    /// Hash of the lowest bytes, in the highest bits.
    #[inline(always)]
    pub(crate) fn of(self, word: u64) -> u64 {
        word.wrapping_mul(self.factor)
    }
}

/// Hash of eight bytes, in the highest bits.
#[inline(always)]
pub(crate) fn hash8(word: u64) -> u64 {
    word.wrapping_mul(LONG_FACTOR)
}

/// The slot of a position in a table, and the entry to store there.
pub(super) struct TaggedEntry {
    pub(super) slot: usize,
    /// Bits 0..16: the position modulo 2^16. Bits 16..32: the tag, the hash bits behind those of the slot. A candidate with
    /// another tag is rejected without loading its bytes.
    pub(super) entry: u32,
}

/// The slot among `SLOTS` (a power of two) and the entry of a position, by a hash of its bytes.
#[inline(always)]
pub(super) fn tagged_entry<const SLOTS: usize>(hash: u64, pos: usize) -> TaggedEntry {
    let bits = SLOTS.ilog2();
    let tag = (hash >> (32 - bits)) as u32 & 0xffff_0000;
    TaggedEntry { slot: (hash >> (64 - bits)) as usize % SLOTS, entry: tag | u32::from(pos as u16) }
}

/// Whether two entries have the same tag.
#[inline(always)]
pub(super) fn same_tag(old: u32, new: u32) -> bool {
    (old ^ new) < 0x1_0000
}

/// The distance from a new entry back to an old one; `None` if it is longer than the window. Positions are stored modulo 2^16
/// and tables start with zeros, so the caller must compare the bytes.
#[inline(always)]
pub(super) fn distance(old: u32, new: u32) -> Option<usize> {
    let distance = usize::from((new as u16).wrapping_sub(old as u16));
    in_window(distance).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WINDOW;

    #[test]
    fn a_hash_depends_on_its_bytes_only() {
        let tagged = |word: u64, bytes: usize| {
            let TaggedEntry { slot, entry } = tagged_entry::<1024>(LongHash::new(bytes).of(word), 7);
            (slot, entry)
        };
        let (five, four) = (|word| tagged(word, 5), |word| tagged(word, 4));
        assert_eq!(hash3(0xff63_6261), hash3(0x0063_6261));
        assert_ne!(hash4(0xff63_6261), hash4(0x0063_6261));
        assert_eq!(five(0xffff_ff65_6463_6261), five(0x65_6463_6261));
        assert_ne!(five(0x64_6463_6261), five(0x65_6463_6261));
        assert_eq!(four(0x64_6463_6261), four(0x65_6463_6261));
    }

    #[test]
    fn distances_from_one_to_the_window_are_recognized() {
        let at = |pos| tagged_entry::<1024>(0, pos).entry;
        assert_eq!(distance(at(5), at(5)), None);
        assert_eq!(distance(at(5), at(6)), Some(1));
        assert_eq!(distance(at(65_535), at(65_536 + WINDOW - 1)), Some(WINDOW));
        assert_eq!(distance(at(0), at(WINDOW + 1)), None);
        assert!(same_tag(at(0), at(WINDOW)) && !same_tag(at(0), tagged_entry::<1024>(u64::MAX, 0).entry));
    }
}

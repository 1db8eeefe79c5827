//! Hashes of the bytes at a position, and the entry that stands for it in the tables of levels 1 to 3.
//!
//! All multiply by 2^n over the golden ratio (Knuth, volume 3, section 6.4) and take the highest bits, which depend on all
//! bytes that are hashed.

use crate::deflate::WINDOW;

const FACTOR: u32 = 0x9E37_79B1;
const LONG_FACTOR: u64 = 0x9E37_79B1_85EB_CA87;

/// Of the three lowest bytes.
#[inline(always)]
pub(super) fn of_three(word: u32) -> u32 {
    (word << 8).wrapping_mul(FACTOR)
}

/// Of four bytes.
#[inline(always)]
pub(super) fn of_four(word: u32) -> u32 {
    word.wrapping_mul(FACTOR)
}

/// Of the five lowest bytes: where they belong among `SLOTS` (a power of two), and what stands there for a position: the
/// position modulo 2^16, and above it the next sixteen bits of the hash, its tag, by which nearly all that is no match is
/// told without a look at it.
#[inline(always)]
pub(super) fn entry<const SLOTS: usize>(word: u64, pos: usize) -> (usize, u32) {
    let hash = word.wrapping_mul(LONG_FACTOR << 24);
    let bits = SLOTS.ilog2();
    let tag = (hash >> (32 - bits)) as u32 & 0xffff_0000;
    ((hash >> (64 - bits)) as usize % SLOTS, tag | u32::from(pos as u16))
}

/// Whether two entries have the same tag.
#[inline(always)]
pub(super) fn same_tag(old: u32, new: u32) -> bool {
    (old ^ new) < 0x1_0000
}

/// How far back from a new entry's position an old one's is; none if that is out of reach. Positions are known modulo
/// 2^16, and tables begin with zeros: whatever the distance, what is there has to be compared.
#[inline(always)]
pub(super) fn distance(old: u32, new: u32) -> Option<usize> {
    let distance = usize::from((new as u16).wrapping_sub(old as u16));
    (distance.wrapping_sub(1) < WINDOW).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_hashed_changes_nothing() {
        assert_eq!(of_three(0xff63_6261), of_three(0x0063_6261));
        assert_ne!(of_four(0xff63_6261), of_four(0x0063_6261));
        assert_eq!(entry::<1024>(0xffff_ff65_6463_6261, 7), entry::<1024>(0x65_6463_6261, 7));
        assert_ne!(entry::<1024>(0x64_6463_6261, 7), entry::<1024>(0x65_6463_6261, 7));
    }

    #[test]
    fn a_distance_is_told_from_one_to_the_window() {
        let at = |pos| entry::<1024>(0, pos).1;
        assert_eq!(distance(at(5), at(5)), None);
        assert_eq!(distance(at(5), at(6)), Some(1));
        assert_eq!(distance(at(65_535), at(65_536 + WINDOW - 1)), Some(WINDOW));
        assert_eq!(distance(at(0), at(WINDOW + 1)), None);
        assert!(same_tag(at(0), at(WINDOW)) && !same_tag(at(0), entry::<1024>(1, 0).1));
    }
}

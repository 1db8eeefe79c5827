//! Searches for headers of blocks with dynamic codes.
//!
//! Each bit position may be a start, so the first tests are cheap: the type and the counts of 48 positions at once, then the
//! Kraft sum of the precode.

use std::ops::Range;

use super::header_check::{self, is_complete_precode, precode_lengths};
use super::{BFINAL, DYNAMIC, load, peek};

/// Bytes of positions that one load of 64 bits covers: the counts end 17 bits after a position.
pub(super) const STEP: usize = 6;

/// Steps whose candidates are collected before they are tested.
const STEPS: usize = super::PIECE / STEP;

/// Most candidates of a step: each is followed by two other bits.
const MAX_CANDIDATES: usize = STEP * 8 / 3;

/// Bits of BFINAL and BTYPE.
const TYPE_BITS: u64 = 3;

/// The first start in `range`.
pub(super) fn first(data: &[u8], range: Range<u64>) -> Option<u64> {
    let mut candidates = [0; STEPS * MAX_CANDIDATES];
    let mut base = (range.start / 8) as usize;
    while (8 * base as u64) < range.end {
        let count = collect(data, base, &mut candidates);
        for &candidate in &candidates[..count] {
            let bit = 8 * base as u64 + u64::from(candidate);
            if is_complete_precode(precode_lengths(data, bit + TYPE_BITS))
                && range.contains(&bit)
                && header_check::is_valid(data, bit + TYPE_BITS)
            {
                return Some(bit);
            }
        }
        base += STEPS * STEP;
    }
    None
}

/// Whether [`first`] finds a start at this bit.
pub(super) fn is_start(data: &[u8], bit: u64) -> bool {
    candidates_in(peek(data, bit)) & 1 != 0 && header_check::is_valid(data, bit + TYPE_BITS)
}

/// Writes the candidates of all steps from the byte `base` on; returns their number.
fn collect(data: &[u8], base: usize, candidates: &mut [u16; STEPS * MAX_CANDIDATES]) -> usize {
    let mut count = 0;
    for step in 0..STEPS {
        let mut found = candidates_in(load(data, base + step * STEP)) & ((1 << (8 * STEP)) - 1);
        while found != 0 {
            candidates[count] = (step * STEP * 8) as u16 + found.trailing_zeros() as u16;
            found &= found - 1;
            count += 1;
        }
    }
    count
}

/// The bits of `word` at which a header can start: BFINAL is 0, BTYPE is 2, and neither HLIT nor HDIST is 30 or 31. Valid for
/// the lowest 48 bits.
fn candidates_in(word: u64) -> u64 {
    const { assert!(BFINAL == 1 && DYNAMIC == 2) };
    let two = word & word >> 1;
    let four = two & two >> 2;
    // The counts are 30 or 31 if their upper four bits are ones.
    let too_many = four >> 4 | four >> 9;
    !word & !(word >> 1) & word >> 2 & !too_many
}

//! Searches for headers of blocks with dynamic codes.
//!
//! Each bit position may be a start, so the first tests are cheap: the type and the counts of 48 positions at once, and then
//! the Kraft sum of the precode. Neither has a branch that depends on the data, because it would be mispredicted.

use std::ops::Range;

use super::header_check::{self, COUNTS, is_complete_precode, precode_lengths};
use super::{BFINAL, DYNAMIC, SECTION, load, peek};

/// Bytes whose bit positions one load of 64 bits covers: the counts end 17 bits after a position.
pub(super) const STEP: usize = 6;

/// Candidates of a step that are written without a branch. 3 % of the steps have more.
const AT_ONCE: usize = 6;

/// Most candidates of a step: each is followed by two other bits.
const MAX_CANDIDATES: usize = STEP * 8 / 3;

/// Size of the array of candidates of a section.
const CANDIDATES: usize = SECTION / STEP * MAX_CANDIDATES + AT_ONCE;

/// Most candidates of a section whose code lengths are read. Random data has 0.6 such candidates on average. Periodic data can
/// have hundreds that fail only after 300 lengths: the search of a megabyte would take 0.8 s without a limit, and takes 70 ms.
const MAX_CHECKS: usize = 16;

/// Bits of BFINAL and BTYPE.
const TYPE_BITS: u64 = 3;

/// The bytes whose positions are searched, and those that the tests of the last positions read.
type SectionBytes = [u8; SECTION + 16];

/// Bits of a section at which a header may start.
pub(super) struct Candidates([u16; CANDIDATES]);

impl Candidates {
    pub(super) fn new() -> Self {
        Self([0; CANDIDATES])
    }

    /// The first start in `range`, whose positions are in the [`SECTION`] bytes from the one of its start on.
    pub(super) fn first(&mut self, data: &[u8], range: Range<u64>) -> Option<u64> {
        let base = (range.start / 8) as usize;
        let count = match data[base..].first_chunk() {
            Some(section) => self.collect(section),
            None => {
                let mut section = [0; SECTION + 16];
                section[..data.len() - base].copy_from_slice(&data[base..]);
                self.collect(&section)
            }
        };
        let bits = self.0[..count].iter().map(|&candidate| 8 * base as u64 + u64::from(candidate));
        bits.filter(|bit| range.contains(bit))
            .take(MAX_CHECKS)
            .find(|bit| header_check::is_valid(data, bit + TYPE_BITS))
    }

    /// Writes the candidates; returns their number.
    fn collect(&mut self, section: &SectionBytes) -> usize {
        let mut count = 0;
        for at in (0..SECTION).step_by(STEP) {
            let mut found = candidates_in(load(section, at)) & ((1 << (8 * STEP)) - 1);
            let total = found.count_ones() as usize;
            let base = 8 * at as u16;
            let mut put = |candidate: &mut u16| {
                *candidate = base + found.trailing_zeros() as u16;
                found &= found.wrapping_sub(1);
            };
            self.0[count..count + AT_ONCE].iter_mut().for_each(&mut put);
            if total > AT_ONCE {
                self.0[count + AT_ONCE..count + total].iter_mut().for_each(put);
            }
            count += total;
        }
        self.retain_complete(section, count)
    }

    /// Keeps the candidates whose precode is complete, of the first `count`; returns their number.
    fn retain_complete(&mut self, section: &SectionBytes, count: usize) -> usize {
        let mut kept = 0;
        for i in 0..count {
            let candidate = self.0[i];
            self.0[kept] = candidate;
            kept += usize::from(is_complete_precode(precode_lengths(section, u64::from(candidate) + TYPE_BITS)));
        }
        kept
    }
}

/// Whether [`Candidates::first`] finds a start at this bit, unless more than [`MAX_CHECKS`] others precede it.
pub(super) fn is_start(data: &[u8], bit: u64) -> bool {
    candidates_in(peek(data, bit)) & 1 != 0 && header_check::is_valid(data, bit + TYPE_BITS)
}

/// The bits of `word` at which a header can start: BFINAL is 0, BTYPE is 2, neither HLIT nor HDIST is 30 or 31, and HCLEN is
/// at least 6. Valid for the lowest 48 bits.
fn candidates_in(word: u64) -> u64 {
    const { assert!(BFINAL == 1 && DYNAMIC == 2 && TYPE_BITS + COUNTS + 8 * STEP as u64 - 1 <= 64) };
    let two = word & word >> 1;
    let four = two & two >> 2;
    // The counts are 30 or 31 if their upper four bits are ones.
    let too_many = four >> 4 | four >> 9;
    // HCLEN is 6 or 7 if two bits are ones, and more if the highest is.
    let precode = two >> 14 | word >> 16;
    !word & !(word >> 1) & word >> 2 & !too_many & precode
}

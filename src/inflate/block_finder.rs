//! Finds the starts of DEFLATE blocks (RFC 1951 section 3.2) in the middle of compressed data.
//!
//! DEFLATE marks nothing, so a start is a guess: a bit position where a header can be read that an encoder would write.
//! A caller must not trust it: another block can contain such bits, and a stored block can contain a whole other stream.
//! A start is confirmed only if the decoder of the preceding data ends a block there.
//!
//! These starts are found:
//! - A block with dynamic codes that is not the last one, if its codes are complete and HCLEN is at least 6. Of 13,217 such
//!   blocks from seven encoders, all are found; 1 GiB of random data contains none. (Without the minimum of HCLEN, 440 MB of
//!   compressed data contain two false ones, and the search is slower. A minimum of HDIST would lose blocks of literals.)
//! - The block after an empty stored block, the byte-aligned `00 00 FF FF` that pigz, gzcc and every sync flush write.
//! - A stored block that is not the last one, if another stored block or one with dynamic codes follows it. Its header alone
//!   has a redundancy of 19 bits, so a megabyte of random data contains two.
//!
//! Blocks with fixed codes and final blocks are not found: three bits are too weak, and a member has only one final block.
//!
//! **Canonical starts.** The header of a stored block is three bits, padded with zeros to a byte boundary. If the three bits
//! are zeros too, nothing shows where they start, and a decoder reads the same block from each of up to eight positions. The
//! finder reports the last of them. [`canonical_start`] maps the end of the block before, which its decoder knows exactly, to
//! the same position.

mod dynamic_scan;
mod final_scan;
mod header_check;
mod stored_scan;

use std::ops::Range;

use self::dynamic_scan::Candidates;

/// Bytes that are searched at once, first for stored blocks and then for dynamic codes. A multiple of the step of the second
/// search. Up to 3072 bytes are equally fast in data without blocks, but where one is found, the rest of a section is wasted.
const SECTION: usize = 64 * dynamic_scan::STEP;

/// BFINAL, the lowest bit of a header, and the values of BTYPE in the next two bits (RFC 1951 section 3.2.3).
const BFINAL: u64 = 1;
const STORED: u64 = 0;
const FIXED: u64 = 1;
const DYNAMIC: u64 = 2;

/// Finds the first start of a block in `range`. Positions are bits of `data`; bit 0 is the lowest bit of the first byte.
///
/// `data` continues after `range`, so that the header there can be read: a header that `data` does not contain completely is
/// not found. A start that depends on the bytes before it (`00 00 FF FF` and the header of that block) is found only if
/// `data` contains them.
///
/// The time is linear in the length of the range, in hostile data as well: after many false headers, the rest of a section of
/// a few hundred bytes is skipped, and a block there is missed.
pub fn find_block(data: &[u8], range: Range<u64>) -> Option<u64> {
    let end = range.end.min(8 * data.len() as u64);
    let mut start = range.start;
    let mut candidates = Candidates::new();
    while start < end {
        let next = end.min((start / 8 + SECTION as u64) * 8);
        let stored = stored_scan::first(data, start..next);
        let dynamic = candidates.first(data, start..stored.unwrap_or(next));
        if let Some(found) = dynamic.or(stored) {
            return Some(found);
        }
        start = next;
    }
    None
}

/// Whether [`find_block`] finds the block that starts at this bit, which is the end of another block. The decoder of a chunk
/// ends it only at such a bit, because only there can the next chunk have started.
pub fn would_find(data: &[u8], bit: u64) -> bool {
    let bit = canonical_start(data, bit);
    dynamic_scan::is_start(data, bit) || stored_scan::is_start(data, bit)
}

/// Finds the first final block in `range`, in the same way. It may be a false one more often: the caller confirms it by what
/// follows the block.
pub(crate) fn find_final_block(data: &[u8], range: Range<u64>) -> Option<u64> {
    final_scan::first(data, range)
}

/// Finds the first stored block in `range` that a stored block or one with dynamic codes follows.
pub(crate) fn find_stored_block(data: &[u8], range: Range<u64>) -> Option<u64> {
    stored_scan::first(data, range)
}

/// Whether the header at this bit, of a final block or another one, has enough redundancy that random data has no such header:
/// [`find_block`] would find the block, or it is final, and stored or dynamic.
pub(crate) fn is_distinct(data: &[u8], bit: u64) -> bool {
    would_find(data, bit) || stored_scan::is_strong(data, bit)
}

/// Whether the header at this bit is that of a stored block.
pub(crate) fn is_stored(data: &[u8], bit: u64) -> bool {
    peek(data, bit) >> 1 & 3 == STORED
}

/// The position at which [`find_block`] reports a block that starts at `bit`: another one only for stored blocks that are not
/// the last one. A decoder reads the same data from both positions.
pub fn canonical_start(data: &[u8], bit: u64) -> u64 {
    let length_field = (bit + 3).next_multiple_of(8);
    let is_zero = peek(data, bit) << (64 - (length_field - bit)) == 0;
    if is_zero && length_field <= 8 * data.len() as u64 { length_field - 3 } else { bit }
}

/// At least 57 bits from `bit` on; zeros after the end of the data.
#[inline(always)]
fn peek(data: &[u8], bit: u64) -> u64 {
    load(data, (bit / 8) as usize) >> (bit % 8)
}

/// The 64 bits from the byte at `at` on; zeros after the end of the data.
#[inline(always)]
fn load(data: &[u8], at: usize) -> u64 {
    match data.get(at..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => load_at_end(data, at),
    }
}

#[cold]
fn load_at_end(data: &[u8], at: usize) -> u64 {
    let bytes = data.get(at..).unwrap_or_default();
    bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

#[cfg(test)]
mod block_walker;
#[cfg(test)]
mod finder_tests;

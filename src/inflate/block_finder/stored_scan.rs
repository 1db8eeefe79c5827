//! Searches for stored blocks, and for the blocks after empty ones.

use std::ops::Range;

use super::{DYNAMIC, FIXED, STORED, canonical_start, header_check, peek};

/// Length of LEN and NLEN in bytes.
const LENGTHS: usize = 4;

/// The first canonical start in `range`.
pub(super) fn first(data: &[u8], range: Range<u64>) -> Option<u64> {
    // The length fields of blocks that make a start in the range.
    let first = ((range.start / 8) as usize).saturating_sub(LENGTHS + 1).max(1);
    let last = ((range.end / 8) as usize + 1).min(data.len().saturating_sub(LENGTHS));
    if first > last || !has_header(&data[first - 1..last + LENGTHS]) {
        return None;
    }
    let starts = (first..=last).flat_map(|at| [after_empty(data, at), before_filled(data, at)]);
    starts.flatten().filter(|start| range.contains(start)).min()
}

/// Whether [`first`] finds a start at this bit, which is a canonical start.
pub(super) fn is_start(data: &[u8], bit: u64) -> bool {
    let after = ((bit / 8) as usize).checked_sub(LENGTHS).and_then(|at| after_empty(data, at));
    after == Some(bit) || before_filled(data, (bit / 8 + 1) as usize) == Some(bit)
}

/// Whether the header of a stored block, with a zero before LEN, is anywhere in `bytes`. No branches, so that the compiler
/// vectorizes it.
fn has_header(bytes: &[u8]) -> bool {
    let fields = bytes[1..].iter().zip(&bytes[2..]).zip(bytes[3..].iter().zip(&bytes[4..]));
    let hits = bytes.iter().zip(fields).map(|(&before, ((&low, &high), (&not_low, &not_high)))| {
        u8::from((low ^ not_low) & (high ^ not_high) == 0xff) & u8::from(before < 0x20)
    });
    hits.fold(0, |any, hit| any | hit) != 0
}

/// LEN at the byte `at`, if the bits of NLEN are its opposite.
fn length(data: &[u8], at: usize) -> Option<u16> {
    let &[low, high, not_low, not_high] = data.get(at..)?.first_chunk()?;
    let length = u16::from_le_bytes([low, high]);
    (length == !u16::from_le_bytes([not_low, not_high])).then_some(length)
}

/// LEN at the byte `at`, if the three bits before it are zeros too: the padding, or BFINAL and BTYPE.
fn length_of_header(data: &[u8], at: usize) -> Option<u16> {
    let before = *data.get(at.checked_sub(1)?)?;
    length(data, at).filter(|_| before < 0x20)
}

/// The canonical start of the block after an empty stored block whose LEN is at the byte `at`.
fn after_empty(data: &[u8], at: usize) -> Option<u64> {
    let end = 8 * (at + LENGTHS) as u64;
    let is_found = length_of_header(data, at) == Some(0) && (is_strong(data, end) || block_type(data, end) == FIXED);
    is_found.then(|| canonical_start(data, end))
}

/// The canonical start of the stored block whose LEN, which is not 0, is at the byte `at`.
fn before_filled(data: &[u8], at: usize) -> Option<u64> {
    let length = length_of_header(data, at).filter(|&length| length > 0)?;
    let end = 8 * (at + LENGTHS + usize::from(length)) as u64;
    is_strong(data, end).then_some(8 * at as u64 - 3)
}

/// The start of the header of a final stored block that begins in the byte `at` and ends with it. Its header alone is weak: in
/// random data a megabyte contains some.
pub(super) fn final_start(data: &[u8], at: usize) -> Option<u64> {
    let header = *data.get(at)?;
    // BFINAL is the highest bit that is set. BTYPE and the padding after it are zeros.
    let bit = header.checked_ilog2().filter(|&bit| bit + 3 <= u8::BITS)?;
    length(data, at + 1)?;
    Some(8 * at as u64 + u64::from(bit))
}

/// Whether a header with redundancy starts at `bit`, of a block that may be the last one.
pub(super) fn is_strong(data: &[u8], bit: u64) -> bool {
    let after_type = bit + 3;
    match block_type(data, bit) {
        STORED => {
            let lengths = after_type.next_multiple_of(8);
            let padding = peek(data, after_type) & !(u64::MAX << (lengths - after_type));
            padding == 0 && length(data, (lengths / 8) as usize).is_some()
        }
        DYNAMIC => header_check::is_valid(data, after_type),
        _ => false,
    }
}

/// BTYPE of a header at `bit`.
fn block_type(data: &[u8], bit: u64) -> u64 {
    peek(data, bit) >> 1 & 3
}

//! The position at which one chunk of a file ends and the next one starts.
//!
//! The decoder of the next chunk searches its start from a fixed offset on. So the decoder of the current chunk ends it at the
//! first position from there on that the search finds. In a file, both read the same bytes around a position, [`LOOKAHEAD`] and the
//! buffer's history, so they decide alike. In a pipe, some of these bytes may not have arrived for one of them. If they decide
//! differently, the guess of the next chunk is wrong and is not used.

use super::block_finder::{canonical_start, would_find};
use super::compressed_buffer::{CompressedBuffer, CompressedSource};
use super::member_finder::{self, FIXED_FIELDS};

/// Longest header of a block with dynamic codes in bytes (RFC 1951 section 3.2.7: 17 bits, 19 lengths of 3 bits, 316 lengths of
/// up to 7 bits; a repeat takes fewer bits than the lengths it replaces), rounded up.
const LONGEST_HEADER: usize = 320;

/// Longest stored block: three bits, the padding, the lengths, and the content.
const LONGEST_STORED: usize = 5 + 65_535;

/// Bytes needed after a position to decide whether the search finds a block there. A stored block is confirmed by the header
/// after it.
pub(super) const LOOKAHEAD: usize = LONGEST_STORED + LONGEST_HEADER;

/// Bytes past the end of a chunk in which the chunk ends only at a boundary that the search finds. Farther on, it ends at any
/// boundary: the search probably finds none in this data, so the guess of the next chunk fails in any case.
const MAX_OVERRUN: u64 = 256 * 1024;

/// The start of the next chunk, as the offset of a block header in the file in bits; `None` if the current chunk continues.
///
/// `end` is the end of the current chunk, in bytes. Its decoder is at a block boundary, `unused_bits` bits before the buffer's
/// position.
pub(super) fn chunk_end(
    buffer: &mut CompressedBuffer,
    source: &mut dyn CompressedSource,
    unused_bits: u32,
    end: u64,
) -> Option<u64> {
    let bit = buffer.offset() * 8 - u64::from(unused_bits);
    if bit < end * 8 {
        return None;
    }
    // If the data cannot be read, the decoder reports the error when it gets there. If it has not arrived yet, the chunk continues,
    // so that the content up to here need not wait for it.
    if !buffer.provide_ready(source, LOOKAHEAD).unwrap_or(false) {
        return None;
    }
    let data = buffer.bytes_with_history();
    let in_data = buffer.history() as u64 * 8 - u64::from(unused_bits);
    // The same stored block can start at several bit positions. The search reports one of them.
    let start = bit + (canonical_start(data, in_data) - in_data);
    (bit >= (end + MAX_OVERRUN) * 8 || would_find(data, in_data)).then_some(start)
}

/// Whether a chunk whose end is at `end` ends at the buffer's position, which is behind a member.
pub(super) fn ends_at_member(buffer: &mut CompressedBuffer, source: &mut dyn CompressedSource, end: u64) -> bool {
    buffer.offset() >= end && buffer.provide(source, FIXED_FIELDS).is_ok() && member_finder::is_header(buffer.bytes())
}

//! The block boundary at which one chunk of a file ends and the next one starts.

use super::block_finder::{canonical_start, would_find};
use super::compressed_buffer::{CompressedBuffer, CompressedSource};

/// Bytes needed after a position to check whether a block header is there. The longest header has 286 bytes (RFC 1951 section
/// 3.2.7: 17 bits, 19 lengths of 3 bits, 316 lengths of up to 7 bits; a repeat takes fewer bits than the lengths it replaces).
/// A stored block is confirmed by the header after it, which may be farther away; then the block is not found.
pub(super) const LOOKAHEAD: usize = 1024;

/// Bytes past the end of a chunk in which the chunk ends only at a boundary that the search finds. Farther on, it ends at any
/// boundary: the search probably finds none in this data, so the guess of the next chunk fails in any case.
const MAX_OVERRUN: u64 = 256 * 1024;

/// The start of the next chunk, as the offset of a block header in the file in bits; `None` if the current chunk continues.
///
/// `end` is the end of the current chunk, in bytes. Its decoder is at a block boundary, `unused_bits` bits before the buffer's
/// position. The decoder of the next chunk searches from `end` on and starts at the first boundary that it finds, so the current
/// chunk ends there and not earlier.
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
    // If the data cannot be read, the decoder reports the error when it gets there.
    if buffer.provide(source, LOOKAHEAD).is_err() {
        return None;
    }
    let (data, history) = buffer.bytes_with_history();
    let in_data = history as u64 * 8 - u64::from(unused_bits);
    // The same stored block can start at several bit positions. The search reports one of them.
    let start = bit + (canonical_start(data, in_data) - in_data);
    (bit >= (end + MAX_OVERRUN) * 8 || would_find(data, in_data)).then_some(start)
}

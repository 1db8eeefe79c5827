//! Where the decoding of a chunk ends, and that of the next chunk begins.

use std::io;

use super::block_finder::{canonical_start, would_find};
use super::compressed_buffer::{CompressedBuffer, CompressedSource};

/// Bytes after a position that show whether a block header is there. The longest header has 350 bytes (RFC 1951 section 3.2.7:
/// 17 bits, 19 lengths of 3 bits, 316 lengths of up to 7 bits, and repeat counts of up to 7 bits).
pub(super) const LOOKAHEAD: usize = 1024;

/// Bytes after the end of a chunk in which only a boundary that can be found ends it. If there is none, the data has no such
/// boundaries, and any other is as good.
const MAX_OVERRUN: u64 = 256 * 1024;

/// The offset of the next block's header in the file, in bits, if the chunk that ends at byte `end` of the file is complete at
/// the block boundary at the buffer's position. `unused_bits` bits of the last consumed byte are left. The decoder of the next
/// chunk searches from `end` on, so it has begun at the first boundary that can be found.
pub(super) fn chunk_end(
    buffer: &mut CompressedBuffer,
    source: &mut dyn CompressedSource,
    unused_bits: u32,
    end: u64,
) -> io::Result<Option<u64>> {
    let bit = buffer.offset() * 8 - u64::from(unused_bits);
    if bit < end * 8 {
        return Ok(None);
    }
    buffer.provide(source, LOOKAHEAD)?;
    let (data, history) = buffer.bytes_with_history();
    let in_data = history as u64 * 8 - u64::from(unused_bits);
    // A stored block can be read from several positions. The search finds one of them.
    let start = bit + (canonical_start(data, in_data) - in_data);
    Ok((bit >= (end + MAX_OVERRUN) * 8 || would_find(data, in_data)).then_some(start))
}

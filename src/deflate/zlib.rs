//! The flate2 engine: zlib-rs, levels 1 to 9.
//!
//! The output of zlib-rs depends on how the input is divided into calls and on the free space in the output buffer. So one
//! call compresses a whole block with [`WORST_CASE`](super::WORST_CASE) bytes of free space, and assertions check both.
//!
//! It also depends on the earlier use of a state that is reset: the hash of a dictionary's last string includes the byte
//! behind it, which an earlier block left there. So each block gets a new, zeroed state. That takes 3 microseconds, 0.03 %
//! of a full block's time at level 6.

use std::ops::Range;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::{BlockCompressor, Window};

/// zlib's deflate at one level.
pub(super) struct ZlibCompressor {
    level: Compression,
}

impl ZlibCompressor {
    pub(super) fn new(level: u8) -> Self {
        Self { level: Compression::new(level.into()) }
    }
}

/// Base-2 logarithm of the window size for `size` bytes of dictionary and block; zlib accepts 9 to 15. The smallest window
/// that reaches from the end to the start suffices, and most of a new state's cost is zeroing the window and the chains.
fn window_bits(size: usize) -> u8 {
    /// zlib's MIN_LOOKAHEAD: its longest distance is the window size less this.
    const MIN_LOOKAHEAD: usize = 262;
    let reach = size + MIN_LOOKAHEAD;
    (reach.next_power_of_two().trailing_zeros() as u8).clamp(9, 15)
}

impl BlockCompressor for ZlibCompressor {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let mut state = Compress::new_with_window_bits(self.level, false, window_bits(block.end));
        if block.start > 0 {
            let dictionary = window.bytes(0..block.start);
            state.set_dictionary(dictionary).expect("a new raw deflate state takes a dictionary");
        }
        let (flush, expected) = match last {
            true => (FlushCompress::Finish, Status::StreamEnd),
            false => (FlushCompress::Sync, Status::Ok),
        };
        let block = window.bytes(block);
        let status = state.compress_vec(block, out, flush).expect("a new state compresses");
        assert_eq!(status, expected, "the block is flushed in one call");
        assert_eq!(state.total_in(), block.len() as u64, "the block is consumed in one call");
        assert!(out.len() < out.capacity(), "free space is left, so no output is held back");
    }
}

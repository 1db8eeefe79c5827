//! flate2 on zlib-rs, levels 1 to 9.
//!
//! zlib-rs' bytes depend on how the input is cut into calls and on the room it is given, so a block is one
//! call with everything in and [`WORST_CASE`](super::WORST_CASE) bytes of room; both are asserted.
//!
//! They also depend on what a state that is reset was used for before: the hash of a dictionary's last string
//! takes in the byte after it, which is left over from an earlier block. So each block gets a new state, whose
//! memory is zero: 3 microseconds, 0.03 % of a full block's time at level 6.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::{Engine, ROOM};

/// zlib's deflate at one level.
pub(super) struct Zlib {
    level: Compression,
    room: Box<[u8]>,
}

impl Zlib {
    pub(super) fn new(level: u8) -> Self {
        Self { level: Compression::new(level.into()), room: vec![0; ROOM].into_boxed_slice() }
    }
}

/// Base-2 logarithm of the window that a block needs; zlib knows 9 to 15. A small file needs no more than reaches
/// from its end to its start, and most of a new state's cost is the zeroing of window and chains.
fn window_bits(size: usize) -> u8 {
    /// zlib refers no farther back than the window less this (MIN_LOOKAHEAD).
    const UNREACHABLE: usize = 262;
    let reach = size + UNREACHABLE;
    (reach.next_power_of_two().trailing_zeros() as u8).clamp(9, 15)
}

impl Engine for Zlib {
    fn room(&mut self) -> &mut [u8] {
        &mut self.room
    }

    fn block(&mut self, start: usize, end: usize, last: bool, out: &mut Vec<u8>) {
        let (dictionary, block) = self.room[..end].split_at(start);
        let mut state = Compress::new_with_window_bits(self.level, false, window_bits(end));
        if !dictionary.is_empty() {
            state.set_dictionary(dictionary).expect("a new raw deflate state takes a dictionary");
        }
        let (flush, expected) = match last {
            true => (FlushCompress::Finish, Status::StreamEnd),
            false => (FlushCompress::Sync, Status::Ok),
        };
        let status = state.compress_vec(block, out, flush).expect("a new state compresses");
        assert_eq!(status, expected, "the block is flushed in one call");
        assert_eq!(state.total_in(), block.len() as u64, "the block is consumed in one call");
        assert!(out.len() < out.capacity(), "room is left, so nothing was held back");
    }
}

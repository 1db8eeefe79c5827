//! The engine of levels 1 to 9: flate2 on zlib-rs.
//!
//! zlib-rs' bytes depend on how the input is cut into calls and on the room it is given, so a block is one
//! call with everything in and [`WORST_CASE`](super::WORST_CASE) bytes of room; both are asserted.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::Engine;

/// zlib's deflate state, reset for each block.
pub(super) struct Zlib {
    state: Compress,
}

impl Zlib {
    pub(super) fn new(level: u8) -> Self {
        Self { state: Compress::new(Compression::new(level.into()), false) }
    }
}

impl Engine for Zlib {
    fn block(&mut self, dictionary: &[u8], input: &[u8], last: bool, out: &mut Vec<u8>) {
        self.state.reset();
        if !dictionary.is_empty() {
            self.state.set_dictionary(dictionary).expect("a raw deflate state just reset takes a dictionary");
        }
        let (flush, expected) = match last {
            true => (FlushCompress::Finish, Status::StreamEnd),
            false => (FlushCompress::Sync, Status::Ok),
        };
        let status = self.state.compress_vec(input, out, flush).expect("a state just reset compresses");
        assert_eq!(status, expected, "the block is flushed in one call");
        assert_eq!(self.state.total_in(), input.len() as u64, "the block is consumed in one call");
        assert!(out.len() < out.capacity(), "room is left, so nothing was held back");
    }
}

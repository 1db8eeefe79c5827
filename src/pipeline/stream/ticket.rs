//! The ticket of a block that a worker has taken.

use super::block::{BlockOutput, StreamError};
use super::{Stream, StreamContext};

/// The obligation to complete one block.
pub(super) struct Ticket<'a> {
    stream: &'a Stream,
    /// The block's sequence number.
    number: u64,
    is_completed: bool,
}

impl<'a> Ticket<'a> {
    pub(super) fn new(stream: &'a Stream, number: u64) -> Self {
        Self { stream, number, is_completed: false }
    }

    /// Accepts a part of the block; returns whether the rest is needed.
    pub(super) fn append(&self, part: BlockOutput, is_shared: bool, context: &StreamContext<'_>) -> bool {
        self.stream.append(self.number, part, is_shared, context)
    }

    pub(super) fn complete(&mut self, output: Result<BlockOutput, StreamError>) {
        self.is_completed = true;
        self.stream.complete(self.number, output);
    }
}

impl Drop for Ticket<'_> {
    /// Completes the block with a failure if the worker panicked.
    fn drop(&mut self) {
        if !self.is_completed {
            self.complete(Err(StreamError::Panicked));
        }
    }
}

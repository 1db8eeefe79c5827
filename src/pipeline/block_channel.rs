//! The channel between an encoder and its stream: blocks to compress in one direction, compressed bytes in the other.
//!
//! Nothing here waits. A worker that finds no block, and a caller that finds the queue full, do other work or wait at the
//! scheduler. Each lock is held for one push or pop.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::stream::BlockEnds;
use crate::sync::lock;

/// What the caller submits.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// Blocks to compress.
    Blocks(SubmittedBlocks),
    /// The caller has cancelled the member, which stays incomplete.
    Cancelled,
}

/// Consecutive blocks, preceded by their window.
#[derive(Debug)]
pub(crate) struct SubmittedBlocks {
    /// The window, then the content of the blocks.
    pub bytes: Vec<u8>,
    /// Where the blocks are in `bytes`.
    pub blocks: BlockEnds,
    /// The last block ends the member.
    pub last: bool,
}

/// Both directions.
#[derive(Debug, Default)]
pub(crate) struct BlockChannel {
    submitted: Mutex<VecDeque<Submitted>>,
    output: Mutex<VecDeque<Vec<u8>>>,
}

impl BlockChannel {
    /// Queues blocks.
    pub(crate) fn submit(&self, blocks: SubmittedBlocks) {
        lock(&self.submitted).push_back(Submitted::Blocks(blocks));
    }

    /// Drops the blocks that no worker has taken, and ends the input.
    pub(crate) fn cancel(&self) {
        let mut submitted = lock(&self.submitted);
        submitted.clear();
        submitted.push_back(Submitted::Cancelled);
    }

    /// Takes the oldest submission.
    pub(crate) fn take_submitted(&self) -> Option<Submitted> {
        lock(&self.submitted).pop_front()
    }

    /// Number of submissions that no worker has taken.
    pub(crate) fn queued(&self) -> usize {
        lock(&self.submitted).len()
    }

    /// Appends compressed bytes, in the order of the member.
    pub(crate) fn push_output(&self, bytes: Vec<u8>) {
        lock(&self.output).push_back(bytes);
    }

    /// Takes the oldest compressed bytes; one buffer for each submission.
    pub(crate) fn take_output(&self) -> Option<Vec<u8>> {
        lock(&self.output).pop_front()
    }

    /// Whether there are compressed bytes to take.
    pub(crate) fn has_output(&self) -> bool {
        !lock(&self.output).is_empty()
    }
}

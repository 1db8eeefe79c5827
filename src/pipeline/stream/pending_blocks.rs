//! The blocks of a stream that are taken and not yet written, in order.

use std::collections::VecDeque;

use super::block::{BlockOutput, BlockPosition, StreamError};

/// A queue of blocks, each with the parts of its output that are not yet written.
#[derive(Debug, Default)]
pub(super) struct PendingBlocks {
    blocks: VecDeque<PendingBlock>,
    /// Sequence number of the first of `blocks`.
    first: u64,
}

/// A block that is taken and not completely written.
#[derive(Debug)]
struct PendingBlock {
    position: BlockPosition,
    /// The block holds a permit, which is released when it is written.
    has_permit: bool,
    /// The parts of its output that are not written, in order. Most blocks have a single part.
    parts: VecDeque<Result<BlockOutput, StreamError>>,
    /// No more parts follow.
    is_complete: bool,
}

/// A part of the first block, to be written.
pub(super) struct WritablePart {
    /// Only the first part of a block can be the first of a member, and only the last part the last.
    pub(super) position: BlockPosition,
    pub(super) output: Result<BlockOutput, StreamError>,
    /// This is the last part of its block.
    pub(super) ends_block: bool,
    /// The block holds a permit.
    pub(super) has_permit: bool,
}

impl PendingBlocks {
    /// Adds a block that is taken; returns its sequence number.
    pub(super) fn push(&mut self, position: BlockPosition, has_permit: bool) -> u64 {
        self.blocks.push_back(PendingBlock { position, has_permit, parts: VecDeque::new(), is_complete: false });
        self.first + self.blocks.len() as u64 - 1
    }

    /// Adds the last part of a block.
    pub(super) fn complete(&mut self, number: u64, output: Result<BlockOutput, StreamError>) {
        let block = self.block_mut(number);
        block.parts.push_back(output);
        block.is_complete = true;
    }

    /// Adds a part of a block; more follow.
    pub(super) fn append(&mut self, number: u64, part: BlockOutput) {
        self.block_mut(number).parts.push_back(Ok(part));
    }

    /// Number of a block's parts that are not yet [popped](Self::pop_part).
    pub(super) fn waiting_parts(&self, number: u64) -> usize {
        self.block(number).parts.len()
    }

    /// Whether the writer discards the member of a block.
    pub(super) fn is_abandoned(&self, number: u64) -> bool {
        self.block(number).position.member.is_abandoned()
    }

    /// Whether [`pop_part`](Self::pop_part) would return a part.
    pub(super) fn has_part(&self) -> bool {
        self.blocks.front().is_some_and(|block| !block.parts.is_empty())
    }

    /// Removes the next part of the first block, and the block after its last part.
    pub(super) fn pop_part(&mut self) -> Option<WritablePart> {
        let block = self.blocks.front_mut()?;
        let output = block.parts.pop_front()?;
        let ends_block = block.is_complete && block.parts.is_empty();
        let position = BlockPosition { last: block.position.last && ends_block, ..block.position.clone() };
        let has_permit = block.has_permit;
        block.position.first = false;
        if ends_block {
            self.blocks.pop_front();
            self.first += 1;
        }
        Some(WritablePart { position, output, ends_block, has_permit })
    }

    fn block(&self, number: u64) -> &PendingBlock {
        &self.blocks[(number - self.first) as usize]
    }

    fn block_mut(&mut self, number: u64) -> &mut PendingBlock {
        &mut self.blocks[(number - self.first) as usize]
    }
}

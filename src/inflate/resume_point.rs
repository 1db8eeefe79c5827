//! Points at which a decoder can start.

use super::markers::ResolvedWindow;

/// A point at which a decoder can start without decoding the file before it.
#[derive(Debug)]
pub(crate) enum ResumePoint {
    /// The beginning of the file.
    FileStart,
    /// A DEFLATE block.
    Block(BlockStart),
}

/// The start of a DEFLATE block.
#[derive(Debug)]
pub(crate) struct BlockStart {
    /// Offset of the block's header in the file, in bits.
    pub(crate) bit: u64,
    /// The content before the block in its member, at most 32 KiB.
    pub(crate) window: ResolvedWindow,
}

impl ResumePoint {
    /// Offset in the file of the first byte that the decoder needs.
    pub(crate) fn offset(&self) -> u64 {
        match self {
            Self::FileStart => 0,
            Self::Block(block) => block.bit / 8,
        }
    }
}

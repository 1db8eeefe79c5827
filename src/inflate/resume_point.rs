//! Points at which the decoding of a file can begin.

use super::markers::ResolvedWindow;

/// A point in a compressed file at which a decoder can begin, if another one has decoded the file up to there.
#[derive(Debug)]
pub(crate) enum ResumePoint {
    /// The beginning of the file.
    FileStart,
    /// The header of a DEFLATE block.
    Block(BlockStart),
}

/// The beginning of a DEFLATE block.
#[derive(Debug)]
pub(crate) struct BlockStart {
    /// Offset of the block's header in the file, in bits.
    pub(crate) bit: u64,
    /// The content of the member before the block.
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

//! Points at which a decoder can start.

use super::markers::ResolvedWindow;

/// A point at which a decoder can start without decoding the file before it.
#[derive(Clone, Debug)]
pub(crate) enum ResumePoint {
    /// The beginning of the file.
    FileStart,
    /// The end of a member: the offset in the file, in bytes. A member, other data or the end of the file follows.
    Member(u64),
    /// A DEFLATE block.
    Block(BlockStart),
}

/// The start of a DEFLATE block.
#[derive(Clone, Debug)]
pub(crate) struct BlockStart {
    /// Offset of the block's header in the file, in bits.
    pub(crate) bit: u64,
    /// The content before the block in its member, at most 32 KiB.
    pub(crate) window: ResolvedWindow,
}

/// A position between two elements of a file: a [`ResumePoint`] without its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Behind a member, where another one may begin: the offset in the file, in bytes.
    Member(u64),
    /// The header of a DEFLATE block: its offset in the file, in bits.
    Block(u64),
}

impl ResumePoint {
    /// Offset in the file of the first byte that the decoder needs.
    pub(crate) fn offset(&self) -> u64 {
        self.position().offset()
    }

    /// The position in the file.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::FileStart => Position::Member(0),
            Self::Member(offset) => Position::Member(*offset),
            Self::Block(block) => Position::Block(block.bit),
        }
    }
}

impl Position {
    /// Offset in the file of the byte that contains the position.
    pub(crate) fn offset(self) -> u64 {
        match self {
            Self::Member(offset) => offset,
            Self::Block(bit) => bit / 8,
        }
    }
}

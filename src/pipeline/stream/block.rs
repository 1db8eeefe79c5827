//! The data types of a block on its way through a stream. Here, a member is one input of the stream: a file that is decompressed may
//! consist of several gzip members.
//!
//! The reader produces a [`BlockTask`], a worker turns its [`BlockInput`] into a [`BlockOutput`], and the writer writes that at
//! the block's [`BlockPosition`].

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::chunk_chain::ChunkChain;
use crate::format::crc32::Crc32;
use crate::format::gzip::{self, Header};
use crate::inflate::{BgzfBatch, Content, ResumePoint};
use crate::io::input::Input;
use crate::outcome::Outcome;
use crate::pipeline::block_channel::SubmittedBlocks;
use crate::settings::{Format, StreamSettings};

/// An input of a stream, with the header that is written before its data. When compressing, the input becomes one gzip member;
/// when decompressing, its content is written.
#[derive(Debug)]
pub(crate) struct Member {
    /// The opened input.
    pub input: Input,
    /// The member's gzip header; empty when decompressing, and in BGZF, where workers write the headers.
    pub header: Vec<u8>,
    /// The writer discards the remaining blocks, so the reader need not read them.
    abandoned: AtomicBool,
    /// Where decompression starts, if that is not the beginning of the input.
    pub(super) start: Option<StartPoint>,
}

/// A point in the middle of a compressed file at which decompression starts, because only a part of the content is needed.
#[derive(Debug)]
pub(crate) struct StartPoint {
    /// The point.
    pub point: ResumePoint,
    /// Bytes or lines of the content before it, whatever the range counts.
    pub skipped: u64,
    /// The range ends so soon that a second worker gains nothing.
    pub is_short: bool,
}

impl StartPoint {
    /// Whether it is in the middle of a gzip member, which then cannot be verified.
    pub(super) fn is_inside_member(&self) -> bool {
        matches!(self.point, ResumePoint::Block(_))
    }
}

impl Member {
    /// The member for `input`. Its header holds name and time if the settings ask for them.
    pub(crate) fn new(input: Input, settings: &StreamSettings) -> Self {
        let mut header = Vec::new();
        if !settings.reads_gzip && settings.format == Format::Gzip {
            let name = input.name().filter(|_| settings.keep_name).map(|name| name.as_os_str());
            let mtime = input.mtime().filter(|_| settings.keep_time);
            gzip::write_header(&Header { name, mtime, level: settings.level }, &mut header);
        }
        Self::with_header(input, header)
    }

    /// A member with a given header.
    pub(crate) fn with_header(input: Input, header: Vec<u8>) -> Self {
        Self { input, header, abandoned: AtomicBool::new(false), start: None }
    }

    /// The same, but decompression starts at a point.
    pub(crate) fn starting_at(self, start: Option<StartPoint>) -> Self {
        Self { start, ..self }
    }

    /// Lets the reader skip the rest of the input.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }
}

/// The position of a block: its member, and whether it is the first or the last block there. A block can be both.
#[derive(Clone, Debug)]
pub(super) struct BlockPosition {
    pub(super) member: Arc<Member>,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// A block that a worker has taken and not yet processed.
#[derive(Debug)]
pub(super) struct BlockTask {
    pub(super) position: BlockPosition,
    pub(super) input: Result<BlockInput, StreamError>,
    /// Producing this block took a system call. The stream had no reader meanwhile, so other workers may have found nothing
    /// to do.
    pub(super) blocked_reader: bool,
}

/// The next block of a member.
#[derive(Debug)]
pub(super) struct MemberBlock {
    pub(super) input: BlockInput,
    /// It is the last of its member.
    pub(super) last: bool,
}

/// The input of a block, for a worker to process.
#[derive(Debug)]
pub(super) enum BlockInput {
    /// A block in a file, which the worker reads.
    AtOffset(FileRange),
    /// Blocks in the buffer of the worker that read them.
    InBuffer(BlockEnds),
    /// Blocks that the caller of the encoder submitted.
    Submitted(SubmittedBlocks),
    /// Content that the reader has inflated: only to be checked and written.
    Content(Box<Content>),
    /// BGZF members, which any worker can inflate.
    Batch(BgzfBatch),
    /// A chunk of a compressed file, which the worker reads.
    Chunk(ChunkTask),
}

/// One of the chunks of a compressed file.
#[derive(Debug)]
pub(super) struct ChunkTask {
    /// All chunks of the file.
    pub(super) chain: Arc<ChunkChain>,
    /// The index of this chunk among them.
    pub(super) index: u64,
    /// The bytes of this chunk in the data.
    pub(super) range: Range<u64>,
    /// The data ends with this chunk. In a pipe this is not known.
    pub(super) is_last: bool,
}

impl ChunkTask {
    /// Where the chunk ends in the data. `None` if it is the last one.
    pub(super) fn end(&self) -> Option<u64> {
        (!self.is_last).then_some(self.range.end)
    }
}

/// A block in a file.
#[derive(Debug)]
pub(super) struct FileRange {
    /// Where the block begins; the window ends there.
    pub(super) offset: u64,
    /// Length of the window in bytes.
    pub(super) window: usize,
    /// Length of the block in bytes, according to the file's size when it was opened.
    pub(super) length: usize,
}

/// Consecutive blocks in a buffer, preceded by their window.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlockEnds {
    /// Length of the window in bytes.
    pub window: usize,
    /// End of each block, in bytes after the window.
    pub ends: Vec<usize>,
}

/// The output of a block, for the writer to check and write.
#[derive(Debug)]
pub(super) enum BlockOutput {
    /// Compressed data.
    Compressed(Compressed),
    /// Content, with what is needed to check it.
    Content(Content),
}

/// One or more compressed blocks.
#[derive(Debug)]
pub(super) struct Compressed {
    /// DEFLATE data, preceded by the member's header in its first block.
    pub(super) bytes: Vec<u8>,
    /// Length of the content in bytes.
    pub(super) length: usize,
    /// CRC-32 of the content.
    pub(super) crc: Crc32,
    /// The file was longer than it was when it was opened.
    pub(super) grew: bool,
    /// The members of BGZF that `bytes` consists of.
    pub(super) members: Vec<MemberSizes>,
}

/// Sizes of a member of BGZF, in bytes: 64 KiB at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberSizes {
    /// The member from header to trailer.
    pub compressed: u32,
    /// Its content.
    pub content: u32,
}

/// How a stream fails.
#[derive(Debug)]
pub(super) enum StreamError {
    /// A member ends with this outcome. Other members follow it unless some of its bytes are written.
    Member(Outcome),
    /// The caller of the encoder cancelled the member.
    Cancelled,
    /// The output cannot be written. No member can follow.
    Output(std::io::Error),
    /// A worker panicked. In a block, the block's member fails; in the reader or writer, whose state is unknown then, the
    /// stream ends.
    Panicked,
}

impl<E: Into<Outcome>> From<E> for StreamError {
    fn from(error: E) -> Self {
        Self::Member(error.into())
    }
}

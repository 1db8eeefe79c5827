//! A worker's own state, and how it processes a block: read and compress, or inflate.
//!
//! A block is processed independently of all other blocks and workers: this file knows neither the stream's order nor its
//! locks.

use std::io;
use std::ops::Range;

use rustix::io::Errno;

use super::StreamContext;
use super::block::{
    BlockEnds, BlockInput, BlockOutput, BlockPosition, Compressed, FileRange, MemberSizes, StreamError,
};
use super::chunk_inflation::ChunkInflation;
use crate::deflate::{self, BlockCompressor, WINDOW, Window, WindowBuffer};
use crate::format::bgzf;
use crate::format::crc32::Crc32;
use crate::inflate::{BgzfBatch, Content, EngineDecoder};
use crate::io::transfer::read_at_least;
use crate::outcome::{Outcome, Reason};
use crate::settings::{Format, resources};

/// The state of one worker. It is expensive to create, so a worker reuses it for all blocks.
pub(crate) struct Worker {
    compressor: Box<dyn BlockCompressor>,
    /// The window and the blocks to compress.
    pub(super) buffer: WindowBuffer,
    /// Inflates batches. Created with the first one.
    decoder: Option<EngineDecoder>,
}

impl Worker {
    /// Creates the state of a worker. Fails if memory is limited and not enough is left.
    pub(crate) fn try_new(context: &StreamContext<'_>) -> io::Result<Self> {
        let level = if context.settings.writes_gzip() { context.settings.level } else { 0 };
        context.resources.with_memory(resources::tools(level), || Self::new(context))
    }

    /// Creates the state of a worker. Aborts if there is not enough memory.
    pub(crate) fn new(context: &StreamContext<'_>) -> Self {
        let compressor = (context.compressor)(context.settings.engine, context.settings.level);
        Self { compressor, buffer: WindowBuffer::new(), decoder: None }
    }

    /// Processes the block at `position`. Passes all parts of the output but the last to `append`, and returns the last.
    pub(super) fn process(
        &mut self,
        position: &BlockPosition,
        input: BlockInput,
        append: &mut dyn FnMut(BlockOutput) -> bool,
        context: &StreamContext<'_>,
    ) -> Result<BlockOutput, StreamError> {
        match input {
            BlockInput::AtOffset(range) => {
                Ok(BlockOutput::Compressed(self.read_and_compress(&range, position, context)?))
            }
            BlockInput::InBuffer(blocks) => Ok(BlockOutput::Compressed(self.compress(&blocks, position, context)?)),
            BlockInput::Submitted(submitted) => {
                self.buffer.fill(&submitted.bytes);
                context.resources.reuse_buffer(submitted.bytes);
                Ok(BlockOutput::Compressed(self.compress(&submitted.blocks, position, context)?))
            }
            BlockInput::Content(content) => Ok(BlockOutput::Content(*content)),
            BlockInput::Batch(batch) => Ok(BlockOutput::Content(self.inflate_batch(batch, context)?)),
            BlockInput::Chunk(task) => {
                ChunkInflation { task: &task, member: &position.member, append, context }.run(self)
            }
        }
    }

    /// Inflates BGZF members.
    pub(super) fn inflate_batch(&mut self, batch: BgzfBatch, context: &StreamContext<'_>) -> io::Result<Content> {
        let decoder = self.decoder.get_or_insert_with(|| EngineDecoder::new(context.settings.engine));
        Ok(batch.inflate(decoder, context.resources.try_content_buffer()?))
    }

    /// Reads a block with its window and compresses it.
    fn read_and_compress(
        &mut self,
        range: &FileRange,
        position: &BlockPosition,
        context: &StreamContext<'_>,
    ) -> Result<Compressed, StreamError> {
        let &FileRange { offset, window, length } = range;
        let expected = window + length;
        // Asking for one byte more at the end of the file shows whether it has grown, without another system call.
        let target = &mut self.buffer.input()[..expected + usize::from(position.last)];
        let read = read_at_least(position.member.input.fd()?, target, expected, offset - window as u64)?;
        if read < window || read < expected && !position.last {
            return Err(StreamError::Member(Outcome::Skipped(Reason::Changed)));
        }
        let mut compressed = Compressed::new(position, context)?;
        let block = window..read.min(expected);
        match context.settings.format {
            Format::Gzip => {
                compressed.add(&mut *self.compressor, self.buffer.window(0), block, position.last)?;
            }
            Format::Bgzf => compressed.add_members(&mut *self.compressor, &self.buffer, block)?,
        }
        compressed.grew = read > expected;
        Ok(compressed)
    }

    /// Compresses the blocks in the buffer.
    fn compress(
        &mut self,
        blocks: &BlockEnds,
        position: &BlockPosition,
        context: &StreamContext<'_>,
    ) -> io::Result<Compressed> {
        let mut compressed = Compressed::new(position, context)?;
        let BlockEnds { window, ends } = blocks;
        let mut start = *window;
        for (i, end) in ends.iter().enumerate() {
            let end = window + end;
            if context.settings.format == Format::Bgzf {
                compressed.add_members(&mut *self.compressor, &self.buffer, start..end)?;
                start = end;
                continue;
            }
            let dictionary = if context.settings.independent { 0 } else { start.min(WINDOW) };
            // The view must begin with the dictionary, because the compressed bytes depend on positions in the view.
            let view = self.buffer.window(start - dictionary);
            let block = dictionary..dictionary + (end - start);
            compressed.add(&mut *self.compressor, view, block, position.last && i + 1 == ends.len())?;
            start = end;
        }
        Ok(compressed)
    }
}

impl Compressed {
    /// No blocks yet; contains the member's header if the block is its first.
    fn new(position: &BlockPosition, context: &StreamContext<'_>) -> io::Result<Self> {
        let mut bytes = context.resources.try_buffer()?;
        context.resources.check_memory(resources::block(context.settings.level))?;
        if position.first {
            bytes.extend_from_slice(&position.member.header);
        }
        Ok(Self { bytes, length: 0, crc: Crc32::new(), grew: false, members: Vec::new() })
    }

    /// Compresses the part `block` of `window` and appends it.
    fn add(
        &mut self,
        compressor: &mut dyn BlockCompressor,
        window: Window<'_>,
        block: Range<usize>,
        last: bool,
    ) -> io::Result<()> {
        // The compressor would reserve as much itself, but it cannot report a failure.
        self.bytes.try_reserve(deflate::WORST_CASE).map_err(|_| Errno::NOMEM)?;
        self.crc.update(window.bytes(block.clone()));
        self.length += block.len();
        compressor.compress_block(window, block, last, &mut self.bytes);
        Ok(())
    }

    /// Compresses the part `content` of `buffer` to members of BGZF, and appends them.
    fn add_members(
        &mut self,
        compressor: &mut dyn BlockCompressor,
        buffer: &WindowBuffer,
        content: Range<usize>,
    ) -> io::Result<()> {
        for start in content.clone().step_by(bgzf::WRITTEN_CONTENT) {
            let length = (content.end - start).min(bgzf::WRITTEN_CONTENT);
            let begin = bgzf::begin_block(&mut self.bytes);
            let before = std::mem::replace(&mut self.crc, Crc32::new());
            self.add(compressor, buffer.window(start), 0..length, true)?;
            let size = bgzf::end_block(&mut self.bytes, begin, self.crc.sum(), length);
            let crc = std::mem::replace(&mut self.crc, before);
            self.crc.combine(&crc);
            self.members.push(MemberSizes { compressed: size as u32, content: length as u32 });
        }
        Ok(())
    }
}

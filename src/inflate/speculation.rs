//! Decodes a chunk of a file whose start and window are not known yet.
//!
//! A [`Speculation`] searches the chunk for the header of a DEFLATE block ([`block_finder`](super::block_finder)), and decodes
//! symbols from there: bytes, and markers for the bytes of the unknown window ([`markers`](super::markers)). The position is a
//! guess. It is right if the decoder of the previous chunk ends at the same bit; otherwise the caller discards the symbols.
//!
//! Nothing here reports an error, because the data may not be a block at all. The speculation stops instead, and a decoder that
//! knows the window decodes the data again. That decoder continues at a block boundary, so only the symbols before the last
//! boundary are used.

use std::collections::TryReserveError;
use std::io;
use std::ops::Range;

use super::block_finder::find_block;
use super::chunk_end::{LOOKAHEAD, chunk_end};
use super::compressed_buffer::{CompressedBuffer, CompressedSource};
use super::markers::fill_initial_window;
use super::native::{DecodeStatus, DeflateDecoder};
use crate::deflate::WINDOW;

/// Most symbols of a chunk. They take 12 MiB, so that the memory of a worker stays below 16 MiB. Data that compresses well has
/// more before the end of the chunk; its worker then waits for the window.
const MAX_SYMBOLS: usize = 6 << 20;

/// Most symbols decoded in one step. After each step, the caller checks whether the start of the chunk is known.
/// Symbols for each compressed byte, at most, once there are more than `FREE_SYMBOLS`. Logs have up to 20.
const MAX_RATIO: u64 = 32;

/// Symbols that are decoded at any ratio: 1 MiB of memory.
const FREE_SYMBOLS: usize = 512 * 1024;

/// Length of the window and the symbols.
const MAX_LENGTH: usize = WINDOW + MAX_SYMBOLS;

const STEP: usize = 64 * 1024;

/// Decodes one chunk at a time. It holds the symbols, so it is expensive to create, and is reused.
pub(crate) struct Speculation {
    buffer: CompressedBuffer,
    decoder: DeflateDecoder<u16>,
    /// The markers of the unknown window, and the symbols after them.
    symbols: Vec<u16>,
    /// End of the symbols in `symbols`.
    filled: usize,
    /// The chunk's bytes in the file.
    chunk: Range<u64>,
    /// Offset of the first block's header in the file, in bits.
    start: u64,
    boundary: Boundary,
}

/// The last end of a block.
#[derive(Clone, Copy, Debug)]
struct Boundary {
    /// Offset of the next block's header in the file, in bits.
    bit: u64,
    /// End of the symbols before it.
    filled: usize,
}

/// The result of a step of a [`Speculation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpeculationStep {
    /// There is more to do.
    Continue,
    /// The first block is found, or the end of the chunk is reached.
    Reached,
    /// The chunk has no block that can be found, or no more of it can be decoded without the window.
    Stopped,
}

impl std::fmt::Debug for Speculation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speculation").field("boundary", &self.boundary).finish_non_exhaustive()
    }
}

impl Speculation {
    /// Reserves the buffers. The system provides the memory of the symbols when they are written.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(crate) fn try_new() -> Result<Self, TryReserveError> {
        let mut symbols = Vec::new();
        symbols.try_reserve_exact(MAX_LENGTH)?;
        symbols.resize(WINDOW, 0);
        if let Some(window) = symbols.first_chunk_mut() {
            fill_initial_window(window);
        }
        Ok(Self {
            buffer: CompressedBuffer::new(),
            decoder: DeflateDecoder::new(),
            symbols,
            filled: WINDOW,
            chunk: 0..0,
            start: 0,
            boundary: Boundary { bit: 0, filled: WINDOW },
        })
    }

    /// Starts with `chunk`, a range of bytes of the file. `source` begins there and continues after the chunk.
    pub(crate) fn restart(&mut self, chunk: Range<u64>) {
        self.buffer.restart_at(chunk.start);
        self.filled = WINDOW;
        self.chunk = chunk;
    }

    /// Searches a part of the chunk for its first block.
    pub(crate) fn search(&mut self, source: &mut dyn CompressedSource) -> io::Result<SpeculationStep> {
        self.buffer.provide(source, CompressedBuffer::CAPACITY)?;
        let (offset, data) = (self.buffer.offset(), self.buffer.bytes());
        // A header at the end of the data may be incomplete.
        let searchable = data.len().saturating_sub(LOOKAHEAD).min((self.chunk.end - offset) as usize);
        if searchable == 0 {
            return Ok(SpeculationStep::Stopped);
        }
        let Some(bit) = find_block(data, 0..searchable as u64 * 8) else {
            self.buffer.consume(searchable);
            return Ok(SpeculationStep::Continue);
        };
        self.buffer.consume((bit / 8) as usize);
        self.decoder.restart_at((bit % 8) as u32);
        self.start = offset * 8 + bit;
        self.boundary = Boundary { bit: self.start, filled: WINDOW };
        Ok(SpeculationStep::Reached)
    }

    /// Decodes up to [`STEP`] symbols, after the first block is found.
    pub(crate) fn decode(&mut self, source: &mut dyn CompressedSource) -> io::Result<SpeculationStep> {
        let at_end = !self.buffer.fill(source)?;
        let end = MAX_LENGTH.min(self.filled + STEP);
        if self.symbols.len() < end {
            self.symbols.resize(end, 0);
        }
        let output = &mut self.symbols[..end];
        let Ok(decoded) = self.decoder.decode(self.buffer.bytes(), output, self.filled) else {
            return Ok(SpeculationStep::Stopped);
        };
        self.buffer.consume(decoded.consumed);
        self.filled += decoded.produced;
        match decoded.status {
            DecodeStatus::BlockEnd => {
                let unused = self.decoder.unused_bits();
                self.boundary = Boundary { bit: self.buffer.offset() * 8 - u64::from(unused), filled: self.filled };
                let end = chunk_end(&mut self.buffer, source, unused, self.chunk.end);
                self.boundary.bit = end.unwrap_or(self.boundary.bit);
                Ok(if end.is_some() { SpeculationStep::Reached } else { SpeculationStep::Continue })
            }
            DecodeStatus::NeedsInput if at_end => Ok(SpeculationStep::Stopped),
            DecodeStatus::OutputFull if self.filled == MAX_LENGTH || self.expands_too_much() => {
                Ok(SpeculationStep::Stopped)
            }
            DecodeStatus::NeedsInput | DecodeStatus::OutputFull => Ok(SpeculationStep::Continue),
            DecodeStatus::StreamEnd => Ok(SpeculationStep::Stopped),
        }
    }

    /// Whether the data expands so much that the symbols would take more memory than a second worker is worth. Such data is mostly
    /// matches, which are decoded fast.
    fn expands_too_much(&self) -> bool {
        let compressed = self.buffer.offset() - self.start / 8;
        let symbols = self.filled - WINDOW;
        symbols > FREE_SYMBOLS && symbols as u64 > compressed * MAX_RATIO
    }

    /// Offset of the first block's header in the file, in bits.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The symbols up to the last block boundary.
    pub(crate) fn symbols(&self) -> &[u16] {
        &self.symbols[WINDOW..self.boundary.filled]
    }

    /// Offset of the last block boundary in the file, in bits.
    pub(crate) fn boundary(&self) -> u64 {
        self.boundary.bit
    }
}

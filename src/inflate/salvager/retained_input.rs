//! The buffer through which a salvager reads a file: it keeps consumed bytes, so that the salvager can go back.

use std::io;
use std::ops::Range;

use super::offsets::FileBit;
use crate::inflate::CompressedSource;
use crate::inflate::compressed_buffer::HISTORY;

/// Consumed bytes that are kept at least. A block of most encoders has at most 100 KiB, one of zopfli up to 1 MiB of content.
pub(super) const RETAINED: usize = 1 << 20;

/// Bytes after the position that [`RetainedInput::provide`] can provide at most. Most final blocks fit, so what follows them
/// confirms their start.
pub(super) const LOOKAHEAD: usize = 512 * 1024;

/// Bytes read at a time.
const READ: usize = 256 * 1024;

/// Length of the buffer. With a multiple of what it has to hold, a byte is moved once at most.
const CAPACITY: usize = 2 * RETAINED + LOOKAHEAD + READ;

/// Bytes of a file around a position.
pub(super) struct RetainedInput {
    /// Allocated with the first read.
    buffer: Vec<u8>,
    /// End of the bytes in the buffer.
    end: usize,
    /// Offset in the file of `buffer[0]`.
    start: u64,
    /// Index of the next byte to consume.
    at: usize,
    /// The source has reported its end.
    at_end: bool,
}

impl RetainedInput {
    pub(super) fn new() -> Self {
        Self { buffer: Vec::new(), end: 0, start: 0, at: 0, at_end: false }
    }

    /// Bytes for which there is memory.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Offset in the file of the next byte to consume.
    pub(super) fn position(&self) -> u64 {
        self.start + self.at as u64
    }

    /// The bytes that are not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    /// All bytes, those that are kept included.
    pub(super) fn all(&self) -> &[u8] {
        &self.buffer[..self.end]
    }

    /// The bytes from an offset in the file on; none if it is not in the buffer.
    pub(super) fn at(&self, offset: u64) -> &[u8] {
        let index = offset.checked_sub(self.start).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.buffer.get(index..self.end)).unwrap_or_default()
    }

    /// The range of offsets in the file of [`all`](Self::all).
    pub(super) fn range(&self) -> Range<u64> {
        self.start..self.start + self.end as u64
    }

    /// The index in [`all`](Self::all), in bits, of a bit of the file.
    pub(super) fn bit_index(&self, bit: FileBit) -> u64 {
        bit.0 - FileBit::of_byte(self.start).0
    }

    /// The bit of the file with this index in [`all`](Self::all).
    pub(super) fn bit_at(&self, index: u64) -> FileBit {
        FileBit::of_byte(self.start).plus(index)
    }

    /// Offset of the first byte at which a search can find a start. It looks at some bytes before each.
    pub(super) fn first_searchable(&self) -> u64 {
        if self.start == 0 { 0 } else { self.start + HISTORY as u64 }
    }

    /// Whether the file ends with the bytes in the buffer.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.at += count;
        debug_assert!(self.at <= self.end);
    }

    /// Continues at another offset, whose bytes are in the buffer.
    pub(super) fn seek(&mut self, offset: u64) {
        self.at = (offset.saturating_sub(self.start) as usize).min(self.end);
    }

    /// Reads until there are `wanted` bytes after the position, at most [`LOOKAHEAD`], or the file ends.
    pub(super) fn provide(&mut self, source: &mut dyn CompressedSource, wanted: usize) -> io::Result<()> {
        while self.end - self.at < wanted && !self.at_end {
            self.make_space();
            let space = self.end..(self.end + READ).min(CAPACITY);
            let count = source.read_some(&mut self.buffer[space])?;
            self.end += count;
            self.at_end = count == 0;
        }
        Ok(())
    }

    /// Removes bytes at the start, if there is no space at the end.
    fn make_space(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = vec![0; CAPACITY];
        }
        if self.end + READ > CAPACITY {
            let removed = self.at.saturating_sub(RETAINED);
            self.buffer.copy_within(removed..self.end, 0);
            (self.start, self.at, self.end) = (self.start + removed as u64, self.at - removed, self.end - removed);
        }
    }
}

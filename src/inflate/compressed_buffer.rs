//! The buffer through which a compressed file is read in order.

use std::io;

/// A source of compressed data, which is read in order.
pub trait CompressedSource {
    /// Reads the bytes that are available, at least one, to the start of `buffer`; returns their number. 0 means the
    /// end.
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Whether the next read returns without waiting for data. A pipe may deliver no more bytes for a long time, so the content
    /// before them is returned first.
    fn is_ready(&mut self) -> bool {
        true
    }
}

/// Reads from a reader of the caller's, and retries calls that a signal interrupts.
pub(crate) fn read_uninterrupted(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Bytes read at a time. A BGZF block of 64 KiB and the header after it must fit. Sizes up to 1 MiB are not
/// measurably faster.
const BUFFER: usize = 256 * 1024;

/// Consumed bytes that stay available. The block finder looks at the five bytes before a block.
pub(super) const HISTORY: usize = 8;

/// Compressed bytes that were read and not consumed, and their position in the file.
pub(super) struct CompressedBuffer {
    buffer: Box<[u8]>,
    /// The unconsumed bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Offset in the file of the byte at `start`.
    offset: u64,
    /// The source has reported its end.
    at_end: bool,
}

impl CompressedBuffer {
    /// Unconsumed bytes that the buffer can hold.
    pub(super) const CAPACITY: usize = BUFFER;

    /// Allocates the buffer.
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; HISTORY + BUFFER].into_boxed_slice(), start: 0, end: 0, offset: 0, at_end: false }
    }

    /// Empties the buffer. The source continues at this offset of a file.
    pub(super) fn restart_at(&mut self, offset: u64) {
        (self.start, self.end, self.offset, self.at_end) = (0, 0, offset, false);
    }

    /// The last [`history`](Self::history) consumed bytes, followed by the unconsumed bytes.
    pub(super) fn bytes_with_history(&self) -> &[u8] {
        &self.buffer[self.start - self.history()..self.end]
    }

    /// Number of consumed bytes that are still there.
    pub(super) fn history(&self) -> usize {
        self.start.min(HISTORY)
    }

    /// The unconsumed bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes of the file consumed so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the source has reported its end: no byte follows those in the buffer.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Reads more if the buffer is empty; returns whether it has bytes now. False means the end of the file.
    pub(super) fn fill(&mut self, source: &mut dyn CompressedSource) -> io::Result<bool> {
        self.provide(source, 1)?;
        Ok(self.start < self.end)
    }

    /// Reads until there are `wanted` bytes, at most [`CAPACITY`](Self::CAPACITY), or the file ends.
    pub(super) fn provide(&mut self, source: &mut dyn CompressedSource, wanted: usize) -> io::Result<()> {
        if self.end - self.start >= wanted || self.at_end {
            return Ok(());
        }
        let history = self.start.min(HISTORY);
        self.buffer.copy_within(self.start - history..self.end, 0);
        (self.start, self.end) = (history, self.end - self.start + history);
        while self.end - self.start < wanted && !self.at_end {
            // Reads are aligned in the file as long as the buffer is read from its start.
            let count = source.read_some(&mut self.buffer[self.end..history + BUFFER])?;
            self.end += count;
            self.at_end = count == 0;
        }
        Ok(())
    }

    /// The same without waiting for data; returns whether there are that many bytes, or the file ends.
    pub(super) fn provide_ready(&mut self, source: &mut dyn CompressedSource, wanted: usize) -> io::Result<bool> {
        while !self.has(wanted) && source.is_ready() {
            self.provide(source, self.bytes().len() + 1)?;
        }
        Ok(self.has(wanted))
    }

    /// Whether there are `wanted` bytes, or the source has reported its end.
    pub(super) fn has(&self, wanted: usize) -> bool {
        self.bytes().len() >= wanted || self.at_end
    }

    /// Consumes and returns the next byte. `None` at the end of the file.
    pub(super) fn byte(&mut self, source: &mut dyn CompressedSource) -> io::Result<Option<u8>> {
        self.fill(source)?;
        let byte = self.bytes().first().copied();
        self.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    /// Consumes `count` bytes, which must be in the buffer.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }
}

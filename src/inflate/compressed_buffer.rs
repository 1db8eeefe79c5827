//! A compressed file as it is read, in order, through one buffer.

use std::io;
use std::os::fd::BorrowedFd;

use crate::io::transfer::read_some;

/// Where a compressed file comes from, in its order.
pub trait CompressedSource {
    /// Puts what there is, at least a byte, at the beginning of `buffer`, and tells how much; nothing if the file is over.
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

impl CompressedSource for BorrowedFd<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_some(*self, buffer)
    }
}

/// Bytes read at a time. A BGZF block of 64 KiB and the next one's header must fit; beyond that, sizes from
/// 64 KiB to 1 MiB made no difference that could be told from noise.
const BUFFER: usize = 256 * 1024;

/// Bytes of a file that have been read, and where in the file they are.
pub(super) struct CompressedBuffer {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Offset in the file of the byte at `start`.
    offset: u64,
    /// The file has no more.
    over: bool,
}

impl CompressedBuffer {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; BUFFER].into_boxed_slice(), start: 0, end: 0, offset: 0, over: false }
    }

    /// Forgets a file for the next one.
    pub(super) fn restart(&mut self) {
        (self.start, self.end, self.offset, self.over) = (0, 0, 0, false);
    }

    /// What has been read and not consumed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes of the file consumed so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads on if nothing is left; tells whether there is anything.
    pub(super) fn fill(&mut self, from: &mut dyn CompressedSource) -> io::Result<bool> {
        self.provide(from, 1)?;
        Ok(self.start < self.end)
    }

    /// Reads on until there are `wanted` bytes, at most a whole buffer, or the file is over.
    pub(super) fn provide(&mut self, from: &mut dyn CompressedSource, wanted: usize) -> io::Result<()> {
        if self.end - self.start >= wanted || self.over {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < wanted && !self.over {
            let got = from.read_some(&mut self.buffer[self.end..])?;
            self.end += got;
            self.over = got == 0;
        }
        Ok(())
    }

    /// Takes the next byte; `None` at the end.
    pub(super) fn byte(&mut self, from: &mut dyn CompressedSource) -> io::Result<Option<u8>> {
        self.fill(from)?;
        let byte = self.bytes().first().copied();
        self.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    /// Takes `count` of the bytes there are.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }
}

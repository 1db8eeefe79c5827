//! Reads a part of a file by position, so that several workers can read the same file.

use std::io;
use std::os::fd::BorrowedFd;

use crate::inflate::CompressedSource;
use crate::io::transfer::read_some_before;

/// Reads a file from one offset to another.
pub(crate) struct PositionedReader<'a> {
    fd: BorrowedFd<'a>,
    offset: u64,
    /// End of the data in the file. The file may have grown beyond it since it was opened.
    end: u64,
}

impl<'a> PositionedReader<'a> {
    /// Reads from `offset`, up to `end` or the end of the file.
    pub(crate) fn new(fd: BorrowedFd<'a>, offset: u64, end: u64) -> Self {
        Self { fd, offset, end }
    }

    /// Offset in the file of the next read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }
}

impl CompressedSource for PositionedReader<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = read_some_before(self.fd, buffer, self.offset, self.end)?;
        self.offset += got as u64;
        Ok(got)
    }
}

//! A file that is read by position through a descriptor whose own position does not change.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::BorrowedFd;

use crate::io::transfer::read_some_before;

/// Reads a file of a known length.
#[derive(Debug)]
pub(crate) struct PositionedFile<'a> {
    fd: BorrowedFd<'a>,
    offset: u64,
    length: u64,
}

impl<'a> PositionedFile<'a> {
    /// Reads the first `length` bytes of a file.
    pub(crate) fn new(fd: BorrowedFd<'a>, length: u64) -> Self {
        Self { fd, offset: 0, length }
    }
}

impl Read for PositionedFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = read_some_before(self.fd, buffer, self.offset, self.length)?;
        self.offset += got as u64;
        Ok(got)
    }
}

impl Seek for PositionedFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(distance) => self.offset.checked_add_signed(distance),
            SeekFrom::End(distance) => self.length.checked_add_signed(distance),
        };
        self.offset = offset.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

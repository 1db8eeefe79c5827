//! Reads an input in order, up to the length that it had when it was opened. Without that limit, reading a file that
//! keeps growing would not end.

use std::io;
use std::os::fd::BorrowedFd;

use crate::inflate::CompressedSource;
use crate::io::input::{Change, Input};
use crate::io::transfer::{read_full, read_some};

/// Reads the content of one input in order.
pub(crate) struct SequentialReader<'a> {
    input: &'a Input,
    fd: BorrowedFd<'a>,
    /// Bytes left up to that length. `None` if the input had no length, as a pipe: it is read to its end.
    left: &'a mut Option<u64>,
}

impl<'a> SequentialReader<'a> {
    /// Reads `input` through `fd`.
    pub(super) fn new(input: &'a Input, fd: BorrowedFd<'a>, left: &'a mut Option<u64>) -> Self {
        Self { input, fd, left }
    }

    /// Reads until `buffer` is full or the content ends; returns the number of bytes.
    pub(crate) fn read_full(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer, read_full)
    }

    fn read(
        &mut self,
        buffer: &mut [u8],
        read: impl Fn(BorrowedFd<'_>, &mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let most = self.left.map_or(buffer.len(), |left| left.min(buffer.len() as u64) as usize);
        if most == 0 {
            return Ok(0);
        }
        let got = read(self.fd, &mut buffer[..most])?;
        match self.left {
            Some(left) => *left -= got as u64,
            // The file was empty and grew. A file in /proc has content too, but its length stays 0.
            None if got > 0 && self.input.change()? == Change::Grown => {
                *self.left = Some(0);
                return Ok(0);
            }
            None => {}
        }
        Ok(got)
    }
}

impl CompressedSource for SequentialReader<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer, read_some)
    }
}

impl CompressedSource for BorrowedFd<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_some(*self, buffer)
    }
}

//! Reading an input in order, up to the length that it had when it was opened: a file that keeps growing has no end.

use std::io;
use std::os::fd::BorrowedFd;

use crate::inflate::CompressedSource;
use crate::io::input::{Change, Input};
use crate::io::transfer::{read_full, read_some};

/// An input's content in order.
pub struct SequentialReader<'a> {
    input: &'a Input,
    fd: BorrowedFd<'a>,
    /// Bytes up to there. `None` if it was of no size then, as a pipe is: it is read until it is over.
    left: &'a mut Option<u64>,
}

impl<'a> SequentialReader<'a> {
    /// The content of `input`, which is open as `fd`.
    pub(super) fn new(input: &'a Input, fd: BorrowedFd<'a>, left: &'a mut Option<u64>) -> Self {
        Self { input, fd, left }
    }

    /// Reads until `buffer` is full or the content over; returns how much it got.
    pub fn read_full(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
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
            // It was empty. A file that shows a state of the system has content and still no size.
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

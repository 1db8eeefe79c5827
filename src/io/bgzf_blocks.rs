//! The blocks of a BGZF file, found by the sizes that they state, without inflating anything.

use std::io;
use std::os::fd::BorrowedFd;

use crate::format::bgzf;
use crate::format::gzip::{self, TRAILER};
use crate::io::transfer::read_at_least;

/// Bytes of a block's header that are read. Written ones have 18.
const HEADER: usize = 64;

/// Where a block begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlockOffsets {
    /// Offset of the block in the file.
    pub block: u64,
    /// Offset of its content.
    pub content: u64,
}

/// Reads the header and the trailer of each block: 50,000 reads take 50 ms, and a file of 1 GB has so many blocks.
#[derive(Debug)]
pub(crate) struct BgzfBlocks<'fd> {
    fd: BorrowedFd<'fd>,
    /// Size of the file.
    size: u64,
    /// The start of the last block that was found. At the end and before the first block: where another one may begin.
    position: BlockOffsets,
    /// The length that this block states.
    length: Option<u64>,
}

impl<'fd> BgzfBlocks<'fd> {
    /// The blocks of a file of `size` bytes.
    pub(crate) fn of(fd: BorrowedFd<'fd>, size: u64) -> Self {
        Self { fd, size, position: BlockOffsets::default(), length: None }
    }

    /// The next block. `None` at the end of the file, and where something else follows.
    pub(crate) fn next(&mut self) -> io::Result<Option<BlockOffsets>> {
        // The trailer of a block and the header of the next one are read together.
        let mut bytes = [0; TRAILER + HEADER];
        let got = match self.length {
            None => read_at_least(self.fd, &mut bytes[TRAILER..], HEADER, self.position.block)?,
            Some(length) => {
                let end = self.position.block + length;
                let got = read_at_least(self.fd, &mut bytes, TRAILER + HEADER, end - TRAILER as u64)?;
                let Some(got) = got.checked_sub(TRAILER) else { return Ok(None) };
                let trailer = bytes.first_chunk().expect("the buffer begins with a trailer");
                self.position.block = end;
                self.position.content += u64::from(gzip::read_trailer(*trailer).length);
                got
            }
        };
        let is_at_end = self.position.block >= self.size;
        let sizes = bgzf::parse_header(&bytes[TRAILER..TRAILER + got]).filter(|_| !is_at_end);
        self.length = sizes.map(|sizes| sizes.block as u64);
        Ok(sizes.map(|_| self.position))
    }

    /// The length of the content of all blocks. `None` if the file does not consist of blocks.
    pub(crate) fn content_length(mut self) -> io::Result<Option<u64>> {
        while self.next()?.is_some() {}
        Ok((self.position.block == self.size).then_some(self.position.content))
    }
}

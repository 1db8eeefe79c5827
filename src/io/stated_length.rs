//! The length that a compressed file states of its content, read by position without inflating anything.

use std::io;
use std::os::fd::BorrowedFd;

use crate::format::bgzf;
use crate::format::gzip::{self, TRAILER};
use crate::io::bgzf_blocks::BgzfBlocks;
use crate::io::transfer::read_at_least;

/// What a file states of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatedLength {
    /// The length in the last trailer: that of the last member, modulo 2^32.
    LastMember(u32),
    /// The length of all blocks of a BGZF file that is complete.
    Bgzf(u64),
}

impl StatedLength {
    /// Reads it from a file of `size` bytes. `None` if the file is too short for a trailer.
    pub(crate) fn read(fd: BorrowedFd<'_>, size: u64) -> io::Result<Option<Self>> {
        let mut end = [0; bgzf::END_MARKER.len()];
        let wanted = end.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        let got = read_at_least(fd, &mut end, wanted, size - wanted as u64)?;
        let Some(trailer) = end[..got].last_chunk::<TRAILER>().filter(|_| got == wanted) else {
            return Ok(None);
        };
        let last = Self::LastMember(gzip::read_trailer(*trailer).length);
        if end != bgzf::END_MARKER {
            return Ok(Some(last));
        }
        Ok(Some(BgzfBlocks::of(fd, size).content_length()?.map_or(last, Self::Bgzf)))
    }

    /// Whether it is the length of content of `size` bytes, as far as it is stated.
    pub(crate) fn is(self, size: u64) -> bool {
        match self {
            Self::LastMember(length) => length == size as u32,
            Self::Bgzf(length) => length == size,
        }
    }

    /// The length in bytes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::LastMember(length) => length.into(),
            Self::Bgzf(length) => length,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;

    fn read(bytes: &[u8]) -> Option<StatedLength> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        StatedLength::read(file.as_fd(), bytes.len() as u64).unwrap()
    }

    /// A BGZF block that states this length; its data is not inflated.
    fn block(length: usize, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let start = bgzf::begin_block(&mut out);
        out.extend_from_slice(data);
        bgzf::end_block(&mut out, start, 0, length);
        out
    }

    #[test]
    fn the_lengths_of_all_blocks_count() {
        assert_eq!(read(&bgzf::END_MARKER), Some(StatedLength::Bgzf(0)));
        let blocks = [block(65_280, &[0; 30_000]), block(7, b"data"), bgzf::END_MARKER.to_vec()].concat();
        assert_eq!(read(&blocks), Some(StatedLength::Bgzf(65_287)));
        assert!(StatedLength::Bgzf(65_287).is(65_287) && !StatedLength::Bgzf(5).is((1 << 32) + 5));
    }

    #[test]
    fn the_last_trailer_counts_if_the_file_is_not_a_complete_bgzf_file() {
        let blocks = [block(5, b"data"), block(7, b"data")].concat();
        assert_eq!(read(&blocks), Some(StatedLength::LastMember(7)));
        assert_eq!(read(&[b"garbage".as_slice(), &bgzf::END_MARKER].concat()), Some(StatedLength::LastMember(0)));
        assert_eq!(read(&[&block(5, b"data")[..20], &bgzf::END_MARKER].concat()), Some(StatedLength::LastMember(0)));
        assert_eq!(read(b"1234567"), None);
        assert_eq!(read(b"1234\x01\0\0\0"), Some(StatedLength::LastMember(1)));
        assert!(StatedLength::LastMember(5).is((1 << 32) + 5));
    }
}

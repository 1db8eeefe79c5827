//! Finds the member of a BGZF file at which a range begins. Each member states its size, and its trailer the length of its content.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use crate::deflate;
use crate::error::Error;
use crate::format::bgzf;
use crate::format::gzidx::BadIndex;
use crate::inflate::{ResumePoint, SequentialInflater, as_io_error, count_newlines};
use crate::io::bgzf_blocks::{BgzfBlocks, BlockOffsets};
use crate::io::input::Input;
use crate::io::positioned_reader::PositionedReader;
use crate::io::transfer::read_at_least;

/// Length of an entry of such an index: the offsets of a member in the file, and of its content.
const ENTRY: u64 = 16;

/// Bytes that are searched for a member's header.
const HEADER: usize = 64;

/// Length of the longest member.
const LONGEST: u64 = 1 << 16;

/// Compressed bytes at the end of a file whose lines are counted first. Each further step has twice as many.
const FIRST_STEP: u64 = 256 << 10;

/// The member that contains the byte at `wanted`, or the last one. Reads the headers of all members before it.
pub(super) fn find_byte(input: &Input, size: u64, wanted: u64) -> io::Result<BlockOffsets> {
    let (mut blocks, mut found) = (BgzfBlocks::of(input.fd()?, size), BlockOffsets::default());
    while let Some(offsets) = blocks.next()?.filter(|offsets| offsets.content <= wanted) {
        found = offsets;
    }
    Ok(found)
}

/// The same with the index of bgzip.
pub(super) fn find_in_gzi(index: &File, wanted: u64, input: &Input, size: u64) -> Result<BlockOffsets, Error> {
    let bad = |error: BadIndex| Error::other(error);
    let read = |offset| -> io::Result<u64> {
        let mut number = [0; 8];
        match read_at_least(index.as_fd(), &mut number, 8, offset)? {
            8 => Ok(u64::from_le_bytes(number)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let length = index.metadata()?.len();
    let entries = read(0)?;
    if entries.checked_mul(ENTRY).and_then(|bytes| bytes.checked_add(8)) != Some(length) {
        return Err(bad(BadIndex::Damaged));
    }
    // The first entry whose content begins after the byte. The first member has no entry.
    let (mut from, mut to) = (0, entries);
    while from < to {
        let middle = from + (to - from) / 2;
        if read(8 + middle * ENTRY + 8)? <= wanted { from = middle + 1 } else { to = middle }
    }
    let Some(last) = from.checked_sub(1) else { return Ok(BlockOffsets::default()) };
    let (block, content) = (read(8 + last * ENTRY)?, read(16 + last * ENTRY)?);
    let mut header = [0; HEADER];
    let got = if block < size { read_at_least(input.fd()?, &mut header, HEADER, block)? } else { 0 };
    match bgzf::parse_header(&header[..got]) {
        Some(_) => Ok(BlockOffsets { block, content }),
        None => Err(bad(BadIndex::OtherFile)),
    }
}

/// A member after which the content has more than `lines` newlines, or the first one.
pub(super) fn find_tail(input: &Input, size: u64, lines: u64) -> io::Result<u64> {
    let mut counter = LineCounter::new();
    let (mut start, mut newlines, mut step) = (size, 0, FIRST_STEP);
    while start > 0 && newlines <= lines {
        let end = start;
        while start > end.saturating_sub(step)
            && let Some(previous) = member_before(input, start)?
        {
            start = previous;
        }
        if start == end {
            // Not BGZF throughout.
            return Ok(0);
        }
        newlines += counter.count(input, start, end)?;
        step *= 2;
    }
    Ok(start)
}

/// The offset of the member that ends at `end`.
fn member_before(input: &Input, end: u64) -> io::Result<Option<u64>> {
    let first = end.saturating_sub(LONGEST);
    let mut bytes = vec![0; (end - first) as usize];
    let got = read_at_least(input.fd()?, &mut bytes, (end - first) as usize, first)?;
    let bytes = &bytes[..got];
    let ends_here = |at: &usize| bgzf::parse_header(&bytes[*at..]).is_some_and(|sizes| at + sizes.block == bytes.len());
    let starts = (0..bytes.len()).rev().filter(|&at| bytes[at..].starts_with(&bgzf::PREFIX));
    Ok(starts.into_iter().find(ends_here).map(|at| first + at as u64))
}

/// Counts newlines in members.
struct LineCounter {
    inflater: SequentialInflater,
    buffer: Vec<u8>,
}

impl LineCounter {
    fn new() -> Self {
        Self { inflater: SequentialInflater::new(), buffer: Vec::with_capacity(deflate::WORST_CASE) }
    }

    /// The number of newlines in the members in this range of the file.
    fn count(&mut self, input: &Input, start: u64, end: u64) -> io::Result<u64> {
        self.inflater.restart_at(&ResumePoint::Member(start));
        let (mut source, mut newlines) = (PositionedReader::new(input.fd()?, start, end), 0);
        loop {
            let content = self.inflater.next(&mut source, std::mem::take(&mut self.buffer));
            newlines += count_newlines(&content.bytes);
            self.buffer = content.bytes;
            if content.end.transpose().map_err(as_io_error)?.is_some() {
                return Ok(newlines);
            }
        }
    }
}

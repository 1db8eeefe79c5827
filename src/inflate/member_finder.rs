//! Finds the headers of gzip members in the middle of a file.
//!
//! A member of less than about 100 KB is often a single block, which is its last one, so the block finder finds nothing in a
//! file of such members. The header of a member is a start for a decoder, too, and needs no window. A header is a guess like
//! the start of a block: the content of a stored block may contain a whole .gz file.

use std::ops::Range;

use crate::format::bgzf;
use crate::format::gzip::{FLAGS_RESERVED, MAGIC, METHOD_DEFLATE, recompressed_level};

/// Bytes of a header that are checked: up to the optional fields.
pub(super) const FIXED_FIELDS: usize = 10;

/// Bytes that are searched at once.
const GROUP: usize = 64;

/// The first three bytes of a header.
const BEGINNING: [u8; 3] = [MAGIC[0], MAGIC[1], METHOD_DEFLATE];

/// The values of XFL that encoders write: none, the slowest and the fastest level.
const EXTRA_FLAGS: [u8; 3] = [0, 2, 4];

/// The highest level that XFL states in a recompressed file.
const MAX_RECOMPRESSED_LEVEL: u8 = 12;

/// The largest value of OS that is known (19, Darwin), apart from 255 for an unknown one.
const LAST_SYSTEM: u8 = 19;
const UNKNOWN_SYSTEM: u8 = 255;

/// Whether a header that encoders write is at the start of `data`. In random data this is the case once in 26 GB. Not for BGZF
/// members, which are read in batches.
pub(super) fn is_header(data: &[u8]) -> bool {
    is_any_header(data) && !data.starts_with(&bgzf::PREFIX)
}

/// The same, also for BGZF members.
pub(super) fn is_any_header(data: &[u8]) -> bool {
    let Some([_, _, _, flags, _, _, _, _, extra, system]) = data.first_chunk::<FIXED_FIELDS>() else { return false };
    data.starts_with(&BEGINNING)
        && flags & FLAGS_RESERVED == 0
        && (EXTRA_FLAGS.contains(extra)
            || recompressed_level(*extra).is_some_and(|level| level <= MAX_RECOMPRESSED_LEVEL))
        && (*system <= LAST_SYSTEM || *system == UNKNOWN_SYSTEM)
}

/// The position in `range` of the first header. `data` may continue after `range`.
pub(super) fn find_header(data: &[u8], range: Range<usize>) -> Option<usize> {
    find(data, range, is_header)
}

/// The same, also for BGZF members.
pub(super) fn find_any_header(data: &[u8], range: Range<usize>) -> Option<usize> {
    find(data, range, is_any_header)
}

fn find(data: &[u8], range: Range<usize>, is_header: fn(&[u8]) -> bool) -> Option<usize> {
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + GROUP);
        let group = &data[start..data.len().min(end + BEGINNING.len() - 1)];
        if has_beginning(group)
            && let Some(found) = (start..end).find(|&at| is_header(&data[at..]))
        {
            return Some(found);
        }
        start = end;
    }
    None
}

/// Whether the first bytes of a header are anywhere in `bytes`. Without branches, so that the compiler vectorizes it.
fn has_beginning(bytes: &[u8]) -> bool {
    let Some((_, [second @ .., _])) = bytes.split_first() else { return false };
    let third = &bytes[2..];
    let hits = bytes.iter().zip(second.iter().zip(third)).map(|(&first, (&second, &third))| {
        u8::from(first == BEGINNING[0]) & u8::from(second == BEGINNING[1]) & u8::from(third == BEGINNING[2])
    });
    hits.fold(0, |any, hit| any | hit) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::gzip::{Header, mark_recompressed, write_header};

    fn header(level: u8) -> Vec<u8> {
        let mut header = Vec::new();
        write_header(&Header { level, ..Header::default() }, &mut header);
        header
    }

    #[test]
    fn a_header_is_found_at_every_position_and_only_there() {
        for at in 0..200 {
            let data = [vec![0x1f; at], header(6), vec![0x8b; 100]].concat();
            assert_eq!(find_header(&data, 0..data.len()), Some(at));
            assert_eq!(find_header(&data, at..at + 1), Some(at));
            assert_eq!(find_header(&data, 0..at), None);
            assert_eq!(find_header(&data, at + 1..data.len()), None);
            assert_eq!(find_header(&data[..at + FIXED_FIELDS - 1], 0..at + FIXED_FIELDS - 1), None, "it is incomplete");
        }
    }

    #[test]
    fn the_header_of_a_recompressed_member_is_found() {
        for level in 0..=13 {
            let mut header = header(6);
            mark_recompressed(&mut header, level);
            assert_eq!(is_header(&header), level <= 12, "level {level}");
        }
    }

    #[test]
    fn headers_that_encoders_do_not_write_are_not_found() {
        let changed = |at: usize, byte: u8| {
            let mut header = header(1);
            header[at] = byte;
            is_header(&header)
        };
        assert!(is_header(&header(1)) && is_header(&header(9)) && changed(9, 255));
        for (at, byte) in [(0, 0x1e), (1, 0x8c), (2, 7), (3, 0x20), (3, 4), (8, 1), (9, 20), (9, 254)] {
            assert!(!changed(at, byte), "byte {at}");
        }
    }
}

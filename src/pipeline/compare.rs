//! `--update --rm`: whether an existing .gz contains an original, byte for byte.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use crate::deflate;
use crate::format::gzip::ReadError;
use crate::inflate::{MemberChecksum, SequentialInflater};
use crate::io::input::Input;
use crate::io::transfer::read_at_least;

/// Whether `compressed` decompresses to exactly the content of `original`, a regular file.
///
/// # Errors
/// Errors of the system. A file that is damaged, or not gzip data, counts as one with other content.
pub(crate) fn contains(compressed: &File, original: &Input) -> io::Result<bool> {
    let (mut inflater, mut checksum) = (SequentialInflater::new(), MemberChecksum::default());
    let mut buffer = Vec::with_capacity(deflate::WORST_CASE);
    let (mut expected, mut offset) = (Vec::new(), 0);
    loop {
        let content = inflater.next(&mut compressed.as_fd(), buffer);
        if !content.verified && checksum.check(&content.bytes, &content.member_ends, Vec::new()).is_err() {
            return Ok(false);
        }
        // At the end of the decompressed content, one more byte shows whether the original continues.
        let length = content.bytes.len();
        let wanted = length + usize::from(content.end.is_some());
        expected.resize(wanted, 0);
        let read = read_at_least(original.fd()?, &mut expected, wanted, offset)?;
        if content.bytes != expected[..read] {
            return Ok(false);
        }
        match content.end {
            None => offset += length as u64,
            Some(Ok(trailing)) => return Ok(trailing.is_read()),
            Some(Err(ReadError::Source(error))) => return Err(error),
            Some(Err(ReadError::Damage(_))) => return Ok(false),
        }
        buffer = content.bytes;
    }
}

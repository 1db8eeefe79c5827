//! `--update --rm`: whether an existing .gz contains an original, byte for byte.

use std::fs::File;
use std::io::{self, Read};

use crate::decoder::Decoder;
use crate::io::input::Input;
use crate::io::transfer::read_at_least;

/// Bytes compared at a time.
const COMPARED: usize = 256 * 1024;

/// Whether `compressed` decompresses to exactly the content of `original`, a regular file.
///
/// # Errors
/// Errors of the system. A file that is damaged, or not gzip data, counts as one with other content.
pub(crate) fn contains(compressed: &File, original: &Input) -> io::Result<bool> {
    let mut decoder = Decoder::new(compressed);
    let (mut content, mut expected) = (Vec::with_capacity(COMPARED), vec![0; COMPARED]);
    let mut offset = 0;
    loop {
        content.clear();
        let decompressed = match decoder.by_ref().take(COMPARED as u64).read_to_end(&mut content) {
            Err(error) if error.raw_os_error().is_none() => return Ok(false),
            decompressed => decompressed?,
        };
        // At the end of the decompressed content, this also shows whether the original continues.
        let read = read_at_least(original.fd()?, &mut expected, COMPARED, offset)?;
        if content != expected[..read] {
            return Ok(false);
        }
        if decompressed < COMPARED {
            return Ok(!decoder.has_trailing_garbage());
        }
        offset += decompressed as u64;
    }
}

//! `--update --rm`: whether a .gz that is there already holds an original, byte for byte.

use std::fs::File;
use std::io::{self, Read};

use crate::decoder::Decoder;
use crate::io::input::Input;
use crate::io::transfer::read_at_least;

/// Bytes compared at a time.
const PIECE: usize = 256 * 1024;

/// Whether `packed` decompresses to just what `original`, a regular file, holds.
///
/// # Errors
/// Of the system; what is no gzip data, or damaged, is merely something else.
pub fn holds(packed: &File, original: &Input) -> io::Result<bool> {
    let mut decoder = Decoder::new(packed);
    let (mut content, mut expected) = (Vec::with_capacity(PIECE), vec![0; PIECE]);
    let mut offset = 0;
    loop {
        content.clear();
        let got = match decoder.by_ref().take(PIECE as u64).read_to_end(&mut content) {
            Err(error) if error.raw_os_error().is_none() => return Ok(false),
            got => got?,
        };
        // Where the original has more, it has it behind what was compared.
        let wanted = read_at_least(original.fd()?, &mut expected, PIECE, offset)?;
        if content != expected[..wanted] {
            return Ok(false);
        }
        if got < PIECE {
            return Ok(!decoder.has_trailing_garbage());
        }
        offset += got as u64;
    }
}

//! Decompresses any bytes as a file in one of the formats that gunzip reads besides gzip. There is no reference, but the content and
//! the verdict must not depend on the sizes of reads and parts, and buffers must not grow.
#![no_main]

use std::io;

use gzcc::deflate::Engine;
use gzcc::fuzzing::{CompressedSource, FilePart, ForeignData, Inflater};
use libfuzzer_sys::fuzz_target;

/// Content in bytes after which decompression stops.
const CONTENT_LIMIT: usize = 1 << 20;

/// What files of these formats begin with. The first byte of the input selects one.
const BEGINNINGS: [&[u8]; 5] = [b"\x1f\x9d\x90", b"\x1f\x9d\x0c", b"\x1f\x1e", b"\x1f\xa0", b"PK\x03\x04"];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, data)) = data.split_first() else { return };
    let file = [BEGINNINGS[usize::from(choice) % BEGINNINGS.len()], data].concat();
    let whole = read(&file, usize::MAX, 64 << 10);
    let pieces = read(&file, 1 + usize::from(choice) / 16, 100 + usize::from(choice));
    let common = whole.0.len().min(pieces.0.len());
    assert!(whole.0[..common] == pieces.0[..common]);
    if whole.0.len() <= CONTENT_LIMIT {
        assert_eq!(whole, pieces);
    }
});

/// A file that is read in pieces.
struct Pieces<'a> {
    left: &'a [u8],
    piece: usize,
}

impl CompressedSource for Pieces<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.min(self.left.len()).min(buffer.len());
        let (now, later) = self.left.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.left = later;
        Ok(count)
    }
}

/// The content and the verdict.
fn read(file: &[u8], piece: usize, capacity: usize) -> (Vec<u8>, String) {
    let mut inflater = Inflater::new(Engine::Native);
    inflater.restart(ForeignData { other_formats: true, ..ForeignData::default() });
    let mut source = Pieces { left: file, piece };
    let mut all = Vec::new();
    while all.len() <= CONTENT_LIMIT {
        let FilePart::Content(content) = inflater.next(&mut source, Vec::with_capacity(capacity)) else {
            return (all, "BGZF".to_owned());
        };
        assert!(content.bytes.capacity() == capacity, "the buffer has grown");
        all.extend(content.bytes);
        match content.end {
            None => {}
            Some(Ok(trailing)) => return (all, format!("{trailing:?}")),
            Some(Err(error)) => return (all, gzcc::Error::from(error).to_string()),
        }
    }
    (all, "stopped".to_owned())
}

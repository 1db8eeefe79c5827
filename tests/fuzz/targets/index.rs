//! Reads any bytes as the index of a small file. Each read of the content fails, or, if the index has checksums, is right. Buffers must not
//! grow with what the index states.
#![no_main]

use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::LazyLock;

use gzcc::{Encoder, Index, IndexedDecoder};
use libfuzzer_sys::fuzz_target;

/// The content and its file, of two members.
static FILE: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let content: Vec<u8> = (0..60_000u32).flat_map(|i| (i / 3).to_string().into_bytes()).collect();
    let (first, second) = content.split_at(content.len() / 2);
    let member = |content: &[u8]| {
        let mut encoder = Encoder::new(Vec::new());
        encoder.write_all(content).and_then(|()| encoder.finish()).expect("a vector takes all bytes")
    };
    let file = [member(first), member(second)].concat();
    (content, file)
});

fuzz_target!(|data: &[u8]| {
    read(data);
    // With the length of the file, so that the index is not refused as that of another one.
    if let Some(length) = data.to_vec().get_mut(7..15) {
        length.copy_from_slice(&(FILE.1.len() as u64).to_le_bytes());
        let (before, after) = (&data[..7], &data[15..]);
        read(&[before, length, after].concat());
    }
});

/// Reads the content with this index.
fn read(data: &[u8]) {
    let (content, file) = &*FILE;
    let Ok(index) = Index::read_from(Cursor::new(data.to_vec())) else { return };
    let has_checksums = index.newlines().is_some();
    let Ok(mut decoder) = IndexedDecoder::new(Cursor::new(file), index) else { return };
    for offset in [content.len() / 3, 0, content.len() * 3 / 4, content.len()] {
        let mut part = Vec::new();
        decoder.seek(SeekFrom::Start(offset as u64)).expect("it reads nothing");
        let read = (&mut decoder).take(1000).read_to_end(&mut part);
        if has_checksums && read.is_ok() {
            assert!(part == content[offset..content.len().min(offset + 1000)]);
        }
    }
}

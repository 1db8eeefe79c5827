//! The inflater reports the same damage at the same offset, wherever its input and output are divided.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{CompressedSource, FilePart, ForeignData, Inflater};
use crate::deflate::Engine;
use crate::format::gzip::ReadError;
use crate::sync::jitter::splitmix64;

/// Returns up to `step` bytes at a time.
pub(in crate::inflate) struct Steps<'a> {
    pub(in crate::inflate) rest: &'a [u8],
    pub(in crate::inflate) step: usize,
}

impl CompressedSource for Steps<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.step.min(buffer.len()).min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }
}

/// The content, and the damage or what follows the data.
fn inflate(bytes: &[u8], step: usize, capacity: usize) -> (Vec<u8>, String) {
    let mut inflater = Inflater::new(Engine::Native);
    inflater.restart(ForeignData::default());
    let mut source = Steps { rest: bytes, step };
    let mut whole = Vec::new();
    loop {
        let FilePart::Content(content) = inflater.next(&mut source, Vec::with_capacity(capacity)) else {
            panic!("no BGZF is here");
        };
        whole.extend(content.bytes);
        match content.end {
            None => {}
            Some(Ok(trailing)) => return (whole, format!("{trailing:?}")),
            Some(Err(ReadError::Damage(damage))) => return (whole, damage.to_string()),
            Some(Err(ReadError::Source(error))) => panic!("{error}"),
        }
    }
}

#[test]
fn damage_is_found_at_the_same_offset_however_input_and_output_are_divided() {
    let text: Vec<u8> =
        (0..4000).flat_map(|i| format!("{} the block of {:x}\n", i / 3, splitmix64(i) % 999).into_bytes()).collect();
    let mut offsets = 0;
    for level in [1, 6, 9] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(&text).unwrap();
        let bytes = encoder.finish().unwrap();
        for seed in 0..120 {
            let random = splitmix64(seed);
            let mut damaged = bytes.clone();
            let at = 10 + random as usize % (damaged.len() - 10);
            damaged[at] ^= 1 << (random >> 60 & 7);
            let expected = inflate(&damaged, usize::MAX, 1 << 20);
            offsets += u32::from(expected.1.contains("at byte"));
            for (step, capacity) in [(1, 1 << 20), (2, 1000), (usize::MAX, 1000), (100, 20), (700, 300)] {
                let found = inflate(&damaged, step, capacity);
                let is_equal = found.1 == expected.1 && (found.0 == expected.0 || expected.1.contains("checksum"));
                assert!(is_equal, "level {level}, damage {seed}, {step} at a time: {} for {}", found.1, expected.1);
            }
        }
    }
    assert!(offsets > 30, "only {offsets} of the files are damaged");
}

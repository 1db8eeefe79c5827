//! Gzip files that are hard for a decoder that decodes the parts of a member in parallel.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::deflate_writer::{BlockType, DeflateWriter, tokens};
use crate::harness::{crc, log, noise};

/// Repeatable random numbers.
pub struct Random(Vec<u8>, usize);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(noise(100_000, seed), 0)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.1 = (self.1 + 3) % (self.0.len() - 3);
        let bytes = &self.0[self.1..self.1 + 3];
        bytes.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)) % n
    }
}

/// Text mixed with noise. The share of noise changes from part to part.
pub fn content(size: usize) -> Vec<u8> {
    let mut random = Random::new(size as u64);
    let (text, noise) = (log(size), noise(size, 1));
    let mut content = Vec::with_capacity(size);
    while content.len() < size {
        let (at, share) = (content.len(), random.below(4));
        let end = size.min(at + 1 + random.below(100_000));
        content.extend((at..end).map(|i| if i % 64 < 16 * share { noise[i] } else { text[i] }));
    }
    content
}

/// A member with this DEFLATE data and content.
pub fn member_of(deflate: &[u8], content: &[u8]) -> Vec<u8> {
    let trailer = [crc(content).to_le_bytes(), (content.len() as u32).to_le_bytes()].concat();
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], deflate, &trailer].concat()
}

/// A member as gzip writes it.
pub fn plain(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A member of blocks whose type and number of tokens `next` returns. Stored blocks have at most 65,535 bytes of content,
/// so they may be followed by another one for the rest.
pub fn blocks(content: &[u8], mut next: impl FnMut() -> (BlockType, usize)) -> Vec<u8> {
    let all = tokens(content);
    let mut writer = DeflateWriter::default();
    let (mut rest, mut start) = (&all[..], 0);
    loop {
        let (block, count) = next();
        let (mut end, mut taken) = (start, 0);
        while taken < rest.len().min(count) {
            let longer = end + rest[taken].length();
            if matches!(block, BlockType::Stored) && longer - start > 65_535 {
                break;
            }
            (end, taken) = (longer, taken + 1);
        }
        let (block_tokens, after) = rest.split_at(taken);
        writer.block(block, block_tokens, content, start..end, after.is_empty());
        if after.is_empty() {
            return member_of(&writer.finish(), content);
        }
        (rest, start) = (after, end);
    }
}

/// A member of blocks of all types and of all sizes up to `largest` tokens, in random order.
pub fn mixed_blocks(content: &[u8], largest: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    blocks(content, || {
        let block = [BlockType::Stored, BlockType::Fixed, BlockType::Dynamic][random.below(3)];
        // Most blocks are small, and some empty.
        let limit = 1 + random.below(largest);
        (block, random.below(limit))
    })
}

/// A member that is flushed after each `size` bytes: a sync flush ends with `00 00 FF FF`.
pub fn flushed(content: &[u8], size: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    for part in content.chunks(size) {
        encoder.write_all(part).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

/// Content of about `size` bytes that consists of DEFLATE data of several kinds, whole files and flush markers. Stored, it
/// contains headers at which no block of the member starts.
pub fn fake_headers(size: usize) -> Vec<u8> {
    let mut random = Random::new(5);
    let mut fakes = Vec::new();
    for i in 0.. {
        let text = content(20_000 + random.below(150_000));
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::new(1 + i % 9));
        raw.write_all(&text).unwrap();
        fakes.extend(raw.finish().unwrap());
        fakes.extend(flushed(&text[..20_000], 3000));
        fakes.extend(mixed_blocks(&text[..20_000], 500, i.into()));
        fakes.extend(
            [[0, 0, 0, 0xff, 0xff].repeat(3), vec![0, 3, 0, 0xfc, 0xff, 1, 2, 3], [178, 207].repeat(3000)].concat(),
        );
        // The fakes start at every bit of a byte.
        fakes.extend(noise(random.below(3000), i.into()));
        if fakes.len() > size {
            return fakes;
        }
    }
    unreachable!()
}

/// A member of stored blocks of all sizes.
pub fn stored(content: &[u8]) -> Vec<u8> {
    let mut random = Random::new(7);
    let (mut writer, mut start) = (DeflateWriter::default(), 0);
    loop {
        let end = content.len().min(start + random.below(65_536));
        writer.block(BlockType::Stored, &[], content, start..end, end == content.len());
        if end == content.len() {
            return member_of(&writer.finish(), content);
        }
        start = end;
    }
}

/// Members of up to `largest` bytes of this content.
pub fn random_members(content: &[u8], largest: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let (mut file, mut rest) = (Vec::new(), content);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(random.below(largest + 1).min(rest.len()));
        file.extend(plain(part, 1 + random.below(9) as u32));
        rest = after;
    }
    file
}

/// A file with random damage: changed, missing, additional, repeated or zeroed bytes, or a cut.
pub fn damaged(file: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut file = file.to_vec();
    let at = random.below(file.len());
    let end = file.len().min(at + 1 + random.below(2000));
    match seed % 6 {
        0 => file[at] ^= 1 << random.below(8),
        1 => drop(file.drain(at..end)),
        2 => drop(file.splice(at..at, noise(end - at, seed))),
        3 => file.copy_within(at..end, at / 2),
        4 => file[at..end].fill(0),
        _ => file.truncate(at),
    }
    file
}

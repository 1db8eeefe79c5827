//! The finder, on streams of several encoders and on data made to mislead it.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::collection::vec;
use proptest::prelude::*;

use super::block_walker::{BlockType, WalkedBlock, blocks};
use super::{canonical_start, find_block, would_find};
use crate::deflate::{BLOCK, Engine, WINDOW, WindowBuffer, new_compressor};

/// Text with matches at all distances, whose statistics change so that encoders start new blocks.
fn text(size: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut state = 1_u64;
    let mut random = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) % n
    };
    for line in 0.. {
        if text.len() >= size {
            break;
        }
        let topic = line / 500;
        write!(text, "{line:07} {:x} host{} took {} us ", random(1 << 24), random(20), random(100_000)).unwrap();
        let words = (0..random(9)).map(|_| b'a' + ((topic * 7 + random(12) * random(4)) % 26) as u8);
        text.extend(words.collect::<Vec<u8>>());
        text.push(b'\n');
    }
    text.truncate(size);
    text
}

/// Random bytes.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(size).collect()
}

/// `content` as flate2 compresses it.
fn by_flate2(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// `content` as gzcc compresses it.
fn by_gzcc(content: &[u8], level: u8) -> Vec<u8> {
    let mut compressor = new_compressor(Engine::Native, level);
    let (mut buffer, mut out) = (WindowBuffer::new(), Vec::new());
    for start in (0..content.len()).step_by(BLOCK) {
        let end = content.len().min(start + BLOCK);
        let window = start.min(WINDOW);
        let block = window..window + end - start;
        let input = buffer.fill(&content[start - window..end]);
        compressor.compress_block(input, block, end == content.len(), &mut out);
    }
    out
}

/// Streams of both encoders: text, text with noise in it, and noise.
fn streams() -> &'static [(String, Vec<u8>)] {
    static STREAMS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
        let mixed = [text(100_000), noise(150_000), text(100_000), noise(70_000)].concat();
        let mut streams = vec![("flate2 -6 noise".into(), by_flate2(&noise(200_000), 6))];
        for (name, content) in [("text", text(BLOCK + 50_000)), ("mixed", mixed)] {
            streams.extend((1..=9).map(|level| (format!("flate2 -{level} {name}"), by_flate2(&content, level))));
            streams.extend([1, 6, 9, 12].map(|level| (format!("gzcc -{level} {name}"), by_gzcc(&content, level))));
        }
        streams
    });
    &STREAMS
}

/// All that the finder finds in `data`, in order.
fn found_in(data: &[u8]) -> Vec<u64> {
    let end = 8 * data.len() as u64;
    let first = find_block(data, 0..end);
    std::iter::successors(first, |&found| find_block(data, found + 1..end)).collect()
}

/// Whether the finder must find a block: not the last one, and with dynamic codes or after an empty stored block. Other
/// stored blocks depend on the next one, fixed ones are not found.
fn must_be_found(before: Option<&WalkedBlock>, block: &WalkedBlock) -> bool {
    let is_after_empty = before.is_some_and(|b| b.block_type == BlockType::Stored && b.content == 0);
    is_after_empty || block.block_type == BlockType::Dynamic && !block.is_final
}

#[test]
fn every_block_of_an_encoder_is_found_and_nothing_else() {
    let mut total = 0;
    for (name, stream) in streams() {
        let blocks = blocks(stream);
        let found = found_in(stream);
        let canonical = |block: &WalkedBlock| canonical_start(stream, block.start);
        for (i, block) in blocks.iter().enumerate() {
            let is_found = found.contains(&canonical(block));
            let must = must_be_found(i.checked_sub(1).map(|before| &blocks[before]), block);
            assert!(is_found || !must, "{name}: {block:?} is not found");
            assert_eq!(would_find(stream, block.start), is_found, "{name}: {block:?}");
        }
        let starts: Vec<u64> = blocks.iter().map(canonical).collect();
        let other: Vec<&u64> = found.iter().filter(|found| !starts.contains(found)).collect();
        assert!(other.is_empty(), "{name}: no block starts at {other:?}");
        total += found.len();
    }
    assert!(total > 200, "only {total} blocks");
}

#[test]
fn a_block_is_found_from_every_position_before_it() {
    for (name, stream) in streams().iter().filter(|(name, _)| name.ends_with("-6 text")) {
        let end = 8 * stream.len() as u64;
        let mut from = 0;
        for found in found_in(stream) {
            // Every bit near the block before, and every 4999th of the others.
            let near =
                (from..found).take(100).chain((from..=found).step_by(4999)).chain(found.saturating_sub(100)..=found);
            for from in near.filter(|&near| near >= from) {
                assert_eq!(find_block(stream, from..end), Some(found), "{name}, from {from}");
            }
            assert_eq!(find_block(stream, from..found), None, "{name}, up to {found}");
            from = found + 1;
        }
    }
}

#[test]
fn stored_blocks_of_noise_are_found_at_their_canonical_starts() {
    let stream = by_flate2(&noise(300_000), 6);
    let blocks = blocks(&stream);
    let found = found_in(&stream);
    // The last block is final.
    let starts: Vec<u64> =
        blocks[..blocks.len() - 1].iter().map(|block| canonical_start(&stream, block.start)).collect();
    assert!(starts.len() >= 4 && blocks.iter().all(|block| block.block_type == BlockType::Stored), "{blocks:?}");
    assert_eq!(found, starts);
    assert!(starts.iter().all(|start| start % 8 == 5));
    assert!(blocks[..blocks.len() - 1].iter().all(|block| would_find(&stream, block.start)));
}

#[test]
fn a_header_that_is_cut_is_not_found() {
    let stream = by_flate2(&text(200_000), 6);
    let start = blocks(&stream)[1].start;
    let at = (start / 8) as usize;
    let shortest = (at..stream.len()).find(|&end| find_block(&stream[..end], start..start + 1).is_some()).unwrap();
    assert!((at + 30..at + 150).contains(&shortest), "{shortest} - {at}");
    for end in at..stream.len() {
        assert_eq!(would_find(&stream[..end], start), end >= shortest, "cut at {end}");
        assert_eq!(find_block(&stream[..end], start..u64::MAX).is_some_and(|found| found == start), end >= shortest);
    }
}

/// A stream inside of a stored block looks like a real one.
#[test]
fn a_stream_in_a_stored_block_is_found() {
    let inner = by_flate2(&text(200_000), 6);
    let outer = [&noise(1000)[..], &inner, &noise(1000)].concat();
    let shift = 8000;
    let found: Vec<u64> = found_in(&outer).into_iter().map(|found| found - shift).collect();
    assert!(!found.is_empty());
    assert_eq!(found, found_in(&inner));
}

/// In this pattern, hundreds of positions in a kilobyte resemble a header up to its last code length.
#[test]
fn a_block_after_many_false_headers_is_found() {
    let stream = by_flate2(&text(200_000), 6);
    let pattern = [178, 207].repeat(5000);
    assert!(found_in(&pattern).is_empty());
    // The rest of the section that contains the end of the pattern is not searched.
    let found = found_in(&[&pattern[..], &noise(1000), &stream].concat());
    assert_eq!(found.first(), Some(&(8 * 11_000)));
    assert_eq!(found.len(), found_in(&stream).len());
}

/// How many bits of random data look like a block: none in this mebibyte.
#[test]
fn nothing_is_found_in_random_data() {
    assert!(found_in(&noise(1 << 20)).is_empty());
}

/// Data that resembles headers: flushes, other stored blocks, and random bytes.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        vec(any::<u8>(), 0..20),
        Just(vec![0, 0, 0xff, 0xff]),
        Just(vec![0, 3, 0, 0xfc, 0xff, 1, 2, 3]),
        any::<u16>().prop_map(|n| [[0].as_slice(), &n.to_le_bytes(), &(!n).to_le_bytes()].concat()),
        (any::<u8>(), 0..40_usize).prop_map(|(byte, n)| vec![byte; n]),
        (0..2000_usize, 0..200_usize)
            .prop_map(|(at, n)| DYNAMIC[at.min(DYNAMIC.len())..(at + n).min(DYNAMIC.len())].to_vec()),
    ];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

/// The start of a stream with dynamic codes.
static DYNAMIC: LazyLock<Vec<u8>> = LazyLock::new(|| by_flate2(&text(6000), 9));

proptest! {
    #[test]
    fn what_is_found_would_be_found_and_nothing_before_it(data in hostile()) {
        let end = 8 * data.len() as u64;
        let found = found_in(&data);
        // Beyond the data there is nothing, but positions there are allowed.
        for bit in 0..end + 20 {
            let is_canonical = canonical_start(&data, bit) == bit;
            prop_assert_eq!(is_canonical && would_find(&data, bit), found.contains(&bit), "bit {}", bit);
        }
        prop_assert_eq!(find_block(&data, end..end + 100), None);
    }

    #[test]
    fn the_canonical_start_is_a_fixed_point_within_the_same_byte_boundary(
        data in vec(prop_oneof![Just(0), any::<u8>()], 0..20),
        bit in 0..200_u64,
    ) {
        let start = canonical_start(&data, bit);
        prop_assert!((bit..bit + 8).contains(&start));
        prop_assert_eq!(canonical_start(&data, start), start);
    }
}

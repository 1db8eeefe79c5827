//! Every level of every engine: zlib's inflate must restore the input.

mod block_ends;
mod content_shapes;
mod distances;
mod extreme_codes;
pub(crate) mod generators;
mod long_hashes;
mod output_sizes;
mod repeated_noise;
mod reuse;

use super::*;
use crate::settings::BEST_LEVEL;
use flate2::{Decompress, FlushDecompress, Status};
use proptest::prelude::*;

/// Inflates raw DEFLATE data that may refer to `dictionary`. `None` if the data is invalid or continues behind its last block.
fn try_inflate(dictionary: &[u8], data: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut state = Decompress::new(false);
    if !dictionary.is_empty() {
        state.set_dictionary(dictionary).ok()?;
    }
    let mut out = Vec::with_capacity(size + 1);
    let status = state.decompress_vec(data, &mut out, FlushDecompress::Finish).ok()?;
    (status == Status::StreamEnd && state.total_in() == data.len() as u64).then_some(out)
}

fn inflate(dictionary: &[u8], data: &[u8], size: usize) -> Vec<u8> {
    try_inflate(dictionary, data, size).expect("zlib inflates the whole output")
}

/// An engine and one of its levels.
type EngineLevel = (Engine, u8);

fn levels() -> impl Iterator<Item = EngineLevel> {
    Engine::ALL.into_iter().flat_map(|kind| (0..=kind.max_level()).map(move |level| (kind, level)))
}

/// Levels that are slow without optimization; tests give them less input.
fn is_slow(&(_, level): &EngineLevel) -> bool {
    level > BEST_LEVEL
}

/// A compressor and its buffer, both reused from block to block.
struct TestCompressor {
    compressor: Box<dyn BlockCompressor>,
    buffer: WindowBuffer,
}

impl TestCompressor {
    /// Compresses `input[start..]` with the dictionary `input[..start]`.
    fn compress(&mut self, input: &[u8], start: usize, last: bool, out: &mut Vec<u8>) {
        self.compressor.compress_block(self.buffer.fill(input), start..input.len(), last, out);
    }
}

fn new_compressor_for((engine, level): EngineLevel) -> TestCompressor {
    TestCompressor { compressor: new_compressor(engine, level), buffer: WindowBuffer::new() }
}

fn deflate(level: EngineLevel, dictionary: &[u8], block: &[u8], last: bool) -> Vec<u8> {
    let mut out = Vec::new();
    new_compressor_for(level).compress(&[dictionary, block].concat(), dictionary.len(), last, &mut out);
    out
}

/// Incompressible bytes: a seeded xorshift generator.
pub(crate) fn random_bytes(size: usize, seed: u64) -> Vec<u8> {
    // Spreads the seed over all bits and is never zero.
    let mut x = (seed << 1 | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    std::iter::repeat_with(|| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8
    })
    .take(size)
    .collect()
}

/// Asserts that each level restores these inputs.
fn assert_roundtrip(levels: impl Iterator<Item = EngineLevel>, dictionary: &[u8], inputs: &[Vec<u8>]) {
    for level in levels {
        let mut compressor = new_compressor_for(level);
        for (i, input) in inputs.iter().enumerate() {
            assert!(roundtrips(&mut compressor, dictionary, input), "{level:?}, input {i}, of {} bytes", input.len());
        }
    }
}

/// Whether zlib restores `input` alone, and from a stream that contains it twice: behind the dictionary, and behind itself.
fn roundtrips(compressor: &mut TestCompressor, dictionary: &[u8], input: &[u8]) -> bool {
    let (mut alone, mut twice) = (Vec::new(), Vec::new());
    compressor.compress(input, 0, true, &mut alone);
    let whole = [dictionary, input, input].concat();
    let second = dictionary.len() + input.len();
    let window = second.min(WINDOW);
    compressor.compress(&whole[..second], dictionary.len(), false, &mut twice);
    compressor.compress(&whole[second - window..], window, true, &mut twice);
    try_inflate(b"", &alone, input.len()).is_some_and(|out| out == input)
        && try_inflate(dictionary, &twice, 2 * input.len()).is_some_and(|out| out == whole[dictionary.len()..])
}

#[test]
fn concatenated_blocks_form_one_stream() {
    let text: Vec<u8> = (0..3 * BLOCK / 8).flat_map(|i| format!("{:08}", i * 7919 % 65_536).into_bytes()).collect();
    for level in levels() {
        let text = &text[..if is_slow(&level) { BLOCK + BLOCK / 8 } else { text.len() }];
        let mut compressor = new_compressor_for(level);
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            let end = text.len().min(at + BLOCK);
            let last = end - at < BLOCK;
            let window = at.min(WINDOW);
            compressor.compress(&text[at - window..end], window, last, &mut out);
            at = end;
            if last {
                break;
            }
        }
        assert!(inflate(b"", &out, text.len()) == text, "{level:?}");
    }
}

#[test]
fn a_block_refers_to_its_dictionary() {
    let phrase = random_bytes(4000, 3);
    for level in levels().filter(|(_, level)| *level > 0) {
        let alone = deflate(level, b"", &phrase, true).len();
        let primed = deflate(level, &phrase, &phrase, true);
        assert!(primed.len() * 10 < alone, "{level:?}: {} against {alone}", primed.len());
        assert_eq!(inflate(&phrase, &primed, phrase.len()), phrase);
    }
}

#[test]
fn a_block_that_is_not_the_last_ends_byte_aligned_and_not_final() {
    for level in levels() {
        for size in [0, 1, 1000, BLOCK] {
            let mut joined = deflate(level, b"", &vec![b'x'; size], false);
            joined.extend(deflate(level, b"", b"end", true));
            let mut whole = vec![b'x'; size];
            whole.extend(b"end");
            assert_eq!(inflate(b"", &joined, whole.len()), whole, "{level:?}, size {size}");
        }
    }
}

#[test]
fn incompressible_input_grows_by_at_most_five_bytes_per_stored_block() {
    for (size, last) in
        [0, 1, 65_534, 65_535, 65_536, 65_537, BLOCK].into_iter().flat_map(|size| [(size, true), (size, false)])
    {
        let input = random_bytes(size, 7);
        for level in levels().filter(|level| size < BLOCK || last || !is_slow(level)) {
            let mut out = deflate(level, b"", &input, last);
            assert!(out.len() <= size + 5 * size.div_ceil(65_535).max(1), "{level:?}: {size} to {}", out.len());
            assert!(out.len() <= size + size / 10_000 + 32, "{level:?}: {size} to {}", out.len());
            if !last {
                stored::write(b"", true, &mut out);
            }
            assert!(inflate(b"", &out, size) == input, "{level:?}: {size}");
        }
    }
}

/// zlib hashes the last three bytes of a dictionary together with the next byte of its window, which an earlier block left
/// there. Here that byte completes a string that the block repeats, so a reused state would find another match.
#[test]
fn a_compressor_forgets_the_previous_block() {
    let unique = random_bytes(200, 11);
    let mut dictionary = random_bytes(WINDOW, 12);
    dictionary[1000..1004].copy_from_slice(b"abcX");
    dictionary[1004..1204].copy_from_slice(&unique);
    dictionary[WINDOW - 3..].copy_from_slice(b"abc");
    let input = [b"Y, and again abcX", &unique[..], b", the end"].concat();
    for level in levels() {
        let mut used = new_compressor_for(level);
        used.compress(&[&random_bytes(WINDOW, 13), &b"X"[..]].concat(), WINDOW, true, &mut Vec::new());
        let mut out = Vec::new();
        used.compress(&[&dictionary[..], &input].concat(), WINDOW, true, &mut out);
        assert_eq!(out, deflate(level, &dictionary, &input, true), "{level:?}");
        assert_eq!(inflate(&dictionary, &out, input.len()), input);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_block_roundtrips(
        level in prop::sample::select(levels().collect::<Vec<_>>()),
        seed: u64,
        alphabet in 1u8..=255,
        dictionary in prop_oneof![Just(0), Just(1), Just(WINDOW - 1), Just(WINDOW), 0..WINDOW],
        size in prop_oneof![0usize..600, 65_530usize..65_540, 0..200_000usize],
    ) {
        let bytes: Vec<u8> = random_bytes(dictionary + size, seed).into_iter().map(|b| b % alphabet).collect();
        let (dictionary, input) = bytes.split_at(dictionary);
        let out = deflate(level, dictionary, input, true);
        prop_assert!(inflate(dictionary, &out, size) == input);
    }
}

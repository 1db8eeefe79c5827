//! Every level of every engine, against zlib's own inflate.

mod codes;
mod distances;
mod ends;
mod inputs;
mod reuse;
mod shapes;
mod sizes;

use super::*;
use crate::settings::BEST_LEVEL;
use flate2::{Decompress, FlushDecompress, Status};
use proptest::prelude::*;

/// Inflates raw DEFLATE data that may refer to `dictionary`, if that is possible and nothing is behind its last block.
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
    try_inflate(dictionary, data, size).expect("the decoder reads all there is, to its end")
}

/// An engine's kind, and a level that it has.
type Level = (Engine, u8);

fn levels() -> impl Iterator<Item = Level> {
    Engine::ALL.into_iter().flat_map(|kind| (0..=kind.max_level()).map(move |level| (kind, level)))
}

/// Those that take their time, unoptimised as they are here: they get little to do.
fn is_slow(&(_, level): &Level) -> bool {
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
        compress_block(&mut *self.compressor, self.buffer.fill(input), start..input.len(), last, out);
    }
}

fn make((engine, level): Level) -> TestCompressor {
    TestCompressor { compressor: new_compressor(engine, level), buffer: WindowBuffer::new() }
}

fn deflate(level: Level, dictionary: &[u8], block: &[u8], last: bool) -> Vec<u8> {
    let mut out = Vec::new();
    make(level).compress(&[dictionary, block].concat(), dictionary.len(), last, &mut out);
    out
}

/// Bytes that do not shrink: a xorshift generator, seeded.
fn noise(size: usize, seed: u64) -> Vec<u8> {
    // Not zero, another for each seed, and with bits everywhere from the first byte on.
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

/// Whether zlib finds these inputs in what each level makes of them.
fn assert_come_back(levels: impl Iterator<Item = Level>, dictionary: &[u8], inputs: &[Vec<u8>]) {
    for level in levels {
        let mut engine = make(level);
        for (i, input) in inputs.iter().enumerate() {
            assert!(comes_back(&mut engine, dictionary, input), "{level:?}, input {i}, of {} bytes", input.len());
        }
    }
}

/// Whether zlib finds `input` in what an engine makes of it: of it alone; and of a stream that has it twice, behind a
/// dictionary and behind itself.
fn comes_back(engine: &mut TestCompressor, dictionary: &[u8], input: &[u8]) -> bool {
    let (mut alone, mut twice) = (Vec::new(), Vec::new());
    engine.compress(input, 0, true, &mut alone);
    let whole = [dictionary, input, input].concat();
    let second = dictionary.len() + input.len();
    let window = second.min(WINDOW);
    engine.compress(&whole[..second], dictionary.len(), false, &mut twice);
    engine.compress(&whole[second - window..], window, true, &mut twice);
    try_inflate(b"", &alone, input.len()).is_some_and(|out| out == input)
        && try_inflate(dictionary, &twice, 2 * input.len()).is_some_and(|out| out == whole[dictionary.len()..])
}

#[test]
fn blocks_laid_one_after_the_other_are_one_stream() {
    let text: Vec<u8> = (0..3 * BLOCK / 8).flat_map(|i| format!("{:08}", i * 7919 % 65_536).into_bytes()).collect();
    for level in levels() {
        let text = &text[..if is_slow(&level) { BLOCK + BLOCK / 8 } else { text.len() }];
        let mut engine = make(level);
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            let end = text.len().min(at + BLOCK);
            let last = end - at < BLOCK;
            let window = at.min(WINDOW);
            engine.compress(&text[at - window..end], window, last, &mut out);
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
    let phrase = noise(4000, 3);
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
fn what_does_not_shrink_grows_by_five_bytes_per_stored_block_at_most() {
    for (size, last) in
        [0, 1, 65_534, 65_535, 65_536, 65_537, BLOCK].into_iter().flat_map(|size| [(size, true), (size, false)])
    {
        let input = noise(size, 7);
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

/// zlib hashes the last three bytes of a dictionary together with the byte behind them in its window: one that
/// an earlier block left there. Here that byte makes a string which the block repeats, so it would lose the match.
#[test]
fn an_engine_forgets_the_block_before() {
    let unique = noise(200, 11);
    let mut dictionary = noise(WINDOW, 12);
    dictionary[1000..1004].copy_from_slice(b"abcX");
    dictionary[1004..1204].copy_from_slice(&unique);
    dictionary[WINDOW - 3..].copy_from_slice(b"abc");
    let input = [b"Y, and again abcX", &unique[..], b", the end"].concat();
    for level in levels() {
        let mut used = make(level);
        used.compress(&[&noise(WINDOW, 13), &b"X"[..]].concat(), WINDOW, true, &mut Vec::new());
        let mut out = Vec::new();
        used.compress(&[&dictionary[..], &input].concat(), WINDOW, true, &mut out);
        assert_eq!(out, deflate(level, &dictionary, &input, true), "{level:?}");
        assert_eq!(inflate(&dictionary, &out, input.len()), input);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_block_comes_back(
        level in prop::sample::select(levels().collect::<Vec<_>>()),
        seed: u64,
        alphabet in 1u8..=255,
        dictionary in prop_oneof![Just(0), Just(1), Just(WINDOW - 1), Just(WINDOW), 0..WINDOW],
        size in prop_oneof![0usize..600, 65_530usize..65_540, 0..200_000usize],
    ) {
        let bytes: Vec<u8> = noise(dictionary + size, seed).into_iter().map(|b| b % alphabet).collect();
        let (dictionary, input) = bytes.split_at(dictionary);
        let out = deflate(level, dictionary, input, true);
        prop_assert!(inflate(dictionary, &out, size) == input);
    }
}

//! A compressor is reused from block to block. Its output for each block must be that of a new compressor.

use super::generators::{growing_frequencies, text, with_frequencies};
use super::*;

/// A block to compress.
struct Job {
    dictionary: Vec<u8>,
    block: Vec<u8>,
    last: bool,
}

/// Blocks with little in common, so that state left from one would change the output of the next.
fn jobs() -> Vec<Job> {
    let (text, random) = (text(9000), random_bytes(9000, 61));
    let long_codes = with_frequencies(&(0..16).collect::<Vec<u8>>(), &growing_frequencies(16));
    let small: Vec<u8> = random.iter().map(|byte| byte % 3).collect();
    let job =
        |dictionary: &[u8], block: &[u8], last| Job { dictionary: dictionary.to_vec(), block: block.to_vec(), last };
    let halves = |content: &[u8]| job(&content[..4000], &content[4000..], false);
    vec![
        job(b"", &text, true),
        job(b"", b"", false),
        job(b"", &random, false),
        halves(&text),
        job(b"", &[0; 20_000], true),
        job(b"", b"a", true),
        // Begins like the text and continues differently: positions of the text must be forgotten.
        job(b"", &[&text[..50], &random[..500], &text[..2000]].concat(), false),
        job(&text[..1], &text[1..], true),
        halves(&small),
        job(b"", &long_codes, true),
        job(&[0; 300], &[0; 4], true),
        halves(&random),
        job(&random, &random[..5000], true),
        job(&random, &text, true),
        job(b"", &small, true),
        job(b"", &text, true),
    ]
}

#[test]
fn a_reused_compressor_has_the_output_of_a_new_one() {
    let jobs = jobs();
    for level in levels() {
        let mut used = new_compressor_for(level);
        // In both orders, so that each block follows two others.
        let rounds =
            jobs.iter().chain(jobs.iter().rev()).take(if is_slow(&level) { jobs.len() } else { 2 * jobs.len() });
        for (i, Job { dictionary, block, last }) in rounds.enumerate() {
            let mut out = Vec::new();
            used.compress(&[&dictionary[..], block].concat(), dictionary.len(), *last, &mut out);
            assert!(out == deflate(level, dictionary, block, *last), "{level:?}, block {i}");
        }
    }
}

#[test]
fn earlier_output_is_kept_and_changes_nothing() {
    let text = text(5000);
    for level in levels() {
        let mut out = b"before".to_vec();
        new_compressor_for(level).compress(&text, 1000, false, &mut out);
        assert!(out.starts_with(b"before"), "{level:?}");
        assert!(out[6..] == deflate(level, &text[..1000], &text[1000..], false), "{level:?}");
    }
}

/// A block that fills every table and whose positions exceed 16 bits.
#[test]
fn a_large_block_leaves_nothing_behind() {
    let full: Vec<u8> = random_bytes(BLOCK / 2, 62).into_iter().map(|byte| byte % 5 * (byte % 3)).collect();
    let text = text(3000);
    for level in levels().filter(|level| !is_slow(level)) {
        let mut used = new_compressor_for(level);
        used.compress(&full, 0, false, &mut Vec::new());
        for block in [&full[70_000..73_000], &text] {
            // With a dictionary, the tables are those of large inputs, which the large block filled.
            for start in [0, 1] {
                let mut out = Vec::new();
                used.compress(block, start, true, &mut out);
                assert!(out == deflate(level, &block[..start], &block[start..], true), "{level:?}");
            }
        }
    }
}

/// Encoders load bytes behind the end of a block, which an earlier block left there. The choice between two candidates must
/// not depend on which of them continues with those bytes.
#[test]
fn bytes_behind_a_block_do_not_change_the_output() {
    // Short, so that no encoder starts to skip positions.
    let continuations = [random_bytes(60, 64), random_bytes(60, 65), vec![0; 60], vec![255; 60]];
    let phrase = random_bytes(300, 63);
    let lengths = (1..=48).chain([63, 64, 65, 240, 257, 258, 259]);
    for level in levels() {
        let mut used = new_compressor_for(level);
        for length in lengths.clone().step_by(if is_slow(&level) { 5 } else { 1 }) {
            let phrase = &phrase[..length];
            let content = [phrase, &continuations[0], phrase, &continuations[1], phrase].concat();
            let start = [0, 100, content.len() - length][length % 3];
            let fresh = deflate(level, &content[..start], &content[start..], true);
            for (i, continuation) in continuations.iter().enumerate() {
                let mut out = Vec::new();
                used.compress(&[&content, &continuation[..]].concat(), start, true, &mut Vec::new());
                used.compress(&content, start, true, &mut out);
                assert!(out == fresh, "{level:?}, {length} bytes before continuation {i}");
            }
        }
    }
}

/// With `--rsyncable`, several blocks are compressed from one buffer. The output must not depend on where a block is in it.
#[test]
fn a_window_that_begins_anywhere_in_a_buffer_has_the_same_output() {
    let text = text(3000);
    for level in levels() {
        let fresh = deflate(level, &text[..1000], &text[1000..], true);
        for start in [1, 40_000, WINDOW + BLOCK + 1 - text.len()] {
            let mut compressor = new_compressor_for(level);
            compressor.buffer.input().fill(b'e');
            compressor.buffer.input()[start..start + text.len()].copy_from_slice(&text);
            let mut out = Vec::new();
            let window = compressor.buffer.window(start);
            compressor.compressor.compress_block(window, 1000..text.len(), true, &mut out);
            assert!(out == fresh, "{level:?}, from {start}");
        }
    }
}

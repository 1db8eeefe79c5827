//! An engine is used for block after block, and each block's bytes are those of a new engine.

use super::inputs::{often, steep, text};
use super::*;

/// A dictionary, a block, and whether it is the last.
type Work = (Vec<u8>, Vec<u8>, bool);

/// Blocks with as little in common as can be, so that what one leaves behind would mislead the next.
fn work() -> Vec<Work> {
    let (text, random) = (text(9000), noise(9000, 61));
    let steep = often(&(0..16).collect::<Vec<u8>>(), &steep(16));
    let small: Vec<u8> = random.iter().map(|byte| byte % 3).collect();
    let halves = |content: &[u8]| (content[..4000].to_vec(), content[4000..].to_vec(), false);
    vec![
        (vec![], text.clone(), true),
        (vec![], vec![], false),
        (vec![], random.clone(), false),
        halves(&text),
        (vec![], vec![0; 20_000], true),
        (vec![], b"a".to_vec(), true),
        // Begins like the text, goes on otherwise: places of the text would be found, were they not forgotten.
        (vec![], [&text[..50], &random[..500], &text[..2000]].concat(), false),
        (text[..1].to_vec(), text[1..].to_vec(), true),
        halves(&small),
        (vec![], steep, true),
        (vec![0; 300], vec![0; 4], true),
        halves(&random),
        (random.clone(), random[..5000].to_vec(), true),
        (random, text.clone(), true),
        (vec![], small, true),
        (vec![], text, true),
    ]
}

#[test]
fn a_used_engine_makes_the_same_of_a_block_as_a_new_one() {
    let work = work();
    for level in levels() {
        let mut used = make(level);
        // In one order, then in the other, so that each block follows two others.
        let rounds =
            work.iter().chain(work.iter().rev()).take(if is_slow(&level) { work.len() } else { 2 * work.len() });
        for (i, (dictionary, block, last)) in rounds.enumerate() {
            let mut out = Vec::new();
            used.compress(&[&dictionary[..], block].concat(), dictionary.len(), *last, &mut out);
            assert!(out == deflate(level, dictionary, block, *last), "{level:?}, block {i}");
        }
    }
}

#[test]
fn what_is_in_the_output_before_a_block_is_left_alone_and_changes_nothing() {
    let text = text(5000);
    for level in levels() {
        let mut out = b"before".to_vec();
        make(level).compress(&text, 1000, false, &mut out);
        assert!(out.starts_with(b"before"), "{level:?}");
        assert!(out[6..] == deflate(level, &text[..1000], &text[1000..], false), "{level:?}");
    }
}

/// So large a block fills every table, and positions in it go past what 16 bits hold.
#[test]
fn a_large_block_leaves_nothing_behind() {
    let full: Vec<u8> = noise(BLOCK / 2, 62).into_iter().map(|byte| byte % 5 * (byte % 3)).collect();
    let text = text(3000);
    for level in levels().filter(|level| !is_slow(level)) {
        let mut used = make(level);
        used.compress(&full, 0, false, &mut Vec::new());
        for block in [&full[70_000..73_000], &text] {
            let mut out = Vec::new();
            used.compress(block, 0, true, &mut out);
            assert!(out == deflate(level, b"", block, true), "{level:?}");
        }
    }
}

/// Encoders read over a block's end, into what an earlier block left there. Which of two places a match comes from must
/// not depend on which of them goes on like that.
#[test]
fn what_stands_behind_a_block_decides_nothing() {
    // Short, so that no encoder begins to pass over positions.
    let ways = [noise(60, 64), noise(60, 65), vec![0; 60], vec![255; 60]];
    let phrase = noise(300, 63);
    let lengths = (1..=48).chain([63, 64, 65, 240, 257, 258, 259]);
    for level in levels() {
        let mut used = make(level);
        for length in lengths.clone().step_by(if is_slow(&level) { 5 } else { 1 }) {
            let phrase = &phrase[..length];
            let content = [phrase, &ways[0], phrase, &ways[1], phrase].concat();
            let start = [0, 100, content.len() - length][length % 3];
            let fresh = deflate(level, &content[..start], &content[start..], true);
            for (i, way) in ways.iter().enumerate() {
                let mut out = Vec::new();
                used.compress(&[&content, &way[..]].concat(), start, true, &mut Vec::new());
                used.compress(&content, start, true, &mut out);
                assert!(out == fresh, "{level:?}, {length} bytes before way {i}");
            }
        }
    }
}

//! Compresses any content in blocks, at any level of any engine. zlib must decompress the output to the content; a new
//! engine must give the same bytes; the output must not be larger than stored blocks.
#![no_main]

use flate2::{Decompress, FlushDecompress, Status};
use gzcc::deflate::{BLOCK, WINDOW, WindowBuffer, new_compressor};
use gzcc::settings::Engine;
use libfuzzer_sys::fuzz_target;

/// Largest generated content in bytes: exceeds what 16 bits can count.
const MOST: usize = 150_000;

fuzz_target!(|data: &[u8]| {
    // Engine and level; shape of the content; length of the dictionary; size of the blocks.
    let Some((&[choice, shape, dictionary, cut], content)) = data.split_first_chunk() else {
        return;
    };
    let kind = if choice & 128 == 0 { Engine::Native } else { Engine::Flate2 };
    let level = (choice & 127) % (kind.max_level() + 1);
    let content = shaped(content, shape);
    let mut at = content.len().min(WINDOW).min(129 * usize::from(dictionary));
    let begin = at;
    let size = (content.len() / (1 + usize::from(cut & 15))).clamp(1, BLOCK);
    let mut used = new_compressor(kind, level);
    let mut buffer = WindowBuffer::new();
    // Fills the buffer with bytes of an earlier block, which must have no effect.
    buffer.fill(&content.repeat(2));
    let mut out = Vec::new();
    for i in 0.. {
        let end = content.len().min(at + size);
        let last = end == content.len() && cut & 128 == 0;
        let window = at.min(WINDOW);
        let before = out.len();
        let input = &content[at - window..end];
        let block = window..input.len();
        used.compress_block(buffer.fill(input), block.clone(), last, &mut out);
        let made = &out[before..];
        assert!(made.len() <= end - at + 5 * (end - at).div_ceil(65_535).max(1), "it grows by too much");
        // For one block in 8: creating a compressor takes longer than using it.
        if i % 8 == cut >> 4 & 7 {
            let mut again = Vec::new();
            let mut fresh = new_compressor(kind, level);
            fresh.compress_block(WindowBuffer::new().fill(input), block, last, &mut again);
            assert!(again == made, "a new compressor produces other output");
        }
        at = end;
        if at == content.len() {
            break;
        }
    }
    if cut & 128 != 0 {
        // An empty final stored block: valid only if the output so far ends at a byte boundary.
        out.extend([1, 0, 0, 255, 255]);
    }
    assert!(
        inflated(&content[..begin], &out, content.len() - begin) == content[begin..],
        "zlib makes something else of it"
    );
});

/// The content that zlib decompresses from raw DEFLATE data with this dictionary.
fn inflated(dictionary: &[u8], data: &[u8], size: usize) -> Vec<u8> {
    let mut state = Decompress::new(false);
    if !dictionary.is_empty() {
        state.set_dictionary(dictionary).expect("a new state takes a dictionary");
    }
    let mut out = Vec::with_capacity(size + 1);
    let status = state.decompress_vec(data, &mut out, FlushDecompress::Finish).expect("a valid stream");
    assert_eq!((status, state.total_in()), (Status::StreamEnd, data.len() as u64), "to its end and no farther");
    out
}

/// Content made from the input `given`: unchanged; repeated, with or without drift; or interpreted as literals and
/// copies, with or without noise before them.
fn shaped(given: &[u8], shape: u8) -> Vec<u8> {
    match shape & 3 {
        _ if given.is_empty() => Vec::new(),
        0 => given.to_vec(),
        1 => {
            let size = MOST.min(given.len() * usize::from(1 + (shape >> 3)) * 8);
            let drift = shape >> 2 & 1;
            let rounds = (0..size / given.len()).map(|round| (round as u8 % 4) * drift);
            rounds.flat_map(|round| given.iter().map(move |byte| byte.wrapping_add(round))).collect()
        }
        // After noise, which far copies can refer to.
        2 => copied(given, noise(1100 * usize::from(shape >> 2), 255, 1)),
        _ => copied(given, Vec::new()),
    }
}

/// Interprets bytes as literals, noise and copies.
fn copied(given: &[u8], mut out: Vec<u8>) -> Vec<u8> {
    let mut given = given.iter().copied();
    while let Some(token) = given.next() {
        let count = usize::from(token >> 2);
        let mut next = || usize::from(given.next().unwrap_or(0));
        let (length, distance) = match token & 3 {
            0 => {
                out.extend(given.by_ref().take(count + 1));
                continue;
            }
            1 => {
                out.extend(noise(16 * count, 1 + next() as u8 % 255, out.len() as u64));
                continue;
            }
            2 => (3 + count, 1 + next()),
            _ => (3 + (count & 15) * (1 + next()) / 4, 1 + next() + 256 * next()),
        };
        let distance = distance.min(WINDOW).min(out.len());
        if distance > 0 {
            let from = out.len() - distance;
            (from..from + length).for_each(|at| out.push(out[at]));
        }
        if out.len() > MOST {
            break;
        }
    }
    out
}

/// Pseudorandom bytes below `alphabet` from a seeded xorshift generator.
fn noise(size: usize, alphabet: u8, seed: u64) -> Vec<u8> {
    let mut x = (seed << 1 | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 32) as u8 % alphabet
    };
    std::iter::repeat_with(next).take(size).collect()
}

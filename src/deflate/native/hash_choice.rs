//! How many bytes the match finder of a block hashes: four, or more where four are too few to distinguish its candidates.
//!
//! In UTF-16 and in UTF-8 of most alphabets, four bytes are two characters. So a few hundred groups of four bytes are most of the
//! block. Their rows fill within a few kilobytes, and a search finds the last pairs of characters instead of words. The same is true
//! of letters of a few kinds. With a hash of six or eight bytes, rows hold words, and a search has fewer candidates.
//!
//! The choice is made by a sample of the block: six bytes must be much more various than four. Where content repeats nearby, as in sorted
//! lists of words, the last positions of four bytes are the right candidates.

use std::ops::Range;

use super::matchfinder::LongHash;
use crate::deflate::Window;

/// By how much six bytes must be more various than four, for rows of 16 and of 64 candidates. With six hashed bytes, content of 1.33 or
/// more is 0 to 6 % smaller at level 6, and other content up to 4 % larger: prose has up to 1.26. Rows of 64 remember more:
/// Cyrillic text, which has 1.4 to 1.6, is 0.5 % larger with six bytes at level 9.
pub(super) const MIN_GAIN: f32 = 1.33;
pub(super) const MIN_GAIN_OF_64: f32 = 1.8;

/// From this gain on, eight bytes are hashed. Letters of two to four kinds have 3 to 8, UTF-16 at most 2.2, UTF-32 2.8. With six bytes,
/// letters of three kinds take 1.5 times as long.
const MIN_GAIN_OF_EIGHT: f32 = 2.5;

/// The largest variety of six bytes for which six, and for which eight bytes are hashed: above, too few repeat.
const MAX_VARIETY: f32 = 0.95;
const MAX_VARIETY_FOR_EIGHT: f32 = 0.85;

/// The largest share of positions whose six bytes occur nearby, relative to those whose six bytes occur anywhere. Lists of words in
/// alphabetical order have more than 1, UTF-16 and letters mostly less than 0.3, UTF-32 0.5.
const MAX_NEARBY: f32 = 0.8;

/// Positions of the sample, and bytes of input for each of them at least.
const SAMPLE: usize = 2048;
const SPACING: usize = 128;

/// The least input, with the dictionary if it is short. In less, rows hardly overflow.
const MIN_INPUT: usize = 16 << 10;
/// A shorter block is sampled with its dictionary.
const MIN_BLOCK: usize = 64 << 10;

/// Bytes before a position that are nearby, and stretches of as many positions whose surroundings are looked at.
const NEARBY: usize = 64;
const STRETCHES: usize = 16;

/// A longer hash for `block`, if its six bytes are more various than four by at least `min_gain`.
#[inline(never)]
pub(super) fn long_hash(window: Window<'_>, block: Range<usize>, min_gain: f32) -> Option<LongHash> {
    let start = block.start.min(block.end.saturating_sub(MIN_BLOCK));
    if block.end - start < MIN_INPUT {
        return None;
    }
    // Eight bytes are loaded. Bytes behind the block must not decide.
    let input = start..block.end - 8;
    let four = variety(window, input.clone(), LongHash::new(4));
    let six = variety(window, input.clone(), LongHash::new(6));
    let gain = six / four;
    let is_long = gain >= min_gain && six <= MAX_VARIETY && nearby(window, input) < MAX_NEARBY * (1.0 - six);
    is_long.then(|| LongHash::new(if gain >= MIN_GAIN_OF_EIGHT && six <= MAX_VARIETY_FOR_EIGHT { 8 } else { 6 }))
}

/// The share of a sample of positions whose hashed bytes differ from those of all positions of the sample before.
fn variety(window: Window<'_>, input: Range<usize>, hash: LongHash) -> f32 {
    let size = SAMPLE.min(input.len() / SPACING) as u32;
    let mut seen = [0u64; 1024];
    let mut different = 0;
    for i in 0..size {
        // Evenly distributed, but not at equal distances: records have these too.
        let fraction = i.wrapping_mul(0x9E37_79B1);
        let offset = (u64::from(fraction) * input.len() as u64) >> 32;
        let hashed = (hash.of(window.load64(input.start + offset as usize)) >> 48) as usize;
        let (slot, bit) = (hashed / 64 % seen.len(), 1 << (hashed % 64));
        different += u32::from(seen[slot] & bit == 0);
        seen[slot] |= bit;
    }
    different as f32 / size as f32
}

/// The share of positions whose six bytes occur at most [`NEARBY`] bytes before.
fn nearby(window: Window<'_>, input: Range<usize>) -> f32 {
    let step = (input.len() - 2 * NEARBY) / STRETCHES;
    let six = |pos: usize| window.load64(pos) << 16;
    let occurs = |pos: usize| (pos - NEARBY..pos).any(|near| six(near) == six(pos));
    let starts = (0..STRETCHES).map(|i| input.start + i * step + NEARBY);
    let found = starts.flat_map(|start| start..start + NEARBY).filter(|&pos| occurs(pos)).count();
    found as f32 / (STRETCHES * NEARBY) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    fn choice(bytes: &[u8]) -> Option<usize> {
        let mut buffer = WindowBuffer::new();
        long_hash(buffer.fill(bytes), 0..bytes.len(), MIN_GAIN).map(|hash| hash.bytes)
    }

    /// Random letters of as many kinds.
    fn letters(kinds: u32, size: usize) -> String {
        let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let random = std::iter::successors(Some(1u32), next);
        random.map(|x| char::from(b'a' + (x >> 16) as u8 % kinds as u8)).take(size).collect()
    }

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn six_bytes_are_hashed_in_utf_16_and_eight_in_few_letters() {
        assert_eq!(choice(&utf16(&letters(12, 40_000))), Some(6));
        assert_eq!(choice(letters(12, 80_000).as_bytes()), None, "four letters are various enough");
        assert_eq!(choice(letters(3, 70_000).as_bytes()), Some(8));
        assert_eq!(choice(letters(3, MIN_INPUT - 1).as_bytes()), None, "a short block");
    }

    #[test]
    fn four_bytes_are_hashed_where_content_repeats_nearby() {
        let letters = letters(12, 36_000);
        let mut words: Vec<&str> = (0..6000).map(|i| &letters[6 * i..6 * i + 6]).collect();
        assert_eq!(choice(&utf16(&words.join("\n"))), Some(6));
        words.sort_unstable();
        assert_eq!(choice(&utf16(&words.join("\n"))), None);
        assert_eq!(choice(&[0; 100_000]), None);
    }
}

//! Cutting what is to be compressed into blocks: at fixed places, or where the content says so.
//!
//! Fixed places are multiples of [`BLOCK`] from the start of each input, and a block shorter than that, even one
//! of no bytes, is the last: a pipe needs no look at what comes next, and makes the same blocks as a file.
//!
//! With `--rsyncable` blocks end where a hash of the last bytes has a certain value. After a local change the same
//! content has its ends in the same places again, so it makes the same blocks, and those the same bytes. These
//! blocks are small; as many as fit into [`BLOCK`] bytes are given to a worker together.

use std::io;

use super::piece::Cut;
use crate::deflate::{BLOCK, WINDOW};
use crate::io::input::Input;
use crate::io::sequential_reader::SequentialReader;
use crate::settings::Settings;

/// Fewest bytes of a block that ends by content. Each costs new Huffman codes and a sync flush of 5 bytes; with
/// these limits blocks have 48 KiB on average, and the corpus' files grow by less than half a percent.
const LEAST: usize = 16 * 1024;

/// Most bytes of a block that ends by content, for content that never says so.
const MOST: usize = 256 * 1024;

/// Bits of the hash that are zero where a block ends: one place in 2^15. The highest bits, as those depend on most
/// bytes.
const ENDS: u64 = 0x7fff << 49;

/// Bytes that the hash depends on: each shifts the ones before by a bit, out of 64.
const REACH: usize = 64;

/// A number for each byte, as unlike each other as can be ("gear" hashing; Xia et al., FastCDC, 2016).
const GEAR: [u64; 256] = gear();

/// What follows the content in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// More content.
    Content,
    /// A flush, then perhaps more content: the blocks take all of the buffer.
    Flush,
    /// Nothing: the last block ends the member, and may be empty.
    Nothing,
}

/// An input on its way.
#[derive(Debug)]
pub struct Blocks {
    /// Bytes in blocks already cut.
    offset: u64,
    /// The last of those bytes, where they cannot be read again.
    window: Vec<u8>,
    /// Bytes read and not cut: no block ended there.
    carry: Vec<u8>,
    /// Blocks do without the window.
    independent: bool,
    /// Blocks end by content.
    rsyncable: bool,
}

impl Blocks {
    /// For one input.
    pub fn new(settings: &Settings) -> Self {
        let Settings { independent, rsyncable, .. } = *settings;
        Self { offset: 0, window: Vec::new(), carry: Vec::new(), independent, rsyncable }
    }

    /// Cuts the next block of an input that is read by position, without reading it; and whether it is the last.
    pub(super) fn cut_by_position(&mut self, input: &Input) -> Option<(Cut, bool)> {
        let size = input.size.filter(|_| !self.rsyncable)?;
        let offset = self.offset;
        let length = (size - offset).min(BLOCK as u64) as usize;
        let window = if self.independent { 0 } else { offset.min(WINDOW as u64) as usize };
        self.offset += length as u64;
        Some((Cut::At { offset, window, length }, length < BLOCK))
    }

    /// Reads the next block, or as many small ones as there are, behind their window into `buffer`; and whether the
    /// last is among them.
    pub(super) fn cut_in_order(
        &mut self,
        mut from: SequentialReader<'_>,
        buffer: &mut [u8],
    ) -> io::Result<(Cut, bool)> {
        let mut end = 0;
        for before in self.before() {
            buffer[end..end + before.len()].copy_from_slice(before);
            end += before.len();
        }
        let most = self.most();
        end += from.read_full(&mut buffer[end..most])?;
        let over = end < most;
        let (window, ends) = self.cut(&buffer[..end], if over { Following::Nothing } else { Following::Content });
        Ok((Cut::Read { window, ends }, over))
    }

    /// What stands before what is read next: the window, and the beginning of the block.
    pub fn before(&self) -> [&[u8]; 2] {
        [&self.window, &self.carry]
    }

    /// Bytes of window and content with which a block can be cut although more follows.
    pub fn most(&self) -> usize {
        self.window.len() + BLOCK
    }

    /// Cuts `bytes` into blocks: what was [`before`](Self::before), and the content after it, up to
    /// [`most`](Self::most) bytes. Returns the length of the window, and the end of each block after it.
    pub fn cut(&mut self, bytes: &[u8], following: Following) -> (usize, Vec<usize>) {
        let window = self.window.len();
        let content = &bytes[window..];
        let ends = if self.rsyncable { ends(content, following) } else { vec![content.len()] };
        let length = ends.last().copied().unwrap_or(content.len());
        self.offset += length as u64;
        self.carry.clear();
        self.carry.extend_from_slice(&content[length..]);
        self.window.clear();
        if !self.independent && following != Following::Nothing {
            self.window.extend_from_slice(&bytes[(window + length).saturating_sub(WINDOW)..window + length]);
        }
        (window, ends)
    }
}

/// Where the blocks of `content` end, the first of which begins at its start. Before more content, the bytes after the
/// last end belong to a block that is not complete.
fn ends(content: &[u8], following: Following) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut start = 0;
    while let Some(length) = block_length(&content[start..]) {
        start += length;
        ends.push(start);
    }
    match following {
        Following::Content => {}
        Following::Flush if start == content.len() => {}
        Following::Flush | Following::Nothing => ends.push(content.len()),
    }
    ends
}

/// Bytes of the block that `content` begins with; `None` if its end is not in sight.
fn block_length(content: &[u8]) -> Option<usize> {
    let most = content.len().min(MOST);
    let mut hash = 0u64;
    let reach = LEAST - REACH;
    for (i, &byte) in content.get(reach..most)?.iter().enumerate() {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(byte)]);
        if hash & ENDS == 0 && i + 1 >= REACH {
            return Some(reach + i + 1);
        }
    }
    (most == MOST).then_some(MOST)
}

/// Numbers without a pattern, always the same: splitmix64 (Steele, Lea and Flood, 2014) from 0.
const fn gear() -> [u64; 256] {
    let mut numbers = [0; 256];
    let (mut state, mut i) = (0u64, 0);
    while i < 256 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        numbers[i] = z ^ (z >> 31);
        i += 1;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        let mut x = 1u64;
        let next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (x >> 33) as u8
        };
        std::iter::repeat_with(next).take(size).collect()
    }

    #[test]
    fn blocks_end_in_the_same_places_after_an_insertion() {
        let before = noise(4_000_000);
        let mut after = before.clone();
        after.splice(1_000_000..1_000_000, noise(100));
        let (before, after) = (ends(&before, Following::Nothing), ends(&after, Following::Nothing));
        assert!(before.len() > 40, "{}", before.len());
        let same = after.iter().filter(|&&end| before.contains(&end) || before.contains(&(end - 100))).count();
        assert!(after.len() - same <= 3, "{} of {} ends moved", after.len() - same, after.len());
    }

    #[test]
    fn blocks_are_never_longer_than_allowed_and_seldom_shorter() {
        for content in [noise(3_000_000), vec![0; 3_000_000], vec![255; BLOCK]] {
            let ends = ends(&content, Following::Nothing);
            let lengths = ends.iter().scan(0, |start, &end| Some(end - std::mem::replace(start, end)));
            assert!(lengths.clone().all(|length| length <= MOST));
            assert!(lengths.filter(|&length| length < LEAST).count() <= 1, "only the last");
        }
    }

    #[test]
    fn a_whole_buffer_always_has_an_end() {
        for content in [vec![0; BLOCK], noise(BLOCK)] {
            assert!(!ends(&content, Following::Content).is_empty());
        }
        assert_eq!(ends(&[], Following::Nothing), [0]);
    }

    #[test]
    fn a_flush_ends_a_block_at_the_end_of_the_content_and_makes_no_empty_one() {
        let content = noise(500_000);
        let before = ends(&content, Following::Content);
        let end = *before.last().unwrap();
        assert!(end < content.len());
        assert_eq!(ends(&content, Following::Flush), [&before[..], &[content.len()]].concat());
        assert_eq!(ends(&content[..end], Following::Flush), before);
        assert_eq!(ends(&content[..end], Following::Nothing), [&before[..], &[end]].concat());
    }
}

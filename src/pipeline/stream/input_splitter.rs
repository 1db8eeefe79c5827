//! Splits the content to be compressed into blocks: at fixed offsets, or depending on content.
//!
//! Fixed offsets are multiples of [`BLOCK`] from the start of each input. A shorter block, even an empty one, is the last. So
//! a pipe needs no look-ahead, and is split into the same blocks as a file.
//!
//! With `--rsyncable`, blocks end where a hash of the preceding bytes has a certain value. After a local change, the same
//! content has the same block ends, so it becomes the same compressed bytes. These blocks are small; a worker gets as many
//! together as fit into [`BLOCK`] bytes.
//!
//! In BGZF, a block is a whole number of members, and has no window.

use std::io;

use super::block::{BlockEnds, BlockInput, FileRange, MemberBlock};
use crate::deflate::{BLOCK, WINDOW};
use crate::format::bgzf;
use crate::io::input::Input;
use crate::io::sequential_reader::SequentialReader;
use crate::settings::{Format, StreamSettings};

/// Minimum length of a block that ends by content, in bytes. Each block costs new Huffman codes and a sync flush of 5 bytes.
/// With these limits a block has 48 KiB on average, and the files of the corpus grow by less than half a percent.
const MIN_LENGTH: usize = 16 * 1024;

/// Maximum length of a block that ends by content, in bytes, for content without such an end.
const MAX_LENGTH: usize = 256 * 1024;

/// Bits of the hash that are zero at the end of a block: one position in 2^15. These are the highest bits, because they depend
/// on the most bytes.
const END_MASK: u64 = 0x7fff << 49;

/// Length of a block in BGZF: as many members as fit into a block.
const BGZF_BLOCK: usize = BLOCK / bgzf::WRITTEN_CONTENT * bgzf::WRITTEN_CONTENT;

/// Number of preceding bytes that the hash depends on: each byte shifts the earlier ones by one of the 64 bits.
const HASH_REACH: usize = 64;

/// A random number for each byte value ("gear" hashing; Xia et al., FastCDC, 2016).
const GEAR: [u64; 256] = gear();

/// What follows the content in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Following {
    /// More content: an incomplete block stays in the splitter.
    Content,
    /// A flush: the blocks contain all of the buffer. More content may follow.
    Flush,
    /// Nothing: the last block ends the member, and may be empty.
    Nothing,
}

/// Splits one input.
#[derive(Debug)]
pub(crate) struct InputSplitter {
    /// Number of bytes in the blocks so far.
    offset: u64,
    /// The last of those bytes, for inputs that are not read by position.
    window: Vec<u8>,
    /// The beginning of an incomplete block.
    incomplete: Vec<u8>,
    /// Length of a block with a fixed end.
    block: usize,
    /// Blocks have no window.
    independent: bool,
    /// Blocks end by content.
    rsyncable: bool,
}

impl InputSplitter {
    /// Starts at the beginning of an input.
    pub(crate) fn new(settings: &StreamSettings) -> Self {
        let StreamSettings { rsyncable, .. } = *settings;
        let (block, independent) = match settings.format {
            Format::Gzip => (BLOCK, settings.independent),
            Format::Bgzf => (BGZF_BLOCK, true),
        };
        Self { offset: 0, window: Vec::new(), incomplete: Vec::new(), block, independent, rsyncable }
    }

    /// The next block of an input that is read by position. Reads nothing.
    pub(super) fn next_range(&mut self, input: &Input) -> Option<MemberBlock> {
        let size = input.size.filter(|_| !self.rsyncable)?;
        let offset = self.offset;
        let length = (size - offset).min(self.block as u64) as usize;
        let window = if self.independent { 0 } else { offset.min(WINDOW as u64) as usize };
        self.offset += length as u64;
        let input = BlockInput::AtOffset(FileRange { offset, window, length });
        Some(MemberBlock { input, last: length < self.block })
    }

    /// Reads the next block, or several small ones, with their window into `buffer`.
    pub(super) fn read_next(&mut self, mut from: SequentialReader<'_>, buffer: &mut [u8]) -> io::Result<MemberBlock> {
        let mut end = 0;
        for prefix in self.prefix() {
            buffer[end..end + prefix.len()].copy_from_slice(prefix);
            end += prefix.len();
        }
        let capacity = self.capacity();
        end += from.read_full(&mut buffer[end..capacity])?;
        let last = end < capacity;
        let following = if last { Following::Nothing } else { Following::Content };
        Ok(MemberBlock { input: BlockInput::InBuffer(self.split(&buffer[..end], following)), last })
    }

    /// The bytes that a buffer must begin with: the window, and the beginning of an incomplete block.
    pub(crate) fn prefix(&self) -> [&[u8]; 2] {
        [&self.window, &self.incomplete]
    }

    /// Length of window and content at which [`split`](Self::split) finds a complete block even if more content follows.
    pub(crate) fn capacity(&self) -> usize {
        self.window.len() + self.block
    }

    /// Splits `bytes` into blocks: the [`prefix`](Self::prefix) and the content after it, up to
    /// [`capacity`](Self::capacity) bytes.
    pub(crate) fn split(&mut self, bytes: &[u8], following: Following) -> BlockEnds {
        let window = self.window.len();
        let content = &bytes[window..];
        let ends = if self.rsyncable { ends(content, following) } else { vec![content.len()] };
        let length = ends.last().copied().unwrap_or(content.len());
        self.offset += length as u64;
        self.incomplete.clear();
        self.incomplete.extend_from_slice(&content[length..]);
        self.window.clear();
        if !self.independent && following != Following::Nothing {
            self.window.extend_from_slice(&bytes[(window + length).saturating_sub(WINDOW)..window + length]);
        }
        BlockEnds { window, ends }
    }
}

/// The ends of the blocks in `content`, which begins with a block. If more content follows, the bytes after the last end
/// belong to an incomplete block.
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

/// Length of the block at the beginning of `content`; `None` if the block is incomplete.
fn block_length(content: &[u8]) -> Option<usize> {
    let limit = content.len().min(MAX_LENGTH);
    let mut hash = 0u64;
    // The hash must depend on all bytes in its reach before the first possible end.
    let start = MIN_LENGTH - HASH_REACH;
    for (i, &byte) in content.get(start..limit)?.iter().enumerate() {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(byte)]);
        if hash & END_MASK == 0 && i + 1 >= HASH_REACH {
            return Some(start + i + 1);
        }
    }
    (limit == MAX_LENGTH).then_some(MAX_LENGTH)
}

/// Random numbers, the same in each build: splitmix64 (Steele, Lea and Flood, 2014) from 0.
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

    fn random(size: usize) -> Vec<u8> {
        let mut x = 1u64;
        let next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (x >> 33) as u8
        };
        std::iter::repeat_with(next).take(size).collect()
    }

    #[test]
    fn block_ends_move_with_the_content_after_an_insertion() {
        let before = random(4_000_000);
        let mut after = before.clone();
        after.splice(1_000_000..1_000_000, random(100));
        let (before, after) = (ends(&before, Following::Nothing), ends(&after, Following::Nothing));
        assert!(before.len() > 40, "{}", before.len());
        let same = after.iter().filter(|&&end| before.contains(&end) || before.contains(&(end - 100))).count();
        assert!(after.len() - same <= 3, "{} of {} ends moved", after.len() - same, after.len());
    }

    #[test]
    fn blocks_keep_the_limits_of_length_except_the_last() {
        for content in [random(3_000_000), vec![0; 3_000_000], vec![255; BLOCK]] {
            let ends = ends(&content, Following::Nothing);
            let lengths = ends.iter().scan(0, |start, &end| Some(end - std::mem::replace(start, end)));
            assert!(lengths.clone().all(|length| length <= MAX_LENGTH));
            assert!(lengths.filter(|&length| length < MIN_LENGTH).count() <= 1, "only the last");
        }
    }

    #[test]
    fn a_full_buffer_has_a_block_end() {
        for content in [vec![0; BLOCK], random(BLOCK)] {
            assert!(!ends(&content, Following::Content).is_empty());
        }
        assert_eq!(ends(&[], Following::Nothing), [0]);
    }

    #[test]
    fn a_flush_ends_a_block_at_the_end_of_the_content_and_adds_no_empty_block() {
        let content = random(500_000);
        let before = ends(&content, Following::Content);
        let end = *before.last().unwrap();
        assert!(end < content.len());
        assert_eq!(ends(&content, Following::Flush), [&before[..], &[content.len()]].concat());
        assert_eq!(ends(&content[..end], Following::Flush), before);
        assert_eq!(ends(&content[..end], Following::Nothing), [&before[..], &[end]].concat());
    }
}

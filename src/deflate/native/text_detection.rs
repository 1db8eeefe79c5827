//! Whether a block is text or machine code. A parser that takes only longer matches is faster on text; on binary data its output is
//! larger.

use std::ops::{Range, RangeInclusive};

use super::entropy;
use crate::deflate::Window;

/// Bytes of the sample.
const SAMPLE: usize = 1024;

/// A block is text if at most one byte in this many is a control character that text does not contain. In files of text hardly any
/// byte is one (up to one in 15 in a tape archive of short programs), in binary files and images mostly one in nine or more.
const MAX_CONTROL_SHARE: u32 = 16;

/// Machine code has at least one zero in this many bytes, and at least this many bits for each byte. Pictures and sound have fewer zeros,
/// tables, two-byte text and drawings fewer bits.
const MAX_BYTES_FOR_ZERO: u32 = 32;
const MIN_BITS: f32 = 5.5;

/// Kinds of blocks for which level 1 has different hashes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// Text of as many different bytes as [`FEW_LETTERS`].
    Letters,
    Text,
    Binary,
}

impl BlockKind {
    pub(super) fn is_text(self) -> bool {
        self != Self::Binary
    }
}

/// Text of so few different bytes has no useful match of less than nine bytes (see `literal_statistics`), as sequences of bases and their
/// lines. With a hash of eight bytes, text of two or three is 10 and 2.5 % larger.
const FEW_LETTERS: RangeInclusive<usize> = 4..=5;

/// The kind of the positions `block`. Any byte from 128 on counts as text, as UTF-8 has them.
pub(super) fn kind(window: Window<'_>, block: Range<usize>) -> BlockKind {
    let counts = sample_counts(window, block);
    let size: u32 = counts.iter().sum();
    let control: u32 = (0..=u8::MAX).filter(|&byte| is_control(byte)).map(|byte| counts[usize::from(byte)]).sum();
    if control * MAX_CONTROL_SHARE > size {
        return BlockKind::Binary;
    }
    let distinct = counts.iter().filter(|&&count| count > 0).count();
    if FEW_LETTERS.contains(&distinct) { BlockKind::Letters } else { BlockKind::Text }
}

/// Whether the positions `block` are like machine code: binary, with zeros and many other bytes. Databases are, too.
pub(super) fn is_machine_code(window: Window<'_>, block: Range<usize>) -> bool {
    let counts = sample_counts(window, block);
    let size: u32 = counts.iter().sum();
    counts[0] * MAX_BYTES_FOR_ZERO >= size && entropy::alphabet_bits(&counts) >= MIN_BITS * size as f32
}

/// How often each byte occurs in a sample of the positions `block`.
fn sample_counts(window: Window<'_>, block: Range<usize>) -> [u32; 256] {
    // An odd step, because records often have even sizes.
    let step = (block.len() / SAMPLE) | 1;
    let mut counts = [0; 256];
    block.step_by(step).for_each(|pos| counts[usize::from(window.byte(pos))] += 1);
    counts
}

/// Whether a byte is a control character other than tab, line feed and carriage return.
fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::WindowBuffer;

    #[test]
    fn text_has_few_control_characters() {
        let judge = |bytes: &[u8]| kind(WindowBuffer::new().fill(bytes), 0..bytes.len()).is_text();
        let lines = "Zażółć gęślą jaźń, a line of text\r\n\tand more\n".repeat(300);
        assert!(judge(lines.as_bytes()) && judge(b"a") && judge(b""));
        let words: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        assert!(!judge(&words) && !judge(&[0; 10]));
        let utf16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!judge(&utf16));
    }

    #[test]
    fn machine_code_has_zeros_and_many_other_bytes() {
        let judge = |bytes: &[u8]| is_machine_code(WindowBuffer::new().fill(bytes), 0..bytes.len());
        let mut x = 1u32;
        let mut noise = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 24) as u8
        };
        let code: Vec<u8> = (0..50_000).flat_map(|_| [noise(), 0, noise(), noise()]).collect();
        assert!(judge(&code));
        let sound: Vec<u8> = (0..100_000).map(|_| noise()).collect();
        assert!(!judge(&sound), "no zeros");
        let table: Vec<u8> = (0..50_000u32).flat_map(|i| (i / 3).to_le_bytes()).collect();
        assert!(!judge(&table), "few other bytes");
        assert!(!judge(b"text".repeat(1000).as_slice()));
    }

    #[test]
    fn letters_of_four_kinds_are_a_kind_of_text() {
        let judge = |bytes: &[u8]| kind(WindowBuffer::new().fill(bytes), 0..bytes.len());
        let mut x = 1u32;
        let mut letters = |count: u32| -> Vec<u8> {
            let letter = |_| {
                x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b'a' + ((x >> 16) % count) as u8
            };
            (0..50_000).map(letter).collect()
        };
        assert!(judge(&letters(4)) == BlockKind::Letters);
        assert!(judge(&letters(3)) == BlockKind::Text && judge(&letters(20)) == BlockKind::Text);
        assert!(judge(&[0; 5000]) == BlockKind::Binary);
    }
}

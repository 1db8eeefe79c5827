//! Whether a block is text. A parser that takes only longer matches is faster on text; on binary data its output is larger.

use std::ops::Range;

use crate::deflate::Window;

/// Bytes of the sample.
const SAMPLE: usize = 1024;

/// A block is text if at most one byte in this many is a control character that text does not contain. In files of text hardly any
/// byte is one (up to one in 15 in a tape archive of short programs), in binary files and images mostly one in nine or more.
const MAX_CONTROL_SHARE: usize = 16;

/// Whether the positions `block` are text, judged by a sample. Any byte from 128 on counts as text, as UTF-8 has them.
pub(super) fn is_text(window: Window<'_>, block: Range<usize>) -> bool {
    // An odd step, because records often have even sizes.
    let step = (block.len() / SAMPLE) | 1;
    let sample = block.clone().step_by(step);
    let size = sample.len();
    let control = sample.filter(|&pos| is_control(window.byte(pos))).count();
    control * MAX_CONTROL_SHARE <= size
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
        let judge = |bytes: &[u8]| is_text(WindowBuffer::new().fill(bytes), 0..bytes.len());
        let lines = "Zażółć gęślą jaźń, a line of text\r\n\tand more\n".repeat(300);
        assert!(judge(lines.as_bytes()) && judge(b"a") && judge(b""));
        let words: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        assert!(!judge(&words) && !judge(&[0; 10]));
        let utf16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(!judge(&utf16));
    }
}

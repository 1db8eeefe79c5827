//! The output of a decoder that does not know the 32 KiB before its start.
//!
//! Such a decoder writes 16-bit symbols. A symbol below [`MARKER`] is a byte. A symbol `MARKER | i` is a marker: it stands
//! for byte `i` of the unknown window, where byte 0 is the oldest. Matches copy markers as they copy bytes. Once the window
//! is known, [`resolve`] replaces the markers.

use std::fmt;

use crate::deflate::WINDOW;
use crate::deflate::boxed_array::boxed_array;

/// The bit that distinguishes markers from bytes. The other bits of a marker are an index into the window.
pub const MARKER: u16 = 0x8000;

/// Symbols that are processed together. One test shows whether a group contains a marker. Measured: 27 GB/s without markers. If
/// half of the runs of symbols are markers, 5.5 GB/s; with groups of 32, 4.0; with groups of 96, 5.0.
const GROUP: usize = 64;

/// Writes the markers of the whole window, oldest byte first. They precede the output of a decoder without window.
pub fn fill_initial_window(window: &mut [u16; WINDOW]) {
    for (i, symbol) in window.iter_mut().enumerate() {
        *symbol = MARKER | i as u16;
    }
}

/// Index of the last marker.
pub fn last_marker(symbols: &[u16]) -> Option<usize> {
    // Groups are counted from the end, so that the usual answer, none or a late one, is found first.
    let mut end = symbols.len();
    for group in symbols.rchunks(GROUP) {
        let start = end - group.len();
        if has_marker(group) {
            let in_group = group.iter().rposition(|&symbol| symbol >= MARKER);
            return in_group.map(|i| start + i);
        }
        end = start;
    }
    None
}

/// Converts symbols that contain no marker to bytes.
///
/// # Panics
///
/// If the lengths differ.
pub fn narrow(symbols: &[u16], out: &mut [u8]) {
    debug_assert!(!has_marker(symbols));
    assert_eq!(symbols.len(), out.len());
    for (byte, &symbol) in out.iter_mut().zip(symbols) {
        *byte = symbol as u8;
    }
}

/// Converts symbols to bytes. Markers become `fill`; returns their number.
///
/// # Panics
///
/// If the lengths differ.
pub(super) fn narrow_with_fill(symbols: &[u16], fill: u8, out: &mut [u8]) -> usize {
    assert_eq!(symbols.len(), out.len());
    let mut unknown = 0;
    for (group, out) in symbols.chunks(GROUP).zip(out.chunks_mut(GROUP)) {
        if !has_marker(group) {
            narrow(group, out);
            continue;
        }
        for (&symbol, byte) in group.iter().zip(out) {
            let is_unknown = symbol >= MARKER;
            *byte = if is_unknown { fill } else { symbol as u8 };
            unknown += usize::from(is_unknown);
        }
    }
    unknown
}

/// A marker refers to a byte before the start of the content: the distance of a match is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFar {
    /// Index of the first such symbol, which is where the match starts. The symbols before it are resolved.
    pub at: usize,
}

/// The known window before a position: up to 32 KiB of content.
#[derive(Clone)]
pub struct ResolvedWindow {
    /// The byte for every symbol: the identity for bytes, and the window for markers. Symbols from 256 to `MARKER` do not
    /// occur. One table makes a lookup independent of the kind of symbol; the index needs no bounds check.
    table: Box<[u8; 1 << 16]>,
    /// Bytes of the window that exist, at its end. Less than [`WINDOW`] near the start of a member.
    valid: usize,
}

impl fmt::Debug for ResolvedWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedWindow").field("valid", &self.valid).finish_non_exhaustive()
    }
}

impl ResolvedWindow {
    /// The window after `content`: its last bytes, at most [`WINDOW`].
    pub fn new(content: &[u8]) -> Self {
        let content = &content[content.len().saturating_sub(WINDOW)..];
        let mut window = Self { table: identity(), valid: content.len() };
        window.table[(1 << 16) - content.len()..].copy_from_slice(content);
        window
    }

    /// The bytes, oldest first.
    pub fn bytes(&self) -> &[u8] {
        &self.table[(1 << 16) - self.valid..]
    }

    /// The window after `symbols`, which follow this window. The next chunk needs only this, so it does not wait for the
    /// rest of the symbols. A byte that does not exist becomes 0; [`resolve`] reports it.
    pub fn after(&self, symbols: &[u16]) -> Self {
        let valid = WINDOW.min(self.valid + symbols.len());
        let symbols = &symbols[symbols.len().saturating_sub(WINDOW)..];
        let mut window = Self { table: identity(), valid };
        let (older, newer) = window.table[MARKER.into()..].split_at_mut(WINDOW - symbols.len());
        older.copy_from_slice(&self.table[(1 << 16) - older.len()..]);
        self.replace(symbols, newer);
        window
    }

    /// Whether all bytes that `symbols` refer to exist.
    pub fn has_all_of(&self, symbols: &[u16]) -> bool {
        self.first_too_far(symbols).is_none()
    }

    /// Index of the first marker for a byte that does not exist.
    fn first_too_far(&self, symbols: &[u16]) -> Option<usize> {
        let missing = (WINDOW - self.valid) as u16;
        if missing == 0 {
            return None;
        }
        let is_missing = |symbol: &u16| symbol.wrapping_sub(MARKER) < missing;
        let mut groups = symbols.chunks(GROUP);
        let first =
            GROUP * groups.position(|group| group.iter().fold(false, |any, symbol| any | is_missing(symbol)))?;
        symbols[first..].iter().position(is_missing).map(|i| first + i)
    }

    /// Replaces all symbols. `out` has the same length.
    fn replace(&self, symbols: &[u16], out: &mut [u8]) {
        let (groups, rest) = symbols.as_chunks::<GROUP>();
        let (out_groups, out_rest) = out.as_chunks_mut::<GROUP>();
        for (group, out) in groups.iter().zip(out_groups) {
            if has_marker(group) {
                self.look_up(group, out);
            } else {
                narrow(group, out);
            }
        }
        for (&symbol, out) in rest.iter().zip(out_rest) {
            *out = self.table[usize::from(symbol)];
        }
    }

    /// Replaces a group. Eight bytes are collected for each store.
    fn look_up(&self, group: &[u16; GROUP], out: &mut [u8; GROUP]) {
        for (eight, out) in group.as_chunks::<8>().0.iter().zip(out.as_chunks_mut().0) {
            let bytes = eight.iter().map(|&symbol| u64::from(self.table[usize::from(symbol)]));
            *out = bytes.rev().fold(0, |word: u64, byte| word << 8 | byte).to_le_bytes();
        }
    }
}

/// Writes the bytes of `symbols`, which follow `window`, to `out`.
///
/// # Errors
///
/// If a marker refers to a byte that the window does not have. The bytes before it are written.
///
/// # Panics
///
/// If the lengths differ.
pub fn resolve(symbols: &[u16], window: &ResolvedWindow, out: &mut [u8]) -> Result<(), TooFar> {
    assert_eq!(symbols.len(), out.len());
    match window.first_too_far(symbols) {
        None => window.replace(symbols, out),
        Some(at) => {
            window.replace(&symbols[..at], &mut out[..at]);
            return Err(TooFar { at });
        }
    }
    Ok(())
}

/// Whether a symbol is a marker. It reads all of them, without a branch.
fn has_marker(symbols: &[u16]) -> bool {
    symbols.iter().fold(0, |all, symbol| all | symbol) >= MARKER
}

/// The table of a window of zeros.
fn identity() -> Box<[u8; 1 << 16]> {
    let mut table = boxed_array(0);
    for (byte, entry) in (0..=u8::MAX).zip(&mut table[..]) {
        *entry = byte;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Symbols in runs of bytes and runs of markers, as matches write them.
    fn symbols() -> impl Strategy<Value = Vec<u16>> {
        let bytes = vec(0..256_u16, 0..100);
        let markers = (0..WINDOW as u16, 0..300_u16).prop_map(|(start, length)| {
            (start..WINDOW.min((start + length).into()) as u16).map(|i| MARKER | i).collect()
        });
        vec(prop_oneof![bytes, markers, Just(vec![b'x'.into(); 5000])], 0..20).prop_map(|runs| runs.concat())
    }

    /// Content before a position, shorter and longer than a window.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let length = prop_oneof![0..100_usize, WINDOW - 2..WINDOW + 3, 0..2 * WINDOW];
        (length, any::<u8>()).prop_map(|(length, seed)| (0..length).map(|i| (i % 251) as u8 ^ seed).collect())
    }

    /// The byte of a symbol after `content`, one at a time.
    fn naive(content: &[u8], symbol: u16) -> Option<u8> {
        match u8::try_from(symbol) {
            Ok(byte) => Some(byte),
            Err(_) => (content.len() + usize::from(symbol - MARKER)).checked_sub(WINDOW).map(|i| content[i]),
        }
    }

    proptest! {
        #[test]
        fn symbols_are_resolved_up_to_the_first_that_is_too_far(content in content(), symbols in symbols()) {
            let expected: Vec<u8> = symbols.iter().map_while(|&symbol| naive(&content, symbol)).collect();
            let mut out = vec![0; symbols.len()];
            let result = resolve(&symbols, &ResolvedWindow::new(&content), &mut out);
            let is_complete = expected.len() == symbols.len();
            prop_assert_eq!(result, if is_complete { Ok(()) } else { Err(TooFar { at: expected.len() }) });
            prop_assert!(out[..expected.len()] == expected);
        }

        #[test]
        fn the_window_after_symbols_is_that_after_their_bytes(content in content(), symbols in symbols()) {
            let bytes = symbols.iter().map(|&symbol| naive(&content, symbol).unwrap_or(0));
            let whole: Vec<u8> = content.iter().copied().chain(bytes).collect();
            let window = ResolvedWindow::new(&content).after(&symbols);
            prop_assert!(window.bytes() == &whole[whole.len().saturating_sub(WINDOW)..]);
        }

        #[test]
        fn the_last_marker_is_found(symbols in symbols()) {
            let last = symbols.iter().rposition(|&symbol| symbol >= MARKER);
            prop_assert_eq!(last_marker(&symbols), last);
            let unmarked = &symbols[last.map_or(0, |last| last + 1)..];
            let mut out = vec![0; unmarked.len()];
            narrow(unmarked, &mut out);
            prop_assert!(out.iter().zip(unmarked).all(|(&byte, &symbol)| u16::from(byte) == symbol));
        }
    }

    #[test]
    fn the_initial_window_resolves_to_the_window() {
        let content: Vec<u8> = (0..WINDOW).map(|i| ((i * i) >> 7) as u8).collect();
        let (mut initial, mut out) = ([0; WINDOW], vec![0; WINDOW]);
        fill_initial_window(&mut initial);
        assert_eq!(resolve(&initial, &ResolvedWindow::new(&content), &mut out), Ok(()));
        assert!(out == content);
    }
}

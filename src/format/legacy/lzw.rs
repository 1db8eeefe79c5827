//! LZW as `compress` writes it (`.Z`).
//!
//! After the magic bytes comes a byte with the largest width of a code (bits 0 to 4) and the mode (bit 7: block mode, in which
//! code 256 clears the table). Codes follow with their lowest bit first, 9 bits wide at first. When the entries no longer fit, the
//! width grows by one. Codes are written in groups of eight; where the width changes, the rest of a group is padding. The data ends
//! with the file.

use super::{LegacyError, LegacyOutput, LegacyStatus, NextByte};

/// Width of the first codes in bits.
const MIN_WIDTH: u32 = 9;

/// Largest width that exists.
const MAX_WIDTH: u32 = 16;

/// The code that clears the table in block mode.
const CLEAR: usize = 256;

/// Codes of a group. A group of codes of one width occupies whole bytes.
const GROUP: u32 = 8;

/// The string of a code: the string of another code and one more byte.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    prefix: u16,
    /// Length of the string in bytes. A string has at most one byte more than there are entries with a prefix.
    length: u16,
    first: u8,
    last: u8,
}

/// Decodes LZW data.
#[derive(Debug)]
pub(super) struct LzwDecoder {
    entries: Box<[Entry]>,
    /// `None` until the header is read.
    header: Option<LzwHeader>,
    codes: CodeReader,
    /// The next entry to be defined.
    next_entry: usize,
    /// The last code. `None` at the start and after the table was cleared.
    previous: Option<usize>,
    /// The table may be cleared here: not before the first string.
    may_clear: bool,
    /// The end of a string that did not fit in the output.
    pending: Vec<u8>,
    /// Bytes of `pending` that were written.
    written: usize,
}

#[derive(Clone, Copy, Debug)]
struct LzwHeader {
    max_width: u32,
    block_mode: bool,
}

impl LzwHeader {
    fn read(next: NextByte<'_>) -> Result<Self, LegacyError> {
        let byte = next()?.ok_or(LegacyError::Truncated)?;
        let max_width = u32::from(byte & 0x1f);
        let is_reserved = byte & 0x60 != 0;
        if is_reserved || !(MIN_WIDTH..=MAX_WIDTH).contains(&max_width) {
            return Err(LegacyError::Invalid);
        }
        Ok(Self { max_width, block_mode: byte & 0x80 != 0 })
    }

    /// The first code that is neither a byte nor [`CLEAR`].
    fn first_entry(self) -> usize {
        CLEAR + usize::from(self.block_mode)
    }

    /// Width that the codes can grow to. The table has at most `2^max_width` entries, but every implementation widens the first
    /// codes once, also for a largest width of nine.
    fn widest(self) -> u32 {
        self.max_width.max(MIN_WIDTH + 1)
    }

    /// Entries that the table can have.
    fn max_entries(self) -> usize {
        1 << self.max_width
    }
}

impl LzwDecoder {
    pub(super) fn new() -> Self {
        let mut entries = vec![Entry::default(); 1 << MAX_WIDTH].into_boxed_slice();
        for (byte, entry) in (0..=255).zip(&mut entries) {
            *entry = Entry { prefix: 0, length: 1, first: byte, last: byte };
        }
        Self {
            entries,
            header: None,
            codes: CodeReader { bits: 0, count: 0, width: MIN_WIDTH, codes_in_group: 0 },
            next_entry: 0,
            previous: None,
            may_clear: false,
            pending: Vec::new(),
            written: 0,
        }
    }

    pub(super) fn decode(
        &mut self,
        next: NextByte<'_>,
        output: &mut LegacyOutput<'_>,
    ) -> Result<LegacyStatus, LegacyError> {
        let header = match self.header {
            Some(header) => header,
            None => *self.header.insert(LzwHeader::read(next)?),
        };
        self.next_entry = self.next_entry.max(header.first_entry());
        while self.flush_pending(output) {
            // The writer widens the codes before the first one that may need it.
            if self.next_entry >= 1 << self.codes.width && self.codes.width < header.widest() {
                self.codes.change_width(self.codes.width + 1, next)?;
            }
            let Some(code) = self.codes.read(next)? else { return Ok(LegacyStatus::End) };
            if code == CLEAR && header.block_mode && self.may_clear {
                self.codes.change_width(MIN_WIDTH, next)?;
                self.next_entry = header.first_entry();
                self.previous = None;
            } else {
                self.define_entry(code, header)?;
                self.write_string(code, output);
                self.previous = Some(code);
                self.may_clear = true;
            }
        }
        Ok(LegacyStatus::OutputFull)
    }

    /// Defines the next entry: the string of the last code and the first byte of the string of this one, which may be the new entry
    /// itself.
    fn define_entry(&mut self, code: usize, header: LzwHeader) -> Result<(), LegacyError> {
        let Some(previous) = self.previous else {
            return if code < CLEAR { Ok(()) } else { Err(LegacyError::Invalid) };
        };
        let is_literal = code < CLEAR;
        let is_known = is_literal || (header.first_entry()..self.next_entry).contains(&code);
        let may_define = self.next_entry < header.max_entries();
        if !is_known && (!may_define || code != self.next_entry) {
            return Err(LegacyError::Invalid);
        }
        if may_define {
            let Entry { length, first, .. } = self.entries[previous];
            let last = if is_known { self.entries[code].first } else { first };
            self.entries[self.next_entry] = Entry { prefix: previous as u16, length: length + 1, first, last };
            self.next_entry += 1;
        }
        Ok(())
    }

    /// Writes the string of a code. What does not fit becomes pending.
    fn write_string(&mut self, code: usize, output: &mut LegacyOutput<'_>) {
        let length = usize::from(self.entries[code].length);
        if length <= output.free() {
            fill_string(&self.entries, code, output.append(length));
            return;
        }
        self.pending.clear();
        self.pending.resize(length, 0);
        self.written = 0;
        fill_string(&self.entries, code, &mut self.pending);
        self.flush_pending(output);
    }

    /// Writes pending bytes; returns whether there is space for more.
    fn flush_pending(&mut self, output: &mut LegacyOutput<'_>) -> bool {
        let left = &self.pending[self.written..];
        let count = left.len().min(output.free());
        output.append(count).copy_from_slice(&left[..count]);
        self.written += count;
        output.free() > 0
    }
}

/// Writes the string of a code, from its end to its start.
fn fill_string(entries: &[Entry], mut code: usize, string: &mut [u8]) {
    for byte in string.iter_mut().rev() {
        let entry = entries[code];
        *byte = entry.last;
        code = usize::from(entry.prefix);
    }
}

/// Reads codes of one width after another.
#[derive(Debug)]
struct CodeReader {
    /// Bits that were read and not used, the next one lowest.
    bits: u32,
    /// Number of these bits.
    count: u32,
    width: u32,
    /// Codes of the current group that were read.
    codes_in_group: u32,
}

impl CodeReader {
    /// The next code. `None` at the end of the file; bits that are not a whole code are padding.
    fn read(&mut self, next: NextByte<'_>) -> Result<Option<usize>, LegacyError> {
        while self.count < self.width {
            let Some(byte) = next()? else { return Ok(None) };
            self.bits |= u32::from(byte) << self.count;
            self.count += 8;
        }
        let code = self.bits & ((1 << self.width) - 1);
        self.bits >>= self.width;
        self.count -= self.width;
        self.codes_in_group = (self.codes_in_group + 1) % GROUP;
        Ok(Some(code as usize))
    }

    /// Skips the rest of the group, and changes the width.
    fn change_width(&mut self, width: u32, next: NextByte<'_>) -> Result<(), LegacyError> {
        while self.codes_in_group != 0 && self.read(next)?.is_some() {}
        // At the end of the file, less than a code is left.
        (self.bits, self.count, self.codes_in_group) = (0, 0, 0);
        self.width = width;
        Ok(())
    }
}

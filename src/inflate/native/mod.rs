//! gzcc's own DEFLATE decoder (RFC 1951). It accepts exactly the data that zlib accepts.
//!
//! ```text
//!      input --> bit_reader --> dynamic_header --> canonical_code --> litlen_table, distance_table
//!                    |                                                        |
//!                    +--> fast_loop (far from the ends) <---------------------+
//!                    |       |                                                |
//!                    +--> careful_loop (near the ends) <----------------------+
//!                            |
//!                            v
//!                        match_copy --> output
//! ```
//!
//! A decoder owns its tables and up to 32 KiB of window. It keeps no copy of the input or the output: the output itself, which
//! the caller passes again with each call, is the history that matches refer to. `docs/decoder.md` explains the tables, and
//! records which ideas helped and which did not.

mod bit_reader;
mod canonical_code;
mod careful_loop;
mod distance_table;
mod dynamic_header;
mod fast_loop;
mod litlen_table;
mod match_copy;
mod output_symbol;

#[cfg(test)]
mod decoder_tests;

use self::bit_reader::BitReader;
use self::distance_table::DistanceTable;
use self::dynamic_header::DynamicHeader;
use self::litlen_table::LitLenTable;
pub use self::output_symbol::Symbol;
use crate::deflate::WINDOW;

/// Resumable DEFLATE decoder, generic over the output symbol.
///
/// With `S = u8` it writes bytes. With `S = u16` it writes symbols: literals are bytes, and matches copy earlier symbols. The
/// caller fills the 32 Ki symbols before the first one with markers for the unknown window (`markers`).
#[derive(Debug)]
pub struct DeflateDecoder<S: Symbol = u8> {
    state: DecoderState,
    /// The current block is the last one.
    is_final: bool,
    /// Bits to skip before the next block header.
    skip_bits: u32,
    /// Bits of consumed bytes that are not used yet: `bit_count` of them.
    bits: u64,
    bit_count: u32,
    header: DynamicHeader,
    tables: Box<Tables>,
    /// The tables are those of the fixed codes.
    has_fixed_tables: bool,
    /// The symbols before the output, at most [`WINDOW`].
    window: Vec<S>,
}

/// Why [`DeflateDecoder::decode`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeStatus {
    /// All input is consumed, and more data follows.
    NeedsInput,
    /// The output is full, and more output follows.
    OutputFull,
    /// A block that is not the last one has ended. The header of the next one is not read yet.
    BlockEnd,
    /// The last block has ended.
    StreamEnd,
}

/// The result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Input bytes consumed.
    pub consumed: usize,
    /// Symbols written to the output.
    pub produced: usize,
    /// What comes next.
    pub status: DecodeStatus,
}

/// The data is not DEFLATE data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidData {
    /// Input bytes of this call that were consumed before the error was found.
    pub consumed: usize,
    /// Valid symbols that were written to the output before the error.
    pub produced: usize,
}

impl std::error::Error for InvalidData {}

impl std::fmt::Display for InvalidData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "invalid DEFLATE data at byte {}", self.consumed)
    }
}

/// The data is not DEFLATE data. [`InvalidData`] adds the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed;

/// What the decoder reads next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DecoderState {
    BlockHeader,
    /// The length of a stored block, after the alignment.
    StoredLength,
    /// The bytes of a stored block.
    Stored {
        left: usize,
    },
    DynamicHeader,
    /// A literal, a length or the end of the block.
    Symbol,
    /// The distance of a match.
    Distance {
        length: usize,
    },
    /// The rest of a match, for which the output had no space.
    Match {
        length: usize,
        distance: usize,
    },
    /// Nothing: the last block has ended.
    StreamEnd,
    /// Nothing: the data is invalid.
    Invalid,
}

/// The tables of a block.
#[derive(Debug)]
struct Tables {
    litlen: LitLenTable,
    distances: DistanceTable,
}

/// The output of a call.
struct Output<'call, S> {
    /// The symbols before `symbols[0]`.
    window: &'call [S],
    symbols: &'call mut [S],
    /// Index of the next symbol to write. The symbols before it are history.
    at: usize,
}

impl<S: Symbol> Output<'_, S> {
    /// Symbols for which there is space.
    fn free(&self) -> usize {
        self.symbols.len() - self.at
    }

    /// Writes a symbol. There must be space.
    fn push(&mut self, symbol: S) {
        self.symbols[self.at] = symbol;
        self.at += 1;
    }

    /// Whether there is a symbol at this distance.
    fn has_distance(&self, distance: usize) -> bool {
        distance <= self.at + self.window.len()
    }
}

impl<S: Symbol> DeflateDecoder<S> {
    /// Creates a decoder at the start of a stream.
    pub fn new() -> Self {
        Self {
            state: DecoderState::BlockHeader,
            is_final: false,
            skip_bits: 0,
            bits: 0,
            bit_count: 0,
            header: DynamicHeader::new(),
            tables: Box::new(Tables { litlen: LitLenTable::new(), distances: DistanceTable::new() }),
            has_fixed_tables: false,
            window: Vec::new(),
        }
    }

    /// Starts a stream, without a window. If the output already contains data that does not belong to the stream, pass only
    /// what follows it to [`decode`](Self::decode): matches may reach back to the start of the output.
    pub fn restart(&mut self) {
        self.restart_at(0);
    }

    /// Starts at a block header without a window. The header begins `skip_bits` (0 to 7) bits after the start of the input of the
    /// next [`decode`](Self::decode).
    pub fn restart_at(&mut self, skip_bits: u32) {
        self.state = DecoderState::BlockHeader;
        self.is_final = false;
        self.skip_bits = skip_bits;
        (self.bits, self.bit_count) = (0, 0);
        self.window.clear();
    }

    /// Sets the symbols before `output[0]`, to which matches may refer. Only the last 32 Ki are kept.
    ///
    /// A caller that continues with another output sets the symbols that it decoded before.
    pub fn set_window(&mut self, window: &[S]) {
        self.window.clear();
        self.extend_window(window);
    }

    /// The symbols before `output[0]`.
    pub fn window(&self) -> &[S] {
        &self.window
    }

    /// Adds `output` to the window: the next call gets another output, which follows this one.
    pub fn extend_window(&mut self, output: &[S]) {
        let added = &output[output.len().saturating_sub(WINDOW)..];
        let kept = self.window.len().min(WINDOW - added.len());
        self.window.drain(..self.window.len() - kept);
        self.window.extend_from_slice(added);
    }

    /// Number of bits (0 to 7) of the last consumed byte that are not used yet. After [`DecodeStatus::BlockEnd`] they are the
    /// first bits of the next block header.
    pub fn unused_bits(&self) -> u32 {
        self.bit_count
    }

    /// Whether the next bytes of the input are the content of a stored block, or its length.
    pub(crate) fn is_in_stored_block(&self) -> bool {
        matches!(self.state, DecoderState::StoredLength | DecoderState::Stored { .. })
    }

    /// Decodes `input` into `output[at..]`.
    ///
    /// `output[..at]` contains the symbols decoded before: matches refer to them, and to the window before `output[0]`.
    /// The call can end at every bit of the input and at every symbol of the output. Unless it ends because it
    /// [needs input](DecodeStatus::NeedsInput), whole bytes that are not used are not consumed.
    ///
    /// # Errors
    /// If the data is invalid. All later calls fail as well, until a restart.
    pub fn decode(&mut self, input: &[u8], output: &mut [S], at: usize) -> Result<Decoded, InvalidData> {
        let mut reader = BitReader::new(input, self.bits, self.bit_count);
        let window = std::mem::take(&mut self.window);
        let mut call_output = Output { window: &window, symbols: output, at };
        let result = self.run(&mut reader, &mut call_output);
        let produced = call_output.at - at;
        self.window = window;
        match result {
            Ok(DecodeStatus::NeedsInput) => reader.clear_above(),
            _ => reader.give_back(),
        }
        (self.bits, self.bit_count) = (reader.bits, reader.count);
        let consumed = reader.position;
        match result {
            Ok(status) => Ok(Decoded { consumed, produced, status }),
            Err(Malformed) => {
                self.state = DecoderState::Invalid;
                Err(InvalidData { consumed, produced })
            }
        }
    }
}

impl<S: Symbol> Default for DeflateDecoder<S> {
    fn default() -> Self {
        Self::new()
    }
}

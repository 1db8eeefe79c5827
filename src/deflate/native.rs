//! gzcc's own encoder, levels 1 to 12.
//!
//! # How a block is processed
//!
//! ```text
//!      Window: dictionary | block
//!                 |
//!                 |   incompressible data, up to a repetition (levels 1 to 6)  --+
//!                 v                                                             |
//!      parser + matchfinder  <--- cost_model <--- literal_statistics            |
//!      greedy, lookahead, lazy        ^           (a sample of the input)       |
//!                 |                   |                                         |
//!                 | chunk of sequences|  histogram of the pending block         |
//!                 v                   |                                         |
//!      block_split: add the chunk to the pending block, or begin a new one      |
//!                 |                                                             |
//!                 | DEFLATE block      (levels 10 to 12: parser::optimal        |
//!                 v                     replaces its sequences)                 |
//!      block_writer: stored, fixed codes, or dynamic codes                      |
//!                 |   code_lengths (huffman), block_header, code_tables         |
//!                 v                                                             v
//!      bit_writer: output of the block, ends on a byte boundary
//! ```
//!
//! `hash_choice` decides how many bytes the matchfinder hashes. The matchfinder forgets the last block and loads the dictionary.
//! The parser produces `sequences`, a chunk at a time. After each chunk, `block_split` decides whether it joins the pending DEFLATE
//! block. `block_writer` writes a DEFLATE block in its cheapest form. At levels 10 to 12, lazy parsing only finds the ends of blocks
//! and the first prices of symbols; then `parser::optimal` computes the cheapest path.
//!
//! No state is kept from block to block, and nothing depends on the processor: the same block gives the same bytes.
//! `docs/encoder.md` records which ideas helped, which did not, and by how much.

mod anchors;
mod bit_writer;
mod block_header;
mod block_split;
mod block_writer;
mod code_lengths;
mod code_tables;
mod cost_model;
mod entropy;
mod field_detection;
mod hash_choice;
mod histogram;
mod huffman;
mod incompressible;
mod level_parameters;
mod literal_statistics;
mod match_length;
mod matchfinder;
mod parser;
mod sequences;
mod simd;
mod symbols;
mod text_detection;

use std::ops::Range;

use self::anchors::Anchors;
use self::bit_writer::BitWriter;
use self::block_split::SplitDecision;
use self::block_writer::BlockContent;
use self::code_lengths::CodeLengths;
use self::code_tables::CodeTables;
use self::cost_model::CostModel;
use self::histogram::Histogram;
use self::level_parameters::LevelState;
use self::sequences::Sequences;
use super::{BlockCompressor, WINDOW, Window};

/// The encoder at one level, with the memory that it reuses from block to block.
pub(super) struct NativeCompressor {
    level: LevelState,
    sequences: Sequences,
    tables: Box<CodeTables>,
    anchors: Anchors,
}

impl NativeCompressor {
    /// An encoder for a level from 1 to 12.
    pub(super) fn new(level: u8) -> Self {
        Self {
            level: LevelState::new(level),
            sequences: Sequences::new(),
            tables: Box::new(CodeTables::EMPTY),
            anchors: Anchors::new(),
        }
    }
}

impl BlockCompressor for NativeCompressor {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        self.level.begin_block(window, block.clone());
        self.sequences.clear();
        self.anchors.clear();
        let begins_incompressible =
            self.level.skips_incompressible && incompressible::is_incompressible_dictionary(window, block.start);
        let encoder = BlockEncoder {
            level: &mut self.level,
            sequences: &mut self.sequences,
            tables: &mut self.tables,
            anchors: &mut self.anchors,
            window,
            end: block.end,
            writer: BitWriter::new(out),
            pending: DeflateBlock::new(block.start, Histogram::EMPTY),
            model: CostModel::new(),
            unmatched: if begins_incompressible { incompressible::MIN_UNMATCHED } else { 0 },
            inserted: 0,
        };
        encoder.encode(last);
    }
}

/// The DEFLATE block that is being collected.
struct DeflateBlock {
    /// Its positions in the window.
    input: Range<usize>,
    /// The number of its sequences.
    sequence_count: usize,
    histogram: Histogram,
}

impl DeflateBlock {
    /// A block without input that begins at `start`.
    fn new(start: usize, histogram: Histogram) -> Self {
        Self { input: start..start, sequence_count: 0, histogram }
    }
}

/// The encoding of one block of input.
struct BlockEncoder<'a, 'out> {
    level: &'a mut LevelState,
    /// The sequences of the pending block, and behind them those of the current chunk.
    sequences: &'a mut Sequences,
    tables: &'a mut CodeTables,
    anchors: &'a mut Anchors,
    window: Window<'a>,
    /// Where the block of input ends.
    end: usize,
    writer: BitWriter<'out>,
    pending: DeflateBlock,
    model: CostModel,
    /// Input bytes since the last match; counted only at levels that skip incompressible data.
    unmatched: usize,
    /// End of the positions that the match finder knows. From there to the current position, the dictionary or stored data is not
    /// inserted yet.
    inserted: usize,
}

impl BlockEncoder<'_, '_> {
    /// Encodes the whole block. The output ends on a byte boundary, with an empty stored block unless this block is the last.
    fn encode(mut self, last: bool) {
        while self.pending.input.end < self.end {
            if !self.store_incompressible() {
                self.parse_chunk();
            }
        }
        if last || !self.pending.input.is_empty() {
            self.write_pending(last);
        }
        if !last {
            block_writer::write_stored(&[], false, &mut self.writer);
        }
        self.writer.align();
    }

    /// Stores the incompressible data at the current position, up to a repetition. Returns whether there was any.
    fn store_incompressible(&mut self) -> bool {
        if self.unmatched < incompressible::MIN_UNMATCHED {
            return false;
        }
        let start = self.pending.input.end;
        let length = incompressible::incompressible_prefix(self.window, start, self.end);
        let repeat = self.anchors.find_repeat(self.window, start..start + length, self.end);
        if repeat.is_some() {
            self.unmatched = 0;
        }
        let stored = start..repeat.unwrap_or(start + length);
        if stored.is_empty() {
            return false;
        }
        if !self.pending.input.is_empty() {
            self.write_pending(false);
            self.sequences.clear();
        }
        self.pending = DeflateBlock::new(stored.end, Histogram::EMPTY);
        block_writer::write_stored(self.window.bytes(stored), false, &mut self.writer);
        true
    }

    /// Inserts the positions before the current one that the match finder lacks, as far as the window reaches.
    fn insert_skipped(&mut self, end: usize) {
        let start = self.inserted.max(end.saturating_sub(WINDOW));
        self.level.parser().insert(self.window, start..end);
    }

    /// Sequences of the next chunk.
    fn chunk(&mut self) -> usize {
        let chunk = self.level.chunk();
        if self.unmatched >= incompressible::MIN_UNMATCHED {
            // Within incompressible data, a small chunk is enough to detect a change.
            return chunk / 4;
        }
        if self.model.has_even_literals {
            return chunk.max(cost_model::MIN_CHUNK_OF_EVEN_LITERALS);
        }
        chunk
    }

    /// Parses the next chunk, and adds it to the pending block or begins a new one with it.
    fn parse_chunk(&mut self) {
        let input = self.pending.input.end..self.end;
        self.insert_skipped(input.start);
        self.level.prepare(self.window, input.clone(), &mut self.model);
        let parsed = self.parse_sequences(input.clone());
        self.inserted = parsed;
        let chunk = Histogram::count(&self.sequences.as_slice()[self.pending.sequence_count..]);
        let matches: u32 = chunk.distances.iter().sum();
        let counts_unmatched = self.level.skips_incompressible && matches == 0;
        self.unmatched = if counts_unmatched { self.unmatched + (parsed - input.start) } else { 0 };
        if self.level.uses_cost_model {
            self.model.update_search(&chunk, self.record_distance(parsed));
        }
        let bits = self.add_chunk(chunk, parsed);
        if self.level.uses_cost_model && parsed < self.end {
            self.model.update(&self.pending.histogram, bits, self.pending.input.len());
        }
    }

    /// Parses the sequences of the next chunk. Returns where it ends.
    fn parse_sequences(&mut self, input: Range<usize>) -> usize {
        let Range { start, end } = input;
        let first = self.pending.sequence_count;
        let mut parsed = start;
        if self.model.is_new() && self.level.uses_cost_model {
            // Fields are recognized early, because another parser makes them much smaller.
            self.sequences.set_limit(first + field_detection::SAMPLE);
            parsed = self.level.parser().parse(self.window, input, &self.model, self.sequences);
            if self.record_distance(parsed).is_some() {
                return parsed;
            }
        }
        let chunk = self.chunk();
        self.sequences.set_limit(first + chunk);
        if parsed < end && !self.sequences.is_full() {
            parsed = self.level.parser().parse(self.window, parsed..end, &self.model, self.sequences);
        }
        parsed
    }

    /// The distance of records if the current chunk, which ends at the position `parsed`, consists of fields.
    fn record_distance(&self, parsed: usize) -> Option<usize> {
        let last = self.sequences.len().saturating_sub(field_detection::SAMPLE);
        let matches = self.sequences.matches(self.pending.sequence_count.max(last));
        if matches.clone().nth(field_detection::MIN_MATCHES - 1).is_none() {
            return field_detection::literal_number_size(self.window, self.pending.input.end..parsed);
        }
        field_detection::record_distance(matches, self.model.has_even_literals)
    }

    /// Adds a chunk of sequences, which ends at the position `parsed`, to the pending block, or writes that block and begins a
    /// new one. Returns the estimated bits of the pending block; they are not needed at the end of the input.
    fn add_chunk(&mut self, chunk: Histogram, parsed: usize) -> f32 {
        let SplitDecision { splits, bits } = if self.pending.sequence_count > 0 {
            let full = self.pending.sequence_count + self.level.chunk() > sequences::MAX_PENDING;
            block_split::decide(&self.pending.histogram, &chunk, full, self.level.parser().min_split_saving())
        } else {
            SplitDecision { splits: false, bits: if parsed == self.end { 0.0 } else { entropy::bits(&chunk) } }
        };
        if splits {
            self.write_pending(false);
            self.sequences.remove_first(self.pending.sequence_count);
            self.pending = DeflateBlock::new(self.pending.input.end, chunk);
        } else {
            self.pending.histogram.add(&chunk);
        }
        self.pending.input.end = parsed;
        self.pending.sequence_count = self.sequences.len();
        bits
    }

    /// Writes the pending block.
    fn write_pending(&mut self, last: bool) {
        if self.level.optimal.is_some() {
            return self.write_optimal(last);
        }
        let DeflateBlock { input, sequence_count, histogram } = &mut self.pending;
        let content = BlockContent {
            bytes: self.window.bytes(input.clone()),
            sequences: &self.sequences.as_slice()[..*sequence_count],
            last,
        };
        block_writer::write(&content, histogram, self.tables, &mut self.writer);
    }

    /// Replaces the sequences of the pending block by the cheapest path, and writes it: as several DEFLATE blocks if its matches
    /// do not fit in the cache of the parser.
    fn write_optimal(&mut self, last: bool) {
        let Some(optimal) = &mut self.level.optimal else { return };
        let DeflateBlock { input, sequence_count, histogram } = &mut self.pending;
        let lazy = histogram.clone();
        let mut start = input.start;
        loop {
            histogram.clone_from(&lazy);
            let end = optimal.min_cost_path(self.window, start..input.end, self.end, histogram);
            let mut sequences = optimal.path();
            let is_whole = (start..end) == *input;
            let path = is_whole.then(|| histogram.clone());
            if is_whole && cost(&lazy) < cost(histogram) {
                // Where cheap symbols are rare, estimated prices lead to a path that costs more than the first pass.
                histogram.clone_from(&lazy);
                sequences = &self.sequences.as_slice()[..*sequence_count];
            }
            let last = last && end == input.end;
            let content = BlockContent { bytes: self.window.bytes(start..end), sequences, last };
            block_writer::write(&content, histogram, self.tables, &mut self.writer);
            if let Some(path) = path {
                optimal.learn_correction(lazy.clone(), path);
            }
            start = end;
            if start == input.end {
                return;
            }
        }
    }
}

/// Bits of everything that a histogram counts, with optimal codes.
fn cost(histogram: &Histogram) -> u64 {
    CodeLengths::optimal(histogram).cost(histogram)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::{BLOCK, WindowBuffer};

    /// Whether a correction is known after a block of lines that agree in the first of their random fields: the trees hold matches of
    /// many lengths for each position.
    fn has_correction(size: usize) -> bool {
        let mut x = 1u32;
        let lines = std::iter::repeat_with(move || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let fields = (0..10).map(|i| if x >> (31 - i) & 1 == 0 { "field=false " } else { "field=true, " });
            (fields.collect::<String>() + "\n").into_bytes()
        });
        let content: Vec<u8> = lines.flatten().take(size).collect();
        let mut compressor = NativeCompressor::new(12);
        let mut out = Vec::with_capacity(crate::deflate::WORST_CASE);
        compressor.compress(WindowBuffer::new().fill(&content), 0..size, true, &mut out);
        compressor.level.optimal.is_some_and(|optimal| optimal.has_correction())
    }

    #[test]
    fn a_block_beyond_the_match_cache_corrects_no_prices() {
        assert!(has_correction(BLOCK / 16));
        assert!(!has_correction(BLOCK), "its parts have other counts than the block");
    }
}

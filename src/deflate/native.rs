//! gzcc's own encoder: levels 1 to 12, made for blocks that any worker can take.
//!
//! # How a block goes through
//!
//! The dictionary and the block stand in the `room`. What the level looks for matches in (`fast`, `pairs`, `rows`,
//! `tree`) forgets the block before and takes in the dictionary. The level's parser makes `sequences` of the block, a chunk at
//! a time; after each chunk `split` decides whether it belongs to the DEFLATE block that is pending or begins a new one.
//! A DEFLATE block is written in the cheapest of three ways (`block`): its `codes` are made from its histogram
//! (`huffman`), told in its header, and every token is looked up in tables and put into `bits`. At levels 10 to 12 what
//! lazy parsing found only says where blocks end and what symbols cost; then the cheapest way is computed (`optimal`).
//!
//! Nothing is kept from block to block, and nothing depends on the processor: the same block gives the same bytes.
//!
//! # What helped, and what did not
//!
//! On two cores of an EPYC (Zen 3), the corpus' Silesia files and logs, one block after the other in memory.
//!
//! Level 1 takes about 40 ns a match. By callgrind that is 320 instructions and 1.5 mispredicted branches (dickens): the
//! processor is busy, at nearly four instructions a cycle but for those branches, and does not wait for memory.
//! - Tokens of two literals or a match, written without a branch, instead of runs of literals: the loop over a run is
//!   mispredicted once for each. With two tokens put at a time, writing fell from 35 to 20 instructions a token: +8 %.
//! - Sixteen bits of the hash beside each position: +9 %, as what is no match needs no look at the candidate.
//! - Comparing 32 bytes at once, so that the length of a match is mispredicted only beyond: +5 to +12 %.
//! - A step of one position in the search loop, and what is passed over in a function of its own: +10 %. With a
//!   step that varies the compiler keeps seven pointers running.
//! - The next position's entry loaded before the match is written down: +2 %.
//! - Inserting the last position of a match instead of its third: 0.7 % smaller at the same speed.
//! - No gain: looking up eight positions at once, without a branch, and taking the first that matches by its bit: half the
//!   mispredictions, a fifth more instructions, 6 % slower. The same for both halves of the block in turn, with a table
//!   each: 8 % slower, so it is not the wait for memory either.
//! - No gain: comparing 16 bytes at once and the rest in a function of its own; eight literals made four tokens by one
//!   multiplication (SSE2, +1 %, not worth more unsafe code).
//! - No gain: code for newer processors (BMI2, AVX2); a table of 2^14 entries; two entries without the look ahead;
//!   reads without bounds checks instead of masked ones (1 to 2 % at level 1, 5 % at 2 and 6).
//!
//! Levels 4 to 9:
//! - Looking for longer matches by their end instead of their beginning: +10 % at the same size.
//! - One look for what begins at the same byte, a byte later and two bytes later, as the end of the second is in all three,
//!   judged by sixteen bytes with one branch: from 144 to 114 instructions a byte (dickens), from 1.06 to 0.95 mispredictions,
//!   +6 %, logs 1.1 % smaller. It also does what was a second look at levels 8 and 9.
//! - Only the newest ten of a row in that look: +8 %, 0.2 % larger; eight, as it is now, 2 % and 0.2 % more.
//! - After a match of three bytes, that look for what begins a byte later, not for both: binaries 0.3 %, images 0.1 % smaller.
//! - Where there is one, the match at the last near distance that begins up to two bytes later, by prices: growing numbers
//!   in digits 17 to 34 % smaller at level 6, for 3 % more instructions, no more mispredictions and 1 % of the time. That a
//!   distance which is used again costs little: level 4 0.4 % smaller. (Not putting such a match off: nci 3 % larger.)
//! - Before anything is written, prices by a sample, and no matches of three bytes in text: small files 0.4 % smaller.
//! - What is the same is looked at before whether it is in reach: 4 % fewer instructions, not measurably faster alone.
//! - Refusing short matches that cost more than their literals: logs 4 % smaller.
//! - Judging matches by what literals alone would cost, where matches save little (`sample`, `model`): random letters of
//!   four kinds 6 to 9 % smaller, sixteen letters of which some are rarer 4 to 17 %, small files 0.1 to 0.2 %. By how many
//!   different bytes there are, at levels 1 to 4: such letters 9 to 13 % smaller, Silesia and logs 1 % at level 4.
//! - In runs, the run itself, unless another match is longer by a hundred: random runs 24 to 59 % smaller.
//! - A match at the last one's distance, if it is longer, or shorter by less than the distance costs: level 4 0.3 %
//!   smaller, level 6 0.07 %.
//! - Those three take 2 % of level 6's instructions, half of it in the parser. A look at what comes before every chunk,
//!   where every other one is enough, takes 0.5 % more.
//! - Four times as many positions in rows of 64, and twice the entries for three bytes (level 9): 0.16 % smaller.
//! - No gain: making matches literals in the end where the block's own codes say so (small files 0.05 % smaller, for another
//!   pass); the cheapest way through what all positions of the rows offer, with one look at each (level 9: 1 % smaller, at
//!   half the speed); choosing among candidates by the gain, not the length (0.02 % smaller); telling the code lengths by
//!   what telling them costs (small files 0.01 %).
//! - No gain: more for literals where there are 80 different bytes or more (pieces of an image 0.3 % smaller, noisy numbers of
//!   two bytes 2.8 % larger); clearing fewer rows for a small block (1.5 % there, and 3 % more instructions everywhere).
//! - No gain: weighing length by what a byte has cost, instead of four bits (nci 1.9 % larger); forgetting what was learnt
//!   where content changes (nci 0.5 % larger).
//! - Remembering three bytes only where matches of three occur: +10 to +20 % on what repeats a lot.
//! - Level 6 takes 106 instructions and 0.92 mispredictions a byte (dickens, 1.5 MB); it took 144 and 1.06, libdeflate's hash
//!   chains take 95 (3 MB). A misprediction weighs as much as some fifty instructions.
//!   Fewer candidates at the beginning (2, 4, 8) only move the work to the looks around: larger, and no faster.
//! - No gain: loading the row of the next position, and of what is looked up next, early; prices of literals without a
//!   branch (0.1 mispredictions for 5 instructions more, and it stayed); inserting four positions at a time, up to three
//!   late (3 % slower, though only 0.1 % larger); inserting from a slice, without masks; a look by an end that is rarer
//!   (0.4 % larger, and counts that are 3 to 6 % lower: the newest of the row are the better trade).
//! - No gain: other weights of length against distance; a third position ahead (logs 0.2 % smaller, 15 % slower); inserting
//!   only parts of long matches (+2 %, 0.3 % larger); functions that are not inlined.
//!
//! Levels 10 to 12:
//! - Two positions for each hash of three bytes: images 0.8 % smaller.
//! - Chunks of 1,024 tokens, and a header's cost by its symbols: 0.1 to 0.3 % smaller.
//! - Three arrays of one known size in the innermost loop, instead of slices: +30 %.
//! - Taking what lazy parsing found where that is cheaper: where matches are rarely worth it, prices lead to fewer and
//!   fewer of them. Random runs 6 to 18 % smaller, random letters of three or four kinds 2 to 4 %.
//! - No gain: lower prices for rare symbols in the first round (logs and XML 0.2 % larger, letters hardly smaller); what is
//!   nice up to 258 bytes at level 10 (0.8 % smaller, 70 % slower).
//! - No gain: eight lengths at a time (most ranges are shorter); more than four rounds (0.1 % smaller, much slower).

mod bits;
mod block;
mod codes;
mod cost_model;
mod entropy;
mod fast;
mod hash;
mod huffman;
mod incompressible;
mod lazy;
mod levels;
mod literal_statistics;
mod match_length;
mod optimal;
mod pairs;
mod rows;
mod sequences;
mod simd;
mod split;
mod symbols;
mod tree;

use std::ops::Range;

use self::bits::BitWriter;
use self::codes::{Lengths, Tables};
use self::cost_model::CostModel;
use self::levels::{Level, Search};
use self::sequences::{Histogram, Sequences};
use super::{BlockCompressor, Window};

/// An encoder at one level.
pub(super) struct NativeCompressor {
    level: Level,
    sequences: Sequences,
    tables: Box<Tables>,
}

impl NativeCompressor {
    pub(super) fn new(level: u8) -> Self {
        Self { level: Level::new(level), sequences: Sequences::new(), tables: Box::new(Tables::EMPTY) }
    }
}

impl BlockCompressor for NativeCompressor {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let Range { start, end } = block;
        self.level.search.prime(window, start, end);
        self.sequences.forget(self.sequences.len());
        let mut pending = Pending { start, end: start, sequences: 0, histogram: Histogram::EMPTY };
        let mut writer = BitWriter::new(out);
        let mut model = CostModel::new();
        let mut unmatched = 0;
        while pending.end < end {
            let incompressible = if unmatched >= incompressible::MIN_UNMATCHED {
                incompressible::incompressible_prefix(window, pending.end, end)
            } else {
                0
            };
            if incompressible > 0 {
                self.write(window, &mut pending, end, false, &mut writer);
                self.sequences.forget(self.sequences.len());
                let behind = pending.end + incompressible;
                block::write_stored(window.bytes(pending.end..behind), false, &mut writer);
                pending = Pending { start: behind, end: behind, sequences: 0, histogram: Histogram::EMPTY };
                // One chunk without a match, and it goes on.
                unmatched = incompressible::MIN_UNMATCHED - 1;
                continue;
            }
            // Amid noise, a sample.
            let chunk =
                if unmatched >= incompressible::MIN_UNMATCHED - 1 { self.level.chunk / 4 } else { self.level.chunk };
            let enough = pending.sequences + chunk;
            let stretch = (pending.end, end);
            self.level.look(window, stretch, &mut model);
            let parsed = self.level.search.parse(window, stretch, (enough, &model), &mut self.sequences);
            let chunk = Histogram::of(&self.sequences.as_slice()[pending.sequences..]);
            let matches: u32 = chunk.distances.iter().sum();
            unmatched =
                if self.level.skips_incompressible && matches == 0 { unmatched + parsed - pending.end } else { 0 };
            let over = parsed == end;
            let (splits, bits) = if pending.sequences > 0 {
                let full = pending.sequences + self.level.chunk > sequences::MAX_PENDING;
                split::splits(&pending.histogram, &chunk, full)
            } else {
                (false, if over { 0.0 } else { entropy::bits(&chunk) })
            };
            if splits {
                self.write(window, &mut pending, end, false, &mut writer);
                self.sequences.forget(pending.sequences);
                pending = Pending { start: pending.end, end: parsed, sequences: 0, histogram: chunk };
            } else {
                pending.histogram.add(&chunk);
                pending.end = parsed;
            }
            pending.sequences = self.sequences.len();
            if self.level.weighs && !over {
                model.update(&pending.histogram, bits, pending.end - pending.start);
            }
        }
        self.write(window, &mut pending, end, last, &mut writer);
        if !last {
            block::write_stored(&[], false, &mut writer);
        }
        writer.align();
    }
}

/// A DEFLATE block to be.
struct Pending {
    /// What it holds of the room.
    start: usize,
    end: usize,
    /// How many tokens that is.
    sequences: usize,
    histogram: Histogram,
}

impl NativeCompressor {
    /// Writes a DEFLATE block, or more where there is no room to find the cheapest way through all of it.
    fn write(
        &mut self,
        window: Window<'_>,
        pending: &mut Pending,
        over: usize,
        last: bool,
        writer: &mut BitWriter<'_>,
    ) {
        let Pending { start, end, sequences, ref mut histogram } = *pending;
        let Search::Optimal(_, optimal) = &mut self.level.search else {
            let written = (window.bytes(start..end), &self.sequences.as_slice()[..sequences]);
            return block::write(written, histogram, last, &mut self.tables, writer);
        };
        let lazy = histogram.clone();
        let mut from = start;
        loop {
            let to = optimal.way(window, (from, end), over, histogram);
            let mut path = optimal.sequences.as_slice();
            if (from, to) == (start, end) && cost(&lazy) < cost(histogram) {
                // Prices can lead astray, where what would be cheap is rare.
                histogram.clone_from(&lazy);
                path = &self.sequences.as_slice()[..sequences];
            }
            let written = (window.bytes(from..to), path);
            block::write(written, histogram, last && to == end, &mut self.tables, writer);
            from = to;
            if from == end {
                return;
            }
        }
    }
}

/// Bits of everything that is counted, with the best codes.
fn cost(histogram: &Histogram) -> u64 {
    Lengths::of(histogram).cost(histogram)
}

impl Search {
    /// Forgets the block before, and takes in a dictionary of `start` bytes that is followed by what is there up to `end`.
    fn prime(&mut self, window: Window<'_>, start: usize, end: usize) {
        match self {
            Self::Fast(fast) => fast.prime(window, start),
            Self::Pairs(pairs) => pairs.prime(window, start),
            Self::MorePairs(pairs) => pairs.prime(window, start),
            Self::Rows16(lazy) => lazy.prime(window, start),
            Self::Rows64(lazy) => lazy.prime(window, start),
            Self::Optimal(lazy, optimal) => {
                lazy.prime(window, start);
                optimal.prime(window, start, end);
            }
        }
    }

    /// Makes tokens of a stretch, until there are `enough`; returns how far it came.
    fn parse(
        &mut self,
        window: Window<'_>,
        stretch: (usize, usize),
        (enough, model): (usize, &CostModel),
        sequences: &mut Sequences,
    ) -> usize {
        match self {
            Self::Fast(fast) => fast.parse(window, stretch, (enough, model.least), sequences),
            Self::Pairs(pairs) => pairs.parse(window, stretch, (enough, model.least), sequences),
            Self::MorePairs(pairs) => pairs.parse(window, stretch, (enough, model.least), sequences),
            Self::Rows16(lazy) | Self::Optimal(lazy, _) => lazy.parse(window, stretch, (enough, model), sequences),
            Self::Rows64(lazy) => lazy.parse(window, stretch, (enough, model), sequences),
        }
    }
}

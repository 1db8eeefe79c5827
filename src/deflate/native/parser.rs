//! Parsers: they divide the input into literals and matches.
//!
//! | parser | levels | method |
//! |---|---|---|
//! | [`greedy`] | 1 | takes the first match that it finds |
//! | [`lookahead`] | 2 to 4 | takes the longest match at a position or one of the next |
//! | [`lazy`] | 5 to 9, first pass of 10 to 12 | defers a match while a better one begins soon |
//! | [`optimal`] | 10 to 12 | computes the cheapest path through a block |

use std::ops::Range;

use super::cost_model::CostModel;
use super::matchfinder::LongHash;
use super::sequences::{Match, Sequences};
use crate::deflate::Window;

/// A parser with its match finder.
pub(crate) trait Parser: Send {
    /// Forgets the last block; `block` is next.
    fn begin_block(&mut self, window: Window<'_>, block: Range<usize>);

    /// Sequences of a chunk of the current block, where the level has chunks of `chunk` sequences.
    fn chunk(&self, chunk: usize) -> usize {
        chunk
    }

    /// The share of its bits that a DEFLATE block must save to be divided.
    fn min_split_saving(&self) -> f32 {
        0.0
    }

    /// Chooses the hash of the match finder, if that is for long ones.
    fn set_hash(&mut self, _: LongHash) {}

    /// Inserts positions that are not parsed: those of a dictionary, or of data that is stored.
    fn insert(&mut self, window: Window<'_>, positions: Range<usize>);

    /// Parses `input`, which extends to the end of the block, until `out` is full. Returns the position that it reached.
    ///
    /// Window and cost model are parameters of their own. As references in a struct, the compiler would have to assume that stores
    /// to the tables change them.
    fn parse(&mut self, window: Window<'_>, input: Range<usize>, model: &CostModel, out: &mut Sequences) -> usize;
}

/// A match and the position where it begins.
#[derive(Clone, Copy)]
struct PlacedMatch {
    pos: usize,
    found: Match,
}

mod continuation;
mod fields;
pub(super) mod greedy;
pub(super) mod lazy;
pub(super) mod lookahead;
mod match_cache;
mod min_cost_path;
pub(super) mod optimal;

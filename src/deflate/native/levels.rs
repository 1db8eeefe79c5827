//! What each level does.

use super::fast::Fast;
use super::lazy::{self, Lazy};
use super::optimal::{self, Optimal};
use super::pairs::Pairs;

/// How a level looks for matches, with the state that it needs.
pub(super) enum Search {
    /// One candidate, greedy.
    Fast(Box<Fast>),
    /// Two candidates, and a look ahead.
    Pairs(Box<Pairs<{ 1 << 13 }>>),
    /// The same with more memory.
    MorePairs(Box<Pairs<{ 1 << 15 }>>),
    /// Rows of 16, lazy.
    Rows16(Box<Lazy<16, { 1 << 11 }>>),
    /// Rows of 64, lazy.
    Rows64(Box<Lazy<64, { 1 << 10 }>>),
    /// The cheapest way, after a first look by lazy parsing.
    Optimal(Box<Lazy<16, { 1 << 11 }>>, Box<Optimal>),
}

/// How a level works.
pub(super) struct Level {
    pub(super) search: Search,
    /// Tokens after which it is decided whether a new DEFLATE block begins.
    pub(super) chunk: usize,
}

impl Level {
    /// The level's parameters, with what they gave.
    pub(super) fn new(level: u8) -> Self {
        let rows16 =
            |depth, nice, deep, ahead| Search::Rows16(Box::new(Lazy::new(lazy::Effort { depth, nice, deep, ahead })));
        let rows64 =
            |depth, nice, deep, ahead| Search::Rows64(Box::new(Lazy::new(lazy::Effort { depth, nice, deep, ahead })));
        let optimal = |depth, nice, rounds| {
            let first = Lazy::new(lazy::Effort { depth: 16, nice: 64, deep: false, ahead: 1 });
            Search::Optimal(Box::new(first), Box::new(Optimal::new(optimal::Effort { depth, nice, rounds })))
        };
        let (search, chunk) = match level {
            ..=1 => (Search::Fast(Box::new(Fast::new())), 4096),
            2 => (Search::Pairs(Box::new(Pairs::new())), 4096),
            3 => (Search::MorePairs(Box::new(Pairs::new())), 2048),
            4 => (rows16(4, 32, false, 0), 2048),
            5 => (rows16(8, 32, false, 1), 2048),
            6 => (rows16(16, 64, false, 2), 2048),
            7 => (rows16(16, 128, false, 2), 1024),
            8 => (rows16(16, 258, true, 2), 1024),
            9 => (rows64(32, 258, true, 2), 1024),
            10 => (optimal(24, 64, 2), 1024),
            11 => (optimal(80, 150, 3), 1024),
            12.. => (optimal(300, 258, 4), 1024),
        };
        Self { search, chunk }
    }
}

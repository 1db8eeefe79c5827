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
#[derive(Clone, Copy)]
enum Method {
    Fast,
    Pairs,
    MorePairs,
    Rows16(lazy::Effort),
    Rows64(lazy::Effort),
    Optimal(optimal::Effort),
}

/// The levels from 1 on: their method, and the tokens after which it is decided whether a new DEFLATE block begins.
///
/// Measured with `benches/peers`, MB/s @ compressed size over original, on the corpus' Silesia files and on its logs:
///
/// TABLE
///
/// The steps between them were chosen so that no level is slower than another that is as small. What changes if one of
/// them is moved: candidates beyond 16 in a row of 16 are not there; half as many at level 6 are 0.3 % larger and no
/// faster; the good length of 64 at level 6 is what keeps it as small as libdeflate's, 48 is 0.8 % larger and 3 % faster;
/// a look at the second position after a match makes level 6 1 % smaller and 12 % slower than 5 would be.
const LEVELS: [(Method, usize); 12] = [
    (Method::Fast, 4096),
    (Method::Pairs, 4096),
    (Method::MorePairs, 2048),
    (Method::Rows16(lazy::Effort { depth: 4, nice: 32, deep: false, ahead: 0 }), 2048),
    (Method::Rows16(lazy::Effort { depth: 8, nice: 32, deep: false, ahead: 1 }), 2048),
    (Method::Rows16(lazy::Effort { depth: 16, nice: 64, deep: false, ahead: 2 }), 2048),
    (Method::Rows16(lazy::Effort { depth: 16, nice: 128, deep: false, ahead: 2 }), 1024),
    (Method::Rows16(lazy::Effort { depth: 16, nice: 258, deep: true, ahead: 2 }), 1024),
    (Method::Rows64(lazy::Effort { depth: 32, nice: 258, deep: true, ahead: 2 }), 1024),
    (Method::Optimal(optimal::Effort { depth: 24, nice: 64, rounds: 2 }), 1024),
    (Method::Optimal(optimal::Effort { depth: 80, nice: 150, rounds: 3 }), 1024),
    (Method::Optimal(optimal::Effort { depth: 300, nice: 258, rounds: 4 }), 1024),
];

/// The highest level that stores noise without a look for matches: the default.
const MOST_HASTE: u8 = 6;

/// The first look of levels 10 to 12: it only has to say about what symbols cost, and where blocks end.
const FIRST_LOOK: lazy::Effort = lazy::Effort { depth: 16, nice: 64, deep: false, ahead: 1 };

/// A level at work.
pub(super) struct Level {
    pub(super) search: Search,
    /// Tokens of a chunk.
    pub(super) chunk: usize,
    /// Whether what looks like noise is stored without being parsed.
    pub(super) stores_noise: bool,
}

impl Level {
    /// Of level 1 to 12.
    pub(super) fn new(level: u8) -> Self {
        let (method, chunk) = LEVELS[usize::from(level) - 1];
        let search = match method {
            Method::Fast => Search::Fast(Box::new(Fast::new())),
            Method::Pairs => Search::Pairs(Box::new(Pairs::new())),
            Method::MorePairs => Search::MorePairs(Box::new(Pairs::new())),
            Method::Rows16(effort) => Search::Rows16(Box::new(Lazy::new(effort))),
            Method::Rows64(effort) => Search::Rows64(Box::new(Lazy::new(effort))),
            Method::Optimal(effort) => Search::Optimal(Box::new(Lazy::new(FIRST_LOOK)), Box::new(Optimal::new(effort))),
        };
        Self { search, chunk, stores_noise: level <= MOST_HASTE }
    }
}

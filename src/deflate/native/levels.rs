//! What each level does.

use super::fast::Fast;
use super::lazy::{self, Lazy};
use super::optimal::{self, Optimal};
use super::pairs::Pairs;
use super::room::Room;
use super::sample::Sample;
use super::worth::Worth;

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
/// Measured on one core, in memory, on the corpus' Silesia files and on its logs: speed as a factor to libdeflate -6 (0.2628
/// and 0.0988) in the same run, and compressed size over original. Levels 10 to 12 are a race of their own, 12 against
/// libdeflate -12 (0.2486 and 0.0898).
///
/// | level | Silesia | logs |
/// |---|---|---|
/// | 1 | 3.9 @ .3006 | 4.3 @ .1179 |
/// | 2 | 2.6 @ .2907 | 3.3 @ .1104 |
/// | 3 | 2.2 @ .2864 | 2.9 @ .1099 |
/// | 4 | 1.4 @ .2771 | 1.25 @ .1082 |
/// | 5 | 1.07 @ .2679 | 1.10 @ .1008 |
/// | 6 | 0.86 @ .2623 | 0.96 @ .0965 |
/// | 7 | 0.84 @ .2620 | 0.93 @ .0946 |
/// | 8 | 0.77 @ .2604 | 0.85 @ .0934 |
/// | 9 | 0.56 @ .2583 | 0.63 @ .0929 |
/// | 10 | | 0.053 @ .0913 |
/// | 11 | | 0.036 @ .0906 |
/// | 12 | 0.98 of libdeflate -12 @ .2484 | 1.07 of libdeflate -12 @ .0898 |
///
/// What changes if one of them is moved: candidates beyond 16 in a row of 16 are not there; half as many at level 6 are
/// 0.3 % larger and no faster; a good length of 48 instead of 64 there is 0.8 % larger and 3 % faster; without the look
/// at the second position after a match it would be 1 % larger and 10 % faster.
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
    (Method::Optimal(optimal::Effort { depth: 40, nice: 128, rounds: 2 }), 1024),
    (Method::Optimal(optimal::Effort { depth: 80, nice: 150, rounds: 3 }), 1024),
    (Method::Optimal(optimal::Effort { depth: 300, nice: 258, rounds: 4 }), 1024),
];

/// The highest level that stores noise without a look for matches: the default.
const MOST_HASTE: u8 = 6;

/// The highest level at which the number of different bytes says how short a match may be: those above put matches off, and
/// need it less than what it costs them (dickens 0.5 % larger at level 6; at level 4 it is 1.5 % smaller).
const MOST_BY_NUMBER: u8 = 4;

/// The first look of levels 10 to 12: it only has to say about what symbols cost, and where blocks end.
const FIRST_LOOK: lazy::Effort = lazy::Effort { depth: 16, nice: 64, deep: false, ahead: 1 };

/// Bytes of a sample of what comes, about: where matches are weighed, and where only the number of different bytes counts.
const SAMPLE: usize = 384;
const SMALL_SAMPLE: usize = 256;

/// A level at work.
pub(super) struct Level {
    pub(super) search: Search,
    /// Tokens of a chunk.
    pub(super) chunk: usize,
    /// Whether what looks like noise is stored without being parsed.
    pub(super) stores_noise: bool,
    /// Whether matches are weighed against literals.
    pub(super) weighs: bool,
    /// Whether the number of different bytes says how short a match may be.
    by_number: bool,
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
        let weighs = !matches!(method, Method::Fast | Method::Pairs | Method::MorePairs);
        Self { search, chunk, stores_noise: level <= MOST_HASTE, weighs, by_number: level <= MOST_BY_NUMBER }
    }

    /// Looks at what comes in a stretch, for what matches are worth.
    pub(super) fn look(&self, room: &Room, stretch: (usize, usize), worth: &mut Worth) {
        if !worth.looks() && !self.by_number {
            return;
        }
        let sample = Sample::of(room, stretch, if self.weighs { SAMPLE } else { SMALL_SAMPLE });
        if self.weighs {
            worth.expect(&sample);
        }
        if self.by_number && !worth.runs {
            worth.refuse(sample.shortest());
        }
    }
}

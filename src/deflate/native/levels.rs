//! What each level does.

use super::cost_model::CostModel;
use super::fast::Fast;
use super::lazy::{self, Lazy};
use super::literal_statistics::LiteralStatistics;
use super::optimal::{self, Optimal};
use super::pairs::Pairs;
use crate::deflate::Window;

/// Positions of a window, each in one of its rows if they were all as long. For three bytes 2^13 entries make binaries and
/// images 1 % larger, and 2^16, which are slower, everything 0.1 % smaller.
type Rows16 = Lazy<16, { 1 << 11 }, { 1 << 15 }>;

/// Four times as many, as rows are not as long. With half of them, and half of the entries, Silesia is 0.16 % larger,
/// and small files, for which they are all cleared, take 10 % less time.
type Rows64 = Lazy<64, { 1 << 11 }, { 1 << 16 }>;

/// How a level looks for matches, with the state that it needs.
pub(super) enum Search {
    /// One candidate, greedy.
    Fast(Box<Fast>),
    /// Two candidates, and a look ahead.
    Pairs(Box<Pairs<{ 1 << 13 }>>),
    /// The same with more memory.
    MorePairs(Box<Pairs<{ 1 << 15 }>>),
    /// Rows of 16, lazy.
    Rows16(Box<Rows16>),
    /// Rows of 64, lazy.
    Rows64(Box<Rows64>),
    /// The cheapest way, after a first look by lazy parsing.
    Optimal(Box<Rows16>, Box<Optimal>),
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
/// | 4 | 1.3 @ .2722 | 1.08 @ .1061 |
/// | 5 | 1.1 @ .2665 | 1.0 @ .0983 |
/// | 6 | 1.02 to 1.05 @ .2625 | 0.92 to 0.98 @ .0959 |
/// | 7 | 1.0 @ .2613 | 0.88 @ .0940 |
/// | 8 | 0.9 @ .2605 | 0.87 @ .0932 |
/// | 9 | 0.58 @ .2576 | 0.58 @ .0925 |
/// | 10 | | 0.053 @ .0913 |
/// | 11 | | 0.036 @ .0906 |
/// | 12 | 1.09 of libdeflate -12 @ .2484 | 1.14 of libdeflate -12 @ .0897 |
///
/// What changes if one of them is moved: the newest eight instead of sixteen at level 6 are 0.9 % larger and no faster, the
/// newest fourteen 0.2 % larger; a good length of 48 instead of 64 there is 0.7 % larger, and nci 2 % if only the look
/// around ends there. Around a match, seven instead of eight are 0.15 % larger, nine 0.13 % smaller and 1 % slower, sixteen
/// 0.6 % smaller and 10 % slower. Level 8 with rows of 64 (32, 24 around) is 0.1 % smaller and 15 % slower. Chunks of
/// 512 instead of 1,024 at level 9 make logs 0.25 % smaller, small files 0.02 %, and dickens 0.04 % larger.
const LEVELS: [(Method, usize); 12] = [
    (Method::Fast, 4096),
    (Method::Pairs, 4096),
    (Method::MorePairs, 2048),
    (Method::Rows16(lazy::Effort { newest: 16, nice: 32, around: 0 }), 2048),
    (Method::Rows16(lazy::Effort { newest: 16, nice: 32, around: 4 }), 2048),
    (Method::Rows16(lazy::Effort { newest: 16, nice: 64, around: 8 }), 2048),
    (Method::Rows16(lazy::Effort { newest: 16, nice: 128, around: 12 }), 1024),
    (Method::Rows16(lazy::Effort { newest: 16, nice: 258, around: 16 }), 1024),
    (Method::Rows64(lazy::Effort { newest: 64, nice: 258, around: 64 }), 512),
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
const FIRST_LOOK: lazy::Effort = lazy::Effort { newest: 16, nice: 64, around: 16 };

/// Bytes of a sample of what comes, about: where matches are weighed, and where only the number of different bytes counts.
const SAMPLE: usize = 384;
const SMALL_SAMPLE: usize = 256;

/// A level at work.
pub(super) struct Level {
    pub(super) search: Search,
    /// Tokens of a chunk.
    pub(super) chunk: usize,
    /// Whether what looks like noise is stored without being parsed.
    pub(super) skips_incompressible: bool,
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
        Self { search, chunk, skips_incompressible: level <= MOST_HASTE, weighs, by_number: level <= MOST_BY_NUMBER }
    }

    /// Looks at what comes in a stretch, for what matches are worth.
    pub(super) fn look(&self, window: Window<'_>, stretch: (usize, usize), model: &mut CostModel) {
        if !model.needs_sample() && !self.by_number {
            return;
        }
        let sample = LiteralStatistics::of(window, stretch, if self.weighs { SAMPLE } else { SMALL_SAMPLE });
        if self.weighs {
            model.prepare(&sample);
        }
        if self.by_number && !model.runs {
            model.raise_min_match(sample.min_match());
        }
    }
}

//! The levels: which parser each one uses, with which parameters.

use std::ops::Range;

use super::cost_model::CostModel;
use super::hash_choice;
use super::literal_statistics::{self, LiteralStatistics};
use super::matchfinder::LongHash;
use super::matchfinder::SearchDepth;
use super::matchfinder::lazy_bucket::LazyBuckets;
use super::matchfinder::rows::MatchRows;
use super::parser::Parser;
use super::parser::greedy::GreedyParser;
use super::parser::lazy::{LazyParameters, LazyParser};
use super::parser::lookahead::LookaheadParser;
use super::parser::optimal::{OptimalParameters, OptimalParser};
use crate::deflate::Window;

/// Two entries of four bytes for each of 2^15 hashes, and one of two bytes for each of 2^14 hashes of three bytes.
type LazyBucketParser = LazyParser<LazyBuckets<{ 1 << 15 }, { 1 << 14 }, false>>;
type TinyLazyBucketParser = LazyParser<LazyBuckets<{ 1 << 11 }, { 1 << 12 }, false>>;

/// Rows for twice as many positions as a window has, because some rows fill faster. With half the rows, level 6 is 0.4 % larger (prose
/// 0.8 %) and 4 % faster (binaries 8 %). For three bytes, 2^13 entries make binaries and images 1 % larger; 2^16, which are slower,
/// make everything 0.1 % smaller.
type LazyParser16 = LazyParser<MatchRows<16, { 1 << 12 }, { 1 << 15 }, false>>;

/// Rows for as many positions as a window has: for small inputs, because all rows are cleared, and for the first pass of levels 10 to
/// 12, which needs no more.
type SmallLazyParser16 = LazyParser<MatchRows<16, { 1 << 11 }, { 1 << 15 }, false>>;

/// Rows for four times as many positions, because some rows fill faster. With half the rows and half the entries, Silesia is
/// 0.16 % larger.
type LazyParser64 = LazyParser<MatchRows<64, { 1 << 11 }, { 1 << 16 }, false>>;

/// Rows for as many positions as a small input has. With twice the rows and entries, small files are 0.02 % smaller and take 8 % more
/// time; with half of both, they are 0.04 % larger.
type SmallLazyParser64 = LazyParser<MatchRows<64, { 1 << 10 }, { 1 << 15 }, false>>;

/// The same for tiny inputs: rows for as many positions as these have.
type TinyLazyParser16 = LazyParser<MatchRows<16, { 1 << 9 }, { 1 << 13 }, false>>;
type TinyLazyParser64 = LazyParser<MatchRows<64, { 1 << 8 }, { 1 << 13 }, false>>;

/// The same with hashes of more bytes, for content whose candidates four bytes do not distinguish (`hash_choice`).
type LongHashBucketParser = LazyParser<LazyBuckets<{ 1 << 15 }, { 1 << 14 }, true>>;
type LongHashParser16 = LazyParser<MatchRows<16, { 1 << 12 }, { 1 << 15 }, true>>;
type LongHashParser64 = LazyParser<MatchRows<64, { 1 << 11 }, { 1 << 16 }, true>>;

/// The parser of a level and its parameters.
#[derive(Clone, Copy)]
enum Method {
    /// One candidate, greedy.
    Greedy,
    /// Two candidates, one position of lookahead, a table of 64 KiB.
    Lookahead,
    /// The same with a table of 256 KiB.
    LargeLookahead,
    /// The same with two positions of lookahead, and more positions inserted.
    ThoroughLookahead,
    /// Two candidates, lazy.
    LazyBuckets(LazyParameters),
    /// Rows of 16, lazy.
    Lazy16(LazyParameters),
    /// Rows of 64, lazy.
    Lazy64(LazyParameters),
    /// The cheapest path, after a first pass by lazy parsing.
    Optimal(OptimalParameters),
}

/// A row of the table of levels.
struct LevelParameters {
    method: Method,
    /// Sequences of a chunk, after which a new DEFLATE block may begin.
    chunk: usize,
}

/// The levels from 1 on.
///
/// Measured on one core, in memory, with the two halves of the data (`benches/data/halves.txt`). The speed is relative to level 6. The size
/// is relative to libdeflate's at the same level, first on the tuning half, then on the judging half.
///
/// | level | speed | size |
/// |---|---|---|
/// | 1 | 5.1 | 1.033, 1.042 |
/// | 2 | 3.0 | 1.019, 1.023 |
/// | 3 | 2.5 | 1.021, 1.029 |
/// | 4 | 1.7 | 0.996, 0.998 |
/// | 5 | 1.33 | 1.008, 1.008 |
/// | 6 | 1.00 | 0.997, 0.996 |
/// | 7 | 0.97 | 1.000, 0.999 |
/// | 8 | 0.96 | 1.005, 1.004 |
/// | 9 | 0.73 | 1.001, 1.001 |
/// | 10 | 0.06 | 1.000, 0.999 |
/// | 11 | 0.04 | 1.000, 1.000 |
/// | 12 | 1.1 to 1.6 times that of libdeflate -12 | 1.000, 0.999 |
///
/// Each figure is the last value before a step costs more time than it saves in size:
///
/// | levels | figure | value | other values |
/// |---|---|---|---|
/// | 1 | chunk | 8,192 | 4,096: logs take 8 to 15 % longer, because codes are computed more often; sizes within 0.2 % |
/// | 2 to 5 | chunk | 4,096, 2,048 | each chunk takes three computations of entropy, which count more where parsing is fast |
/// | 5 | candidates | 2 | 4: 1 % smaller, and as slow as level 6 |
/// | 5 to 9 | nice length | 258, the longest | 64: logs 2 to 3 % larger, and 1 to 2 % faster |
/// | 6 | search depth | 16, the whole row | 8: 0.9 % larger and no faster; 14: 0.2 % larger |
/// | 6 | lazy search depth | 8 | 7: 0.04 % larger; 16: 0.2 % smaller; it was 10 % slower |
/// | 6 | chunk | 1,536 | 2,048: 0.05 % larger (binaries 0.2 %), 1 % faster; 1,024: 0.03 % smaller, 2 % slower |
/// | 7, 8 | lazy search depth | 12, 16 | the steps from level 6 to a whole row |
/// | 8 | rows | of 16 | of 64 (depths 32 and 24): 0.1 % smaller, 15 % slower |
/// | 7, 8 | chunk | 1,024 | see level 6 |
/// | 9 | both depths | 64, the whole row | it is the smallest level that is not optimal |
/// | 9 | chunk | 512 | 1,024: logs 0.25 % and small files 0.02 % larger, dickens 0.04 % smaller |
/// | 10 | nice length | 128 | 258: 0.8 % smaller, 70 % slower; 75: 0.15 % larger, 8 % faster |
/// | 10 | passes | 2 | 3: 0.09 % smaller, 9 % slower |
/// | 11, 12 | passes | 4, 5 | one fewer: 0.02 % larger, 3 % faster |
/// | 10 to 12 | chunk | 1,024 | 512: 0.01 % smaller, but some logs 0.14 % larger |
/// | 10 to 12 | search depth | 40, 80, 300 | 35, 100 and 300 in libdeflate; with these values, the sizes are equal |
const LEVELS: [LevelParameters; 12] = [
    LevelParameters { method: Method::Greedy, chunk: 8192 },
    LevelParameters { method: Method::Lookahead, chunk: 4096 },
    LevelParameters { method: Method::LargeLookahead, chunk: 2048 },
    LevelParameters { method: Method::ThoroughLookahead, chunk: 2048 },
    LevelParameters {
        method: Method::LazyBuckets(LazyParameters { always_hash3: true, ..lazy(2, 258, 2) }),
        chunk: 2048,
    },
    LevelParameters { method: Method::Lazy16(lazy(16, 258, 8)), chunk: 1536 },
    LevelParameters { method: Method::Lazy16(lazy(16, 258, 12)), chunk: 1024 },
    LevelParameters { method: Method::Lazy16(nearer(lazy(16, 258, 16))), chunk: 1024 },
    LevelParameters {
        method: Method::Lazy64(LazyParameters { always_hash3: true, ..nearer(lazy(64, 258, 64)) }),
        chunk: 512,
    },
    LevelParameters { method: Method::Optimal(optimal(40, 128, 2)), chunk: 1024 },
    LevelParameters { method: Method::Optimal(optimal(80, 150, 4)), chunk: 1024 },
    LevelParameters { method: Method::Optimal(optimal(300, 258, 5)), chunk: 1024 },
];

/// Candidates of levels 5 to 9 where there are few letters. With 16, random letters of three or four kinds are 1.8 and 0.3 % smaller,
/// and take three times as long as prose at levels 6 to 8.
const FEW_LETTERS_DEPTH: usize = 4;

/// Candidates of the search for a nearer match at levels 8 and 9. With 4, small files are 0.02 % larger at level 9 and take 2 % less time;
/// with 64, 0.01 % larger.
const NEARER_SEARCH_DEPTH: usize = 16;

const fn lazy(max_search_depth: usize, nice_length: usize, lazy_search_depth: usize) -> LazyParameters {
    LazyParameters {
        max_search_depth,
        nice_length,
        lazy_search_depth,
        nearer_search_depth: 0,
        few_letters_depth: FEW_LETTERS_DEPTH,
        always_hash3: false,
    }
}

/// These parameters with 16 candidates in few letters. With a long hash, that is up to 2 % smaller there than with four, and takes 12 % more
/// instructions; with 64 at level 9, 0.6 % smaller than that, and 16 % more.
const fn more_in_few_letters(parameters: LazyParameters) -> LazyParameters {
    LazyParameters { few_letters_depth: 16, ..parameters }
}

/// These parameters with a search for nearer matches.
const fn nearer(parameters: LazyParameters) -> LazyParameters {
    LazyParameters { nearer_search_depth: NEARER_SEARCH_DEPTH, ..parameters }
}

const fn optimal(max_search_depth: usize, nice_length: usize, max_passes: usize) -> OptimalParameters {
    OptimalParameters { depth: SearchDepth { max_search_depth, nice_length }, max_passes }
}

/// The highest level that stores incompressible data without a search for matches: the default level.
const MAX_SKIPPING_LEVEL: u8 = 6;

/// The highest level at which the number of distinct literals limits the shortest match. Higher levels defer matches, and the
/// limit costs more than it gains there: dickens is 0.5 % larger at level 6, and 1.5 % smaller at level 4 when that was lazy.
const MAX_LITERAL_LIMIT_LEVEL: u8 = 4;

/// The first pass of levels 10 to 12 only estimates the prices of symbols and finds the ends of blocks.
const FIRST_PASS: LazyParameters = LazyParameters { few_letters_depth: 16, always_hash3: true, ..lazy(16, 64, 16) };

/// Approximate size in bytes of the sample that a cost model needs, and of one that only counts distinct literals. Of a
/// small input at level 9, the first sample has every byte: the first prices come from it alone. It is 0.03 % smaller, for 3 % of the time.
const COST_MODEL_SAMPLE: usize = 384;
const LITERAL_COUNT_SAMPLE: usize = 256;

/// A parser of levels 2 to 4, whose table has two entries of four bytes for each of 2^13 or 2^15 hashes, or of 2^10 for tiny
/// inputs.
type TinyLookahead = LookaheadParser<{ 1 << 10 }, false>;
type SmallLookahead = LookaheadParser<{ 1 << 13 }, false>;
type LargeLookahead = LookaheadParser<{ 1 << 15 }, false>;
type TinyThoroughLookahead = LookaheadParser<{ 1 << 10 }, true>;
type ThoroughLookahead = LookaheadParser<{ 1 << 15 }, true>;

/// The size of a block. Small inputs have parsers of their own: at level 1 because a better one costs little time there, and at
/// all levels because the large tables take longer to clear than a tiny input takes to be parsed.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum InputSize {
    /// Up to [`MAX_TINY`] bytes without dictionary.
    Tiny,
    /// Up to [`MAX_SMALL`] bytes without dictionary.
    Small,
    Large,
}

/// The largest tiny input. Its tables take a fourth of the memory. Inputs of 8 KiB would be 7 % faster with these at level 6, and
/// 0.2 % larger.
const MAX_TINY: usize = 4 << 10;

/// The largest small input. Up to this size, the two candidates of level 2 are as fast as libdeflate -1, and 2 % smaller.
const MAX_SMALL: usize = 64 << 10;

impl InputSize {
    /// The size of `block` in a window.
    fn of(block: &Range<usize>) -> Self {
        match block.len() {
            ..=MAX_TINY if block.start == 0 => Self::Tiny,
            ..=MAX_SMALL if block.start == 0 => Self::Small,
            _ => Self::Large,
        }
    }
}

impl Method {
    /// The parser for inputs of this size; at levels 10 to 12 for the first pass.
    fn parser(self, size: InputSize) -> Box<dyn Parser> {
        match (self, size) {
            (Self::Greedy | Self::Lookahead | Self::LargeLookahead, InputSize::Tiny) => Box::new(TinyLookahead::new()),
            (Self::Greedy, InputSize::Large) => Box::new(GreedyParser::new()),
            (Self::Greedy | Self::Lookahead, _) => Box::new(SmallLookahead::new()),
            (Self::LargeLookahead, _) => Box::new(LargeLookahead::new()),
            (Self::ThoroughLookahead, InputSize::Tiny) => Box::new(TinyThoroughLookahead::new()),
            (Self::ThoroughLookahead, _) => Box::new(ThoroughLookahead::new()),
            (Self::LazyBuckets(parameters), InputSize::Tiny) => Box::new(TinyLazyBucketParser::new(parameters)),
            (Self::LazyBuckets(parameters), _) => Box::new(LazyBucketParser::new(parameters)),
            (Self::Lazy16(parameters), InputSize::Tiny) => Box::new(TinyLazyParser16::new(parameters)),
            (Self::Lazy16(parameters), InputSize::Small) => Box::new(SmallLazyParser16::new(parameters)),
            (Self::Lazy16(parameters), _) => Box::new(LazyParser16::new(parameters)),
            (Self::Lazy64(parameters), InputSize::Tiny) => Box::new(TinyLazyParser64::new(parameters)),
            (Self::Lazy64(parameters), InputSize::Small) => Box::new(SmallLazyParser64::new(parameters)),
            (Self::Lazy64(parameters), _) => Box::new(LazyParser64::new(parameters)),
            (Self::Optimal(_), InputSize::Tiny) => Box::new(TinyLazyParser16::new(FIRST_PASS)),
            (Self::Optimal(_), _) => Box::new(SmallLazyParser16::new(FIRST_PASS)),
        }
    }

    /// The hash for a block that needs the parser with a long hash. Rows of 64 do not overflow in a small input.
    fn long_hash(self, window: Window<'_>, block: Range<usize>) -> Option<LongHash> {
        let min_gain = match (self, InputSize::of(&block)) {
            (Self::LazyBuckets(_) | Self::Lazy16(_), _) => hash_choice::MIN_GAIN,
            (Self::Lazy64(_) | Self::Optimal(_), InputSize::Large) => hash_choice::MIN_GAIN_OF_64,
            _ => return None,
        };
        hash_choice::long_hash(window, block, min_gain)
    }

    /// The parser with a long hash, if the level has one.
    fn long_hash_parser(self) -> Box<dyn Parser> {
        match self {
            Self::LazyBuckets(parameters) => Box::new(LongHashBucketParser::new(parameters)),
            Self::Lazy16(parameters) => Box::new(LongHashParser16::new(more_in_few_letters(parameters))),
            Self::Lazy64(parameters) => Box::new(LongHashParser64::new(more_in_few_letters(parameters))),
            Self::Optimal(_) => Box::new(LongHashParser16::new(FIRST_PASS)),
            _ => self.parser(InputSize::Large),
        }
    }
}

/// A level's parsers and settings.
pub(super) struct LevelState {
    method: Method,
    /// The parsers for each [`InputSize`], created with the first block of that size.
    parsers: [Option<Box<dyn Parser>>; 3],
    /// The parser with a long hash, created with the first block that needs it, and whether the current block does.
    long_hash_parser: Option<Box<dyn Parser>>,
    hashes_long: bool,
    /// The size of the current block.
    size: InputSize,
    /// Replaces the sequences of each DEFLATE block at levels 10 to 12.
    pub(super) optimal: Option<Box<OptimalParser>>,
    /// Sequences of a chunk, unless the parser has other chunks.
    chunk: usize,
    /// Whether incompressible data is stored without being parsed.
    pub(super) skips_incompressible: bool,
    /// Whether the parser compares the prices of matches and literals.
    pub(super) uses_cost_model: bool,
    /// Whether the number of distinct literals limits the shortest match.
    limits_by_literals: bool,
}

impl LevelState {
    /// The state of a level from 1 to 12.
    pub(super) fn new(level: u8) -> Self {
        let LevelParameters { method, chunk } = LEVELS[usize::from(level) - 1];
        let optimal = match method {
            Method::Optimal(parameters) => Some(Box::new(OptimalParser::new(parameters))),
            _ => None,
        };
        Self {
            method,
            parsers: [const { None }; 3],
            long_hash_parser: None,
            hashes_long: false,
            size: InputSize::Large,
            optimal,
            chunk,
            skips_incompressible: level <= MAX_SKIPPING_LEVEL,
            uses_cost_model: !matches!(
                method,
                Method::Greedy | Method::Lookahead | Method::LargeLookahead | Method::ThoroughLookahead
            ),
            limits_by_literals: level <= MAX_LITERAL_LIMIT_LEVEL,
        }
    }

    /// Forgets the last block. The caller inserts the dictionary before `block` into the parser.
    pub(super) fn begin_block(&mut self, window: Window<'_>, block: Range<usize>) {
        self.size = InputSize::of(&block);
        let long_hash = self.method.long_hash(window, block.clone());
        self.hashes_long = long_hash.is_some();
        if let Some(hash) = long_hash {
            self.parser().set_hash(hash);
        }
        self.parser().begin_block(window, block.clone());
        if let Some(optimal) = &mut self.optimal {
            optimal.load_dictionary(window, block.start, block.end);
        }
    }

    /// The parser for the current block.
    pub(super) fn parser(&mut self) -> &mut dyn Parser {
        let Self { method, size, .. } = *self;
        if self.hashes_long {
            return &mut **self.long_hash_parser.get_or_insert_with(|| method.long_hash_parser());
        }
        &mut **self.parsers[size as usize].get_or_insert_with(|| method.parser(size))
    }

    /// Sequences of a chunk of the current block.
    pub(super) fn chunk(&mut self) -> usize {
        let chunk = self.chunk;
        self.parser().chunk(chunk)
    }

    /// Adjusts the cost model to the `input` of the next chunk.
    pub(super) fn prepare(&self, window: Window<'_>, input: Range<usize>, model: &mut CostModel) {
        let needs_sample = model.begin_chunk();
        if !needs_sample && !self.limits_by_literals {
            return;
        }
        let size = match self.method {
            Method::Lazy64(_) if model.is_first_chunk() && self.size < InputSize::Large => literal_statistics::SPAN,
            _ if self.uses_cost_model => COST_MODEL_SAMPLE,
            _ => LITERAL_COUNT_SAMPLE,
        };
        let sample = LiteralStatistics::sample(window, input, size);
        if self.uses_cost_model {
            model.prepare(&sample);
        }
        if self.limits_by_literals && !model.is_runs {
            model.raise_min_match(sample.min_match());
        }
    }
}

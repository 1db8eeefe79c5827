//! Greedy parsing with one candidate for each position: level 1.
//!
//! After a match, the entry of the next position is loaded before the match is stored, because the next step waits for that
//! load.

use std::ops::Range;

use super::Parser;
use super::continuation::continue_match;
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::hash::{
    BinaryHashing, Candidate, HashTable, Hashing, LettersHashing, TextHashing,
};
use crate::deflate::native::sequences::{Match, Sequences, of_match};
use crate::deflate::native::symbols::MAX_MATCH;
use crate::deflate::native::text_detection::{self, BlockKind};
use crate::deflate::window::CheckedWindow;

/// Shortest match that is taken. A candidate with the same tag nearly always has the same hashed bytes, but other bytes can have
/// the same hash.
const MIN_MATCH_LENGTH: usize = 4;

/// Bytes needed behind a position to search it: one 8-byte load, and the hashed bytes of the positions inserted with it.
const LOOKAHEAD: usize = 12;

/// Literals without a match before the search starts to skip positions. 128 with half the acceleration is 0.4 % smaller and
/// 3 % slower.
const SKIP_AFTER: usize = 48;

/// Positions searched before the step grows by one while skipping; see [`SKIP_AFTER`].
const STEPS_PER_INCREMENT: usize = 8;

/// Input bytes after which literals become sequences: bounds how many are added at once.
const MAX_LITERAL_RUN: usize = 4096;

/// Positions inserted at the end of a continued match. With one, runs between other content are 1 to 4 % larger, and sparse files 14 %.
const INSERTED_AT_END: usize = 16;

/// A match of the longest length at `pos`, behind literals from `anchor` on.
struct LongestMatch {
    anchor: usize,
    pos: usize,
    /// Computed from the positions. With that of the candidate, the compiler keeps it in a register, and prose takes 3 % more time.
    distance: usize,
}

/// The greedy parser.
pub(crate) struct GreedyParser {
    table: HashTable,
    kind: BlockKind,
    /// The step by which positions are skipped, in [`STEPS_PER_INCREMENT`]ths of a position.
    step: usize,
}

impl GreedyParser {
    pub(crate) fn new() -> Self {
        Self { table: HashTable::new(), kind: BlockKind::Text, step: STEPS_PER_INCREMENT }
    }

    /// Inserts the second, the third and the last position of a match whose first eight bytes are `word`.
    #[inline(always)]
    fn insert_inside<H: Hashing>(&mut self, window: CheckedWindow<'_>, word: u64, positions: Range<usize>) {
        let Range { start, end } = positions;
        self.table.insert::<H>(word >> 8, start + 1);
        self.table.insert::<H>(word >> 16, start + 2);
        self.table.insert::<H>(window.load64(end - 1), end - 1);
    }

    /// Takes a match of the longest length and those that continue it. Returns the position behind the last one.
    #[cold]
    #[inline(never)]
    fn take_longest<H: Hashing>(
        &mut self,
        window: Window<'_>,
        found: LongestMatch,
        end: usize,
        out: &mut Sequences,
    ) -> usize {
        let (LongestMatch { anchor, pos, distance }, checked) = (found, window.checked());
        out.push_run(window, anchor..pos, of_match(Match { length: MAX_MATCH, distance }));
        let next = continue_match(window, pos + MAX_MATCH..end, distance, out);
        let at_begin = (pos..next).step_by(MAX_MATCH).flat_map(|begin| [begin, begin + 1, begin + 2]);
        let inserted = at_begin.chain(next - INSERTED_AT_END..next);
        inserted.for_each(|pos| self.table.insert::<H>(checked.load64(pos), pos));
        self.step = STEPS_PER_INCREMENT;
        next
    }

    /// Skips positions with a growing step, up to a position with a candidate or the end of the range, by [`MAX_LITERAL_RUN`] at most.
    #[inline(never)]
    fn skip<H: Hashing>(&mut self, window: CheckedWindow<'_>, range: Range<usize>) -> usize {
        let mut pos = range.start;
        let end = range.end.min(pos + MAX_LITERAL_RUN);
        while pos < end {
            let here = self.table.look_up::<H>(window, pos);
            if here.candidate().is_some() {
                return pos;
            }
            self.table.store(&here);
            self.step += 1;
            pos += self.step / STEPS_PER_INCREMENT;
        }
        end.max(range.start)
    }

    #[inline(never)]
    fn parse_hashed<H: Hashing>(
        &mut self,
        window: Window<'_>,
        input: Range<usize>,
        min_match: usize,
        out: &mut Sequences,
    ) -> usize {
        let (Range { start, end }, checked) = (input, window.checked());
        let last = end.saturating_sub(LOOKAHEAD);
        let (mut anchor, mut pos) = (start, start);
        self.step = STEPS_PER_INCREMENT;
        'search: while pos < last {
            let mut here = self.table.look_up::<H>(checked, pos);
            while pos < last {
                let until = last.min(anchor + SKIP_AFTER);
                let Candidate { pos: before, distance } = loop {
                    self.table.store(&here);
                    if let Some(candidate) = here.candidate() {
                        break candidate;
                    }
                    pos += 1;
                    here = self.table.look_up::<H>(checked, pos);
                    if pos >= until {
                        pos = self.skip::<H>(checked, pos..last);
                        out.push_literals(window, anchor..pos);
                        anchor = pos;
                        if out.is_full() {
                            return pos;
                        }
                        continue 'search;
                    }
                };
                let length = checked.common_to(before, pos, end);
                if length < min_match {
                    pos += 1;
                    anchor = bound_literals(window, anchor..pos, out);
                    continue 'search;
                }
                if length == MAX_MATCH {
                    let found = LongestMatch { anchor, pos, distance: pos - before };
                    pos = self.take_longest::<H>(window, found, end, out);
                    if out.is_full() {
                        return pos;
                    }
                    anchor = pos;
                    continue 'search;
                }
                let (word, next) = (here.word, pos + length);
                here = self.table.look_up::<H>(checked, next);
                self.insert_inside::<H>(checked, word, pos..next);
                out.push_run(window, anchor..pos, of_match(Match { length, distance }));
                (anchor, pos, self.step) = (next, next, STEPS_PER_INCREMENT);
                if out.is_full() {
                    return pos;
                }
            }
        }
        out.push_literals(window, anchor..end);
        end
    }
}

/// Appends the literals if there are [`MAX_LITERAL_RUN`] or more. Returns the position of the first one that is not appended yet.
#[inline(always)]
fn bound_literals(window: Window<'_>, literals: Range<usize>, out: &mut Sequences) -> usize {
    if literals.len() < MAX_LITERAL_RUN {
        return literals.start;
    }
    out.push_literals(window, literals.clone());
    literals.end
}

impl Parser for GreedyParser {
    fn begin_block(&mut self, window: Window<'_>, block: Range<usize>) {
        self.kind = text_detection::kind(window, block);
        match self.kind {
            BlockKind::Letters => self.table.clear::<LettersHashing>(),
            BlockKind::Text => self.table.clear::<TextHashing>(),
            BlockKind::Binary => self.table.clear::<BinaryHashing>(),
        }
    }

    fn chunk(&self, chunk: usize) -> usize {
        // Text is 2 % faster with larger chunks, and 0.1 % larger. Other content changes more often: parts of text between random
        // bytes would be 0.9 % larger.
        if self.kind.is_text() { 2 * chunk } else { chunk }
    }

    fn min_split_saving(&self) -> f32 {
        // Codes cost time. In sound, images and databases, short stretches differ by little: those are 2 to 10 % faster, and 0.1 to
        // 0.6 % larger. Text would be 0.2 % larger and no faster.
        if self.kind.is_text() { 0.0 } else { 1.0 / 128.0 }
    }

    fn insert(&mut self, window: Window<'_>, positions: Range<usize>) {
        match self.kind {
            BlockKind::Letters => self.table.insert_unparsed::<LettersHashing>(window.checked(), positions),
            BlockKind::Text => self.table.insert_unparsed::<TextHashing>(window.checked(), positions),
            BlockKind::Binary => self.table.insert_unparsed::<BinaryHashing>(window.checked(), positions),
        }
    }

    fn parse(&mut self, window: Window<'_>, input: Range<usize>, model: &CostModel, out: &mut Sequences) -> usize {
        let min_match = MIN_MATCH_LENGTH.max(model.min_match);
        match self.kind {
            BlockKind::Letters => self.parse_hashed::<LettersHashing>(window, input, min_match, out),
            BlockKind::Text => self.parse_hashed::<TextHashing>(window, input, min_match, out),
            BlockKind::Binary => self.parse_hashed::<BinaryHashing>(window, input, min_match, out),
        }
    }
}

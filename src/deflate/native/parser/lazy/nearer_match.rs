//! Lazy parsing: the choice of a match among those that begin at the next bytes, and the search for a nearer one that is as long.

use super::{LazyParser, MIN_IMPROVEMENT, gain};
use crate::deflate::Window;
use crate::deflate::native::cost_model::CostModel;
use crate::deflate::native::matchfinder::{AroundQuery, LazyFinder};
use crate::deflate::native::parser::PlacedMatch;
use crate::deflate::native::sequences::Match;

/// The shortest distance of a match for which a nearer one is looked up. With 64, small binaries are 0.05 % larger at level 9.
const MIN_DISTANCE: usize = 16;

/// The bytes of a known match that [`LazyParser::nearer_match`] compares at once, so that the mask fits in 16 bits.
const MAX_COMPARED: usize = 14;

impl<F: LazyFinder> LazyParser<F> {
    /// The match for which the known one is deferred in the end, or the known one if there is none.
    #[inline(always)]
    pub(super) fn best_match(
        &self,
        window: Window<'_>,
        known: PlacedMatch,
        end: usize,
        model: &CostModel,
    ) -> PlacedMatch {
        let mut best = known;
        while best.found.length < self.parameters.nice_length
            && let Some(better) = self.better_match(window, best, end, model)
        {
            best = better;
        }
        while self.parameters.nearer_search_depth > 0
            && best.found.distance >= MIN_DISTANCE
            && let Some(nearer) = self.nearer_match(window, best, end, model)
        {
            best = nearer;
        }
        best
    }

    /// Finds a match that begins one byte after the known one, is at least as long, and is so much nearer that it costs less; or
    /// one byte shorter, if it begins two bytes later.
    ///
    /// [`better_match`](Self::better_match) looks up two bytes behind the known match, so it finds longer matches only. In lines with a number each, the
    /// line with the same digit before the common text is further away than the last line: without this search, all matches keep
    /// the long distance.
    #[inline(never)]
    fn nearer_match(
        &self,
        window: Window<'_>,
        known: PlacedMatch,
        end: usize,
        model: &CostModel,
    ) -> Option<PlacedMatch> {
        let hashed = self.finder.hashed();
        let PlacedMatch { pos, found } = known;
        let behind = pos + found.length + 1;
        if behind + 2 > end || found.length + 1 < hashed {
            return None;
        }
        // The bytes that a match one byte later has, and one two bytes later, as far as 16 bytes show.
        let bytes = 2 << found.length.min(MAX_COMPARED);
        let depth = self.parameters.nearer_search_depth;
        let query = AroundQuery { pos, tail: behind - hashed, depth, needed: [bytes - 2, bytes - 4] };
        let (mut most, mut nearer) = (gain(found), None);
        self.finder.search_around(window, query, |distance, differ| {
            let late = usize::from(differ & 2 != 0) + usize::from(differ & 3 != 0);
            let length = window.common_by(differ & !3, pos - distance, pos).min(end - pos) - late;
            let other = Match { length, distance };
            if length >= hashed && gain(other) - MIN_IMPROVEMENT[late] > most {
                most = gain(other) - MIN_IMPROVEMENT[late];
                nearer = Some(PlacedMatch { pos: pos + late, found: other });
            }
        });
        let PlacedMatch { pos, found } = nearer?;
        if model.pays(window.load64(pos), found.length, found.distance) { nearer } else { None }
    }
}

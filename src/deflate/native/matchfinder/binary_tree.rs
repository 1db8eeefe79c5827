//! Binary trees of positions, which return the nearest match of each length: levels 10 to 12.
//!
//! Positions whose four bytes have the same hash form a tree that is sorted by the bytes that follow; a newer position is
//! above an older one. A new position becomes the root. The search for its place meets ever longer matches and rebuilds
//! the tree on the way (Bell and Kulp, 1993). Matches of three bytes have a table of their own. The nodes form a ring of one
//! window: a position's node is reused for the position one window later.
//!
//! Which subtree a search continues in cannot be predicted, and each step waits for the bytes of the step before. So a step has no
//! branch on that, and two positions are searched in turn: one search computes while the other waits. The sizes are the same as
//! with one search after the other, because two positions in the same tree are never searched in turn.

use std::hint::select_unpredictable;
use std::ops::Range;

use super::{SearchDepth, hash_functions, in_window};
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::native::sequences::Match;
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};
use crate::deflate::{WINDOW, Window};

/// Base-2 logarithm of the number of trees.
const TREE_BITS: u32 = 16;

/// Base-2 logarithm of the entries for three bytes. Each holds two positions: with one position in 2^15 entries, images are
/// 0.8 % larger.
const HASH3_BITS: u32 = 16;

/// The root of an empty tree: further from each position than a window.
const NO_ROOT: u32 = 1 << 31;

/// Positions that are searched in turn.
const LANES: usize = 2;

/// The longest distance at which a node belongs to its position during a search. Nodes behind are reused for the positions that are
/// searched.
const MAX_NODE_DISTANCE: usize = WINDOW - LANES;

/// A match in 32 bits: its length in bits 16..32, its distance below.
#[derive(Clone, Copy)]
pub(crate) struct PackedMatch(u32);

impl PackedMatch {
    #[inline(always)]
    pub(crate) fn new(length: usize, distance: usize) -> Self {
        Self((length as u32) << 16 | distance as u32)
    }

    #[inline(always)]
    pub(crate) fn length(self) -> usize {
        (self.0 >> 16) as usize
    }

    #[inline(always)]
    pub(crate) fn distance(self) -> usize {
        (self.0 & 0xffff) as usize
    }
}

impl From<PackedMatch> for Match {
    fn from(packed: PackedMatch) -> Self {
        Self { length: packed.length(), distance: packed.distance() }
    }
}

/// The matches of a position. Each is longer than the one before, and the nearest of its length.
pub(crate) struct FoundMatches {
    /// One for each length, so that eight bits are an index.
    pub(crate) matches: [PackedMatch; 256],
    pub(crate) count: usize,
}

impl FoundMatches {
    const EMPTY: Self = Self { matches: [PackedMatch(0); 256], count: 0 };

    pub(crate) fn as_slice(&self) -> &[PackedMatch] {
        &self.matches[..self.count]
    }
}

/// Both subtrees of each position modulo the window, the lesser first: positions modulo 2^16. A subtree was in the window of the
/// position that was inserted when it was stored, or is in no window (see [`no_child`]). So 16 bits are enough while its parent
/// is in the window.
type Children = [u16; 2 * WINDOW];

/// A subtree that is in no window of a later position, while its parent is in the window.
#[inline(always)]
fn no_child(pos: usize) -> u16 {
    (pos + WINDOW - 1) as u16
}

/// What is common to the searches of some positions.
#[derive(Clone, Copy)]
struct Search<'a> {
    window: Window<'a>,
    /// A match of this length ends the search.
    nice_length: usize,
    /// The length up to which positions are compared.
    max_length: usize,
}

/// The search for the place of one position.
struct Lane {
    pos: usize,
    /// The distance of the next node.
    distance: usize,
    /// Where the next lesser and the next greater position will be stored. Bits 0..16: the element of [`Children`]. Bits 16..32:
    /// the length of the prefix that all positions below have in common with the new one.
    less: u32,
    greater: u32,
    /// The number of matches, without the one that ended the search.
    count: u8,
    /// Whether a match ended the search.
    ended_by_match: bool,
    /// Whether the subtrees of the position are complete.
    is_placed: bool,
}

impl Lane {
    /// Visits the next node. Returns whether the search continues.
    #[inline(always)]
    fn step<const FIND: bool>(
        &mut self,
        search: Search<'_>,
        children: &mut Children,
        found: &mut FoundMatches,
    ) -> bool {
        let Self { pos, distance, less, greater, .. } = *self;
        let Search { window, nice_length, max_length } = search;
        let (shorter, longer) = if less < greater { (less, greater) } else { (greater, less) };
        let mut known = (shorter >> 16) as usize;
        if distance.wrapping_sub(1) >= MAX_NODE_DISTANCE {
            if FIND && in_window(distance) {
                let length = window.common(pos - distance, pos, known, max_length);
                found.matches[usize::from(self.count)] = PackedMatch::new(length, distance);
                self.ended_by_match = length > MIN_MATCH.max((longer >> 16) as usize);
            }
            return false;
        }
        let at = pos - distance;
        let node = (2 * at) as u16;
        let (lesser_child, greater_child) = (children[usize::from(node)], children[usize::from(node | 1)]);
        let mut bytes = window.load64(at + known);
        let mut differ = bytes ^ window.load64(pos + known);
        if differ == 0 {
            while differ == 0 && known < max_length {
                known += 8;
                bytes = window.load64(at + known);
                differ = bytes ^ window.load64(pos + known);
            }
        }
        let bit = differ.trailing_zeros();
        let length = known + (bit / 8) as usize;
        let packed = PackedMatch::new(length, distance);
        if length >= nice_length {
            found.matches[usize::from(self.count)] = PackedMatch::new(length.min(max_length), distance);
            self.ended_by_match = true;
            self.replace(children, lesser_child, greater_child);
            return false;
        }
        if FIND {
            found.matches[usize::from(self.count)] = packed;
            // Compares the lengths: no distance exceeds the bits below.
            self.count += u8::from(packed.0 > (longer | 0xffff).max((MIN_MATCH as u32) << 16 | 0xffff));
        }
        // The order is that of the lowest bits that differ: any order will do.
        let is_less = bytes >> (bit & 63) & 1 == 0;
        let prefix = (length as u32) << 16;
        children[usize::from(select_unpredictable(is_less, less, greater) as u16)] = at as u16;
        self.less = select_unpredictable(is_less, prefix | u32::from(node | 1), less);
        self.greater = select_unpredictable(is_less, greater, prefix | u32::from(node));
        let next = select_unpredictable(is_less, greater_child, lesser_child);
        self.distance = usize::from((pos as u16).wrapping_sub(next));
        true
    }

    /// Takes over the subtrees of a position, because both are in the same order to them.
    #[inline(always)]
    fn replace(&mut self, children: &mut Children, lesser: u16, greater: u16) {
        let pos = self.pos;
        let in_reach = |child: u16| {
            if in_window(usize::from((pos as u16).wrapping_sub(child))) { child } else { no_child(pos) }
        };
        children[usize::from(self.less as u16)] = in_reach(lesser);
        children[usize::from(self.greater as u16)] = in_reach(greater);
        self.is_placed = true;
    }

    /// Visits up to `depth` nodes, and ends the search.
    #[inline(always)]
    fn finish<const FIND: bool>(
        mut self,
        search: Search<'_>,
        depth: usize,
        children: &mut Children,
        found: &mut FoundMatches,
    ) {
        let mut left = depth;
        while left > 0 && self.step::<FIND>(search, children, found) {
            left -= 1;
        }
        if !self.is_placed {
            children[usize::from(self.less as u16)] = no_child(self.pos);
            children[usize::from(self.greater as u16)] = no_child(self.pos);
        }
        found.count = usize::from(self.count) + usize::from(self.ended_by_match);
    }
}

/// The trees of all hashes.
pub(crate) struct BinaryTrees {
    roots: Box<[u32; 1 << TREE_BITS]>,
    /// The last two positions modulo 2^16 with each hash of three bytes.
    hash3: Box<[[u16; 2]; 1 << HASH3_BITS]>,
    children: Box<Children>,
    found: Box<[FoundMatches; LANES]>,
}

impl BinaryTrees {
    pub(crate) fn new() -> Self {
        Self {
            roots: boxed_array(NO_ROOT),
            hash3: boxed_array([0; 2]),
            children: boxed_array(0),
            found: Box::new([const { FoundMatches::EMPTY }; LANES]),
        }
    }

    /// Forgets the last block.
    pub(crate) fn clear(&mut self) {
        self.roots.fill(NO_ROOT);
        self.hash3.fill([0; 2]);
    }

    /// The matches of the positions that were searched last.
    pub(crate) fn found(&self) -> &[FoundMatches; LANES] {
        &self.found
    }

    /// Inserts `positions` of a block that ends at `block_end`.
    pub(crate) fn insert_all(
        &mut self,
        window: Window<'_>,
        positions: Range<usize>,
        block_end: usize,
        depth: SearchDepth,
    ) {
        let Range { start: mut pos, end } = positions;
        while pos < end {
            pos += self.search::<false>(window, pos..end, block_end, depth);
        }
    }

    /// Finds the matches of the first or the first two of `positions`, which are not empty, and inserts these. Matches end at
    /// `block_end`. Returns the number of positions that were searched.
    #[inline(always)]
    pub(crate) fn find(
        &mut self,
        window: Window<'_>,
        positions: Range<usize>,
        block_end: usize,
        depth: SearchDepth,
    ) -> usize {
        self.search::<true>(window, positions, block_end, depth)
    }

    #[inline(never)]
    fn search<const FIND: bool>(
        &mut self,
        window: Window<'_>,
        positions: Range<usize>,
        block_end: usize,
        depth: SearchDepth,
    ) -> usize {
        let Range { start: pos, end } = positions;
        let mut left = depth.max_search_depth;
        let tree = |pos| tree_of(window.load32(pos));
        if pos + 1 >= end || block_end - pos <= MAX_MATCH || tree(pos) == tree(pos + 1) {
            let max_length = MAX_MATCH.min(block_end - pos);
            let search = Search { window, nice_length: depth.nice_length.min(max_length), max_length };
            let lane = self.begin::<FIND>(window, pos, 0);
            lane.finish::<FIND>(search, left, &mut self.children, &mut self.found[0]);
            return 1;
        }
        let search = Search { window, nice_length: depth.nice_length, max_length: MAX_MATCH };
        let mut first = self.begin::<FIND>(window, pos, 0);
        let mut second = self.begin::<FIND>(window, pos + 1, 1);
        let Self { children, found, .. } = self;
        let [first_found, second_found] = &mut **found;
        let (mut first_left, mut second_left) = (left, left);
        while left > 0 {
            if !first.step::<FIND>(search, children, first_found) {
                (first_left, second_left) = (0, left);
                break;
            }
            left -= 1;
            if !second.step::<FIND>(search, children, second_found) {
                (first_left, second_left) = (left, 0);
                break;
            }
            (first_left, second_left) = (left, left);
        }
        first.finish::<FIND>(search, first_left, children, first_found);
        second.finish::<FIND>(search, second_left, children, second_found);
        LANES
    }

    /// Makes a position the root of its tree, and begins the search for its place. Inserts the position into the table for three
    /// bytes. The match found there becomes the first one of the lane.
    #[inline(always)]
    fn begin<const FIND: bool>(&mut self, window: Window<'_>, pos: usize, lane: usize) -> Lane {
        let word = window.load32(pos);
        let root = std::mem::replace(&mut self.roots[tree_of(word)], pos as u32);
        let entry = &mut self.hash3[(hash_functions::hash3(word) >> (32 - HASH3_BITS)) as usize];
        let mut is_found = false;
        if FIND {
            let [first, second] = entry.map(|at| usize::from((pos as u16).wrapping_sub(at)));
            let is_match = |distance| {
                let differ = (window.load32(pos.wrapping_sub(distance)) ^ word) << 8;
                in_window(distance) & (differ == 0)
            };
            let is_first = is_match(first);
            is_found = is_first | is_match(second);
            let distance = select_unpredictable(is_first, first, second);
            self.found[lane].matches[0] = PackedMatch::new(MIN_MATCH, distance);
        }
        *entry = [pos as u16, entry[0]];
        let node = u32::from((2 * pos) as u16);
        Lane {
            pos,
            distance: (pos as u32).wrapping_sub(root) as usize,
            less: node,
            greater: node | 1,
            count: is_found.into(),
            ended_by_match: false,
            is_placed: false,
        }
    }
}

/// The tree of four bytes.
#[inline(always)]
fn tree_of(word: u32) -> usize {
    (hash_functions::hash4(word) >> (32 - TREE_BITS)) as usize
}

//! Binary trees of positions, which return the nearest match of each length: levels 10 to 12.
//!
//! Positions whose four bytes have the same hash form a tree that is sorted by the bytes that follow; a newer position is
//! above an older one. A new position becomes the root. The search for its place meets ever longer matches and rebuilds
//! the tree on the way (Bell and Kulp, 1993). Matches of three bytes have a table of their own. The nodes form a ring of one
//! window: a position's node is reused for the position one window later, when it is at the longest distance of DEFLATE.

use std::ops::Range;

use super::SearchDepth;
use super::hash_functions;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::native::sequences::Match;
use crate::deflate::native::symbols::{MAX_MATCH, MIN_MATCH};
use crate::deflate::{WINDOW, Window};

/// Base-2 logarithm of the number of trees.
const TREE_BITS: u32 = 16;

/// Base-2 logarithm of the entries for three bytes. Each holds two positions: with one position in 2^15 entries, images are
/// 0.8 % larger.
const HASH3_BITS: u32 = 16;

/// No position.
const NONE: u32 = u32::MAX;

/// Index of the subtree whose bytes are less.
const LESS: usize = 0;
/// Index of the subtree whose bytes are greater.
const GREATER: usize = 1;

/// A link of the tree: a node, and the side of the subtree.
#[derive(Clone, Copy)]
struct Link {
    node: usize,
    side: usize,
}

/// The trees of all hashes.
pub(crate) struct BinaryTrees {
    roots: Box<[u32; 1 << TREE_BITS]>,
    hash3: Box<[[u32; 2]; 1 << HASH3_BITS]>,
    /// Both subtrees of each position, modulo the window.
    subtrees: Box<[[u32; 2]; WINDOW]>,
}

impl BinaryTrees {
    pub(crate) fn new() -> Self {
        Self { roots: boxed_array(NONE), hash3: boxed_array([NONE; 2]), subtrees: boxed_array([NONE; 2]) }
    }

    /// Forgets the last block.
    pub(crate) fn clear(&mut self) {
        self.roots.fill(NONE);
        self.hash3.fill([NONE; 2]);
    }

    /// Inserts the position `range.start` and calls `found` for the matches on the way, at most up to `range.end`: each is
    /// longer than the one before, and the nearest of its length within `limits`.
    #[inline(always)]
    pub(crate) fn insert(
        &mut self,
        window: Window<'_>,
        range: Range<usize>,
        limits: SearchDepth,
        mut found: impl FnMut(Match),
    ) {
        let Range { start: pos, end } = range;
        let word = window.load32(pos);
        let most = MAX_MATCH.min(end - pos);
        let nice_length = limits.nice_length.min(most);
        self.insert_hash3(window, pos, word, &mut found);
        let mut best = MIN_MATCH;
        let root = &mut self.roots[(hash_functions::hash4(word) >> (32 - TREE_BITS)) as usize];
        let mut node = std::mem::replace(root, pos as u32);
        // The links where the next lesser and the next greater position are stored, and the length of the prefix that all positions
        // below them have in common with the new one.
        let mut less = Link { node: pos % WINDOW, side: LESS };
        let mut greater = Link { node: pos % WINDOW, side: GREATER };
        let (mut common_less, mut common_greater) = (0, 0);
        for _ in 0..limits.max_search_depth {
            let at = node as usize;
            if node == NONE || pos - at > WINDOW {
                break;
            }
            let length = window.common(at, pos, common_less.min(common_greater), most);
            if length > best {
                best = length;
                found(Match { length, distance: pos - at });
            }
            if pos - at == WINDOW {
                // Its node belongs to the new position now, and its subtrees are out of the window.
                break;
            }
            let subtrees = self.subtrees[at % WINDOW];
            if length >= nice_length {
                // The new position replaces this one, because both are in the same order to its subtrees.
                self.set(less, subtrees[LESS]);
                self.set(greater, subtrees[GREATER]);
                return;
            }
            if window.byte(at + length) < window.byte(pos + length) {
                self.set(less, node);
                (less, common_less, node) = (Link { node: at % WINDOW, side: GREATER }, length, subtrees[GREATER]);
            } else {
                self.set(greater, node);
                (greater, common_greater, node) = (Link { node: at % WINDOW, side: LESS }, length, subtrees[LESS]);
            }
        }
        self.set(less, NONE);
        self.set(greater, NONE);
    }

    #[inline(always)]
    fn set(&mut self, link: Link, node: u32) {
        self.subtrees[link.node][link.side] = node;
    }

    /// Inserts a position into the table for three bytes, and calls `found` for the nearest match of three bytes there.
    #[inline(always)]
    fn insert_hash3(&mut self, window: Window<'_>, pos: usize, word: u32, found: &mut impl FnMut(Match)) {
        let entry = &mut self.hash3[(hash_functions::hash3(word) >> (32 - HASH3_BITS)) as usize];
        let near = entry.iter().take_while(|&&at| at != NONE && pos - (at as usize) <= WINDOW);
        let same = |at: &&u32| (window.load32(**at as usize) ^ word) << 8 == 0;
        let mut near = near;
        if let Some(&at) = near.find(same) {
            found(Match { length: MIN_MATCH, distance: pos - at as usize });
        }
        *entry = [pos as u32, entry[0]];
    }
}

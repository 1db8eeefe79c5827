//! Earlier occurrences, in binary trees: for each length the nearest match. What levels 10 to 12 look in.
//!
//! Positions whose four bytes have the same hash form a tree, ordered by the bytes that follow, in which a newer position
//! stands above an older one. A new position becomes the root, and the search for its place, which meets ever closer
//! relatives, rebuilds the tree (Bell and Kulp, 1993). Matches of three bytes have a table of their own. A position's place
//! is taken by the one a window later, to which it is the farthest match that DEFLATE knows, and its last.

use super::hash;
use super::sequences::Match;
use super::symbols::{LEAST_LENGTH, MOST_LENGTH};
use crate::deflate::WINDOW;
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;

/// Base-2 logarithm of the trees.
const TREES_BITS: u32 = 16;

/// Base-2 logarithm of the entries for three bytes. Each holds two positions: with one, in 2^15 entries, images are 0.8 %
/// larger.
const THREES_BITS: u32 = 16;

/// No position.
const NOWHERE: u32 = u32::MAX;

/// A subtree's place: its parent, and the side.
type Place = (usize, usize);

/// The side of what is less.
const LESS: usize = 0;
/// The side of what is greater.
const GREATER: usize = 1;

/// The trees.
pub(super) struct Trees {
    roots: Box<[u32; 1 << TREES_BITS]>,
    threes: Box<[[u32; 2]; 1 << THREES_BITS]>,
    /// Subtrees of each position, modulo the window.
    subtrees: Box<[[u32; 2]; WINDOW]>,
}

impl Trees {
    pub(super) fn new() -> Self {
        Self { roots: boxed_array(NOWHERE), threes: boxed_array([NOWHERE; 2]), subtrees: boxed_array([NOWHERE; 2]) }
    }

    /// Forgets the block before.
    pub(super) fn clear(&mut self) {
        self.roots.fill(NOWHERE);
        self.threes.fill([NOWHERE; 2]);
    }

    /// Inserts `pos`, and tells the matches met on the way: each longer than the one before, and the nearest of its
    /// length that `depth` steps down the tree can find. The way ends with one of `nice` bytes.
    #[inline(always)]
    pub(super) fn insert(
        &mut self,
        window: Window<'_>,
        (pos, end): (usize, usize),
        (depth, nice): (usize, usize),
        mut tell: impl FnMut(Match),
    ) {
        let word = window.load32(pos);
        let most = MOST_LENGTH.min(end - pos);
        let nice = nice.min(most);
        self.insert_three(window, pos, word, &mut tell);
        let mut best = LEAST_LENGTH;
        let root = &mut self.roots[(hash::of_four(word) >> (32 - TREES_BITS)) as usize];
        let mut node = std::mem::replace(root, pos as u32);
        // Where what is less, and greater, is hung next; and how many bytes all there has in common with this position.
        let (mut less, mut greater): (Place, Place) = ((pos % WINDOW, LESS), (pos % WINDOW, GREATER));
        let (mut same_less, mut same_greater) = (0, 0);
        for _ in 0..depth {
            let at = node as usize;
            if node == NOWHERE || pos - at > WINDOW {
                break;
            }
            let length = window.common(at, pos, same_less.min(same_greater), most);
            if length > best {
                best = length;
                tell(Match { length, distance: pos - at });
            }
            if pos - at == WINDOW {
                // Its place is this position's now, and what hangs below it is out of reach.
                break;
            }
            let subtrees = self.subtrees[at % WINDOW];
            if length >= nice {
                // As good as the same: its subtrees are this position's.
                self.hang(less, subtrees[LESS]);
                self.hang(greater, subtrees[GREATER]);
                return;
            }
            if window.byte(at + length) < window.byte(pos + length) {
                self.hang(less, node);
                (less, same_less, node) = ((at % WINDOW, GREATER), length, subtrees[GREATER]);
            } else {
                self.hang(greater, node);
                (greater, same_greater, node) = ((at % WINDOW, LESS), length, subtrees[LESS]);
            }
        }
        self.hang(less, NOWHERE);
        self.hang(greater, NOWHERE);
    }

    #[inline(always)]
    fn hang(&mut self, (parent, side): Place, node: u32) {
        self.subtrees[parent][side] = node;
    }

    #[inline(always)]
    fn insert_three(&mut self, window: Window<'_>, pos: usize, word: u32, tell: &mut impl FnMut(Match)) {
        let entry = &mut self.threes[(hash::of_three(word) >> (32 - THREES_BITS)) as usize];
        let near = entry.iter().take_while(|&&at| at != NOWHERE && pos - (at as usize) <= WINDOW);
        let same = |at: &&u32| (window.load32(**at as usize) ^ word) << 8 == 0;
        let mut near = near;
        if let Some(&at) = near.find(same) {
            tell(Match { length: LEAST_LENGTH, distance: pos - at as usize });
        }
        *entry = [pos as u32, entry[0]];
    }
}

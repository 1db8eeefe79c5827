//! Match finders: data structures that return earlier positions with the same bytes.
//!
//! | finder | levels | structure |
//! |---|---|---|
//! | [`hash`] | 1 | the last position of each hash |
//! | [`bucket`] | 2, 3 | the last two positions of each hash |
//! | [`rows`] | 4 to 9, first pass of 10 to 12 | the last 16 or 64 positions of each hash, compared at once by tags |
//! | [`binary_tree`] | 10 to 12 | a sorted tree of positions for each hash |
//!
//! A finder knows positions of one block and its dictionary. `clear` resets it for the next block.

pub(super) mod binary_tree;
pub(super) mod bucket;
pub(super) mod hash;
pub(super) mod hashing;
pub(super) mod rows;

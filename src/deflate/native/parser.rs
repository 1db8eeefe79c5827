//! Parsers: they divide the input into literals and matches.
//!
//! `parse` receives window and cost model as parameters of their own. As references in a struct, the compiler would have to assume
//! that stores to the tables change them.
//!
//! | parser | levels | method |
//! |---|---|---|
//! | [`greedy`] | 1 | takes the first match that it finds |
//! | [`lookahead`] | 2, 3 | takes the longest match at a position or the next one |
//! | [`lazy`] | 4 to 9, first pass of 10 to 12 | defers a match while a better one begins soon |
//! | [`optimal`] | 10 to 12 | computes the cheapest path through a block |

pub(super) mod greedy;
pub(super) mod lazy;
pub(super) mod lookahead;
pub(super) mod optimal;

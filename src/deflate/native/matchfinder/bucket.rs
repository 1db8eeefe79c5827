//! Two candidates for each hash of five bytes, or four at level 4 in machine code: levels 2 to 5.

use std::ops::Range;

use super::hash_functions::{self, LongHash, TaggedEntry, same_tag, tagged_entry};
use crate::deflate::Window;
use crate::deflate::boxed_array::boxed_array;
use crate::deflate::native::sequences::Match;

/// The hash of most blocks.
pub(crate) const HASH: LongHash = LongHash::new(5);

/// The last two positions of each hash. The lower half of an entry is the newer one.
pub(crate) struct BucketTable<const ENTRIES: usize> {
    table: Box<[u64; ENTRIES]>,
    hash: LongHash,
}

/// The two candidates for a position.
#[derive(Clone, Copy)]
pub(crate) struct Bucket {
    old: u64,
    new: u32,
}

impl Bucket {
    /// Whether a candidate has the same tag.
    #[inline(always)]
    pub(crate) fn has_candidate(self) -> bool {
        same_tag(self.old as u32, self.new) || same_tag((self.old >> 32) as u32, self.new)
    }

    /// The distances to the candidates with the same tag in the window, newer first.
    #[inline(always)]
    pub(crate) fn distances(self) -> [Option<usize>; 2] {
        [self.old as u32, (self.old >> 32) as u32]
            .map(|old| if same_tag(old, self.new) { hash_functions::distance(old, self.new) } else { None })
    }

    /// The longer of both matches for the position `range.start`, up to 32 bytes; the nearer one if they are as long. No branch
    /// depends on the data.
    #[inline(always)]
    pub(crate) fn longest(self, window: Window<'_>, range: Range<usize>) -> Match {
        let newer = self.match_at(window, range.clone(), self.old as u32);
        let older = self.match_at(window, range, (self.old >> 32) as u32);
        if older.length > newer.length { older } else { newer }
    }

    /// The match at the newer candidate, up to 32 bytes.
    #[inline(always)]
    pub(crate) fn newest(self, window: Window<'_>, range: Range<usize>) -> Match {
        self.match_at(window, range, self.old as u32)
    }

    /// The match at a candidate, up to 32 bytes; its length is 0 if the candidate is too far or has another tag.
    #[inline(always)]
    fn match_at(self, window: Window<'_>, Range { start: pos, end }: Range<usize>, old: u32) -> Match {
        let distance = hash_functions::distance(old, self.new);
        let valid = same_tag(old, self.new) && distance.is_some();
        let distance = if valid { distance.unwrap_or(0) } else { 0 };
        // Bytes behind the end must not decide which match is longer.
        let length = window.common32(pos - distance, pos).min(end - pos);
        Match { length: if valid { length } else { 0 }, distance }
    }
}

impl<const ENTRIES: usize> BucketTable<ENTRIES> {
    pub(crate) fn new() -> Self {
        Self { table: boxed_array(0), hash: HASH }
    }

    /// Sets the hash of [`insert`](Self::insert). The table must be empty.
    pub(crate) fn set_hash(&mut self, hash: LongHash) {
        self.hash = hash;
    }

    /// Forgets the last block.
    pub(crate) fn clear(&mut self) {
        self.table.fill(0);
    }

    /// Inserts every other one of the positions.
    pub(crate) fn insert_unparsed(&mut self, window: Window<'_>, positions: Range<usize>) {
        positions.step_by(2).for_each(|pos| {
            self.insert(window.load64(pos), pos);
        });
    }

    /// Stores a position with these bytes. Returns the two positions that were stored before.
    #[inline(always)]
    pub(crate) fn insert(&mut self, word: u64, pos: usize) -> Bucket {
        self.insert_hash(self.hash.of(word), pos)
    }

    /// The same for a position whose bytes have this hash.
    #[inline(always)]
    pub(crate) fn insert_hash(&mut self, hash: u64, pos: usize) -> Bucket {
        let TaggedEntry { slot, entry: new } = tagged_entry::<ENTRIES>(hash, pos);
        let old = self.table[slot];
        self.table[slot] = old << 32 | u64::from(new);
        Bucket { old, new }
    }

    /// Stores a position with these bytes if `inserts`, without a branch.
    #[inline(always)]
    pub(crate) fn insert_if(&mut self, inserts: bool, word: u64, pos: usize) {
        let TaggedEntry { slot, entry: new } = tagged_entry::<ENTRIES>(self.hash.of(word), pos);
        let old = self.table[slot];
        self.table[slot] = if inserts { old << 32 | u64::from(new) } else { old };
    }

    /// The positions with this hash that were stored last, for a position that is not stored.
    #[inline(always)]
    pub(crate) fn peek_hash(&self, hash: u64, pos: usize) -> Bucket {
        let TaggedEntry { slot, entry: new } = tagged_entry::<ENTRIES>(hash, pos);
        Bucket { old: self.table[slot], new }
    }
}

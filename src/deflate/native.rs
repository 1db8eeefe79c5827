//! gzcc's own encoder.

mod bits;
mod block;
mod codes;
mod entropy;
mod fast;
mod huffman;
mod lazy;
mod levels;
mod optimal;
mod pairs;
mod room;
mod rows;
mod simd;
mod split;
mod symbols;
mod tokens;
mod tree;
mod worth;

use self::bits::BitWriter;
use self::codes::Tables;
use self::levels::{Level, Search};
use self::room::Room;
use self::tokens::{Histogram, Tokens};
use self::worth::Worth;
use super::Engine;

/// An encoder at one level.
pub(super) struct Native {
    level: Level,
    room: Room,
    tokens: Tokens,
    tables: Box<Tables>,
}

impl Native {
    pub(super) fn new(level: u8) -> Self {
        Self { level: Level::new(level), room: Room::new(), tokens: Tokens::new(), tables: Box::new(Tables::EMPTY) }
    }
}

impl Engine for Native {
    fn room(&mut self) -> &mut [u8] {
        self.room.all()
    }

    fn block(&mut self, start: usize, end: usize, last: bool, out: &mut Vec<u8>) {
        self.level.search.prime(&self.room, start, end);
        self.tokens.forget(self.tokens.len());
        let mut pending = Pending { start, end: start, tokens: 0, histogram: Histogram::EMPTY };
        let mut writer = BitWriter::new(out);
        let mut worth = Worth::new();
        while pending.end < end {
            let enough = pending.tokens + self.level.chunk;
            let stretch = (pending.end, end);
            let parsed = self.level.search.parse(&self.room, stretch, (enough, &worth), &mut self.tokens);
            let chunk = Histogram::of(&self.tokens.as_slice()[pending.tokens..]);
            let full = pending.tokens + self.level.chunk > tokens::MOST;
            if pending.tokens > 0 && (full || split::splits(&pending.histogram, &chunk)) {
                self.write(&mut pending, end, false, &mut writer);
                self.tokens.forget(pending.tokens);
                pending = Pending { start: pending.end, end: parsed, tokens: 0, histogram: chunk };
            } else {
                pending.histogram.add(&chunk);
                pending.end = parsed;
            }
            pending.tokens = self.tokens.len();
            worth.learn(&pending.histogram);
        }
        self.write(&mut pending, end, last, &mut writer);
        if !last {
            block::write_stored(&[], false, &mut writer);
        }
        writer.align();
    }
}

/// A DEFLATE block to be.
struct Pending {
    /// What it holds of the room.
    start: usize,
    end: usize,
    /// How many tokens that is.
    tokens: usize,
    histogram: Histogram,
}

impl Native {
    /// Writes a DEFLATE block, or more where there is no room to find the cheapest way through all of it.
    fn write(&mut self, pending: &mut Pending, over: usize, last: bool, writer: &mut BitWriter<'_>) {
        let Pending { start, end, tokens, ref mut histogram } = *pending;
        let Search::Optimal(_, optimal) = &mut self.level.search else {
            let written = (self.room.bytes(start, end), &self.tokens.as_slice()[..tokens]);
            return block::write(written, histogram, last, &mut self.tables, writer);
        };
        let mut from = start;
        loop {
            let to = optimal.way(&self.room, (from, end), over, histogram);
            let written = (self.room.bytes(from, to), optimal.tokens.as_slice());
            block::write(written, histogram, last && to == end, &mut self.tables, writer);
            from = to;
            if from == end {
                return;
            }
        }
    }
}

impl Search {
    /// Forgets the block before, and takes in a dictionary of `start` bytes that is followed by what is there up to `end`.
    fn prime(&mut self, room: &Room, start: usize, end: usize) {
        match self {
            Self::Fast(fast) => fast.prime(room, start),
            Self::Pairs(pairs) => pairs.prime(room, start),
            Self::MorePairs(pairs) => pairs.prime(room, start),
            Self::Rows16(lazy) => lazy.prime(room, start),
            Self::Rows64(lazy) => lazy.prime(room, start),
            Self::Optimal(lazy, optimal) => {
                lazy.prime(room, start);
                optimal.prime(room, start, end);
            }
        }
    }

    /// Makes tokens of a stretch, until there are `enough`; returns how far it came.
    fn parse(
        &mut self,
        room: &Room,
        stretch: (usize, usize),
        (enough, worth): (usize, &Worth),
        tokens: &mut Tokens,
    ) -> usize {
        match self {
            Self::Fast(fast) => fast.parse(room, stretch, enough, tokens),
            Self::Pairs(pairs) => pairs.parse(room, stretch, enough, tokens),
            Self::MorePairs(pairs) => pairs.parse(room, stretch, enough, tokens),
            Self::Rows16(lazy) | Self::Optimal(lazy, _) => lazy.parse(room, stretch, (enough, worth), tokens),
            Self::Rows64(lazy) => lazy.parse(room, stretch, (enough, worth), tokens),
        }
    }
}

//! A decoder for tests that finds where the blocks of a stream start. Slow, and independent of the code that it tests.

/// BTYPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockType {
    Stored,
    Fixed,
    Dynamic,
}

/// A block of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalkedBlock {
    /// Its first bit.
    pub(super) start: u64,
    pub(super) block_type: BlockType,
    pub(super) is_final: bool,
    /// Bytes of its content.
    pub(super) content: usize,
}

/// The blocks of a DEFLATE stream, which must be valid.
pub(super) fn blocks(data: &[u8]) -> Vec<WalkedBlock> {
    let mut reader = WalkerInput { data, at: 0 };
    let mut blocks = Vec::new();
    loop {
        let start = reader.at;
        let is_final = reader.bits(1) == 1;
        let (block_type, content) = match reader.bits(2) {
            0 => (BlockType::Stored, reader.stored()),
            1 => (BlockType::Fixed, reader.symbols(&fixed_litlens(), &Code::new(&[5; 30]))),
            2 => (BlockType::Dynamic, reader.dynamic()),
            _ => panic!("BTYPE is 3 at bit {start}"),
        };
        blocks.push(WalkedBlock { start, block_type, is_final, content });
        if is_final {
            return blocks;
        }
    }
}

/// The code of blocks without code of their own (RFC 1951 section 3.2.6).
fn fixed_litlens() -> Code {
    let length = |symbol| match symbol {
        0..144 => 8,
        144..256 => 9,
        256..280 => 7,
        _ => 8,
    };
    Code::new(&(0..288).map(length).collect::<Vec<u8>>())
}

/// A prefix code: the number of codes of each length, and the symbols in the order of their codes.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect();
        symbols.sort_by_key(|&symbol| lengths[symbol]);
        for &symbol in &symbols {
            counts[usize::from(lengths[symbol])] += 1;
        }
        Self { counts, symbols }
    }
}

struct WalkerInput<'a> {
    data: &'a [u8],
    /// The next bit.
    at: u64,
}

impl WalkerInput<'_> {
    fn bits(&mut self, count: u32) -> usize {
        let bit = |i: u64| usize::from(self.data[(i / 8) as usize] >> (i % 8) & 1);
        let value = (0..count).fold(0, |value, i| value | bit(self.at + u64::from(i)) << i);
        self.at += u64::from(count);
        value
    }

    fn symbol(&mut self, code: &Code) -> usize {
        let (mut value, mut first, mut index) = (0, 0, 0);
        for count in &code.counts[1..] {
            value |= self.bits(1);
            if value < first + count {
                return code.symbols[index + value - first];
            }
            index += count;
            (first, value) = ((first + count) << 1, value << 1);
        }
        panic!("no such code before bit {}", self.at);
    }

    fn stored(&mut self) -> usize {
        self.at = self.at.next_multiple_of(8);
        let (length, opposite) = (self.bits(16), self.bits(16));
        assert_eq!(length, !opposite & 0xffff);
        self.at += 8 * length as u64;
        length
    }

    fn dynamic(&mut self) -> usize {
        let (litlens, distances, precodes) = (self.bits(5) + 257, self.bits(5) + 1, self.bits(4) + 4);
        let mut lengths = [0; 19];
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].into_iter().take(precodes) {
            lengths[symbol] = self.bits(3) as u8;
        }
        let precode = Code::new(&lengths);
        let mut lengths = Vec::new();
        while lengths.len() < litlens + distances {
            let (length, repeat) = match self.symbol(&precode) {
                16 => (*lengths.last().unwrap(), 3 + self.bits(2)),
                17 => (0, 3 + self.bits(3)),
                18 => (0, 11 + self.bits(7)),
                length => (length as u8, 1),
            };
            lengths.extend(vec![length; repeat]);
        }
        let (litlens, distances) = lengths.split_at(litlens);
        self.symbols(&Code::new(litlens), &Code::new(distances))
    }

    /// Skips the symbols of a block; returns the length of its content.
    fn symbols(&mut self, litlens: &Code, distances: &Code) -> usize {
        let mut content = 0;
        loop {
            content += match self.symbol(litlens) {
                0..256 => 1,
                256 => return content,
                symbol => self.match_length(symbol, distances),
            };
        }
    }

    /// The length of a match (RFC 1951 section 3.2.5).
    fn match_length(&mut self, symbol: usize, distances: &Code) -> usize {
        let length = match symbol {
            257..265 => symbol - 254,
            285 => 258,
            _ => {
                let extra = (symbol - 261) / 4;
                ((4 + (symbol - 261) % 4) << extra) + 3 + self.bits(extra as u32)
            }
        };
        let distance = self.symbol(distances);
        self.bits(distance.saturating_sub(2) as u32 / 2);
        length
    }
}

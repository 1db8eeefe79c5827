//! Encoders of the legacy formats, for tests only: simple, not small. GNU gzip reads their output, which a test shows.

use std::collections::HashMap;

/// Appends numbers of any width, the lowest or the highest bit first.
#[derive(Default)]
struct BitSink {
    bytes: Vec<u8>,
    count: usize,
}

impl BitSink {
    fn bit(&mut self, bit: bool, lowest_first: bool) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        let shift = if lowest_first { self.count % 8 } else { 7 - self.count % 8 };
        *self.bytes.last_mut().unwrap() |= u8::from(bit) << shift;
        self.count += 1;
    }

    fn low_first(&mut self, value: usize, width: usize) {
        (0..width).for_each(|i| self.bit(value >> i & 1 == 1, true));
    }

    fn high_first(&mut self, value: usize, width: usize) {
        (0..width).rev().for_each(|i| self.bit(value >> i & 1 == 1, false));
    }
}

/// LZW. In block mode the table is cleared after every `clear_after` codes.
pub(crate) fn lzw(data: &[u8], max_width: usize, clear_after: Option<usize>) -> Vec<u8> {
    let first_entry = 256 + usize::from(clear_after.is_some());
    let mut sink = BitSink::default();
    let (mut table, mut next_entry): (HashMap<(usize, u8), usize>, _) = (HashMap::new(), first_entry);
    let (mut width, mut in_group, mut since_clear) = (9, 0, 0);
    let mut emit = |code, width: usize, in_group: &mut usize| {
        sink.low_first(code, width);
        *in_group = (*in_group + 1) % 8;
    };
    let mut prefix: Option<usize> = None;
    let pad = |in_group: &mut usize, width, emit: &mut dyn FnMut(usize, usize, &mut usize)| {
        while *in_group != 0 {
            emit(0, width, in_group);
        }
    };
    // The reader defines an entry one code later than the writer, so the writer widens one entry later.
    for &byte in data {
        let Some(code) = prefix else {
            prefix = Some(byte.into());
            continue;
        };
        if let Some(&longer) = table.get(&(code, byte)) {
            prefix = Some(longer);
            continue;
        }
        emit(code, width, &mut in_group);
        since_clear += 1;
        if next_entry > (1 << width) - 1 && width < max_width.max(10) {
            pad(&mut in_group, width, &mut emit);
            width += 1;
        }
        if next_entry < 1 << max_width {
            table.insert((code, byte), next_entry);
            next_entry += 1;
        }
        prefix = Some(byte.into());
        if clear_after.is_some_and(|after| since_clear >= after) {
            emit(256, width, &mut in_group);
            pad(&mut in_group, width, &mut emit);
            table.clear();
            (next_entry, width, since_clear) = (first_entry, 9, 0);
        }
    }
    if let Some(code) = prefix {
        emit(code, width, &mut in_group);
    }
    let flags = max_width as u8 | if clear_after.is_some() { 0x80 } else { 0 };
    [&[0x1f, 0x9d, flags], &sink.bytes[..]].concat()
}

/// Pack. The data must not be empty.
pub(crate) fn pack(data: &[u8]) -> Vec<u8> {
    let mut counts = [0; 257];
    data.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    counts[256] = 1;
    let mut lengths = code_lengths(&counts, 24);
    // The code that ends the content is the last of the longest ones. Swapping lengths keeps the code complete.
    let longest = *lengths.iter().max().unwrap();
    let other = lengths.iter().position(|&length| length == longest).unwrap();
    lengths.swap(256, other);
    let ordered: Vec<usize> = (1..=longest)
        .flat_map(|length| {
            (0..257).filter(move |&symbol| (length, symbol) != (0, 0)).map(move |symbol| (length, symbol))
        })
        .filter(|&(length, symbol)| lengths[symbol] == length)
        .map(|(_, symbol)| symbol)
        .collect();
    let of_length = |length: usize| ordered.iter().filter(|&&symbol| lengths[symbol] == length).count();
    let mut codes = [0; 257];
    let mut nodes = 0;
    for length in (1..=longest).rev() {
        nodes /= 2;
        let symbols = ordered.iter().filter(|&&symbol| lengths[symbol] == length);
        symbols.enumerate().for_each(|(i, &symbol)| codes[symbol] = nodes + i);
        nodes += of_length(length);
    }
    let mut out = vec![0x1f, 0x1e];
    out.extend((data.len() as u32).to_be_bytes());
    out.push(longest as u8);
    out.extend((1..=longest).map(|length| (of_length(length) - if length == longest { 2 } else { 0 }) as u8));
    out.extend(ordered.iter().filter(|&&symbol| symbol < 256).map(|&symbol| symbol as u8));
    let mut sink = BitSink::default();
    for symbol in data.iter().map(|&byte| usize::from(byte)).chain([256]) {
        sink.high_first(codes[symbol], lengths[symbol]);
    }
    [out, sink.bytes].concat()
}

/// A symbol of LZH data: its number, and the distance of a match.
type LzhSymbol = (usize, Option<usize>);

/// LZH, in blocks of `block` symbols.
pub(crate) fn lzh(data: &[u8], block: usize) -> Vec<u8> {
    let mut sink = BitSink::default();
    for symbols in lzh_symbols(data).chunks(block) {
        let (mut litlen, mut distances) = (vec![0; 510], vec![0; 14]);
        for &(symbol, distance) in symbols {
            litlen[symbol] += 1;
            distance.into_iter().for_each(|distance| distances[distance_bits(distance)] += 1);
        }
        let (litlen, distances) = (HuffmanCode::new(&litlen), HuffmanCode::new(&distances));
        sink.high_first(symbols.len(), 16);
        litlen.write_as_litlen(&mut sink);
        distances.write(4, None, &mut sink);
        for &(symbol, distance) in symbols {
            litlen.write_symbol(symbol, &mut sink);
            let Some(distance) = distance else { continue };
            let width = distance_bits(distance);
            distances.write_symbol(width, &mut sink);
            sink.high_first((distance - 1) & ((1 << width.saturating_sub(1)) - 1), width.saturating_sub(1));
        }
    }
    sink.high_first(0, 16);
    [&[0x1f, 0xa0], &sink.bytes[..]].concat()
}

fn distance_bits(distance: usize) -> usize {
    (usize::BITS - (distance - 1).leading_zeros()) as usize
}

fn lzh_symbols(data: &[u8]) -> Vec<LzhSymbol> {
    let mut latest: HashMap<&[u8], usize> = HashMap::new();
    let (mut symbols, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let candidate = data.get(at..at + 3).and_then(|key| latest.get(key)).copied();
        let candidate = candidate.filter(|candidate| at - candidate <= 1 << 13);
        let length = candidate.map_or(0, |candidate| {
            data[candidate..].iter().zip(&data[at..]).take(256).take_while(|(a, b)| a == b).count()
        });
        let step = match candidate {
            Some(candidate) if length >= 3 => {
                symbols.push((length - 3 + 256, Some(at - candidate)));
                length
            }
            _ => {
                symbols.push((data[at].into(), None));
                1
            }
        };
        (at..at + step).filter(|&i| i + 3 <= data.len()).for_each(|i| _ = latest.insert(&data[i..i + 3], i));
        at += step;
    }
    symbols
}

/// A canonical Huffman code. A single symbol takes no bits.
struct HuffmanCode {
    used: Vec<usize>,
    lengths: Vec<usize>,
    codes: Vec<usize>,
}

impl HuffmanCode {
    fn new(counts: &[usize]) -> Self {
        let lengths = code_lengths(counts, 16);
        let mut codes = vec![0; lengths.len()];
        let mut code = 0;
        for length in 1..=16 {
            code *= 2;
            for symbol in (0..lengths.len()).filter(|&symbol| lengths[symbol] == length) {
                codes[symbol] = code;
                code += 1;
            }
        }
        Self { used: (0..counts.len()).filter(|&symbol| counts[symbol] > 0).collect(), lengths, codes }
    }

    fn write_symbol(&self, symbol: usize, sink: &mut BitSink) {
        sink.high_first(self.codes[symbol], self.lengths[symbol]);
    }

    /// Writes the lengths as [`super::lzh`] reads them, or the only symbol.
    fn write(&self, width: usize, gap: Option<usize>, sink: &mut BitSink) {
        if self.used.len() < 2 {
            sink.high_first(0, width);
            return sink.high_first(self.used.first().copied().unwrap_or(0), width);
        }
        let count = self.used[self.used.len() - 1] + 1;
        sink.high_first(count, width);
        let mut symbol = 0;
        while symbol < count {
            let length = self.lengths[symbol];
            sink.high_first(length.min(7), 3);
            (7..length).for_each(|_| sink.high_first(1, 1));
            if length >= 7 {
                sink.high_first(0, 1);
            }
            symbol += 1;
            if Some(symbol) == gap {
                let zeros = self.lengths[symbol..].iter().take(3).take_while(|&&length| length == 0).count();
                sink.high_first(zeros, 2);
                symbol += zeros;
            }
        }
    }

    /// Writes the lengths by a code of their own.
    fn write_as_litlen(&self, sink: &mut BitSink) {
        if self.used.len() < 2 {
            HuffmanCode::new(&[]).write(5, None, sink);
            sink.high_first(0, 9);
            return sink.high_first(self.used[0], 9);
        }
        let count = self.used[self.used.len() - 1] + 1;
        // Each item: a symbol, extra bits and their width.
        let mut items = Vec::new();
        let mut symbol = 0;
        while symbol < count {
            let zeros = self.lengths[symbol..count].iter().take_while(|&&length| length == 0).count();
            let (item, step) = match zeros {
                0 => ((self.lengths[symbol] + 2, 0, 0), 1),
                1 | 2 => ((0, 0, 0), 1),
                3..20 => ((1, zeros.min(18) - 3, 4), zeros.min(18)),
                _ => ((2, zeros - 20, 9), zeros),
            };
            items.push(item);
            symbol += step;
        }
        let mut counts = [0; 19];
        items.iter().for_each(|&(symbol, ..)| counts[symbol] += 1);
        let precode = HuffmanCode::new(&counts);
        precode.write(5, Some(3), sink);
        sink.high_first(count, 9);
        for (symbol, extra, width) in items {
            precode.write_symbol(symbol, sink);
            sink.high_first(extra, width);
        }
    }
}

/// Lengths of a Huffman code. The length of a single symbol is 0.
fn code_lengths(counts: &[usize], max_length: usize) -> Vec<usize> {
    let mut weights = counts.to_vec();
    loop {
        let mut lengths = vec![0; counts.len()];
        let mut nodes: Vec<(usize, Vec<usize>)> = (0..counts.len())
            .filter(|&symbol| weights[symbol] > 0)
            .map(|symbol| (weights[symbol], vec![symbol]))
            .collect();
        while nodes.len() > 1 {
            nodes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
            let ((a, left), (b, right)) = (nodes.pop().unwrap(), nodes.pop().unwrap());
            let symbols = [left, right].concat();
            symbols.iter().for_each(|&symbol| lengths[symbol] += 1);
            nodes.push((a + b, symbols));
        }
        if lengths.iter().all(|&length| length <= max_length) {
            return lengths;
        }
        weights.iter_mut().filter(|weight| **weight > 0).for_each(|weight| *weight = weight.div_ceil(2));
    }
}

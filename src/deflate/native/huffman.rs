//! Length-limited Huffman codes of minimal cost (RFC 1951 section 3.2.2).
//!
//! D. A. Huffman's algorithm (1952), with two queues, computes the codes without a limit. If one of them is too long,
//! package-merge (Larmore and Hirschberg, 1990) computes the optimum under the limit. That is rare, because the frequencies must
//! grow like the Fibonacci numbers.

/// Symbols of the largest alphabet: literals and lengths.
const MAX_SYMBOLS: usize = 288;

/// Bits of the symbol in a sort key. The frequency is above them.
const SYMBOL_BITS: u32 = 9;

/// The highest limit that callers use.
const MAX_LIMIT: usize = 15;

/// Fills `lengths` with the code lengths, at most `limit`, that minimize the cost of these frequencies. The sum of the
/// frequencies must be below 2^23.
///
/// A symbol that does not occur gets length 0. At least two symbols get a code, so that every code is complete: some
/// decoders reject incomplete codes.
pub(super) fn code_lengths(frequencies: &[u32], limit: u8, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut keys = [0; MAX_SYMBOLS + 1];
    let mut used = 0;
    for (symbol, &frequency) in frequencies.iter().enumerate() {
        keys[used] = frequency << SYMBOL_BITS | symbol as u32;
        used += usize::from(frequency > 0);
    }
    if used < 2 {
        let only = if used == 1 { symbol(keys[0]) } else { 0 };
        lengths[only] = 1;
        lengths[usize::from(only == 0)] = 1;
        return;
    }
    // One more key, which no weight reaches, ends the queue of the leaves.
    sort(&mut keys, used);
    let keys = &keys[..used + 1];
    let mut by_rank = [0; MAX_SYMBOLS];
    let by_rank = &mut by_rank[..used];
    if unlimited(keys, by_rank) > limit {
        package_merge(&keys[..used], limit.into(), by_rank);
    }
    for (key, &length) in keys.iter().zip(&*by_rank) {
        lengths[symbol(*key)] = length;
    }
}

/// Sorts the first `used` keys by frequency, and sets the one behind them to the largest key. Keys with the same frequency keep
/// their order. A radix sort, which has no branch that could be mispredicted: most blocks need two passes.
fn sort(keys: &mut [u32; MAX_SYMBOLS + 1], used: usize) {
    const DIGIT_BITS: u32 = 8;
    const DIGITS: usize = 1 << DIGIT_BITS;
    let digit = |key: u32, shift: u32| (key >> shift) as usize % DIGITS;
    let all = keys[..used].iter().fold(0, |all, &key| all | key);
    let mut sorted = [0; MAX_SYMBOLS + 1];
    let mut shift = SYMBOL_BITS;
    while shift < u32::BITS && all >> shift > 0 {
        let mut ends = [0u16; DIGITS];
        keys[..used].iter().for_each(|&key| ends[digit(key, shift)] += 1);
        let mut end = 0;
        for count in &mut ends {
            end += *count;
            *count = end;
        }
        for &key in keys[..used].iter().rev() {
            let end = &mut ends[digit(key, shift)];
            *end -= 1;
            sorted[usize::from(*end)] = key;
        }
        std::mem::swap(keys, &mut sorted);
        shift += DIGIT_BITS;
    }
    keys[used] = u32::MAX;
}

/// The symbol of a sort key.
fn symbol(key: u32) -> usize {
    (key & ((1 << SYMBOL_BITS) - 1)) as usize
}

/// The frequency of a sort key.
fn frequency(key: u32) -> u32 {
    key >> SYMBOL_BITS
}

/// Fills `lengths` with the optimal code lengths of sorted keys, which the largest key follows, without a limit. Returns the
/// longest.
fn unlimited(keys: &[u32], lengths: &mut [u8]) -> u8 {
    let leaves = lengths.len();
    // Inner nodes are created in the order of their weights, so two queues replace a heap. A node that is not created yet weighs
    // more than all others.
    let mut weights = [u32::MAX; MAX_SYMBOLS];
    let mut parents = [0u16; 2 * MAX_SYMBOLS];
    let (mut leaf, mut inner) = (0, 0);
    for created in 0..leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let (of_leaf, of_inner) = (frequency(keys[leaf]), weights[inner]);
            // No branch, because either may be lighter.
            let takes_leaf = of_leaf <= of_inner;
            weight += of_leaf.min(of_inner);
            let node = if takes_leaf { leaf } else { MAX_SYMBOLS + inner };
            parents[node] = created as u16;
            leaf += usize::from(takes_leaf);
            inner += usize::from(!takes_leaf);
        }
        weights[created] = weight;
    }
    let mut depths = [0u8; MAX_SYMBOLS];
    for node in (0..leaves - 2).rev() {
        depths[node] = depths[usize::from(parents[MAX_SYMBOLS + node])] + 1;
    }
    for (length, &parent) in lengths.iter_mut().zip(&parents) {
        *length = depths[usize::from(parent)] + 1;
    }
    lengths[0]
}

/// Fills `lengths` with the optimal code lengths of sorted keys under a limit.
fn package_merge(keys: &[u32], limit: usize, lengths: &mut [u8]) {
    // One row for each length: coins (symbols) and packages (pairs of the row before) in the order of their weights.
    let mut is_coin = [[false; 2 * MAX_SYMBOLS]; MAX_LIMIT];
    let mut row: Vec<u32> = Vec::with_capacity(2 * MAX_SYMBOLS);
    let mut before: Vec<u32> = Vec::with_capacity(2 * MAX_SYMBOLS);
    for is_coin in &mut is_coin[..limit] {
        std::mem::swap(&mut row, &mut before);
        row.clear();
        let mut packages = before.chunks_exact(2).map(|pair| pair[0] + pair[1]).peekable();
        let mut coins = keys.iter().copied().map(frequency).peekable();
        loop {
            let coin_first = match (coins.peek(), packages.peek()) {
                (Some(coin), Some(package)) => coin <= package,
                (coin, package) if coin.is_some() || package.is_some() => coin.is_some(),
                _ => break,
            };
            is_coin[row.len()] = coin_first;
            row.extend(if coin_first { coins.next() } else { packages.next() });
        }
    }
    // Takes the cheapest 2n - 2 items of the last row, then the contents of their packages, row by row. Each coin adds a bit to
    // the code of its symbol.
    lengths.fill(0);
    let mut taken = 2 * keys.len() - 2;
    for is_coin in is_coin[..limit].iter().rev() {
        let coins = is_coin[..taken].iter().filter(|&&is_coin| is_coin).count();
        lengths[..coins].iter_mut().for_each(|length| *length += 1);
        taken = 2 * (taken - coins);
    }
}

/// Fills `codes` with the canonical codes of these lengths (RFC 1951 section 3.2.2). The first bit of a code is its lowest,
/// as the bit writer needs it.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut count = [0u16; MAX_LIMIT + 1];
    lengths.iter().for_each(|&length| count[usize::from(length)] += 1);
    count[0] = 0;
    let mut next = [0u16; MAX_LIMIT + 1];
    for length in 1..=MAX_LIMIT {
        next[length] = (next[length - 1] + count[length - 1]) << 1;
    }
    for (code, &length) in codes.iter_mut().zip(lengths) {
        let next = &mut next[usize::from(length)];
        *code = if length == 0 { 0 } else { next.reverse_bits() >> (16 - length) };
        *next = next.wrapping_add(1);
    }
}

#[cfg(test)]
mod optimality;

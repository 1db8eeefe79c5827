//! Huffman codes no longer than a limit (RFC 1951 section 3.2.2): the cheapest there are.
//!
//! The plain algorithm first (D. A. Huffman, 1952, with two queues); where a code it makes is too long, which takes
//! frequencies like Fibonacci's, package-merge (Larmore and Hirschberg, 1990), which is as good as can be under a limit.

/// Most symbols of an alphabet: those of literals and lengths.
const MOST: usize = 288;

/// Bits for a symbol in a sort key; the frequency stands above them.
const SYMBOL_BITS: u32 = 9;

/// The longest limit that is asked for.
const MOST_LIMIT: usize = 15;

/// Fills `lengths` with the code lengths, at most `limit`, that cost the least for these frequencies (together
/// below 2^23). A symbol that never occurs gets 0; but so that every code is complete, which not every decoder can do
/// without, at least two symbols get a code.
pub(super) fn code_lengths(frequencies: &[u32], limit: u8, lengths: &mut [u8]) {
    lengths.fill(0);
    let mut keys = [0; MOST];
    let mut used = 0;
    for (symbol, &frequency) in frequencies.iter().enumerate() {
        keys[used] = frequency << SYMBOL_BITS | symbol as u32;
        used += usize::from(frequency > 0);
    }
    if used < 2 {
        let only = if used == 1 { (keys[0] & ((1 << SYMBOL_BITS) - 1)) as usize } else { 0 };
        lengths[only] = 1;
        lengths[usize::from(only == 0)] = 1;
        return;
    }
    let keys = &mut keys[..used];
    keys.sort_unstable();
    let mut by_rank = [0; MOST];
    let by_rank = &mut by_rank[..used];
    if unlimited(keys, by_rank) > limit {
        package_merge(keys, limit.into(), by_rank);
    }
    for (key, &length) in keys.iter().zip(&*by_rank) {
        lengths[(key & ((1 << SYMBOL_BITS) - 1)) as usize] = length;
    }
}

/// The code lengths for sorted keys, whatever they are; returns the longest.
fn unlimited(keys: &[u32], lengths: &mut [u8]) -> u8 {
    let leaves = keys.len();
    // Inner nodes in the order in which they are made, which is that of their weights: two queues, no heap.
    let mut weights = [0u32; MOST];
    let mut parents = [0u16; 2 * MOST];
    let (mut leaf, mut inner) = (0, 0);
    for made in 0..leaves - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let lighter_leaf = leaf < leaves && (inner == made || keys[leaf] >> SYMBOL_BITS <= weights[inner]);
            let node = if lighter_leaf {
                weight += keys[leaf] >> SYMBOL_BITS;
                leaf += 1;
                leaf - 1
            } else {
                weight += weights[inner];
                inner += 1;
                MOST + inner - 1
            };
            parents[node] = made as u16;
        }
        weights[made] = weight;
    }
    let mut depths = [0u8; MOST];
    for node in (0..leaves - 2).rev() {
        depths[node] = depths[usize::from(parents[MOST + node])] + 1;
    }
    for (length, &parent) in lengths.iter_mut().zip(&parents) {
        *length = depths[usize::from(parent)] + 1;
    }
    lengths[0]
}

/// The code lengths for sorted keys under a limit.
fn package_merge(keys: &[u32], limit: usize, lengths: &mut [u8]) {
    // A row for each length: coins (symbols) and packages (pairs from the row before) in the order of their weights.
    let mut is_coin = [[false; 2 * MOST]; MOST_LIMIT];
    let mut row: Vec<u32> = Vec::with_capacity(2 * MOST);
    let mut before: Vec<u32> = Vec::with_capacity(2 * MOST);
    for is_coin in &mut is_coin[..limit] {
        std::mem::swap(&mut row, &mut before);
        row.clear();
        let mut packages = before.chunks_exact(2).map(|pair| pair[0] + pair[1]).peekable();
        let mut coins = keys.iter().map(|key| key >> SYMBOL_BITS).peekable();
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
    // The cheapest 2n - 2 of the last row, and what their packages hold, row by row: each coin is a bit of its symbol.
    lengths.fill(0);
    let mut taken = 2 * keys.len() - 2;
    for is_coin in is_coin[..limit].iter().rev() {
        let coins = is_coin[..taken].iter().filter(|&&is_coin| is_coin).count();
        lengths[..coins].iter_mut().for_each(|length| *length += 1);
        taken = 2 * (taken - coins);
    }
}

/// Fills `codes` with the canonical codes of these lengths (RFC 1951 section 3.2.2), their bits in the order in
/// which they are written: first bit lowest.
pub(super) fn codes(lengths: &[u8], codes: &mut [u16]) {
    let mut count = [0u16; MOST_LIMIT + 1];
    lengths.iter().for_each(|&length| count[usize::from(length)] += 1);
    count[0] = 0;
    let mut next = [0u16; MOST_LIMIT + 1];
    for length in 1..=MOST_LIMIT {
        next[length] = (next[length - 1] + count[length - 1]) << 1;
    }
    for (code, &length) in codes.iter_mut().zip(lengths) {
        let next = &mut next[usize::from(length)];
        *code = if length == 0 { 0 } else { next.reverse_bits() >> (16 - length) };
        *next = next.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests;

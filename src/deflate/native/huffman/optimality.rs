//! Code lengths against other algorithms for the optimum; codes against the RFC.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::{code_lengths, codes};

/// The lengths for these frequencies, with their invariants checked: the code is complete, no length exceeds the limit, symbols
/// that do not occur have none, and a more frequent symbol never has a longer code.
fn lengths(frequencies: &[u32], limit: u8) -> Vec<u8> {
    // Not zeroed, because callers reuse the array.
    let mut lengths = vec![99; frequencies.len()];
    code_lengths(frequencies, limit, &mut lengths);
    assert!(lengths.iter().all(|&length| length <= limit), "{lengths:?} under {limit} for {frequencies:?}");
    assert_eq!(kraft(&lengths), 1 << 15, "{lengths:?} for {frequencies:?}");
    let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
    assert_eq!(lengths.iter().filter(|&&length| length > 0).count(), used.max(2), "{lengths:?} for {frequencies:?}");
    let mut sorted: Vec<_> = frequencies.iter().zip(&lengths).filter(|&(&frequency, _)| frequency > 0).collect();
    assert!(
        sorted.iter().all(|(_, length)| **length > 0),
        "a symbol that occurs has a code: {lengths:?} for {frequencies:?}"
    );
    sorted.sort_unstable_by_key(|&(&frequency, &length)| (frequency, Reverse(length)));
    assert!(sorted.is_sorted_by_key(|&(_, &length)| Reverse(length)), "{lengths:?} for {frequencies:?}");
    lengths
}

/// The Kraft sum, times 2^15: 2^15 for a complete code.
fn kraft(lengths: &[u8]) -> u32 {
    lengths.iter().filter(|&&length| length > 0).map(|length| 1 << (15 - length)).sum()
}

/// Bits of a text with these frequencies, coded with these lengths.
fn cost(frequencies: &[u32], lengths: &[u8]) -> u64 {
    frequencies.iter().zip(lengths).map(|(&frequency, &length)| u64::from(frequency) * u64::from(length)).sum()
}

/// The minimal cost without a limit: D. A. Huffman's algorithm, with a heap. Each merge adds a bit to all symbols below it.
fn min_cost_unlimited(frequencies: &[u32]) -> u64 {
    let occurs = frequencies.iter().filter(|&&frequency| frequency > 0);
    let mut heap: BinaryHeap<_> = occurs.map(|&frequency| Reverse(u64::from(frequency))).collect();
    let mut cost = 0;
    while let (Some(Reverse(a)), Some(Reverse(b))) = (heap.pop(), heap.pop()) {
        cost += a + b;
        heap.push(Reverse(a + b));
    }
    cost
}

/// The minimal cost under a limit, by trying every number of codes of each length. For few symbols.
fn min_cost_exhaustive(frequencies: &[u32], limit: u8) -> u64 {
    let mut sorted: Vec<u32> = frequencies.iter().copied().filter(|&frequency| frequency > 0).collect();
    sorted.sort_unstable_by_key(|&frequency| Reverse(frequency));
    let symbols = sorted.len();
    let rest = |from: usize| sorted[from..].iter().copied().map(u64::from).sum::<u64>();
    // below[done][nodes]: the minimal cost of the remaining levels if `done` symbols have codes and `nodes` nodes are free for
    // the others. Nodes may stay unused, which never pays; more nodes than symbols are useless.
    let mut below = vec![vec![u64::MAX; symbols + 1]; symbols + 1];
    below[symbols].fill(0);
    for _ in 0..limit {
        let mut level = below.clone();
        for done in 0..symbols {
            for (nodes, least) in level[done].iter_mut().enumerate() {
                // Each symbol without a code costs a bit. Some get codes now, and each node that is left becomes two.
                let ways = (0..=nodes.min(symbols - done)).filter_map(|now| {
                    let nodes = (2 * (nodes - now)).min(symbols);
                    let next = if now == symbols - done { 0 } else { below[done + now][nodes] };
                    (next < u64::MAX).then(|| next + rest(done + now))
                });
                *least = ways.min().unwrap_or(u64::MAX);
            }
        }
        below = level;
    }
    // All symbols pay for the first level, which has the root's two children.
    below[0][2.min(symbols)] + rest(0)
}

/// The minimal cost under a limit, by the coin collector problem (L. L. Larmore and D. S. Hirschberg, 1990). Each package
/// remembers its symbols.
fn min_cost_coin_collector(frequencies: &[u32], limit: u8) -> u64 {
    let coins: Vec<(u64, Vec<usize>)> = frequencies
        .iter()
        .enumerate()
        .filter(|&(_, &frequency)| frequency > 0)
        .map(|(symbol, &frequency)| (u64::from(frequency), vec![symbol]))
        .collect();
    let mut purse: Vec<(u64, Vec<usize>)> = Vec::new();
    for _ in 0..limit {
        let packages = purse.chunks_exact(2).map(|pair| (pair[0].0 + pair[1].0, [&pair[0].1[..], &pair[1].1].concat()));
        let mut next: Vec<_> = packages.chain(coins.iter().cloned()).collect();
        next.sort_by_key(|(value, _)| *value);
        purse = next;
    }
    let mut bits = vec![0; frequencies.len()];
    purse[..2 * coins.len() - 2].iter().flat_map(|(_, symbols)| symbols).for_each(|&symbol| bits[symbol] += 1);
    assert_eq!(kraft(&bits), 1 << 15, "the coins form a complete code");
    cost(frequencies, &bits)
}

fn fibonacci(symbols: usize) -> Vec<u32> {
    std::iter::successors(Some((1, 1)), |&(a, b)| Some((b, a + b))).map(|(a, _)| a).take(symbols).collect()
}

#[test]
fn alphabets_with_at_most_one_used_symbol_get_a_complete_code() {
    for symbols in [2, 3, 19, 30, 32, 286, 288] {
        assert_eq!(lengths(&vec![0; symbols], 7).iter().sum::<u8>(), 2);
        for only in [0, 1, symbols / 2, symbols - 1] {
            let mut frequencies = vec![0; symbols];
            frequencies[only] = 1000;
            let lengths = lengths(&frequencies, 15);
            assert_eq!((lengths[only], lengths.iter().sum::<u8>()), (1, 2), "{only} of {symbols}");
        }
    }
}

#[test]
fn two_symbols_take_one_bit_each() {
    for (a, b) in [(1, 1), (1, 500_000), (500_000, 1)] {
        assert_eq!(lengths(&[0, a, 0, b, 0], 15), [0, 1, 0, 1, 0]);
        assert_eq!(lengths(&[a, b], 1), [1, 1]);
    }
}

#[test]
fn equal_frequencies_get_lengths_that_differ_by_one_bit_at_most() {
    for symbols in 2..=288usize {
        let lengths = lengths(&vec![9; symbols], 15);
        let longest = symbols.next_power_of_two().ilog2() as u8;
        assert!(lengths.iter().all(|&length| length == longest || length + 1 == longest), "{symbols}: {lengths:?}");
    }
}

#[test]
fn the_smallest_possible_limit_makes_all_lengths_equal() {
    for limit in 1..=8u8 {
        // Without the limit, these frequencies get other lengths.
        let frequencies: Vec<u32> = (0..1u32 << limit).map(|i| 1 + i * i).collect();
        assert!(lengths(&frequencies, limit).iter().all(|&length| length == limit), "{limit}");
    }
}

#[test]
fn fibonacci_frequencies_are_optimal_under_a_limit() {
    for (symbols, limit) in
        [(15, 15), (16, 15), (17, 15), (24, 15), (28, 15), (8, 7), (9, 7), (19, 7), (24, 7), (19, 5), (16, 4)]
    {
        let mut frequencies = fibonacci(symbols);
        let least = min_cost_exhaustive(&frequencies, limit);
        assert_eq!(least, min_cost_coin_collector(&frequencies, limit), "both oracles agree");
        assert_eq!(cost(&frequencies, &lengths(&frequencies, limit)), least, "{symbols} under {limit}");
        // The same with gaps and in reverse order.
        frequencies.reverse();
        let gaps: Vec<u32> = frequencies.iter().flat_map(|&frequency| [0, frequency]).collect();
        assert_eq!(cost(&gaps, &lengths(&gaps, limit)), least, "{symbols} under {limit}");
    }
}

#[test]
fn the_rarest_symbols_of_a_full_alphabet_are_limited() {
    // Some Fibonacci frequencies and hundreds of symbols that occur once or twice, as in a block with every match length.
    let mut frequencies = fibonacci(24);
    frequencies.extend((24..286).map(|i| 1 + i % 2));
    for limit in [9, 10, 12, 15] {
        let lengths = lengths(&frequencies, limit);
        assert_eq!(cost(&frequencies, &lengths), min_cost_coin_collector(&frequencies, limit), "under {limit}");
    }
}

#[test]
fn powers_of_two_are_limited() {
    for (symbols, limit) in [(16, 15), (17, 15), (20, 15), (19, 7), (12, 7)] {
        let frequencies: Vec<u32> = (0..symbols).map(|i| 1 << i).collect();
        let lengths = lengths(&frequencies, limit);
        assert_eq!(cost(&frequencies, &lengths), min_cost_exhaustive(&frequencies, limit), "{symbols} under {limit}");
    }
}

/// A code in writing order, the first bit first.
fn as_text(code: u16, length: u8) -> String {
    (0..length).map(|bit| if code >> bit & 1 == 1 { '1' } else { '0' }).collect()
}

fn all_codes(lengths: &[u8]) -> Vec<String> {
    let mut all = vec![u16::MAX; lengths.len()];
    codes(lengths, &mut all);
    for (&code, &length) in all.iter().zip(lengths) {
        assert_eq!(u32::from(code) >> length, 0, "the bits above a code are zero");
    }
    all.iter().zip(lengths).map(|(&code, &length)| as_text(code, length)).collect()
}

#[test]
fn the_example_of_rfc_1951_gets_its_codes() {
    let codes = all_codes(&[3, 3, 3, 3, 3, 2, 4, 4]);
    assert_eq!(codes, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
}

#[test]
fn the_fixed_codes_are_those_of_rfc_1951() {
    let lengths: Vec<u8> = (0..288)
        .map(|s| {
            if s < 144 {
                8
            } else if s < 256 {
                9
            } else if s < 280 {
                7
            } else {
                8
            }
        })
        .collect();
    let codes = all_codes(&lengths);
    for (symbol, code) in [
        (0, "00110000"),
        (143, "10111111"),
        (144, "110010000"),
        (255, "111111111"),
        (256, "0000000"),
        (279, "0010111"),
        (280, "11000000"),
        (287, "11000111"),
    ] {
        assert_eq!(codes[symbol], code, "{symbol}");
    }
}

#[test]
fn the_longest_codes_are_complete() {
    let lengths: Vec<u8> = (1..=15).chain([15]).collect();
    let codes = all_codes(&lengths);
    assert_eq!((&codes[0][..], &codes[13][..]), ("0", "11111111111110"));
    assert_eq!((&codes[14][..], &codes[15][..]), ("111111111111110", "111111111111111"));
}

/// RFC 1951 section 3.2.2: shorter codes come before longer ones, and codes of one length are in symbol order. In a sorted
/// list, a code that is a prefix of another one comes directly before such a code.
fn assert_canonical(lengths: &[u8]) {
    let codes = all_codes(lengths);
    let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths[symbol] > 0).collect();
    symbols.sort_by_key(|&symbol| (lengths[symbol], symbol));
    for pair in symbols.windows(2) {
        let (a, b) = (&codes[pair[0]], &codes[pair[1]]);
        assert!(a < b && !b.starts_with(&a[..]), "{a} and {b} for {lengths:?}");
    }
    let first = &codes[symbols[0]];
    assert!(first.bytes().all(|bit| bit == b'0'), "the first code is zero: {first}");
}

/// Frequencies of many kinds, whose sum does not exceed the sequences of a block.
fn frequencies(most: usize) -> impl Strategy<Value = Vec<u32>> {
    let one = prop_oneof![
        3 => 1u32..1000,
        2 => 1u32..4,
        2 => Just(0u32),
        // Powers of two and nearby: these make codes long.
        3 => (0u32..12, 0u32..3).prop_map(|(power, more)| (1 << power) + more),
    ];
    let steep = (2..=most.min(26), any::<u64>()).prop_map(|(symbols, seed)| {
        let mut frequencies = fibonacci(symbols);
        (1..symbols).for_each(|i| frequencies.swap(i, (seed >> (i % 57)) as usize % (i + 1)));
        frequencies
    });
    prop_oneof![4 => prop::collection::vec(one, 2..=most), 1 => steep]
}

/// A limit that suffices for this many symbols, usually one that changes the code.
fn limit(symbols: usize, choice: u8) -> u8 {
    let least = symbols.max(2).next_power_of_two().ilog2() as u8;
    (least + choice).min(15)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn codes_for_few_symbols_are_optimal(frequencies in frequencies(20), choice in 0u8..14) {
        let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
        prop_assume!(used > 1);
        let limit = limit(used, choice);
        let lengths = lengths(&frequencies, limit);
        prop_assert_eq!(cost(&frequencies, &lengths), min_cost_exhaustive(&frequencies, limit));
        assert_canonical(&lengths);
    }

    #[test]
    fn codes_for_many_symbols_are_optimal(frequencies in frequencies(288), choice in 0u8..8) {
        let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
        prop_assume!(used > 1);
        let limit = limit(used, choice);
        let lengths = lengths(&frequencies, limit);
        let cost = cost(&frequencies, &lengths);
        prop_assert!(cost >= min_cost_unlimited(&frequencies));
        if limit == 15 && frequencies.iter().sum::<u32>() < 4000 {
            prop_assert_eq!(cost, min_cost_unlimited(&frequencies), "a code of 16 bits needs 17 Fibonacci numbers");
        }
        prop_assert_eq!(cost, min_cost_coin_collector(&frequencies, limit));
        assert_canonical(&lengths);
    }
}

//! Lengths against what other algorithms make of the same frequencies; codes against the RFC.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::{code_lengths, codes};

/// The lengths for these frequencies, which are looked at from all sides: complete, none over the limit, none for what
/// does not occur, and none shorter than that of a more frequent symbol.
fn lengths(frequencies: &[u32], limit: u8) -> Vec<u8> {
    // Not zero before, as it may be in use for code after code.
    let mut lengths = vec![99; frequencies.len()];
    code_lengths(frequencies, limit, &mut lengths);
    assert!(lengths.iter().all(|&length| length <= limit), "{lengths:?} under {limit} for {frequencies:?}");
    assert_eq!(kraft(&lengths), 1 << 15, "{lengths:?} for {frequencies:?}");
    let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
    assert_eq!(lengths.iter().filter(|&&length| length > 0).count(), used.max(2), "{lengths:?} for {frequencies:?}");
    let mut sorted: Vec<_> = frequencies.iter().zip(&lengths).filter(|&(&frequency, _)| frequency > 0).collect();
    assert!(sorted.iter().all(|(_, length)| **length > 0), "what occurs has a code: {lengths:?} for {frequencies:?}");
    sorted.sort_unstable_by_key(|&(&frequency, &length)| (frequency, Reverse(length)));
    assert!(sorted.is_sorted_by_key(|&(_, &length)| Reverse(length)), "{lengths:?} for {frequencies:?}");
    lengths
}

/// What the codes take of all that 15 bits can say: 2^15 if nothing is left over.
fn kraft(lengths: &[u8]) -> u32 {
    lengths.iter().filter(|&&length| length > 0).map(|length| 1 << (15 - length)).sum()
}

/// Bits that these lengths make of a text with these frequencies.
fn cost(frequencies: &[u32], lengths: &[u8]) -> u64 {
    frequencies.iter().zip(lengths).map(|(&frequency, &length)| u64::from(frequency) * u64::from(length)).sum()
}

/// The least cost under no limit: D. A. Huffman's algorithm, with a heap. Each merger is a bit for all below it.
fn least_unlimited(frequencies: &[u32]) -> u64 {
    let occurs = frequencies.iter().filter(|&&frequency| frequency > 0);
    let mut heap: BinaryHeap<_> = occurs.map(|&frequency| Reverse(u64::from(frequency))).collect();
    let mut cost = 0;
    while let (Some(Reverse(a)), Some(Reverse(b))) = (heap.pop(), heap.pop()) {
        cost += a + b;
        heap.push(Reverse(a + b));
    }
    cost
}

/// The least cost under a limit, by trying every number of codes of each length. For few symbols.
fn least_by_trying(frequencies: &[u32], limit: u8) -> u64 {
    let mut sorted: Vec<u32> = frequencies.iter().copied().filter(|&frequency| frequency > 0).collect();
    sorted.sort_unstable_by_key(|&frequency| Reverse(frequency));
    let symbols = sorted.len();
    let rest = |from: usize| sorted[from..].iter().copied().map(u64::from).sum::<u64>();
    // By how many symbols have their codes, and how many nodes there are for the others: what is still to pay at least.
    // A node may be left over, which never pays; more nodes than symbols are of no use.
    let mut below = vec![vec![u64::MAX; symbols + 1]; symbols + 1];
    below[symbols].fill(0);
    for _ in 0..limit {
        let mut level = below.clone();
        for done in 0..symbols {
            for (nodes, least) in level[done].iter_mut().enumerate() {
                // A bit for each that has no code yet; then codes for some of them, and two nodes for each node left.
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
    // The root's two children stand on the first level, which all pay for.
    below[0][2.min(symbols)] + rest(0)
}

/// The least cost under a limit, as a collector of coins pays 2n - 2 of them (L. L. Larmore and D. S. Hirschberg,
/// 1990): each package remembers what it is made of.
fn least_by_coins(frequencies: &[u32], limit: u8) -> u64 {
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
    assert_eq!(kraft(&bits), 1 << 15, "the collector pays the whole");
    cost(frequencies, &bits)
}

fn fibonacci(symbols: usize) -> Vec<u32> {
    std::iter::successors(Some((1, 1)), |&(a, b)| Some((b, a + b))).map(|(a, _)| a).take(symbols).collect()
}

#[test]
fn no_symbol_and_a_single_one_still_make_a_whole_code() {
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
fn two_symbols_take_a_bit_each() {
    for (a, b) in [(1, 1), (1, 500_000), (500_000, 1)] {
        assert_eq!(lengths(&[0, a, 0, b, 0], 15), [0, 1, 0, 1, 0]);
        assert_eq!(lengths(&[a, b], 1), [1, 1]);
    }
}

#[test]
fn equal_frequencies_make_equal_lengths_but_for_one_bit() {
    for symbols in 2..=288usize {
        let lengths = lengths(&vec![9; symbols], 15);
        let longest = symbols.next_power_of_two().ilog2() as u8;
        assert!(lengths.iter().all(|&length| length == longest || length + 1 == longest), "{symbols}: {lengths:?}");
    }
}

#[test]
fn a_limit_that_is_just_enough_makes_all_lengths_equal() {
    for limit in 1..=8u8 {
        // Frequencies that would have other lengths.
        let frequencies: Vec<u32> = (0..1u32 << limit).map(|i| 1 + i * i).collect();
        assert!(lengths(&frequencies, limit).iter().all(|&length| length == limit), "{limit}");
    }
}

#[test]
fn frequencies_like_fibonacci_s_are_as_cheap_as_a_limit_allows() {
    for (symbols, limit) in
        [(15, 15), (16, 15), (17, 15), (24, 15), (28, 15), (8, 7), (9, 7), (19, 7), (24, 7), (19, 5), (16, 4)]
    {
        let mut frequencies = fibonacci(symbols);
        let least = least_by_trying(&frequencies, limit);
        assert_eq!(least, least_by_coins(&frequencies, limit), "both oracles say the same");
        assert_eq!(cost(&frequencies, &lengths(&frequencies, limit)), least, "{symbols} under {limit}");
        // Also with gaps and the other way round.
        frequencies.reverse();
        let gaps: Vec<u32> = frequencies.iter().flat_map(|&frequency| [0, frequency]).collect();
        assert_eq!(cost(&gaps, &lengths(&gaps, limit)), least, "{symbols} under {limit}");
    }
}

#[test]
fn the_rarest_symbols_of_a_full_alphabet_are_limited() {
    // Some symbols as Fibonacci's, hundreds that occur once or twice, as in a block with every length.
    let mut frequencies = fibonacci(24);
    frequencies.extend((24..286).map(|i| 1 + i % 2));
    for limit in [9, 10, 12, 15] {
        let lengths = lengths(&frequencies, limit);
        assert_eq!(cost(&frequencies, &lengths), least_by_coins(&frequencies, limit), "under {limit}");
    }
}

#[test]
fn powers_of_two_are_limited() {
    for (symbols, limit) in [(16, 15), (17, 15), (20, 15), (19, 7), (12, 7)] {
        let frequencies: Vec<u32> = (0..symbols).map(|i| 1 << i).collect();
        let lengths = lengths(&frequencies, limit);
        assert_eq!(cost(&frequencies, &lengths), least_by_trying(&frequencies, limit), "{symbols} under {limit}");
    }
}

/// A code as it reads: its first bit highest.
fn read(code: u16, length: u8) -> String {
    (0..length).map(|bit| if code >> bit & 1 == 1 { '1' } else { '0' }).collect()
}

fn all_codes(lengths: &[u8]) -> Vec<String> {
    let mut all = vec![u16::MAX; lengths.len()];
    codes(lengths, &mut all);
    for (&code, &length) in all.iter().zip(lengths) {
        assert_eq!(u32::from(code) >> length, 0, "nothing above the bits of a code");
    }
    all.iter().zip(lengths).map(|(&code, &length)| read(code, length)).collect()
}

#[test]
fn the_example_of_rfc_1951_has_its_codes() {
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
fn the_longest_codes_come_out_whole() {
    let lengths: Vec<u8> = (1..=15).chain([15]).collect();
    let codes = all_codes(&lengths);
    assert_eq!((&codes[0][..], &codes[13][..]), ("0", "11111111111110"));
    assert_eq!((&codes[14][..], &codes[15][..]), ("111111111111110", "111111111111111"));
}

/// RFC 1951 section 3.2.2: shorter codes stand before longer ones, and among those of a length symbols are in order.
/// As they are sorted, a code that begins another one would stand right before one that it begins.
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

/// Frequencies of all shapes, together no more than a block has tokens.
fn frequencies(most: usize) -> impl Strategy<Value = Vec<u32>> {
    let one = prop_oneof![
        3 => 1u32..1000,
        2 => 1u32..4,
        2 => Just(0u32),
        // Powers of two, and about: what makes codes long.
        3 => (0u32..12, 0u32..3).prop_map(|(power, more)| (1 << power) + more),
    ];
    let steep = (2..=most.min(26), any::<u64>()).prop_map(|(symbols, seed)| {
        let mut frequencies = fibonacci(symbols);
        (1..symbols).for_each(|i| frequencies.swap(i, (seed >> (i % 57)) as usize % (i + 1)));
        frequencies
    });
    prop_oneof![4 => prop::collection::vec(one, 2..=most), 1 => steep]
}

/// A limit that so many symbols fit under, most often one that hurts.
fn limit(symbols: usize, choice: u8) -> u8 {
    let least = symbols.max(2).next_power_of_two().ilog2() as u8;
    (least + choice).min(15)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn few_symbols_are_as_cheap_as_can_be(frequencies in frequencies(20), choice in 0u8..14) {
        let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
        prop_assume!(used > 1);
        let limit = limit(used, choice);
        let lengths = lengths(&frequencies, limit);
        prop_assert_eq!(cost(&frequencies, &lengths), least_by_trying(&frequencies, limit));
        assert_canonical(&lengths);
    }

    #[test]
    fn many_symbols_are_as_cheap_as_can_be(frequencies in frequencies(288), choice in 0u8..8) {
        let used = frequencies.iter().filter(|&&frequency| frequency > 0).count();
        prop_assume!(used > 1);
        let limit = limit(used, choice);
        let lengths = lengths(&frequencies, limit);
        let cost = cost(&frequencies, &lengths);
        prop_assert!(cost >= least_unlimited(&frequencies));
        if limit == 15 && frequencies.iter().sum::<u32>() < 4000 {
            prop_assert_eq!(cost, least_unlimited(&frequencies), "16 bits take 17 of Fibonacci's numbers");
        }
        prop_assert_eq!(cost, least_by_coins(&frequencies, limit));
        assert_canonical(&lengths);
    }
}

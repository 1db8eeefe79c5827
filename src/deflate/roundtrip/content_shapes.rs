//! Inputs of many kinds: runs, periods, literals alone, random bytes, changing content.

use super::generators::{Rng, append_match, text, without_repeats};
use super::*;

#[test]
fn the_smallest_inputs_roundtrip() {
    let mut inputs: Vec<Vec<u8>> = (0..=24).map(|size| random_bytes(size, 3)).collect();
    inputs.extend((1..=24).map(|size| vec![0; size]));
    inputs.extend((1..=24).map(|size| b"ab".iter().copied().cycle().take(size).collect()));
    inputs.extend((1..=24).map(|size| b"abc".iter().copied().cycle().take(size).collect()));
    for dictionary in [&b"abcab"[..], &[0; 9]] {
        assert_roundtrip(levels().filter(|level| !is_slow(level)), dictionary, &inputs);
    }
    inputs.retain(|input| input.len() < 14);
    assert_roundtrip(levels().filter(is_slow), b"aba", &inputs);
}

#[test]
fn one_symbol_roundtrips_at_every_length_that_ends_a_match() {
    let sizes = [257, 258, 259, 260, 261, 262, 263, 264, 515, 516, 517, 518, 519, 520, 521, 774, 775, 776, 1000];
    for symbol in [0, b'x', 255] {
        let inputs: Vec<_> = sizes.iter().map(|&size| vec![symbol; size]).collect();
        assert_roundtrip(levels(), &[symbol; 5], &inputs);
    }
    // The run ends before the block, so that the end does not limit the match.
    let inputs: Vec<_> =
        sizes.iter().map(|&size| [b"<", &vec![b'-'; size][..], b"> and so on, for a while"].concat()).collect();
    assert_roundtrip(levels(), b"", &inputs);
}

#[test]
fn zeros_roundtrip() {
    // A cleared table refers to position 0, which holds a zero or another byte.
    for first in [0, 7] {
        let mut zeros = vec![0; BLOCK];
        zeros[0] = first;
        for level in levels() {
            let input = &zeros[..if is_slow(&level) { 70_000 } else { BLOCK }];
            assert!(inflate(b"", &deflate(level, b"", input, true), input.len()) == input, "{level:?}, {first} first");
        }
    }
}

#[test]
fn short_periods_roundtrip() {
    let mut inputs = Vec::new();
    for period in (1..=20).chain([31, 32, 33, 63, 64, 65, 257, 258, 259]) {
        let once = random_bytes(period, 5);
        inputs.push(once.iter().copied().cycle().take(period * 3 + 700).collect::<Vec<u8>>());
        // The same with a wrong byte now and then.
        let mut flawed = inputs[inputs.len() - 1].clone();
        flawed.iter_mut().step_by(97).for_each(|byte| *byte ^= 1);
        inputs.push(flawed);
    }
    assert_roundtrip(levels(), &random_bytes(40, 6), &inputs);
}

/// Levels 1 to 4 continue a match of the longest length without a search. Behind a dictionary, because small inputs have another
/// parser at level 1.
#[test]
fn runs_around_the_longest_match_roundtrip() {
    let unit = random_bytes(300, 8);
    let lengths =
        (1..4).flat_map(|matches| [250, 256, 257, 258, 259, 260, 266, 274, 290].map(|length| length * matches));
    let run = |period: usize, length: usize| unit[..period].iter().copied().cycle().take(period + length);
    let inputs: Vec<Vec<u8>> = (1..=18)
        .chain([31, 257, 258, 259, 300])
        .flat_map(|period| {
            let runs = lengths.clone().map(move |length| run(period, length).collect());
            // The same run again, behind other bytes and before others.
            let between =
                lengths.clone().flat_map(move |length| random_bytes(20, 9).into_iter().chain(run(period, length)));
            runs.chain([between.collect()])
        })
        .collect();
    assert_roundtrip((1..=4).map(|level| (Engine::Native, level)), &random_bytes(40, 6), &inputs);
}

#[test]
fn literals_alone_roundtrip_in_runs_of_every_length() {
    // Runs of literals that occur nowhere else, each followed by a match.
    let mut inputs = Vec::new();
    for run in (1..=20).chain([127, 128, 129, 130, 255, 256, 257]) {
        let fresh = random_bytes(12 * run, 9 + run as u64);
        let mut out = b"a phrase that comes again".to_vec();
        for run in fresh.chunks(run) {
            out.extend(run);
            append_match(&mut out, 9, run.len() + 9);
        }
        inputs.push(out);
    }
    assert_roundtrip(levels(), b"", &inputs);
    for run in [2046usize, 2047, 2048, 2049, 2054, 2055, 4095, 4097] {
        let once = [&b"some phrase"[..], &random_bytes(run, 4), b"some phrase"].concat();
        let inputs: Vec<_> = (0..16).step_by(5).map(|tail| [&once[..], &random_bytes(tail, 5)].concat()).collect();
        assert_roundtrip(levels().filter(|level| !is_slow(level)), b"", &inputs);
    }
}

/// The step grows where nothing matches, but must not skip the end of the block.
#[test]
fn random_bytes_of_any_length_roundtrip() {
    let random = random_bytes(2700, 77);
    for level in levels().filter(|&(kind, level)| kind == Engine::Native && !is_slow(&(kind, level))) {
        let mut compressor = new_compressor_for(level);
        for size in (1..40).chain(120..150).chain(250..320).chain(2040..2120).chain(2300..2400) {
            let mut out = Vec::new();
            compressor.compress(&random[..size], 0, true, &mut out);
            assert!(inflate(b"", &out, size) == random[..size], "{level:?}: {size}");
        }
    }
}

#[test]
fn without_any_match_no_distance_has_a_code() {
    let every: Vec<u8> = (0..=255).collect();
    let backwards: Vec<u8> = (0..=255).rev().collect();
    let inputs = [every, backwards, without_repeats(3), without_repeats(16), without_repeats(20)];
    assert_roundtrip(levels(), b"", &inputs);
    assert_roundtrip(levels().filter(|level| !is_slow(level)), b"", &[without_repeats(32)]);
}

#[test]
fn one_distance_alone_has_a_code() {
    let mut inputs = Vec::new();
    for distance in [1, 2, 3, 4, 5, 100, 3000] {
        let mut out = random_bytes(distance, 15);
        append_match(&mut out, 900, distance);
        inputs.push(out);
    }
    assert_roundtrip(levels(), b"", &inputs);
}

#[test]
fn contents_that_change_roundtrip() {
    let mut saw: Vec<u8> = (0..8000i32).flat_map(|i| ((i % 441 - 220) * 148).to_le_bytes()[..2].to_vec()).collect();
    let mut rng = Rng::new(12);
    let trembling: Vec<u8> =
        (0..8000i32).flat_map(|i| ((i % 441 - 220) * 148 + rng.below(5) as i32).to_le_bytes()[..2].to_vec()).collect();
    let genes: Vec<u8> = random_bytes(8000, 13).into_iter().map(|byte| b"ACGT"[usize::from(byte >> 6)]).collect();
    let mixed = [
        &text(9000)[..],
        &random_bytes(6000, 1),
        &vec![0; 6000],
        &saw[..6000],
        &random_bytes(6000, 2),
        &text(18_000)[9000..],
    ]
    .concat();
    saw.push(1);
    assert_roundtrip(levels(), &random_bytes(WINDOW, 21), &[saw, trembling, genes, mixed]);
}

/// Long enough for several DEFLATE blocks.
#[test]
fn contents_that_change_often_roundtrip() {
    let text = text(60_000);
    let mut out = Vec::new();
    for (i, part) in text.chunks(6000).enumerate() {
        out.extend(part);
        out.extend(random_bytes(5000 + 1500 * i, i as u64));
        out.extend(random_bytes(9000, 40).iter().map(|byte| byte % (2 + i as u8)));
        out.resize(out.len() + 3000, i as u8);
    }
    assert_roundtrip(levels().filter(|level| !is_slow(level)), &random_bytes(WINDOW, 21), std::slice::from_ref(&out));
    let input = &out[..100_000];
    for level in levels().filter(is_slow) {
        assert!(inflate(b"", &deflate(level, b"", input, true), input.len()) == input, "{level:?}");
    }
}

/// The content of random sequences: literals of some alphabet, and matches of any length and distance.
fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let literals =
        (1usize..40, 1u8..=255, any::<u64>()).prop_map(|(size, alphabet, seed)| (size, alphabet, seed as usize));
    let length = prop_oneof![3usize..12, 3usize..=258, 256usize..600];
    let matches = (length, Just(0), prop_oneof![0usize..10, 0usize..600, any::<usize>()]);
    prop::collection::vec(prop_oneof![2 => literals, 3 => matches], 0..120).prop_map(|tokens| {
        let mut out = Vec::new();
        for (size, alphabet, choice) in tokens {
            match alphabet {
                0 if out.is_empty() => {}
                0 => {
                    let distance = 1 + choice % out.len().min(WINDOW);
                    append_match(&mut out, size, distance);
                }
                _ => out.extend(random_bytes(size, choice as u64).iter().map(|byte| byte % alphabet)),
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn literals_and_copies_roundtrip(
        level in prop::sample::select(levels().collect::<Vec<_>>()),
        content in tokens(),
        split: prop::sample::Index,
    ) {
        let split = split.index(content.len() + 1).min(WINDOW);
        let (dictionary, input) = content.split_at(split);
        prop_assert!(roundtrips(&mut new_compressor_for(level), dictionary, input));
    }
}

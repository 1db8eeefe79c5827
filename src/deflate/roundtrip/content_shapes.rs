//! Contents of every shape: what one byte after the other may look like.

use super::inputs::{Dice, copy, text, without_repeats};
use super::*;

#[test]
fn the_smallest_inputs_come_back() {
    let mut inputs: Vec<Vec<u8>> = (0..=24).map(|size| noise(size, 3)).collect();
    inputs.extend((1..=24).map(|size| vec![0; size]));
    inputs.extend((1..=24).map(|size| b"ab".iter().copied().cycle().take(size).collect()));
    inputs.extend((1..=24).map(|size| b"abc".iter().copied().cycle().take(size).collect()));
    for dictionary in [&b"abcab"[..], &[0; 9]] {
        assert_come_back(levels().filter(|level| !is_slow(level)), dictionary, &inputs);
    }
    inputs.retain(|input| input.len() < 14);
    assert_come_back(levels().filter(is_slow), b"aba", &inputs);
}

#[test]
fn one_symbol_comes_back_at_every_length_that_ends_a_match() {
    let sizes = [257, 258, 259, 260, 261, 262, 263, 264, 515, 516, 517, 518, 519, 520, 521, 774, 775, 776, 1000];
    for symbol in [0, b'x', 255] {
        let inputs: Vec<_> = sizes.iter().map(|&size| vec![symbol; size]).collect();
        assert_come_back(levels(), &[symbol; 5], &inputs);
    }
    // A run that ends, so that the length is not given by the end.
    let inputs: Vec<_> =
        sizes.iter().map(|&size| [b"<", &vec![b'-'; size][..], b"> and so on, for a while"].concat()).collect();
    assert_come_back(levels(), b"", &inputs);
}

#[test]
fn zeros_come_back() {
    // At place 0, of which a table that was cleared speaks, stand zeros too, or something else.
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
fn short_periods_come_back() {
    let mut inputs = Vec::new();
    for period in (1..=20).chain([31, 32, 33, 63, 64, 65, 257, 258, 259]) {
        let once = noise(period, 5);
        inputs.push(once.iter().copied().cycle().take(period * 3 + 700).collect::<Vec<u8>>());
        // The same with a flaw now and then.
        let mut flawed = inputs[inputs.len() - 1].clone();
        flawed.iter_mut().step_by(97).for_each(|byte| *byte ^= 1);
        inputs.push(flawed);
    }
    assert_come_back(levels(), &noise(40, 6), &inputs);
}

#[test]
fn literals_alone_come_back_in_runs_of_every_length() {
    // Runs of what occurs nowhere else, a match behind each.
    let mut inputs = Vec::new();
    for run in (1..=20).chain([127, 128, 129, 130, 255, 256, 257]) {
        let fresh = noise(12 * run, 9 + run as u64);
        let mut out = b"a phrase that comes again".to_vec();
        for run in fresh.chunks(run) {
            out.extend(run);
            copy(&mut out, 9, run.len() + 9);
        }
        inputs.push(out);
    }
    assert_come_back(levels(), b"", &inputs);
    for run in [2046usize, 2047, 2048, 2049, 2054, 2055, 4095, 4097] {
        let once = [&b"some phrase"[..], &noise(run, 4), b"some phrase"].concat();
        let inputs: Vec<_> = (0..16).step_by(5).map(|tail| [&once[..], &noise(tail, 5)].concat()).collect();
        assert_come_back(levels().filter(|level| !is_slow(level)), b"", &inputs);
    }
}

/// Where an encoder steps faster and faster through what does not match, it must not step over the end: blocks of
/// noise that end after any number of bytes.
#[test]
fn noise_comes_back_wherever_it_ends() {
    let noise = noise(2700, 77);
    for level in levels().filter(|&(kind, level)| kind == Engine::Native && !is_slow(&(kind, level))) {
        let mut engine = make(level);
        for size in (1..40).chain(120..150).chain(250..320).chain(2040..2120).chain(2300..2400) {
            let mut out = Vec::new();
            engine.compress(&noise[..size], 0, true, &mut out);
            assert!(inflate(b"", &out, size) == noise[..size], "{level:?}: {size}");
        }
    }
}

#[test]
fn without_any_match_no_distance_has_a_code() {
    let every: Vec<u8> = (0..=255).collect();
    let backwards: Vec<u8> = (0..=255).rev().collect();
    let inputs = [every, backwards, without_repeats(3), without_repeats(16), without_repeats(20)];
    assert_come_back(levels(), b"", &inputs);
    assert_come_back(levels().filter(|level| !is_slow(level)), b"", &[without_repeats(32)]);
}

#[test]
fn one_distance_alone_has_a_code() {
    let mut inputs = Vec::new();
    for distance in [1, 2, 3, 4, 5, 100, 3000] {
        let mut out = noise(distance, 15);
        copy(&mut out, 900, distance);
        inputs.push(out);
    }
    assert_come_back(levels(), b"", &inputs);
}

#[test]
fn contents_that_change_come_back() {
    let mut saw: Vec<u8> = (0..8000i32).flat_map(|i| ((i % 441 - 220) * 148).to_le_bytes()[..2].to_vec()).collect();
    let mut dice = Dice::new(12);
    let trembling: Vec<u8> =
        (0..8000i32).flat_map(|i| ((i % 441 - 220) * 148 + dice.throw(5) as i32).to_le_bytes()[..2].to_vec()).collect();
    let genes: Vec<u8> = noise(8000, 13).into_iter().map(|byte| b"ACGT"[usize::from(byte >> 6)]).collect();
    let mixed =
        [&text(9000)[..], &noise(6000, 1), &vec![0; 6000], &saw[..6000], &noise(6000, 2), &text(18_000)[9000..]]
            .concat();
    saw.push(1);
    assert_come_back(levels(), &noise(WINDOW, 21), &[saw, trembling, genes, mixed]);
}

/// Long enough for several DEFLATE blocks, however they are divided.
#[test]
fn contents_that_change_often_come_back() {
    let text = text(60_000);
    let mut out = Vec::new();
    for (i, part) in text.chunks(6000).enumerate() {
        out.extend(part);
        out.extend(noise(5000 + 1500 * i, i as u64));
        out.extend(noise(9000, 40).iter().map(|byte| byte % (2 + i as u8)));
        out.resize(out.len() + 3000, i as u8);
    }
    assert_come_back(levels().filter(|level| !is_slow(level)), &noise(WINDOW, 21), std::slice::from_ref(&out));
    let input = &out[..100_000];
    for level in levels().filter(is_slow) {
        assert!(inflate(b"", &deflate(level, b"", input, true), input.len()) == input, "{level:?}");
    }
}

/// What an inflater might have read: literals of some alphabet, and copies of any length from any distance.
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
                    copy(&mut out, size, distance);
                }
                _ => out.extend(noise(size, choice as u64).iter().map(|byte| byte % alphabet)),
            }
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn literals_and_copies_come_back(
        level in prop::sample::select(levels().collect::<Vec<_>>()),
        content in tokens(),
        split: prop::sample::Index,
    ) {
        let split = split.index(content.len() + 1).min(WINDOW);
        let (dictionary, input) = content.split_at(split);
        prop_assert!(comes_back(&mut make(level), dictionary, input));
    }
}

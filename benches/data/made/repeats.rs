//! Repetitions: runs, periods, noise that repeats, and matches at one distance.

use super::{Content, Random, SIZE, Words, fill, single, variants};

pub(super) const CONTENTS: &[Content] = &[
    variants("period", &[1, 2, 3, 4, 5, 7, 8, 16, 17, 32, 33, 64, 100, 128, 257, 258, 259, 300], period),
    single("periods in turn", periods_in_turn),
    variants("period with errors", &[1, 4, 16, 40, 100, 300], period_with_errors),
    variants("runs up to", &[4, 16, 100, 300, 3000], runs),
    variants("repeats at distance", &DISTANCES, repeats_at),
    variants("noise repeated after", &[600, 4000, 16_000, 30_000, 32_768], noise_repeated),
    variants("noise with islands of text every", &[1000, 5000, 20_000], islands),
    single("zeros amid noise", zeros_amid_noise),
    single("noise", |_| Random::new(1).noise(SIZE)),
];

const DISTANCES: [usize; 14] = [4, 7, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

fn period(length: usize) -> Vec<u8> {
    Random::new(length).noise(length).into_iter().cycle().take(SIZE).collect()
}

/// Every period from 1 to 300, each for a while.
fn periods_in_turn(_: usize) -> Vec<u8> {
    let mut random = Random::new(1);
    let mut length = 0;
    fill(|out| {
        length = length % 300 + 1;
        out.extend(random.noise(length).into_iter().cycle().take(3 * length + 40));
    })
}

/// A period with one wrong byte in about a hundred.
fn period_with_errors(length: usize) -> Vec<u8> {
    let (mut random, mut out) = (Random::new(2), period(length));
    (0..SIZE / 100).for_each(|_| out[random.below(SIZE)] = random.next() as u8);
    out
}

/// Runs of eight letters.
fn runs(most: usize) -> Vec<u8> {
    let mut random = Random::new(most);
    fill(|out| out.resize(out.len() + 1 + random.below(most), b'a' + random.below(8) as u8))
}

/// Noise of seven bits, and matches of 3 to 40 bytes at one distance.
fn repeats_at(distance: usize) -> Vec<u8> {
    let mut random = Random::new(distance);
    fill(|out| {
        if out.len() < distance || random.below(4) == 0 {
            let fresh = 1 + random.below(6);
            out.extend(random.noise(fresh).into_iter().map(|byte| byte & 0x7f));
        } else {
            let start = out.len() - distance;
            (start..start + 3 + random.small(38)).for_each(|at| out.push(out[at]));
        }
    })
}

/// Chunks of noise, each written twice.
fn noise_repeated(chunk: usize) -> Vec<u8> {
    let mut random = Random::new(chunk);
    fill(|out| out.extend(random.noise(chunk).repeat(2)))
}

/// Noise, and a few sentences amid it.
fn islands(every: usize) -> Vec<u8> {
    let (mut random, words) = (Random::new(every), Words::new(500));
    fill(|out| {
        out.extend(random.noise(every));
        out.extend(words.text(&mut random, 60).into_bytes());
    })
}

fn zeros_amid_noise(_: usize) -> Vec<u8> {
    let mut random = Random::new(5);
    fill(|out| {
        let size = 1 + random.below(4000);
        out.extend(random.noise(size));
        out.resize(out.len() + random.below(9000), 0);
    })
}

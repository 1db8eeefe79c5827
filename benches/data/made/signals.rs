//! Images and sound without compression.

use super::{Content, Random, SIZE, fill, single, variants};

pub(super) const CONTENTS: &[Content] = &[
    variants("sparse image, one in", &[10, 50, 500, 5000], sparse),
    single("image of one bit", bitmap),
    single("tile map", tile_map),
    single("gradient", gradient),
    single("gradient with noise", noisy_gradient),
    single("icons", icons),
    variants("16-bit sound with as many channels:", &[1, 2], sound),
    single("8-bit sound", |_| sound(1).chunks_exact(2).map(|sample| sample[1] ^ 0x80).collect()),
    single("24-bit sound", sound_of_24_bits),
];

/// Zeros, with another byte at one in `every` positions on average.
fn sparse(every: usize) -> Vec<u8> {
    let (mut random, mut out) = (Random::new(every), vec![0; SIZE]);
    (0..SIZE / every).for_each(|_| out[random.below(SIZE)] = random.next() as u8);
    out
}

/// Lines of a scanned page: runs that resemble those of the line above.
fn bitmap(_: usize) -> Vec<u8> {
    let mut random = Random::new(41);
    let mut line = vec![0u8; 216];
    fill(|out| {
        for _ in 0..3 {
            let (at, length) = (random.below(200), 1 + random.below(12));
            let ink = [0u8, 0, 0xff, random.next() as u8][random.below(4)];
            line[at..at + length].fill(ink);
        }
        out.extend(&line);
    })
}

/// The map of a game: 256 lines of 16-bit tiles, most of them empty, and rooms with walls.
fn tile_map(_: usize) -> Vec<u8> {
    let (mut random, mut tiles) = (Random::new(45), vec![[0; 2]; SIZE / 2]);
    for _ in 0..120 {
        let (left, top) = (random.below(220), random.below(220));
        let (width, height, kind) = (4 + random.below(32), 4 + random.below(32), 1 + random.below(12));
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let walls = [x == 0, x + 1 == width, y == 0, y + 1 == height];
            let tile = walls.iter().fold(0, |tile, &wall| 2 * tile + u8::from(wall));
            tiles[256 * (top + y) + left + x] = [if tile > 0 { 16 * kind as u8 + tile } else { 0 }, 0];
        }
    }
    tiles.into_flattened()
}

fn gradient(_: usize) -> Vec<u8> {
    (0..SIZE / 3).flat_map(|i| [(i % 512 / 2) as u8, (i / 512) as u8, (i % 512 + i / 512) as u8]).collect()
}

fn noisy_gradient(_: usize) -> Vec<u8> {
    let mut random = Random::new(42);
    gradient(0).into_iter().map(|sample| sample.wrapping_add(random.small(5) as u8)).collect()
}

/// A few small images of four bytes a pixel, over and over on a background.
fn icons(_: usize) -> Vec<u8> {
    let mut random = Random::new(43);
    let icons: Vec<Vec<[u8; 4]>> = (0..8)
        .map(|_| (0..16 * 16).map(|_| [random.small(64) as u8 * 4, random.small(64) as u8 * 4, 32, 255]).collect())
        .collect();
    fill(|out| {
        let shown: Vec<usize> = (0..12).map(|_| random.below(16)).collect();
        for line in 0..16 {
            for &icon in &shown {
                match icons.get(icon) {
                    Some(icon) => out.extend(icon[16 * line..16 * line + 16].as_flattened()),
                    None => out.extend([240, 240, 240, 255].repeat(16)),
                }
            }
        }
    })
}

/// Two oscillators, each by the recurrence of a sine in integers, and a little noise.
fn samples() -> impl Iterator<Item = i32> {
    let mut random = Random::new(44);
    let mut waves = [(9000i64, 9000i64, 65_500i64), (3000, 2900, 63_000)];
    std::iter::repeat_with(move || {
        let mut sum = 0;
        for (now, before, factor) in &mut waves {
            let next = ((2 * *factor * *now) >> 16) - *before;
            (*before, *now) = (*now, next.clamp(-12_000, 12_000));
            sum += *now as i32;
        }
        sum + random.below(64) as i32
    })
}

fn sound(channels: usize) -> Vec<u8> {
    let mut samples = samples();
    fill(|out| {
        let sample = samples.next().expect("endless samples");
        for channel in 0..channels as i32 {
            out.extend(((sample - channel * 5) as i16).to_le_bytes());
        }
    })
}

fn sound_of_24_bits(_: usize) -> Vec<u8> {
    let mut samples = samples();
    fill(|out| out.extend(&(samples.next().expect("endless samples") * 200).to_le_bytes()[..3]))
}

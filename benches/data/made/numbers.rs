//! Counters: growing numbers in several notations, which repeat the number before but for a few digits.

use super::{Content, Random, SIZE, fill, single, variants};

pub(super) const CONTENTS: &[Content] = &[
    variants("decimal numbers by steps of", &[1, 7, 1013], |step| count(|i| format!("{}\n", i * step as u64))),
    variants("eight decimal digits by steps of", &[1, 37], |step| count(|i| format!("{:08} ", i * step as u64))),
    variants("hexadecimal numbers by steps of", &[1, 5], |step| count(|i| format!("0x{:x}, ", i * step as u64))),
    variants("eight hexadecimal digits by steps of", &[1, 5, 4096], |step| {
        count(|i| format!("{:08x} ", i * step as u64))
    }),
    variants("16 bits little-endian by steps of", &[1, 3], |step| {
        count(|i| (i as u16).wrapping_mul(step as u16).to_le_bytes())
    }),
    variants("16 bits big-endian by steps of", &[1, 3], |step| {
        count(|i| (i as u16).wrapping_mul(step as u16).to_be_bytes())
    }),
    variants("32 bits little-endian by steps of", &[1, 3, 260], |step| {
        count(|i| (i as u32).wrapping_mul(step as u32).to_le_bytes())
    }),
    variants("32 bits big-endian by steps of", &[1, 3, 260], |step| {
        count(|i| (i as u32).wrapping_mul(step as u32).to_be_bytes())
    }),
    variants("64 bits little-endian by steps of", &[1, 1000], |step| count(|i| (i * step as u64).to_le_bytes())),
    variants("64 bits big-endian by steps of", &[1, 1000], |step| count(|i| (i * step as u64).to_be_bytes())),
    single("offsets with random steps", offsets),
    single("timestamps in log lines", timestamps),
    single("seconds and values", seconds),
];

fn count<T: AsRef<[u8]>>(notation: impl Fn(u64) -> T) -> Vec<u8> {
    let mut numbers = 0..;
    fill(|out| out.extend(numbers.next().map(&notation).expect("an endless range").as_ref()))
}

/// An index of a file: offsets of 32 bits that grow by random steps.
fn offsets(_: usize) -> Vec<u8> {
    let (mut random, mut offset) = (Random::new(7), 0u32);
    fill(|out| {
        offset += 20 + random.small(400) as u32;
        out.extend(offset.to_le_bytes());
    })
}

fn timestamps(_: usize) -> Vec<u8> {
    let (mut random, mut time) = (Random::new(8), 0);
    fill(|out| {
        time += random.small(3000);
        let (hour, minute, second, milli) = (time / 3_600_000 % 24, time / 60_000 % 60, time / 1000 % 60, time % 1000);
        let level = ["INFO", "INFO", "INFO", "WARN", "ERROR"][random.below(5)];
        let (worker, took) = (random.below(16), random.small(5000));
        let line = format!(
            "2026-11-25T{hour:02}:{minute:02}:{second:02}.{milli:03}Z {level} worker-{worker} request served in {took} us\n"
        );
        out.extend(line.into_bytes());
    })
}

/// Seconds since 1970 and a measured value, as a monitor writes them.
fn seconds(_: usize) -> Vec<u8> {
    let (mut random, mut time, mut value) = (Random::new(9), 1_764_000_000, 50_000);
    let mut out = Vec::with_capacity(2 * SIZE);
    while out.len() < SIZE {
        time += 15;
        value = value + random.below(41) - 20;
        out.extend(format!("{time},{}.{:03}\n", value / 1000, value % 1000).into_bytes());
    }
    out
}

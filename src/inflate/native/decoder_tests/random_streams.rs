//! Random streams, damaged streams and noise.

use super::stream_generator::random_stream;
use super::*;
use crate::deflate::roundtrip::generators::Rng;

#[test]
fn random_streams_are_decoded_as_by_zlib() {
    let mut ended = 0;
    for seed in 0..300 {
        let data = random_stream(&mut Rng::new(seed));
        ended += usize::from(matches!(assert_as_zlib(&data).verdict, StreamEnd::End(_)));
        if seed % 10 == 0 {
            assert_as_zlib_in_pieces(&data);
        }
    }
    assert!(ended > 150, "only {ended} streams are valid");
}

#[test]
fn damaged_streams_fail_as_in_zlib_after_the_same_bytes() {
    let mut random = Rng::new(3);
    let mut invalid = 0;
    for seed in 0..400 {
        let mut data = random_stream(&mut Rng::new(1000 + seed));
        for _ in 0..=random.below(3) {
            let at = random.below(data.len());
            data[at] ^= 1 << random.below(8);
        }
        invalid += usize::from(assert_as_zlib(&data).verdict == StreamEnd::Invalid);
        if seed % 20 == 0 {
            assert_as_zlib_in_pieces(&data);
        }
    }
    assert!(invalid > 50, "only {invalid} streams are invalid");
}

#[test]
fn damaged_text_fails_as_in_zlib_after_the_same_bytes() {
    let mut random = Rng::new(4);
    let original = deflate(&text(20_000, 8), 6);
    for _ in 0..300 {
        let mut data = original.clone();
        let at = random.below(data.len());
        data[at] = random.below(256) as u8;
        assert_as_zlib(&data);
    }
}

#[test]
fn noise_fails_as_in_zlib() {
    let mut random = Rng::new(5);
    // Miri takes a thousand times as long.
    for _ in 0..if cfg!(miri) { 20 } else { 3000 } {
        let mut data: Vec<u8> = (0..random.below(200)).map(|_| random.below(256) as u8).collect();
        if let Some(first) = data.first_mut().filter(|_| random.below(2) == 0) {
            // The header of a dynamic block.
            *first = *first & !7 | 4;
        }
        assert_as_zlib(&data);
    }
}

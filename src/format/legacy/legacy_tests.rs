//! The decoders of legacy formats: what their encoders wrote, in outputs of any size, and damaged data.

use super::encoders::{lzh, lzw, pack};
use super::*;
use crate::deflate::roundtrip::generators::Rng;

/// Decodes a file, the magic bytes included, into outputs of `size` bytes.
fn decode(file: &[u8], size: usize) -> Result<Vec<u8>, LegacyError> {
    let mut input = file[2..].iter();
    let mut next = || Ok(input.next().copied());
    let mut decoder = LegacyFormat::of([file[0], file[1]]).unwrap().decoder();
    let mut content = Vec::new();
    loop {
        let mut bytes = vec![0; size];
        let mut output = LegacyOutput::new(&mut bytes);
        let status = decoder.decode(&mut next, &mut output)?;
        let length = output.len();
        content.extend_from_slice(&bytes[..length]);
        if status == LegacyStatus::End {
            return Ok(content);
        }
        assert_eq!(length, size, "the output is full");
    }
}

/// Every format with every parameter that changes its data.
fn encoded(data: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for width in [9, 10, 12, 16] {
        for clear_after in [None, Some(40), Some(1000)] {
            files.push((format!("lzw {width} {clear_after:?}"), lzw(data, width, clear_after)));
        }
    }
    if !data.is_empty() {
        files.push(("pack".into(), pack(data)));
    }
    for block in [1, 7, 1000, 65535] {
        files.push((format!("lzh {block}"), lzh(data, block)));
    }
    files
}

fn contents() -> Vec<Vec<u8>> {
    let mut random = Rng::new(19);
    let words: Vec<u8> = (0..2500).flat_map(|_| format!("{} ", random.below(300)).into_bytes()).collect();
    let noise: Vec<u8> = (0..3000).map(|_| random.below(256) as u8).collect();
    // Each byte half as frequent as the one before: the longest codes.
    let skewed: Vec<u8> = (0..10_000).map(|_| (random.below(1 << 24) as u32).leading_zeros() as u8).collect();
    vec![vec![], b"a".to_vec(), b"ab".to_vec(), vec![b'x'; 70_000], words, noise, skewed]
}

#[test]
fn each_format_is_decoded_into_outputs_of_any_size() {
    for content in contents() {
        for (name, file) in encoded(&content) {
            for size in [1, 1000, 1 << 20] {
                assert!(decode(&file, size).unwrap() == content, "{name}, {} bytes in {size}", content.len());
            }
        }
    }
}

#[test]
fn truncated_data_is_an_error_or_a_part_of_the_content() {
    let content = &contents()[4][..2000];
    for (name, file) in encoded(content) {
        for end in 2..file.len() {
            match decode(&file[..end], 100) {
                Ok(part) => assert!(content.starts_with(&part), "{name} of {end} bytes"),
                Err(error) => assert!(matches!(error, LegacyError::Truncated), "{name} of {end} bytes: {error:?}"),
            }
        }
    }
}

#[test]
fn a_truncated_pack_file_is_always_an_error() {
    let file = pack(&contents()[4]);
    assert!((2..file.len()).step_by(37).all(|end| decode(&file[..end], 100).is_err()));
}

#[test]
fn damaged_data_never_panics_and_the_outputs_size_changes_nothing() {
    let mut random = Rng::new(20);
    for (name, file) in encoded(&contents()[4][..3000]) {
        for _ in 0..40 {
            let mut damaged = file.clone();
            for _ in 0..1 + random.below(3) {
                let at = 2 + random.below(damaged.len() - 2);
                damaged[at] = random.below(256) as u8;
            }
            let results = [1, 997].map(|size| format!("{:?}", decode(&damaged, size)));
            assert_eq!(results[0], results[1], "{name}");
        }
    }
}

//! The decoder against zlib-rs: the same verdict and the same bytes, however the input and output are divided.
#![allow(clippy::unwrap_used)]

mod invalid_codes;
mod random_streams;
mod stream_generator;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::*;
use crate::deflate::roundtrip::generators::Rng;

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamEnd {
    /// After this many bytes of input.
    End(usize),
    Truncated,
    Invalid,
}

/// The content of a stream before its end, and how it ends.
#[derive(Debug, PartialEq, Eq)]
struct Inflated {
    content: Vec<u8>,
    verdict: StreamEnd,
}

/// What zlib-rs makes of a stream.
fn zlib(data: &[u8]) -> Inflated {
    let mut decoder = Decompress::new(false);
    let mut content = Vec::with_capacity(1 << 16);
    loop {
        content.reserve(1 << 16);
        let (consumed, produced) = (decoder.total_in() as usize, decoder.total_out());
        let status = decoder.decompress_vec(&data[consumed..], &mut content, FlushDecompress::None);
        let verdict = match status {
            Ok(Status::StreamEnd) => StreamEnd::End(decoder.total_in() as usize),
            Err(_) => StreamEnd::Invalid,
            Ok(_) if decoder.total_in() as usize == consumed && decoder.total_out() == produced => StreamEnd::Truncated,
            Ok(_) => continue,
        };
        return Inflated { content, verdict };
    }
}

/// What the decoder makes of a stream, given all at once.
fn native(data: &[u8]) -> Inflated {
    native_in(data, |_| usize::MAX, |_| 1 << 16)
}

/// What the decoder makes of a stream that is passed in pieces, into outputs of several sizes. The sizes are functions of the
/// number of the call.
fn native_in(data: &[u8], input_size: impl Fn(usize) -> usize, output_size: impl Fn(usize) -> usize) -> Inflated {
    let mut decoder = DeflateDecoder::<u8>::new();
    let mut content = Vec::new();
    let (mut consumed, mut offered) = (0_usize, 0_usize);
    let (mut output, mut at) = (vec![0; output_size(0)], 0);
    for call in 0.. {
        offered = offered.max(consumed).saturating_add(input_size(call)).min(data.len());
        let result = decoder.decode(&data[consumed..offered], &mut output, at);
        let produced = result.map_or_else(|error| error.produced, |decoded| decoded.produced);
        content.extend_from_slice(&output[at..at + produced]);
        at += produced;
        let Ok(decoded) = result else {
            return Inflated { content, verdict: StreamEnd::Invalid };
        };
        consumed += decoded.consumed;
        match decoded.status {
            DecodeStatus::StreamEnd => return Inflated { content, verdict: StreamEnd::End(consumed) },
            DecodeStatus::NeedsInput => {
                assert_eq!(consumed, offered, "all input is consumed");
                if consumed == data.len() {
                    return Inflated { content, verdict: StreamEnd::Truncated };
                }
            }
            DecodeStatus::OutputFull => {
                assert_eq!(at, output.len(), "the output is full");
                decoder.extend_window(&output);
                (output, at) = (vec![0; output_size(call)], 0);
            }
            DecodeStatus::BlockEnd => assert!(decoder.unused_bits() < 8),
        }
    }
    unreachable!("the stream does not end")
}

/// Compares the decoder with zlib-rs.
fn assert_as_zlib(data: &[u8]) -> Inflated {
    let expected = zlib(data);
    let actual = native(data);
    assert!(is_as_zlib(&actual, &expected, data), "{}\n{data:02x?}", difference(&actual, &expected));
    actual
}

/// Whether the decoder found what zlib-rs found. Where the code length code has no symbols, the decoder fails at once, and
/// zlib-rs when it has read all code lengths.
fn is_as_zlib(actual: &Inflated, expected: &Inflated, data: &[u8]) -> bool {
    let fails_early = || {
        (actual.verdict, expected.verdict) == (StreamEnd::Invalid, StreamEnd::Truncated)
            && actual.content == expected.content
            && zlib(&[data, &[0; 64]].concat()).verdict == StreamEnd::Invalid
    };
    actual == expected || fails_early()
}

/// The same with other sizes of input and output.
fn assert_as_zlib_in_pieces(data: &[u8]) {
    let expected = zlib(data);
    let sizes = [(1, 1), (17, 70_000), (1, 1000), (3, 7), (1000, 1), (100, 331), (40, 600)];
    // Miri takes a thousand times as long.
    for (input, output) in sizes.into_iter().take(if cfg!(miri) { 2 } else { 7 }) {
        let actual = native_in(data, |call| 1 + call * 7 % input, |call| 1 + call * 5 % output);
        let same = is_as_zlib(&actual, &expected, data);
        assert!(same, "{input}, {output}: {}\n{data:02x?}", difference(&actual, &expected));
    }
}

fn difference(actual: &Inflated, expected: &Inflated) -> String {
    let same = actual.content.iter().zip(&expected.content).take_while(|(a, b)| a == b).count();
    format!(
        "{:?} with {} bytes, zlib {:?} with {} bytes, of which {same} are equal",
        actual.verdict,
        actual.content.len(),
        expected.verdict,
        expected.content.len(),
    )
}

/// Compresses with flate2.
fn deflate(content: &[u8], level: u32) -> Vec<u8> {
    let mut data = Vec::with_capacity(content.len() + content.len() / 8 + 1000);
    let status = Compress::new(Compression::new(level), false).compress_vec(content, &mut data, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    data
}

/// Compresses with gzcc's encoder.
fn deflate_natively(content: &[u8], level: u8) -> Vec<u8> {
    use crate::deflate::{BLOCK, Engine, WindowBuffer, new_compressor};
    assert!(content.len() <= BLOCK);
    let mut data = Vec::new();
    let (mut compressor, mut window) = (new_compressor(Engine::Native, level), WindowBuffer::new());
    compressor.compress_block(window.fill(content), 0..content.len(), true, &mut data);
    data
}

/// Words with a byte of noise after one in `words_per_noise`.
fn text(size: usize, words_per_noise: usize) -> Vec<u8> {
    let words = ["the ", "quick ", "brown fox ", "jumps\n", "over, ", "a lazy dog. ", "1234 ", "Lorem "];
    let mut random = Rng::new(2);
    let mut text = Vec::new();
    while text.len() < size {
        text.extend_from_slice(words[random.below(words.len())].as_bytes());
        if random.below(words_per_noise) == 0 {
            text.push(random.below(256) as u8);
        }
    }
    text
}

/// Contents that use all parts of the decoder.
fn contents() -> Vec<Vec<u8>> {
    let mut random = Rng::new(1);
    let mut contents = vec![Vec::new(), b"a".to_vec(), b"abc".to_vec(), vec![0; 70_000], text(200_000, 8)];
    contents.push((0..100_000).map(|_| random.below(256) as u8).collect());
    contents.push((0..100_000).map(|_| b"ACGT"[random.below(4)]).collect());
    for period in 1..40 {
        contents.push((0..3000).map(|i| (i % period) as u8).collect());
    }
    contents
}

#[test]
fn streams_of_every_level_of_both_encoders_are_decoded() {
    for content in contents() {
        for level in 0..=9 {
            for data in [deflate(&content, level), deflate_natively(&content, level as u8)] {
                let decoded = native(&data);
                assert_eq!(decoded.verdict, StreamEnd::End(data.len()), "level {level}");
                assert!(decoded.content == content, "level {level}");
            }
        }
    }
}

#[test]
fn input_and_output_can_be_divided_everywhere() {
    for content in contents() {
        for level in [1, 6] {
            assert_as_zlib_in_pieces(&deflate(&content[..content.len().min(5000)], level));
        }
    }
}

#[test]
fn a_stream_cut_anywhere_is_truncated_after_the_same_bytes() {
    let text = &text(3000, 8);
    for level in [0, 1, 6] {
        let data = deflate(text, level);
        for end in 0..data.len() {
            let cut = assert_as_zlib(&data[..end]);
            assert_eq!(cut.verdict, StreamEnd::Truncated);
        }
    }
}

#[test]
fn markers_are_copied_as_symbols() {
    let text = text(200_000, 8);
    for period in [1, 2, 5, 7, 8, 9, 15, 16, 17, 300] {
        let mut content = text.clone();
        content.extend((0..2000).map(|i| (i % period) as u8));
        let data = deflate(&content, 6);
        let mut output: Vec<u16> = (0..WINDOW as u16).map(|i| 0x8000 | i).collect();
        output.resize(WINDOW + content.len(), 0);
        let mut decoder = DeflateDecoder::<u16>::new();
        let (mut consumed, mut at) = (0, WINDOW);
        loop {
            let decoded = decoder.decode(&data[consumed..], &mut output, at).unwrap();
            consumed += decoded.consumed;
            at += decoded.produced;
            if decoded.status == DecodeStatus::StreamEnd {
                break;
            }
            assert_eq!(decoded.status, DecodeStatus::BlockEnd);
        }
        assert!(output[WINDOW..].iter().copied().eq(content.iter().map(|&byte| u16::from(byte))));
    }
}

/// Starts of blocks in bits, with the number of bytes before each.
fn block_starts(data: &[u8], size: usize) -> Vec<(usize, usize)> {
    let mut decoder = DeflateDecoder::<u8>::new();
    let mut output = vec![0; size];
    let (mut consumed, mut at) = (0, 0);
    let mut starts = vec![(0, 0)];
    loop {
        let decoded = decoder.decode(&data[consumed..], &mut output, at).unwrap();
        consumed += decoded.consumed;
        at += decoded.produced;
        match decoded.status {
            DecodeStatus::BlockEnd => starts.push((8 * consumed - decoder.unused_bits() as usize, at)),
            DecodeStatus::StreamEnd => return starts,
            status => panic!("{status:?}"),
        }
    }
}

#[test]
fn decoding_starts_at_every_block() {
    let content = text(400_000, 1);
    let data = deflate(&content, 6);
    let starts = block_starts(&data, content.len());
    assert!(starts.len() > 3, "{} blocks", starts.len());
    for (bit, at) in starts {
        // With a known window.
        let mut decoder = DeflateDecoder::<u8>::new();
        decoder.restart_at(bit as u32 % 8);
        decoder.set_window(&content[..at]);
        let mut output = vec![0; content.len() - at];
        let (mut consumed, mut produced, mut status) = (bit / 8, 0, DecodeStatus::BlockEnd);
        while status == DecodeStatus::BlockEnd {
            let decoded = decoder.decode(&data[consumed..], &mut output, produced).unwrap();
            (consumed, produced, status) = (consumed + decoded.consumed, produced + decoded.produced, decoded.status);
        }
        assert_eq!((consumed, produced, status), (data.len(), content.len() - at, DecodeStatus::StreamEnd));
        assert!(output == content[at..]);
        // With an unknown window, whose symbols are replaced later.
        let mut decoder = DeflateDecoder::<u16>::new();
        decoder.restart_at(bit as u32 % 8);
        let mut output: Vec<u16> = (0..WINDOW as u16).map(|i| 0x8000 | i).collect();
        output.resize(WINDOW + content.len() - at, 0);
        let (mut consumed, mut produced, mut status) = (bit / 8, WINDOW, DecodeStatus::BlockEnd);
        while status == DecodeStatus::BlockEnd {
            let decoded = decoder.decode(&data[consumed..], &mut output, produced).unwrap();
            (consumed, produced, status) = (consumed + decoded.consumed, produced + decoded.produced, decoded.status);
        }
        assert_eq!(status, DecodeStatus::StreamEnd);
        for (i, &symbol) in output[WINDOW..].iter().enumerate() {
            let byte = match usize::from(symbol) {
                literal @ 0..0x100 => literal as u8,
                marker => content[at + (marker - 0x8000) - WINDOW],
            };
            assert_eq!(byte, content[at + i]);
        }
    }
}

#[test]
fn a_distance_beyond_the_window_is_invalid() {
    let content = text(400_000, 1);
    let data = deflate(&content, 6);
    let (bit, at) = block_starts(&data, content.len())[1];
    let mut output = vec![0; content.len()];
    let mut decoder = DeflateDecoder::<u8>::new();
    decoder.restart_at(bit as u32 % 8);
    decoder.set_window(&content[at - 10..at]);
    assert!(decoder.decode(&data[bit / 8..], &mut output, 0).is_err());
    assert!(decoder.decode(&data[bit / 8..], &mut output, 0).is_err(), "the error remains");
    decoder.restart();
    assert!(decoder.decode(&data, &mut output, 0).is_ok());
}

#[test]
fn bytes_behind_the_stream_are_not_consumed() {
    for (content, level) in [(&b""[..], 6), (b"abc", 6), (b"abc", 0), (&[7; 5000], 6)] {
        let mut data = deflate(content, level);
        let end = data.len();
        data.extend([0xff; 40]);
        assert_eq!(assert_as_zlib(&data).verdict, StreamEnd::End(end));
        // The output has no space left.
        let mut output = vec![0; content.len()];
        let decoded = DeflateDecoder::<u8>::new().decode(&data, &mut output, 0).unwrap();
        let expected = Decoded { consumed: end, produced: content.len(), status: DecodeStatus::StreamEnd };
        assert_eq!(decoded, expected);
    }
}

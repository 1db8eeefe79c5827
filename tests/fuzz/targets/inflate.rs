//! Decodes any bytes as a DEFLATE stream. Content and verdict must be those of zlib, however input and output are divided, and
//! a decoder of symbols must write the same bytes.
#![no_main]

use flate2::{Decompress, FlushDecompress, Status};
use gzcc::deflate::WINDOW;
use gzcc::fuzzing::{DecodeStatus, Decoded, DeflateDecoder, InvalidData};
use libfuzzer_sys::fuzz_target;

/// Content in bytes after which decoding stops: a small stream can expand a thousandfold.
const CONTENT_LIMIT: usize = 160 << 10;

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// After this many bytes.
    End(usize),
    Truncated,
    Invalid,
}

/// The content up to the limit, and how the stream ends. The verdict counts only if the content is shorter than the limit.
type Inflated = (Vec<u8>, Option<Verdict>);

fuzz_target!(|data: &[u8]| {
    let expected = zlib(data);
    assert_same(&in_one_piece(data), &expected, data);
    assert_same(&in_pieces(data, hash(data)), &expected, data);
    if let (content, Some(Verdict::End(_))) = &expected {
        assert_same_symbols(data, content);
    }
});

fn assert_same(actual: &Inflated, expected: &Inflated, data: &[u8]) {
    // The decoder rejects a code length code without symbols at once. zlib reads all code lengths first.
    let fails_early = (actual.1, expected.1) == (Some(Verdict::Invalid), Some(Verdict::Truncated));
    if fails_early && zlib(&[data, &[0; 64]].concat()) == *actual {
        return;
    }
    let same = actual.0.iter().zip(&expected.0).take_while(|(a, b)| a == b).count();
    let lengths = (actual.0.len(), expected.0.len());
    assert!(actual == expected, "{:?} instead of {:?}; {same} of {lengths:?} are equal", actual.1, expected.1);
}

/// The verdict, if the content is shorter than the limit.
fn limited(mut content: Vec<u8>, verdict: Verdict) -> Inflated {
    content.truncate(CONTENT_LIMIT);
    let counts = content.len() < CONTENT_LIMIT;
    (content, counts.then_some(verdict))
}

/// What zlib makes of a stream.
fn zlib(data: &[u8]) -> Inflated {
    let mut decoder = Decompress::new(false);
    let mut content = Vec::with_capacity(CONTENT_LIMIT);
    loop {
        let before = (decoder.total_in() as usize, decoder.total_out());
        let status = decoder.decompress_vec(&data[before.0..], &mut content, FlushDecompress::None);
        let verdict = match status {
            Ok(Status::StreamEnd) => Verdict::End(decoder.total_in() as usize),
            Err(_) => Verdict::Invalid,
            Ok(_) if content.len() == CONTENT_LIMIT => Verdict::Truncated,
            Ok(_) if (decoder.total_in() as usize, decoder.total_out()) == before => Verdict::Truncated,
            Ok(_) => continue,
        };
        return limited(content, verdict);
    }
}

/// Decodes a stream in one piece.
fn in_one_piece(data: &[u8]) -> Inflated {
    let mut output = vec![0; CONTENT_LIMIT];
    let mut decoder = DeflateDecoder::<u8>::new();
    let (mut consumed, mut at) = (0, 0);
    loop {
        let result = decoder.decode(&data[consumed..], &mut output, at);
        let (Ok(Decoded { consumed: used, produced, .. }) | Err(InvalidData { consumed: used, produced })) = result;
        consumed += used;
        at += produced;
        let verdict = match result.map(|decoded| decoded.status) {
            Err(_) => Verdict::Invalid,
            Ok(DecodeStatus::StreamEnd) => Verdict::End(consumed),
            Ok(DecodeStatus::NeedsInput | DecodeStatus::OutputFull) => Verdict::Truncated,
            Ok(DecodeStatus::BlockEnd) => continue,
        };
        output.truncate(at);
        return limited(output, verdict);
    }
}

/// Decodes a stream from pieces of input into several outputs.
fn in_pieces(data: &[u8], choice: u64) -> Inflated {
    let mut random = choice | 1;
    let mut size = |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        1 + (random >> 32) as usize % most
    };
    let most_input = [1, 3, 20, 300, 9000][choice as usize % 5];
    let most_output = [400, 1000, 40_000, 600_000][(choice >> 8) as usize % 4];
    let mut decoder = DeflateDecoder::<u8>::new();
    let mut content = Vec::new();
    let (mut consumed, mut offered) = (0_usize, 0_usize);
    let (mut output, mut at) = (vec![0; size(most_output)], 0);
    loop {
        offered = data.len().min(offered.max(consumed) + size(most_input));
        let result = decoder.decode(&data[consumed..offered], &mut output, at);
        let (Ok(Decoded { consumed: used, produced, .. }) | Err(InvalidData { consumed: used, produced })) = result;
        assert!(used <= offered - consumed);
        consumed += used;
        content.extend_from_slice(&output[at..at + produced]);
        at += produced;
        let verdict = match result.map(|decoded| decoded.status) {
            Err(_) => Verdict::Invalid,
            Ok(_) if content.len() >= CONTENT_LIMIT => Verdict::Truncated,
            Ok(DecodeStatus::StreamEnd) => Verdict::End(consumed),
            Ok(DecodeStatus::NeedsInput) if offered == data.len() => Verdict::Truncated,
            Ok(DecodeStatus::OutputFull) => {
                assert_eq!(at, output.len());
                decoder.extend_window(&output);
                (output, at) = (vec![0; size(most_output)], 0);
                continue;
            }
            Ok(DecodeStatus::NeedsInput | DecodeStatus::BlockEnd) => continue,
        };
        return limited(content, verdict);
    }
}

/// Decodes a valid stream into symbols, which must be the bytes of `content`.
fn assert_same_symbols(data: &[u8], content: &[u8]) {
    let mut decoder = DeflateDecoder::<u16>::new();
    let mut output: Vec<u16> = (0..WINDOW as u16).map(|index| 0x8000 | index).collect();
    output.resize(WINDOW + content.len(), 0);
    let (mut consumed, mut at) = (0, WINDOW);
    loop {
        let decoded = decoder.decode(&data[consumed..], &mut output, at).expect("a valid stream");
        consumed += decoded.consumed;
        at += decoded.produced;
        match decoded.status {
            DecodeStatus::StreamEnd => break,
            DecodeStatus::BlockEnd => {}
            status => panic!("{status:?}"),
        }
    }
    assert!(output[WINDOW..].iter().copied().eq(content.iter().map(|&byte| byte.into())));
}

/// FNV-1a hash of the input, which selects the sizes of the pieces, so that the whole input is the stream.
fn hash(data: &[u8]) -> u64 {
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash ^ hash >> 32
}

//! Each rule of zlib for codes and symbols, in a block made for it.

use super::stream_generator::{StreamBits, put_dynamic_header};
use super::*;
use crate::format::alphabets::{
    END_OF_BLOCK, FIXED_DISTANCE_LENGTHS, FIXED_LITLEN_LENGTHS, PRECODE_ORDER, PRECODE_SYMBOLS,
};

/// A dynamic block: codes with these (symbol, length) pairs, and these bits as data.
fn block(litlen: &[(usize, u8)], distances: &[(usize, u8)], data: &[(usize, usize)]) -> Vec<u8> {
    let lengths = |pairs: &[(usize, u8)], least: usize| {
        let count = pairs.iter().map(|pair| pair.0 + 1).max().unwrap_or(0).max(least);
        let mut lengths = vec![0; count];
        pairs.iter().for_each(|&(symbol, length)| lengths[symbol] = length);
        lengths
    };
    let mut bits = StreamBits::default();
    put_dynamic_header(&mut bits, true, &lengths(litlen, 257), &lengths(distances, 1));
    data.iter().for_each(|&(value, count)| bits.put(value, count));
    bits.into_bytes()
}

#[track_caller]
fn assert_verdict(data: &[u8], expected: fn(usize) -> StreamEnd) {
    let verdict = assert_as_zlib(data).verdict;
    assert_eq!(verdict, expected(data.len()));
    assert_as_zlib_in_pieces(data);
}

#[track_caller]
fn assert_valid(data: &[u8]) {
    assert_verdict(data, StreamEnd::End);
}

#[track_caller]
fn assert_invalid(data: &[u8]) {
    let mut data = data.to_vec();
    // Without more data, some of these would be truncated first.
    data.extend([0; 16]);
    assert_verdict(&data, |_| StreamEnd::Invalid);
}

const END: usize = END_OF_BLOCK;

#[test]
fn block_type_3_is_invalid() {
    assert_invalid(&[7]);
    assert_invalid(&[6]);
}

#[test]
fn the_complement_of_a_stored_length_must_match() {
    assert_valid(&[1, 2, 0, 0xfd, 0xff, b'a', b'b']);
    assert_invalid(&[1, 2, 0, 0xfd, 0xfe, b'a', b'b']);
    assert_valid(&[1, 0, 0, 0xff, 0xff]);
}

#[test]
fn a_complete_code_is_valid() {
    assert_valid(&block(&[(0, 1), (END, 1)], &[(0, 1), (1, 1)], &[(0, 1), (1, 1)]));
}

#[test]
fn an_oversubscribed_code_is_invalid() {
    assert_invalid(&block(&[(0, 1), (1, 1), (END, 1)], &[(0, 1), (1, 1)], &[(0, 32)]));
    assert_invalid(&block(&[(0, 1), (END, 1)], &[(0, 1), (1, 1), (2, 5)], &[(0, 32)]));
}

#[test]
fn an_incomplete_code_is_invalid_except_for_a_single_code_of_one_bit() {
    assert_invalid(&block(&[(0, 2), (1, 2), (END, 2)], &[(0, 1), (1, 1)], &[(0, 32)]));
    assert_invalid(&block(&[(END, 2)], &[(0, 1), (1, 1)], &[(0, 32)]));
    assert_invalid(&block(&[(0, 1), (END, 1)], &[(0, 2)], &[(0, 32)]));
    assert_invalid(&block(&[(0, 1), (END, 1)], &[(0, 1), (1, 2)], &[(0, 32)]));
    // Only an end of block.
    assert_valid(&block(&[(END, 1)], &[(0, 1), (1, 1)], &[(0, 1)]));
    assert_invalid(&block(&[(END, 1)], &[(0, 1), (1, 1)], &[(1, 1)]));
}

#[test]
fn a_single_distance_code_is_valid_until_the_other_bit_is_used() {
    // Literals 0, lengths 3 (symbol 257) and the end: codes of 2, 2 and 1 bits. The end is 0, the literal 10, the length 11.
    let litlen = [(0, 2), (END, 1), (257, 2)];
    assert_valid(&block(&litlen, &[(0, 1)], &[(1, 2), (3, 2), (0, 1), (0, 1)]));
    assert_invalid(&block(&litlen, &[(0, 1)], &[(1, 2), (3, 2), (1, 1), (0, 1)]));
}

#[test]
fn a_block_without_distance_codes_is_valid_until_one_is_used() {
    let litlen = [(0, 2), (END, 1), (257, 2)];
    assert_valid(&block(&litlen, &[], &[(1, 2), (0, 1)]));
    for bit in 0..2 {
        assert_invalid(&block(&litlen, &[], &[(1, 2), (3, 2), (bit, 1), (0, 1)]));
    }
}

#[test]
fn the_end_of_block_must_have_a_code() {
    assert_invalid(&block(&[(0, 1), (1, 1)], &[(0, 1), (1, 1)], &[(0, 32)]));
}

#[test]
fn more_symbols_than_the_alphabets_have_are_invalid() {
    for (hlit, hdist, is_valid) in [(29, 29, true), (30, 0, false), (31, 0, false), (0, 30, false), (0, 31, false)] {
        let mut bits = StreamBits::default();
        let mut litlen = vec![0; hlit + 257];
        (litlen[0], litlen[END]) = (1, 1);
        put_dynamic_header(&mut bits, true, &litlen, &vec![0; hdist + 1]);
        bits.put(1, 1);
        let data = bits.into_bytes();
        if is_valid { assert_valid(&data) } else { assert_invalid(&data) }
    }
}

/// A header with these lengths of the code length code, and these of its codes with their extra bits (value, count).
fn header(precode: &[(u8, u8)], items: &[(usize, usize, usize)]) -> Vec<u8> {
    let mut bits = StreamBits::default();
    bits.put(1 | 2 << 1, 3);
    bits.put(0, 10);
    bits.put(15, 4);
    let mut lengths = [0; PRECODE_SYMBOLS];
    precode.iter().for_each(|&(symbol, length)| lengths[usize::from(symbol)] = length);
    for symbol in PRECODE_ORDER {
        bits.put(lengths[usize::from(symbol)].into(), 3);
    }
    for &(symbol, extra, count) in items {
        bits.put_code(&lengths, symbol);
        bits.put(extra, count);
    }
    bits.into_bytes()
}

#[test]
fn the_code_length_code_must_be_complete() {
    assert_invalid(&header(&[(0, 1), (1, 1), (2, 1)], &[]));
    assert_invalid(&header(&[(0, 1)], &[]));
    assert_invalid(&header(&[(0, 1), (1, 2)], &[]));
    // zlib reads zeros, and misses the end of block.
    assert_invalid(&[header(&[], &[]), vec![0; 100]].concat());
    assert_invalid(&[header(&[], &[]), vec![0xff; 100]].concat());
    // That is certain before the lengths follow.
    assert_eq!(assert_as_zlib(&header(&[], &[])).verdict, StreamEnd::Invalid);
}

#[test]
fn a_repetition_must_have_a_predecessor_and_stay_in_the_alphabets() {
    let precode = [(0, 2), (1, 2), (16, 2), (18, 2)];
    assert_invalid(&header(&precode, &[(16, 0, 2)]));
    // 257 + 1 lengths: 1, 255 zeros, 1 and 1.
    let valid = [(1, 0, 0), (18, 127, 7), (18, 117 - 11, 7), (1, 0, 0), (0, 0, 0)];
    // The end of block follows in this byte, unless it already has in the last one.
    let data = [header(&precode, &valid), vec![0xff]].concat();
    assert!(matches!(assert_as_zlib(&data).verdict, StreamEnd::Truncated | StreamEnd::End(_)));
    let too_many = [(1, 0, 0), (18, 127, 7), (18, 117 - 11, 7), (1, 0, 0), (16, 0, 2)];
    assert_invalid(&header(&precode, &too_many));
}

#[test]
fn the_last_symbols_of_the_fixed_codes_are_invalid() {
    for symbol in [286, 287] {
        let mut bits = StreamBits::default();
        bits.put(1 | 1 << 1, 3);
        bits.put_code(&FIXED_LITLEN_LENGTHS, 65);
        bits.put_code(&FIXED_LITLEN_LENGTHS, symbol);
        assert_invalid(&bits.into_bytes());
    }
    for distance in [30, 31] {
        let mut bits = StreamBits::default();
        bits.put(1 | 1 << 1, 3);
        bits.put_code(&FIXED_LITLEN_LENGTHS, 65);
        bits.put_code(&FIXED_LITLEN_LENGTHS, 257);
        bits.put_code(&FIXED_DISTANCE_LENGTHS, distance);
        assert_invalid(&bits.into_bytes());
    }
}

#[test]
fn a_distance_beyond_the_start_is_invalid() {
    for distance in [0, 1] {
        let mut bits = StreamBits::default();
        bits.put(1 | 1 << 1, 3);
        bits.put_code(&FIXED_LITLEN_LENGTHS, 65);
        bits.put_code(&FIXED_LITLEN_LENGTHS, 257);
        bits.put_code(&FIXED_DISTANCE_LENGTHS, distance);
        bits.put_code(&FIXED_LITLEN_LENGTHS, END);
        let data = bits.into_bytes();
        if distance == 0 { assert_valid(&data) } else { assert_invalid(&data) }
    }
}

//! A reader of GZIDX for the tests.

use flate2::{Decompress, FlushDecompress};
use gzcc::decoder_parts::{DecodeStatus, DeflateDecoder};

/// Bytes of compressed data that are decoded from a point on.
const DECODED: usize = 20_000;

/// An index.
pub struct Index {
    pub compressed: usize,
    pub content: usize,
    pub points: Vec<Point>,
    pub lines: usize,
}

/// A point of an index.
pub struct Point {
    bit: usize,
    pub content: usize,
    pub lines: usize,
    window: Option<Vec<u8>>,
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

impl Index {
    pub fn parse(index: &[u8]) -> Self {
        assert!(index.starts_with(b"GZIDX\x01\0"));
        let (compressed, content) = (number(&index[7..15]), number(&index[15..23]));
        assert!(number(&index[23..27]) >= 32 << 10 && number(&index[27..31]) == 32 << 10);
        let count = number(&index[31..35]);
        let (table, mut rest) = index[35..].split_at(18 * count);
        let mut points = Vec::new();
        for point in table.chunks(18) {
            let window = (point[17] == 1).then(|| rest.split_off_front(32 << 10));
            let bit = 8 * number(&point[..8]) - usize::from(point[16]);
            points.push(Point { bit, content: number(&point[8..16]), lines: 0, window });
        }
        assert!(rest.starts_with(b"GZCCIDX\x01") && rest.len() == 24 + 12 * count);
        for (point, fields) in points.iter_mut().zip(rest[20..].chunks(12)) {
            point.lines = number(&fields[..8]);
        }
        Self { compressed, content, points, lines: number(&rest[8..16]) }
    }
}

/// Splits bytes off a slice.
trait SplitOff {
    fn split_off_front(&mut self, length: usize) -> Vec<u8>;
}

impl SplitOff for &[u8] {
    fn split_off_front(&mut self, length: usize) -> Vec<u8> {
        let (front, rest) = self.split_at(length);
        *self = rest;
        front.to_vec()
    }
}

impl Point {
    /// The content of some data after the point, up to the end of its member. zlib starts at whole bytes only, so gzcc's own decoder
    /// decodes the rest; its tests compare it with zlib.
    pub fn decode(&self, gz: &[u8]) -> Vec<u8> {
        let data = &gz[self.bit / 8..gz.len().min(self.bit / 8 + DECODED)];
        let window = self.window.as_deref().unwrap_or_default();
        match self.bit % 8 {
            0 => inflate(data, window),
            skip_bits => decode(data, skip_bits as u32, window),
        }
    }
}

fn inflate(data: &[u8], window: &[u8]) -> Vec<u8> {
    let mut decoder = Decompress::new(false);
    decoder.set_dictionary(window).unwrap();
    let mut content = Vec::with_capacity(40 * DECODED);
    let _ = decoder.decompress_vec(data, &mut content, FlushDecompress::None);
    content
}

fn decode(data: &[u8], skip_bits: u32, window: &[u8]) -> Vec<u8> {
    let mut decoder = DeflateDecoder::<u8>::new();
    decoder.restart_at(skip_bits);
    decoder.set_window(window);
    let (mut content, mut consumed, mut length) = (vec![0; 40 * DECODED], 0, 0);
    while let Ok(decoded) = decoder.decode(&data[consumed..], &mut content, length) {
        consumed += decoded.consumed;
        length += decoded.produced;
        if decoded.status != DecodeStatus::BlockEnd {
            break;
        }
    }
    content.truncate(length);
    content
}

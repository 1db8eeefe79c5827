//! The memory of decompression is bounded by the workers, whatever the file.

use std::process::Stdio;

use super::deflate_writer::BlockType;
use super::hostile_members::{blocks, content, flushed, member_of, plain, random_members};
use crate::harness::{Sandbox, repetitions, spawn};
use crate::resources::peak;

/// A member of one block with fixed codes that expands 158 times: a zero, and matches of 258 zeros, 8 of which have 13 bytes.
fn fixed_block(matches: usize) -> Vec<u8> {
    // BFINAL and BTYPE; a zero; the lengths of 258 and the distances of 1, whose code is zeros.
    let mut bits = vec![true, true, false];
    let code = |bits: &mut Vec<bool>, text: &str| bits.extend(text.bytes().map(|bit| bit == b'1'));
    code(&mut bits, "00110000");
    // Five bits more complete the byte after 13 bytes.
    (0..matches).for_each(|_| code(&mut bits, "1100010100000"));
    code(&mut bits, "0000000");
    let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (i, &bit)| byte | u8::from(bit) << i);
    let deflate: Vec<u8> = bits.chunks(8).map(byte).collect();
    let zeros = vec![0; 1 + 258 * matches];
    member_of(&deflate, &zeros)
}

/// Asserts that the run stays within 32 MiB and 16 MiB per worker, until its last mebibyte of content, or the last half of less.
///
/// Some content must be read first: until the new program runs, the kernel reports the memory of the process that started it.
#[track_caller]
fn assert_bounded(what: &str, gz: &[u8], content_length: usize) {
    let t = Sandbox::new();
    t.write("file.gz", gz);
    for jobs in [1, 4] {
        let mut command = t.gzcc(["-dc", "-j", &jobs.to_string(), "file.gz"]).into_command();
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let mut stdout = child.stdout.take().unwrap();
        let most = (content_length - (content_length / 2).min(1 << 20)) as u64;
        let read = std::io::copy(&mut std::io::Read::take(&mut stdout, most), &mut std::io::sink()).unwrap();
        let used = peak(child.id());
        let rest = std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
        assert_eq!((read + rest) as usize, content_length, "{what}, -j{jobs}");
        assert!(child.wait().unwrap().success(), "{what}, -j{jobs}");
        let allowed = (32 + 16 * jobs) << 20;
        assert!(used < allowed, "{what}, -j{jobs}: {} MiB", used >> 20);
    }
}

#[test]
fn files_that_are_hard_to_divide_take_bounded_memory() {
    let times = repetitions(1, 8);
    let text = content(500_000);
    let matches = 400_000 * times;
    assert_bounded("one fixed block", &fixed_block(matches), 1 + 258 * matches);
    // The content of each is far more than the memory that is allowed in the long tier.
    let repeated = |member: Vec<u8>, count: usize| member.repeat(count * times);
    let files = [
        ("fixed blocks", blocks(&text, || (BlockType::Fixed, 5000)), 60),
        ("tiny blocks", flushed(&text[..100_000], 50), 60),
        ("small members", random_members(&text[..200_000], 900, 1), 60),
    ];
    for (what, file, count) in files {
        let length = if what.starts_with("fixed") { text.len() } else { content_length(&file) };
        assert_bounded(what, &repeated(file, count), length * count * times);
    }
    let around = [&plain(b"", 6).repeat(20_000)[..], &plain(&text, 6), &plain(b"", 6).repeat(20_000)].concat();
    assert_bounded("empty members", &around, text.len());
    let bomb = [plain(&text, 6), plain(&vec![0; 64 << 20], 9), plain(&text, 6)].concat();
    assert_bounded("a bomb inside", &bomb, 2 * text.len() + (64 << 20));
}

/// Length of the content according to zlib.
fn content_length(gz: &[u8]) -> usize {
    std::io::copy(&mut flate2::read::MultiGzDecoder::new(gz), &mut std::io::sink()).unwrap() as usize
}

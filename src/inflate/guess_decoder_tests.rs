//! A guess decoder and the inflater of the chunk before it choose the same start, and decode the same.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::inflater::inflater_tests::Steps;
use super::markers::{ResolvedWindow, resolve};
use super::resume_point::Position;
use super::{
    CompressedSource, FilePart, ForeignData, GuessDecoder, GuessStep, Inflater, MemberEnd, ResumePoint, SymbolBudget,
    Trailing,
};
use crate::deflate::Engine;
use crate::sync::jitter::splitmix64;

/// What an inflater decodes of a chunk.
#[derive(Debug)]
struct Chunk {
    start: ResumePoint,
    content: Vec<u8>,
    member_ends: Vec<MemberEnd>,
    /// The start of the next chunk; `None` at the end of the file.
    next: Option<ResumePoint>,
}

/// The file from this offset on.
fn source(file: &[u8], offset: u64) -> impl CompressedSource {
    Steps { rest: &file[offset as usize..], step: usize::MAX }
}

/// Inflates the chunk that starts at `start` and ends at `end`, a byte of the file.
fn inflate(file: &[u8], start: ResumePoint, end: u64) -> Chunk {
    let mut inflater = Inflater::new(Engine::Native);
    inflater.restart(ForeignData::default());
    inflater.restart_at(&start, Some(end));
    let mut source = source(file, start.offset());
    let mut chunk = Chunk { start, content: Vec::new(), member_ends: Vec::new(), next: None };
    loop {
        let FilePart::Content(mut part) = inflater.next(&mut source, Vec::with_capacity(100_000)) else {
            panic!("no BGZF is here");
        };
        let at = chunk.content.len();
        chunk.member_ends.extend(part.member_ends.iter().map(|end| MemberEnd { at: at + end.at, ..*end }));
        chunk.content.append(&mut part.bytes);
        chunk.next = part.next_chunk;
        match part.end {
            None if chunk.next.is_none() => {}
            None | Some(Ok(Trailing::Nothing)) => return chunk,
            Some(end) => panic!("{end:?}"),
        }
    }
}

/// The guess decoder in this chunk, and its last step. `None` if no start is found.
fn guess(file: &[u8], range: Range<u64>) -> Option<(GuessDecoder, GuessStep)> {
    let decoder = GuessDecoder::try_new(Arc::new(SymbolBudget::new(0))).unwrap();
    guess_with(decoder, file, range)
}

/// The same with this decoder.
fn guess_with(mut decoder: GuessDecoder, file: &[u8], range: Range<u64>) -> Option<(GuessDecoder, GuessStep)> {
    let mut source = source(file, GuessDecoder::first_byte(range.start));
    decoder.restart(range);
    let mut step = GuessStep::Continue;
    while step == GuessStep::Continue {
        step = decoder.search(&mut source).unwrap();
    }
    if step == GuessStep::Stopped {
        return None;
    }
    step = GuessStep::Continue;
    while step == GuessStep::Continue {
        step = decoder.decode(&mut source).unwrap();
    }
    Some((decoder, step))
}

/// Asserts that a guess decoder finds the start of the chunk if it is in the range, and that its symbols are the beginning of the
/// chunk's content. Returns whether the symbols contain the end of a member.
#[track_caller]
fn assert_agrees(what: &str, file: &[u8], range: Range<u64>, chunk: &Chunk) -> bool {
    let Some((decoder, step)) = guess(file, range.clone()) else {
        assert!(!range.contains(&chunk.start.offset()), "{what}, {range:?}: {:?} is not found", chunk.start);
        return false;
    };
    assert!(decoder.follows(&chunk.start), "{what}, {range:?}: {:?}, not {:?}", decoder.start(), chunk.start);
    let empty = ResolvedWindow::new(&[]);
    let window = if let ResumePoint::Block(start) = &chunk.start { &start.window } else { &empty };
    let mut content = vec![0; decoder.symbols().len()];
    resolve(decoder.symbols(), window, &mut content).unwrap();
    let ends = |ends: &[MemberEnd]| ends.iter().map(|end| (end.at, end.offset, end.trailer)).collect::<Vec<_>>();
    assert!(chunk.content.starts_with(&content), "{what}, {range:?}");
    assert!(ends(&chunk.member_ends).starts_with(&ends(decoder.member_ends())), "{what}, {range:?}");
    let resumed = decoder.resume_point(window);
    assert_eq!(resumed.position(), decoder.boundary());
    if step == GuessStep::Reached {
        assert_eq!(Some(resumed.position()), chunk.next.as_ref().map(ResumePoint::position), "{what}, {range:?}");
        assert!(content == chunk.content);
    } else {
        // What the inflater decodes from there on is the rest.
        let rest = inflate(file, decoder.resume_point(window), range.end);
        assert!(chunk.content[content.len()..] == rest.content, "{what}, {range:?}: another rest");
    }
    if let (ResumePoint::Block(block), Some(ResumePoint::Block(next))) = (&resumed, &chunk.next) {
        let is_same = block.bit != next.bit || block.window.bytes() == next.window.bytes();
        assert!(is_same, "{what}, {range:?}: another window");
    }
    !decoder.member_ends().is_empty()
}

/// Divides the file into chunks of this length; returns the number of chunks whose symbols contain the end of a member.
#[track_caller]
fn assert_chunks_agree(what: &str, file: &[u8], length: u64) -> usize {
    let (mut start, mut ended) = (ResumePoint::FileStart, 0);
    for first in (0..file.len() as u64).step_by(length as usize) {
        let range = first..(first + length).min(file.len() as u64);
        if first == 0 || start.offset() < range.end {
            let mut chunk = inflate(file, start, range.end);
            ended += usize::from(first > 0 && assert_agrees(what, file, range, &chunk));
            let Some(next) = chunk.next.take() else { break };
            start = next;
        }
    }
    ended
}

fn text(length: usize, seed: u64) -> Vec<u8> {
    let lines = (seed << 32..).map(splitmix64).map(|n| format!("{} of {:x} and {}\n", n % 97, n >> 30, n >> 9 & 1023));
    lines.flat_map(String::into_bytes).take(length).collect()
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| splitmix64(i) as u8).collect()
}

/// A member that is flushed after each `size` bytes.
fn member(content: &[u8], level: u32, size: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    for part in content.chunks(size) {
        encoder.write_all(part).unwrap();
        if part.len() == size {
            encoder.flush().unwrap();
        }
    }
    encoder.finish().unwrap()
}

fn members(content: &[u8], size: usize) -> Vec<u8> {
    content.chunks(size).enumerate().flat_map(|(i, part)| member(part, 1 + i as u32 % 9, usize::MAX)).collect()
}

#[test]
fn a_start_in_a_chunk_is_found_and_decoded_as_by_the_inflater() {
    let content = text(400_000, 1);
    let files = [
        ("one member", member(&content, 6, usize::MAX)),
        ("flushed", member(&content, 6, 10_000)),
        ("stored", member(&noise(400_000), 6, usize::MAX)),
        ("mixed", member(&[text(90_000, 2), noise(150_000), text(60_000, 3)].concat(), 6, usize::MAX)),
        ("large members", members(&content, 150_000)),
        ("members of one block", members(&content, 9000)),
        ("small members", members(&content[..100_000], 300)),
    ];
    for (what, file) in &files {
        let mut ended = 0;
        for length in [5000, 20_000, 33_000] {
            ended += assert_chunks_agree(what, file, length);
        }
        assert!(ended > 0 || !what.contains("members"), "{what}: no guess decoder passes the end of a member");
    }
}

/// A stored block is confirmed by the header after it, which may be beyond the bytes that are in a buffer.
#[test]
fn a_stored_block_at_the_end_of_a_buffer_is_found() {
    let file = member(&noise(1_400_000), 6, usize::MAX);
    for length in [70_000, 190_000, 250_000, 260_000] {
        assert_chunks_agree("stored", &file, length);
    }
}

/// The bytes that the block finder needs before a block may be in the chunk before.
#[test]
fn a_chunk_may_begin_at_every_byte() {
    let full = std::env::var_os("GZCC_TESTS").is_some_and(|tests| tests == "full");
    let content = text(24_000, 4);
    for (what, file) in [
        ("flushed", member(&content, 6, 500)),
        ("members", members(&content, 700)),
        ("stored", member(&noise(20_000), 6, 1000)),
    ] {
        let length = file.len() as u64;
        let mut first = 1;
        while first < length - 100 {
            // The next start, from there on.
            let Some(start) = inflate(&file, ResumePoint::FileStart, first).next else { break };
            let next = start.offset();
            let chunk = inflate(&file, start, length);
            // Every byte near the start, and some of the others.
            let near = next.saturating_sub(12).max(first)..=next;
            let far = (first..next).step_by(if full { 1 } else { 97 });
            for first in far.chain(near).filter(|&first| is_at(first, &chunk.start)) {
                assert_agrees(what, &file, first..length, &chunk);
            }
            first = next + 1;
        }
    }
}

/// Whether a chunk that begins at this byte contains the start: a block may begin before it in the same byte.
fn is_at(first: u64, start: &ResumePoint) -> bool {
    match start.position() {
        Position::Member(offset) => first <= offset,
        Position::Block(bit) => 8 * first <= bit,
    }
}

#[test]
fn a_guess_decoder_does_not_trust_a_header_in_the_content() {
    // The stored blocks contain whole files.
    let inner = members(&text(60_000, 5), 5000);
    let mut outer = GzEncoder::new(Vec::new(), Compression::none());
    outer.write_all(&inner).unwrap();
    let file = outer.finish().unwrap();
    let range = 10_000..file.len() as u64;
    let start = inflate(&file, ResumePoint::FileStart, range.start).next;
    let (decoder, _) = guess(&file, range).unwrap();
    assert!(start.is_none_or(|start| !decoder.follows(&start)));
}

/// A chunk of data that compresses well has more symbols than a decoder has memory for.
#[test]
fn a_guess_decoder_takes_memory_for_more_symbols_from_the_run_and_returns_it() {
    let own = 4 << 20;
    let content: Vec<u8> = text(150_000, 6).repeat(60).into_iter().take(own + (2 << 20)).collect();
    let file = member(&content, 6, 200_000);
    let range = 20_000..file.len() as u64 / 10 * 9;
    let budget = Arc::new(SymbolBudget::new(3));
    let (alone, step) = guess(&file, range.clone()).unwrap();
    assert!(step == GuessStep::Stopped && alone.symbols().len() <= own);
    let decoder = GuessDecoder::try_new(Arc::clone(&budget)).unwrap();
    let (mut decoder, step) = guess_with(decoder, &file, range.clone()).unwrap();
    assert!(step == GuessStep::Reached && decoder.symbols().len() > own);
    assert!(decoder.symbols().starts_with(alone.symbols()));
    assert!(budget.take(), "it takes no more than it needs");
    decoder.shrink();
    let (decoder, step) = guess_with(decoder, &file, range).unwrap();
    assert!(step == GuessStep::Reached && decoder.symbols().len() > own, "after it has returned the memory");
}

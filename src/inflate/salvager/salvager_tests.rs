//! Tests of the salvager on data in memory. `tests/cli/salvage` compares it with another program.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A source that returns at most this many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl CompressedSource for Slow<'_> {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.1).min(self.0.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// What is salvaged of a file.
struct Salvaged {
    content: Vec<u8>,
    losses: Vec<Loss>,
    totals: SalvageTotals,
    is_error: bool,
}

fn salvage(file: &[u8], read: usize, capacity: usize) -> Salvaged {
    let (mut salvager, mut source) = (Salvager::new(b'?'), Slow(file, read));
    let (mut content, mut losses, mut bytes) = (Vec::new(), Vec::new(), Vec::with_capacity(capacity));
    let buffers = |salvager: &Salvager| salvager.input.capacity() + 2 * salvager.held.capacity();
    loop {
        let part = salvager.next(&mut source, bytes);
        assert!(part.bytes.capacity() == capacity && part.verified);
        assert!(buffers(&salvager) < 8 << 20, "the buffers have {} bytes", buffers(&salvager));
        content.extend_from_slice(&part.bytes);
        bytes = part.bytes;
        let report = part.salvage.unwrap();
        losses.extend(report.losses);
        if let Some(end) = part.end {
            let totals = report.totals;
            assert_eq!(totals.losses, losses.len() as u64);
            return Salvaged { content, losses, totals, is_error: end.is_err() };
        }
    }
}

/// Lines with numbers, so that content is found at one place only.
fn text(lines: u32) -> Vec<u8> {
    let line = |i: u32| format!("{i:08} {:08x} GET /{}/{} 200\n", i.wrapping_mul(2_654_435_761), i * i % 97, i % 1009);
    (0..lines).map(line).collect::<String>().into_bytes()
}

fn gzip(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Asserts that `salvaged` ends as `content` does, except for unknown bytes, from the end of the first loss on.
#[track_caller]
fn assert_rest(salvaged: &Salvaged, content: &[u8]) {
    let rest = &salvaged.content[salvaged.losses[0].output as usize..];
    assert!(rest.len() > 1000, "{} bytes follow", rest.len());
    let expected = &content[content.len() - rest.len()..];
    assert!(rest.iter().zip(expected).all(|(&byte, &other)| byte == other || byte == b'?'), "other content follows");
    let unknown = rest.iter().zip(expected).filter(|(byte, other)| byte != other).count() as u64;
    assert!(unknown <= salvaged.totals.unknown && salvaged.totals.unknown < rest.len() as u64);
}

#[test]
fn an_undamaged_file_gives_exactly_its_content() {
    let content = text(20_000);
    let members = [gzip(&content, 6), gzip(b"", 6), gzip(b"short", 1), gzip(&vec![0; 5_000_000], 9), gzip(&content, 0)];
    let whole = [&content[..], b"short", &vec![0; 5_000_000], &content].concat();
    let file = members.concat();
    for (zeros, read, capacity) in [(0, usize::MAX, 640 << 10), (1, 1000, 100_000), (300_000, 65_536, 7000)] {
        let salvaged = salvage(&[&file[..], &vec![0; zeros]].concat(), read, capacity);
        assert!(salvaged.content == whole && salvaged.losses.is_empty() && !salvaged.is_error);
        assert_eq!(salvaged.totals.verified, whole.len() as u64);
    }
}

#[test]
fn a_truncated_file_gives_a_prefix_of_its_content() {
    let content = text(40);
    for level in [0, 6] {
        let first = gzip(b"first", 6);
        let file = [&first[..], &gzip(&content, level)].concat();
        let whole = [b"first", &content[..]].concat();
        for cut in (0..file.len()).step_by(if level == 0 { 11 } else { 1 }).chain([first.len()]) {
            let salvaged = salvage(&file[..cut], usize::MAX, 100_000);
            assert!(whole.starts_with(&salvaged.content), "cut at {cut}");
            let is_whole = cut == first.len();
            assert_eq!(
                salvaged.losses.is_empty(),
                is_whole || salvaged.is_error,
                "cut at {cut}: {:?}",
                salvaged.losses
            );
            assert_eq!(salvaged.is_error, salvaged.content.is_empty(), "cut at {cut}");
        }
    }
}

#[test]
fn content_behind_damage_is_found_and_unknown_bytes_are_marked() {
    let content = text(40_000);
    let file = gzip(&content, 6);
    let middle = file.len() / 2;
    let mut zeroed = file.clone();
    zeroed[middle..middle + 40_000].fill(0);
    let removed = [&file[..middle], &file[middle + 30_000..]].concat();
    for file in [zeroed, removed] {
        let salvaged = salvage(&file, 100_000, 640 << 10);
        assert_eq!(salvaged.losses.len(), 1, "{:?}", salvaged.losses);
        let loss = &salvaged.losses[0];
        let certain = (loss.output - loss.suspect) as usize;
        let same = salvaged.content.iter().zip(&content).take_while(|(a, b)| a == b).count();
        assert!(certain > content.len() / 3 && certain <= same);
        assert!(loss.input.contains(&(middle as u64)));
        assert_rest(&salvaged, &content);
        assert_eq!(salvaged.totals.verified, 0);
    }
}

#[test]
fn members_around_a_damaged_one_are_whole() {
    let content = text(3000);
    let members = [gzip(&content, 6), gzip(&content, 9), gzip(&content, 1)];
    for garbage in [&b"\x1f\x8b\x08\xff"[..], b"", &[0; 5000], b"garbage"] {
        let file = [&members[0], garbage, &members[1][10..2000], &members[2]].concat();
        let salvaged = salvage(&file, 5000, 64 << 10);
        assert!(salvaged.content.starts_with(&content) && salvaged.content.ends_with(&content));
        assert_eq!(salvaged.totals.verified, 2 * content.len() as u64);
        assert!(!salvaged.losses.is_empty());
    }
}

#[test]
fn a_damaged_header_loses_no_content() {
    for content in [text(20_000), text(20), b"a few bytes, with fixed codes".to_vec()] {
        let mut file = gzip(&content, 6);
        file[..10].copy_from_slice(b"0123456789");
        let salvaged = salvage(&file, usize::MAX, 64 << 10);
        assert!(salvaged.content == content);
        assert_eq!(salvaged.totals.verified, content.len() as u64);
        assert_eq!((salvaged.losses.len(), salvaged.losses[0].input.clone()), (1, 0..10));
    }
}

#[test]
fn a_download_that_began_again_gives_the_whole_file() {
    let content = text(20_000);
    for level in [0, 6] {
        let file = gzip(&content, level);
        let salvaged = salvage(&[&file[..file.len() / 2], &file].concat(), usize::MAX, 64 << 10);
        assert!(salvaged.content.ends_with(&content));
        assert_eq!(salvaged.totals.verified, content.len() as u64);
    }
}

#[test]
fn content_that_does_not_match_its_crc_is_reported() {
    let content = text(100);
    let mut file = gzip(&content, 6);
    let trailer = file.len() - 8;
    file[trailer] ^= 1;
    let salvaged = salvage(&file, usize::MAX, 64 << 10);
    assert!(salvaged.content == content && salvaged.totals.verified == 0);
    let length = content.len() as u64;
    assert!(matches!(salvaged.losses[..], [Loss { damage: Damage::Crc { .. }, suspect, .. }] if suspect == length));
}

#[test]
fn nothing_is_salvaged_of_data_that_was_never_gzip() {
    let noise: Vec<u8> = (0..1_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for file in [&b""[..], b"x", b"\x1f\x8b", &text(10_000), &noise, &[0; 100_000]] {
        let salvaged = salvage(file, usize::MAX, 64 << 10);
        assert!(salvaged.is_error && salvaged.content.is_empty());
    }
}

#[test]
fn zeros_in_place_of_data_are_no_content() {
    let content = text(40_000);
    let file = gzip(&content, 6);
    let middle = file.len() / 2;
    let holes = [
        [&file[..middle], &[0; 2_000_000]].concat(),
        [&file[..middle], &[0; 40]].concat(),
        [&file[..middle], &[0; 400_000], &file[middle..]].concat(),
    ];
    for (i, file) in holes.iter().enumerate() {
        let salvaged = salvage(file, 50_000, 64 << 10);
        let loss = &salvaged.losses[0];
        let same = salvaged.content.iter().zip(&content).take_while(|(a, b)| a == b).count();
        assert!(loss.output as usize - same < 100 && same > content.len() / 3, "{same}: {loss:?}");
        assert_eq!(matches!(loss.damage, Damage::Truncated(_)), i == 1, "{loss:?}");
    }
    assert_rest(&salvage(&holes[2], 50_000, 64 << 10), &content);
}

#[test]
fn zeros_in_a_whole_file_are_data() {
    // Of one byte many times, nearly all compressed bytes are zeros. The end of an empty member is zeros, too.
    let content = vec![b'a'; 5_000_000];
    let file = gzip(&content, 9);
    assert!(file.windows(1000).any(|bytes| bytes == [0; 1000]));
    let whole = [file, gzip(b"", 9), vec![0; 100]].concat();
    for read in [usize::MAX, 1] {
        let salvaged = salvage(&whole, read, 1 << 20);
        assert!(salvaged.losses.is_empty() && salvaged.content == content);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_damage_gives_losses_in_the_file_and_in_the_content(
        level in 0..10_u32,
        damages in vec((0..4_u8, any::<Index>(), vec(any::<u8>(), 0..600)), 1..4),
        read in 1..5000_usize,
    ) {
        let mut file = [gzip(&text(1500), level), gzip(&text(40), 6)].concat();
        for (kind, at, bytes) in damages {
            let at = at.index(file.len());
            let end = file.len().min(at + bytes.len());
            match kind {
                0 => file[at..end].copy_from_slice(&bytes[..end - at]),
                1 => drop(file.drain(at..end)),
                2 => drop(file.splice(at..at, bytes)),
                _ => file[at..end].fill(0),
            }
        }
        let salvaged = salvage(&file, read, 10_000);
        let length = salvaged.content.len() as u64;
        for loss in &salvaged.losses {
            let is_in_file = loss.input.start <= loss.input.end && loss.input.end <= file.len() as u64;
            prop_assert!(is_in_file && loss.suspect <= loss.output && loss.output + loss.unknown <= length, "{loss:?}");
        }
        let unknown: u64 = salvaged.losses.iter().map(|loss| loss.unknown).sum();
        prop_assert!(unknown == salvaged.totals.unknown && salvaged.totals.verified <= length);
    }
}

#[test]
fn one_large_block_with_damage_stays_within_the_buffers() {
    // A block of fixed codes that expands to 400 MB, and then one that is invalid.
    let zeros = gzip(&vec![0; 40_000_000], 9);
    let file = [&zeros[..zeros.len() - 8], &[0xff; 30_000]].concat();
    let salvaged = salvage(&file, usize::MAX, 640 << 10);
    assert!(salvaged.content.len() >= 30_000_000 && !salvaged.losses.is_empty());
}

#[test]
fn the_work_for_false_final_blocks_is_bounded() {
    // Headers of final stored blocks with as much content as possible, which no member or end follows.
    let file = [&gzip(&text(1000), 6)[..2000], &[1, 0xff, 0xff, 0, 0].repeat(100_000)].concat();
    let (mut salvager, mut source) = (Salvager::new(b'?'), Slow(&file, usize::MAX));
    while salvager.next(&mut source, Vec::with_capacity(1 << 20)).end.is_none() {}
    let sections = file.len() as u64 / (128 * 1024) + 1;
    let decoded = salvager.search.decoded();
    assert!(decoded >= 16 << 20 && decoded <= sections * (17 << 20), "{decoded} symbols were decoded");
}

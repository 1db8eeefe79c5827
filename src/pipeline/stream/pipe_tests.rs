//! Tests of pipes that are inflated in chunks: the content and the outcome do not depend on the number of workers, or on how the
//! data arrives, and content is written before the data after it arrives.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use rustix::fs::{CWD, Mode, mkfifoat};

use super::chunk_tests::{ChunkWorkers, RIGHT_GUESSES, RUNS, files, gunzip, gzip, hold_chunk_tests, inflate, text};
use crate::settings::{Destination, OverwritePolicy, Settings};
use crate::sync::jitter::splitmix64;

/// The content that a run decompresses from a pipe, and its outcomes. The data arrives in pieces of up to `largest` bytes.
fn inflate_pipe(bytes: &[u8], largest: usize, workers: ChunkWorkers) -> (Option<Vec<u8>>, String) {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo");
    mkfifoat(CWD, &fifo, Mode::RWXU).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = File::options().write(true).open(&fifo).unwrap();
            let (mut rest, mut seed) = (bytes, 1);
            while !rest.is_empty() {
                seed = splitmix64(seed);
                let (piece, after) = rest.split_at(rest.len().min(1 + seed as usize % largest));
                // The reader may have stopped at damage, or at trailing garbage.
                if writer.write_all(piece).is_err() {
                    return;
                }
                rest = after;
            }
        });
        let (content, outcomes) = inflate(&fifo, workers);
        (content, outcomes.replace(directory.path().to_str().unwrap(), ""))
    })
}

#[test]
fn a_pipe_has_the_content_of_a_file_however_its_data_arrives() {
    let _held = hold_chunk_tests();
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed);
    for (name, bytes) in files() {
        let expected = gunzip(&bytes);
        for (length, largest) in [(64, 3000), (1000, 100_000), (20_000, 500), (20_000, 1 << 20)] {
            for workers in RUNS.map(|workers| workers.chunks(length)) {
                let (content, outcomes) = inflate_pipe(&bytes, largest, workers);
                assert!(content.as_ref() == Some(&expected), "{name}, {workers:?}: {outcomes}");
            }
        }
    }
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed) - guesses;
    assert!(guesses > 5, "only {guesses} chunks were decoded before their start was known");
}

#[test]
fn a_pipe_may_deliver_single_bytes() {
    let _held = hold_chunk_tests();
    let bytes = gzip(&text(40_000, 2), 6);
    let workers = ChunkWorkers::threads(3);
    for workers in [workers.chunks(64), workers.chunks(1000), workers] {
        let (content, outcomes) = inflate_pipe(&bytes, 1, workers);
        assert!(content == Some(gunzip(&bytes)), "{workers:?}: {outcomes}");
    }
}

#[test]
fn a_damaged_pipe_has_the_same_outcome_at_every_number_of_workers() {
    let _held = hold_chunk_tests();
    for (name, bytes) in files() {
        for seed in 0..6 {
            let mut damaged = bytes.clone();
            let at = splitmix64(seed) as usize % damaged.len();
            match seed % 3 {
                0 => damaged[at] ^= 1 << (seed % 8),
                1 => damaged.truncate(at),
                _ => damaged.splice(at..at, *b"garbage").for_each(drop),
            }
            let expected = inflate_pipe(&damaged, 1 << 20, ChunkWorkers::threads(1));
            for (length, largest, jobs) in [(64, 5000, 2), (5000, 1 << 20, 1), (5000, 700, 3), (30_000, 1 << 20, 8)] {
                let found = inflate_pipe(&damaged, largest, ChunkWorkers::threads(jobs).chunks(length));
                let case = format!("{name}, damage {seed}, chunks of {length}, {jobs} workers");
                assert!(found == expected, "{case}: {} instead of {}", found.1, expected.1);
            }
        }
    }
}

/// All content that the start of a file determines.
fn content_of_start(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut decoder = MultiGzDecoder::new(bytes);
    // It fails where the data ends.
    let mut byte = [0];
    while let Ok(1) = decoder.read(&mut byte) {
        content.push(byte[0]);
    }
    content
}

/// Decompresses from one FIFO to another. The rest of the data after each of `cuts` is written only after the content before it
/// has been read.
fn converse(bytes: &[u8], cuts: &[usize], workers: ChunkWorkers, directory: &Path) {
    let (from, to) = (directory.join("from"), directory.join("to"));
    let settings = Settings {
        inputs: vec![from.clone().into()],
        destination: Destination::File(to.clone()),
        overwrite: OverwritePolicy::Replace,
        ..workers.settings()
    };
    thread::spawn(move || crate::decompress(&settings, &()).unwrap());
    let mut writer = File::options().write(true).open(from).unwrap();
    let mut reader = File::open(to).unwrap();
    let (mut written, mut read) = (0, 0);
    for &cut in cuts {
        writer.write_all(&bytes[written..cut]).unwrap();
        let content = content_of_start(&bytes[..cut]);
        let mut found = vec![0; content.len() - read];
        reader.read_exact(&mut found).unwrap();
        assert!(found == content[read..]);
        (written, read) = (cut, content.len());
    }
    writer.write_all(&bytes[written..]).unwrap();
    drop(writer);
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!(rest == gunzip(bytes)[read..]);
}

/// Asserts that a run from one FIFO to another ends, although the rest of the data is held back.
fn assert_converses(bytes: &[u8], cuts: &[usize], workers: ChunkWorkers) {
    let (sender, receiver) = mpsc::channel();
    let (bytes, cuts) = (bytes.to_vec(), cuts.to_vec());
    thread::spawn(move || {
        let directory = tempfile::tempdir().unwrap();
        for name in ["from", "to"] {
            mkfifoat(CWD, directory.path().join(name), Mode::RWXU).unwrap();
        }
        converse(&bytes, &cuts, workers, directory.path());
        sender.send(())
    });
    assert!(receiver.recv_timeout(Duration::from_secs(120)).is_ok(), "{workers:?}: the content waits for more data");
}

/// Members that state their size.
fn bgzf(content: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    for block in content.chunks(60_000) {
        let member = gzip(block, 6);
        let size = (member.len() + 8 - 1) as u16;
        bytes.extend([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0]);
        bytes.extend(size.to_le_bytes());
        bytes.extend(&member[10..]);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

#[test]
fn bgzf_blocks_are_written_before_the_data_after_them_arrives() {
    let (bytes, ends) = bgzf(&text(400_000, 5));
    // A block is known to be complete when the start of the next one has arrived. It is written as a whole.
    let cuts = [ends[0] + 2, ends[2] + 2, ends[2] + 10, ends[3] + 20];
    for jobs in [1, 2, 8] {
        assert_converses(&bytes, &cuts, ChunkWorkers::threads(jobs));
    }
}

#[test]
fn content_is_written_before_the_data_after_it_arrives() {
    let _held = hold_chunk_tests();
    let member = gzip(&text(200_000, 3), 6);
    let two = [&member[..], &gzip(&text(50_000, 4), 1)].concat();
    // In the data, at the end of a block's data or nearly so, in the trailer, at a member's end, and in the next header.
    let cuts =
        [1000, 1001, 30_000, member.len() - 9, member.len() - 3, member.len(), member.len() + 5, two.len() - 100];
    let usual = [1, 2].map(ChunkWorkers::threads);
    let short = [(1000, 2), (20_000, 3), (64, 8)].map(|(length, jobs)| ChunkWorkers::threads(jobs).chunks(length));
    for workers in usual.into_iter().chain(short) {
        assert_converses(&two, &cuts, workers);
    }
}

//! Tests of files that are inflated in chunks: at every length of the chunks and number of workers, the content is the same as
//! that of another decoder, and so is the outcome.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::observer::{Ended, Observer};
use crate::outcome::Outcome;
use crate::settings::{Destination, OverwritePolicy, Scheduler, Settings};
use crate::sync::jitter::splitmix64;
use crate::sync::lock;

/// Length of the chunks in these tests; 0 is the usual length.
pub(super) static CHUNK_LENGTH: AtomicU64 = AtomicU64::new(0);

/// Number of chunks whose start was guessed right.
pub(super) static RIGHT_GUESSES: AtomicU64 = AtomicU64::new(0);

/// Held while [`CHUNK_LENGTH`] is set.
static CHUNK_LENGTH_IN_USE: Mutex<()> = Mutex::new(());

/// Sets the length of the chunks until it is dropped. It is held by one test at a time: another one that delays workers or sets
/// another length would take far longer.
pub(in crate::pipeline) struct ChunkLength(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl ChunkLength {
    pub(in crate::pipeline) fn hold() -> Self {
        Self(lock(&CHUNK_LENGTH_IN_USE))
    }

    pub(in crate::pipeline) fn set(&self, length: u64) {
        CHUNK_LENGTH.store(length, Ordering::Relaxed);
    }
}

impl Drop for ChunkLength {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Keeps the outcome of the only input.
#[derive(Default)]
struct OnlyOutcome(Mutex<Vec<Outcome>>);

impl Observer for OnlyOutcome {
    fn ended(&self, event: Ended) {
        lock(&self.0).push(event.outcome);
    }
}

/// The content that a run decompresses from the file, and its outcomes.
pub(super) fn inflate(file: &Path, jobs: usize, scheduler: Scheduler) -> (Option<Vec<u8>>, String) {
    run(file, Settings { jobs: jobs.try_into().unwrap(), scheduler, ..Settings::default() })
}

/// The same with other settings.
fn run(file: &Path, settings: Settings) -> (Option<Vec<u8>>, String) {
    let output = file.with_extension("output");
    let settings = Settings {
        inputs: vec![file.into()],
        destination: Destination::File(output.clone()),
        overwrite: OverwritePolicy::Replace,
        ..settings
    };
    let observer = OnlyOutcome::default();
    crate::decompress(&settings, &observer).unwrap();
    let outcomes = lock(&observer.0).iter().map(|outcome| format!("{outcome:?}")).collect();
    let content = fs::read(&output).ok();
    let _ = fs::remove_file(output);
    (content, outcomes)
}

/// Lines that compress to about a third, with repetitions at all distances.
pub(super) fn text(length: usize, seed: u64) -> Vec<u8> {
    let lines = (0..).map(|i| {
        let n = splitmix64(seed << 32 | i);
        format!("{} {:x} the {} of {}\n", i / 7, n % 65_537, ["cat", "window", "block"][(n >> 20) as usize % 3], n % 97)
    });
    lines.flat_map(String::into_bytes).take(length).collect()
}

pub(super) fn gzip(content: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn own(content: &[u8], level: u8) -> Vec<u8> {
    let mut encoder = crate::Encoder::with_options(Vec::new(), &crate::EncoderOptions::default().level(level)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The content, by another decoder. It takes zeros after the last member for an error.
pub(super) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let read = MultiGzDecoder::new(bytes).read_to_end(&mut content);
    assert!(read.is_ok() || bytes.ends_with(&[0; 5000]), "{read:?}");
    content
}

fn write(directory: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("file.gz");
    fs::write(&path, bytes).unwrap();
    path
}

/// Valid files of many kinds, each long enough for several workers at the usual length of chunks.
pub(super) fn files() -> Vec<(&'static str, Vec<u8>)> {
    let content = text(600_000, 1);
    // The stored blocks contain what looks like blocks.
    let nested = gzip(&gzip(&content, 6), 0);
    let members = |length| -> Vec<u8> {
        content.chunks(length).enumerate().flat_map(|(i, part)| gzip(part, i as u32 % 10)).collect()
    };
    vec![
        ("level 1", gzip(&content, 1)),
        ("level 6", gzip(&content, 6)),
        ("level 9", gzip(&content, 9)),
        ("own level 1", own(&content, 1)),
        ("own level 9", own(&content, 9)),
        ("stored", gzip(&content, 0)),
        ("nested", nested),
        ("large members", members(150_000)),
        ("members", members(30_000)),
        ("small members", members(500)),
        ("zeros", gzip(&vec![0; 3_000_000], 6)),
        ("trailing zeros", [gzip(&content, 6), vec![0; 5000]].concat()),
    ]
}

#[test]
fn the_content_is_the_same_at_every_length_of_chunks() {
    let chunk = ChunkLength::hold();
    let directory = tempfile::tempdir().unwrap();
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed);
    for (name, bytes) in files() {
        let expected = gunzip(&bytes);
        let file = write(&directory, &bytes);
        for length in [64, 1000, 4096, 20_000, 100_000] {
            chunk.set(length);
            for (jobs, scheduler) in
                [(1, Scheduler::Threads), (2, Scheduler::Threads), (3, Scheduler::Rayon), (8, Scheduler::Threads)]
            {
                let (content, outcomes) = inflate(&file, jobs, scheduler);
                assert!(content.as_ref() == Some(&expected), "{name}, chunks of {length}, {jobs} workers: {outcomes}");
            }
        }
    }
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed) - guesses;
    assert!(guesses > 5, "only {guesses} chunks were decoded before their start was known");
}

/// Workers share the memory for guesses. Without any, they inflate the chunks one after the other.
#[test]
fn a_limit_of_memory_does_not_change_the_content() {
    let chunk = ChunkLength::hold();
    let directory = tempfile::tempdir().unwrap();
    let content = text(400_000, 3);
    let file = write(&directory, &gzip(&content, 6));
    chunk.set(10_000);
    for memory in [30 << 20, 40 << 20, 55 << 20, 70 << 20] {
        let settings = Settings { jobs: 4.try_into().unwrap(), memory: Some(memory), ..Settings::default() };
        let (found, outcomes) = run(&file, settings);
        assert!(found.as_ref() == Some(&content), "{memory} bytes: {outcomes}");
    }
}

#[test]
fn a_chunk_may_end_at_every_byte() {
    let chunk = ChunkLength::hold();
    let directory = tempfile::tempdir().unwrap();
    let bytes = gzip(&text(60_000, 2), 6);
    let expected = gunzip(&bytes);
    let file = write(&directory, &bytes);
    for length in (64..bytes.len() as u64).step_by(97) {
        chunk.set(length);
        let (content, outcomes) = inflate(&file, 2, Scheduler::Threads);
        assert!(content.as_ref() == Some(&expected), "chunks of {length}: {outcomes}");
    }
}

#[test]
fn damage_has_the_same_outcome_at_every_number_of_workers() {
    let chunk = ChunkLength::hold();
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files() {
        for seed in 0..12 {
            let mut damaged = bytes.clone();
            let at = splitmix64(seed) as usize % damaged.len();
            match seed % 3 {
                0 => damaged[at] ^= 1 << (seed % 8),
                1 => damaged.truncate(at),
                _ => damaged[at..].iter_mut().take(9).for_each(|byte| *byte = 0x55),
            }
            let file = write(&directory, &damaged);
            chunk.set(0);
            let expected = inflate(&file, 1, Scheduler::Threads);
            for (length, jobs) in [(64, 2), (5000, 1), (5000, 2), (30_000, 3)] {
                chunk.set(length);
                let found = inflate(&file, jobs, Scheduler::Threads);
                assert!(found == expected, "{name}, damage {seed}, chunks of {length}, {jobs} workers: {found:?}");
            }
        }
    }
}

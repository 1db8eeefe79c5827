//! Tests of files that are inflated in chunks: at every length of the chunks and number of workers, the content is the same as
//! that of another decoder, and so is the outcome.

use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU64;
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

/// Number of chunks whose start was guessed right.
pub(super) static RIGHT_GUESSES: AtomicU64 = AtomicU64::new(0);

/// Held by one test of many small chunks at a time. The delays of the stress test would slow down all of them.
pub(in crate::pipeline) fn hold_chunk_tests() -> MutexGuard<'static, ()> {
    static CHUNK_TESTS: Mutex<()> = Mutex::new(());
    lock(&CHUNK_TESTS)
}

/// The workers of a run, and the length of its chunks. `None` is the usual length.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkWorkers {
    pub(super) jobs: usize,
    pub(super) scheduler: Scheduler,
    pub(super) chunk_length: Option<u64>,
}

impl ChunkWorkers {
    /// This many threads.
    pub(super) const fn threads(jobs: usize) -> Self {
        Self { jobs, scheduler: Scheduler::Threads, chunk_length: None }
    }

    pub(super) const fn rayon(jobs: usize) -> Self {
        Self { jobs, scheduler: Scheduler::Rayon, chunk_length: None }
    }

    pub(super) const fn chunks(self, length: u64) -> Self {
        Self { chunk_length: Some(length), ..self }
    }

    pub(super) fn settings(self) -> Settings {
        Settings {
            jobs: self.jobs.try_into().unwrap(),
            scheduler: self.scheduler,
            chunk_length: self.chunk_length.and_then(NonZeroU64::new),
            ..Settings::default()
        }
    }
}

/// The workers of most tests, with chunks of the usual length.
pub(super) const RUNS: [ChunkWorkers; 4] =
    [ChunkWorkers::threads(1), ChunkWorkers::threads(2), ChunkWorkers::rayon(3), ChunkWorkers::threads(8)];

/// Keeps the outcome of the only input.
#[derive(Default)]
struct OnlyOutcome(Mutex<Vec<Outcome>>);

impl Observer for OnlyOutcome {
    fn ended(&self, event: Ended) {
        lock(&self.0).push(event.outcome);
    }
}

/// The content that a run decompresses from the file, and its outcomes.
pub(super) fn inflate(file: &Path, workers: ChunkWorkers) -> (Option<Vec<u8>>, String) {
    run(file, workers.settings())
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
    let _held = hold_chunk_tests();
    let directory = tempfile::tempdir().unwrap();
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed);
    for (name, bytes) in files() {
        let expected = gunzip(&bytes);
        let file = write(&directory, &bytes);
        for length in [64, 1000, 4096, 20_000, 100_000] {
            for workers in RUNS.map(|workers| workers.chunks(length)) {
                let (content, outcomes) = inflate(&file, workers);
                assert!(content.as_ref() == Some(&expected), "{name}, {workers:?}: {outcomes}");
            }
        }
    }
    let guesses = RIGHT_GUESSES.load(Ordering::Relaxed) - guesses;
    assert!(guesses > 5, "only {guesses} chunks were decoded before their start was known");
}

/// ChunkWorkers share the memory for guesses. Without any, they inflate the chunks one after the other.
#[test]
fn a_limit_of_memory_does_not_change_the_content() {
    let _held = hold_chunk_tests();
    let directory = tempfile::tempdir().unwrap();
    let content = text(400_000, 3);
    let file = write(&directory, &gzip(&content, 6));
    for memory in [30 << 20, 40 << 20, 55 << 20, 70 << 20] {
        let settings = Settings { memory: Some(memory), ..ChunkWorkers::threads(4).chunks(10_000).settings() };
        let (found, outcomes) = run(&file, settings);
        assert!(found.as_ref() == Some(&content), "{memory} bytes: {outcomes}");
    }
}

#[test]
fn a_chunk_may_end_at_every_byte() {
    let _held = hold_chunk_tests();
    let directory = tempfile::tempdir().unwrap();
    let bytes = gzip(&text(60_000, 2), 6);
    let expected = gunzip(&bytes);
    let file = write(&directory, &bytes);
    for length in (64..bytes.len() as u64).step_by(97) {
        let (content, outcomes) = inflate(&file, ChunkWorkers::threads(2).chunks(length));
        assert!(content.as_ref() == Some(&expected), "chunks of {length}: {outcomes}");
    }
}

#[test]
fn damage_has_the_same_outcome_at_every_number_of_workers() {
    let _held = hold_chunk_tests();
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
            let expected = inflate(&file, ChunkWorkers::threads(1));
            for (length, jobs) in [(64, 2), (5000, 1), (5000, 2), (30_000, 3)] {
                let found = inflate(&file, ChunkWorkers::threads(jobs).chunks(length));
                assert!(found == expected, "{name}, damage {seed}, chunks of {length}, {jobs} workers: {found:?}");
            }
        }
    }
}

//! Stress test of the schedulers: runs in which each worker is delayed by random times, at every lock and wherever workers
//! exchange work. Each run must end, write the same bytes as one worker, and record one outcome for each input.
//!
//! 100 runs; 1,000 with `GZCC_TESTS=full`.

mod cases;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use self::cases::{StressCase, cases};
use crate::deflate::{self, BlockCompressor, Window};
use crate::encoder::{Encoder, EncoderOptions};
use crate::observer::{Ended, Observer};
use crate::outcome::Outcome;
use crate::pipeline::job::Jobs;
use crate::pipeline::outcome_queue::OutcomeQueue;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler;
use crate::pipeline::stream::chunk_tests::hold_chunk_tests;
use crate::settings::{Mode, Scheduler, Settings};
use crate::sync::{jitter, lock, yield_point};
use crate::tally::Tally;

/// A run that takes longer is considered to hang. Far longer than any run takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The engine panics on a block that begins with these bytes.
const PANIC: &[u8] = b"here is where the worker panics\n";

/// Bytes written to a pipe or an encoder at a time.
const WRITE_SIZE: usize = 20_000;

/// Number of integers of 4 bytes that are written to the encoder: several blocks.
const ENCODED_INTEGERS: usize = 500_000;

/// The results of a run.
#[derive(Clone, PartialEq, Eq)]
struct StressResult {
    tally: Tally,
    /// All outcomes; in the order of the inputs when testing, otherwise sorted.
    outcomes: Vec<String>,
    /// The files that the run created, with their content.
    outputs: BTreeMap<PathBuf, Vec<u8>>,
    /// The bytes written to the pipe, if there is one.
    piped: Vec<u8>,
}

/// An engine that panics on certain blocks.
struct PanickingEngine(Box<dyn BlockCompressor>);

impl BlockCompressor for PanickingEngine {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        assert!(!window.bytes(block.clone()).starts_with(PANIC), "this panic is part of the test");
        self.0.compress(window, block, last, out);
    }
}

#[test]
fn a_run_with_random_delays_ends_with_the_results_of_one_worker() {
    let runs = if std::env::var_os("GZCC_TESTS").is_some_and(|tests| tests == "full") { 1000 } else { 100 };
    let _held = hold_chunk_tests();
    let directory = tempfile::tempdir().unwrap();
    let cases = cases(directory.path());
    let expected: Vec<StressResult> = cases.iter().map(by_one_worker).collect();
    let content = Arc::new((0..ENCODED_INTEGERS as u32).flat_map(|i| (i / 3).to_le_bytes()).collect::<Vec<_>>());
    let expected_encoding = encode(&content, 1, Scheduler::Threads).expect("one worker ends");
    for run in 1..=runs {
        let random = jitter::splitmix64(run);
        let (case, expected) = (&cases[run as usize % cases.len()], &expected[run as usize % cases.len()]);
        let jobs = 2 + random as usize % 4;
        let scheduler = if random >> 8 & 1 == 0 { Scheduler::Threads } else { Scheduler::Rayon };
        let shown = format!("run {run}, {}, {scheduler:?}, -j{jobs}", case.name);
        jitter::start(run);
        let result = run_case(case, jobs, scheduler).unwrap_or_else(|| panic!("{shown}: it does not end"));
        jitter::start(0);
        assert_eq!(result.outcomes, expected.outcomes, "{shown}");
        assert_eq!(result.tally, expected.tally, "{shown}");
        assert!(result.outputs.keys().eq(expected.outputs.keys()), "{shown}: created {:?}", result.outputs.keys());
        for (name, bytes) in &result.outputs {
            assert!(*bytes == expected.outputs[name], "{shown}: {} has other content", name.display());
        }
        assert!(result.piped == expected.piped, "{shown}: other bytes were written to the pipe");
        jitter::start(run);
        let encoding = encode(&content, jobs, scheduler).unwrap_or_else(|| panic!("{shown}: the encoder does not end"));
        jitter::start(0);
        assert!(encoding == expected_encoding, "{shown}: the encoder writes other bytes");
    }
    assert!(jitter::delays() > runs * 10, "workers were delayed only {} times", jitter::delays());
}

/// The results of one worker without delays, which all other runs must equal. Checks them against the case.
fn by_one_worker(case: &StressCase) -> StressResult {
    let result = run_case(case, 1, Scheduler::Threads).expect("one worker ends");
    let Tally { done, failed, .. } = result.tally;
    assert_eq!((done, failed), (case.done, case.failed), "{}: {:#?}", case.name, result.outcomes);
    assert_eq!(result.tally.is_clean(), case.done == case.settings.inputs.len() as u64);
    for input in &case.settings.inputs {
        let prefix = format!("{}: ", Path::new(input).display());
        let count = result.outcomes.iter().filter(|line| line.starts_with(&prefix)).count();
        assert_eq!(count, 1, "{}: {prefix} in {:#?}", case.name, result.outcomes);
    }
    result
}

/// Runs a case; `None` if it does not end.
fn run_case(case: &StressCase, jobs: usize, scheduler: Scheduler) -> Option<StressResult> {
    let settings = Settings { jobs: jobs.try_into().unwrap(), scheduler, ..case.settings.clone() };
    let feeder = case.feed.clone().map(|(pipe, content)| thread::spawn(move || feed(&pipe, &content)));
    let drainer = case.drain.clone().map(|(pipe, limit)| thread::spawn(move || drain(&pipe, limit)));
    let (sender, receiver) = mpsc::channel();
    // A thread that hangs cannot be ended, so no thread is joined before the run has ended.
    thread::spawn(move || sender.send(run(settings)));
    let (tally, mut outcomes) = receiver.recv_timeout(TIMEOUT).ok()?;
    feeder.into_iter().for_each(|feeder| feeder.join().unwrap());
    let piped = drainer.map_or(Vec::new(), |drainer| drainer.join().unwrap());
    if case.settings.mode != Mode::Test {
        outcomes.sort();
    }
    let mut outputs = BTreeMap::new();
    for entry in fs::read_dir(&case.directory).unwrap() {
        let path = entry.unwrap().path();
        if !case.existing.contains(&path) {
            outputs.insert(path.clone(), fs::read(&path).unwrap());
            fs::remove_file(path).unwrap();
        }
    }
    Some(StressResult { tally, outcomes, outputs, piped })
}

/// The output of the library's encoder for `content` in small writes and with flushes; `None` if it does not end.
fn encode(content: &Arc<Vec<u8>>, jobs: usize, scheduler: Scheduler) -> Option<Vec<u8>> {
    let options = EncoderOptions::default().workers(jobs).scheduler(scheduler).level(1);
    let content = Arc::clone(content);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut encoder = Encoder::with_options(Vec::new(), &options).unwrap();
        for (i, bytes) in content.chunks(WRITE_SIZE).enumerate() {
            encoder.write_all(bytes).unwrap();
            if i % 16 == 15 {
                encoder.flush().unwrap();
            }
        }
        sender.send(encoder.finish().unwrap())
    });
    receiver.recv_timeout(TIMEOUT).ok()
}

fn run(settings: Settings) -> (Tally, Vec<String>) {
    let observer =
        Arc::new(Recorder { queue: (settings.mode == Mode::Test).then(Default::default), ..Default::default() });
    let outcomes = Outcomes::new(Arc::clone(&observer) as Arc<dyn Observer>);
    let jobs = Jobs::new(Arc::new(settings.clone())).unwrap();
    let engine: deflate::NewCompressor = |kind, level| Box::new(PanickingEngine(deflate::new_compressor(kind, level)));
    scheduler::run(&settings.for_streams(), &jobs, &outcomes, engine).unwrap();
    observer.finish();
    let recorded = lock(&observer.recorded).clone();
    (outcomes.tally(), recorded)
}

/// Records a line for each outcome; in the order of the inputs when testing.
#[derive(Default)]
struct Recorder {
    queue: Option<OutcomeQueue>,
    recorded: Mutex<Vec<String>>,
}

impl Recorder {
    fn record(&self, event: Ended) {
        lock(&self.recorded).push(match &event.outcome {
            Outcome::Failed(error) => format!("{}: {error}", event.name.display()),
            outcome => format!("{}: {outcome:?}", event.name.display()),
        });
    }

    fn finish(&self) {
        self.queue.iter().for_each(|queue| queue.dissolve(|event| self.record(event)));
    }
}

impl Observer for Recorder {
    fn before_input(&self) {
        self.queue.iter().for_each(OutcomeQueue::wait_for_space);
    }

    fn ended(&self, event: Ended) {
        match (&self.queue, event.position) {
            (Some(queue), Some(position)) => queue.put(position, event, |event| self.record(event)),
            _ => self.record(event),
        }
    }
}

/// Writes `content` in small writes, some of them delayed.
fn feed(pipe: &Path, content: &[u8]) {
    let mut pipe = fs::File::options().write(true).open(pipe).unwrap();
    for bytes in content.chunks(WRITE_SIZE) {
        yield_point();
        // The reader may have closed the pipe after an error.
        if pipe.write_all(bytes).is_err() {
            break;
        }
    }
}

/// Reads to the end, or up to `limit` bytes.
fn drain(pipe: &Path, limit: Option<u64>) -> Vec<u8> {
    let mut drained = Vec::new();
    fs::File::open(pipe).unwrap().take(limit.unwrap_or(u64::MAX)).read_to_end(&mut drained).unwrap();
    drained
}

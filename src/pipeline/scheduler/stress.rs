//! The hand-over of blocks under stress: runs in which everybody is held up for a random while at every lock and
//! wherever work changes hands, each of which must end, write what one worker writes, and tell of every input once.
//!
//! 200 runs; 1,000 with `GZCC_TESTS=full`.

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
use crate::observer::{Ended as Event, Observer};
use crate::outcome::Outcome;
use crate::pipeline::job::Jobs;
use crate::pipeline::outcome_queue::OutcomeQueue;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler;
use crate::settings::{Mode, Scheduler, Settings};
use crate::sync::{jitter, lock, yield_point};
use crate::tally::Tally;

/// Longer than any run takes on a busy machine, by far.
const PATIENCE: Duration = Duration::from_secs(60);

/// A block that begins with this makes the engine panic.
const PANIC: &[u8] = b"here is where the worker panics\n";

/// Bytes that go into a pipe at a time.
const SIP: usize = 20_000;

/// Numbers of 4 bytes that are written to the library's encoder: some blocks.
const WRITTEN: usize = 500_000;

/// What a run came to.
#[derive(Clone, PartialEq, Eq)]
struct Ended {
    tally: Tally,
    /// Every outcome; in the order in which they were told where there is one.
    told: Vec<String>,
    /// Every name in the folder that was not there before, and what is behind it.
    made: BTreeMap<PathBuf, Vec<u8>>,
    /// What came out of the pipe that was written to.
    piped: Vec<u8>,
}

/// An engine that panics at the sight of certain blocks.
struct Touchy(Box<dyn BlockCompressor>);

impl BlockCompressor for Touchy {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        assert!(!window.bytes(block.clone()).starts_with(PANIC), "this panic is part of the test");
        self.0.compress(window, block, last, out);
    }
}

#[test]
fn whoever_is_held_up_where_every_run_ends_and_comes_to_the_same() {
    let runs = if std::env::var_os("GZCC_TESTS").is_some_and(|tests| tests == "full") { 1000 } else { 200 };
    let directory = tempfile::tempdir().unwrap();
    let cases = cases(directory.path());
    let alone: Vec<Ended> = cases.iter().map(by_one_worker).collect();
    let written = Arc::new((0..WRITTEN as u32).flat_map(|i| (i / 3).to_le_bytes()).collect::<Vec<_>>());
    let encoded_alone = encoded(&written, 1, Scheduler::Threads).expect("one worker ends");
    for run in 1..=runs {
        let chance = jitter::splitmix64(run);
        let (scene, alone) = (&cases[run as usize % cases.len()], &alone[run as usize % cases.len()]);
        let jobs = 2 + chance as usize % 4;
        let scheduler = if chance >> 8 & 1 == 0 { Scheduler::Threads } else { Scheduler::Rayon };
        let shown = format!("run {run}, {}, {scheduler:?}, -j{jobs}", scene.name);
        jitter::start(run);
        let ended = within_patience(scene, jobs, scheduler).unwrap_or_else(|| panic!("{shown}: it does not end"));
        jitter::start(0);
        assert_eq!(ended.told, alone.told, "{shown}");
        assert_eq!(ended.tally, alone.tally, "{shown}");
        assert!(ended.made.keys().eq(alone.made.keys()), "{shown}: {:?} were made", ended.made.keys());
        for (name, bytes) in &ended.made {
            assert!(*bytes == alone.made[name], "{shown}: {} is another", name.display());
        }
        assert!(ended.piped == alone.piped, "{shown}: something else was written to the pipe");
        jitter::start(run);
        let encoded = encoded(&written, jobs, scheduler).unwrap_or_else(|| panic!("{shown}: the encoder does not end"));
        jitter::start(0);
        assert!(encoded == encoded_alone, "{shown}: the encoder makes something else");
    }
    assert!(jitter::delays() > runs * 10, "workers were delayed only {} times", jitter::delays());
}

/// The run that all others are held against: nobody is held up, and all is as the scene says.
fn by_one_worker(scene: &StressCase) -> Ended {
    let ended = within_patience(scene, 1, Scheduler::Threads).expect("one worker ends");
    let Tally { done, failed, .. } = ended.tally;
    assert_eq!((done, failed), (scene.done, scene.failed), "{}: {:#?}", scene.name, ended.told);
    assert_eq!(ended.tally.is_clean(), scene.done == scene.settings.inputs.len() as u64);
    for input in &scene.settings.inputs {
        let begins = format!("{}: ", Path::new(input).display());
        let told = ended.told.iter().filter(|line| line.starts_with(&begins)).count();
        assert_eq!(told, 1, "{}: of {begins} in {:#?}", scene.name, ended.told);
    }
    ended
}

/// Plays a scene; `None` if it does not end.
fn within_patience(scene: &StressCase, jobs: usize, scheduler: Scheduler) -> Option<Ended> {
    let settings = Settings { jobs: jobs.try_into().unwrap(), scheduler, ..scene.settings.clone() };
    let fed = scene.feed.clone().map(|(pipe, content)| thread::spawn(move || feed(&pipe, &content)));
    let drained = scene.drain.clone().map(|(pipe, most)| thread::spawn(move || drain(&pipe, most)));
    let (tell, told) = mpsc::channel();
    // A thread that hangs cannot be ended, so nobody is joined before the run has ended.
    thread::spawn(move || tell.send(play(settings)));
    let (tally, mut told) = told.recv_timeout(PATIENCE).ok()?;
    fed.into_iter().for_each(|fed| fed.join().unwrap());
    let piped = drained.map_or(Vec::new(), |drained| drained.join().unwrap());
    if scene.settings.mode != Mode::Test {
        told.sort();
    }
    let mut made = BTreeMap::new();
    for entry in fs::read_dir(&scene.directory).unwrap() {
        let path = entry.unwrap().path();
        if !scene.standing.contains(&path) {
            made.insert(path.clone(), fs::read(&path).unwrap());
            fs::remove_file(path).unwrap();
        }
    }
    Some(Ended { tally, told, made, piped })
}

/// The library encoder's output for `content` in small writes and with flushes; `None` if it does not end.
fn encoded(content: &Arc<Vec<u8>>, jobs: usize, scheduler: Scheduler) -> Option<Vec<u8>> {
    let options = EncoderOptions::default().workers(jobs).scheduler(scheduler).level(1);
    let content = Arc::clone(content);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut encoder = Encoder::with_options(Vec::new(), &options).unwrap();
        for (i, sip) in content.chunks(SIP).enumerate() {
            encoder.write_all(sip).unwrap();
            if i % 16 == 15 {
                encoder.flush().unwrap();
            }
        }
        tell.send(encoder.finish().unwrap())
    });
    told.recv_timeout(PATIENCE).ok()
}

fn play(settings: Settings) -> (Tally, Vec<String>) {
    let observer =
        Arc::new(Recorder { queue: (settings.mode == Mode::Test).then(Default::default), ..Default::default() });
    let outcomes = Outcomes::new(Arc::clone(&observer) as Arc<dyn Observer>);
    let jobs = Jobs::new(Arc::new(settings.clone())).unwrap();
    let touchy: deflate::NewCompressor = |kind, level| Box::new(Touchy(deflate::new_compressor(kind, level)));
    scheduler::run(&settings, &jobs, &outcomes, touchy).unwrap();
    observer.finish();
    let recorded = lock(&observer.recorded).clone();
    (outcomes.tally(), recorded)
}

/// Records a line for each outcome; in a test in the order of the inputs.
#[derive(Default)]
struct Recorder {
    queue: Option<OutcomeQueue>,
    recorded: Mutex<Vec<String>>,
}

impl Recorder {
    fn record(&self, event: Event) {
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

    fn ended(&self, event: Event) {
        match (&self.queue, event.position) {
            (Some(queue), Some(position)) => queue.put(position, event, |event| self.record(event)),
            _ => self.record(event),
        }
    }
}

/// Sends `content` in sips, some of them after others had a chance.
fn feed(pipe: &Path, content: &[u8]) {
    let mut pipe = fs::File::options().write(true).open(pipe).unwrap();
    for sip in content.chunks(SIP) {
        yield_point();
        // The reader may have seen enough.
        if pipe.write_all(sip).is_err() {
            break;
        }
    }
}

/// Reads to the end, or so many bytes and no more.
fn drain(pipe: &Path, most: Option<u64>) -> Vec<u8> {
    let mut drained = Vec::new();
    fs::File::open(pipe).unwrap().take(most.unwrap_or(u64::MAX)).read_to_end(&mut drained).unwrap();
    drained
}

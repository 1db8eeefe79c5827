//! `--benchmark`: measures how long the given files take to compress and to decompress at each given level.
//!
//! The measured runs use the jobs, streams and scheduler of any other run, and read and write files in memory. So the times do not
//! include a disk, names or metadata. Levels take turns, so that a machine that becomes slower affects all of them. Emptying the
//! memory files and comparing contents is not timed. Creates, changes and removes no file.

mod figures;
mod figures_json;
mod memory_budget;
mod table;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gzcc::command::in_memory::{self, Direction, Runs};
use gzcc::command::{Survey, Surveyed};
use gzcc::settings::{DEFAULT_LEVEL, Mode, Settings};
use gzcc::{Ended, Error, Observer, Outcome, deflate};

use self::figures::{LevelResult, Measured, Results, Times};
use self::memory_budget::{MemoryBudget, Needs};
use crate::presentation::{Presentation, ProgressPolicy, Verbosity};
use crate::report::{BenchmarkProgress, Report, Status};

/// The minimum number of rounds: fewer have no useful median.
const MIN_ROUNDS: usize = 3;

/// The maximum number of rounds, for rounds of milliseconds, which other processes easily disturb. An odd number, so that the median
/// is a time that was measured.
const MAX_ROUNDS: usize = 15;

/// No round after [`MIN_ROUNDS`] begins later than this.
const ENOUGH: Duration = Duration::from_secs(1);

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Benchmark {
    /// The settings of a run that compresses these files.
    pub(crate) settings: Settings,
    /// How the figures are presented.
    pub(crate) presentation: Presentation,
    /// The levels to measure. The engine has all of them.
    pub(crate) levels: Vec<u8>,
    /// Bytes of memory for everything, if `--memory` limits it.
    pub(crate) memory: Option<u64>,
}

/// The result of a benchmark.
pub(crate) struct BenchmarkOutput {
    /// The text to print.
    pub(crate) text: String,
    pub(crate) status: Status,
}

/// Measures. The files may take `descriptors` in addition to those of the workers.
pub(crate) fn run(benchmark: &Benchmark, descriptors: u64, engine: deflate::NewCompressor) -> BenchmarkOutput {
    // A file is processed many times, so -v does not print a line for each time.
    let verbosity = benchmark.presentation.verbosity.min(Verbosity::Normal);
    let presentation =
        Presentation { verbosity, json: false, progress: ProgressPolicy::Never, ..benchmark.presentation };
    let report = Report::new(&benchmark.settings, &presentation, None);
    let budget = MemoryBudget::new(benchmark, descriptors);
    let measured = measure(benchmark, &budget, &report, engine);
    let text = measured.unwrap_or_else(|error| {
        report.ended(Ended::new("--benchmark", error.into()));
        // With --json, the summary is printed even if the benchmark fails.
        let json = benchmark.presentation.json;
        let summary = json.then(|| figures_json::lines(&Results::default(), &benchmark.settings, &report));
        summary.and_then(Result::ok).unwrap_or_default()
    });
    BenchmarkOutput { text, status: report.status() }
}

fn measure(
    benchmark: &Benchmark,
    budget: &MemoryBudget,
    report: &Report,
    engine: deflate::NewCompressor,
) -> Result<String, Error> {
    let started = Instant::now();
    let settings = &Arc::new(benchmark.settings.clone());
    budget.check(&survey(settings))?;
    let files = in_memory::load(settings, report, |loaded, next| {
        let needs = loaded.iter().fold(Needs::default(), |needs, file| needs.and(file.size));
        budget.check(&needs.and(next))
    })?;
    if files.is_empty() {
        return Err(Error::other("there is nothing to measure"));
    }
    let line = BenchmarkProgress::new(&benchmark.settings, &benchmark.presentation);
    let results = Runner { runs: Runs { inputs: &files, observer: report, engine }, line }
        .measure(&benchmark.levels, settings)?;
    let bytes_in = files.iter().map(|file| file.size).sum();
    let results = Results { files: files.len() as u64, bytes_in, seconds: started.elapsed().as_secs_f64(), ..results };
    match benchmark.presentation.json {
        true => Ok(figures_json::lines(&results, settings, report).map_err(io::Error::from)?),
        false => Ok(table::of(&results, settings)),
    }
}

/// The memory that the files need, as far as it is known before they are read. Names in a list that is a pipe are not.
fn survey(settings: &Settings) -> Needs {
    Survey::new(settings).fold(Needs::default(), |needs, input| match input {
        Surveyed::Sized(size) => needs.and(size),
        Surveyed::Unsized | Surveyed::Refused => needs,
    })
}

/// Runs the levels in turns.
struct Runner<'a> {
    runs: Runs<'a>,
    line: BenchmarkProgress,
}

/// A level and its samples.
struct Case {
    level: u8,
    settings: Arc<Settings>,
    output: OutputSize,
    compress: Times,
    decompress: Times,
    /// A file failed, so the figures would cover only a part of the files.
    failed: bool,
}

/// Bytes of all outputs, and the bytes of their headers and trailers.
#[derive(Clone, Copy, Default)]
struct OutputSize {
    bytes: u64,
    overhead: u64,
}

/// The times of one round at a level.
struct Sample {
    compress: Duration,
    decompress: Duration,
}

/// One run over all files.
struct TimedRun {
    time: Duration,
    output: OutputSize,
}

impl Runner<'_> {
    /// One round to warm up, whose outputs are compared with the contents, and then the rounds that count.
    fn measure(&self, levels: &[u8], settings: &Arc<Settings>) -> io::Result<Results> {
        let decompress =
            Arc::new(Settings { mode: Mode::Decompress, level: DEFAULT_LEVEL, ..Settings::clone(settings) });
        let mut cases: Vec<Case> = levels.iter().map(|&level| Case::new(level, settings)).collect();
        for case in &mut cases {
            self.line.show(&format!("warm-up, level {}", case.level));
            case.failed = self.sample(case, &decompress)?.is_none() || !self.compare_outputs()?;
        }
        let (started, mut rounds) = (Instant::now(), 0);
        while cases.iter().any(|case| !case.failed)
            && (rounds < MIN_ROUNDS || rounds < MAX_ROUNDS && started.elapsed() < ENOUGH)
        {
            rounds += 1;
            for case in cases.iter_mut().filter(|case| !case.failed) {
                self.line.show(&format!("round {rounds}, level {}", case.level));
                match self.sample(case, &decompress)? {
                    Some(sample) => {
                        case.compress.add(sample.compress);
                        case.decompress.add(sample.decompress);
                    }
                    None => case.failed = true,
                }
            }
        }
        let levels = cases.into_iter().map(Case::result).collect();
        Ok(Results { levels, rounds, ..Results::default() })
    }

    /// Compresses and decompresses all files once; `None` if a file failed.
    fn sample(&self, case: &mut Case, decompress: &Arc<Settings>) -> io::Result<Option<Sample>> {
        for file in self.runs.inputs {
            file.compressed.empty()?;
            file.decompressed.empty()?;
        }
        let Some(compressed) = self.run(&case.settings, Direction::Compress) else {
            return Ok(None);
        };
        case.output = compressed.output;
        let decompressed = self.run(decompress, Direction::Decompress);
        Ok(decompressed.map(|decompressed| Sample { compress: compressed.time, decompress: decompressed.time }))
    }

    /// One run over all files; `None` if a file failed.
    fn run(&self, settings: &Arc<Settings>, direction: Direction) -> Option<TimedRun> {
        let started = Instant::now();
        let tally = self.runs.run(settings, direction);
        let time = started.elapsed();
        let output = OutputSize { bytes: tally.bytes_out, overhead: tally.overhead };
        (tally.done == self.runs.inputs.len() as u64).then_some(TimedRun { time, output })
    }

    /// Compares every decompressed output with its content, and reports those that differ. Returns whether all are equal.
    fn compare_outputs(&self) -> io::Result<bool> {
        let mut all_equal = true;
        for file in self.runs.inputs {
            if !in_memory::same(&file.content, &file.decompressed)? {
                let error = Error::other("internal error: the output does not decompress to the content");
                self.runs.observer.ended(file.ended(Outcome::Failed(error)));
                all_equal = false;
            }
        }
        Ok(all_equal)
    }
}

impl Case {
    fn new(level: u8, settings: &Settings) -> Self {
        Self {
            level,
            settings: Arc::new(Settings { level, ..settings.clone() }),
            output: OutputSize::default(),
            compress: Times::default(),
            decompress: Times::default(),
            failed: false,
        }
    }

    fn result(self) -> LevelResult {
        let Self { level, output, compress, decompress, failed, .. } = self;
        let OutputSize { bytes: bytes_out, overhead } = output;
        let figures = compress.figures().zip(decompress.figures()).filter(|_| !failed);
        LevelResult {
            level,
            measured: figures.map(|(compress, decompress)| Measured { bytes_out, overhead, compress, decompress }),
        }
    }
}

#[cfg(test)]
mod benchmark_tests;

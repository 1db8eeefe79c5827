//! `--benchmark`: what it takes to compress these files and to decompress them again, at each level that is asked for.
//!
//! What is measured is the product: every figure comes of runs with the jobs, streams and schedule of any other, whose
//! inputs and outputs are files in memory. So what a disk takes is not in it, nor are the names and metadata of outputs.
//! Levels take turns, so that a machine that becomes slower does so for all of them. Making room for outputs and looking
//! whether they are right is done while no clock runs. Makes, changes and removes no file, and prints nothing itself.

mod figures;
mod files;
mod json;
mod room;
mod table;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::figures::{Level, Measured, Results, Times};
use self::files::File;
use self::room::Room;
use crate::deflate;
use crate::error::Error;
use crate::io::input::Source;
use crate::io::memory_file::MemoryFile;
use crate::outcome::{Label, Outcome, Status};
use crate::pipeline::job::Jobs;
use crate::pipeline::scheduler;
use crate::report::{Report, Rounds};
use crate::select::plan::{Item, Target};
use crate::settings::{DEFAULT_LEVEL, Mode, Reporting, Settings, Verbosity};

/// How often each level is measured at least: what happens once is no median.
const LEAST_ROUNDS: usize = 3;

/// And at most, where that takes less than [`ENOUGH`]: what is done in a millisecond is easily disturbed, and more rounds
/// make its median steadier. An odd number, so that the median is a time that was measured.
const MOST_ROUNDS: usize = 15;

/// The time from which on no more rounds are made than need be.
const ENOUGH: Duration = Duration::from_secs(1);

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// Which files, by whom and how: those of a run that compresses.
    pub settings: Settings,
    /// At which levels, each of which the engine has.
    pub levels: Vec<u8>,
    /// Bytes of memory for all of it, where there is a budget.
    pub memory: Option<u64>,
}

/// Measures, and tells the figures and the exit status. `descriptors` may be open at once besides those of the workers.
pub fn run(asked: &Benchmark, descriptors: u64, engine: deflate::NewCompressor) -> (String, Status) {
    // What is done is done many times over, so it is not told each time.
    let verbosity = asked.settings.verbosity.min(Verbosity::Normal);
    let settings = Settings { verbosity, reporting: Reporting::default(), ..asked.settings.clone() };
    let report = Report::new(&settings, None);
    let measured = measure(asked, &Arc::new(settings), &report, (descriptors, engine));
    let text = measured.unwrap_or_else(|error| {
        report.outcome(&Label::of_output("--benchmark".into()), error.into());
        // Whoever reads JSON is told at least that nothing was measured.
        let nothing =
            asked.settings.reporting.json.then(|| json::lines(&Results::default(), &asked.settings, &report.tally()));
        nothing.and_then(Result::ok).unwrap_or_default()
    });
    (text, report.tally().status)
}

fn measure(
    asked: &Benchmark,
    settings: &Arc<Settings>,
    report: &Report,
    (descriptors, engine): (u64, deflate::NewCompressor),
) -> Result<String, Error> {
    let began = Instant::now();
    let room = Room::of(asked, descriptors);
    room.check(&files::survey(settings))?;
    let files = files::load(settings, &room, report)?;
    if files.is_empty() {
        return Err(Error::other("there is nothing to measure"));
    }
    let line = Rounds::new(&asked.settings);
    let results = Course { files: &files, report, engine, line }.race(&asked.levels, settings)?;
    let bytes_in = files.iter().map(|file| file.size).sum();
    let results = Results { files: files.len() as u64, bytes_in, seconds: began.elapsed().as_secs_f64(), ..results };
    match asked.settings.reporting.json {
        true => Ok(json::lines(&results, settings, &report.tally()).map_err(io::Error::from)?),
        false => Ok(table::of(&results, settings)),
    }
}

/// Where the levels race each other.
struct Course<'a> {
    files: &'a [File],
    report: &'a Report<'a>,
    engine: deflate::NewCompressor,
    line: Rounds,
}

/// A level, and what it has been seen to take.
struct Contender {
    level: u8,
    settings: Arc<Settings>,
    made: Made,
    compress: Times,
    decompress: Times,
    /// A file failed, so its figures would be those of less work than the others'.
    failed: bool,
}

/// Bytes of the outputs, and of their headers and trailers.
#[derive(Clone, Copy, Default)]
struct Made {
    bytes: u64,
    overhead: u64,
}

impl Course<'_> {
    /// A round to warm up, in which all outputs are looked at, and then those that are measured.
    fn race(&self, levels: &[u8], settings: &Arc<Settings>) -> io::Result<Results> {
        let decompress =
            Arc::new(Settings { mode: Mode::Decompress, level: DEFAULT_LEVEL, ..Settings::clone(settings) });
        let contender = |&level| Contender {
            level,
            settings: Arc::new(Settings { level, ..Settings::clone(settings) }),
            made: Made::default(),
            compress: Times::default(),
            decompress: Times::default(),
            failed: false,
        };
        let mut contenders: Vec<Contender> = levels.iter().map(contender).collect();
        for contender in &mut contenders {
            self.line.show(&format!("warm-up, level {}", contender.level));
            contender.failed = self.lap(contender, &decompress)?.is_none() || !self.is_right()?;
        }
        let (began, mut rounds) = (Instant::now(), 0);
        while contenders.iter().any(|contender| !contender.failed)
            && (rounds < LEAST_ROUNDS || rounds < MOST_ROUNDS && began.elapsed() < ENOUGH)
        {
            rounds += 1;
            for contender in contenders.iter_mut().filter(|contender| !contender.failed) {
                self.line.show(&format!("round {rounds}, level {}", contender.level));
                match self.lap(contender, &decompress)? {
                    Some((compress, decompress)) => {
                        contender.compress.add(compress);
                        contender.decompress.add(decompress);
                    }
                    None => contender.failed = true,
                }
            }
        }
        let levels = contenders.into_iter().map(Contender::result).collect();
        Ok(Results { levels, rounds, ..Results::default() })
    }

    /// Compresses and decompresses all files once; tells the time of each, or nothing if a file failed.
    fn lap(&self, contender: &mut Contender, decompress: &Arc<Settings>) -> io::Result<Option<(Duration, Duration)>> {
        for file in self.files {
            file.packed.empty()?;
            file.plain.empty()?;
        }
        let Some((compressing, made)) = self.run(&contender.settings, |file| (&file.content, &file.packed)) else {
            return Ok(None);
        };
        contender.made = made;
        let decompressed = self.run(decompress, |file| (&file.packed, &file.plain));
        Ok(decompressed.map(|(decompressing, _)| (compressing, decompressing)))
    }

    /// A run from the one file in memory to the other; its time and what it made.
    fn run(
        &self,
        settings: &Arc<Settings>,
        way: impl Fn(&File) -> (&MemoryFile, &MemoryFile),
    ) -> Option<(Duration, Made)> {
        let item = |file: &File| {
            let (from, to) = way(file);
            Item {
                label: file.label.clone(),
                source: Source::Memory(from.clone()),
                target: Target::Memory(to.clone()),
                output_is_taken: None,
            }
        };
        let jobs = Jobs::of(Arc::clone(settings), self.files.iter().map(item).collect());
        let before = self.report.tally();
        let began = Instant::now();
        scheduler::run(settings, &jobs, self.report, self.engine);
        let time = began.elapsed();
        let after = self.report.tally();
        let all = after.done - before.done == self.files.len() as u64;
        let made = Made { bytes: after.bytes_out - before.bytes_out, overhead: after.overhead - before.overhead };
        all.then_some((time, made))
    }

    /// Whether what was decompressed is what was compressed. What is not has been told.
    fn is_right(&self) -> io::Result<bool> {
        let mut right = true;
        for file in self.files {
            if !files::same(&file.content, &file.plain)? {
                let reason = Error::other("internal error: what was made of it does not decompress to it");
                self.report.outcome(&file.label, Outcome::Failed(reason));
                right = false;
            }
        }
        Ok(right)
    }
}

impl Contender {
    fn result(self) -> Level {
        let Self { level, made, compress, decompress, failed, .. } = self;
        let Made { bytes: bytes_out, overhead } = made;
        let figures = compress.figures().zip(decompress.figures()).filter(|_| !failed);
        Level {
            level,
            measured: figures.map(|(compress, decompress)| Measured { bytes_out, overhead, compress, decompress }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::transfer::write_all;
    use std::os::fd::AsFd;

    #[test]
    fn what_decompresses_to_something_else_is_an_error_of_its_file() {
        let file = |content: &[u8], plain: &[u8]| {
            let made = |bytes: &[u8]| {
                let file = MemoryFile::new().unwrap();
                write_all(file.as_fd(), bytes).unwrap();
                file
            };
            let label = Label::of_output(String::from_utf8_lossy(content).into_owned().into());
            File { label, content: made(content), size: 1, packed: made(b""), plain: made(plain) }
        };
        let settings = Settings::default();
        let report = Report::new(&settings, None);
        let right = |files: &[File]| {
            let line = Rounds::new(&settings);
            Course { files, report: &report, engine: deflate::new_compressor, line }.is_right().unwrap()
        };
        assert!(right(&[file(b"a", b"a"), file(b"", b"")]) && report.tally().failed == 0);
        assert!(!right(&[file(b"a", b"b"), file(b"c", b"c"), file(b"d", b"")]));
        assert_eq!((report.tally().failed, report.tally().status), (2, Status::Error));
    }
}

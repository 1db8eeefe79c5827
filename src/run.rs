//! Runs over files: from settings to a tally.

use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use crate::deflate;
use crate::io::input::STDIN_NAME;
use crate::observer::Observer;
use crate::outcome::{InputId, Outcome};
use crate::pipeline::job::Jobs;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler;
use crate::settings::{Destination, InvalidSettings, Mode, Settings};
use crate::tally::Tally;

/// Compresses the [`inputs`](Settings::inputs) and returns when all of them have ended. Several inputs are processed at a time,
/// and large ones in blocks. Each becomes one gzip member (RFC 1952), by default in a file next to it; see
/// [`destination`](Settings::destination). Nothing is printed: `observer` receives the results.
///
/// The input `-` is the standard input of the program (`./-` is a file). A run without inputs does nothing. A worker has at most
/// five open descriptors at a time.
///
/// An input that fails is not an error of this function, and does not affect other inputs: the observer receives an [`Outcome`]
/// for each input, and the [`Tally`] counts them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let log = directory.path().join("a.log");
/// # std::fs::write(&log, "content")?;
/// use gzcc::Settings;
///
/// let settings = Settings { inputs: vec![log.into()], level: 9, ..Settings::default() };
/// let tally = gzcc::compress(&settings, &())?;
/// assert_eq!((tally.done, tally.failed), (1, 0));
/// # assert!(directory.path().join("a.log.gz").exists());
/// # Ok(())
/// # }
/// ```
///
/// A directory, with an observer that collects failures:
///
/// ```
/// use std::sync::Mutex;
/// use gzcc::{Ended, Observer, Outcome, Settings};
///
/// #[derive(Default)]
/// struct Failures(Mutex<Vec<String>>);
///
/// impl Observer for Failures {
///     fn ended(&self, ended: Ended) {
///         if let Outcome::Failed(error) = ended.outcome {
///             self.0.lock().unwrap().push(format!("{}: {error}", ended.name.display()));
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let logs = directory.path().to_owned();
/// # std::fs::write(logs.join("a.log"), "content")?;
/// let settings = Settings { inputs: vec![logs.into()], recursive: true, ..Settings::default() };
/// let failures = Failures::default();
/// let tally = gzcc::compress(&settings, &failures)?;
/// assert_eq!((tally.done, failures.0.into_inner()?), (1, vec![]));
/// # assert!(directory.path().join("a.log.gz").exists());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the settings contradict each other ([`Settings::check`]). Nothing has been done in that case.
///
/// # Panics
/// If the observer panicked. All inputs have ended in that case.
pub fn compress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    run(&Settings { mode: Mode::Compress, ..settings.clone() }, observer)
}

/// Decompresses the [`inputs`](Settings::inputs), or tests them if [`destination`](Settings::destination) is
/// [`Discard`](Destination::Discard). Otherwise as [`compress`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let packed = directory.path().join("a.gz");
/// # std::fs::write(&packed, "not gzip data")?;
/// use gzcc::Settings;
/// use gzcc::settings::Destination;
///
/// let settings = Settings { inputs: vec![packed.into()], destination: Destination::Discard, ..Settings::default() };
/// let tally = gzcc::decompress(&settings, &())?;
/// assert_eq!((tally.done, tally.failed), (0, 1));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`compress`].
///
/// # Panics
/// As [`compress`].
pub fn decompress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    let tests = settings.destination == Destination::Discard;
    let mode = if tests { Mode::Test } else { Mode::Decompress };
    run(&Settings { mode, ..settings.clone() }, observer)
}

/// Processes the [`inputs`](Settings::inputs) as [`mode`](Settings::mode) says: it also lists. [`compress`] and [`decompress`] are
/// this function with the mode that their name says.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let archive = directory.path().join("a.gz");
/// # std::fs::write(&archive, b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")?;
/// use gzcc::Settings;
/// use gzcc::settings::{Destination, Mode};
///
/// let settings = Settings {
///     inputs: vec![archive.into()],
///     mode: Mode::ListTrailers,
///     destination: Destination::Discard,
///     ..Settings::default()
/// };
/// let tally = gzcc::run(&settings, &())?;
/// assert_eq!((tally.bytes_in, tally.bytes_out), (20, 0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`compress`].
///
/// # Panics
/// As [`compress`].
pub fn run(settings: &Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    settings.check()?;
    // Without inputs there is nothing to do, so nothing is opened.
    let is_empty = settings.inputs.is_empty() && settings.list.is_none();
    Ok(if is_empty { Tally::default() } else { run_with_engine(settings.clone(), observer, deflate::new_compressor) })
}

/// A run with checked settings and with encoders from `engine`.
///
/// # Panics
/// If the observer panicked. All inputs have ended in that case.
pub fn run_with_engine(settings: Settings, observer: &dyn Observer, engine: deflate::NewCompressor) -> Tally {
    let outcomes = Outcomes::new(Arc::new(observer));
    let settings = Arc::new(settings);
    match Jobs::new(Arc::clone(&settings)) {
        Ok(jobs) => {
            if let Err(error) = process(&settings, &jobs, &outcomes, engine) {
                record_for_each_argument(&outcomes, &settings, &error.into());
            }
        }
        Err(outcome) => record_for_each_argument(&outcomes, &settings, &outcome),
    }
    match outcomes.take_panic() {
        Some(panic) => resume_unwind(panic),
        None => outcomes.tally(),
    }
}

/// Processes all inputs; those that found no space while others were written once more, one after the other.
fn process(settings: &Settings, jobs: &Jobs, outcomes: &Outcomes, engine: deflate::NewCompressor) -> io::Result<()> {
    let mut settings = settings.for_streams();
    scheduler::run(&settings, jobs, outcomes, engine)?;
    settings.jobs = NonZeroUsize::MIN;
    if jobs.retry()
        && let Err(error) = scheduler::run(&settings, jobs, outcomes, engine)
    {
        jobs.give_up(outcomes, &error.into());
    }
    Ok(())
}

/// Records the same outcome for every argument. Called if the run cannot start.
fn record_for_each_argument(outcomes: &Outcomes, settings: &Settings, outcome: &Outcome) {
    let stdin = Path::new(STDIN_NAME);
    let arguments =
        settings.inputs.iter().map(|input| if input == "-" { (stdin, true) } else { (Path::new(input), false) });
    // The list is reported instead of the names in it, which are not read.
    let list = settings.list.iter().map(|list| (list.path.as_deref().unwrap_or(stdin), false));
    for (position, (name, is_stdin)) in arguments.chain(list).enumerate() {
        let id = InputId { shown: name.into(), position: Some(position as u64), is_stdin, started: None };
        outcomes.record(&id, outcome.for_another());
    }
}

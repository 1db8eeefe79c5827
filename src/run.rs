//! A run from settings to tally, a line a stage.

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

/// Compresses the [`inputs`](Settings::inputs), several at a time and big ones in pieces, as `gzcc` does; returns when all
/// of them have ended. Each becomes one gzip member (RFC 1952), in a file of its own beside it unless
/// [`destination`](Settings::destination) says something else. Nothing is printed: `observer` gets the results, and decides with [`OverwritePolicy::Ask`](crate::settings::OverwritePolicy).
///
/// An input of the name `-` is the standard input of the program, as it is for the command (`./-` is a file); no inputs at
/// all are nothing to do. A worker has up to five descriptors open at a time.
///
/// What goes wrong with an input is no error of this function, and stops no other input; it is an [`Outcome`] that the
/// observer is told, and counts in the [`Tally`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let log = folder.path().join("a.log");
/// # std::fs::write(&log, "what happened")?;
/// use gzcc::Settings;
///
/// let settings = Settings { inputs: vec![log.into()], level: 9, ..Settings::default() };
/// let tally = gzcc::compress(&settings, &())?;
/// assert_eq!((tally.done, tally.failed), (1, 0));
/// # assert!(folder.path().join("a.log.gz").exists());
/// # Ok(())
/// # }
/// ```
///
/// A directory, with an observer that collects what failed:
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
/// # let folder = tempfile::tempdir()?;
/// # let logs = folder.path().to_owned();
/// # std::fs::write(logs.join("a.log"), "what happened")?;
/// let settings = Settings { inputs: vec![logs.into()], recursive: true, ..Settings::default() };
/// let failures = Failures::default();
/// let tally = gzcc::compress(&settings, &failures)?;
/// assert_eq!((tally.done, failures.0.into_inner()?), (1, vec![]));
/// # assert!(folder.path().join("a.log.gz").exists());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the settings make no sense together ([`Settings::check`]); then nothing has been done.
///
/// # Panics
/// If the observer did, when all inputs have ended.
pub fn compress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    run_inputs(Settings { mode: Mode::Compress, ..settings.clone() }, observer)
}

/// Decompresses the [`inputs`](Settings::inputs), or tests them where [`destination`](Settings::destination) is
/// [`Discard`](Destination::Discard); the counterpart of [`compress`], which tells the rest.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let packed = folder.path().join("a.gz");
/// # std::fs::write(&packed, "no gzip data")?;
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
/// As those of [`compress`], and so with panics.
pub fn decompress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    let tests = settings.destination == Destination::Discard;
    let mode = if tests { Mode::Test } else { Mode::Decompress };
    run_inputs(Settings { mode, ..settings.clone() }, observer)
}

/// A run with checked settings. Without inputs there is nothing to do, so nothing is opened.
fn run_inputs(settings: Settings, observer: &dyn Observer) -> Result<Tally, InvalidSettings> {
    settings.check()?;
    let is_empty = settings.inputs.is_empty() && settings.list.is_none();
    Ok(if is_empty { Tally::default() } else { run(settings, observer) })
}

/// Does what checked settings say, for the command.
///
/// # Panics
/// If the observer did, after all inputs have ended.
pub fn run(settings: Settings, observer: &dyn Observer) -> Tally {
    run_with_engine(settings, observer, deflate::new_compressor)
}

/// [`run`] with compressors from `engine`.
pub fn run_with_engine(settings: Settings, observer: &dyn Observer, engine: deflate::NewCompressor) -> Tally {
    let outcomes = Outcomes::new(Arc::new(observer));
    let settings = Arc::new(settings);
    match Jobs::new(Arc::clone(&settings)) {
        Ok(jobs) => {
            if let Err(error) = scheduler::run(&settings, &jobs, &outcomes, engine) {
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

/// Records the same outcome for every argument, when the run cannot start.
fn record_for_each_argument(outcomes: &Outcomes, settings: &Settings, outcome: &Outcome) {
    let stdin = Path::new(STDIN_NAME);
    let arguments =
        settings.inputs.iter().map(|input| if input == "-" { (stdin, true) } else { (Path::new(input), false) });
    // The names in a list are not read: the list itself is named.
    let list = settings.list.iter().map(|list| (list.path.as_deref().unwrap_or(stdin), false));
    for (position, (name, is_stdin)) in arguments.chain(list).enumerate() {
        let id = InputId { shown: name.into(), position: Some(position as u64), is_stdin, began: None };
        outcomes.record(&id, outcome.for_another());
    }
}

//! A run from settings to tally, a line a stage.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

use crate::deflate;
use crate::io::input::stdin_name;
use crate::observer::Observer;
use crate::outcome::{Label, Outcome};
use crate::pipeline::job::Jobs;
use crate::pipeline::scheduler;
use crate::report::{Report, Tally};
use crate::settings::{Destination, Invalid, Mode, Rules, Settings, Verbosity};

/// Compresses the [`inputs`](Settings::inputs), several at a time and big ones in pieces, as `gzcc` does; returns when all
/// of them have ended. Each becomes one gzip member (RFC 1952), in a file of its own beside it unless
/// [`destination`](Settings::destination) says something else. Nothing is printed or asked: `observer` is told.
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
///     fn ended(&self, ended: &Ended<'_>) {
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
pub fn compress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, Invalid> {
    run_silently(Settings { mode: Mode::Compress, ask: false, ..settings.clone() }, observer)
}

/// Decompresses the [`inputs`](Settings::inputs), or tests them where [`destination`](Settings::destination) is
/// [`Nowhere`](Destination::Nowhere); the counterpart of [`compress`], which tells the rest.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let packed = folder.path().join("a.gz");
/// # std::fs::write(&packed, "no gzip data")?;
/// use gzcc::Settings;
/// use gzcc::settings::Destination;
///
/// let settings = Settings { inputs: vec![packed.into()], destination: Destination::Nowhere, ..Settings::default() };
/// let tally = gzcc::decompress(&settings, &())?;
/// assert_eq!((tally.done, tally.failed), (0, 1));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As those of [`compress`], and so with panics.
pub fn decompress(settings: &Settings, observer: &dyn Observer) -> Result<Tally, Invalid> {
    let tests = settings.destination == Destination::Nowhere;
    let mode = if tests { Mode::Test } else { Mode::Decompress };
    run_silently(Settings { mode, ask: false, ..settings.clone() }, observer)
}

fn run_silently(settings: Settings, observer: &dyn Observer) -> Result<Tally, Invalid> {
    settings.check()?;
    let report = Report::silent(&settings, Arc::new(observer));
    // To the command, no names mean standard input.
    let tally = if settings.is_filter() { report.tally() } else { run(settings, &report, deflate::new_compressor) };
    match report.take_panic() {
        Some(panic) => resume_unwind(panic),
        None => Ok(tally),
    }
}

/// [`run`] with a report that prints and that nobody else looks at.
pub fn run_with_engine(settings: Settings, engine: deflate::NewCompressor) -> Tally {
    let report = Report::new(&settings, None);
    run(settings, &report, engine)
}

/// Does what `settings` say, reporting each input as it ends, with engines of this make.
pub fn run(settings: Settings, report: &Report<'_>, engine: deflate::NewCompressor) -> Tally {
    report.begin();
    let settings = Arc::new(settings);
    match Jobs::new(Arc::clone(&settings)) {
        Ok(jobs) => scheduler::run(&settings, &jobs, report, engine),
        Err(outcome) => report_for_each_argument(report, &settings, &outcome),
    }
    report.finish();
    report.tally()
}

/// Whether a run with these settings ends with a count on standard output: only where each file got an output
/// of its own, and standard output carries no data.
pub fn counts_aloud(settings: &Settings) -> bool {
    let to_files = matches!(settings.destination, Destination::Beside | Destination::Folder(_));
    let counted = to_files || settings.mode == Mode::Test;
    counted
        && !settings.is_filter()
        && !settings.stdout_has_data()
        && !settings.reporting.json
        && settings.verbosity > Verbosity::Quiet
        && settings.rules == Rules::Gzcc
}

/// Nothing could be begun: every argument is named.
fn report_for_each_argument(report: &Report, settings: &Settings, outcome: &Outcome) {
    let stdin = stdin_name(settings);
    let arguments =
        settings.inputs.iter().map(|input| if input == "-" { (stdin, true) } else { (Path::new(input), false) });
    // Of a list, whose names nobody has read, the list itself.
    let list = settings.list.iter().map(|list| (list.path.as_deref().unwrap_or(stdin), false));
    let named = arguments.chain(list).chain(settings.is_filter().then_some((stdin, true)));
    for (position, (name, is_stdin)) in named.enumerate() {
        let label = Label { shown: name.into(), position: Some(position as u64), is_stdin, began: None };
        report.outcome(&label, outcome.for_another());
    }
}

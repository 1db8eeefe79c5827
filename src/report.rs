//! What is said and what is counted: outcomes become lines, a tally and an exit status.
//!
//! The only room of the library that prints. A line is one write, so lines of different workers never mix.

mod gnu;
mod json;
mod line;
mod listing;
mod observed;
mod question;
mod queue;
mod rounds;
mod sizes;
pub mod stdout;
mod tally;
mod watching;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use self::json::Json;
use self::listing::Listing;
use self::observed::Observed;
pub use self::observed::Panic;
pub use self::question::may_replace;
use self::queue::Queue;
pub use self::rounds::Rounds;
pub(crate) use self::sizes::{Sizes, percent};
pub use self::tally::Tally;
pub(crate) use self::tally::counted;
pub use self::watching::{Watching, is_watched, watch};
use crate::error::ErrorKind;
use crate::escaped_name::Shown;
use crate::observer::{Ended, Observer, Step};
use crate::outcome::{Done, Label, NOT_REACHED, Outcome, Reason, Status, Verdict};
use crate::settings::{Mode, Rules, Settings, Verbosity};
use crate::sync::lock;

/// Takes in outcomes as they come about.
pub struct Report<'a> {
    voice: Voice,
    /// Who else is told, and first.
    observer: Observed<'a>,
    tally: Mutex<Tally>,
    /// Where outcomes are told in the order of the inputs.
    queue: Option<Queue>,
    /// Where they are told as a table.
    listing: Option<Mutex<Listing>>,
    /// Where they are told to machines, as they come about.
    json: Option<Json>,
    began: Instant,
    /// Devices without room for an output.
    full: Mutex<BTreeSet<u64>>,
    /// Standard output takes no more.
    stdout_ended: AtomicBool,
    /// All that was told, for tests.
    #[cfg(test)]
    pub told: Mutex<Vec<String>>,
}

/// In which words, and how many.
#[derive(Debug)]
struct Voice {
    /// None at all.
    silent: bool,
    program: &'static str,
    rules: Rules,
    mode: Mode,
    verbosity: Verbosity,
    /// Whether originals are removed.
    removes: bool,
    /// Whether outputs are replaced.
    force: bool,
    /// The number of workers, and the scheduler.
    workers: String,
}

impl<'a> Report<'a> {
    /// A report of a run with these settings, on standard output and standard error, and to `observer`.
    pub fn new(settings: &Settings, observer: Option<Arc<dyn Observer + 'a>>) -> Self {
        Self::that_speaks(settings, observer, true)
    }

    /// A report to `observer` alone, which prints nothing.
    pub fn silent(settings: &Settings, observer: Arc<dyn Observer + 'a>) -> Self {
        Self::that_speaks(settings, Some(observer), false)
    }

    fn that_speaks(settings: &Settings, observer: Option<Arc<dyn Observer + 'a>>, speaks: bool) -> Self {
        let Settings { program, rules, mode, verbosity, force, .. } = *settings;
        let json = settings.reporting.json && speaks;
        let lists = matches!(mode, Mode::List | Mode::ListTrailers) && speaks;
        let workers = format!("{}, {}", counted(settings.jobs.get() as u64, "worker"), settings.scheduler.name());
        Self {
            voice: Voice {
                silent: !speaks,
                program,
                rules,
                mode,
                verbosity,
                removes: settings.removes(),
                force,
                workers,
            },
            observer: Observed::by(observer),
            tally: Mutex::new(Tally::of(mode)),
            queue: (speaks && !json && (lists || mode == Mode::Test)).then(Queue::default),
            listing: (lists && !json).then(|| Mutex::new(Listing::new(settings))),
            json: json.then(|| Json::new(settings)),
            began: Instant::now(),
            full: Mutex::default(),
            stdout_ended: AtomicBool::new(false),
            #[cfg(test)]
            told: Mutex::default(),
        }
    }

    /// With -v, prints the number of workers that options, affinity, quota and limits allow, and the scheduler.
    pub fn begin(&self) {
        if self.tells_all() {
            say(format_args!("gzcc: {}", self.voice.workers));
        }
    }

    /// Whether -v has a word on the run itself.
    fn tells_all(&self) -> bool {
        let Voice { silent, rules, verbosity, .. } = self.voice;
        !silent && verbosity == Verbosity::Verbose && rules == Rules::Gzcc && self.listing.is_none()
    }

    /// Takes in what became of an input.
    pub(crate) fn outcome(&self, label: &Label, outcome: Outcome) {
        lock(&self.full).extend(outcome.full_device());
        let ended = Ended { name: &label.shown, position: label.position, outcome: &outcome };
        self.observer.tell(|observer| observer.ended(&ended));
        let tell = |label: &Label, outcome| self.tell(label, outcome);
        match (&self.queue, label.position) {
            (Some(queue), Some(position)) if self.is_silent(&outcome) => {
                tell(label, outcome);
                queue.pass(position, tell);
            }
            (Some(queue), Some(position)) => queue.take_in(position, label, outcome, tell),
            (Some(queue), None) => {
                // The input whose turn it is may be what was lost.
                queue.dissolve(tell);
                tell(label, outcome);
            }
            (None, _) => tell(label, outcome),
        }
    }

    /// Takes in that a block of an input is done.
    pub fn advanced(&self, step: &Step<'_>) {
        self.observer.tell(|observer| observer.advanced(step));
    }

    /// What the observer panicked with, if it did.
    pub fn take_panic(&self) -> Option<Panic> {
        self.observer.take_panic()
    }

    /// Whether an output has failed for want of space on a device, so that it is no use to begin another one there.
    pub fn is_full(&self, device: u64) -> bool {
        lock(&self.full).contains(&device)
    }

    /// Waits, before another input is begun, while too many outcomes wait to be told.
    pub fn wait_for_room(&self) {
        self.queue.iter().for_each(Queue::wait_for_room);
    }

    /// Whether an outcome is counted without a word.
    fn is_silent(&self, outcome: &Outcome) -> bool {
        let quiet = self.voice.verbosity < Verbosity::Verbose && self.listing.is_none();
        quiet && matches!(outcome, Outcome::Done(Done { shortfall: None, .. }))
    }

    /// Takes in that standard output could not be written.
    pub fn stdout_failed(&self, error: io::Error) {
        self.stdout_ended.store(true, Ordering::Relaxed);
        let outcome = match error.kind() {
            io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
            _ => Outcome::Failed(error.into()),
        };
        self.tell(&Label::of_output("standard output".into()), outcome);
    }

    /// Tells what is left to be told.
    pub fn finish(&self) {
        if let Some(queue) = &self.queue {
            queue.dissolve(|label, outcome| self.tell(label, outcome));
        }
        if let Some(totals) = self.listing.as_ref().and_then(|listing| lock(listing).totals()) {
            self.print(&totals);
        }
        let (tally, time) = (self.tally(), self.began.elapsed());
        if self.tells_all() {
            say(format_args!("gzcc: {}", tally.figures(time)));
        }
        self.tell_machine(|json| json.summary(&tally, time));
        self.close_stdout();
    }

    /// Takes in an error that standard output reports only when it is closed, if something was printed there.
    fn close_stdout(&self) {
        let prints = self.listing.is_some() || self.json.is_some();
        if !prints || self.stdout_ended.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = stdout::close() {
            self.stdout_failed(error);
        }
    }

    /// Tells whoever reads JSON, if anybody does.
    fn tell_machine(&self, tell: impl FnOnce(&Json) -> io::Result<()>) {
        // It has been told once, and is not told again for every line.
        let json = self.json.as_ref().filter(|_| !self.stdout_ended.load(Ordering::Relaxed));
        if let Some(Err(error)) = json.map(tell) {
            self.stdout_failed(error);
        }
    }

    /// Tells that a signal ends the run, and how far it got. Nothing is told or counted after that.
    pub fn interrupted(&self, how: &str) {
        let tally = lock(&self.tally);
        let first = line::end_at_once();
        if self.voice.rules == Rules::Gzcc && self.voice.verbosity > Verbosity::Silent {
            let line = format!("gzcc: {how}: {}\n", tally.line().to_lowercase());
            say_at_once(&[first, line.as_bytes()].concat());
        } else if !first.is_empty() {
            say_at_once(first);
        }
        // Whoever waits for the lock must not get it any more.
        std::mem::forget(tally);
    }

    /// What the run has come to so far.
    pub fn tally(&self) -> Tally {
        *lock(&self.tally)
    }

    fn tell(&self, label: &Label, outcome: Outcome) {
        self.count(&outcome);
        #[cfg(test)]
        lock(&self.told).push(match &outcome {
            Outcome::Failed(error) => format!("{}: {}", label.shown.display(), error),
            outcome => format!("{}: {outcome:?}", label.shown.display()),
        });
        if self.voice.silent {
            return;
        }
        if let (Some(listing), Outcome::Done(done)) = (&self.listing, &outcome) {
            let line = lock(listing).line(label, done);
            self.print(&line);
        }
        self.tell_machine(|json| json.tell(label, &outcome));
        // Nobody is told what a reader that went away has missed.
        if matches!(outcome, Outcome::NotReached) && self.tally().reader_gone {
            return;
        }
        match self.voice.rules {
            Rules::Gzcc => self.voice.tell(label, &outcome),
            Rules::Gzip => self.voice.tell_as_gzip(label, &outcome),
        }
    }

    fn count(&self, outcome: &Outcome) {
        let mut tally = lock(&self.tally);
        let status = match outcome {
            Outcome::Done(done) => {
                tally.done += 1;
                tally.bytes_in += done.bytes_in;
                tally.bytes_out += done.bytes_out;
                tally.overhead += done.facts.overhead;
                if done.shortfall.is_some() { Status::Warning } else { Status::Success }
            }
            Outcome::Skipped(reason) => {
                tally.skipped += 1;
                self.voice.verdict(reason).status
            }
            Outcome::Failed(_) | Outcome::NotReached => {
                tally.failed += 1;
                Status::Error
            }
            Outcome::ReaderGone => {
                tally.reader_gone = true;
                Status::Error
            }
        };
        tally.status = tally.status.max(status);
    }

    /// Prints on standard output.
    fn print(&self, text: &str) {
        // It has been told once, and is not told again for every line of a long table.
        if self.stdout_ended.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = stdout::print(text.as_bytes()) {
            self.stdout_failed(error);
        }
    }
}

impl Voice {
    /// gzcc's own words.
    fn tell(&self, label: &Label, outcome: &Outcome) {
        let name = Shown::path(&label.shown);
        match outcome {
            Outcome::Done(done) => {
                let lists = matches!(self.mode, Mode::List | Mode::ListTrailers);
                if self.verbosity >= Verbosity::Verbose && !lists {
                    say(format_args!("{name}: {}", Figures(done, self.mode)));
                }
                if let Some(shortfall) = &done.shortfall {
                    self.warn(format_args!("gzcc: {name}: {shortfall}"));
                }
            }
            Outcome::Skipped(reason) => {
                // What is expected and not worth a warning is told when every file is.
                if self.verdict(reason).said || self.verbosity >= Verbosity::Verbose {
                    self.warn(format_args!("gzcc: {name}: {reason}"));
                }
            }
            // There is no name to tell, as the user gave none.
            Outcome::Failed(error)
                if label.is_stdin && matches!(error.kind(), ErrorKind::TerminalInput | ErrorKind::TerminalOutput) =>
            {
                say(format_args!("gzcc: {error}"));
            }
            Outcome::Failed(error) => say(format_args!("gzcc: {name}: {error}")),
            Outcome::NotReached => say(format_args!("gzcc: {name}: {NOT_REACHED}")),
            Outcome::ReaderGone => {}
        }
    }

    fn verdict(&self, reason: &Reason) -> Verdict {
        match self.rules {
            Rules::Gzcc => reason.verdict(),
            Rules::Gzip => gnu::verdict(reason, self.verbosity),
        }
    }

    fn warn(&self, line: std::fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Silent {
            say(line);
        }
    }
}

/// Prints one line on standard error. If that fails there is nobody left to tell.
pub fn say(line: std::fmt::Arguments<'_>) {
    // Tests of this crate ask the report what was told.
    let _ = cfg!(test) || line::above(|| io::stderr().write_all(format!("{line}\n").as_bytes())).is_ok();
}

/// Prints one line on standard error if that can take it, past whoever waits to print there.
fn say_at_once(line: &[u8]) {
    let stderr = rustix::stdio::stderr();
    let mut ready = [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)];
    if poll(&mut ready, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
        // The process ends: standard error was the last place to report to.
        let _ = rustix::io::write(stderr, line);
    }
}

/// A done input's figures: `595119 -> 60115 bytes (89.9%), a.log.gz`. The percentage is the space saved.
struct Figures<'a>(&'a Done, Mode);

impl std::fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(done, mode) = self;
        f.write_str(&tally::sizes(done.bytes_in, done.bytes_out, Sizes::of(done, *mode)))?;
        match &done.output {
            Some(output) => write!(f, ", {}", Shown::path(output)),
            None if *mode == Mode::Test => f.write_str(", OK"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Facts;

    #[test]
    fn figures_hold_sizes_percent_and_output() {
        let facts = Facts { overhead: 18, ..Facts::default() };
        let done = Done { bytes_in: 1000, bytes_out: 141, output: Some("a.gz".into()), facts, ..Done::default() };
        assert_eq!(Figures(&done, Mode::Compress).to_string(), "1000 -> 141 bytes (87.7%), a.gz");
        let empty = Done { bytes_in: 0, bytes_out: 20, ..Done::default() };
        assert_eq!(Figures(&empty, Mode::Compress).to_string(), "0 -> 20 bytes");
        let tested = Done { bytes_in: 141, bytes_out: 1000, facts, ..Done::default() };
        assert_eq!(Figures(&tested, Mode::Test).to_string(), "141 -> 1000 bytes (87.7%), OK");
    }
}

//! The report of a run: outcomes become lines, JSON or a table, and an exit status.
//!
//! The only module that prints while a run is under way. A line is one write, so lines of different workers never mix.

mod counters;
mod gnu;
mod json;
mod line;
mod listing;
mod question;
mod rounds;
mod sizes;
mod status;
pub(crate) mod stdout;
mod watching;
mod wording;

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use gzcc::command::{NOT_REACHED, OutcomeQueue, lock};
use gzcc::escaped_name::EscapedName;
use gzcc::outcome::Done;
use gzcc::settings::{Mode, OverwritePolicy, Settings};
use gzcc::{Ended, ErrorKind, Observer, Outcome, Progress, Tally};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::presentation::{Presentation, Rules, Verbosity};

pub(crate) use self::counters::Counters;
use self::json::Json;
use self::listing::Listing;
pub(crate) use self::rounds::Rounds;
pub(crate) use self::sizes::{Sizes, percent};
pub(crate) use self::status::Status;
pub(crate) use self::watching::{is_watched, watch};
pub(crate) use self::wording::{count_line, counted};

/// The observer of a run of the command: prints what happens, and keeps the exit status.
pub(crate) struct Report {
    messages: Messages,
    /// The counters of the progress line, if there is one.
    counters: Option<Arc<Counters>>,
    counts: Mutex<Counts>,
    /// Puts outcomes into the order of the inputs, if they are printed in that order.
    queue: Option<OutcomeQueue>,
    /// The table of `-l`.
    listing: Option<Mutex<Listing>>,
    /// The JSON report.
    json: Option<Json>,
    started: Instant,
    /// Writing to standard output failed. It is reported once, and nothing is printed there any more.
    stdout_failed: AtomicBool,
}

/// What the run has come to so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    tally: Tally,
    /// The worst of all outcomes.
    status: Status,
}

/// What the wording and the number of messages depend on.
#[derive(Debug)]
struct Messages {
    program: &'static str,
    rules: Rules,
    mode: Mode,
    verbosity: Verbosity,
    /// Originals are removed.
    removes: bool,
    /// Outputs are replaced.
    force: bool,
    /// The number of workers, and the scheduler.
    workers: String,
}

impl Report {
    /// A report of a run with these settings, on standard output and standard error.
    pub(crate) fn new(settings: &Settings, presentation: &Presentation, counters: Option<Arc<Counters>>) -> Self {
        let Presentation { program, rules, verbosity, json, .. } = *presentation;
        let mode = settings.mode;
        let force = settings.overwrite == OverwritePolicy::Replace;
        let lists = matches!(mode, Mode::List | Mode::ListTrailers);
        let workers = format!("{}, {}", counted(settings.jobs.get() as u64, "worker"), settings.scheduler.name());
        Self {
            messages: Messages { program, rules, mode, verbosity, removes: settings.removes(), force, workers },
            counters,
            counts: Mutex::default(),
            queue: (!json && (lists || mode == Mode::Test)).then(OutcomeQueue::default),
            listing: (lists && !json).then(|| Mutex::new(Listing::new(settings, verbosity))),
            json: json.then(|| Json::new(settings)),
            started: Instant::now(),
            stdout_failed: AtomicBool::new(false),
        }
    }

    /// With -v, prints the number of workers that options, affinity, quota and limits allow, and the scheduler.
    pub(crate) fn begin(&self) {
        if self.prints_summary() {
            say(format_args!("gzcc: {}", self.messages.workers));
        }
    }

    /// Whether -v prints lines about the whole run.
    fn prints_summary(&self) -> bool {
        let Messages { rules, verbosity, .. } = self.messages;
        verbosity == Verbosity::Verbose && rules == Rules::Gzcc && self.listing.is_none()
    }

    /// Whether an outcome only counts, and nothing is printed for it.
    fn is_silent(&self, outcome: &Outcome) -> bool {
        let quiet = self.messages.verbosity < Verbosity::Verbose && self.listing.is_none();
        quiet && matches!(outcome, Outcome::Done(Done { warning: None, .. }))
    }

    /// Reports that standard output could not be written.
    pub(crate) fn stdout_failed(&self, error: io::Error) {
        self.stdout_failed.store(true, Ordering::Relaxed);
        let outcome = match error.kind() {
            io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
            _ => Outcome::Failed(error.into()),
        };
        self.print(&Ended::new("standard output", outcome));
    }

    /// Prints what is still held back, and what ends a report.
    pub(crate) fn finish(&self) {
        if let Some(queue) = &self.queue {
            queue.dissolve(|ended| self.print(&ended));
        }
        if let Some(totals) = self.listing.as_ref().and_then(|listing| lock(listing).totals()) {
            self.print_table(&totals);
        }
        let (Counts { tally, status }, time) = (self.counts(), self.started.elapsed());
        if self.prints_summary() {
            say(format_args!("gzcc: {}", wording::figures(&tally, self.messages.mode, time)));
        }
        self.print_json(|json| json.summary(&tally, status, time));
        self.close_stdout();
    }

    /// Reports an error that standard output reports only when it is closed, if something was printed there.
    fn close_stdout(&self) {
        let prints = self.listing.is_some() || self.json.is_some();
        if !prints || self.stdout_failed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = stdout::close() {
            self.stdout_failed(error);
        }
    }

    fn print_json(&self, print: impl FnOnce(&Json) -> io::Result<()>) {
        let json = self.json.as_ref().filter(|_| !self.stdout_failed.load(Ordering::Relaxed));
        if let Some(Err(error)) = json.map(print) {
            self.stdout_failed(error);
        }
    }

    /// Prints that a signal ends the run, and what it has come to. Nothing is printed or counted after that.
    pub(crate) fn interrupted(&self, how: &str) {
        let counts = lock(&self.counts);
        let first = line::end_at_once();
        if self.messages.rules == Rules::Gzcc && self.messages.verbosity > Verbosity::Silent {
            let line = format!("gzcc: {how}: {}\n", count_line(&counts.tally, self.messages.mode).to_lowercase());
            say_at_once(&[first, line.as_bytes()].concat());
        } else if !first.is_empty() {
            say_at_once(first);
        }
        // A worker that waits for the lock never gets it.
        std::mem::forget(counts);
    }

    /// The counts so far.
    pub(crate) fn tally(&self) -> Tally {
        self.counts().tally
    }

    /// The exit status so far.
    pub(crate) fn status(&self) -> Status {
        self.counts().status
    }

    fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    /// Counts an outcome, and prints what there is to print about it.
    fn print(&self, ended: &Ended) {
        self.count(&ended.outcome);
        if let (Some(listing), Outcome::Done(done)) = (&self.listing, &ended.outcome) {
            let line = lock(listing).line(ended, done);
            self.print_table(&line);
        }
        self.print_json(|json| json.input(ended));
        // After the reader of standard output has gone, what it has missed is of no interest.
        if matches!(ended.outcome, Outcome::NotReached) && self.tally().reader_gone {
            return;
        }
        match self.messages.rules {
            Rules::Gzcc => self.messages.print(ended),
            Rules::Gzip => self.messages.print_as_gzip(ended),
        }
    }

    fn count(&self, outcome: &Outcome) {
        let mut counts = lock(&self.counts);
        counts.tally.add(outcome);
        let status = match outcome {
            Outcome::Done(done) if done.warning.is_some() => Status::Warning,
            Outcome::Done(_) => Status::Success,
            Outcome::Skipped(reason) => self.messages.verdict(reason).status,
            _ => Status::Error,
        };
        counts.status = counts.status.max(status);
    }

    /// Prints a part of the table on standard output.
    fn print_table(&self, text: &str) {
        if self.stdout_failed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = stdout::print(text.as_bytes()) {
            self.stdout_failed(error);
        }
    }
}

impl Observer for Report {
    /// Waits while too many outcomes are held back for an earlier one.
    fn before_input(&self) {
        self.queue.iter().for_each(OutcomeQueue::wait_for_space);
    }

    fn advanced(&self, progress: &Progress<'_>) {
        self.counters.iter().for_each(|counters| counters.advanced(progress));
    }

    fn ended(&self, ended: Ended) {
        self.counters.iter().for_each(|counters| counters.ended(&ended));
        let print = |ended: Ended| self.print(&ended);
        match (&self.queue, ended.position) {
            (Some(queue), Some(position)) if self.is_silent(&ended.outcome) => {
                print(ended);
                queue.pass(position, print);
            }
            (Some(queue), Some(position)) => queue.put(position, ended, print),
            (Some(queue), None) => {
                // The input whose turn it is may be lost: it must not hold back the others.
                queue.dissolve(print);
                print(ended);
            }
            (None, _) => print(ended),
        }
    }

    fn may_replace(&self, output: &Path) -> bool {
        question::may_replace(self.messages.program, output)
    }
}

impl Messages {
    /// Prints gzcc's own lines about an input.
    fn print(&self, ended: &Ended) {
        let name = EscapedName::path(&ended.name);
        match &ended.outcome {
            Outcome::Done(done) => {
                let lists = matches!(self.mode, Mode::List | Mode::ListTrailers);
                if self.verbosity >= Verbosity::Verbose && !lists {
                    say(format_args!("{name}: {}", Figures(done, self.mode)));
                }
                if let Some(warning) = &done.warning {
                    self.warn(format_args!("gzcc: {name}: {warning}"));
                }
            }
            // What the settings ask for is no warning, and only -v prints it.
            Outcome::Skipped(reason) if self.verdict(reason).printed || self.verbosity >= Verbosity::Verbose => {
                self.warn(format_args!("gzcc: {name}: {reason}"));
            }
            // The user gave no name.
            Outcome::Failed(error)
                if ended.is_stdin && matches!(error.kind(), ErrorKind::TerminalInput | ErrorKind::TerminalOutput) =>
            {
                say(format_args!("gzcc: {error}"));
            }
            Outcome::Failed(error) => say(format_args!("gzcc: {name}: {error}")),
            Outcome::NotReached => say(format_args!("gzcc: {name}: {NOT_REACHED}")),
            _ => {}
        }
    }

    fn warn(&self, line: std::fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Silent {
            say(line);
        }
    }
}

/// Prints one line on standard error. If that fails, nothing is left to report it to.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = line::above(|| io::stderr().write_all(format!("{line}\n").as_bytes()));
}

/// Prints one line on standard error without waiting: not for a reader, nor for a worker that prints.
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
        f.write_str(&wording::sizes(done.bytes_in, done.bytes_out, Sizes::of(done, *mode)))?;
        match &done.output {
            Some(output) => write!(f, ", {}", EscapedName::path(output)),
            None if *mode == Mode::Test => f.write_str(", OK"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_hold_sizes_percent_and_output() {
        let figures = |bytes_in, bytes_out, overhead, output: Option<&str>, mode| {
            let mut done = Done::default();
            (done.bytes_in, done.bytes_out, done.stats.overhead) = (bytes_in, bytes_out, overhead);
            done.output = output.map(Into::into);
            Figures(&done, mode).to_string()
        };
        assert_eq!(figures(1000, 141, 18, Some("a.gz"), Mode::Compress), "1000 -> 141 bytes (87.7%), a.gz");
        assert_eq!(figures(0, 20, 0, None, Mode::Compress), "0 -> 20 bytes");
        assert_eq!(figures(141, 1000, 18, None, Mode::Test), "141 -> 1000 bytes (87.7%), OK");
    }
}

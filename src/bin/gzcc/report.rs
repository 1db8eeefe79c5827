//! The report of a run: converts outcomes to lines, JSON or a table, and to an exit status.
//!
//! The only module that prints during a run. A line is one write, so lines of different workers never mix.

mod benchmark_progress;
mod counters;
mod gnu_messages;
mod json_report;
mod listing;
mod progress_line;
mod question;
mod sizes;
mod status;
pub(crate) mod stdout;
mod terminal_line;
mod wording;

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use gzcc::EscapedName;
use gzcc::command::{NOT_REACHED, OutcomeQueue, lock};
use gzcc::outcome::Done;
use gzcc::settings::{Mode, OverwritePolicy, Settings};
use gzcc::{Ended, ErrorKind, Observer, Outcome, Progress, Tally};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::presentation::{Presentation, Rules, Verbosity};

pub(crate) use self::benchmark_progress::BenchmarkProgress;
pub(crate) use self::counters::Counters;
use self::json_report::JsonReport;
use self::listing::Listing;
pub(crate) use self::progress_line::{show_progress, shows_progress};
pub(crate) use self::sizes::{Sizes, percent};
pub(crate) use self::status::Status;
pub(crate) use self::wording::{count_line, counted};

/// The command's observer of a run: prints outcomes and keeps the exit status.
pub(crate) struct Report {
    messages: Messages,
    /// The counters of the progress line, if there is one.
    counters: Option<Arc<Counters>>,
    counts: Mutex<Counts>,
    /// Restores the order of the inputs, if outcomes are printed in that order.
    queue: Option<OutcomeQueue>,
    /// The table of `-l`.
    listing: Option<Mutex<Listing>>,
    /// The JSON report.
    json: Option<JsonReport>,
    started: Instant,
    /// Writing to standard output failed. The error is reported once, and nothing more is printed there.
    stdout_failed: AtomicBool,
}

/// The counts and the exit status so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    tally: Tally,
    /// The worst status of all outcomes.
    status: Status,
}

/// The properties of a run that determine the number and the wording of messages.
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
            json: json.then(|| JsonReport::new(settings)),
            started: Instant::now(),
            stdout_failed: AtomicBool::new(false),
        }
    }

    /// With -v, prints the number of workers that options, affinity, quota and limits allow, and the scheduler.
    pub(crate) fn begin(&self) {
        if self.prints_summary() {
            print_message(format_args!("gzcc: {}", self.messages.workers));
        }
    }

    /// Whether -v prints lines about the whole run.
    fn prints_summary(&self) -> bool {
        let Messages { rules, verbosity, .. } = self.messages;
        verbosity == Verbosity::Verbose && rules == Rules::Gzcc && self.listing.is_none()
    }

    /// Whether an outcome is counted without printing anything.
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

    /// Prints the outcomes that are still queued, and the end of the report.
    pub(crate) fn finish(&self) {
        if let Some(queue) = &self.queue {
            queue.dissolve(|ended| self.print(&ended));
        }
        if let Some(totals) = self.listing.as_ref().and_then(|listing| lock(listing).totals()) {
            self.print_table(&totals);
        }
        let (Counts { tally, status }, time) = (self.counts(), self.started.elapsed());
        if self.prints_summary() {
            print_message(format_args!("gzcc: {}", wording::figures(&tally, self.messages.mode, time)));
        }
        self.print_json(|json| json.summary(&tally, status, time));
        self.close_stdout();
    }

    /// If something was printed on standard output, reports an error that the system returns only on close.
    fn close_stdout(&self) {
        let prints = self.listing.is_some() || self.json.is_some();
        if !prints || self.stdout_failed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = stdout::close() {
            self.stdout_failed(error);
        }
    }

    fn print_json(&self, print: impl FnOnce(&JsonReport) -> io::Result<()>) {
        let json = self.json.as_ref().filter(|_| !self.stdout_failed.load(Ordering::Relaxed));
        if let Some(Err(error)) = json.map(print) {
            self.stdout_failed(error);
        }
    }

    /// Prints that a signal ends the run, with the counts so far. Nothing is printed or counted after that.
    pub(crate) fn interrupted(&self, how: &str) {
        let counts = lock(&self.counts);
        let first = terminal_line::end_at_once();
        if self.messages.rules == Rules::Gzcc && self.messages.verbosity > Verbosity::Silent {
            let line = format!("gzcc: {how}: {}\n", count_line(&counts.tally, self.messages.mode).to_lowercase());
            try_print_message(&[first, line.as_bytes()].concat());
        } else if !first.is_empty() {
            try_print_message(first);
        }
        // The lock is never released: workers that wait for it print nothing more.
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

    /// Counts an outcome and prints its messages.
    fn print(&self, ended: &Ended) {
        self.count(&ended.outcome);
        if let (Some(listing), Outcome::Done(done)) = (&self.listing, &ended.outcome) {
            let line = lock(listing).line(ended, done);
            self.print_table(&line);
        }
        self.print_json(|json| json.input(ended));
        // After the reader of standard output has exited, the remaining inputs are not reported.
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
    /// Waits while too many outcomes are queued behind an earlier input.
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
                // An outcome without a position may belong to the next input in order, which would then never arrive. The queue must
                // not wait for it.
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
                    print_message(format_args!("{name}: {}", FileFigures(done, self.mode)));
                }
                if let Some(warning) = &done.warning {
                    self.warn(format_args!("gzcc: {name}: {warning}"));
                }
            }
            // A skip that the options request is no warning; only -v prints it.
            Outcome::Skipped(reason) if self.verdict(reason).printed || self.verbosity >= Verbosity::Verbose => {
                self.warn(format_args!("gzcc: {name}: {reason}"));
            }
            // The user named no file, so the message has no name.
            Outcome::Failed(error)
                if ended.is_stdin && matches!(error.kind(), ErrorKind::TerminalInput | ErrorKind::TerminalOutput) =>
            {
                print_message(format_args!("gzcc: {error}"));
            }
            Outcome::Failed(error) => print_message(format_args!("gzcc: {name}: {error}")),
            Outcome::NotReached => print_message(format_args!("gzcc: {name}: {NOT_REACHED}")),
            _ => {}
        }
    }

    fn warn(&self, line: std::fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Silent {
            print_message(line);
        }
    }
}

/// Prints one line on standard error. An error is ignored: it cannot be reported anywhere.
pub(crate) fn print_message(line: std::fmt::Arguments<'_>) {
    let _ = terminal_line::above(|| io::stderr().write_all(format!("{line}\n").as_bytes()));
}

/// Prints one line on standard error if that is possible without waiting for a reader of the pipe or for another worker.
fn try_print_message(line: &[u8]) {
    let stderr = rustix::stdio::stderr();
    let mut ready = [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)];
    if poll(&mut ready, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
        // An error is ignored: the process ends, and no other place to report it is left.
        let _ = rustix::io::write(stderr, line);
    }
}

/// The figures of one input: `595119 -> 60115 bytes (89.9%), a.log.gz`. The percentage is the space saved.
struct FileFigures<'a>(&'a Done, Mode);

impl std::fmt::Display for FileFigures<'_> {
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
    fn the_figures_of_a_file_are_its_sizes_the_percentage_and_the_output() {
        let figures = |bytes_in, bytes_out, overhead, output: Option<&str>, mode| {
            let mut done = Done::default();
            (done.bytes_in, done.bytes_out, done.stats.overhead) = (bytes_in, bytes_out, overhead);
            done.output = output.map(Into::into);
            FileFigures(&done, mode).to_string()
        };
        assert_eq!(figures(1000, 141, 18, Some("a.gz"), Mode::Compress), "1000 -> 141 bytes (87.7%), a.gz");
        assert_eq!(figures(0, 20, 0, None, Mode::Compress), "0 -> 20 bytes");
        assert_eq!(figures(141, 1000, 18, None, Mode::Test), "141 -> 1000 bytes (87.7%), OK");
    }
}

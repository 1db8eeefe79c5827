//! The report of a run: converts outcomes to lines, JSON or a table, and to an exit status.
//!
//! The only module that prints during a run. A line is one write, so lines of different workers never mix. It must not change
//! what the run does, except that it delays the workers while too much is waiting to be printed.

mod benchmark_progress;
mod counters;
mod gnu_messages;
mod json_report;
mod listing;
mod messages;
mod progress_line;
mod question;
mod reasons;
mod sizes;
mod status;
pub(crate) mod stdout;
mod terminal_line;
mod wording;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use gzcc::command::{OutcomeQueue, lock};
use gzcc::outcome::{Done, Loss};
use gzcc::settings::{Mode, Settings};
use gzcc::{Ended, Observer, Outcome, Progress, Tally};

use crate::presentation::{Presentation, Rules, Verbosity};

pub(crate) use self::benchmark_progress::BenchmarkProgress;
pub(crate) use self::counters::Counters;
use self::json_report::JsonReport;
pub(crate) use self::json_report::{SummaryHead, json_line};
use self::listing::Listing;
pub(crate) use self::messages::print_message;
use self::messages::{Messages, try_print_message};
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
    /// A signal has ended the run.
    is_interrupted: bool,
}

impl Report {
    /// A report of a run with these settings, on standard output and standard error.
    pub(crate) fn new(settings: &Settings, presentation: &Presentation, counters: Option<Arc<Counters>>) -> Self {
        let Presentation { verbosity, json, .. } = *presentation;
        let mode = settings.mode;
        let lists = matches!(mode, Mode::List | Mode::ListTrailers);
        Self {
            messages: Messages::new(settings, presentation),
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
        quiet && matches!(outcome, Outcome::Done(Done { warnings, .. }) if warnings.is_empty())
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
        let (Counts { tally, status, .. }, time) = (self.counts(), self.started.elapsed());
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
        let tally = {
            let mut counts = lock(&self.counts);
            counts.is_interrupted = true;
            counts.tally
        };
        let first = terminal_line::end_at_once();
        if self.messages.rules == Rules::Gzcc && self.messages.verbosity > Verbosity::Silent {
            let line = format!("gzcc: {how}: {}\n", count_line(&tally, self.messages.mode).to_lowercase());
            try_print_message(&[first, line.as_bytes()].concat());
        } else if !first.is_empty() {
            try_print_message(first);
        }
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
        *self.lock_counts()
    }

    /// Locks the counts. After a signal has ended the run, this blocks until the process ends, so that a worker neither counts nor
    /// prints anything more, and the process does not exit with another status.
    fn lock_counts(&self) -> MutexGuard<'_, Counts> {
        let counts = lock(&self.counts);
        if counts.is_interrupted {
            drop(counts);
            terminal_line::block_until_exit();
        }
        counts
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
        let mut counts = self.lock_counts();
        counts.tally.add(outcome);
        let status = match outcome {
            Outcome::Done(done) if !done.warnings.is_empty() => Status::Warning,
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

    fn lost(&self, input: &Path, loss: &Loss) {
        self.print_json(|json| json.loss(input, loss));
        self.messages.print_loss(input, loss);
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
        self.messages.question.may_replace(output)
    }
}

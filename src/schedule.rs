//! Who works on what: the two schedulers, and the floor that their workers share.
//!
//! Both hand out the same work, block by block through [`Stream::help`], so both write the same bytes; they
//! differ in who waits where. One worker is the case N = 1 of the same code.

mod board;
mod rayon;
#[cfg(test)]
mod stress;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::board::Board;
use crate::deflate;
use crate::job::Jobs;
use crate::outcome::{Label, Outcome};
use crate::report::Report;
use crate::settings::{Scheduler, Settings};
use crate::stream::{Hand, Help, Shared, Stream};

/// Does all of `jobs` with the scheduler and workers of `settings`. Returns when everything is done.
pub fn run(settings: &Settings, jobs: &Jobs, report: &Report, engine: deflate::Make) {
    let board = Board::new();
    let shared = Shared::new(settings, report, engine, &board);
    let workers = settings.jobs.get();
    let floor = Floor { jobs, shared: &shared, board: &board };
    match settings.scheduler {
        Scheduler::Threads => threads::run(&floor, workers),
        Scheduler::Rayon => rayon::run(&floor, workers),
    }
}

/// What every worker sees.
struct Floor<'run> {
    jobs: &'run Jobs,
    shared: &'run Shared<'run>,
    board: &'run Board,
}

impl Floor<'_> {
    /// Opens the next stream, and calls `opening` before if there may be another one. Jobs contain the panics of an
    /// input; one in the plan itself ends the run.
    fn next_stream(&self, opening: impl Fn()) -> Option<Stream> {
        catch_unwind(AssertUnwindSafe(|| self.jobs.next(self.shared.report, opening))).unwrap_or_else(|_| {
            self.shared.report.outcome(&Label::of_what_follows(), Outcome::panicked());
            None
        })
    }

    /// Does one block of `stream`, with others or alone.
    fn help(&self, stream: &Stream, hand: &mut Hand, company: bool) -> Help {
        // The stream has reported a panic; the tools it may have broken are replaced.
        catch_unwind(AssertUnwindSafe(|| stream.help(hand, company, self.shared))).unwrap_or_else(|_| {
            *hand = Hand::new(self.shared);
            Help::Worked
        })
    }

    /// Does all of a stream that nobody else knows of.
    fn do_alone(&self, stream: &Stream, hand: &mut Hand) {
        while self.help(stream, hand, false) == Help::Worked {}
    }
}

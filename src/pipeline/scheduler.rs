//! Who works on what: the two schedulers, and the floor that their workers share.
//!
//! Both hand out the same work, block by block through [`Stream::help`], so both write the same bytes; they
//! differ in who waits where. One worker is the case N = 1 of the same code.

mod board;
mod desk;
mod rayon;
#[cfg(test)]
mod stress;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use self::board::Board;
pub use self::desk::Desk;
use crate::deflate;
use crate::outcome::{Label, Outcome};
use crate::pipeline::job::Jobs;
use crate::pipeline::stream::{Hand, Help, Shared, Stream};
use crate::report::Report;
use crate::settings::{Scheduler, Settings};

/// Does all of `jobs` with the scheduler and workers of `settings`. Returns when everything is done.
pub fn run(settings: &Settings, jobs: &Jobs, report: &Report, engine: deflate::NewCompressor) {
    let board = Board::new();
    let shared = Shared::new(settings, report, engine, &board);
    let workers = settings.jobs.get();
    let floor = Floor { jobs: Some(jobs), shared: &shared, board: &board };
    match settings.scheduler {
        Scheduler::Threads => threads::run(&floor, workers),
        Scheduler::Rayon => rayon::run(&floor, workers),
    }
}

/// Does all of one stream, whose blocks the caller hands over, with the scheduler and workers of `settings`; `caller` is
/// one of them, at a desk, and must not leave before the stream is finished. Returns what it returns.
pub fn attend<R>(
    settings: &Settings,
    stream: &Arc<Stream>,
    (report, engine): (&Report<'_>, deflate::NewCompressor),
    caller: impl FnOnce(Desk<'_>) -> R,
) -> R {
    let board = Board::of(Arc::clone(stream));
    let shared = Shared::new(settings, report, engine, &board);
    let workers = settings.jobs.get();
    let floor = Floor { jobs: None, shared: &shared, board: &board };
    let caller = |hire: &dyn Fn()| caller(Desk::new(&floor, stream, workers, hire));
    match settings.scheduler {
        Scheduler::Threads => threads::attend(&floor, workers, caller),
        Scheduler::Rayon => rayon::attend(&floor, workers, stream, caller),
    }
}

/// What every worker sees.
struct Floor<'run> {
    /// The files; none where blocks are handed over.
    jobs: Option<&'run Jobs>,
    shared: &'run Shared<'run>,
    board: &'run Board,
}

impl Floor<'_> {
    /// Opens the next stream, and calls `opening` before if there may be another one. Jobs contain the panics of an
    /// input; one in the plan itself ends the run.
    fn next_stream(&self, opening: impl Fn()) -> Option<Stream> {
        let jobs = self.jobs?;
        catch_unwind(AssertUnwindSafe(|| jobs.next(self.shared.report, opening))).unwrap_or_else(|_| {
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

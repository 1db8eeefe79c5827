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

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::board::Board;
pub use self::desk::CallerWorker;
use crate::deflate;
use crate::outcome::{InputId, Outcome};
use crate::pipeline::job::Jobs;
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::stream::{Hand, Help, Others, Resources, Shared, Stream};
use crate::settings::{Scheduler, Settings};

/// Does all of `jobs` with the scheduler and workers of `settings`. Returns when everything is done; at once and with an
/// error where there is no memory for a single worker.
pub fn run(
    settings: &Settings,
    jobs: &Jobs,
    outcomes: &Outcomes,
    compressor: deflate::NewCompressor,
) -> io::Result<()> {
    let board = Board::new();
    let resources = Resources::new(settings.jobs);
    let shared = Shared { outcomes, settings, compressor, others: &board, resources: &resources };
    let workers = settings.jobs.get();
    let floor = Floor { jobs: Some(jobs), shared: &shared, board: &board };
    let first = Hand::try_new(&shared)?;
    match settings.scheduler {
        Scheduler::Threads => threads::run(&floor, workers, first),
        Scheduler::Rayon => rayon::run(&floor, workers, first),
    }
    Ok(())
}

/// What every worker sees.
struct Floor<'run> {
    /// The files; none where blocks are submitted.
    jobs: Option<&'run Jobs>,
    shared: &'run Shared<'run>,
    board: &'run Board,
}

impl Floor<'_> {
    /// Opens the next stream, and calls `opening` before if there may be another one. Jobs contain the panics of an
    /// input; one in the plan itself ends the run.
    fn next_stream(&self, opening: impl Fn()) -> Option<Stream> {
        let jobs = self.jobs?;
        catch_unwind(AssertUnwindSafe(|| jobs.next(self.shared.outcomes, opening))).unwrap_or_else(|_| {
            self.shared.outcomes.record(&InputId::of_remaining_inputs(), Outcome::panicked());
            None
        })
    }

    /// Does one block of `stream`, with others or alone.
    fn help(&self, stream: &Stream, hand: &mut Hand, company: bool) -> Help {
        // The stream has reported a panic; the tools it may have broken are replaced.
        catch_unwind(AssertUnwindSafe(|| stream.help(hand, company, self.shared))).unwrap_or_else(|_| {
            // A compressor keeps nothing from block to block, so the old tools do where there is no memory for others.
            if let Ok(replacement) = Hand::try_new(self.shared) {
                *hand = replacement;
            }
            Help::Worked
        })
    }

    /// Does blocks of `stream`, with others, until there are no more to take.
    fn help_to_the_end(&self, stream: &Stream, hand: &mut Hand) {
        loop {
            match self.help(stream, hand, true) {
                Help::Worked => self.board.wake(),
                Help::Exhausted => break,
                Help::NothingNow => self.board.wait_until(|| stream.is_exhausted() || stream.has_work(self.shared)),
            }
        }
        self.board.wake();
    }

    /// Does all of a stream that nobody else knows of.
    fn do_alone(&self, stream: &Stream, hand: &mut Hand) {
        while self.help(stream, hand, false) == Help::Worked {}
    }
}

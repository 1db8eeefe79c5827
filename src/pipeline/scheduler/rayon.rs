//! The alternative scheduler: a rayon pool, with a task a file and more for a big one.
//!
//! Each task that takes a file first spawns the one that takes the next, so there are never more of those than
//! workers. A big file spawns tasks that run the same helping loop; idle workers steal them. Blocks are taken by
//! running tasks alone, never queued, so memory stays bounded.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::Floor;
use crate::pipeline::stream::{Hand, Help, Others, Stream};
use crate::sync::lock;

/// A pool's tasks and what they share.
struct Pool<'run> {
    floor: &'run Floor<'run>,
    workers: usize,
    /// Tools that no task is using.
    hands: Mutex<Vec<Hand>>,
}

/// Runs on a pool of `workers` threads, while the caller waits for them.
pub(super) fn run(floor: &Floor<'_>, workers: usize) {
    let Some(threads) = build(workers) else {
        // Not a single thread is to be had, but the caller's own can do the work.
        return super::threads::run(floor, 1);
    };
    let workers = threads.current_num_threads();
    let pool = Pool { floor, workers, hands: Mutex::default() };
    threads.scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|scope| pool.next_file(scope));
        }
    });
}

/// Runs tasks for `stream` on a pool of `workers` - 1 threads, the caller being the last worker, in its own way: it gets a
/// function that spawns another task, if there is a thread for it.
pub(super) fn attend<R>(floor: &Floor<'_>, workers: usize, stream: &Stream, caller: impl FnOnce(&dyn Fn()) -> R) -> R {
    let Some(threads) = (workers > 1).then(|| build(workers - 1)).flatten() else {
        return caller(&|| ());
    };
    let workers = threads.current_num_threads();
    let pool = Pool { floor, workers, hands: Mutex::default() };
    let vacancies = Cell::new(workers);
    threads.in_place_scope(|scope| {
        caller(&|| {
            if vacancies.get() > 0 {
                vacancies.set(vacancies.get() - 1);
                scope.spawn(|_| pool.help(stream));
            }
        })
    })
}

/// A pool of as many workers as the system has threads for.
fn build(workers: usize) -> Option<ThreadPool> {
    let mut fewer_and_fewer = std::iter::successors(Some(workers), |n| Some(n / 2)).take_while(|&n| n > 0);
    fewer_and_fewer.find_map(|n| ThreadPoolBuilder::new().num_threads(n).build().ok())
}

impl<'run> Pool<'run> {
    fn next_file<'scope>(&'scope self, scope: &Scope<'scope>) {
        let Some(stream) = self.floor.next_stream(|| ()) else {
            return;
        };
        scope.spawn(|scope| self.next_file(scope));
        if stream.is_divisible() {
            let stream = Arc::new(stream);
            for _ in 1..self.workers {
                let stream = Arc::clone(&stream);
                scope.spawn(move |_| self.help(&stream));
            }
            self.help(&stream);
        } else {
            self.with_hand(|hand| self.floor.do_alone(&stream, hand));
        }
    }

    /// Does blocks of `stream` until there are no more to be had.
    fn help(&self, stream: &Stream) {
        self.with_hand(|hand| {
            loop {
                match self.floor.help(stream, hand, true) {
                    Help::Worked => self.floor.board.wake(),
                    Help::Exhausted => break,
                    Help::NothingNow => {
                        let shared = self.floor.shared;
                        self.floor.board.wait_until(|| stream.is_exhausted() || stream.has_work(shared));
                    }
                }
            }
            self.floor.board.wake();
        });
    }

    fn with_hand(&self, work: impl FnOnce(&mut Hand)) {
        let spare = lock(&self.hands).pop();
        let mut hand = spare.unwrap_or_else(|| Hand::new(self.floor.shared));
        work(&mut hand);
        lock(&self.hands).push(hand);
    }
}

//! The alternative scheduler: a rayon pool, with a task a file and more for a big one.
//!
//! Each task that takes a file first spawns the one that takes the next, so there are never more of those than
//! workers. A big file spawns tasks that run the same helping loop; idle workers steal them. Blocks are taken by
//! running tasks alone, never queued, so memory stays bounded.

use std::iter;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use super::Floor;
use crate::pipeline::stream::{Hand, Stream};
use crate::sync::lock;

/// A pool's tasks and what they share.
struct Pool<'run> {
    floor: &'run Floor<'run>,
    workers: usize,
    /// Tools that no task is using.
    hands: Mutex<Vec<Hand>>,
}

/// Runs on a pool of `workers` threads, while the caller waits for them; one of them has the tools `first`.
pub(super) fn run(floor: &Floor<'_>, workers: usize, first: Hand) {
    let mut hands = vec![first];
    if floor.shared.resources.memory_is_limited {
        // There are as many threads as there is memory for their tools, so no task lacks any.
        let more = iter::repeat_with(|| Hand::try_new(floor.shared)).take(workers - 1);
        hands.extend(more.map_while(Result::ok));
    }
    let workers = if floor.shared.resources.memory_is_limited { hands.len() } else { workers };
    let Some(threads) = build(workers) else {
        // Not a single thread is to be had, but the caller's own can do the work.
        hands.truncate(1);
        return hands.pop().map_or((), |first| super::threads::run(floor, 1, first));
    };
    let workers = threads.current_num_threads();
    hands.truncate(workers);
    let pool = Pool { floor, workers, hands: Mutex::new(hands) };
    threads.scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|scope| pool.next_file(scope));
        }
    });
}

/// A pool of as many workers as the system has threads for.
fn build(workers: usize) -> Option<ThreadPool> {
    fewer_and_fewer(workers).find_map(|n| ThreadPoolBuilder::new().num_threads(n).build().ok())
}

/// Numbers of threads to try, the wanted one first.
fn fewer_and_fewer(workers: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(workers), |n| Some(n / 2)).take_while(|&n| n > 0)
}

/// A pool whose threads are joined when it is dropped; rayon's own leaves them behind.
pub(super) struct JoinedPool {
    /// `None` only while it is dropped.
    pool: Option<ThreadPool>,
    threads: Vec<JoinHandle<()>>,
}

impl JoinedPool {
    /// A pool of as many workers as the system has threads for.
    pub(super) fn new(workers: usize) -> Option<Self> {
        fewer_and_fewer(workers).find_map(|n| {
            let mut threads = Vec::with_capacity(n);
            let builder = ThreadPoolBuilder::new().num_threads(n).spawn_handler(|worker| {
                threads.push(thread::Builder::new().spawn(|| worker.run())?);
                Ok(())
            });
            let pool = builder.build().ok()?;
            Some(Self { pool: Some(pool), threads })
        })
    }

    /// Runs `task` on one of the threads.
    pub(super) fn spawn(&self, task: impl FnOnce() + Send + 'static) {
        if let Some(pool) = &self.pool {
            pool.spawn(task);
        }
    }
}

impl Drop for JoinedPool {
    fn drop(&mut self) {
        // The threads end when the pool is gone and its tasks are done.
        self.pool = None;
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
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
        self.with_hand(|hand| self.floor.help_to_the_end(stream, hand));
    }

    fn with_hand(&self, work: impl FnOnce(&mut Hand)) {
        let spare = lock(&self.hands).pop();
        let mut hand = spare.unwrap_or_else(|| Hand::new(self.floor.shared));
        work(&mut hand);
        lock(&self.hands).push(hand);
    }
}

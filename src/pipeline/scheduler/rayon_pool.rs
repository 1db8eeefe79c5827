//! The alternative scheduler: a rayon pool, with a task for each file, and more tasks for a large file.
//!
//! A task that opens a file first spawns the task that opens the next one, so there are never more of those than workers. A
//! large file spawns tasks that share its stream; idle threads steal them. Running tasks take the blocks, which are never
//! queued, so memory stays bounded.

use std::iter;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rayon::{Scope, ThreadPoolBuilder};

use super::RunContext;
use crate::pipeline::stream::{Stream, Worker};
use crate::sync::lock;

/// What the tasks of a run share.
struct RayonRun<'run> {
    context: &'run RunContext<'run>,
    threads: usize,
    /// Workers that no task uses at the moment.
    idle: Mutex<Vec<Worker>>,
}

/// Runs on a pool of up to `workers` threads; the caller waits for them. One of the threads uses `first`.
pub(super) fn run(context: &RunContext<'_>, workers: usize, first: Worker) {
    let mut idle = vec![first];
    let mut threads = workers;
    if context.streams.resources.memory_is_limited {
        // The pool gets as many threads as there is memory for workers, so that each task finds a worker.
        let more = iter::repeat_with(|| Worker::try_new(context.streams)).take(workers - 1);
        idle.extend(more.map_while(Result::ok));
        threads = idle.len();
    }
    let Some(pool) = build(threads) else {
        // The system has no thread left, so the calling thread does the work.
        idle.truncate(1);
        return idle.pop().map_or((), |first| super::threads::run(context, 1, first));
    };
    let threads = pool.current_num_threads();
    idle.truncate(threads);
    let run = RayonRun { context, threads, idle: Mutex::new(idle) };
    pool.scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|scope| run.process_next_file(scope));
        }
    });
}

/// A pool of up to `threads` threads, as many as the system has.
fn build(threads: usize) -> Option<rayon::ThreadPool> {
    halving(threads).find_map(|n| ThreadPoolBuilder::new().num_threads(n).build().ok())
}

/// The numbers of threads to try: `threads`, and half as many after each failure.
fn halving(threads: usize) -> impl Iterator<Item = usize> {
    iter::successors(Some(threads), |n| Some(n / 2)).take_while(|&n| n > 0)
}

/// A pool whose threads are joined when it is dropped. A plain rayon pool does not join them.
pub(super) struct JoinedPool {
    /// `None` only while it is dropped.
    pool: Option<rayon::ThreadPool>,
    handles: Vec<JoinHandle<()>>,
}

impl JoinedPool {
    /// A pool of up to `threads` threads, as many as the system has.
    pub(super) fn new(threads: usize) -> Option<Self> {
        halving(threads).find_map(|n| {
            let mut handles = Vec::with_capacity(n);
            let builder = ThreadPoolBuilder::new().num_threads(n).spawn_handler(|thread| {
                handles.push(thread::Builder::new().spawn(|| thread.run())?);
                Ok(())
            });
            let pool = builder.build().ok()?;
            Some(Self { pool: Some(pool), handles })
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
        // The threads end when the pool is dropped and its tasks are done.
        self.pool = None;
        self.handles.drain(..).for_each(|handle| drop(handle.join()));
    }
}

impl<'run> RayonRun<'run> {
    fn process_next_file<'scope>(&'scope self, scope: &Scope<'scope>) {
        let Some(stream) = self.context.next_stream(&|| ()) else {
            return;
        };
        scope.spawn(|scope| self.process_next_file(scope));
        if stream.is_divisible() {
            let stream = Arc::new(stream);
            for _ in 1..self.threads {
                let stream = Arc::clone(&stream);
                scope.spawn(move |_| self.share(&stream));
            }
            self.share(&stream);
        } else {
            self.with_worker(|worker| self.context.process_alone(&stream, worker));
        }
    }

    /// Processes blocks of `stream` until all are taken.
    fn share(&self, stream: &Stream) {
        self.with_worker(|worker| self.context.share_to_end(stream, worker));
    }

    fn with_worker(&self, work: impl FnOnce(&mut Worker)) {
        let idle = lock(&self.idle).pop();
        let mut worker = idle.unwrap_or_else(|| Worker::new(self.context.streams));
        work(&mut worker);
        lock(&self.idle).push(worker);
    }
}

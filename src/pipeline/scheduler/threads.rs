//! The default scheduler: scoped threads.
//!
//! The calling thread is the first worker. A worker that gets work, and finds that there may be more, starts one more thread, up
//! to the limit; so a single small file starts none. Every handle is joined before the run ends: the WaitGroup of the Go lesson.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use super::RunContext;
use super::work_queue::Work;
use crate::pipeline::stream::{OtherWorkers, Worker};
use crate::sync::{lock, yield_point};

/// The threads of a run.
struct ThreadPool<'scope, 'env> {
    context: &'env RunContext<'env>,
    scope: &'scope Scope<'scope, 'env>,
    /// Number of threads that may still be started.
    spare_threads: AtomicUsize,
    handles: Mutex<Vec<ScopedJoinHandle<'scope, ()>>>,
}

/// Runs up to `workers` workers. The caller is `first`.
pub(super) fn run(context: &RunContext<'_>, workers: usize, first: Worker) {
    thread::scope(|scope| {
        let pool = ThreadPool::new(context, workers, scope);
        pool.work(first);
        pool.join();
    });
}

impl<'scope, 'env> ThreadPool<'scope, 'env> {
    fn new(context: &'env RunContext<'env>, workers: usize, scope: &'scope Scope<'scope, 'env>) -> Arc<Self> {
        Arc::new(Self { context, scope, spare_threads: AtomicUsize::new(workers - 1), handles: Mutex::default() })
    }

    /// Waits for every thread.
    fn join(&self) {
        // Only workers start threads, so no handle is added after the last one is joined.
        loop {
            // A `while let` would hold the lock while joining, and `spawn` takes it.
            let Some(handle) = self.handles().pop() else { break };
            // A worker contains the panics of its blocks, so this one is a defect of the scheduler.
            handle.join().expect("a worker ends without a panic");
        }
    }

    /// Works until all work is done.
    fn work(self: &Arc<Self>, mut worker: Worker) {
        let context = self.context;
        while let Some(work) = context.queue.next(context.streams) {
            match work {
                Work::Block(stream) => {
                    self.spawn();
                    context.work(&stream, &mut worker, true);
                    context.queue.wake();
                }
                Work::OpenNext => match context.next_stream(&|| self.spawn()) {
                    None => context.queue.no_more(),
                    Some(stream) if stream.is_divisible() => context.queue.opened(Some(Arc::new(stream))),
                    Some(stream) => {
                        context.process_alone(&stream, &mut worker);
                        context.queue.opened(None);
                    }
                },
            }
        }
    }

    /// Starts one more thread if the limit allows. If the system has no more threads, or no memory for the worker, no other
    /// thread is tried.
    fn spawn(self: &Arc<Self>) {
        yield_point();
        let fewer = |spare: usize| spare.checked_sub(1);
        if self.spare_threads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_err() {
            return;
        }
        let pool = Arc::clone(self);
        let run = move || match Worker::try_new(pool.context.streams) {
            Ok(worker) => pool.work(worker),
            Err(_) => pool.spare_threads.store(0, Ordering::Relaxed),
        };
        match Builder::new().spawn_scoped(self.scope, run) {
            Ok(handle) => self.handles().push(handle),
            Err(_) => self.spare_threads.store(0, Ordering::Relaxed),
        }
    }

    fn handles(&self) -> MutexGuard<'_, Vec<ScopedJoinHandle<'scope, ()>>> {
        lock(&self.handles)
    }
}

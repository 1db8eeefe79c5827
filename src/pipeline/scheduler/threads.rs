//! The default scheduler: scoped threads with one budget for files and blocks.
//!
//! A worker does a block of an open stream if there is one, else takes the next file, so no worker is idle
//! while one giant is left. It begins with the calling thread; whoever gets work and sees that there is more hires
//! one thread, up to the number allowed, so that a single small file costs none. Every handle is joined before the
//! count: that join is the lesson's WaitGroup.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use super::Floor;
use super::board::Task;
use crate::pipeline::stream::{Hand, Others};
use crate::sync::{lock, yield_point};

/// The workers of a run and those that may still join them.
struct Crew<'scope, 'env> {
    floor: &'env Floor<'env>,
    scope: &'scope Scope<'scope, 'env>,
    /// Threads that may still be hired.
    vacancies: AtomicUsize,
    handles: Mutex<Vec<ScopedJoinHandle<'scope, ()>>>,
}

/// Runs `workers` workers at most, the caller being one of them, with the tools `first`.
pub(super) fn run(floor: &Floor<'_>, workers: usize, first: Hand) {
    thread::scope(|scope| {
        let crew = Crew::new(floor, workers, scope);
        crew.work(first);
        crew.join();
    });
}

impl<'scope, 'env> Crew<'scope, 'env> {
    fn new(floor: &'env Floor<'env>, workers: usize, scope: &'scope Scope<'scope, 'env>) -> Arc<Self> {
        Arc::new(Self { floor, scope, vacancies: AtomicUsize::new(workers - 1), handles: Mutex::default() })
    }

    /// Waits for every thread.
    fn join(&self) {
        // Whoever hires is a worker, so after the last handle nobody is left to add one.
        loop {
            // Not in the loop's head: the lock would be held while joining, and hiring takes it.
            let Some(handle) = self.handles().pop() else { break };
            // A worker contains its panics, so one that gets here is a defect worth the noise.
            handle.join().expect("a worker ends without a panic");
        }
    }

    fn work(self: &Arc<Self>, mut hand: Hand) {
        let floor = self.floor;
        while let Some(task) = floor.board.next(floor.shared) {
            match task {
                Task::Help(stream) => {
                    self.hire();
                    floor.help(&stream, &mut hand, true);
                    floor.board.wake();
                }
                Task::Open => match floor.next_stream(|| self.hire()) {
                    None => floor.board.no_more(),
                    Some(stream) if stream.is_divisible() => floor.board.opened(Some(Arc::new(stream))),
                    Some(stream) => {
                        floor.do_alone(&stream, &mut hand);
                        floor.board.opened(None);
                    }
                },
            }
        }
    }

    /// Starts one more worker if there is a vacancy. Where the system has no thread left, or no memory for the worker's
    /// tools, there are no more of those.
    fn hire(self: &Arc<Self>) {
        yield_point();
        let fewer = |vacancies: usize| vacancies.checked_sub(1);
        if self.vacancies.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_err() {
            return;
        }
        let crew = Arc::clone(self);
        match Builder::new().spawn_scoped(self.scope, move || match Hand::try_new(crew.floor.shared) {
            Ok(hand) => crew.work(hand),
            Err(_) => crew.vacancies.store(0, Ordering::Relaxed),
        }) {
            Ok(handle) => self.handles().push(handle),
            Err(_) => self.vacancies.store(0, Ordering::Relaxed),
        }
    }

    fn handles(&self) -> std::sync::MutexGuard<'_, Vec<ScopedJoinHandle<'scope, ()>>> {
        lock(&self.handles)
    }
}

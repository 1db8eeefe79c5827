//! Work queue: the streams that can use more workers, and the condition variable that idle workers wait on.
//!
//! Lock order: the queue's lock before a stream's lock. The queue asks streams for work while it is locked, so a worker must not
//! hold a stream's lock when it notifies the queue.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::pipeline::stream::{OtherWorkers, Stream, StreamContext};
use crate::sync::lock;

#[derive(Debug)]
pub(super) struct WorkQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug)]
struct QueueState {
    /// Streams that more than one worker can work on, oldest first. There are at most as many as workers: a stream is opened
    /// only if no other stream has a block to take, and each unfinished stream has a block that a worker processes.
    open: Vec<Arc<Stream>>,
    /// Workers that are opening the next file, which may become such a stream.
    opening: usize,
    /// There is no next file.
    no_more: bool,
    /// Workers that wait. If there is none, a notification, which would be a system call, is saved.
    waiting: usize,
}

/// What an idle worker has to do.
pub(super) enum Work {
    /// Process a block of this stream.
    Block(Arc<Stream>),
    /// Open the next file, and call [`WorkQueue::opened`] or [`WorkQueue::no_more`] afterwards.
    OpenNext,
}

impl WorkQueue {
    /// A queue for files.
    pub(super) fn new() -> Self {
        Self::with_state(QueueState { open: Vec::new(), opening: 0, no_more: false, waiting: 0 })
    }

    /// A queue for one stream, without files.
    pub(super) fn for_stream(stream: Arc<Stream>) -> Self {
        Self::with_state(QueueState { open: vec![stream], opening: 0, no_more: true, waiting: 0 })
    }

    fn with_state(state: QueueState) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Blocks until there is work: a block of an open stream if available, which keeps few streams open; otherwise the next
    /// file. `None` when all work is done.
    pub(super) fn next(&self, context: &StreamContext<'_>) -> Option<Work> {
        let mut state = self.lock();
        loop {
            state.open.retain(|stream| !stream.is_finished());
            if let Some(stream) = state.open.iter().find(|stream| stream.has_work(context)) {
                return Some(Work::Block(Arc::clone(stream)));
            }
            if !state.no_more {
                state.opening += 1;
                return Some(Work::OpenNext);
            }
            if state.open.is_empty() && state.opening == 0 {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// Ends [`Work::OpenNext`]: the file is done, or is a stream for other workers to join.
    pub(super) fn opened(&self, stream: Option<Arc<Stream>>) {
        let mut state = self.lock();
        state.opening -= 1;
        state.open.extend(stream);
        self.notify(state);
    }

    /// Ends [`Work::OpenNext`]: there was no next file.
    pub(super) fn no_more(&self) {
        let mut state = self.lock();
        state.opening -= 1;
        state.no_more = true;
        self.notify(state);
    }

    /// Waits until `ready` returns true. It is called again after each notification.
    pub(super) fn wait_until(&self, ready: impl Fn() -> bool) {
        let mut state = self.lock();
        while !ready() {
            state = self.wait(state);
        }
    }

    fn wait<'a>(&self, mut state: MutexGuard<'a, QueueState>) -> MutexGuard<'a, QueueState> {
        state.waiting += 1;
        state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn notify(&self, state: MutexGuard<'_, QueueState>) {
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        lock(&self.state)
    }
}

impl OtherWorkers for WorkQueue {
    fn wake(&self) {
        self.notify(self.lock());
    }

    fn any_waits(&self) -> bool {
        self.lock().waiting > 0
    }
}

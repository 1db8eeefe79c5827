//! The board: which streams are open to helping hands, and the place where idle workers wait.
//!
//! Its lock comes before a stream's: it looks at streams while it is held, and is told of their moves by whoever
//! holds no lock of theirs.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::pipeline::stream::{Others, Shared, Stream};
use crate::sync::lock;

#[derive(Debug)]
pub(super) struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// Streams that more than one worker can work on, oldest first. At most one a worker: a new one is
    /// opened only while no other has a block to give, and each unfinished one has a block in some worker's hands.
    open: Vec<Arc<Stream>>,
    /// Workers that are opening the next file, which may turn out to be such a stream.
    opening: usize,
    /// There is no next file.
    no_more: bool,
    /// Workers that wait: without any, nobody needs waking, which would be a system call.
    waiting: usize,
}

/// What an idle worker is to do.
pub(super) enum Task {
    /// Do a block of this stream.
    Help(Arc<Stream>),
    /// Open the next file, and say so when done with it.
    Open,
}

impl Board {
    pub(super) fn new() -> Self {
        let state = State { open: Vec::new(), opening: 0, no_more: false, waiting: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// For one stream and no file.
    pub(super) fn of(stream: Arc<Stream>) -> Self {
        let state = State { open: vec![stream], opening: 0, no_more: true, waiting: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Finds something to do, waiting for it if need be: help an open stream first, so that few are open at once;
    /// else the next file. `None` when all is done.
    pub(super) fn next(&self, shared: &Shared<'_>) -> Option<Task> {
        let mut state = self.lock();
        loop {
            state.open.retain(|stream| !stream.is_finished());
            if let Some(stream) = state.open.iter().find(|stream| stream.has_work(shared)) {
                return Some(Task::Help(Arc::clone(stream)));
            }
            if !state.no_more {
                state.opening += 1;
                return Some(Task::Open);
            }
            if state.open.is_empty() && state.opening == 0 {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// The file taken with [`Task::Open`] has been dealt with, or is a stream for others to help with.
    pub(super) fn opened(&self, stream: Option<Arc<Stream>>) {
        let mut state = self.lock();
        state.opening -= 1;
        state.open.extend(stream);
        self.notify(state);
    }

    /// There was no file to be opened.
    pub(super) fn no_more(&self) {
        let mut state = self.lock();
        state.opening -= 1;
        state.no_more = true;
        self.notify(state);
    }

    /// Waits until `ready`, which is asked again after every move.
    pub(super) fn wait_until(&self, ready: impl Fn() -> bool) {
        let mut state = self.lock();
        while !ready() {
            state = self.wait(state);
        }
    }

    fn wait<'a>(&self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.waiting += 1;
        state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn notify(&self, state: MutexGuard<'_, State>) {
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Others for Board {
    fn wake(&self) {
        self.notify(self.lock());
    }

    fn any_waits(&self) -> bool {
        self.lock().waiting > 0
    }
}

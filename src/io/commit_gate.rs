//! The gate that every worker passes to name an output: once it is closed, no output gets a name any more.
//!
//! A program that ends on a signal closes the gate, waits for the workers inside, and removes the temporaries. So each output is
//! either complete, named and counted, or absent. The gate is one for the whole process, as a signal is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sync::lock;

static GATE: Gate = Gate { state: Mutex::new(State { inside: 0, closed: false }), left: Condvar::new() };

struct Gate {
    state: Mutex<State>,
    /// Signalled when a worker leaves a closed gate.
    left: Condvar,
}

struct State {
    /// Workers inside.
    inside: usize,
    /// No other worker may enter, ever.
    closed: bool,
}

/// The right to name an output, to remove its original and to record its outcome; or to create a temporary name.
#[derive(Debug)]
pub(crate) struct Pass(());

/// Waits for the right to commit an output. After [`close`] this blocks forever.
pub(crate) fn enter() -> Pass {
    let mut state = GATE.lock();
    while state.closed {
        state = GATE.left.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state.inside += 1;
    Pass(())
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = GATE.lock();
        state.inside -= 1;
        if state.closed {
            GATE.left.notify_all();
        }
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Closes the gate for good, and waits up to `patience` for the workers inside.
pub(crate) fn close(patience: Duration) {
    let mut state = GATE.lock();
    state.closed = true;
    drop(GATE.left.wait_timeout_while(state, patience, |state| state.inside > 0));
}

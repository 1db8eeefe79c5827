//! The gate that every worker enters to name an output. Once it is closed, no output gets a name.
//!
//! A program that ends on a signal closes the gate, waits for the workers inside, and removes the temporaries. So each
//! output is either complete, named and counted, or absent (P2). A signal concerns the whole process, so the gate is a
//! static.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sync::lock;

static GATE: Gate = Gate { state: Mutex::new(GateState { inside: 0, closed: false }), left: Condvar::new() };

struct Gate {
    state: Mutex<GateState>,
    /// Signalled when a worker leaves a closed gate.
    left: Condvar,
}

struct GateState {
    /// Workers inside.
    inside: usize,
    /// No worker may enter from now on. Never reset.
    closed: bool,
}

/// The permission to name an output, remove its original and record its outcome, or to create a temporary name.
/// Dropping it leaves the gate.
#[derive(Debug)]
pub(crate) struct Pass(());

/// Enters the gate. After [`close`] this blocks forever.
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
    fn lock(&self) -> MutexGuard<'_, GateState> {
        lock(&self.state)
    }
}

/// Closes the gate, and waits up to `patience` for the workers inside to leave.
pub(crate) fn close(patience: Duration) {
    let mut state = GATE.lock();
    state.closed = true;
    drop(GATE.left.wait_timeout_while(state, patience, |state| state.inside > 0));
}

//! Ending on a signal: what is whole stays, what is not leaves nothing, and the process dies by that signal.
//!
//! A thread of its own waits for SIGINT, SIGTERM and SIGHUP, so that it does not matter what the workers are doing. It
//! lets those that are just naming an output end that, and nobody begin it any more; removes the temporaries; tells
//! how far the run got; and raises the signal again with nobody to catch it. A second signal does not wait.
//!
//! This is the process' own matter, so [`watch`] is called by `main` and never by a run.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::io::temporary;
use crate::report::Report;
use crate::sync::lock;

/// Signals that end a run, and what they do to it.
const ENDING: [(i32, &str); 3] = [(SIGINT, "interrupted"), (SIGTERM, "terminated"), (SIGHUP, "hung up")];

/// How long the naming of outputs may take, which on a slow disk may have to sync first. The process is to be gone 100 ms
/// after the signal; the rest is for what else there is to do.
const PATIENCE: Duration = Duration::from_millis(60);

/// Most stack of the thread that waits for signals: all it does is to remove files and write a line.
const STACK: usize = 64 * 1024;

/// Who is naming an output.
static GATE: Gate = Gate { state: Mutex::new(Naming { workers: 0, closed: false }), fewer: Condvar::new() };

struct Gate {
    state: Mutex<Naming>,
    fewer: Condvar,
}

struct Naming {
    /// Workers that are.
    workers: usize,
    /// Nobody else may, ever.
    closed: bool,
}

/// The right to name an output, remove its original, and count it; or to give a file its temporary name.
#[derive(Debug)]
pub struct Finishing(());

/// Waits for the right to finish an output. After a signal that takes forever.
pub fn finish() -> Finishing {
    let mut state = GATE.lock();
    while state.closed {
        state = GATE.fewer.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    state.workers += 1;
    Finishing(())
}

impl Drop for Finishing {
    fn drop(&mut self) {
        let mut state = GATE.lock();
        state.workers -= 1;
        if state.closed {
            GATE.fewer.notify_all();
        }
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Naming> {
        lock(&self.state)
    }

    /// Lets nobody in any more, and waits a while for those inside.
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        drop(self.fewer.wait_timeout_while(state, PATIENCE, |state| state.workers > 0));
    }
}

/// Watches for signals from now on, in a thread of its own, and tells through `report`. One that was ignored when the
/// process began, as nohup does, stays ignored.
///
/// # Errors
/// Of the system, if there is no thread or pipe to be had; signals then end the process as they would any.
pub fn watch(report: Arc<Report<'static>>) -> io::Result<()> {
    let ignored = ignored_signals();
    let watched: Vec<i32> =
        ENDING.map(|(signal, _)| signal).into_iter().filter(|s| ignored >> (s - 1) & 1 == 0).collect();
    let again = Arc::new(AtomicBool::new(false));
    let result = wait_for(&watched, &again, report);
    if result.is_err() {
        // Handlers that were set cannot be taken back, but they need not wait for anybody.
        again.store(true, Ordering::Relaxed);
    }
    result
}

fn wait_for(watched: &[i32], again: &Arc<AtomicBool>, report: Arc<Report<'static>>) -> io::Result<()> {
    // In this order: the first signal finds the flag down, and raises it for the second.
    for &signal in watched {
        flag::register_conditional_default(signal, Arc::clone(again))?;
    }
    let mut signals = Signals::new(watched)?;
    for &signal in watched {
        flag::register(signal, Arc::clone(again))?;
    }
    let end = move || {
        if let Some(signal) = signals.forever().next() {
            end(signal, &report);
        }
    };
    Builder::new().name("signals".into()).stack_size(STACK).spawn(end).map(drop)
}

/// Ends the process by `signal`.
fn end(signal: i32, report: &Report<'_>) {
    GATE.close();
    let how = ENDING.iter().find(|(number, _)| *number == signal).map_or("ended", |(_, how)| how);
    // First, as whoever is still at it would tell that his temporary is gone.
    report.interrupted(how);
    temporary::remove_all();
    if emulate_default_handler(signal).is_err() {
        // Every worker waits for a gate that stays closed.
        std::process::abort();
    }
}

/// Signals that the process was told to ignore, a bit each (proc(5), SigIgn); none if that cannot be found out.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

//! Ending the process on a signal: complete outputs stay, incomplete ones leave nothing, and the process dies by that signal.
//!
//! A thread waits for SIGINT, SIGTERM and SIGHUP, so the workers need not be interrupted. It waits for the workers that are
//! naming an output, and keeps the others from doing so. Then it prints the counts so far, removes the temporaries, and
//! raises the signal again with the default action. A second signal ends the process at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::report::Report;

/// Signals that end a run, and the words for that in the message.
const ENDING: [(i32, &str); 3] = [(SIGINT, "interrupted"), (SIGTERM, "terminated"), (SIGHUP, "hung up")];

/// How long naming outputs may take, which on a slow disk may sync first. The process has to end within 100 ms of the signal;
/// the rest is for the temporaries and the message.
const PATIENCE: Duration = Duration::from_millis(60);

/// Stack of the thread that waits for signals: it removes files and writes a line.
const STACK: usize = 64 * 1024;

/// Handles signals from now on, in a thread of its own. A signal that was ignored when the process started, as under nohup, stays
/// ignored.
///
/// # Errors
/// The system's, if it has no thread or pipe left. Signals then end the process at once.
pub(crate) fn watch(report: Arc<Report>) -> io::Result<()> {
    let ignored = ignored_signals();
    let watched: Vec<i32> =
        ENDING.map(|(signal, _)| signal).into_iter().filter(|s| ignored >> (s - 1) & 1 == 0).collect();
    let again = Arc::new(AtomicBool::new(false));
    let result = wait_for(&watched, &again, report);
    if result.is_err() {
        // Handlers cannot be removed. With the flag set, they end the process at once.
        again.store(true, Ordering::Relaxed);
    }
    result
}

fn wait_for(watched: &[i32], again: &Arc<AtomicBool>, report: Arc<Report>) -> io::Result<()> {
    // In this order, so that the first signal finds the flag cleared, and sets it for the second.
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
fn end(signal: i32, report: &Report) {
    gzcc::shutdown::stop_commits(PATIENCE);
    let how = ENDING.iter().find(|(number, _)| *number == signal).map_or("ended", |(_, how)| how);
    // Before the temporaries are removed, because a worker that is still writing would report that its temporary is missing.
    report.interrupted(how);
    gzcc::shutdown::remove_temporaries();
    if emulate_default_handler(signal).is_err() {
        // The process cannot exit normally: its workers wait at the closed gate.
        std::process::abort();
    }
}

/// The signals that the process was started to ignore, one bit each (proc(5), SigIgn); 0 if they cannot be read.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

//! Resource limits of the process: descriptors, memory, stack and file size.
//!
//! Raises the soft limit of descriptors, and reduces the number of workers to what the limits allow.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::Builder;

use gzcc::command::resources;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::malloc;

/// Descriptors that a worker holds at most: input, output, a directory for each, and a duplicate of the output's that closes it.
const DESCRIPTORS_PER_WORKER: u64 = 5;

/// Descriptors for everything else: the standard three, a walk (walkdir holds 10), the output directory.
const OTHER_DESCRIPTORS: u64 = 32;

/// The number of workers, at most `workers` and at least one, that the limits of memory and descriptors allow at this level.
pub(crate) fn limit_workers(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    limit_by_descriptors(limit_by_memory(workers, level))
}

/// Respects `ulimit -v` and `ulimit -d`.
fn limit_by_memory(workers: NonZeroUsize, level: u8) -> NonZeroUsize {
    if resources::is_limited() {
        malloc::use_one_arena();
    }
    resources::within_limits(workers, level)
}

/// Respects `ulimit -n`. Raises the soft limit up to the hard one if needed: many systems set it to 1,024, which is too low for
/// 256 workers.
fn limit_by_descriptors(workers: NonZeroUsize) -> NonZeroUsize {
    let available = raise_descriptor_limit(needed_descriptors(workers));
    let max = available.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_PER_WORKER;
    workers.min(NonZeroUsize::new(max as usize).unwrap_or(NonZeroUsize::MIN))
}

/// The number of descriptors left beside this many workers, with the soft limit raised to the hard one.
pub(crate) fn spare_descriptors(workers: NonZeroUsize) -> u64 {
    raise_descriptor_limit(u64::MAX).saturating_sub(needed_descriptors(workers))
}

fn needed_descriptors(workers: NonZeroUsize) -> u64 {
    OTHER_DESCRIPTORS + DESCRIPTORS_PER_WORKER * workers.get() as u64
}

/// Raises the soft limit to `needed`, or as far as the hard limit allows; returns the number of available descriptors, at most
/// `needed`.
fn raise_descriptor_limit(needed: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(soft) = current.filter(|&soft| soft < needed) else {
        return needed;
    };
    let raised = maximum.map_or(needed, |hard| hard.min(needed));
    setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).map_or(soft, |()| raised)
}

/// Bytes of stack that the command needs. The parser of the command line needs the most; the default of Linux is 8 MiB.
const STACK: usize = 2 << 20;

/// Calls `run`, on a thread with a stack of [`STACK`] bytes if `ulimit -s` limits the main thread to less. `None` if that thread
/// panicked, which was reported.
pub(crate) fn with_enough_stack<T: Send + 'static>(run: fn() -> T) -> Option<T> {
    let is_small = getrlimit(Resource::Stack).current.is_some_and(|bytes| bytes < STACK as u64);
    let thread = is_small.then(|| Builder::new().stack_size(STACK).spawn(run));
    match thread {
        Some(Ok(thread)) => thread.join().ok(),
        // Without a thread, the small stack may do.
        Some(Err(_)) | None => Some(run()),
    }
}

/// Makes a write beyond `ulimit -f` fail with an error that concerns one file. By default SIGXFSZ ends the process.
pub(crate) fn report_file_size_limit_as_error() {
    // Any handler keeps the signal from ending the process; the flag that this one sets is not used. If registering fails, the
    // signal ends the process, and every named output is complete.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

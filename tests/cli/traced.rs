//! Stops gzcc under strace right after a system call, so that a test can make a change at that moment.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Finished, Sandbox};

/// Runs gzcc with `words`, stops it right after the `nth` system call `call` on the file `name`, calls `intervene`, and lets
/// it continue.
#[track_caller]
pub fn intervene_after(
    t: &Sandbox,
    (name, call, nth): (&str, &str, usize),
    words: &[&str],
    intervene: impl FnOnce(),
) -> Finished {
    let (path, trace) = (t.path(name), tempfile::NamedTempFile::new().unwrap());
    let (traced, inject) = (format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={nth}"));
    let (to, on) = (trace.path().to_str().unwrap(), path.to_str().unwrap());
    let strace = ["-f", "-o", to, "-P", on, "-e", &traced, "-e", &inject, env!("CARGO_BIN_EXE_gzcc")];
    t.command("strace", strace.iter().chain(words)).run_while(Stdio::null(), |strace| {
        // From here on gzcc makes no progress: strace holds it until it stops.
        wait_until(|| returned(&fs::read_to_string(trace.path()).unwrap(), call) >= nth);
        let gzcc = child_of(strace).unwrap();
        intervene();
        // The stop may be still pending, so SIGCONT is repeated.
        wait_until(|| kill_process(gzcc, Signal::CONT).is_err() || child_of(strace).is_none());
    })
}

/// The number of system calls of this name that have returned according to the trace.
fn returned(trace: &str, call: &str) -> usize {
    let (whole, resumed) = (format!("{call}("), format!("<... {call} resumed>"));
    let done = |line: &&str| line.contains(&whole) && !line.contains("<unfinished ...>") || line.contains(&resumed);
    trace.lines().filter(done).count()
}

/// The child process of `parent`, if there is one.
pub fn child_of(parent: u32) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

/// Waits until the condition holds. The limit ends a test whose program hangs; a busy machine needs much less.
#[track_caller]
pub fn wait_until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(120), "it never came to that");
        sleep(Duration::from_millis(2));
    }
}

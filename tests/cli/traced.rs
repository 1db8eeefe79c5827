//! gzcc under strace: stopped right after a system call, so that something can be done at just that moment.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Finished, Sandbox};

/// Runs gzcc with `words`, stops it right after the `nth` system call of this name on the file `name`, does `meddle`,
/// and lets it go on.
#[track_caller]
pub fn meddling_at(
    t: &Sandbox,
    (name, call, nth): (&str, &str, usize),
    words: &[&str],
    meddle: impl FnOnce(),
) -> Finished {
    let (path, trace) = (t.path(name), tempfile::NamedTempFile::new().unwrap());
    let (traced, inject) = (format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={nth}"));
    let (to, on) = (trace.path().to_str().unwrap(), path.to_str().unwrap());
    let strace = ["-f", "-o", to, "-P", on, "-e", &traced, "-e", &inject, env!("CARGO_BIN_EXE_gzcc")];
    t.command("strace", strace.iter().chain(words)).run_while(Stdio::null(), |strace| {
        // From then on it does nothing of its own: strace has it in its hands until it stops.
        wait_until(|| returned(&fs::read_to_string(trace.path()).unwrap(), call) >= nth);
        let gzcc = child_of(strace).unwrap();
        meddle();
        // The stop itself may be yet to come.
        wait_until(|| kill_process(gzcc, Signal::CONT).is_err() || child_of(strace).is_none());
    })
}

/// How many system calls of this name have returned, as strace tells it.
fn returned(trace: &str, call: &str) -> usize {
    let (whole, resumed) = (format!("{call}("), format!("<... {call} resumed>"));
    let done = |line: &&str| line.contains(&whole) && !line.contains("<unfinished ...>") || line.contains(&resumed);
    trace.lines().filter(done).count()
}

/// The process that another one has started, while it is there.
pub fn child_of(parent: u32) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

/// Waits, for half a minute at most, until something is so.
#[track_caller]
pub fn wait_until(is_so: impl Fn() -> bool) {
    let in_time = (0..3_000).any(|_| {
        sleep(Duration::from_millis(10));
        is_so()
    });
    assert!(in_time, "it never came to that");
}

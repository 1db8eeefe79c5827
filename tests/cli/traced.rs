//! gzcc under strace: stopped right after a system call, so that something can be done at just that moment.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Ran, Sandbox};

/// Runs gzcc with `words`, stops it right after the `nth` system call of this name on the file `name`, does `meddle`,
/// and lets it go on.
#[track_caller]
pub fn meddling_at(t: &Sandbox, (name, call, nth): (&str, &str, usize), words: &[&str], meddle: impl FnOnce()) -> Ran {
    let (path, trace) = (t.path(name), tempfile::NamedTempFile::new().unwrap());
    let (traced, inject) = (format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={nth}"));
    let (to, on) = (trace.path().to_str().unwrap(), path.to_str().unwrap());
    let strace = ["-f", "-o", to, "-P", on, "-e", &traced, "-e", &inject, env!("CARGO_BIN_EXE_gzcc")];
    let returned = || fs::read_to_string(trace.path()).unwrap().matches(&format!("{call}(")).count() >= nth;
    t.command("strace", strace.iter().chain(words)).run_while(Stdio::null(), |strace| {
        wait_until(returned);
        let children = fs::read_to_string(format!("/proc/{strace}/task/{strace}/children")).unwrap();
        let gzcc = children.split_whitespace().next().unwrap();
        // Whoever is traced stops for a moment at each system call; this stop lasts.
        wait_until(|| (0..10).all(|_| is_stopped(gzcc)));
        meddle();
        kill_process(Pid::from_raw(gzcc.parse().unwrap()).unwrap(), Signal::CONT).unwrap();
    })
}

/// Whether a process, looked at a moment later, is stopped.
fn is_stopped(pid: &str) -> bool {
    sleep(Duration::from_millis(2));
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with(['t', 'T'])
}

/// Waits, for half a minute at most, until something is so.
#[track_caller]
fn wait_until(is_so: impl Fn() -> bool) {
    let in_time = (0..3_000).any(|_| {
        sleep(Duration::from_millis(10));
        is_so()
    });
    assert!(in_time, "it never came to that");
}

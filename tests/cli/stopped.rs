//! Stops the whole gzcc process right after a system call, given by its name and the file it is called on, so that a
//! test can make a change at that moment.

use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;

use rustix::process::{Signal, kill_process};

use crate::harness::{Finished, Sandbox};
use crate::traced::{child_of, wait_until};

/// The time right after the `nth` system call `call`, counted from 1, on `on`: a file, by any descriptor, or `.` for the
/// sandbox's directory, which covers the calls on names in it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub on: &'static str,
    pub call: &'static str,
    pub nth: usize,
}

impl Moment {
    pub const fn new(on: &'static str, call: &'static str, nth: usize) -> Self {
        Self { on, call, nth }
    }
}

/// The line that strace prints when the process has stopped.
const STOPPED: &str = "--- stopped by SIGSTOP ---";

/// Runs gzcc with `words`, calls `intervene` while it is stopped at `moment`, and lets it continue. Standard output is a
/// file, so that gzcc never waits for a reader.
#[track_caller]
pub fn stopped_at<S: AsRef<OsStr>>(t: &Sandbox, moment: Moment, words: &[S], intervene: impl FnOnce()) -> Finished {
    let program = OsStr::new(env!("CARGO_BIN_EXE_gzcc"));
    let command: Vec<&OsStr> = [program].into_iter().chain(words.iter().map(AsRef::as_ref)).collect();
    command_stopped_at(t, moment, &command, intervene)
}

/// The same for a command whose first word is the program: gzcc or a link to it.
#[track_caller]
pub fn command_stopped_at(t: &Sandbox, moment: Moment, command: &[&OsStr], intervene: impl FnOnce()) -> Finished {
    let Moment { on, call, nth } = moment;
    // Not in the sandbox, as tests list its names.
    let (trace, stdout) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    // strace matches a path that does not exist yet as gzcc gets it.
    let on = fs::canonicalize(t.path(on)).unwrap_or(t.path(on));
    let (traced, inject) = (format!("trace={call}"), format!("inject={call}:signal=SIGSTOP:when={nth}"));
    let script = ["-c", "exec \"$@\" > \"$0\"", stdout.path().to_str().unwrap(), "strace", "-f", "-o"];
    let strace = [trace.path().to_str().unwrap(), "-P", on.to_str().unwrap(), "-e", &traced, "-e", &inject];
    let call = t.command("bash", script.iter().chain(&strace).map(OsStr::new).chain(command.iter().copied()));
    let mut ran = call.run_while(Stdio::null(), |strace| {
        let traced = || fs::read_to_string(trace.path()).unwrap();
        wait_until(|| traced().contains(STOPPED) || traced().contains("+++ exited"));
        assert!(traced().contains(STOPPED), "it ended without coming to {moment:?}:\n{}", traced());
        let gzcc = child_of(strace).unwrap();
        // After it has written that, strace has one more call to make, which fails if gzcc continues before it. Then it sleeps.
        wait_until(|| is_asleep(strace));
        intervene();
        wait_until(|| kill_process(gzcc, Signal::CONT).is_err() || child_of(strace).is_none());
    });
    ran.stdout = fs::read(stdout.path()).unwrap();
    ran
}

/// Whether the process waits for something.
fn is_asleep(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    stat.rsplit(") ").next().is_some_and(|fields| fields.starts_with('S'))
}

/// Returns how many of the system calls `calls` (comma-separated names) gzcc makes on `on` in a run with `words` without
/// a stop, which ends with `status`.
pub fn count_calls(t: &Sandbox, on: &str, calls: &str, words: &[&str], status: i32) -> usize {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let on = fs::canonicalize(t.path(on)).unwrap();
    let (to, traced) = (trace.path().to_str().unwrap(), format!("trace={calls}"));
    let strace = ["-f", "-o", to, "-P", on.to_str().unwrap(), "-e", &traced, env!("CARGO_BIN_EXE_gzcc")];
    let ran = t.command("strace", strace.iter().chain(words)).run();
    ran.assert(ran.status.code() == Some(status), "the run succeeds without interference");
    let trace = fs::read_to_string(trace.path()).unwrap();
    trace.lines().filter(|line| calls.split(',').any(|call| line.contains(&format!(" {call}(")))).count()
}

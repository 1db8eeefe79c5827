//! gzcc stopped whole, right after a system call that is told by its name and what it is called on, so that something
//! can be done at just that moment.

use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;

use rustix::process::{Signal, kill_process};

use crate::harness::{Finished, Sandbox};
use crate::traced::{child_of, wait_until};

/// Right after this system call: the `nth`, from 1, on what `on` names: `.` for the sandbox' own folder (so all that is
/// opened, looked at, linked and removed in it), or a file, by whatever descriptor.
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

/// What strace tells of a process that is stopped for good.
const STOPPED: &str = "--- stopped by SIGSTOP ---";

/// Runs gzcc with `words`, its standard output into a file so that nothing waits for a reader, does `meddle` while it
/// is stopped at `moment`, and lets it go on.
#[track_caller]
pub fn stopped_at<S: AsRef<OsStr>>(t: &Sandbox, moment: Moment, words: &[S], meddle: impl FnOnce()) -> Finished {
    let program = OsStr::new(env!("CARGO_BIN_EXE_gzcc"));
    let command: Vec<&OsStr> = [program].into_iter().chain(words.iter().map(AsRef::as_ref)).collect();
    command_stopped_at(t, moment, &command, meddle)
}

/// The same with a command whose first word is the program, which may be a link to gzcc.
#[track_caller]
pub fn command_stopped_at(t: &Sandbox, moment: Moment, command: &[&OsStr], meddle: impl FnOnce()) -> Finished {
    let Moment { on, call, nth } = moment;
    // Not in the sandbox, whose names are counted.
    let (trace, stdout) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    // What is not there yet is told by the name that gzcc is given.
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
        meddle();
        wait_until(|| kill_process(gzcc, Signal::CONT).is_err() || child_of(strace).is_none());
    });
    ran.stdout = fs::read(stdout.path()).unwrap();
    ran
}

/// How often gzcc with `words` makes the system calls `calls` (names with commas between) on `on` when nobody meddles,
/// ending with `status`.
pub fn times(t: &Sandbox, on: &str, calls: &str, words: &[&str], status: i32) -> usize {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let on = fs::canonicalize(t.path(on)).unwrap();
    let (to, traced) = (trace.path().to_str().unwrap(), format!("trace={calls}"));
    let strace = ["-f", "-o", to, "-P", on.to_str().unwrap(), "-e", &traced, env!("CARGO_BIN_EXE_gzcc")];
    let ran = t.command("strace", strace.iter().chain(words)).run();
    ran.assert(ran.status.code() == Some(status), "it ends well when nobody meddles");
    let trace = fs::read_to_string(trace.path()).unwrap();
    trace.lines().filter(|line| calls.split(',').any(|call| line.contains(&format!(" {call}(")))).count()
}

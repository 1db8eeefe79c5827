//! Runs gzcc under strace, which makes the nth call of a name fail, and parses strace's output.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::scenarios::{Prepared, Scenario};
use crate::harness::{Finished, Sandbox};

/// The injected errors, and the system's messages for them.
pub const ERRORS: &[(&str, &str)] = &[
    ("EIO", "Input/output error"),
    ("EINTR", "Interrupted system call"),
    ("ENOSPC", "No space left on device"),
    ("EDQUOT", "Disk quota exceeded"),
    ("EACCES", "Permission denied"),
    ("EMFILE", "Too many open files"),
];

/// The calls that may touch an input, an output, a directory or metadata, or start a worker. With `?`, strace ignores
/// calls that the architecture lacks.
const CALLS: &str = "?open,openat,openat2,read,pread64,write,?lseek,?ftruncate,fsync,syncfs,linkat,?rename,?renameat,\
    renameat2,?fchmod,?fchown,utimensat,?unlink,unlinkat,?stat,?lstat,?fstat,?newfstatat,statx,fgetxattr,fremovexattr,\
    ?fsetxattr,close,getdents64,?mkdir,mkdirat,?clone,?clone3";

/// A failing system call.
pub struct Fault {
    pub call: String,
    pub error: &'static str,
    /// The system's message for the error.
    pub message: &'static str,
    /// The index of the call among those of this name, counted from 1 in each thread.
    pub nth: usize,
}

impl Fault {
    /// Whether the fault is possible. No signal interrupts the reading of a directory (getdents(2)), and directory
    /// iterators stop after an error.
    pub fn is_possible(&self) -> bool {
        (&*self.call, self.error) != ("getdents64", "EINTR")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at call {} of {}", self.error, self.nth, self.call)
    }
}

/// strace's output: the lines of each thread.
#[derive(Default)]
pub struct Trace {
    threads: Vec<Vec<String>>,
    sandbox: String,
}

impl Trace {
    fn read(directory: &Path, sandbox: &Sandbox) -> Self {
        let files = fs::read_dir(directory).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let lines = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        let sandbox = fs::canonicalize(sandbox.path(".")).unwrap().to_str().unwrap().to_owned();
        Self { threads: files.map(lines).collect(), sandbox }
    }

    /// The calls on files of the sandbox, each with its index among the calls of its name in its thread. An index
    /// that also refers to a call before the first on the sandbox's files in some thread is left out: a fault there
    /// could hit the loader.
    pub fn calls(&self) -> Vec<(&str, usize)> {
        let mut calls: BTreeMap<&str, Vec<Vec<bool>>> = BTreeMap::new();
        for thread in &self.threads {
            let mut of_thread: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
            for line in thread {
                let Some((call, _)) = line.split_once('(') else { continue };
                of_thread.entry(call).or_default().push(self.refers_to_sandbox(line));
            }
            of_thread.into_iter().for_each(|(call, concerns)| calls.entry(call).or_default().push(concerns));
        }
        let mut found = Vec::new();
        for (call, threads) in calls {
            let lead = |concerns: &Vec<bool>| concerns.iter().take_while(|concerns| !**concerns).count();
            let least = threads.iter().map(lead).max().unwrap_or(0);
            let numbered = threads.iter().flat_map(|concerns| concerns.iter().enumerate());
            found.extend(numbered.filter(|(at, concerns)| **concerns && *at >= least).map(|(at, _)| (call, at + 1)));
        }
        found
    }

    /// The lines of the calls that failed by injection.
    pub fn hits(&self) -> Vec<String> {
        let injected = self.threads.iter().flatten().filter(|line| line.contains("(INJECTED"));
        let named = |line: &String| line.replace(&self.sandbox, "@");
        injected
            .map(|line| if is_relative(line) { named(line).replacen('"', "\"@/", 1) } else { named(line) })
            .collect()
    }

    /// Whether a line refers to a file in the sandbox. An absolute path counts only by its target; strace also prints
    /// the directory that it does not use.
    fn refers_to_sandbox(&self, line: &str) -> bool {
        let elsewhere = line.contains("AT_FDCWD<") && line.contains(">, \"/");
        line.starts_with("clone") || is_relative(line) || line.contains(&self.sandbox) && !elsewhere
    }
}

/// Whether the call's path is relative to the working directory.
fn is_relative(line: &str) -> bool {
    line.contains("(\"") && !line.contains("(\"/")
}

/// Runs gzcc in `t` under strace with these options.
fn traced(words: &[&str], redirections: &str, t: &Sandbox, options: &[&str]) -> (Finished, Trace) {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("trace");
    let quoted = |words: &[&str]| words.iter().map(|word| format!("'{word}' ")).collect::<String>();
    let strace = ["strace", "-ff", "-y", "-o", to.to_str().unwrap()];
    let gzcc = quoted(&[&[env!("CARGO_BIN_EXE_gzcc")][..], words].concat());
    let script = format!("exec {}{}{gzcc}{redirections}", quoted(&strace), quoted(options));
    let ran = t.command("bash", ["-c", &script]).run();
    let trace = Trace::read(directory.path(), t);
    (ran, trace)
}

/// Runs the scenario without a fault.
pub fn run_whole(scenario: &Scenario, t: &Sandbox) -> (Finished, Trace) {
    traced(scenario.words, scenario.redirections, t, &["-e", &format!("trace={CALLS}")])
}

/// Runs the scenario with a fault.
pub fn run_with(prepared: &Prepared, fault: &Fault) -> (Sandbox, Finished, Trace) {
    let t = prepared.sandbox();
    let Fault { call, error, nth, .. } = fault;
    let inject = format!("inject={call}:error={error}:when={nth}");
    let Scenario { words, redirections, .. } = prepared.scenario;
    let (ran, trace) = traced(words, redirections, &t, &["-e", &format!("trace={call}"), "-e", &inject]);
    (t, ran, trace)
}

/// Runs gzcc with `words` and these faults, each `CALL:error=NAME[:when=N]`. Returns the number of failed calls.
pub fn inject(t: &Sandbox, faults: &[&str], words: &[&str]) -> (Finished, usize) {
    inject_redirected(t, faults, words, "")
}

/// [`inject`] with shell redirections.
pub fn inject_redirected(t: &Sandbox, faults: &[&str], words: &[&str], redirections: &str) -> (Finished, usize) {
    let calls: Vec<&str> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    let injects: Vec<String> = faults.iter().map(|fault| format!("inject={fault}")).collect();
    let trace = format!("trace={}", calls.join(","));
    let options: Vec<&str> =
        ["-e", &trace].into_iter().chain(injects.iter().flat_map(|inject| ["-e", inject])).collect();
    let (ran, trace) = traced(words, redirections, t, &options);
    (ran, trace.hits().len())
}

/// Runs gzcc with `words` and this fault in calls on the file `name` only. Returns the number of failed calls.
pub fn inject_on(t: &Sandbox, name: &str, fault: &str, words: &[&str]) -> (Finished, usize) {
    inject_on_redirected(t, name, fault, words, "")
}

/// [`inject_on`] with shell redirections.
pub fn inject_on_redirected(
    t: &Sandbox,
    name: &str,
    fault: &str,
    words: &[&str],
    redirections: &str,
) -> (Finished, usize) {
    let path = t.path(name);
    let trace = format!("trace={}", fault.split(':').next().unwrap_or_default());
    let options = ["-P", path.to_str().unwrap(), "-e", &trace, "-e", &format!("inject={fault}")];
    let (ran, trace) = traced(words, redirections, t, &options);
    (ran, trace.hits().len())
}

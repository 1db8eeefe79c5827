//! Every system call that touches a file, failing: whatever the system refuses, and whenever, no byte is lost.
//!
//! A table of runs ([`scenarios`]) is gone through twice: once as it is, to learn which calls it makes on files of the
//! sandbox, and then once for each of those calls, each error, and the first, second and last time the call is made
//! (the first three errors only from the second time on; with `GZCC_TESTS=full` all of them, every time). After each run the same must hold ([`verdict`]). The number of
//! faults is told in the end, and that each call of the list was met is asserted, so that none is lost unnoticed.

mod closing;
mod identities;
mod injection;
mod metadata;
mod scenarios;
mod short;
mod sparse;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use self::injection::{ERRORS, Fault, Trace, run_with};
use self::scenarios::{Prepared, Scenario};
use crate::harness::{is_root, note};

/// Failures told at most, as one defect mostly shows in many runs.
const MOST_TOLD: usize = 12;

/// So many of the errors are tried again when a call is made again.
const AGAIN: usize = 3;

/// Goes through the runs of one table, which must meet each of `calls` and come to `least` faults in all.
fn survives(table: &[Scenario], calls: &[&str], least: usize) {
    require!("bash", "strace");
    let mut survived: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for scenario in table.iter().filter(|scenario| is_root() || !scenario.needs_root) {
        let prepared = Prepared::new(scenario);
        for fault in faults(&prepared.trace) {
            let (t, ran, trace) = run_with(&prepared, &fault);
            let hits = trace.hits();
            match verdict::of(&prepared, &fault, &hits, &t, &ran) {
                Ok(()) => *survived.entry(fault.call.clone()).or_default() += hits.len(),
                Err(why) => failures.push(format!(
                    "{}: {fault}: {why}\nexit status {:?}\n{}{}\n",
                    scenario.name,
                    ran.status.code(),
                    ran.stderr(),
                    hits.join("\n")
                )),
            }
        }
    }
    let told = failures.len().min(MOST_TOLD);
    assert!(failures.is_empty(), "{} runs failed, such as\n{}", failures.len(), failures[..told].join("\n"));
    let total: usize = survived.values().sum();
    note(format_args!("{total} faults injected and survived: {survived:?}"));
    for call in calls {
        assert!(survived.get(*call).is_some_and(|&hits| hits > 0), "no fault met {call}: {survived:?}");
    }
    assert!(total >= least, "only {total} faults were injected: {survived:?}");
}

/// The faults to be tried on a run that has left this trace.
fn faults(trace: &Trace) -> Vec<Fault> {
    let full = std::env::var("GZCC_TESTS").is_ok_and(|tests| tests == "full");
    let mut times: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (call, nth) in trace.calls() {
        times.entry(call).or_default().insert(nth);
    }
    let mut faults = Vec::new();
    for (call, times) in times {
        let times: Vec<usize> = times.into_iter().collect();
        let chosen = |at: usize| full || at < 2 || at + 1 == times.len();
        for (_, &nth) in times.iter().enumerate().filter(|(at, _)| chosen(*at)) {
            let fault = |&(error, words)| Fault { call: call.to_owned(), error, words, nth };
            let errors = if full || nth == times[0] { ERRORS } else { &ERRORS[..AGAIN] };
            faults.extend(errors.iter().map(fault).filter(Fault::can_be));
        }
    }
    faults
}

#[test]
fn compressing_survives_every_fault() {
    let calls = ["openat", "fstat", "newfstatat", "fgetxattr", "pread64", "write", "fchmod", "utimensat", "linkat"];
    survives(
        scenarios::COMPRESSING,
        &[&calls[..], &["close", "fsync", "renameat", "renameat2", "clone3"]].concat(),
        800,
    );
}

#[test]
fn decompressing_survives_every_fault() {
    let calls = ["openat", "fstat", "newfstatat", "read", "write", "fchmod", "utimensat", "linkat", "close"];
    survives(scenarios::DECOMPRESSING, &calls, 400);
}

#[test]
fn removing_originals_survives_every_fault() {
    let calls = ["openat", "read", "pread64", "write", "fsync", "linkat", "unlinkat", "renameat2", "close"];
    survives(scenarios::REMOVING, &calls, 700);
}

#[test]
fn walks_and_mirrored_folders_survive_every_fault() {
    let calls = ["openat", "openat2", "getdents64", "mkdirat", "fsync", "linkat", "unlinkat", "fchmod", "newfstatat"];
    survives(scenarios::FOLDERS, &calls, 700);
}

#[test]
fn streams_survive_every_fault() {
    survives(scenarios::STREAMS, &["openat", "read", "pread64", "write", "fstat", "linkat", "close"], 200);
}

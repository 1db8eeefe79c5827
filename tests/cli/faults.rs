//! Failures of every system call that touches a file: no byte may be lost, whatever the error and whenever it occurs.
//!
//! Each scenario of a table ([`scenarios`]) runs once without a fault, which records its calls on files of the
//! sandbox. It then runs once per fault: for each of those calls, each error, and the first, second and last time the
//! call is made. Repeated calls get only the first three errors; `GZCC_TESTS=full` tries all errors every time.
//! [`verdict`] states what must hold after each run. The test prints the number of faults, and asserts that each
//! listed call was met, so that no call drops out unnoticed.

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

/// Limit of printed failures: one defect usually appears in many runs.
const MAX_PRINTED: usize = 12;

/// Number of errors that are tried again for repeated calls.
const REPEATED_ERRORS: usize = 3;

/// Runs all faults of one table. They must include each of `calls`, and at least `least` faults in total.
fn assert_survives(table: &[Scenario], calls: &[&str], least: usize) {
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
    let printed = failures.len().min(MAX_PRINTED);
    assert!(failures.is_empty(), "{} runs failed, such as\n{}", failures.len(), failures[..printed].join("\n"));
    let total: usize = survived.values().sum();
    note(format_args!("{total} faults injected and survived: {survived:?}"));
    for call in calls {
        assert!(survived.get(*call).is_some_and(|&hits| hits > 0), "no fault met {call}: {survived:?}");
    }
    assert!(total >= least, "only {total} faults were injected: {survived:?}");
}

/// The faults to try on a run with this trace.
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
            let fault = |&(error, message)| Fault { call: call.to_owned(), error, message, nth };
            let errors = if full || nth == times[0] { ERRORS } else { &ERRORS[..REPEATED_ERRORS] };
            faults.extend(errors.iter().map(fault).filter(Fault::is_possible));
        }
    }
    faults
}

#[test]
fn compressing_survives_every_fault() {
    let calls = ["openat", "fstat", "newfstatat", "fgetxattr", "pread64", "write", "fchmod", "utimensat", "linkat"];
    assert_survives(
        scenarios::COMPRESSING,
        &[&calls[..], &["close", "fsync", "renameat", "renameat2", "clone3"]].concat(),
        800,
    );
}

#[test]
fn decompressing_survives_every_fault() {
    let calls = ["openat", "fstat", "newfstatat", "read", "write", "fchmod", "utimensat", "linkat", "close"];
    assert_survives(scenarios::DECOMPRESSING, &calls, 400);
}

#[test]
fn removing_originals_survives_every_fault() {
    let calls = ["openat", "read", "pread64", "write", "fsync", "linkat", "unlinkat", "renameat2", "close"];
    assert_survives(scenarios::REMOVING, &calls, 700);
}

#[test]
fn walks_and_mirrored_folders_survive_every_fault() {
    let calls = ["openat", "openat2", "getdents64", "mkdirat", "fsync", "linkat", "unlinkat", "fchmod", "newfstatat"];
    assert_survives(scenarios::FOLDERS, &calls, 700);
}

#[test]
fn streams_survive_every_fault() {
    assert_survives(scenarios::STREAMS, &["openat", "read", "pread64", "write", "fstat", "linkat", "close"], 200);
}

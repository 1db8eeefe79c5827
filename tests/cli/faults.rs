//! Failures of every system call that touches a file: no byte may be lost, whatever the error and whenever it occurs.
//!
//! Each scenario of a table ([`scenarios`]) runs once without a fault, which records its calls on files of the
//! sandbox. It then runs once per fault: in the long tier for each of those calls, each error, and each time the call
//! is made; in the default tier for one error the first time and another the last time.
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
use crate::harness::{full, is_root, note};

/// Limit of printed failures: one defect usually appears in many runs.
const MAX_PRINTED: usize = 12;

/// Runs all faults of one table. They must include each of `calls`, and at least `least` faults in the default tier.
fn assert_survives(table: &[Scenario], calls: &[&str], least: usize) {
    require!("bash", "strace");
    let mut survived: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let permitted = table.iter().filter(|scenario| is_root() || !scenario.needs_root);
    for (turn, scenario) in permitted.enumerate() {
        let prepared = Prepared::new(scenario);
        for fault in faults(&prepared.trace, turn) {
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

/// The faults to try on a run with this trace. In the default tier the errors take turns, beginning with number `turn`.
fn faults(trace: &Trace, mut turn: usize) -> Vec<Fault> {
    let mut times: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (call, nth) in trace.calls() {
        times.entry(call).or_default().insert(nth);
    }
    let mut faults = Vec::new();
    for (call, times) in times {
        let (first, last) = (*times.first().unwrap(), *times.last().unwrap());
        for nth in times.into_iter().filter(|nth| full() || [first, last].contains(nth)) {
            let errors = if full() { ERRORS.len() } else { 1 };
            let fault = |error: usize| {
                let (error, message) = ERRORS[error % ERRORS.len()];
                Fault { call: call.to_owned(), error, message, nth }
            };
            faults.extend((turn..turn + errors).map(fault).filter(Fault::is_possible));
            turn += errors;
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
        100,
    );
}

#[test]
fn decompressing_survives_every_fault() {
    // A file that is inflated in chunks is read by position.
    let calls = ["openat", "fstat", "newfstatat", "read", "pread64", "write", "fchmod", "utimensat", "linkat", "close"];
    assert_survives(scenarios::DECOMPRESSING, &calls, 60);
}

#[test]
fn removing_originals_survives_every_fault() {
    let calls = ["openat", "read", "pread64", "write", "fsync", "linkat", "unlinkat", "renameat2", "close"];
    assert_survives(scenarios::REMOVING, &calls, 100);
}

#[test]
fn walks_and_mirrored_directories_survive_every_fault() {
    let calls = ["openat", "openat2", "getdents64", "mkdirat", "fsync", "linkat", "unlinkat", "fchmod", "newfstatat"];
    assert_survives(scenarios::DIRECTORIES, &calls, 100);
}

#[test]
fn streams_survive_every_fault() {
    assert_survives(scenarios::STREAMS, &["openat", "read", "pread64", "write", "fstat", "linkat", "close"], 25);
}

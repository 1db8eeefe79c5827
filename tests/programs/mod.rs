//! The programs that tests start. A test that lacks something is skipped and recorded, and a program that hangs is
//! killed. All test binaries share this file; `tests/skipped.rs` prints what they record.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "all test binaries share it, and none uses everything")]

mod running;
mod signals;
mod tiers;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::parent_id;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

pub use self::running::{Running, spawn, spawn_within};
pub use self::tiers::{full, repetitions, sample};

/// Returns from a test where one of the programs is not installed. Every test names here what it starts, other than
/// `sh` and the programs of coreutils.
#[macro_export]
macro_rules! require {
    ($($program:expr),+) => {
        // All of them are looked for, so that one line names all that are missing.
        if !$crate::programs::have_all(&[$($program),+]) {
            return;
        }
    };
}

/// Whether `program` is installed; a record of the skipped test otherwise. In CI it must be: a test that is skipped
/// proves nothing.
#[track_caller]
pub fn have(program: &str) -> bool {
    have_all(&[program])
}

/// Whether `program` is installed, where a test can do without it; the record says what is done `instead`.
#[track_caller]
pub fn have_or(program: &str, instead: &str) -> bool {
    let found = find(program).is_some();
    if !found {
        let missing = format!("{program} not installed, {instead}");
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        skip(&missing);
    }
    found
}

/// As [`have`], for several programs.
#[track_caller]
pub fn have_all(programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    let missing = format!("{} not installed", missing.join(", "));
    assert!(std::env::var_os("CI").is_none(), "{missing}");
    skip(&missing);
    false
}

/// The file that the system starts for `program`.
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let program = Path::new(program.as_ref());
    if program.components().count() > 1 || program.is_absolute() {
        return Some(program.to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let executable = |file: &PathBuf| {
        fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(executable)
}

/// A command that starts `program` with the default signal dispositions. Panics with its name if it is missing.
#[track_caller]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let program = program.as_ref();
    assert!(find(program).is_some(), "{} is not installed, and the test does not require it", program.display());
    signals::stop_ignoring();
    Command::new(program)
}

/// Says and records that this test is skipped, or a part of it.
#[track_caller]
pub fn skip(why: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let line = format!("{}: {why}\n", test_name(Location::caller()));
    // A test that repeats a part says so once.
    if !SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
        return;
    }
    note(format_args!("skipped: {}", line.trim_end()));
    // One write, so that lines of concurrent tests do not mix. Who may not write there has the line above.
    let _ =
        File::options().create(true).append(true).open(record()).and_then(|mut file| file.write_all(line.as_bytes()));
}

/// The test that runs. libtest names threads after tests, unless it runs all of them on the main thread.
fn test_name(caller: &Location) -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => name.to_owned(),
        _ => format!("{}:{}", caller.file(), caller.line()),
    }
}

/// The record of one `cargo test`, which is the parent of all its test binaries.
pub fn record() -> PathBuf {
    record_under(parent_id())
}

/// The record of the test binaries that this process starts.
pub fn record_under(parent: u32) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("skipped-{parent}"))
}

/// Prints a line that is seen although the test passes: libtest captures only what macros print.
pub fn note(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

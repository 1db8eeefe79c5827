//! Tests of the test harness: missing programs, programs that hang, and ignored signals. Each test runs another test
//! of this binary, or starts a program with the harness.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::harness::{Sandbox, command, spawn};
use crate::programs::{record_under, spawn_within};

/// Runs `command`, which starts this binary, with the arguments that select one test.
fn run_test(command: &mut Command, test: &str) -> Output {
    command.args(["--exact", test, "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command).wait_with_output().unwrap()
}

fn this_binary() -> Command {
    command(std::env::current_exe().unwrap())
}

#[test]
fn a_test_without_its_program_is_recorded_as_skipped_and_fails_in_ci() {
    let t = Sandbox::new();
    let test = "help::man_renders_the_page_without_warnings";
    let skipped = format!("{test}: man not installed");
    let ran = run_test(this_binary().env("PATH", t.path("")).env_remove("CI"), test);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success() && said.contains(&format!("skipped: {skipped}\n")), "{said}");
    // The record belongs to the process that started the test binary.
    let record = record_under(std::process::id());
    if let Ok(recorded) = fs::read_to_string(&record) {
        assert_eq!(recorded, format!("{skipped}\n"));
        fs::remove_file(record).unwrap();
    }
    let ran = run_test(this_binary().env("PATH", t.path("")).env("CI", "true"), test);
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(!ran.status.success() && said.contains("man not installed"), "{said}");
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children() {
    require!("sleep");
    let mut hangs = command("sh");
    hangs.args(["-c", "sleep 1000 & sleep 1000; exit 1"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let ran = spawn_within(Duration::from_millis(300), &mut hangs).wait_with_output().unwrap();
    // Both sleeps hold its standard output, which has reached its end, so both are dead.
    assert_eq!(ran.status.signal(), Some(9));
}

/// `nohup ... &` starts the tests with ignored signals.
#[test]
fn programs_receive_signals_that_the_tests_inherit_as_ignored() {
    require!("bash");
    let ignoring = ["-c", "trap '' HUP INT QUIT TERM; exec \"$0\" \"$@\""];
    let ran = run_test(
        command("sh").args(ignoring).arg(std::env::current_exe().unwrap()),
        "signals::a_signal_ends_the_run_with_that_signal_and_keeps_complete_outputs",
    );
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

//! Signals: complete outputs stay, temporaries are removed, one line gives the count, and the signal ends the process.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{BLOCK, Running, Sandbox, assert_member, log, noise, repetitions, spawn};
use crate::traced::wait_until;

const ENDING: [(Signal, &str); 3] =
    [(Signal::INT, "interrupted"), (Signal::TERM, "terminated"), (Signal::HUP, "hung up")];

/// A run that has compressed two files and waits for the end of a third input.
struct Endless {
    t: Sandbox,
    child: Running,
    /// Keeps the last input open.
    _stdin: std::process::ChildStdin,
}

impl Endless {
    /// Starts gzcc with `options`. The endless input goes to standard output, which is a file.
    fn start(options: &[&str]) -> Self {
        let t = Sandbox::new();
        t.write("a", log(1000));
        t.write("b", log(3 * BLOCK));
        let script = format!("exec '{}' {} a b - > out", env!("CARGO_BIN_EXE_gzcc"), options.join(" "));
        let mut command = t.command("bash", ["-c", &script]).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stderr(Stdio::piped()));
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&noise(100, 1)).unwrap();
        wait_until(|| t.exists("a.gz") && t.exists("b.gz"));
        Self { t, child, _stdin: stdin }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end. Returns the signal that ended it, and its standard error.
    fn end(mut self) -> (Sandbox, Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.t, self.child.wait().unwrap().signal(), said)
    }
}

#[test]
fn a_signal_ends_the_run_with_that_signal_and_keeps_complete_outputs() {
    require!("bash");
    for (signal, how) in ENDING {
        for options in [&["-j2"][..], &["-j4", "--scheduler=rayon"], &["-j2", "--named-temporaries"], &["-j2", "-f"]] {
            let run = Endless::start(options);
            run.signal(signal);
            let (t, by, said) = run.end();
            assert_eq!(
                (by, said),
                (Some(signal.as_raw()), format!("gzcc: {how}: compressed 2 files\n")),
                "{options:?}"
            );
            assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz", "out"], "{options:?}");
            for name in ["a", "b"] {
                assert_member(&t.read(format!("{name}.gz")), &t.read(name));
            }
        }
    }
}

#[test]
fn a_signal_removes_a_temporary_while_its_worker_compresses() {
    // At the slowest level, many seconds of work for all workers together.
    let content = log(32 * BLOCK);
    for options in [&["-12"][..], &["-12", "--named-temporaries"], &["-12", "-f", "--named-temporaries"]] {
        for words in [&["big"][..], &["-o", "big.gz", "big", "big"], &["--rm", "big"]] {
            let t = Sandbox::new();
            t.write("big", &content);
            let all = ["-j2"].iter().chain(options).chain(words);
            let mut child = spawn(t.gzcc(all).into_command().stderr(Stdio::piped()));
            let pid = child.id();
            // The link of an unnamed file ends with "(deleted)".
            let is_output = |target: &std::path::PathBuf| {
                let target = target.to_string_lossy();
                target.contains("/.gzcc-") || target.ends_with("(deleted)")
            };
            let under_way = || {
                let opened = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
                let mut targets = opened.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
                targets.any(|target| is_output(&target))
            };
            wait_until(under_way);
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(15));
            // The run does not end first: the output would be there.
            assert_eq!(said, "gzcc: terminated: compressed 0 files\n");
            assert_eq!(t.names(), ["big"]);
        }
    }
}

#[test]
fn the_count_after_a_signal_equals_the_number_of_outputs() {
    let content = log(3000);
    for round in 0..repetitions(4, 20) {
        let t = Sandbox::new();
        for i in 0..400 {
            t.write(format!("t/{i}"), &content);
        }
        let options = [&["-j4"][..], &["-j2", "--scheduler=rayon"], &["--named-temporaries"], &["--rm"]][round % 4];
        let words = options.iter().chain(&["-r", "t"]);
        let mut child = spawn(t.gzcc(words).into_command().stdout(Stdio::null()).stderr(Stdio::piped()));
        wait_until(|| t.names().iter().any(|name| name.ends_with(".gz")));
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap();
        let names = t.names();
        let done = names.iter().filter(|name| name.ends_with(".gz")).count();
        if status.signal() == Some(2) {
            let files = if done == 1 { "file" } else { "files" };
            assert_eq!(said, format!("gzcc: interrupted: compressed {done} {files}\n"), "{options:?}");
        } else {
            assert_eq!((done, said.as_str()), (400, ""), "it was quicker than the signal");
        }
        assert!(!names.iter().any(|name| name.contains(".gzcc-")), "{options:?}: {names:?}");
    }
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    require!("bash");
    let at_once = (0..200).any(|_| {
        let run = Endless::start(&["-j2"]);
        // Both signals are pending when the process continues.
        for signal in [Signal::STOP, Signal::INT, Signal::TERM, Signal::CONT] {
            run.signal(signal);
        }
        let (t, by, said) = run.end();
        assert!(by == Some(2) || by == Some(15), "{by:?}");
        assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz", "out"]);
        said.is_empty()
    });
    assert!(at_once, "at least one run ended at once");
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", log(1000));
    let script = format!("trap '' HUP INT; exec '{}' -c - > out.gz", env!("CARGO_BIN_EXE_gzcc"));
    let mut command = t.command("bash", ["-c", &script]).into_command();
    let mut child = spawn(command.stdin(Stdio::piped()).stderr(Stdio::piped()));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"first ").unwrap();
    // A second thread exists: bash has executed gzcc, which has installed its handlers.
    let pid = child.id();
    wait_until(|| {
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).is_ok()
            && std::fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1)
    });
    for signal in [Signal::HUP, Signal::INT] {
        kill_process(Pid::from_child(&child), signal).unwrap();
    }
    stdin.write_all(b"second").unwrap();
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    t.assert_holds("out.gz", b"first second");
}

#[test]
fn stop_continue_and_resize_signals_change_no_output() {
    let t = Sandbox::new();
    let content = log(6 * BLOCK);
    for scheduler in ["threads", "rayon"] {
        let output = std::fs::File::create(t.path("out.gz")).unwrap();
        let mut command = t.gzcc(["-j3", "--scheduler", scheduler]).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(output));
        let mut stdin = child.stdin.take().unwrap();
        // The run is in progress as long as its input has not ended.
        for part in content.chunks(BLOCK / 4) {
            stdin.write_all(part).unwrap();
            for signal in [Signal::STOP, Signal::CONT, Signal::WINCH] {
                kill_process(Pid::from_child(&child), signal).unwrap();
            }
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
        t.assert_holds("out.gz", &content);
    }
}

#[test]
fn under_gzips_name_a_signal_is_silent() {
    let t = Sandbox::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let mut command = t.command(t.path("gzip").to_str().unwrap(), ["-c"]).into_command();
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()));
    let pid = child.id();
    wait_until(|| std::fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|tasks| tasks.count() > 1));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().signal(), said.as_str()), (Some(2), ""));
}

//! Signals: what is whole stays, what is not leaves nothing, one line tells how far it got, and the process dies by
//! that signal.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{BLOCK, Running, Sandbox, assert_member, log, noise, spawn};
use crate::traced::wait_until;

const ENDING: [(Signal, &str); 3] =
    [(Signal::INT, "interrupted"), (Signal::TERM, "terminated"), (Signal::HUP, "hung up")];

/// A run with an input that never ends, of which two others are done already.
struct Endless {
    t: Sandbox,
    child: Running,
    /// Keeps the last input open.
    _stdin: std::process::ChildStdin,
}

impl Endless {
    /// With `options`; the endless input goes into a file of its own.
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

    /// Waits for its end; the signal that it died by, and what it said.
    fn end(mut self) -> (Sandbox, Option<i32>, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.t, self.child.wait().unwrap().signal(), said)
    }
}

#[test]
fn a_signal_ends_the_run_by_that_signal_and_leaves_what_is_done() {
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
fn an_output_under_way_is_gone_however_deep_the_worker_is_in_it() {
    // Half a minute of work for one worker, blocks of which take seconds in a debug build.
    for options in [&["-9"][..], &["-9", "--named-temporaries"], &["-9", "-f", "--named-temporaries"]] {
        for words in [&["big"][..], &["-o", "big.gz", "big", "big"], &["--rm", "big"]] {
            let t = Sandbox::new();
            t.write("big", log(200 * BLOCK));
            let mut child = spawn(t.gzcc(options.iter().chain(words)).into_command().stderr(Stdio::piped()));
            let pid = child.id();
            // Without a name, an output shows as deleted.
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
            let since = Instant::now();
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(15));
            // Far from what it would have taken; how quick it is, is measured elsewhere.
            assert!(since.elapsed() < Duration::from_secs(5));
            assert_eq!(said, "gzcc: terminated: compressed 0 files\n");
            assert_eq!(t.names(), ["big"]);
        }
    }
}

#[test]
fn every_file_is_counted_as_done_or_not_there() {
    for round in 0..20 {
        let t = Sandbox::new();
        for i in 0..400 {
            t.write(format!("t/{i}"), log(3000));
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
fn a_second_signal_does_not_wait() {
    require!("bash");
    let at_once = (0..20).any(|_| {
        let run = Endless::start(&["-j2"]);
        // Both are there when it goes on: the second one's turn comes before any other thread's.
        for signal in [Signal::STOP, Signal::INT, Signal::TERM, Signal::CONT] {
            run.signal(signal);
        }
        let (t, by, said) = run.end();
        assert!(by == Some(2) || by == Some(15), "{by:?}");
        assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz", "out"]);
        said.is_empty()
    });
    assert!(at_once, "it never ended without taking the time to tell");
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
    // It is gzcc by now, and has its handlers.
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
fn stopping_continuing_and_resizing_change_nothing() {
    let t = Sandbox::new();
    let big = t.write("big", log(30 * BLOCK));
    for scheduler in ["threads", "rayon"] {
        let mut child = spawn(t.gzcc(["-f", "--scheduler", scheduler, "big"]).into_command().stdout(Stdio::null()));
        let pid = Pid::from_child(&child);
        let mut rounds = 0;
        while child.try_wait().unwrap().is_none() {
            for signal in [Signal::STOP, Signal::CONT, Signal::WINCH] {
                let _ = kill_process(pid, signal);
                std::thread::sleep(Duration::from_millis(1));
            }
            rounds += 1;
        }
        assert!(rounds > 3 && child.wait().unwrap().success());
        t.assert_holds("big.gz", &big);
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

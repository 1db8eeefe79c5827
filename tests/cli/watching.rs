//! The progress line, on a real terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{BLOCK, Running, Sandbox, log, noise, spawn};
use crate::terminal::terminal;

const ERASE: &str = "\r\u{1b}[K";

fn resize(master: &OwnedFd, columns: u16) {
    tcsetwinsize(master, Winsize { ws_row: 10, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}

/// A test of standard input, which ends when it is told to, with messages on a terminal.
struct Run {
    child: Running,
    screen: File,
    seen: Vec<u8>,
}

impl Run {
    fn start(t: &Sandbox, columns: u16, term: &str, words: &[&str]) -> Self {
        let (master, slave) = terminal();
        resize(&master, columns);
        let mut command = t.gzcc(words).into_command();
        command.env("TERM", term).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(slave);
        let child = spawn(&mut command);
        // Closes our own end of what it writes to.
        drop(command);
        Self { child, screen: master.into(), seen: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Reads what comes to the screen until something is there.
    #[track_caller]
    fn until(&mut self, is_there: impl Fn(&str) -> bool) {
        let since = Instant::now();
        while !is_there(&String::from_utf8_lossy(&self.seen)) {
            assert!(since.elapsed() < Duration::from_secs(30), "{:?}", String::from_utf8_lossy(&self.seen));
            let mut piece = [0; 4096];
            let got = self.screen.read(&mut piece).unwrap();
            self.seen.extend_from_slice(&piece[..got]);
        }
    }

    /// Lets it end; everything that came to the screen.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        self.wait()
    }

    fn wait(mut self) -> String {
        // A terminal that all have left ends in an error.
        let _ = self.screen.read_to_end(&mut self.seen);
        self.child.wait().unwrap();
        String::from_utf8(self.seen).unwrap()
    }
}

/// What stands on the screen when all is written, as far as one line that is erased can tell.
fn left(seen: &str) -> String {
    seen.lines()
        .map(|line| line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or("").replace("\u{1b}[K", "") + "\n")
        .collect()
}

fn lines(seen: &str) -> usize {
    seen.matches(ERASE).count()
}

#[test]
fn a_line_comes_after_a_while_and_is_gone_at_the_end() {
    let t = Sandbox::new();
    let packed = t.gzcc(["-c"]).stdin(noise(6 * BLOCK, 1)).succeeds();
    let mut run = Run::start(&t, 80, "xterm", &["-t", "-", "missing"]);
    run.feed(&packed[..5 * BLOCK]);
    run.until(|seen| lines(seen) > 3);
    run.feed(&packed[5 * BLOCK..]);
    let seen = run.end();
    assert!(seen.contains(" of 2  ") && seen.contains(" MB/s  ") && seen.contains("  standard input"), "{seen:?}");
    assert!(seen.ends_with(&format!("{ERASE}gzcc: missing.gz: No such file or directory\r\n")), "{seen:?}");
}

#[test]
fn a_message_takes_the_line_away_first_and_it_comes_back() {
    let t = Sandbox::new();
    t.command("mkfifo", ["pipe"]).succeeds();
    // The name comes to nothing while the line is there: the pipe is opened only when the input before it is over.
    let packed = t.gzcc(["-c"]).stdin(log(100)).succeeds();
    let mut run = Run::start(&t, 80, "xterm", &["-t", "-j1", "-", "missing", "pipe"]);
    run.until(|seen| lines(seen) > 1);
    run.feed(&packed);
    drop(run.child.stdin.take());
    run.until(|seen| seen.contains("missing"));
    let then = lines(&String::from_utf8_lossy(&run.seen));
    run.until(|seen| lines(seen) > then + 2);
    std::fs::write(t.path("pipe"), &packed).unwrap();
    let seen = run.wait();
    assert!(seen.contains(&format!("{ERASE}gzcc: missing.gz: No such file or directory\r\n{ERASE}2 of 3")), "{seen:?}");
    assert_eq!(left(&seen), "gzcc: missing.gz: No such file or directory\n\n", "{seen:?}");
}

#[test]
fn the_line_keeps_to_the_width_of_the_terminal_also_when_that_changes() {
    let t = Sandbox::new();
    let name = format!("{}\u{1b}[31m\n日本.gz", "long".repeat(40));
    t.command("mkfifo", [&name]).succeeds();
    let packed = t.gzcc(["-c"]).stdin(noise(6 * BLOCK, 1)).succeeds();
    let mut run = Run::start(&t, 120, "xterm", &["-t", &name]);
    let mut pipe = File::options().write(true).open(t.path(&name)).unwrap();
    pipe.write_all(&packed[..5 * BLOCK]).unwrap();
    run.until(|seen| seen.contains("\\n日本.gz"));
    for columns in [20, 40, 120] {
        resize(&run.screen.try_clone().unwrap().into(), columns);
        // One may have been under way.
        let then = lines(&String::from_utf8_lossy(&run.seen)) + 2;
        run.until(|seen| lines(seen) > then + 3);
        let seen = String::from_utf8_lossy(&run.seen).into_owned();
        for line in seen.split(ERASE).skip(then + 1) {
            let width: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            assert!(width < columns.into() && !line.contains('\u{1b}') && !line.contains('\n'), "{columns}: {line:?}");
        }
    }
    pipe.write_all(&packed[5 * BLOCK..]).unwrap();
    drop(pipe);
    assert_eq!(left(&run.wait()), "\n");
}

#[test]
fn a_signal_takes_the_line_away_before_it_is_told() {
    for (signal, how) in [(Signal::INT, "interrupted"), (Signal::TERM, "terminated"), (Signal::HUP, "hung up")] {
        let t = Sandbox::new();
        let mut run = Run::start(&t, 80, "xterm", &["-t", "-"]);
        run.until(|seen| lines(seen) > 1);
        kill_process(Pid::from_child(&run.child), signal).unwrap();
        let seen = run.wait();
        assert!(seen.ends_with(&format!("{ERASE}gzcc: {how}: tested 0 files\r\n")), "{seen:?}");
    }
}

#[test]
fn nobody_who_does_not_look_gets_a_line() {
    let t = Sandbox::new();
    for (term, words) in [
        ("dumb", &["-t", "-"][..]),
        ("", &["-t", "-"]),
        ("xterm", &["-t", "-", "--progress=never"]),
        ("xterm", &["-t", "-", "-q"]),
    ] {
        let run = Run::start(&t, 80, term, words);
        std::thread::sleep(Duration::from_millis(800));
        let tasks = std::fs::read_dir(format!("/proc/{}/task", run.child.id())).unwrap();
        let named = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap();
        assert!(tasks.map(|task| named(task.unwrap())).all(|name| name != "progress\n"), "a thread for nothing");
        let seen = run.end();
        assert!(!seen.contains('\r') || seen.matches('\r').count() == seen.matches("\r\n").count(), "{seen:?}");
    }
    // Nor does a pipe, unless it is asked for.
    for (option, shown) in [("--progress=auto", false), ("--progress=always", true)] {
        let mut command = t.gzcc(["-t", option]).into_command();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = spawn(command);
        std::thread::sleep(Duration::from_millis(1200));
        drop(child.stdin.take());
        let said = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert_eq!(said.contains(ERASE), shown, "{said:?}");
    }
}

#[test]
fn data_on_the_same_screen_is_never_mixed_with_a_line() {
    let t = Sandbox::new();
    let (master, slave) = terminal();
    resize(&master, 80);
    let mut command = t.gzcc(["-dc", "--progress=always"]).into_command();
    command.env("TERM", "xterm").stdin(Stdio::piped()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = spawn(&mut command);
    drop(command);
    std::thread::sleep(Duration::from_millis(1000));
    let packed = t.gzcc(["-c"]).stdin("content\n").succeeds();
    child.stdin.take().unwrap().write_all(&packed).unwrap();
    let mut seen = Vec::new();
    let _ = File::from(master).read_to_end(&mut seen);
    assert_eq!((child.wait().unwrap().code(), String::from_utf8(seen).unwrap().as_str()), (Some(0), "content\r\n"));
}

//! The progress line on a pseudo-terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{BLOCK, Running, Sandbox, log, noise, spawn};
use crate::terminal::terminal;

/// Ends a test whose program does not draw what is expected. A busy machine needs much less.
const LIMIT: Duration = Duration::from_secs(120);

const ERASE: &str = "\r\u{1b}[J";

/// The sequences around a line, besides [`ERASE`]: automatic wrapping is off while it is drawn.
const BEFORE: &str = "\u{1b}[?7l";
const AFTER: &str = "\r\u{1b}[?7h";

fn resize(master: &OwnedFd, columns: u16) {
    tcsetwinsize(master, Winsize { ws_row: 10, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
}

/// A run with standard error on a terminal. It ends when the test closes its standard input.
struct Run {
    child: Running,
    screen: File,
    seen: Vec<u8>,
}

impl Run {
    fn start(t: &Sandbox, columns: u16, term: &str, words: &[&str]) -> Self {
        Self::reading(t, columns, term, (words, Stdio::piped()))
    }

    fn reading(t: &Sandbox, columns: u16, term: &str, (words, stdin): (&[&str], Stdio)) -> Self {
        let (master, slave) = terminal();
        resize(&master, columns);
        let mut command = t.gzcc(words).into_command();
        command.env("TERM", term).stdin(stdin).stdout(Stdio::piped()).stderr(slave);
        let child = spawn(&mut command);
        // Closes this process's copy of the slave, so that reading ends with the child.
        drop(command);
        Self { child, screen: master.into(), seen: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Reads the screen until the condition holds.
    #[track_caller]
    fn until(&mut self, is_there: impl Fn(&str) -> bool) {
        let since = Instant::now();
        while !is_there(&String::from_utf8_lossy(&self.seen)) {
            assert!(since.elapsed() < LIMIT, "{:?}", String::from_utf8_lossy(&self.seen));
            let mut piece = [0; 4096];
            let got = self.screen.read(&mut piece).unwrap();
            self.seen.extend_from_slice(&piece[..got]);
        }
    }

    /// Closes standard input and waits for the end. Returns everything that was written to the screen.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        self.wait()
    }

    fn wait(mut self) -> String {
        // Reading fails with EIO when the last process closes the slave.
        let _ = self.screen.read_to_end(&mut self.seen);
        self.child.wait().unwrap();
        String::from_utf8(self.seen).unwrap()
    }
}

/// The text that remains on the screen, if the progress line never takes more than one row.
fn remaining_text(seen: &str) -> String {
    seen.lines()
        .map(|line| {
            line.rsplit('\r')
                .find(|part| !part.is_empty())
                .unwrap_or("")
                .replace(&ERASE[1..], "")
                .replace(BEFORE, "")
                .replace(&AFTER[1..], "")
                + "\n"
        })
        .collect()
}

fn lines(seen: &str) -> usize {
    seen.matches(ERASE).count()
}

/// The lines that were drawn. The cursor stays at the start of a line, so the next erase covers all its rows, also if a narrower
/// window wraps it.
fn drawn(seen: &str) -> Vec<&str> {
    seen.split(ERASE).filter_map(|part| part.split_once(AFTER)).map(|(line, _)| line).collect()
}

#[test]
fn the_progress_line_appears_after_a_delay_and_is_erased_at_the_end() {
    let t = Sandbox::new();
    let packed = t.gzcc(["-c"]).stdin(noise(6 * BLOCK, 1)).succeeds();
    let mut run = Run::start(&t, 80, "xterm", &["-t", "-", "missing"]);
    run.feed(&packed[..5 * BLOCK]);
    run.until(|seen| lines(seen) > 3);
    run.feed(&packed[5 * BLOCK..]);
    let seen = run.end();
    assert!(
        seen.contains(" of 2 files  ") && seen.contains(" MB/s  ") && seen.contains("  standard input"),
        "{seen:?}"
    );
    assert!(seen.ends_with(&format!("{ERASE}gzcc: missing.gz: No such file or directory\r\n")), "{seen:?}");
}

#[test]
fn a_message_erases_the_progress_line_which_is_drawn_again_after_it() {
    let t = Sandbox::new();
    t.make_fifo("pipe");
    // The message comes while the line is visible: gzcc opens the pipe only after the input before it has ended.
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
    assert!(
        seen.contains(&format!("{ERASE}gzcc: missing.gz: No such file or directory\r\n{BEFORE}{ERASE}2 of 3")),
        "{seen:?}"
    );
    assert_eq!(remaining_text(&seen), "gzcc: missing.gz: No such file or directory\n\n", "{seen:?}");
}

#[test]
fn the_progress_line_fits_the_terminal_after_a_change_of_its_width() {
    let t = Sandbox::new();
    let name = format!("{}\u{1b}[31m\n日本.gz", "long".repeat(40));
    t.make_fifo(&name);
    let packed = t.gzcc(["-c"]).stdin(noise(6 * BLOCK, 1)).succeeds();
    let mut run = Run::start(&t, 120, "xterm", &["-t", &name]);
    let mut pipe = File::options().write(true).open(t.path(&name)).unwrap();
    pipe.write_all(&packed[..5 * BLOCK]).unwrap();
    run.until(|seen| seen.contains("\\n日本.gz"));
    for columns in [20, 40, 120] {
        resize(&run.screen.try_clone().unwrap().into(), columns);
        // A line of the old width may be in progress.
        let then = drawn(&String::from_utf8_lossy(&run.seen)).len() + 2;
        run.until(|seen| drawn(seen).len() > then + 3);
        let seen = String::from_utf8_lossy(&run.seen).into_owned();
        for line in drawn(&seen).into_iter().skip(then) {
            let width: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            assert!(width < columns.into() && !line.contains('\u{1b}') && !line.contains('\n'), "{columns}: {line:?}");
        }
    }
    pipe.write_all(&packed[5 * BLOCK..]).unwrap();
    drop(pipe);
    assert_eq!(remaining_text(&run.wait()), "\n");
}

/// The run waits for a reader of its output, so the line stays until the test reads.
#[test]
fn the_progress_line_shows_bytes_percentage_and_time_left_for_files_and_standard_input() {
    let t = Sandbox::new();
    let content = t.write("big", noise(6 * BLOCK, 1));
    let total = format!(" of {:.1} MB  ", content.len() as f64 / 1e6);
    t.write("list", "big\n");
    for words in [&["-c", "big"][..], &["-c"], &["-c", "--files-from", "list"]] {
        let stdin = File::open(t.path("big")).unwrap();
        let mut run = Run::reading(&t, 80, "xterm", (words, stdin.into()));
        run.until(|seen| seen.contains(&format!("{ERASE}0%  0.0{total}")));
        let mut output = run.child.stdout.take().unwrap();
        let mut half = vec![0; content.len() / 2];
        output.read_exact(&mut half).unwrap();
        // Two to four of the six blocks are written, as a pipe holds less than one.
        let percent = |line: &str| line.split_once("%  ").and_then(|(percent, _)| percent.parse::<u8>().ok());
        run.until(|seen| {
            let last = drawn(seen).pop().unwrap_or_default();
            percent(last).is_some_and(|percent| (33..=67).contains(&percent)) && last.contains(" left  ")
        });
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).unwrap();
        run.wait();
    }
}

#[test]
fn a_narrower_window_shows_no_stale_line() {
    require!("tmux");
    let t = Sandbox::new();
    t.write("big", noise(6 * BLOCK, 1));
    let tmux = |words: &[&str]| {
        let socket = t.path("socket");
        let words = [&["-S", socket.to_str().unwrap(), "-f", "/dev/null"], words].concat();
        String::from_utf8(t.command("tmux", words).succeeds()).unwrap()
    };
    // Its output is never read, so it ends with the terminal.
    let script = format!("cd '{}'; '{}' -c big | sleep 600", t.path("").display(), env!("CARGO_BIN_EXE_gzcc"));
    // Given as one word, the script would be run by the user's login shell, which need not be a shell.
    tmux(&["new-session", "-d", "-x", "100", "-y", "10", "sh", "-c", &script]);
    let shows = |expected: &str| {
        let since = Instant::now();
        loop {
            let screen = tmux(&["capture-pane", "-p"]);
            if screen.trim_end() == expected {
                return Ok(());
            }
            if since.elapsed() > LIMIT {
                return Err(screen);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let wide = format!("0%  0.0 of {:.1} MB  0.0 MB/s", 6.0 * BLOCK as f64 / 1e6);
    let narrow = wide.strip_suffix("  0.0 MB/s").unwrap();
    let mut screens = vec![shows(&wide)];
    for (columns, expected) in [("20", narrow), ("100", &wide), ("10", "0%")] {
        tmux(&["resize-window", "-x", columns]);
        screens.push(shows(expected));
    }
    tmux(&["kill-server"]);
    assert!(screens.iter().all(Result::is_ok), "{screens:#?}");
}

#[test]
fn a_signal_erases_the_progress_line_before_its_message() {
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
fn no_progress_line_is_drawn_without_a_capable_terminal_or_when_suppressed() {
    let t = Sandbox::new();
    let runs = [
        ("dumb", &["-t", "-"][..]),
        ("", &["-t", "-"]),
        ("xterm", &["-t", "-", "--progress=never"]),
        ("xterm", &["-t", "-", "-q"]),
    ]
    .map(|(term, words)| Run::start(&t, 80, term, words));
    // A pipe gets no line either.
    let mut command = t.gzcc(["-t", "--progress=auto"]).into_command();
    let mut piped = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()));
    // Longer than the delay of the line.
    std::thread::sleep(Duration::from_millis(1200));
    for run in runs {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", run.child.id())).unwrap();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        assert!(tasks.map(|task| name(task.unwrap())).all(|name| name != "progress\n"), "a thread for nothing");
        let seen = run.end();
        assert!(!seen.contains('\r') || seen.matches('\r').count() == seen.matches("\r\n").count(), "{seen:?}");
    }
    drop(piped.stdin.take());
    let said = String::from_utf8(piped.wait_with_output().unwrap().stderr).unwrap();
    assert!(!said.contains(ERASE), "{said:?}");
}

#[test]
fn a_pipe_gets_a_progress_line_if_it_is_always_drawn() {
    let t = Sandbox::new();
    let mut command = t.gzcc(["-t", "--progress=always"]).into_command();
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()));
    let mut stderr = child.stderr.take().unwrap();
    let mut seen = [0; ERASE.len() + BEFORE.len()];
    // Blocks until the limit of the harness if no line is drawn.
    stderr.read_exact(&mut seen).unwrap();
    assert!(String::from_utf8_lossy(&seen).contains(ERASE), "{seen:?}");
    drop(child.stdin.take());
    stderr.read_to_end(&mut Vec::new()).unwrap();
    child.wait().unwrap();
}

#[test]
fn no_progress_line_is_drawn_on_the_screen_that_receives_data() {
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

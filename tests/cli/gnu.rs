//! The names gzip, gunzip, zcat and gzcat: gzcc must do what GNU gzip does with the same arguments in the same
//! directory.
//!
//! The tables are in `gnu/*.txt`. A case in them is
//!
//! ```text
//! == a name that is a sentence
//! setup, in bash, with the system's gzip
//! $ gzip -k a
//! ```
//!
//! The setup runs once and its directory is copied; then the command runs in one copy with GNU gzip and in the other
//! with gzcc. Exit status, messages, standard output and the resulting directory must be equal; compressed data must
//! have equal headers and content. The command may be followed by
//!
//! - `answer: WORDS`: standard input is a terminal at which each word is typed as a line (`^D`: end of file);
//!   otherwise it is /dev/null;
//! - `terminal`: standard output is a terminal;
//! - `loosely`: only whether messages and standard output are empty is compared;
//! - `exactly`: the percentages in messages are compared too, because the same gzip compressed the input;
//! - `instead: COMMAND`: gzcc differs, and does what GNU gzip does for this command; a comment gives the reason.

mod observed;
mod upstream;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use self::observed::{Observed, describe_files, masked, plain};
use crate::harness::{Sandbox, find, have_all, sample, skip, spawn};
use crate::programs;
use crate::terminal::terminal;

#[test]
fn compressing() {
    compare(include_str!("gnu/compressing.txt"));
}

#[test]
fn names_and_suffixes() {
    compare(include_str!("gnu/names.txt"));
}

#[test]
fn decompressing() {
    compare(include_str!("gnu/decompressing.txt"));
}

#[test]
fn testing() {
    compare(include_str!("gnu/testing.txt"));
}

#[test]
fn listing() {
    compare(include_str!("gnu/listing.txt"));
}

#[test]
fn damaged_input() {
    compare(include_str!("gnu/damaged.txt"));
}

/// zgrep, zdiff, znew and the other scripts of the system call the gzip in the PATH.
#[test]
fn the_scripts_around_gzip() {
    if have_all(&["cmp", "compress", "diff", "grep", "less", "script", "zgrep"]) {
        compare_every(8, include_str!("gnu/scripts.txt"));
    }
}

#[test]
fn links_modes_and_special_files() {
    compare(include_str!("gnu/special.txt"));
}

#[test]
fn recursion() {
    compare(include_str!("gnu/recursion.txt"));
}

#[test]
fn environment() {
    compare(include_str!("gnu/environment.txt"));
}

#[test]
fn option_spelling() {
    compare(include_str!("gnu/options.txt"));
}

#[test]
fn prompts_on_a_terminal() {
    compare(include_str!("gnu/terminal.txt"));
}

/// The start of every setup: a file `a`, and functions that the tables use.
const PREAMBLE: &str = r#"
set -e
umask 022
# poke FILE OFFSET BYTES: overwrites some bytes, counted from the end if the offset is negative.
poke() { printf "$3" | dd of="$1" bs=1 seek=$(($2 < 0 ? $(stat -c %s "$1") + $2 : $2)) conv=notrunc status=none; }
# member FLAGS FIELDS: makes a member of standard input, with this header.
member() { printf "\x1f\x8b\x08$1\x01\x02\x03\x04\0\x03$2"; gzip -nc | tail -c +11; }
seq 300 > a
chmod 640 a
touch -d '2001-02-03 04:05:06' a
"#;

#[derive(Default)]
struct Case<'a> {
    name: &'a str,
    set_up: String,
    command: &'a str,
    instead: Option<&'a str>,
    answer: Option<&'a str>,
    terminal: bool,
    loosely: bool,
    exactly: bool,
}

fn parse(table: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case> = Vec::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case { name, ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a table begins with a name");
        if let Some(command) = line.strip_prefix("$ ") {
            assert!(case.command.is_empty(), "{}: one command a case", case.name);
            case.command = command;
            let words: Vec<&str> = command.split_whitespace().collect();
            let redirected = |pair: &[&str]| pair[0].ends_with(['<', '>']);
            let harmless = words.windows(2).all(|pair| !pair[1].starts_with("/dev/") || redirected(pair));
            assert!(harmless, "{}: root could lose a device of the system", case.name);
        } else if case.command.is_empty() {
            case.set_up += line;
            case.set_up.push('\n');
        } else if let Some(instead) = line.strip_prefix("instead: ") {
            case.instead = Some(instead);
        } else if let Some(answer) = line.strip_prefix("answer:") {
            case.answer = Some(answer.trim());
        } else {
            match line {
                "terminal" => case.terminal = true,
                "loosely" => case.loosely = true,
                "exactly" => case.exactly = true,
                _ => panic!("{}: what is '{line}'?", case.name),
            }
        }
    }
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert!(cases.iter().all(|case| !case.command.is_empty()), "a case without a command");
    assert!(!cases.is_empty() && names.len() == cases.len(), "two cases of the same name");
    cases
}

/// Runs the cases of a table and reports all differences together.
#[track_caller]
fn compare(table: &str) {
    // Each table begins with the main case of its topic, and has variants of it behind that.
    compare_every(3, table);
}

/// The same with every `step`th case in the default tier.
#[track_caller]
fn compare_every(step: usize, table: &str) {
    let Some(gnu) = gnu() else {
        return;
    };
    let cases: Vec<Case> = sample(step, parse(table)).collect();
    let mut report = String::new();
    let mut differing = 0;
    for case in &cases {
        let differences = case.differences(gnu);
        if !differences.is_empty() {
            differing += 1;
            let instead = case.instead.map(|command| format!("   (as GNU's {command})")).unwrap_or_default();
            let _ = writeln!(report, "\n== {}\n$ {}{instead}\n{differences}", case.name, case.command);
        }
    }
    assert!(differing == 0, "{differing} of {} cases differ\n{report}", cases.len());
}

/// The system's gzip, if it is GNU gzip 1.12 or later. In CI it must be.
fn gnu() -> Option<&'static Path> {
    static GNU: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find_gnu = || {
        if !have_all(&["bash", "gzip"]) {
            return None;
        }
        let text = Sandbox::new().command("gzip", ["--version"]).run();
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        let version = text.lines().next().and_then(|line| line.strip_prefix("gzip ")?.split_once('.'));
        let version = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let recent = version.is_some_and(|version: (u32, u32)| version >= (1, 12));
        assert!(recent || std::env::var_os("CI").is_none(), "gzip is not GNU gzip 1.12: {text}");
        if !recent {
            skip("gzip is not GNU gzip 1.12");
            return None;
        }
        find("gzip")
    };
    GNU.get_or_init(find_gnu).as_deref()
}

impl Case<'_> {
    /// Returns a description of the differences, or an empty string.
    fn differences(&self, gnu: &Path) -> String {
        let t = Sandbox::new();
        let start = SystemTime::now() - Duration::from_secs(5);
        let [bin_theirs, bin_ours, theirs, ours] =
            ["bin-theirs", "bin-ours", "theirs", "ours"].map(|name| t.path(name));
        for directory in [&bin_theirs, &theirs] {
            fs::create_dir(directory).unwrap();
        }
        symlink(gnu, bin_theirs.join("gzip")).unwrap();
        // Distributions ship these as scripts, as here. Their messages begin with gzip's name.
        for (name, options) in [("gunzip", "-d"), ("zcat", "-cd"), ("gzcat", "-cd")] {
            let script = format!("#!/bin/bash\nexec gzip {options} \"$@\"\n");
            fs::write(bin_theirs.join(name), script).unwrap();
            fs::set_permissions(bin_theirs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        link_as_gzip(&bin_ours);

        let mut set_up = programs::command("bash");
        set_up.arg("-c").arg(format!("{PREAMBLE}{}", self.set_up)).current_dir(&theirs);
        let set_up = with_fixed_environment(&mut set_up, &bin_theirs).output().unwrap();
        let text = String::from_utf8_lossy(&set_up.stderr);
        assert!(set_up.status.success() && text.is_empty(), "{}: the set-up fails: {text}", self.name);
        t.command("cp", [OsString::from("-a"), theirs.clone().into(), ours.clone().into()]).succeeds();

        let expected = self.run(self.instead.unwrap_or(self.command), &theirs, &bin_theirs, start);
        let found = self.run(self.command, &ours, &bin_ours, start);
        expected.describe_differences(&found, self.loosely)
    }

    fn run(&self, command: &str, directory: &Path, bin: &Path, start: SystemTime) -> Observed {
        let mut call = programs::command("timeout");
        call.args(["20", "bash", "-c", command]).current_dir(directory).stderr(Stdio::piped());
        with_fixed_environment(&mut call, bin);
        let keyboard = self.answer.map(|answer| {
            let (master, slave) = terminal();
            call.stdin(slave);
            let typed = |word: &str| if word == "^D" { "\x04".to_owned() } else { format!("{word}\n") };
            let typed: String = if answer.is_empty() { typed("") } else { answer.split(' ').map(typed).collect() };
            let mut keyboard = fs::File::from(master);
            keyboard.write_all(typed.as_bytes()).unwrap();
            keyboard
        });
        if keyboard.is_none() {
            call.stdin(Stdio::null());
        }
        let screen = self.terminal.then(|| {
            let (master, slave) = terminal();
            call.stdout(slave);
            master
        });
        if screen.is_none() {
            call.stdout(Stdio::piped());
        }
        let output = spawn(&mut call).wait_with_output().unwrap();
        // Closes the test's own ends of the terminals; otherwise reading would never end.
        drop(call);
        let mut stdout = output.stdout;
        if let Some(screen) = screen {
            // Reading a terminal without writers fails after all output has been read.
            let _ = fs::File::from(screen).read_to_end(&mut stdout);
        }
        let mut stderr: Vec<String> = String::from_utf8_lossy(&output.stderr)
            .lines()
            .map(|line| if self.exactly { plain(line) } else { masked(&plain(line)) })
            .filter(|line| !line.is_empty())
            .collect();
        stderr.sort();
        Observed { status: output.status.code(), stdout, stderr, files: describe_files(directory, start) }
    }
}

/// Makes a directory with links to gzcc that have gzip's names, unless it exists.
fn link_as_gzip(directory: &Path) {
    if directory.exists() {
        return;
    }
    fs::create_dir(directory).unwrap();
    for name in ["gzip", "gunzip", "zcat", "gzcat"] {
        symlink(env!("CARGO_BIN_EXE_gzcc"), directory.join(name)).unwrap();
    }
}

/// Runs the command in a fixed environment.
fn with_fixed_environment<'a>(command: &'a mut Command, bin: &Path) -> &'a mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path))).unwrap();
    command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC0")
}

//! As gzip, gunzip, zcat and gzcat: what GNU gzip does with the same words in the same folder is what is expected.
//!
//! The tables are in `gnu/*.txt`. A case in them is
//!
//! ```text
//! == a name that reads as a sentence
//! set-up, in bash, with the system's gzip
//! $ gzip -k a
//! ```
//!
//! The set-up is run once and its folder copied, then the command is run in one with GNU's gzip and in the other with
//! ours. Exit status, messages, standard output and the folder afterwards must be the same, where compressed bytes are
//! the same if they mean the same. Behind the command there can be
//!
//! - `answer: WORDS`: standard input is a terminal at which each word is typed as a line (`^D`: the end); otherwise
//!   it is /dev/null;
//! - `terminal`: standard output is a terminal;
//! - `loosely`: of messages and standard output it matters only whether there is something;
//! - `exactly`: the percentages in messages matter, as what is read was compressed by the same gzip;
//! - `instead: COMMAND`: ours differs, and does what GNU's gzip does for this command; a comment says why.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use crate::harness::{Sandbox, find, have_all, skip, spawn};
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

/// What every set-up begins with: a file `a`, and words for what the tables need often.
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

/// Runs the cases of a table and tells all differences at once.
#[track_caller]
fn compare(table: &str) {
    let Some(gnu) = gnu() else {
        return;
    };
    let cases = parse(table);
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

/// The system's gzip, if it is GNU's, of 1.12 or later. In CI it must be.
fn gnu() -> Option<&'static Path> {
    static GNU: OnceLock<Option<PathBuf>> = OnceLock::new();
    let look = || {
        if !have_all(&["bash", "gzip"]) {
            return None;
        }
        let said = Sandbox::new().command("gzip", ["--version"]).run();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.lines().next().and_then(|line| line.strip_prefix("gzip ")?.split_once('.'));
        let version = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        let recent = version.is_some_and(|version: (u32, u32)| version >= (1, 12));
        assert!(recent || std::env::var_os("CI").is_none(), "gzip is not GNU gzip 1.12: {said}");
        if !recent {
            skip("gzip is not GNU gzip 1.12");
            return None;
        }
        find("gzip")
    };
    GNU.get_or_init(look).as_deref()
}

/// What can be seen of a command that has ended.
struct Seen {
    status: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<String>,
    files: BTreeMap<PathBuf, File>,
}

/// What can be seen of a file: type, mode and so on in words, and the content.
struct File {
    looks: String,
    content: Vec<u8>,
}

impl Case<'_> {
    /// Empty if there are none.
    fn differences(&self, gnu: &Path) -> String {
        let t = Sandbox::new();
        let start = SystemTime::now() - Duration::from_secs(5);
        let [bin_theirs, bin_ours, theirs, ours] =
            ["bin-theirs", "bin-ours", "theirs", "ours"].map(|name| t.path(name));
        for folder in [&bin_theirs, &bin_ours, &theirs] {
            fs::create_dir(folder).unwrap();
        }
        symlink(gnu, bin_theirs.join("gzip")).unwrap();
        // Distributions have these as scripts, as here; only the messages do not begin with their names then.
        for (name, options) in [("gunzip", "-d"), ("zcat", "-cd"), ("gzcat", "-cd")] {
            let script = format!("#!/bin/bash\nexec gzip {options} \"$@\"\n");
            fs::write(bin_theirs.join(name), script).unwrap();
            fs::set_permissions(bin_theirs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        for name in ["gzip", "gunzip", "zcat", "gzcat"] {
            symlink(env!("CARGO_BIN_EXE_gzcc"), bin_ours.join(name)).unwrap();
        }

        let mut set_up = programs::command("bash");
        set_up.arg("-c").arg(format!("{PREAMBLE}{}", self.set_up)).current_dir(&theirs);
        let set_up = in_environment(&mut set_up, &bin_theirs).output().unwrap();
        let said = String::from_utf8_lossy(&set_up.stderr);
        assert!(set_up.status.success() && said.is_empty(), "{}: the set-up fails: {said}", self.name);
        t.command("cp", [OsString::from("-a"), theirs.clone().into(), ours.clone().into()]).succeeds();

        let expected = self.run(self.instead.unwrap_or(self.command), &theirs, &bin_theirs, start);
        let found = self.run(self.command, &ours, &bin_ours, start);
        self.tell(&expected, &found)
    }

    fn run(&self, command: &str, folder: &Path, bin: &Path, start: SystemTime) -> Seen {
        let mut call = programs::command("timeout");
        call.args(["20", "bash", "-c", command]).current_dir(folder).stderr(Stdio::piped());
        in_environment(&mut call, bin);
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
        // Closes our own ends of the terminals, without which there is no end to read to.
        drop(call);
        let mut stdout = output.stdout;
        if let Some(screen) = screen {
            // A terminal that has been left by all ends in an error, behind all that was written to it.
            let _ = fs::File::from(screen).read_to_end(&mut stdout);
        }
        let mut stderr: Vec<String> = String::from_utf8_lossy(&output.stderr)
            .lines()
            .map(|line| if self.exactly { plain(line) } else { masked(&plain(line)) })
            .filter(|line| !line.is_empty())
            .collect();
        stderr.sort();
        Seen { status: output.status.code(), stdout, stderr, files: look(folder, start) }
    }

    fn tell(&self, expected: &Seen, found: &Seen) -> String {
        let mut told = String::new();
        let mut differ = |what: &str, expected: String, found: String| {
            let _ = writeln!(told, "  {what}:\n    theirs {expected}\n    ours   {found}");
        };
        if expected.status != found.status {
            differ("status", format!("{:?}", expected.status), format!("{:?}", found.status));
        }
        let (silent, empty) = (expected.stderr.is_empty(), expected.stdout.is_empty());
        let alike = if self.loosely { silent == found.stderr.is_empty() } else { expected.stderr == found.stderr };
        if !alike {
            differ("standard error", format!("{:?}", expected.stderr), format!("{:?}", found.stderr));
        }
        let alike = if self.loosely { empty == found.stdout.is_empty() } else { same(&expected.stdout, &found.stdout) };
        if !alike {
            differ("standard output", shown(&expected.stdout), shown(&found.stdout));
        }
        let names: BTreeSet<&PathBuf> = expected.files.keys().chain(found.files.keys()).collect();
        for name in names {
            let (expected, found) = (expected.files.get(name), found.files.get(name));
            let name = name.to_string_lossy();
            let looks = |file: Option<&File>| file.map_or("not there".to_owned(), |file| file.looks.clone());
            if looks(expected) != looks(found) {
                differ(&name, looks(expected), looks(found));
            } else if let (Some(expected), Some(found)) = (expected, found)
                && !same(&expected.content, &found.content)
            {
                differ(&name, shown(&expected.content), shown(&found.content));
            }
        }
        told
    }
}

/// Nothing of the environment that the tests run in matters.
fn in_environment<'a>(command: &'a mut Command, bin: &Path) -> &'a mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin.to_owned()).chain(std::env::split_paths(&path))).unwrap();
    command.env_clear().env("PATH", path).env("LC_ALL", "C").env("TZ", "UTC0")
}

/// A line of messages with the name of gzip for that of the program, as it depends on how a script starts it.
fn plain(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    for name in ["gunzip", "zcat", "gzcat"] {
        if let Some(rest) = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) {
            line = format!("gzip: {rest}");
        }
        line = line.replace(&format!("type: {name} -h"), "type: gzip -h");
    }
    line
}

/// A line without the digits of its percentage, as compressors differ.
fn masked(line: &str) -> String {
    match line.split_once('%') {
        Some((number, rest)) => {
            let before = number.trim_end_matches(|c: char| c.is_ascii_digit() || ".- ".contains(c));
            format!("{before} NN.N%{rest}")
        }
        None => line.to_owned(),
    }
}

/// Every file below the folder.
fn look(folder: &Path, start: SystemTime) -> BTreeMap<PathBuf, File> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        let kind = metadata.file_type();
        let mut looks = format!("{:o} {}:{}", metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
        let mut content = Vec::new();
        if kind.is_file() {
            // The time of what was made without one depends on when the test was run.
            let time =
                if metadata.modified().unwrap() < start { metadata.mtime().to_string() } else { "now".to_owned() };
            let _ = write!(looks, " file, {} links, time {time}", metadata.nlink());
            content = fs::read(entry.path()).unwrap_or_default();
        } else if kind.is_symlink() {
            looks = format!("link to {}", fs::read_link(entry.path()).unwrap().display());
        } else {
            looks += if kind.is_dir() {
                " folder"
            } else if kind.is_fifo() {
                " fifo"
            } else {
                " something else"
            };
        }
        files.insert(entry.path().strip_prefix(folder).unwrap().to_owned(), File { looks, content });
    }
    files
}

/// Whether the bytes are the same, or are gzip with the same flags, time, name and content.
fn same(expected: &[u8], found: &[u8]) -> bool {
    expected == found || meaning(expected).is_some_and(|meant| meaning(found) == Some(meant))
}

/// Flags, time and name in the header, and the content, of what gzip accepts without a word.
fn meaning(gz: &[u8]) -> Option<(u8, u32, String, Vec<u8>)> {
    let (flags, time) = (*gz.strip_prefix(b"\x1f\x8b\x08")?.first()?, gz.get(4..8)?);
    let named = flags & 0x08 != 0 && flags & 0x04 == 0;
    let name = if named { gz[10..].split(|&byte| byte == 0).next()? } else { &[] };
    let ran = Sandbox::new().command("gzip", ["-dc"]).stdin(gz).run();
    let time = u32::from_le_bytes(time.try_into().ok()?);
    (ran.status.success()).then(|| (flags, time, String::from_utf8_lossy(name).into_owned(), ran.stdout))
}

fn shown(bytes: &[u8]) -> String {
    match meaning(bytes) {
        Some((flags, time, name, content)) => {
            format!("gzip, flags {flags}, time {time}, name '{name}': {}", shown(&content))
        }
        None => {
            let dots = if bytes.len() > 300 { "..." } else { "" };
            format!("{} bytes: {}{dots}", bytes.len(), bytes[..bytes.len().min(300)].escape_ascii())
        }
    }
}

//! Completions, tested in the real shells: each shell runs on a terminal and loads its script, the test types a line
//! with the tabulator key, and the arguments that gzcc would receive are compared.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Sandbox, spawn};
use crate::terminal::terminal;

/// A shell, its start arguments, and the start-up file that loads the completions and records gzcc's arguments.
pub struct Shell {
    pub name: &'static str,
    pub start: &'static [&'static str],
    /// `SCRIPT` and `WORDS` stand for the paths of the completions and of the record, `DATA` for the data directory.
    pub first: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    start: &["--noprofile", "--rcfile", "FIRST", "-i"],
    first: r#"PS1='READY> '; . 'SCRIPT'; gzcc() { printf '%s\n' "$@" end > 'WORDS'; }"#,
};

const ZSH: Shell = Shell {
    name: "zsh",
    // zsh reads .zshrc in $ZDOTDIR.
    start: &["-i"],
    first: r#"PS1='READY> '; autoload -Uz compinit; compinit -u -D; . 'SCRIPT'
        gzcc() { printf '%s\n' "$@" end > 'WORDS'; }"#,
};

const FISH: Shell = Shell {
    name: "fish",
    start: &["--no-config", "-i", "-C", "source FIRST"],
    first: r#"source 'SCRIPT'; function fish_prompt; echo 'READY> '; end
        function gzcc; printf '%s\n' $argv end > 'WORDS'; end"#,
};

const ELVISH: Shell = Shell {
    name: "elvish",
    start: &["-rc", "FIRST"],
    first: r#"eval (slurp < 'SCRIPT'); set edit:prompt = { print 'READY> ' }; set edit:rprompt = { }
        fn gzcc {|@words| { each $echo~ $words; echo end } > 'WORDS' }"#,
};

/// Typed lines, and the arguments that gzcc must receive. The directory contains `alpha.log`, `dirty` and `directory`;
/// `one` contains a single file.
const CASES: [(&str, &[&str]); 9] = [
    ("gzcc --sch\t", &["--scheduler"]),
    ("gzcc --output-d\t", &["--output-dir"]),
    ("gzcc --scheduler t\t", &["--scheduler", "threads"]),
    ("gzcc --scheduler r\t", &["--scheduler", "rayon"]),
    ("gzcc al\t", &["alpha.log"]),
    ("gzcc --rm al\t", &["--rm", "alpha.log"]),
    ("gzcc alpha.log --sch\t", &["alpha.log", "--scheduler"]),
    // An empty word completes because only one file exists.
    ("gzcc one/\t", &["one/file"]),
    ("cd one\rgzcc \t", &["file"]),
];

#[test]
fn bash_completes_options_values_and_files() {
    assert_completes(&BASH, &CASES);
    assert_completes(&BASH, &[("gzcc -O dir\t", &["-O", "directory/"])]);
}

#[test]
fn zsh_completes_options_values_and_files() {
    assert_completes(&ZSH, &CASES);
    // zsh removes the trailing slash when the line is accepted.
    assert_completes(
        &ZSH,
        &[("gzcc -O dir\t", &["-O", "directory"]), ("gzcc --scheduler=r\t", &["--scheduler=rayon"])],
    );
}

#[test]
fn fish_completes_options_values_and_files() {
    assert_completes(&FISH, &CASES);
    assert_completes(
        &FISH,
        &[("gzcc -O dir\t", &["-O", "directory/"]), ("gzcc --scheduler=r\t", &["--scheduler=rayon"])],
    );
}

#[test]
fn elvish_completes_options_values_and_files() {
    assert_completes(&ELVISH, &CASES);
}

/// PowerShell has no package to test with, so only matching brackets and the presence of the registration are
/// checked.
#[test]
fn the_powershell_script_is_complete() {
    let script = String::from_utf8(Sandbox::new().gzcc(["--completions", "powershell"]).succeeds()).unwrap();
    let count = |c: char| script.matches(c).count();
    assert!(script.contains("Register-ArgumentCompleter -Native -CommandName 'gzcc'"), "{script}");
    assert!(script.contains("'--scheduler', '--scheduler'"), "{script}");
    assert_eq!((count('{'), count('['), count('\'') % 2), (count('}'), count(']'), 0), "{script}");
}

#[test]
fn an_unknown_shell_is_an_error_that_lists_the_known_ones() {
    let t = Sandbox::new();
    let valid = "expected one of bash, elvish, fish, powershell, zsh";
    for (shell, similar) in [("tcsh", ""), ("bahs", " (similar: bash)")] {
        let line =
            format!("gzcc: invalid value '{shell}' for '--completions <SHELL>': {valid}{similar}; see gzcc --help");
        assert_eq!(t.gzcc(["--completions", shell]).says(1, &[&line]), "");
    }
}

/// Types each line in a new shell and compares gzcc's arguments.
#[track_caller]
fn assert_completes(shell: &Shell, cases: &[(&str, &[&str])]) {
    assert_completes_in(&Sandbox::new(), shell, cases);
}

/// As [`assert_completes`], in a sandbox that is the user's home and data directory.
#[track_caller]
pub fn assert_completes_in(t: &Sandbox, shell: &Shell, cases: &[(&str, &[&str])]) {
    require!(shell.name, "setsid");
    for file in ["work/alpha.log", "work/dirty", "work/directory/x", "work/one/file"] {
        t.write(file, "x");
    }
    let script = t.gzcc(["--completions", shell.name]).succeeds();
    t.write("script", script);
    let path = |name| t.path(name).to_str().unwrap().to_owned();
    let first = shell.first.replace("SCRIPT", &path("script")).replace("WORDS", &path("words"));
    let first = first.replace("DATA", path("").trim_end_matches('/'));
    t.write("first", &first);
    t.write(".zshrc", &first);
    for (typed, expected) in cases {
        let (screen, words) = complete(t, shell, typed);
        let mut expected = expected.to_vec();
        expected.push("end");
        assert_eq!(
            words.lines().map(str::trim_end).collect::<Vec<_>>(),
            expected,
            "{}: {typed:?}\n{screen}",
            shell.name
        );
    }
}

/// Types a line and the return key; returns the terminal's output and gzcc's arguments.
fn complete(t: &Sandbox, shell: &Shell, typed: &str) -> (String, String) {
    let (master, slave) = terminal();
    let start = shell.start.iter().map(|word| word.replace("FIRST", t.path("first").to_str().unwrap()));
    // setsid makes the terminal the shell's controlling terminal.
    let words: Vec<String> = ["--ctty", shell.name].map(str::to_owned).into_iter().chain(start).collect();
    let mut command = t.command("setsid", words).into_command();
    let home = t.path("");
    command.current_dir(t.path("work")).env("HOME", &home).env("ZDOTDIR", &home).env("XDG_CONFIG_HOME", &home);
    command.env("XDG_DATA_HOME", &home).env("XDG_STATE_HOME", &home).env("XDG_RUNTIME_DIR", &home).env("TERM", "xterm");
    let (input, output) = (slave.try_clone().unwrap(), slave.try_clone().unwrap());
    let mut child = spawn(command.stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::from(slave)));
    drop(command);
    let mut keys = fs::File::from(master);
    let mut screen = keys.try_clone().unwrap();
    let shown = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&shown);
    let watcher = std::thread::spawn(move || {
        let mut some = [0; 4096];
        // The read fails once no process has the terminal open.
        while let Ok(n @ 1..) = screen.read(&mut some) {
            seen.lock().unwrap().push_str(&String::from_utf8_lossy(&some[..n]));
        }
    });
    let words = || fs::read_to_string(t.path("words")).unwrap_or_default();
    wait_for(|| shown.lock().unwrap().contains("READY> "));
    keys.write_all(format!("{typed}\r").as_bytes()).unwrap();
    wait_for(|| words().ends_with("end\n"));
    let words = words();
    let _ = fs::remove_file(t.path("words"));
    child.kill().unwrap();
    child.wait().unwrap();
    watcher.join().unwrap();
    let shown = shown.lock().unwrap().clone();
    (shown, words)
}

/// Waits until `holds`. After 60 seconds it returns, and the assertions that follow fail.
fn wait_for(holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() && begin.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

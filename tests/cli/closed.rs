//! Standard descriptors that are closed at start: an error if needed, harmless otherwise.

use std::os::unix::fs::symlink;

use crate::harness::{Sandbox, assert_member, log};

const STDIN: &str = "standard input: Bad file descriptor";
const STDOUT: &str = "standard output: Bad file descriptor";

/// A sandbox with a file `a`, its compressed form `p.gz`, and links to gzcc under gzip's names.
fn sandbox() -> Sandbox {
    let t = Sandbox::new();
    t.write("p", log(3000));
    t.gzcc(["-q", "--rm", "p"]).succeeds();
    t.write("a", log(3000));
    for name in ["gzip", "gunzip", "zcat", "pigz"] {
        symlink(env!("CARGO_BIN_EXE_gzcc"), t.path(name)).unwrap();
    }
    t
}

/// Runs a command line that must fail with this line, leave no output and keep every original.
#[track_caller]
fn fails(script: &str, line: &str) {
    let t = sandbox();
    let names = t.names();
    t.shell(script).says(1, &[line]);
    assert!(t.read("a") == log(3000) && t.exists("p.gz"), "{script}");
    let made: Vec<_> = t.names().into_iter().filter(|name| !names.contains(name) && name != "out").collect();
    assert!(made.is_empty(), "{script}: {made:?}");
    assert!(!t.exists("out") || t.read("out").is_empty(), "{script}: something was written");
}

#[test]
fn reading_from_a_closed_standard_input_is_an_error() {
    require!("bash");
    for words in
        ["-c", "", "-9 -j1", "-d", "-t", "-l", "-o new", "-d -o new", "-q --files-from -", "-q --files0-from -"]
    {
        fails(&format!("gzcc {words} <&- > out"), &format!("gzcc: {STDIN}"));
    }
    fails("gzcc -c - <&- > out", &format!("gzcc: {STDIN}"));
    for words in ["gzip", "gzip -c", "gzip -d", "gunzip", "zcat", "pigz"] {
        let name = words.split(' ').next().unwrap();
        fails(&format!("./{words} <&- > out"), &format!("{name}: stdin: Bad file descriptor"));
    }
}

#[test]
fn messages_about_help_start_with_the_name_that_was_called() {
    require!("bash");
    for (words, line) in [
        ("gzcc --help", format!("gzcc: {STDOUT}")),
        ("./gzip --help", format!("gzip: {STDOUT}")),
        ("./zcat --version", format!("zcat: {STDOUT}")),
        ("./pigz -V", format!("pigz: {STDOUT}")),
    ] {
        fails(&format!("{words} >&-"), &line);
    }
}

#[test]
fn a_closed_descriptor_is_an_error_by_its_name_as_well() {
    require!("bash");
    const LINK: &str = "Too many levels of symbolic links";
    for name in ["/dev/stdin", "/dev/fd/0"] {
        fails(&format!("gzcc -c {name} <&- > out"), &format!("gzcc: {name}: {LINK}"));
        fails(&format!("gzcc -o new {name} <&-"), &format!("gzcc: {name}: {LINK}"));
        fails(&format!("gzcc -q --files-from {name} <&-"), &format!("gzcc: {name}: {LINK}"));
        fails(&format!("./zcat {name} <&- > out"), &format!("zcat: {name}: {LINK}"));
    }
    let what = "is not a file that can be replaced; use -c with >&N for an open descriptor N";
    fails("gzcc -f -o /dev/fd/1 a >&-", &format!("gzcc: a: /dev/fd/1: {what}"));
}

#[test]
fn writing_to_a_closed_standard_output_is_an_error() {
    require!("bash");
    for words in ["-c a", "-c -j2 a", "-o - a", "--rsyncable -c a"] {
        fails(&format!("gzcc {words} >&-"), &format!("gzcc: a: {STDOUT}"));
    }
    fails("gzcc -dc p.gz >&-", &format!("gzcc: p.gz: {STDOUT}"));
    fails("gzcc < a >&-", &format!("gzcc: standard input: {STDOUT}"));
    fails("./gzip -c a >&-", &format!("gzip: a: {STDOUT}"));
    fails("./zcat p.gz >&-", &format!("zcat: p.gz: {STDOUT}"));
    fails("./gunzip < p.gz >&-", &format!("gunzip: stdin: {STDOUT}"));
}

#[test]
fn printing_a_report_on_a_closed_standard_output_is_an_error() {
    require!("bash");
    for words in ["-t p.gz", "-l p.gz", "-l --trailers p.gz", "-l --json p.gz", "-t --json p.gz", "--help", "-h"] {
        fails(&format!("gzcc {words} >&-"), &format!("gzcc: {STDOUT}"));
    }
    for words in ["--version", "--man", "--completions bash", "--benchmark=1 a", "--benchmark=1 --json a"] {
        fails(&format!("gzcc {words} >&-"), &format!("gzcc: {STDOUT}"));
    }
    fails("./gzip -l p.gz >&-", "gzip: standard output: Bad file descriptor");
}

/// The files are compressed nevertheless.
#[test]
fn a_count_that_cannot_be_printed_is_an_error_after_all_files_are_done() {
    require!("bash");
    for words in ["", "--rm", "--json"] {
        let t = sandbox();
        t.shell(&format!("gzcc {words} a >&-")).says(1, &[&format!("gzcc: {STDOUT}")]);
        t.assert_holds("a.gz", &log(3000));
        assert_eq!(t.exists("a"), words != "--rm");
    }
}

#[test]
fn a_closed_descriptor_that_is_not_needed_is_harmless() {
    require!("bash");
    for script in [
        "gzcc -q a >&-",
        "gzcc -q a <&- >&-",
        "gzcc -q a <&- >&- 2>&-",
        "gzcc -q a 2>&-",
        "./gzip -k a >&-",
        "gzcc -qo a.gz a >&-",
    ] {
        let t = sandbox();
        assert!(t.shell(script).succeeds().is_empty(), "{script}");
        t.assert_holds("a.gz", &log(3000));
    }
    let t = sandbox();
    assert_eq!(t.shell("gzcc a <&-").succeeds(), b"Compressed 1 file\n");
    assert_member(&t.shell("gzcc -c a <&- 2>&-").succeeds(), &log(3000));
    assert_eq!(t.shell("gzcc -dc p.gz <&-").succeeds(), log(3000));
}

/// Messages must not go into a file that received descriptor 2.
#[test]
fn a_closed_standard_error_loses_messages_only() {
    require!("bash");
    let t = sandbox();
    t.shell("gzcc -v -j1 missing a <&- 2>&-").says(1, &[]);
    t.assert_holds("a.gz", &log(3000));
    t.shell("gzcc -f -v -j1 missing a <&- >&- 2>&-").says(1, &[]);
    t.assert_holds("a.gz", &log(3000));
    assert_eq!(t.shell("gzcc -v -dc missing p.gz 2>&-").says(1, &[]).into_bytes(), log(3000));
}

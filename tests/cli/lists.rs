//! Lists of names (`--files-from`, `--files0-from`), which are read as streams.

use std::fs;
use std::io::Write;
use std::process::{ChildStdin, Stdio};

use crate::harness::{BLOCK, Sandbox, noise, not_utf8, spawn};
use crate::resources::peak;
use crate::traced::wait_until;

#[test]
fn lists_hold_lines_or_zero_terminated_names_and_follow_the_command_line() {
    require!("bash", "find", "gzip");
    let t = Sandbox::new();
    for name in ["a", "b c", "d\ne", "-", "-f"] {
        t.write(name, name);
    }
    t.write(not_utf8(), "latin");
    t.write("lines", "b c\n\n-f\n");
    t.write("zeros", b"d\ne\0-\0caf\xe9.log");
    assert_eq!(t.gzcc(["--files-from", "lines", "a"]).succeeds(), b"Compressed 3 files\n");
    assert_eq!(t.gzcc(["--files0-from=zeros"]).succeeds(), b"Compressed 3 files\n");
    for name in ["a", "b c", "d\ne", "-", "-f"] {
        t.assert_holds(format!("{name}.gz"), name.as_bytes());
    }
    assert!(t.exists(std::path::Path::new(not_utf8()).with_extension("log.gz")));
    t.shell("rm ./*.gz").succeeds();
    for (list, option) in [("lines", "--files-from"), ("zeros", "--files0-from")] {
        let ran = t.gzcc([option, "-"]).stdin(t.read(list)).run();
        ran.assert(ran.status.success() && ran.stderr.is_empty(), list);
    }
    assert!(t.exists("b c.gz") && t.exists("d\ne.gz") && t.exists("-.gz"));
    assert_eq!(t.shell("find . -name 'b*c' -print0 | gzcc -c --files0-from - | gzip -dc").succeeds(), b"b c");
}

#[test]
fn a_list_may_hold_directories_or_nothing() {
    let t = Sandbox::new();
    t.write("t/a", "1");
    t.write("list", "t");
    assert_eq!(
        t.gzcc(["--files-from", "list"]).says(2, &["gzcc: t: is a directory; left alone (-r walks into it)"]),
        "Compressed 0 files, 1 skipped\n"
    );
    assert_eq!(t.gzcc(["-r", "--files-from", "list"]).succeeds(), b"Compressed 1 file\n");
    assert_eq!(t.gzcc(["--files-from", "/dev/null"]).succeeds(), b"Compressed 0 files\n");
    assert_eq!(t.gzcc(["-t", "--files-from", "-"]).stdin("t/a.gz").succeeds(), b"Tested 1 file\n");
}

#[test]
fn an_invalid_name_in_a_list_is_an_error_and_the_other_names_are_compressed() {
    let t = Sandbox::new();
    for name in ["a", "b", "c"] {
        t.write(name, name);
    }
    let zero = "gzcc: list: line 3 has a zero byte (--files0-from reads lists whose names end with one)";
    let long = "gzcc: list: line 5 is longer than any path";
    t.write("list", format!("a\ngone\nb\0c\nb\n{}\nc", "x".repeat(100_000)));
    let counted = t.gzcc(["--files-from", "list"]).says(1, &["gzcc: gone: No such file or directory", zero, long]);
    assert_eq!(counted, "Compressed 3 files, 3 failed\n");
    t.write("twice", "a\0\0a\0");
    let twice = ["gzcc: '': No such file or directory", "gzcc: a: a.gz is the output of another input already"];
    assert_eq!(t.gzcc(["-f", "--files0-from", "twice"]).says(1, &twice), "Compressed 1 file, 2 failed\n");
    t.write("lines", "name\n".repeat(1000));
    let hint = "gzcc: lines: name 1 is longer than any path (--files-from reads lists of lines)";
    t.gzcc(["--files0-from", "lines"]).says(1, &[hint]);
}

#[test]
fn an_unreadable_list_is_an_error_and_named_files_are_compressed() {
    let t = Sandbox::new();
    t.write("a", "1");
    fs::create_dir(t.path("directory")).unwrap();
    for (list, reason) in [("gone", "No such file or directory"), ("directory", "Is a directory")] {
        let counted = t.gzcc(["-f", "--files-from", list, "a"]).says(1, &[&format!("gzcc: {list}: {reason}")]);
        assert_eq!(counted, "Compressed 1 file, 1 failed\n");
    }
    t.gzcc(["-O", "a", "--files-from", "gone"]).says(1, &["gzcc: gone: a: Not a directory"]);
}

#[test]
fn a_list_that_the_run_removes_is_read_to_its_end() {
    let t = Sandbox::new();
    t.write("a", "1");
    t.write("list", "a\n");
    assert_eq!(t.gzcc(["--rm", "-j1", "list", "--files-from", "list"]).succeeds(), b"Compressed 2 files\n");
    t.assert_holds("a.gz", b"1");
    assert!(!t.exists("list"));
}

#[test]
fn one_output_holds_the_files_of_a_list_in_order() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    for name in ["b", "a", "c"] {
        t.write(name, name);
    }
    t.write("list", "b\na\nc\n");
    assert_eq!(t.shell("gzcc -c --files-from list | gzip -dc").succeeds(), b"bac");
    t.gzcc(["-o", "out", "--files-from", "list"]).succeeds();
    assert_eq!(t.shell("gzip -dc < out").succeeds(), b"bac");
    t.write("one", "a");
    t.gzcc(["-f", "-o", "out", "b", "--files-from", "one"]).succeeds();
    assert_eq!(t.shell("gzip -dc < out").succeeds(), b"ba", "a list makes two of one");
}

/// Runs gzcc with its list on a pipe that stays open. `meanwhile` gets the process ID and the writing end.
fn with_open_list(t: &Sandbox, words: &[&str], meanwhile: impl FnOnce(u32, ChildStdin)) {
    let mut command = t.gzcc(words).into_command();
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()));
    let list = child.stdin.take().unwrap();
    meanwhile(child.id(), list);
    child.wait().unwrap();
}

#[test]
fn a_file_is_compressed_while_its_list_is_still_open() {
    for words in ["-j1", "-j2", "-j4 --scheduler=rayon", "-j2 --verify", "-j2 -f"] {
        let t = Sandbox::new();
        t.write("a", "small");
        t.write("b", noise(3 * BLOCK, 1));
        t.write("c", "small too");
        let words: Vec<&str> = words.split(' ').chain(["--files-from", "-"]).collect();
        with_open_list(&t, &words, |_, mut list| {
            for name in ["a", "b", "c"] {
                writeln!(list, "{name}").unwrap();
                // The writer waits for the output before it writes the next name.
                wait_until(|| t.exists(format!("{name}.gz")));
            }
        });
    }
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_list() {
    let t = Sandbox::new();
    t.write("first", "x");
    with_open_list(&t, &["-j2", "--include", "first", "--files-from", "-"], |pid, mut list| {
        writeln!(list, "first").unwrap();
        wait_until(|| t.exists("first.gz"));
        let before = peak(pid);
        let names: String = (0..1000).map(|i| format!("some/directory/with/a/long/name/file-{i:04}\n")).collect();
        // The filter selects only the first name, so the rest of the run only reads the list.
        for _ in 0..2000 {
            list.write_all(names.as_bytes()).unwrap();
        }
        let grown = peak(pid) - before;
        assert!(grown < 2 << 20, "{grown} bytes for a list of {}", names.len() * 2000);
    });
}

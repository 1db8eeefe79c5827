//! Messages: their wording, where they go, and which options suppress them.

use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, Mode};

use crate::harness::{Finished, IN_ALL, Sandbox, is_root, log, noise, not_utf8, skip};

#[test]
fn every_argument_is_compressed_or_named_in_a_message_and_none_stops_the_others() {
    let t = Sandbox::new();
    let (first, last) = (t.write("first", log(100)), t.write("last", log(3_000_000)));
    t.write("old.gz", "x");
    t.write("dir/in", "x");
    t.write("taken", "x");
    t.write("taken.gz", "precious");
    rustix::fs::mkfifoat(CWD, t.path("fifo"), Mode::RWXU).unwrap();
    let _socket = UnixListener::bind(t.path("socket")).unwrap();
    let words = ["first", "missing", "old.gz", "dir", "fifo", "socket", "/dev/null", "", "taken", "first/x", "last"];
    for scheduler in ["threads", "rayon"] {
        let count = t.gzcc(["-j2", "--scheduler", scheduler].iter().chain(&words)).says(
            1,
            &[
                "gzcc: missing: No such file or directory",
                "gzcc: old.gz: already has the suffix; left alone",
                "gzcc: dir: is a directory; left alone (-r walks into it)",
                "gzcc: fifo: is not a regular file; left alone (-c reads it)",
                "gzcc: socket: is not a regular file; left alone (-c reads it)",
                "gzcc: /dev/null: is not a regular file; left alone (-c reads it)",
                "gzcc: '': No such file or directory",
                "gzcc: taken: taken.gz already exists; left alone (-f replaces it)",
                "gzcc: first/x: Not a directory",
            ],
        );
        assert_eq!(count, "Compressed 2 files, 6 skipped, 3 failed\n");
        t.assert_holds("first.gz", &first);
        t.assert_holds("last.gz", &last);
        assert_eq!(t.read("taken.gz"), b"precious");
        std::fs::remove_file(t.path("first.gz")).unwrap();
        std::fs::remove_file(t.path("last.gz")).unwrap();
    }
}

#[test]
fn warnings_without_errors_give_exit_status_2() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("a.gz", "x");
    t.gzcc(["a", "a.gz"]).says(
        2,
        &[
            "gzcc: a: a.gz already exists; left alone (-f replaces it)",
            "gzcc: a.gz: already has the suffix; left alone",
        ],
    );
}

#[test]
fn q_suppresses_the_count_and_qq_also_warnings_but_not_errors() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("a.gz", "x");
    let warning = "gzcc: a.gz: already has the suffix; left alone";
    let error = "gzcc: missing: No such file or directory";
    assert_eq!(t.gzcc(["-q", "-f", "a"]).says(0, &[]), "");
    assert_eq!(t.gzcc(["-q", "a.gz", "missing"]).says(1, &[warning, error]), "");
    assert_eq!(t.gzcc(["-q", "a.gz"]).says(2, &[warning]), "");
    assert_eq!(t.gzcc(["-qq", "a.gz"]).says(2, &[]), "");
    assert_eq!(t.gzcc(["-qq", "a.gz", "missing"]).says(1, &[error]), "");
    // Under gzip's names, -q has gzip's meaning.
    let gzip = t.path("gzip");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), &gzip).unwrap();
    t.command(gzip.to_str().unwrap(), ["-q", "a.gz"]).says(0, &[]);
    t.command(gzip.to_str().unwrap(), ["-q", "missing"]).says(1, &["gzip: missing: No such file or directory"]);
}

#[test]
fn v_prints_a_line_per_file_on_standard_error() {
    let t = Sandbox::new();
    t.write("a", vec![b'x'; 1000]);
    t.write("empty", "");
    let size = t.gzcc(["-c", "a"]).succeeds().len();
    let a = format!("a: 1000 -> {size} bytes ({:.1}%), a.gz", 100.0 - (size - 18) as f64 / 10.0);
    let (workers, empty) = ("gzcc: 2 workers, threads", "empty: 0 -> 20 bytes, empty.gz");
    assert_eq!(t.gzcc(["-v", "-j2", "a", "empty"]).says(0, &[workers, &a, empty]), "Compressed 2 files\n");
}

#[test]
fn v_and_l_print_the_same_percentage_as_gzip() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    t.write("log", log(100_000));
    t.write("noise", noise(1000, 1));
    t.write("tiny", "a");
    t.write("empty", "");
    let names = ["log", "noise", "tiny", "empty"];
    let packed = names.map(|name| format!("{name}.gz"));
    let packed: Vec<&str> = packed.iter().map(String::as_str).collect();
    let percent = |line: &str| line.split([' ', '(', ')']).find(|word| word.ends_with('%')).map(str::to_owned);
    let printed = |ran: Finished, name: &str| {
        let (printed, start) = (ran.stderr(), format!("{name}: "));
        printed.lines().find(|line| line.starts_with(&start)).and_then(percent)
    };
    let compressed: Vec<_> = names.map(|name| printed(t.gzcc(["-vf", name]).run(), name)).into();
    let tested: Vec<_> =
        names.map(|name| printed(t.gzcc(["-vt", &format!("{name}.gz")]).run(), &format!("{name}.gz"))).into();
    let listed = |out: Vec<u8>| -> Vec<Option<String>> {
        String::from_utf8(out).unwrap().lines().skip(1).map(percent).collect()
    };
    let (ours, gzips) = (
        listed(t.gzcc([&["-l"], &packed[..]].concat()).succeeds()),
        listed(t.command("gzip", [&["-l"], &packed[..]].concat()).succeeds()),
    );
    // The totals differ: GNU gzip subtracts the overhead of only one file.
    assert_eq!(ours[..names.len()], gzips[..names.len()]);
    let mut expected = ours[..names.len()].to_vec();
    assert_eq!(expected[2].as_deref(), Some("-200.0%"), "a file that grew has a negative percentage");
    // An empty file has no percentage with -v; gzip's table prints a figure for it.
    expected[3] = None;
    assert_eq!(compressed, expected);
    assert_eq!(tested, expected);
    // The summary line has the percentage of the table's totals.
    let all = t.gzcc([&["-vt"], &packed[..]].concat()).run();
    let in_all = all.stderr().lines().find(|line| line.starts_with(IN_ALL)).and_then(percent);
    assert_eq!(in_all, ours[names.len()]);
}

#[test]
fn the_count_is_not_printed_where_data_is_written() {
    let t = Sandbox::new();
    let a = t.write("a", "x");
    crate::harness::assert_member(&t.gzcc(["-c", "a"]).succeeds(), &a);
    assert!(t.gzcc(["-o", "out", "a"]).succeeds().is_empty());
    crate::harness::assert_member(&t.gzcc(["a", "-"]).stdin("y").succeeds(), b"y");
    t.assert_holds("a.gz", &a);
}

#[test]
fn any_bytes_are_valid_in_names_and_messages_escape_control_characters() {
    let t = Sandbox::new();
    let content = t.write(not_utf8(), "x");
    t.write("new\nline\x1b[31m", "y");
    let missing = Path::new("no\nne\x07");
    t.gzcc([not_utf8(), "new\nline\x1b[31m".as_ref(), missing.as_os_str()])
        .says(1, &["gzcc: no\\nne\\x07: No such file or directory"]);
    let mut output = not_utf8().to_owned();
    output.push(".gz");
    t.assert_holds(&output, &content);
    t.assert_holds("new\nline\x1b[31m.gz", b"y");
    let again = t.gzcc([not_utf8()]).run();
    assert_eq!(again.stderr(), "gzcc: caf\\xe9.log: caf\\xe9.log.gz already exists; left alone (-f replaces it)\n");
    t.gzcc(["--zz\x1bzz"]).says(1, &["gzcc: unexpected argument '--zz\\x1bzz' found; see gzcc --help"]);
}

#[test]
fn a_name_that_is_too_long_with_its_suffix_is_refused() {
    let t = Sandbox::new();
    let long = "n".repeat(255);
    t.write(&long, "x");
    t.gzcc([&long]).says(1, &[&format!("gzcc: {long}: {long}.gz: File name too long")]);
    let fits = "n".repeat(252);
    t.write(&fits, "y");
    t.gzcc(["--named-temporaries", &fits]).succeeds();
    t.assert_holds(format!("{fits}.gz"), b"y");
}

#[test]
fn denied_access_is_reported_with_the_systems_reason() {
    if is_root() {
        skip("nothing is forbidden to root");
        return;
    }
    let t = Sandbox::new();
    t.write("secret", "x");
    t.write("locked/a", "x");
    t.write("good", "x");
    t.set_mode("secret", 0o00);
    t.set_mode("locked", 0o555);
    t.gzcc(["secret", "locked/a", "good"])
        .says(1, &["gzcc: secret: Permission denied", "gzcc: locked/a: locked/a.gz: Permission denied"]);
    t.assert_holds("good.gz", b"x");
    t.gzcc(["-O", "locked/out", "good"]).says(1, &["gzcc: good: locked/out: Permission denied"]);
    t.set_mode("locked", 0o755);
}

#[test]
fn a_full_device_is_an_error_of_standard_output() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("b", "y");
    let full = "No space left on device";
    t.shell("gzcc -c a b > /dev/full").says(
        1,
        &[&format!("gzcc: a: standard output: {full}"), "gzcc: b: not written, as the output ended before it"],
    );
    t.shell("gzcc a > /dev/full").says(1, &[&format!("gzcc: standard output: {full}")]);
    t.assert_holds("a.gz", b"x");
    t.gzcc(["-o", "/dev/full", "a"]).says(1, &[&format!("gzcc: a: /dev/full: {full}")]);
}

#[test]
fn a_file_above_the_size_limit_fails_alone() {
    require!("bash");
    let t = Sandbox::new();
    t.write("large", crate::harness::noise(3_000_000, 1));
    let small = t.write("small", log(5000));
    t.shell("ulimit -f 1000; gzcc -j1 large small").says(1, &["gzcc: large: large.gz: File too large"]);
    t.assert_holds("small.gz", &small);
    assert_eq!(t.names(), ["large", "small", "small.gz"]);
}

//! P2, where the output is standard output or an open descriptor, which cannot be replaced at the end.

use std::fs;

use super::{contents, sandbox};
use crate::harness::gunzip;

/// Standard output that is opened for reading and writing, or to append, still has the content of the input.
#[test]
fn standard_output_that_is_an_input_is_refused_before_the_first_byte() {
    require!("bash");
    let (as_well, not_written) =
        ("gzcc: a: is the output as well", "gzcc: b: not written, as the output ended before it");
    for (command, lines) in [
        ("gzcc -c b a 1<>a", vec![as_well, not_written]),
        ("gzcc -c b a >>a", vec![as_well, not_written]),
        ("gzcc -c b soft 1<>a", vec!["gzcc: soft: is the output as well", not_written]),
        ("gzcc -c b hard 1<>a", vec!["gzcc: hard: is the output as well", not_written]),
        ("gzcc -c --files-from list 1<>a", vec![as_well, not_written]),
        ("gzcc -c --files-from - <list 1<>a", vec![as_well, not_written]),
        ("gzcc -c b - <a 1<>a", vec!["gzcc: standard input: is the output as well", not_written]),
        (
            "gzcc -dc b.gz x.gz 1<>x.gz",
            vec!["gzcc: x.gz: is the output as well", "gzcc: b.gz: not written, as the output ended before it"],
        ),
        ("gzcc -j1 a - <b 1<>a", vec!["gzcc: standard input: standard output is an input as well"]),
    ] {
        let t = sandbox();
        t.write("list", "b\na\n");
        let before = contents(&t);
        let ran = t.shell(command).run();
        let mut said: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
        let mut lines = lines;
        said.sort();
        lines.sort_unstable();
        ran.assert(ran.status.code() == Some(1) && said == lines, &format!("{command}: {lines:#?}"));
        let _ = fs::remove_file(t.path("a.gz"));
        assert!(contents(&t) == before, "{command}: every file is as it was");
    }
    // A file that no input is gets the members, before or after its content.
    let t = sandbox();
    let b = t.read("b");
    t.shell("gzcc -c b >>x.gz; gzcc -c b a 1<>y").succeeds();
    assert!(
        gunzip(&t.read("x.gz")) == [b"x.gz", &b[..]].concat() && gunzip(&t.read("y")) == [&b[..], b"precious"].concat()
    );
}

#[test]
fn a_list_is_not_extended_by_a_report_about_its_names() {
    require!("bash");
    for command in [
        "gzcc -l --files-from list >>list",
        "gzcc -l --trailers --files-from - <list >>list",
        "gzcc -lv --files-from list 1<>list",
        "gzcc -t --json --files-from list >>list",
        "gzcc --json --files-from list >>list",
    ] {
        let t = sandbox();
        t.write("list", "b.gz\n");
        let before = contents(&t);
        t.shell(command).says(1, &["gzcc: standard output is the list of names"]);
        assert!(contents(&t) == before, "{command}");
    }
}

#[test]
fn an_open_descriptor_is_not_an_output_that_can_be_replaced() {
    require!("bash");
    let what = "is not a file that can be replaced; use -c with >&N for an open descriptor N";
    for force in ["", "-f"] {
        let t = sandbox();
        let before = contents(&t);
        t.shell(&format!("gzcc {force} -o /dev/fd/3 b 3>>a")).says(1, &[&format!("gzcc: b: /dev/fd/3: {what}")]);
        assert!(contents(&t) == before);
    }
}

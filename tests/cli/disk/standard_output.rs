//! A full disk behind standard output.

use super::SCHEDULERS;
use crate::harness::{BLOCK, Sandbox, log};

/// The failure is reported once, under the name of standard output, and exits with 1.
#[test]
fn a_full_standard_output_is_an_error_for_every_kind_of_output() {
    require!("bash", "gzip");
    let full = "No space left on device";
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        for name in ["a", "b"] {
            t.write(name, log(BLOCK + 10));
        }
        t.shell("gzip -k a b").succeeds();
        let says = |words: &str, lines: &[&str]| {
            t.shell(&format!("gzcc -j2 {scheduler} {words} > /dev/full")).says(1, lines);
        };
        let first = |input: &str| format!("gzcc: {input}: standard output: {full}");
        let alone = format!("gzcc: standard output: {full}");
        let after = |input: &str| format!("gzcc: {input}: not written, as the output ended before it");
        says("-c a b", &[&first("a"), &after("b")]);
        says("-dc a.gz b.gz", &[&first("a.gz"), &after("b.gz")]);
        says("< a", &[&first("standard input")]);
        says("-d < a.gz", &[&first("standard input")]);
        says("-l a.gz", &[&alone]);
        says("-l a.gz b.gz", &[&alone]);
        says("-lv a.gz b.gz a.gz", &[&alone]);
        says("-l --trailers a.gz b.gz", &[&alone]);
        says("-t a.gz b.gz", &[&alone]);
        says("-f a b", &[&alone]);
        says("-df a.gz b.gz", &[&alone]);
        assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz"]);
    }
}

/// Standard output and the other outputs lie on different devices.
#[test]
fn a_full_standard_output_does_not_affect_other_outputs() {
    require!("bash");
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        let a = t.write("a", log(1000));
        let ran = t.shell(&format!("echo x | gzcc -j1 {scheduler} - a > /dev/full")).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        ran.assert(
            ran.stderr() == "gzcc: standard input: standard output: No space left on device\n",
            "one line for standard input",
        );
        t.assert_holds("a.gz", &a);
    }
}

//! A live log: a file that grows while it is read gets an output of its length at opening.
//!
//! `changing` tests every change at every stage; this module tests the kinds of output and later runs.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::symlink;

use crate::damage::cases::{Fields, member};
use crate::harness::{BLOCK, Sandbox, assert_member, gunzip, log, noise};
use crate::stopped::{Moment, command_stopped_at, stopped_at};

/// The message about `name`, which had `length` bytes at opening.
fn grew(name: &str, length: usize) -> String {
    format!("gzcc: {name}: grew while it was read; read only the {length} bytes it had when opened\n")
}

fn append(t: &Sandbox, name: &str, bytes: &[u8]) {
    File::options().append(true).open(t.path(name)).unwrap().write_all(bytes).unwrap();
}

const BLOCK_READ: Moment = Moment::new("a", "pread64", 1);

#[test]
fn a_growing_log_is_compressed_to_every_kind_of_output() {
    require!("bash", "strace", "gzip");
    // Lengths that are and are not multiples of the block size.
    for length in [1000, BLOCK, 2 * BLOCK + 5] {
        for (words, output) in [
            (&["a"][..], "a.gz"),
            (&["-j3", "--scheduler=rayon", "--named-temporaries", "a"], "a.gz"),
            (&["--verify", "--sync", "a"], "a.gz"),
            (&["--only-smaller", "a"], "a.gz"),
            (&["-o", "out", "a"], "out"),
            (&["-O", "out", "a"], "out/a.gz"),
            (&["--rm", "-o", "out", "a", "empty"], "out"),
        ] {
            let t = Sandbox::new();
            let old = t.write("a", log(length));
            t.write("empty", "");
            let ran = stopped_at(&t, BLOCK_READ, words, || append(&t, "a", &log(3 * BLOCK)));
            ran.assert(ran.status.code() == Some(2), "a warning");
            ran.assert(ran.stderr().starts_with(&grew("a", length)), "it says so");
            match words.contains(&"empty") {
                true => assert!(gunzip(&t.read(output)) == old),
                false => t.assert_holds(output, &old),
            }
            assert_eq!(t.read("a").len(), length + 3 * BLOCK);
        }
    }
}

#[test]
fn standard_output_gets_a_growing_log_as_it_was_when_opened() {
    require!("bash", "strace", "gzip");
    let t = Sandbox::new();
    let (old, other) = (t.write("a", log(BLOCK + 1)), t.write("b", log(100)));
    let ran = stopped_at(&t, BLOCK_READ, &["-c", "a", "b"], || append(&t, "a", b"more"));
    ran.assert(ran.status.code() == Some(2) && ran.stderr() == grew("a", old.len()), "it says so");
    assert!(gunzip(&ran.stdout) == [old, other].concat());
}

#[test]
fn a_growing_log_that_was_empty_has_an_empty_output() {
    require!("bash", "strace", "gzip");
    for words in [&["a"][..], &["-c", "a"], &["--rsyncable", "a"]] {
        let t = Sandbox::new();
        t.write("a", "");
        let ran = stopped_at(&t, Moment::new("a", "fstat", 1), words, || append(&t, "a", b"more"));
        ran.assert(ran.status.code() == Some(2) && ran.stderr() == grew("a", 0), "it says so");
        assert_member(&if words.contains(&"-c") { ran.stdout } else { t.read("a.gz") }, b"");
    }
}

/// The .gz has the log's time and size at opening.
#[test]
fn update_compresses_a_grown_log_again() {
    require!("bash", "strace", "gzip");
    let t = Sandbox::new();
    let old = t.write("a", log(3000));
    stopped_at(&t, BLOCK_READ, &["--update", "a"], || append(&t, "a", b"more"));
    t.assert_holds("a.gz", &old);
    t.gzcc(["--update", "a"]).succeeds();
    t.assert_holds("a.gz", &[&old[..], b"more"].concat());
}

#[test]
fn a_growing_log_that_would_be_removed_has_no_output() {
    require!("bash", "strace", "gzip");
    for words in [&["--rm", "a"][..], &["--rm", "--only-smaller", "a"], &["--rm", "-o", "out", "a"]] {
        let t = Sandbox::new();
        t.write("a", log(3000));
        let ran = stopped_at(&t, BLOCK_READ, words, || append(&t, "a", b"more"));
        let message = "gzcc: a: changed while it was read; no whole output made\n";
        ran.assert(ran.status.code() == Some(2) && ran.stderr() == message, "it says so");
        assert_eq!(t.names(), ["a"]);
    }
}

#[test]
fn a_growing_log_that_does_not_compress_is_skipped_by_only_smaller() {
    require!("bash", "strace", "gzip");
    let t = Sandbox::new();
    t.write("a", noise(3000, 1));
    let ran = stopped_at(&t, BLOCK_READ, &["--only-smaller", "a"], || append(&t, "a", b"more"));
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "as it asked for that");
    assert_eq!(t.names(), ["a"]);
}

/// A truncated log holds less than it had at opening.
#[test]
fn a_truncated_log_has_no_output() {
    require!("bash", "strace", "gzip");
    let t = Sandbox::new();
    t.write("a", log(3 * BLOCK));
    let ran = stopped_at(&t, BLOCK_READ, &["-j1", "a"], || {
        File::options().write(true).open(t.path("a")).unwrap().set_len(10).unwrap();
    });
    ran.assert(ran.status.code() == Some(2), "a warning");
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn a_growing_gz_is_decompressed_as_it_was_when_opened() {
    require!("bash", "strace", "gzip");
    let (first, second) = (noise(BLOCK, 3), log(2 * BLOCK));
    let (packed, more) = (member(&first, &Fields::default()), member(&second, &Fields::default()));
    for (words, output) in [(&["-d", "a.gz"][..], "a"), (&["-d", "-o", "out", "a.gz"], "out"), (&["-t", "a.gz"], "")] {
        let t = Sandbox::new();
        t.write("a.gz", &packed);
        let ran = stopped_at(&t, Moment::new("a.gz", "pread64", 1), words, || append(&t, "a.gz", &more));
        ran.assert(ran.status.code() == Some(2) && ran.stderr() == grew("a.gz", packed.len()), "it says so");
        assert!(output.is_empty() || t.read(output) == first);
    }
    // A cut within a member cannot be decompressed to a valid state.
    let t = Sandbox::new();
    t.write("a.gz", &packed[..packed.len() - 10]);
    let ran = stopped_at(&t, Moment::new("a.gz", "pread64", 1), &["-d", "a.gz"], || {
        append(&t, "a.gz", &packed[packed.len() - 10..]);
    });
    let message = "gzcc: a.gz: changed while it was read; no whole output made\n";
    ran.assert(ran.status.code() == Some(2) && ran.stderr() == message, "it says so");
    assert_eq!(t.names(), ["a.gz"]);
}

/// gzip's names remove originals unless -k is given.
#[test]
fn a_growing_log_stays_under_gzips_name_and_has_an_output_only_with_k() {
    require!("bash", "strace", "gzip");
    for (words, makes) in [(&["./gzip", "-k", "a"][..], true), (&["./gzip", "a"], false)] {
        let t = Sandbox::new();
        let old = t.write("a", log(3000));
        symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
        let command: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let ran = command_stopped_at(&t, BLOCK_READ, &command, || append(&t, "a", b"more"));
        ran.assert(ran.status.code() == Some(2), "a warning");
        assert!(t.exists("a") && t.exists("a.gz") == makes, "{words:?}");
        assert!(!makes || gunzip(&t.read("a.gz")) == old, "{words:?}");
    }
}

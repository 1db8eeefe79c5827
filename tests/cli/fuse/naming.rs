//! Outputs on file systems that refuse some of the ways to name a file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt;

use rustix::io::Errno;

use super::{FuseSandbox, Opcode, Quirks};
use crate::harness::{gunzip, log, sample};
use crate::stopped::{Moment, count_calls, stopped_at};

/// Only O_EXCL and rename are supported.
const MINIMAL: Quirks =
    Quirks { no_unnamed: true, no_links: Some(Errno::PERM), no_noreplace: Some(Errno::INVAL), ..Quirks::NONE };

/// The errors with which file systems refuse unsupported calls.
const REFUSALS: [Errno; 6] = [Errno::PERM, Errno::ACCESS, Errno::IO, Errno::INVAL, Errno::OPNOTSUPP, Errno::NOSYS];

/// All combinations of refused operations, with each error.
fn with_refusals() -> impl Iterator<Item = Quirks> {
    REFUSALS.into_iter().flat_map(|error| {
        (1..8).map(move |refused| Quirks {
            no_unnamed: refused & 1 != 0,
            no_links: (refused & 2 != 0).then_some(error),
            no_noreplace: (refused & 4 != 0).then_some(error),
            ..Quirks::NONE
        })
    })
}

#[test]
fn a_file_system_without_fsync_fails_only_if_a_sync_is_asked_for() {
    let Some(t) = FuseSandbox::new(Quirks::NONE) else { return };
    let content = t.write("a", log(300_000));
    t.set_quirks(Quirks { no_unnamed: true, no_fsync: Some(Errno::INVAL), ..Quirks::NONE });
    t.gzcc(["a"]).succeeds();
    t.assert_holds("a.gz", &content);
    t.gzcc(["-f", "--sync", "a"]).says(1, &["gzcc: a: a.gz: Invalid argument"]);
    t.assert_holds("a.gz", &content);
}

#[test]
fn every_output_is_named_without_links_and_noreplace() {
    require!("bash");
    let Some(t) = FuseSandbox::new(Quirks::NONE) else { return };
    // A step of 5 includes every error and every combination of refused operations.
    for quirks in sample(5, with_refusals()) {
        for (words, gone) in [(&["a", "b"][..], false), (&["--rm", "a", "b"], true), (&["-f", "--rm", "a", "b"], true)]
        {
            t.set_quirks(Quirks::NONE);
            let (a, b) = (t.write("a", log(300_000)), t.write("b", "b"));
            fs::set_permissions(t.path("a"), fs::Permissions::from_mode(0o640)).unwrap();
            let modified = t.path("a").metadata().unwrap().modified().unwrap();
            t.set_quirks(quirks);
            t.gzcc(words).succeeds();
            t.assert_holds("a.gz", &a);
            t.assert_holds("b.gz", &b);
            let made = t.path("a.gz").metadata().unwrap();
            assert_eq!((made.mode() & 0o7777, made.modified().unwrap()), (0o640, modified), "{quirks:?}");
            let expected = if gone { &["a.gz", "b.gz"][..] } else { &["a", "a.gz", "b", "b.gz"] };
            assert_eq!(t.names(), expected, "{quirks:?} {words:?}");
            // The same with existing outputs, and then decompression.
            t.write("a", &a);
            t.write("b", &b);
            let there =
                ["a", "b"].map(|name| format!("gzcc: {name}: {name}.gz already exists; left alone (-f replaces it)"));
            t.write("a.gz", "old");
            t.gzcc(["a", "b"]).says(2, &there.each_ref().map(String::as_str));
            assert_eq!(t.read("a.gz"), b"old", "{quirks:?}");
            t.gzcc(["-f", "a", "b"]).succeeds();
            t.assert_holds("a.gz", &a);
            t.shell("rm a b").succeeds();
            t.gzcc(["-d", "--rm", "a.gz", "b.gz"]).succeeds();
            assert_eq!(t.names(), ["a", "b"], "{quirks:?}");
            assert!(t.read("a") == a && t.read("b") == b, "{quirks:?}");
        }
    }
}

#[test]
fn outputs_of_o_and_output_dir_need_no_links() {
    let Some(t) = FuseSandbox::new(MINIMAL) else { return };
    let (a, b) = (t.write("x/a", log(5000)), t.write("x/b", "b"));
    t.gzcc(["-o", "all.gz", "x/a", "x/b"]).succeeds();
    assert_eq!(gunzip(&t.read("all.gz")), [a.clone(), b.clone()].concat());
    t.gzcc(["-O", "out", "-r", "x"]).succeeds();
    t.assert_holds("out/x/a.gz", &a);
    t.assert_holds("out/x/b.gz", &b);
    assert_eq!(t.names().len(), 8, "nothing else: {:?}", t.names());
}

#[test]
fn a_refused_operation_is_tried_once_per_tree() {
    let Some(t) = FuseSandbox::new(Quirks::NONE) else { return };
    for i in 0..30 {
        t.write(format!("t/{}/{i}", i % 3), log(100));
    }
    t.set_quirks(Quirks { no_unnamed: false, ..MINIMAL });
    t.gzcc(["-j1", "-r", "t"]).succeeds();
    // Links of unnamed files are refused, so the first output is copied to a named file; the others start as one.
    assert_eq!([Opcode::Tmpfile, Opcode::Link].map(|opcode| t.requests(opcode)), [1, 2]);
    (0..30).for_each(|i| t.assert_holds(format!("t/{}/{i}.gz", i % 3), &log(100)));
    let renames = t.requests(Opcode::Rename2) + t.requests(Opcode::Rename);
    assert_eq!(renames, 1 + 30, "one that is refused, and one for each file");
}

/// The name may be created after the first check, or while the placeholder holds it.
#[test]
fn a_file_created_before_or_over_the_placeholder_is_not_replaced() {
    let Some(t) = FuseSandbox::new(MINIMAL) else { return };
    require!("strace");
    let a = t.write("a", log(5000));
    for (call, nth) in [("newfstatat", 1), ("openat", placeholder(&t))] {
        let ran = stopped_at(&t, Moment::new(".", call, nth), &["-j1", "--rm", "a"], || {
            fs::write(t.path("theirs"), "theirs").unwrap();
            fs::rename(t.path("theirs"), t.path("a.gz")).unwrap();
        });
        let message = "gzcc: a: a.gz already exists; left alone (-f replaces it)\n";
        ran.assert(ran.status.code() == Some(2) && ran.stderr() == message, call);
        assert_eq!(t.read("a.gz"), b"theirs");
        assert_eq!((t.names(), t.read("a")), (vec!["a".into(), "a.gz".into()], a.clone()), "{call}");
        fs::remove_file(t.path("a.gz")).unwrap();
    }
}

/// The rename is delayed for longer than any other wait of the process.
#[test]
fn a_signal_leaves_no_placeholder() {
    let Some(t) = FuseSandbox::new(MINIMAL) else { return };
    require!("strace");
    let a = t.write("a", log(5000));
    let signal = format!("inject=openat:signal=SIGTERM:when={}", placeholder(&t));
    let path = t.path(".").canonicalize().unwrap();
    let strace = ["-f", "-o", "/dev/null", "-P", path.to_str().unwrap(), "-e", "trace=openat,renameat"];
    let inject = ["-e", &signal, "-e", "inject=renameat:delay_enter=1000000", env!("CARGO_BIN_EXE_gzcc"), "-j1", "a"];
    let ran = t.command("strace", strace.iter().chain(&inject)).run();
    ran.assert(ran.status.signal() == Some(15), "it dies by the signal");
    t.assert_holds("a.gz", &a);
    assert_eq!(t.names(), ["a", "a.gz"]);
}

/// The index of the openat call that creates the placeholder: the last one in the directory.
fn placeholder(t: &FuseSandbox) -> usize {
    let openings = count_calls(t, ".", "openat", &["-j1", "a"], 0);
    fs::remove_file(t.path("a.gz")).unwrap();
    openings
}

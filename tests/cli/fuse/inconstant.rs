//! File systems that report different inode numbers and ctimes each time, or list names twice.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use rustix::io::Errno;

use super::{FuseSandbox, Quirks};
use crate::harness::{Sandbox, log, noise, sample};
use crate::stopped::{Moment, stopped_at};

const NEW_INODES: Quirks = Quirks { new_inodes: true, ..Quirks::NONE };

const UNSTABLE: [Quirks; 4] = [
    NEW_INODES,
    Quirks { new_inodes: false, new_ctimes: true, ..NEW_INODES },
    Quirks { new_ctimes: true, ..NEW_INODES },
    Quirks {
        new_ctimes: true,
        whole_seconds: true,
        no_unnamed: true,
        no_links: Some(Errno::PERM),
        no_noreplace: Some(Errno::INVAL),
        ..NEW_INODES
    },
];

#[test]
fn originals_are_removed_even_if_inode_numbers_or_ctimes_are_not_stable() {
    require!("bash");
    for quirks in UNSTABLE {
        let Some(t) = FuseSandbox::new(quirks) else { return };
        let a = t.write("t/a", log(300_000));
        for (compress, decompress) in
            [("gzcc --rm -r t", "gzcc -d --rm -r t"), ("gzcc -f --rm t/a", "gzcc -df --rm t/a.gz")]
        {
            t.shell(compress).succeeds();
            assert_eq!(t.names(), ["t", "t/a.gz"], "{quirks:?} {compress}");
            t.assert_holds("t/a.gz", &a);
            t.shell(decompress).succeeds();
            assert_eq!(t.names(), ["t", "t/a"], "{quirks:?} {decompress}");
            assert!(t.read("t/a") == a, "{quirks:?}");
        }
        let gzip = env!("CARGO_BIN_EXE_gzcc");
        t.command("bash", ["-c", "exec -a gzip \"$0\" t/a", gzip]).succeeds();
        assert_eq!(t.names(), ["t", "t/a.gz"], "{quirks:?}: under gzip's name");
    }
}

/// P3, with another file of the same size and time.
#[test]
fn a_replaced_original_stays_if_inode_numbers_are_not_stable() {
    require!("strace");
    for quirks in UNSTABLE {
        let Some(t) = FuseSandbox::new(quirks) else { return };
        let a = t.write("a", log(300_000));
        let theirs = noise(300_000, 7);
        let call = if quirks.no_unnamed { "renameat" } else { "linkat" };
        let ran = stopped_at(&t, Moment::new(".", call, 1), &["-j1", "--rm", "a"], || {
            let modified = t.path("a").metadata().unwrap().modified().unwrap();
            t.write("b", &theirs);
            fs::File::options().write(true).open(t.path("b")).unwrap().set_modified(modified).unwrap();
            fs::rename(t.path("b"), t.path("a")).unwrap();
        });
        let message = "gzcc: a: is no longer the file that was read; not removed\n";
        ran.assert(ran.status.code() == Some(2) && ran.stderr() == message, &format!("{quirks:?}"));
        assert!(t.read("a") == theirs, "{quirks:?}");
        t.assert_holds("a.gz", &a);
    }
}

#[test]
fn a_name_that_is_listed_twice_is_processed_once() {
    let Some(t) = FuseSandbox::new(Quirks { repeats: true, ..Quirks::NONE }) else { return };
    let names = ["a", "s/b", "s/s/c", "s/d", "z/e"];
    for (words, back) in [("-r t", "-rdf --rm t"), ("-r --rm t", "-rd --rm t"), ("-j1 -r -f --rm t", "-rd t")] {
        for name in names {
            t.write(format!("t/{name}"), format!("content of {name}"));
        }
        t.gzcc(words.split(' ')).succeeds();
        for name in names {
            t.assert_holds(format!("t/{name}.gz"), format!("content of {name}").as_bytes());
            assert_eq!(t.exists(format!("t/{name}")), !words.contains("--rm"), "{words}: {name}");
        }
        // Kept originals are skipped and counted once.
        let skipped = if words.contains("--rm") { "" } else { ", 5 skipped" };
        let counted = String::from_utf8(t.gzcc(back.split(' ')).succeeds()).unwrap();
        assert_eq!(counted, format!("Decompressed 5 files{skipped}\n"), "{back}");
        for name in names {
            assert_eq!(t.read(format!("t/{name}")), format!("content of {name}").as_bytes(), "{back}");
        }
    }
    fs::remove_dir_all(t.path("t")).unwrap();
    t.write("x/s/a", "content");
    t.gzcc(["-r", "-O", "out", "x"]).succeeds();
    t.assert_holds("out/x/s/a.gz", b"content");
}

/// P2, if equal inode numbers cannot show that two names refer to one file.
#[test]
fn an_input_is_not_replaced_even_if_inode_numbers_are_not_stable() {
    require!("gzip");
    let Some(t) = FuseSandbox::new(NEW_INODES) else { return };
    for (words, lines) in [
        ("-o a b a", &["gzcc: a: is the output as well", "gzcc: a: not made, as it is an input as well"][..]),
        ("-o a b ./a", &["gzcc: ./a: is the output as well", "gzcc: a: not made, as it is an input as well"]),
        ("-o ./a a", &["gzcc: a: ./a is the same file"]),
        ("-r --all a a.gz", &["gzcc: a: a.gz is an input as well"]),
        ("-r --all ./a.gz a", &["gzcc: a: a.gz is an input as well"]),
    ] {
        let (a, b) = (t.write("a", b"precious"), t.write("b", log(1000)));
        t.shell("gzip -c b > a.gz").succeeds();
        let old = t.read("a.gz");
        t.shell(&format!("gzcc -f -j1 {words}")).says(1, lines);
        assert!(t.read("a") == a && t.read("b") == b && t.read("a.gz") == old, "{words}");
    }
}

/// P2, for every way to name a file a second time.
#[test]
fn an_input_with_another_name_is_not_replaced_even_if_inode_numbers_are_not_stable() {
    require!("bash");
    for quirks in [Quirks::NONE, NEW_INODES, Quirks { new_ctimes: true, whole_seconds: true, ..NEW_INODES }] {
        let others = ["$PWD/a", "s/../a", "./s/.././a", "soft", "s/soft", "hard", "s/hard"];
        let lines = ["-o a b OTHER", "-o OTHER b a", "-o a OTHER", "-o OTHER a", "-c OTHER b 1<>a", "-c OTHER b >>a"];
        let all = others.into_iter().flat_map(|other| lines.map(|words| words.replace("OTHER", other)));
        // A step of 5 includes every name and every line.
        for words in sample(5, all) {
            let Some(t) = renamed(quirks) else { return };
            let ran = t.shell(&format!("gzcc -f -j1 {words}")).run();
            ran.assert(ran.status.code() == Some(1), &format!("{words} {quirks:?}"));
            assert!(t.read("a") == PRECIOUS && t.read("b") == b"other", "{words} {quirks:?}");
        }
        for words in
            ["-o a b - <a", "-o a - <a", "-o s/../a - <a", "-o hard b - <a", "-o a b - <hard", "-o a b - <soft"]
        {
            let Some(t) = renamed(quirks) else { return };
            let ran = t.shell(&format!("gzcc -f -j1 {words}")).run();
            ran.assert(ran.status.code() == Some(1), &format!("{words} {quirks:?}"));
            assert!(t.read("a") == PRECIOUS && t.read("b") == b"other", "{words} {quirks:?}");
        }
    }
}

/// P2, for outputs whose names derive from the inputs' names.
#[test]
fn an_old_output_with_another_name_is_not_replaced_if_it_is_an_input() {
    require!("bash", "gzip");
    for quirks in [Quirks::NONE, NEW_INODES] {
        for words in [
            "a $PWD/a.gz",
            "a s/../a.gz",
            "-k a soft.gz",
            "a hard.gz",
            "hard.gz a",
            "a $PWD",
            "s/../a .",
            "s/.. $PWD/a",
            "a - <a.gz >/dev/null",
            "a - <hard.gz >/dev/null",
            "a --files-from - <a.gz",
        ] {
            let Some(t) = renamed(quirks) else { return };
            t.shell("echo a | gzip > a.gz; ln a.gz hard.gz; ln -s a.gz soft.gz").succeeds();
            let old = t.read("a.gz");
            let ran = t.shell(&format!("gzcc -f -j1 -r --all {words}")).run();
            let said = ran.stderr();
            ran.assert(said.contains("a.gz is an input as well"), &format!("{words} {quirks:?}"));
            assert!(t.read("a") == PRECIOUS && t.read("a.gz") == old, "{words} {quirks:?}");
        }
    }
}

/// P11, with and without inode numbers that identify files.
#[test]
fn a_link_to_an_output_of_the_run_is_not_compressed() {
    require!("bash");
    for quirks in [Quirks::NONE, NEW_INODES] {
        for words in ["s/a b", "-f s/a b", "--files-from - < list", "-O o s/a c", "-f -O o s/a c", "-O $PWD/o s/a c"] {
            let Some(t) = FuseSandbox::new(quirks) else { return };
            let a = t.write("s/a", log(1000));
            t.write("list", "s/a\nb\n");
            symlink("s/a.gz", t.path("b")).unwrap();
            symlink("o/s/a.gz", t.path("c")).unwrap();
            let ran = t.shell(&format!("gzcc -j1 {words}")).run();
            let said = ran.stderr();
            ran.assert(said.contains(": is the output of another input\n"), &format!("{words} {quirks:?}"));
            ran.assert(ran.status.code() == Some(1), &format!("{words} {quirks:?}"));
            let output = if words.contains("-O") { "o/s/a.gz" } else { "s/a.gz" };
            t.assert_holds(output, &a);
            assert!(!t.exists("b.gz") && !t.exists("o/c.gz"), "{words} {quirks:?}");
        }
    }
}

/// P11, for a walk.
#[test]
fn a_walk_ignores_its_outputs_if_inode_numbers_are_not_stable() {
    for words in ["-r --all t", "-rf --all t", "-r --all -O t/o t", "-rf --all -O t/o t"] {
        let Some(t) = FuseSandbox::new(NEW_INODES) else { return };
        for i in 0..30 {
            t.write(format!("t/{i}"), log(i));
            t.write(format!("t/s/{i}"), log(i));
        }
        t.gzcc(words.split(' ')).succeeds();
        assert_eq!(t.names().iter().filter(|name| name.ends_with(".gz")).count(), 60, "{words}");
        assert!(t.names().iter().all(|name| !name.ends_with(".gz.gz")), "{words}");
    }
}

const PRECIOUS: &[u8] = b"precious content";

/// A file `a`, another one, and other names of `a`.
fn renamed(quirks: Quirks) -> Option<FuseSandbox> {
    let t = FuseSandbox::new(Quirks::NONE)?;
    t.write("a", PRECIOUS);
    t.write("b", "other");
    fs::create_dir(t.path("s")).unwrap();
    symlink("a", t.path("soft")).unwrap();
    symlink("../a", t.path("s/soft")).unwrap();
    fs::hard_link(t.path("a"), t.path("hard")).unwrap();
    fs::hard_link(t.path("a"), t.path("s/hard")).unwrap();
    t.set_quirks(quirks);
    Some(t)
}

#[test]
fn a_second_update_compresses_nothing_if_times_are_stored_in_seconds() {
    let Some(t) = FuseSandbox::new(Quirks { whole_seconds: true, ..Quirks::NONE }) else { return };
    let original = Sandbox::new();
    original.write("a", log(1000));
    original.set_times("a", Duration::new(1_700_000_001, 987_654_321));
    let disk = t.path("");
    for count in ["Compressed 1 file\n", "Compressed 0 files, 1 skipped\n"] {
        let words = ["--update", "-O", disk.to_str().unwrap(), "a"];
        assert_eq!(String::from_utf8(original.gzcc(words).succeeds()).unwrap(), count);
    }
}

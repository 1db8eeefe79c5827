//! Which files are taken: by name, size and time, on walks and among arguments.

use std::fs;
use std::path::Path;

use crate::disk::unshare;
use crate::harness::{Sandbox, is_root, skip};

/// A sandbox with these files of a few bytes.
fn tree(names: &[&str]) -> Sandbox {
    let t = Sandbox::new();
    names.iter().for_each(|name| drop(t.write(name, name)));
    t
}

/// Runs gzcc with these words and asserts which files, of all there are, got a `.gz`, and that nothing was told.
#[track_caller]
fn assert_takes(t: &Sandbox, words: &str, expected: &[&str]) {
    t.shell("find . -name '*.gz' -delete").succeeds();
    t.gzcc(words.split(' ')).succeeds();
    let made: Vec<String> = t.names().iter().filter_map(|name| name.strip_suffix(".gz")).map(str::to_owned).collect();
    assert_eq!(made, expected, "{words}");
}

#[test]
fn globs_say_which_files_a_walk_takes_and_the_last_that_matches_wins() {
    require!("bash", "find");
    let t = tree(&["t/a.log", "t/b.txt", "t/cache/c.log", "t/x/cache/d", "t/x/e.log"]);
    for (words, expected) in [
        ("-r --include *.log t", &["t/a.log", "t/cache/c.log", "t/x/e.log"][..]),
        ("-r --exclude *.log t", &["t/b.txt", "t/x/cache/d"]),
        ("-r --exclude cache t", &["t/a.log", "t/b.txt", "t/x/e.log"]),
        ("-r --exclude /cache t", &["t/a.log", "t/b.txt", "t/x/cache/d", "t/x/e.log"]),
        ("-r --include *.log --exclude cache t", &["t/a.log", "t/x/e.log"]),
        ("-r --exclude * --include *.log t", &["t/a.log", "t/cache/c.log", "t/x/e.log"]),
        ("-r --exclude cache --include c.log t", &["t/a.log", "t/b.txt", "t/cache/c.log", "t/x/e.log"]),
        ("-r --include x/* t", &["t/x/e.log"]),
        ("-r --include x/ t/", &["t/x/cache/d", "t/x/e.log"]),
        ("-r --include x/* t/.", &["t/x/e.log"]),
        ("-r --include nothing t", &[]),
        ("-r --max-depth 1 t", &["t/a.log", "t/b.txt"]),
        ("-r --max-depth 2 t", &["t/a.log", "t/b.txt", "t/cache/c.log", "t/x/e.log"]),
    ] {
        for scheduler in ["threads", "rayon"] {
            assert_takes(&t, &format!("--scheduler {scheduler} {words}"), expected);
        }
    }
}

#[test]
fn arguments_are_chosen_as_well_so_that_a_shells_star_takes_no_more_than_a_walk() {
    require!("bash", "find");
    let t = tree(&["a.log", "b.txt", "cache/c", "x/d.log", ".e"]);
    assert_takes(&t, "--include *.log a.log b.txt x/d.log", &["a.log", "x/d.log"]);
    assert_takes(&t, "-r --exclude cache --exclude b* a.log b.txt cache x", &["a.log", "x/d.log"]);
    assert_takes(&t, "-r --exclude cache cache/ x", &["x/d.log"]);
    assert_takes(&t, "-r --no-hidden .e x", &[".e", "x/d.log"]);
    assert_takes(&t, "-r --exclude /x x", &["x/d.log"]);
    t.shell("rm -f *.gz x/*.gz").succeeds();
    // What was named is counted, and named to whoever wants to know.
    assert_eq!(t.gzcc(["--exclude", "*.txt", "a.log", "b.txt"]).succeeds(), b"Compressed 1 file, 1 skipped\n");
    let told = ["gzcc: 1 worker, threads", "gzcc: b.txt: is not among the files chosen; left alone"];
    t.gzcc(["-vj1", "--exclude", "*", "b.txt"]).says(0, &told);
    // And standard input has no name to be chosen by.
    assert!(t.gzcc(["--exclude", "*", "-", "b.txt"]).stdin("x").succeeds().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn names_that_begin_with_a_dot_can_be_left_out() {
    require!("bash", "find");
    let t = tree(&["t/a", "t/.b", "t/.c/d", "t/x/.e/f", "t/x/g"]);
    assert_takes(&t, "-r --no-hidden t", &["t/a", "t/x/g"]);
    assert_takes(&t, "-r t", &["t/.b", "t/.c/d", "t/a", "t/x/.e/f", "t/x/g"]);
}

#[test]
fn old_new_and_big_files_are_told_apart() {
    require!("bash", "find");
    let t = tree(&["t/new", "t/old", "t/older"]);
    t.write("t/big", "x".repeat(2048));
    t.shell("touch -d '10 days ago' t/old; touch -d 2020-01-01T12:00:00Z t/older").succeeds();
    for (words, expected) in [
        ("-r --older-than 7d t", &["t/old", "t/older"][..]),
        ("-r --newer-than 7d t", &["t/big", "t/new"]),
        ("-r --newer-than 30d --older-than 1w t", &["t/old"]),
        ("-r --older-than 2020-06-01 t", &["t/older"]),
        ("-r --newer-than 2020-01-01T12:00:00Z t", &["t/big", "t/new", "t/old"]),
        ("-r --older-than @1577880000 t", &[]),
        ("-r --older-than @1577880001 t", &["t/older"]),
        ("-r --min-size 2K t", &["t/big"]),
        ("-r --min-size 2049 t", &[]),
        ("-r --min-size 4 --older-than 7d t", &["t/old", "t/older"]),
        ("--older-than 7d t/new t/old t/older", &["t/old", "t/older"]),
        ("-r --older-than 7d t/new t/old", &["t/old"]),
    ] {
        assert_takes(&t, words, expected);
    }
    assert_eq!(t.gzcc(["-rc", "--min-size", "2K", "t"]).succeeds(), t.gzcc(["-c", "t/big"]).succeeds());
}

#[test]
fn a_link_is_as_old_and_as_big_as_the_file_that_is_read_through_it() {
    require!("bash", "find");
    let t = tree(&["old"]);
    t.shell("touch -d '10 days ago' old; ln -s old link").succeeds();
    assert_takes(&t, "--older-than 7d link", &["link"]);
    assert_takes(&t, "--newer-than 7d link", &[]);
}

#[test]
fn what_is_missing_is_an_error_whatever_is_chosen() {
    let t = tree(&["a"]);
    t.gzcc(["--older-than", "@1", "a", "gone"]).says(1, &["gzcc: gone: No such file or directory"]);
}

#[test]
fn under_r_what_is_compressed_already_is_counted_and_left_alone_unless_all_is_taken() {
    require!("bash", "find");
    let t = tree(&["t/a", "t/b.zst", "t/c.JPG", "t/d.gz", "t/e.tgz", "f.mp4"]);
    let run = |words: &[&str]| String::from_utf8(t.gzcc(words).succeeds()).unwrap();
    assert_eq!(run(&["-r", "t", "f.mp4"]), "Compressed 1 file, 5 skipped\n");
    assert!(!t.exists("t/b.zst.gz") && !t.exists("f.mp4.gz"));
    // One that is named without -r is meant.
    assert_eq!(run(&["f.mp4"]), "Compressed 1 file\n");
    t.shell("rm t/a.gz f.mp4.gz").succeeds();
    assert_eq!(run(&["-r", "--all", "t"]), "Compressed 5 files\n", "and nothing that this run made");
    for name in ["t/b.zst", "t/c.JPG", "t/d.gz", "t/e.tgz"] {
        t.assert_holds(format!("{name}.gz"), &t.read(name));
    }
    // With --update a second run is to find nothing to do, and not the first one's outputs.
    assert_eq!(run(&["-r", "--all", "--update", "t"]), "Compressed 0 files, 10 skipped\n");
    t.shell("find . -name '*.gz' -delete").succeeds();
    let told = t.gzcc(["-rvj1", "t/b.zst"]).run().stderr();
    assert!(
        told.contains("gzcc: t/b.zst: is compressed already, by its name; left alone (--all takes it)\n"),
        "{told}"
    );
    // Into one output everything goes.
    assert!(!t.gzcc(["-rc", "f.mp4"]).succeeds().is_empty());
}

#[test]
fn none_of_this_is_understood_under_gzips_names() {
    let t = tree(&["t/a.jpg", "t/b"]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let gzip = t.path("gzip");
    for option in ["--all", "--include=x", "--shard=1/2", "--files-from=x", "--older-than=7d"] {
        let ran = t.command(gzip.to_str().unwrap(), [option, "t/b"]).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().contains("unrecognized option"), option);
    }
    t.command(gzip.to_str().unwrap(), ["-r", "t"]).succeeds();
    assert_eq!(t.names(), ["gzip", "t", "t/a.jpg.gz", "t/b.gz"]);
}

#[test]
fn a_folder_that_is_left_out_is_no_error_when_it_cannot_be_read() {
    require!("bash");
    if is_root() {
        skip("nothing is forbidden to root");
        return;
    }
    let t = tree(&["t/a", "t/lost+found/b", "t/.c/d", "t/x/y/e"]);
    t.shell("chmod 000 t/lost+found t/.c t/x/y").succeeds();
    let denied = |name: &str| format!("gzcc: {name}: Permission denied");
    let counted = t.gzcc(["-r", "--exclude", "lost+found", "--no-hidden", "--max-depth", "2", "t"]).says(0, &[]);
    t.gzcc(["-rf", "t"]).says(1, &[&denied("t/lost+found"), &denied("t/.c"), &denied("t/x/y")]);
    t.shell("chmod 755 t/lost+found t/.c t/x/y").succeeds();
    assert_eq!(counted, "Compressed 1 file\n");
}

#[test]
fn a_walk_can_be_kept_on_one_file_system() {
    require!("bash", "find");
    let Some(unshare) = unshare() else { return };
    for (words, expected) in [
        ("", "t/a.gz t/b/x.gz t/c/d.gz"),
        ("--one-file-system", "t/a.gz t/c/d.gz"),
        // What is left out as well must not cost what stands beside it.
        ("--one-file-system --exclude b", "t/a.gz t/c/d.gz"),
    ] {
        let t = tree(&["t/a", "t/b/under", "t/c/d"]);
        let gzcc = env!("CARGO_BIN_EXE_gzcc");
        let script = format!(
            "mount -t tmpfs -o size=1m none t/b || exit 99; echo x > t/b/x; {gzcc} -rq {words} t; echo $(find t -name '*.gz' | sort)"
        );
        let way: Vec<&str> = unshare.split(' ').chain(["bash", "-c", &script]).collect();
        let told = t.command(way[0], &way[1..]).succeeds();
        assert_eq!(String::from_utf8_lossy(&told).trim(), expected, "{words}");
    }
}

/// System calls of these kinds that a run makes on a tree of 300 files in 3 folders, of which none is taken.
fn calls(words: &[&str]) -> Vec<String> {
    let t = Sandbox::new();
    for i in 0..300 {
        t.write(format!("t/{}/{i}.log", i % 3), "");
    }
    let kinds = "trace=newfstatat,statx,?stat,?lstat,fstat,openat,openat2,?open,?readlink,?access,getdents64";
    let strace = ["-f", "-qq", "-o", "trace", "-e", kinds, env!("CARGO_BIN_EXE_gzcc")];
    t.command("strace", [&strace[..], words, &["t"]].concat()).succeeds();
    fs::read_to_string(t.path("trace")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_file_that_is_not_taken_costs_no_system_call_for_its_name_and_one_for_size_or_time() {
    require!("strace");
    let about_files = |calls: &[String]| calls.iter().filter(|call| call.contains(".log\"")).count();
    for words in [
        &["-r", "--include", "*.nothing"][..],
        &["-r", "--exclude", "*/*.log"],
        &["-r", "--no-hidden", "--max-depth", "9", "--exclude", "*.log"],
        &["-r", "--shard", "1/1", "--include", "x"],
        &["-r", "--min-size", "1", "--exclude", "*.log"],
    ] {
        let calls = calls(words);
        assert_eq!(about_files(&calls), 0, "{words:?}");
        // The start of a program takes more where the loader has many places to look in.
        assert!(calls.len() < 300, "{words:?}: {} calls, and there are 300 files", calls.len());
    }
    for words in [&["-r", "--min-size", "1"][..], &["-r", "--newer-than", "2100-01-01"]] {
        assert_eq!(about_files(&calls(words)), 300, "{words:?}");
    }
    // A folder that is left out is not read: the first one has all its names in one call, and nothing in a second.
    let reads = |words: &[&str]| calls(words).iter().filter(|call| call.contains("getdents64")).count();
    assert_eq!((reads(&["-r", "--exclude", "[0-9]"]), reads(&["-r", "--exclude", "*.log"])), (2, 8));
    assert_eq!(reads(&["-r", "--max-depth", "1"]), 2);
}

#[test]
fn what_makes_no_sense_is_told_in_one_line_before_anything_is_done() {
    let t = tree(&["a"]);
    let age = "expected an age such as 7d or 12h, or a date such as 2026-11-01";
    for (words, told) in [
        ("--include [a a", "invalid value '[a' for '--include <GLOB>': unclosed character class; missing ']'"),
        ("--exclude= a", "invalid value '' for '--exclude <GLOB>'"),
        ("--older-than 7 a", &format!("invalid value '7' for '--older-than <D>': {age}")),
        ("--newer-than -7d a", &format!("invalid value '-7d' for '--newer-than <D>': {age}")),
        ("--older-than 2026-02-30 a", &format!("invalid value '2026-02-30' for '--older-than <D>': {age}")),
        ("--older-than 30d --newer-than 7d a", "nothing is older than the one and newer than the other"),
        ("--min-size x a", "invalid value 'x' for '--min-size <SIZE>': expected a size such as 500, 64K or 10G"),
        ("-r --max-depth 0 a", "invalid value '0' for '--max-depth <N>': expected 1 to 4294967295"),
        ("--max-depth 1 a", "--max-depth goes with --recursive"),
        ("--no-hidden a", "--no-hidden goes with --recursive"),
        ("--all a", "--all goes with --recursive"),
        ("-rt --all a", "--all goes with compressing"),
        ("--min-size 1", "--min-size goes with names of files"),
        ("--shard 0/4 a", "invalid value '0/4' for '--shard <K/N>': expected K/N with K from 1 to N"),
        ("--shard 5/4 a", "invalid value '5/4' for '--shard <K/N>': expected K/N with K from 1 to N"),
        ("--shard 1/0 a", "invalid value '1/0' for '--shard <K/N>': expected K/N with K from 1 to N"),
        ("--shard x a", "invalid value 'x' for '--shard <K/N>': expected K/N with K from 1 to N"),
        ("--shard 1/2", "--shard goes with names of files"),
        ("--shard 1/2 a -", "--shard goes by names, and standard input has none"),
        ("--files-from x --files0-from y", "names are read from one list only"),
        ("--files-from x --files-from y", "names are read from one list only"),
        ("--files-from - a -", "standard input is either a list of names or an input"),
        ("--files-from=", "--files-from: the name is empty"),
    ] {
        let ran = t.gzcc(words.split(' ')).run();
        ran.assert(ran.status.code() == Some(1) && ran.stdout.is_empty(), words);
        ran.assert(ran.stderr().starts_with(&format!("gzcc: {told}")) && ran.stderr().lines().count() == 1, told);
    }
    let ran = t.gzcc([Path::new("--include").as_os_str(), crate::harness::not_utf8()]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 1, "a glob that is no UTF-8");
    assert_eq!(t.names(), ["a"]);
}

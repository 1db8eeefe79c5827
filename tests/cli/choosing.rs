//! File selection by name, size and time, in walks and among arguments.

use std::fs;
use std::path::Path;

use crate::disk::unshare;
use crate::harness::{Sandbox, is_root, skip};

/// A sandbox with these small files.
fn sandbox_with(names: &[&str]) -> Sandbox {
    let t = Sandbox::new();
    names.iter().for_each(|name| drop(t.write(name, name)));
    t
}

/// Runs gzcc with these arguments, and asserts which files got a `.gz` and that nothing was printed.
#[track_caller]
fn assert_selects(t: &Sandbox, words: &str, expected: &[&str]) {
    t.shell("find . -name '*.gz' -delete").succeeds();
    t.gzcc(words.split(' ')).succeeds();
    let made: Vec<String> = t.names().iter().filter_map(|name| name.strip_suffix(".gz")).map(str::to_owned).collect();
    assert_eq!(made, expected, "{words}");
}

#[test]
fn globs_select_files_in_a_walk_and_the_last_match_wins() {
    require!("bash", "find");
    let t = sandbox_with(&["t/a.log", "t/b.txt", "t/cache/c.log", "t/x/cache/d", "t/x/e.log"]);
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
            assert_selects(&t, &format!("--scheduler {scheduler} {words}"), expected);
        }
    }
}

#[test]
fn filters_apply_to_arguments_as_to_walked_files() {
    require!("bash", "find");
    let t = sandbox_with(&["a.log", "b.txt", "cache/c", "x/d.log", ".e"]);
    assert_selects(&t, "--include *.log a.log b.txt x/d.log", &["a.log", "x/d.log"]);
    assert_selects(&t, "-r --exclude cache --exclude b* a.log b.txt cache x", &["a.log", "x/d.log"]);
    assert_selects(&t, "-r --exclude cache cache/ x", &["x/d.log"]);
    assert_selects(&t, "-r --no-hidden .e x", &[".e", "x/d.log"]);
    assert_selects(&t, "-r --exclude /x x", &["x/d.log"]);
    t.shell("rm -f *.gz x/*.gz").succeeds();
    // Rejected arguments are counted, and named with -v.
    assert_eq!(t.gzcc(["--exclude", "*.txt", "a.log", "b.txt"]).succeeds(), b"Compressed 1 file, 1 skipped\n");
    let messages = ["gzcc: 1 worker, threads", "gzcc: b.txt: is not among the files chosen; left alone"];
    t.gzcc(["-vj1", "--exclude", "*", "b.txt"]).says(0, &messages);
    // Standard input has no name, so name filters don't apply to it.
    assert!(t.gzcc(["--exclude", "*", "-", "b.txt"]).stdin("x").succeeds().starts_with(&[0x1f, 0x8b]));
}

#[test]
fn hidden_files_can_be_excluded() {
    require!("bash", "find");
    let t = sandbox_with(&["t/a", "t/.b", "t/.c/d", "t/x/.e/f", "t/x/g"]);
    assert_selects(&t, "-r --no-hidden t", &["t/a", "t/x/g"]);
    assert_selects(&t, "-r t", &["t/.b", "t/.c/d", "t/a", "t/x/.e/f", "t/x/g"]);
}

#[test]
fn age_and_size_select_files() {
    require!("bash", "find");
    let t = sandbox_with(&["t/new", "t/old", "t/older"]);
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
        assert_selects(&t, words, expected);
    }
    assert_eq!(t.gzcc(["-rc", "--min-size", "2K", "t"]).succeeds(), t.gzcc(["-c", "t/big"]).succeeds());
}

#[test]
fn age_and_size_of_a_link_are_those_of_its_target() {
    require!("bash", "find");
    let t = sandbox_with(&["old"]);
    t.shell("touch -d '10 days ago' old; ln -s old link").succeeds();
    assert_selects(&t, "--older-than 7d link", &["link"]);
    assert_selects(&t, "--newer-than 7d link", &[]);
}

#[test]
fn a_missing_argument_is_an_error_under_every_filter() {
    let t = sandbox_with(&["a"]);
    t.gzcc(["--older-than", "@1", "a", "gone"]).says(1, &["gzcc: gone: No such file or directory"]);
}

#[test]
fn compressed_files_are_skipped_and_counted_under_r_unless_included() {
    require!("bash", "find");
    let t = sandbox_with(&["t/a", "t/b.zst", "t/c.JPG", "t/d.gz", "t/e.tgz", "f.mp4"]);
    let run = |words: &[&str]| String::from_utf8(t.gzcc(words).succeeds()).unwrap();
    assert_eq!(run(&["-r", "t", "f.mp4"]), "Compressed 1 file, 5 skipped\n");
    assert!(!t.exists("t/b.zst.gz") && !t.exists("f.mp4.gz"));
    // A file that is named without -r is compressed.
    assert_eq!(run(&["f.mp4"]), "Compressed 1 file\n");
    t.shell("rm t/a.gz f.mp4.gz").succeeds();
    assert_eq!(run(&["-r", "--all", "t"]), "Compressed 5 files\n", "and nothing that this run made");
    for name in ["t/b.zst", "t/c.JPG", "t/d.gz", "t/e.tgz"] {
        t.assert_holds(format!("{name}.gz"), &t.read(name));
    }
    // A second run with --update has nothing to do; it must not compress the first run's outputs.
    assert_eq!(run(&["-r", "--all", "--update", "t"]), "Compressed 0 files, 10 skipped\n");
    t.shell("find . -name '*.gz' -delete").succeeds();
    let stderr = t.gzcc(["-rvj1", "t/b.zst"]).run().stderr();
    assert!(
        stderr.contains("gzcc: t/b.zst: is compressed already, by its name; left alone (--all takes it)\n"),
        "{stderr}"
    );
    // With one output, every file is included.
    assert!(!t.gzcc(["-rc", "f.mp4"]).succeeds().is_empty());
}

#[test]
fn filters_do_not_exist_under_gzips_names() {
    let t = sandbox_with(&["t/a.jpg", "t/b"]);
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
fn an_unreadable_directory_that_is_excluded_is_no_error() {
    require!("bash");
    if is_root() {
        skip("nothing is forbidden to root");
        return;
    }
    let t = sandbox_with(&["t/a", "t/lost+found/b", "t/.c/d", "t/x/y/e"]);
    t.shell("chmod 000 t/lost+found t/.c t/x/y").succeeds();
    let denied = |name: &str| format!("gzcc: {name}: Permission denied");
    let counted = t.gzcc(["-r", "--exclude", "lost+found", "--no-hidden", "--max-depth", "2", "t"]).says(0, &[]);
    t.gzcc(["-rf", "t"]).says(1, &[&denied("t/lost+found"), &denied("t/.c"), &denied("t/x/y")]);
    t.shell("chmod 755 t/lost+found t/.c t/x/y").succeeds();
    assert_eq!(counted, "Compressed 1 file\n");
}

#[test]
fn a_walk_can_stay_on_one_file_system() {
    require!("bash", "find");
    let Some(unshare) = unshare() else { return };
    for (words, expected) in [
        ("", "t/a.gz t/b/x.gz t/c/d.gz"),
        ("--one-file-system", "t/a.gz t/c/d.gz"),
        // Skipping another file system must not skip its siblings.
        ("--one-file-system --exclude b", "t/a.gz t/c/d.gz"),
    ] {
        let t = sandbox_with(&["t/a", "t/b/under", "t/c/d"]);
        let gzcc = env!("CARGO_BIN_EXE_gzcc");
        let script = format!(
            "mount -t tmpfs -o size=1m none t/b || exit 99; echo x > t/b/x; {gzcc} -rq {words} t; echo $(find t -name '*.gz' | sort)"
        );
        let command: Vec<&str> = unshare.split(' ').chain(["bash", "-c", &script]).collect();
        let stdout = t.command(command[0], &command[1..]).succeeds();
        assert_eq!(String::from_utf8_lossy(&stdout).trim(), expected, "{words}");
    }
}

/// The system calls of these kinds that a run makes on 300 files in 3 directories, all of them rejected.
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
fn a_rejected_file_costs_no_system_call_by_name_and_one_by_size_or_time() {
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
        // The loader's calls depend on its search path.
        assert!(calls.len() < 300, "{words:?}: {} calls, and there are 300 files", calls.len());
    }
    for words in [&["-r", "--min-size", "1"][..], &["-r", "--newer-than", "2100-01-01"]] {
        assert_eq!(about_files(&calls(words)), 300, "{words:?}");
    }
    // An excluded directory is not read: reading it takes two calls, one for all its names and an empty one.
    let reads = |words: &[&str]| calls(words).iter().filter(|call| call.contains("getdents64")).count();
    assert_eq!((reads(&["-r", "--exclude", "[0-9]"]), reads(&["-r", "--exclude", "*.log"])), (2, 8));
    assert_eq!(reads(&["-r", "--max-depth", "1"]), 2);
}

#[test]
fn invalid_filters_fail_with_one_line_before_any_work() {
    let t = sandbox_with(&["a"]);
    let age = "expected an age such as 7d or 12h, or a date such as 2026-11-01";
    for (words, message) in [
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
        ran.assert(ran.stderr().starts_with(&format!("gzcc: {message}")) && ran.stderr().lines().count() == 1, message);
    }
    let ran = t.gzcc([Path::new("--include").as_os_str(), crate::harness::not_utf8()]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 1, "a glob that is not UTF-8");
    assert_eq!(t.names(), ["a"]);
}

//! Walks into directories with -r.

use std::fs;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, Mode};

use crate::harness::{Sandbox, gunzip, log, sample, skip};

fn tree() -> Sandbox {
    let t = Sandbox::new();
    for name in ["t/a", "t/sub/b", "t/sub/deeper/c", "t/.hidden/.d"] {
        t.write(name, log(name.len() * 1000));
    }
    t
}

#[test]
fn every_file_of_a_tree_is_compressed_including_hidden_ones() {
    for scheduler in ["threads", "rayon"] {
        for root in ["t", "t/", "./t", "t/."] {
            let t = tree();
            assert_eq!(t.gzcc(["--scheduler", scheduler, "-r", root]).succeeds(), b"Compressed 4 files\n");
            for name in ["t/a", "t/sub/b", "t/sub/deeper/c", "t/.hidden/.d"] {
                t.assert_holds(format!("{name}.gz"), &t.read(name));
            }
        }
    }
}

#[test]
fn a_second_walk_ignores_the_outputs_of_the_first() {
    let t = tree();
    t.gzcc(["-r", "t"]).succeeds();
    let names = t.names();
    let ran = t.gzcc(["-r", "t"]).run();
    ran.assert(ran.status.code() == Some(2) && ran.stderr().lines().count() == 4, "four outputs are in the way");
    let count = t.gzcc(["-rf", "t"]).succeeds();
    assert!(
        count.starts_with(b"Compressed 4 files"),
        "whether the walk finds an old output before its replacement is chance"
    );
    assert_eq!(t.names(), names);
}

#[test]
fn a_name_with_the_suffix_causes_no_warning_under_r() {
    let t = tree();
    t.write("old.gz", "x");
    assert_eq!(t.gzcc(["-r", "t", "old.gz"]).succeeds(), b"Compressed 4 files, 1 skipped\n");
    let count = t
        .gzcc(["-rv", "-j1", "old.gz"])
        .says(0, &["gzcc: 1 worker, threads", "gzcc: old.gz: already has the suffix; left alone"]);
    assert_eq!(count, "Compressed 0 files, 1 skipped\n");
}

#[test]
fn a_walk_skips_links_special_files_and_temporaries() {
    let t = tree();
    t.write("outside/x", "precious");
    symlink("../outside", t.path("t/directory")).unwrap();
    symlink("../outside/x", t.path("t/file")).unwrap();
    t.write("t/.gzcc-0123456789abcdef", "another process's");
    rustix::fs::mkfifoat(CWD, t.path("t/fifo"), Mode::RWXU).unwrap();
    let not_regular = "gzcc: t/fifo: is not a regular file; left alone (-c reads it)";
    assert_eq!(t.gzcc(["-r", "--rm", "t"]).says(2, &[not_regular]), "Compressed 4 files, 3 skipped\n");
    assert_eq!(t.read("outside/x"), b"precious");
    assert!(!t.exists("outside/x.gz") && t.exists("t/.gzcc-0123456789abcdef"));
}

#[test]
fn a_link_to_a_directory_is_walked_only_if_originals_are_kept() {
    let t = tree();
    symlink("t", t.path("link")).unwrap();
    t.gzcc(["-r", "--rm", "link"]).says(2, &["gzcc: link: is a symbolic link; left alone"]);
    assert_eq!(t.gzcc(["-r", "link"]).succeeds(), b"Compressed 4 files\n");
    assert!(t.exists("t/sub/b.gz"));
}

#[test]
fn files_and_directories_are_processed_together_and_a_missing_one_is_named() {
    let t = tree();
    t.write("single", "x");
    let count = t.gzcc(["-r", "single", "nothing", "t/sub"]).says(1, &["gzcc: nothing: No such file or directory"]);
    assert_eq!(count, "Compressed 3 files, 1 failed\n");
}

#[test]
fn one_output_of_a_tree_contains_the_files_in_name_order() {
    let t = Sandbox::new();
    for i in (0..300).rev() {
        t.write(format!("t/{:03}", i), format!("{i}\n"));
    }
    let expected: String = (0..300).map(|i| format!("{i}\n")).collect();
    for scheduler in ["threads", "rayon"] {
        assert_eq!(gunzip(&t.gzcc(["-rc", "--scheduler", scheduler, "t"]).succeeds()), expected.as_bytes());
    }
    t.gzcc(["-r", "-o", "t/all", "t"]).succeeds();
    assert_eq!(gunzip(&t.read("t/all")), expected.as_bytes());
    // A second run replaces the file, provided that the walk does not read it.
    t.gzcc(["-rf", "--exclude", "/all", "-o", "t/all", "t"]).succeeds();
    assert_eq!(gunzip(&t.read("t/all")), expected.as_bytes());
}

#[test]
fn an_output_for_an_empty_tree_is_a_warning() {
    let t = Sandbox::new();
    fs::create_dir(t.path("empty")).unwrap();
    t.write("out", "stale");
    t.gzcc(["-rf", "-o", "out", "empty"]).says(2, &["gzcc: out: not made, as there was nothing to read"]);
}

#[test]
fn a_tree_is_mirrored_into_an_output_directory_even_below_itself() {
    let t = tree();
    t.gzcc(["-r", "-O", "t/out", "t"]).succeeds();
    t.gzcc(["-r", "-f", "-O", "t/out", "t"]).succeeds();
    t.assert_holds("t/out/t/sub/deeper/c.gz", &t.read("t/sub/deeper/c"));
    let made: Vec<String> = t.names().into_iter().filter(|n| n.ends_with("gz")).collect();
    assert_eq!(made, ["t/out/t/.hidden/.d.gz", "t/out/t/a.gz", "t/out/t/sub/b.gz", "t/out/t/sub/deeper/c.gz"]);
}

#[test]
fn an_unreadable_directory_is_named_and_the_others_are_processed() {
    if crate::harness::is_root() {
        skip("nothing is forbidden to root");
        return;
    }
    let t = tree();
    t.set_mode("t/sub", 0o00);
    let count = t.gzcc(["-r", "t"]).says(1, &["gzcc: t/sub: Permission denied"]);
    t.set_mode("t/sub", 0o755);
    assert_eq!(count, "Compressed 2 files, 1 failed\n");
}

#[test]
fn all_files_of_a_large_tree_are_compressed() {
    require!("bash", "find");
    let t = Sandbox::new();
    for i in 0..2000 {
        t.write(format!("t/{}/{i}", i % 7), format!("content of {i}"));
    }
    for scheduler in sample(2, ["threads", "rayon"]) {
        assert_eq!(t.gzcc(["-r", "-j4", "--scheduler", scheduler, "t"]).succeeds(), b"Compressed 2000 files\n");
        for i in (0..2000).step_by(97) {
            let name = t.path(format!("t/{}/{i}.gz", i % 7));
            crate::harness::assert_member(&fs::read(&name).unwrap(), format!("content of {i}").as_bytes());
        }
        t.shell("find t -name '*.gz' -delete").succeeds();
    }
}

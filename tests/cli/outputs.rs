//! Outputs: their location, what they replace, and what they never change.

mod met;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::time::Duration;

use rustix::fs::{CWD, Mode};

use crate::harness::{BLOCK, Sandbox, assert_member, gunzip, is_root, log};

/// Both ways to make a temporary: unnamed and named.
const TEMPORARIES: [&[&str]; 2] = [&[], &["--named-temporaries"]];

#[test]
fn an_existing_output_is_kept_and_replaced_with_f() {
    for way in TEMPORARIES {
        let t = Sandbox::new();
        let a = t.write("a", log(2 * BLOCK));
        t.write("a.gz", "precious");
        t.gzcc([way, &["a"]].concat()).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
        assert_eq!(t.read("a.gz"), b"precious");
        t.gzcc([way, &["-f", "a"]].concat()).succeeds();
        t.assert_holds("a.gz", &a);
        assert_eq!(t.names(), ["a", "a.gz"]);
    }
}

#[test]
fn an_output_that_is_a_symbolic_link_is_never_written_through() {
    let t = Sandbox::new();
    let a = t.write("a", "x");
    t.write("target", "precious");
    symlink("target", t.path("a.gz")).unwrap();
    t.gzcc(["a"]).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
    t.gzcc(["-f", "a"]).succeeds();
    assert_eq!(t.read("target"), b"precious");
    assert!(t.path("a.gz").symlink_metadata().unwrap().is_file());
    t.assert_holds("a.gz", &a);
}

#[test]
fn a_dangling_link_counts_as_an_existing_output() {
    let t = Sandbox::new();
    t.write("a", "x");
    symlink("nowhere", t.path("a.gz")).unwrap();
    t.gzcc(["a"]).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
    assert!(!t.exists("nowhere"));
}

#[test]
fn links_in_the_path_of_an_output_directory_are_errors_that_say_so() {
    let t = Sandbox::new();
    t.write("d/f", "x");
    t.write("out/other/in", "x");
    t.write("elsewhere/in", "x");
    for link in ["out/d", "link"] {
        symlink(t.path("elsewhere"), t.path(link)).unwrap();
    }
    symlink("nowhere", t.path("dangling")).unwrap();
    let dangling = "is a symbolic link whose target does not exist";
    for (directory, reason) in [
        ("out", "out/d: is a symbolic link; outputs are not written through it"),
        ("dangling", &format!("dangling: {dangling}")),
        ("dangling/", &format!("dangling/: {dangling}")),
        ("dangling/below", &format!("dangling/below: dangling {dangling}")),
    ] {
        t.gzcc(["-O", directory, "d/f"]).says(1, &[&format!("gzcc: d/f: {reason}")]);
    }
    assert!(!t.exists("nowhere") && !t.exists("elsewhere/f.gz"));
    // The output directory itself can be a link.
    t.gzcc(["-O", "link", "d/f"]).succeeds();
    t.assert_holds("elsewhere/d/f.gz", b"x");
}

#[test]
fn f_replaces_only_regular_files_and_links() {
    let t = Sandbox::new();
    for name in ["a", "b"] {
        t.write(name, "x");
    }
    fs::create_dir(t.path("a.gz")).unwrap();
    rustix::fs::mkfifoat(CWD, t.path("b.gz"), Mode::RWXU).unwrap();
    let refused = "is neither a regular file nor a symbolic link; left alone";
    t.gzcc(["-f", "a", "b"]).says(2, &[&format!("gzcc: a: a.gz {refused}"), &format!("gzcc: b: b.gz {refused}")]);
    assert!(t.path("a.gz").is_dir() && t.path("b.gz").metadata().unwrap().file_type().is_fifo());
}

#[test]
fn o_names_the_output_and_copies_the_metadata_of_a_single_original() {
    let t = Sandbox::new();
    let a = t.write("a", "x");
    t.set_mode("a", 0o640);
    t.set_times("a", Duration::new(1_700_000_000, 123_456_789));
    fs::create_dir(t.path("dir")).unwrap();
    t.gzcc(["-o", "dir/out", "a"]).succeeds();
    t.assert_holds("dir/out", &a);
    let out = t.path("dir/out").metadata().unwrap();
    assert_eq!((out.mode() & 0o7777, out.mtime(), out.mtime_nsec()), (0o640, 1_700_000_000, 123_456_789));
    t.gzcc(["-o", "dir/out", "a"]).says(2, &["gzcc: a: dir/out already exists; left alone (-f replaces it)"]);
    t.gzcc(["-o", "dir", "a"]).says(2, &["gzcc: a: dir is neither a regular file nor a symbolic link; left alone"]);
    t.gzcc(["-o", "no/out", "a"]).says(1, &["gzcc: a: no/out: No such file or directory"]);
    t.gzcc(["-o", "dir/", "a"]).says(1, &["gzcc: a: dir/: Is a directory"]);
}

#[test]
fn an_output_without_a_single_original_follows_the_umask() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", "x");
    t.write("b", "y");
    for (umask, mode) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        for input in ["< a", "a b"] {
            for way in ["", "--named-temporaries"] {
                t.shell(&format!("umask {umask}; gzcc {way} -f -o out {input}")).succeeds();
                assert_eq!(t.path("out").metadata().unwrap().mode() & 0o7777, mode, "umask {umask}, {input}");
            }
        }
    }
}

#[test]
fn o_writes_several_inputs_to_one_file_and_removes_none() {
    let t = Sandbox::new();
    let (a, b) = (t.write("a", log(3 * BLOCK)), t.write("b", "second"));
    t.gzcc(["--rm", "-o", "out", "a", "b"]).says(2, &["gzcc: out: takes several inputs, so the originals are kept"]);
    assert_eq!(gunzip(&t.read("out")), [a, b].concat());
    assert_eq!(t.names(), ["a", "b", "out"]);
    let taken = "out already exists; left alone (-f replaces it)";
    t.gzcc(["-o", "out", "a", "b"]).says(2, &[&format!("gzcc: a: {taken}"), &format!("gzcc: b: {taken}")]);
}

#[test]
fn o_makes_no_file_if_no_input_can_be_read() {
    let t = Sandbox::new();
    let reason = "No such file or directory";
    t.gzcc(["-o", "out", "x"]).says(1, &[&format!("gzcc: x: {reason}")]);
    t.gzcc(["-o", "out", "x", "y"]).says(1, &[&format!("gzcc: x: {reason}"), &format!("gzcc: y: {reason}")]);
    assert!(t.names().is_empty());
}

#[test]
fn o_writes_to_a_fifo_or_device_in_place_even_with_f() {
    require!("bash");
    let t = Sandbox::new();
    let a = t.write("a", log(2 * BLOCK));
    let through = t.shell("mkfifo p; cat p & gzcc -f -o p a; wait").succeeds();
    assert_member(&through, &a);
    assert!(t.path("p").metadata().unwrap().file_type().is_fifo());
    t.gzcc(["--rm", "-f", "-o", "/dev/null", "a"]).succeeds();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    assert_eq!(t.read("a"), a, "nothing is removed for a device's sake");
    symlink("/dev/null", t.path("link")).unwrap();
    t.gzcc(["-f", "-o", "link", "a"]).succeeds();
    assert!(t.path("link").is_symlink());
    assert_member(&t.gzcc(["-f", "-o", "/dev/stdout", "a"]).succeeds(), &a);
}

#[test]
fn o_accepts_a_pipe_as_input() {
    require!("bash");
    let t = Sandbox::new();
    t.shell("gzcc -o out <(echo hello)").succeeds();
    t.assert_holds("out", b"hello\n");
}

#[test]
fn an_output_is_never_its_own_input() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", "precious");
    t.write("b", "x");
    t.gzcc(["-f", "-o", "a", "a"]).says(1, &["gzcc: a: a is the same file"]);
    fs::hard_link(t.path("a"), t.path("a.gz")).unwrap();
    t.gzcc(["-f", "a"]).says(1, &["gzcc: a: a.gz is the same file"]);
    let not_written = "gzcc: b: not written, as the output ended before it";
    t.shell("gzcc -c b a >> a").says(1, &["gzcc: a: is the output as well", not_written]);
    t.shell("gzcc < b > c; gzcc -c c >> c").says(1, &["gzcc: c: is the output as well"]);
    t.shell("gzcc < b >> b").says(1, &["gzcc: standard input: is the output as well"]);
    assert_eq!(t.read("a.gz")[..8], *b"precious");
}

#[test]
fn two_inputs_never_share_an_output() {
    let t = Sandbox::new();
    let a = t.write("a", log(1000));
    fs::create_dir(t.path("dir")).unwrap();
    let taken = "is the output of another input already";
    for way in [&["-f"][..], &[]] {
        let _ = fs::remove_file(t.path("a.gz"));
        t.gzcc([way, &["a", "./a", "dir/../a"]].concat())
            .says(1, &[&format!("gzcc: ./a: ./a.gz {taken}"), &format!("gzcc: dir/../a: dir/../a.gz {taken}")]);
        t.assert_holds("a.gz", &a);
    }
    t.gzcc(["-O", "out", "a", "./a"]).says(1, &[&format!("gzcc: ./a: a.gz {taken}")]);
}

#[test]
fn an_output_directory_mirrors_paths_and_contains_every_output() {
    let t = Sandbox::new();
    let (a, b) = (t.write("x/y/a", "1"), t.write("x/b", "2"));
    t.set_mode("x/y", 0o750);
    let absolute = t.path("x/b");
    assert_eq!(t.gzcc(["-O", "new/out", "x/y/a", "./x/b"]).succeeds(), b"Compressed 2 files\n");
    t.assert_holds("new/out/x/y/a.gz", &a);
    t.assert_holds("new/out/x/b.gz", &b);
    assert_eq!(t.path("new/out/x/y").metadata().unwrap().mode() & 0o777, 0o750, "no wider than what it mirrors");
    t.gzcc(["-O", "abs", absolute.to_str().unwrap()]).succeeds();
    let below: std::path::PathBuf = absolute.strip_prefix("/").unwrap().into();
    t.assert_holds(t.path("abs").join(below).with_extension("gz"), &b);
    t.gzcc(["-O", "out", "x/../x/b"])
        .says(1, &["gzcc: x/../x/b: a path with .. cannot be mirrored in the output directory"]);
    t.gzcc(["-r", "-O", "out", "x/../x"])
        .says(1, &["gzcc: x/../x: a path with .. cannot be mirrored in the output directory"]);
    t.gzcc(["-O", "x/b", "x/y/a"]).says(1, &["gzcc: x/y/a: x/b: Not a directory"]);
    symlink("/tmp", t.path("new/out/z")).unwrap();
    t.write("z/a", "3");
    let ran = t.gzcc(["-O", "new/out", "z/a"]).run();
    ran.assert(ran.status.code() == Some(1), "a link in the output directory is not followed");
}

#[test]
fn a_mirrored_directory_is_not_writable_by_others() {
    let t = Sandbox::new();
    t.write("shared/a", "x");
    t.set_mode("shared", 0o1777);
    t.gzcc(["-O", "out", "shared/a"]).succeeds();
    assert_eq!(t.path("out/shared").metadata().unwrap().mode() & 0o7777, 0o755);
}

#[test]
fn an_unwritable_directory_fails_only_its_own_files() {
    let t = Sandbox::new();
    t.write("good", "x");
    // Even root cannot create files there.
    let missing = "/proc/self/comm";
    let ran = t.gzcc(["good", missing]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().starts_with("gzcc: /proc/self/comm: "), "one is refused");
    t.assert_holds("good.gz", b"x");
    if is_root() {
        assert!(!t.exists("comm.gz"));
    }
}

//! `-N`: names and times from headers, which are untrusted input.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use crate::damage::cases::{Fields, member};
use crate::decompress::{SCHEDULERS, plain};
use crate::harness::{Sandbox, log};

/// A member whose header stores this name.
fn named(name: &[u8], content: &[u8]) -> Vec<u8> {
    member(content, &Fields { name: Some(name), mtime: 1_700_000_000, ..Fields::default() })
}

#[test]
fn name_and_time_are_restored_with_the_name_option() {
    let t = Sandbox::new();
    t.write("d/a.gz", named(b"original.log", b"content"));
    t.set_times("d/a.gz", Duration::from_secs(1_600_000_000));
    let mtime = |name: &str| t.path(name).metadata().unwrap().mtime();
    t.gzcc(["-d", "d/a.gz"]).succeeds();
    assert_eq!((t.read("d/a"), mtime("d/a")), (b"content".to_vec(), 1_600_000_000));
    t.gzcc(["-d", "-N", "d/a.gz"]).succeeds();
    assert_eq!((t.read("d/original.log"), mtime("d/original.log")), (b"content".to_vec(), 1_700_000_000));
    t.gzcc(["-d", "-N", "-O", "out", "d/a.gz"]).succeeds();
    assert_eq!((t.read("out/d/original.log"), mtime("out/d/original.log")), (b"content".to_vec(), 1_700_000_000));
    let listed = String::from_utf8(t.gzcc(["-l", "-N", "d/a.gz"]).succeeds()).unwrap();
    assert!(listed.ends_with(" d/original.log\n"), "{listed}");
    // Without a name or time in the header, the compressed file's own apply.
    t.write("plain.gz", plain(b"plain"));
    t.set_times("plain.gz", Duration::from_secs(1_600_000_000));
    t.gzcc(["-dN", "plain.gz"]).succeeds();
    assert_eq!((t.read("plain"), mtime("plain")), (b"plain".to_vec(), 1_600_000_000));
}

#[test]
fn gzcc_restores_the_name_and_time_that_it_stored() {
    let t = Sandbox::new();
    let content = t.write("a.log", log(1000));
    t.set_times("a.log", Duration::from_secs(1_234_567_890));
    t.gzcc(["-N", "a.log"]).succeeds();
    std::fs::rename(t.path("a.log.gz"), t.path("b.gz")).unwrap();
    std::fs::remove_file(t.path("a.log")).unwrap();
    t.gzcc(["-dN", "--rm", "b.gz"]).succeeds();
    assert_eq!(t.names(), ["a.log"]);
    assert!(t.read("a.log") == content && t.path("a.log").metadata().unwrap().mtime() == 1_234_567_890);
}

#[test]
fn an_unusable_stored_name_is_an_error_and_creates_no_file() {
    let t = Sandbox::new();
    let refused: [&[u8]; 17] = [
        b"",
        b".",
        b"..",
        b"/",
        b"a/",
        b"a/.",
        b"../..",
        b"/etc/..",
        b"a\nb",
        b"\x1b[2Jx",
        b"x\x7f",
        b"d/\tx",
        &[b'n'; 256],
        "a\u{9b}2J".as_bytes(),
        "a\u{202e}gpj.exe".as_bytes(),
        b".gzcc-0123456789abcdef",
        // Longer than the part of a header that is read before the data.
        &[b'n'; 1_000_000],
    ];
    let names: Vec<String> = (0..refused.len()).map(|i| format!("in/{i}.gz")).collect();
    for (name, stored) in names.iter().zip(refused) {
        t.write(name, named(stored, b"evil"));
    }
    let before = t.names();
    for options in [&["-dN"][..], &["-dNf"], &["-dN", "--rm"], &["-dNf", "-j4", "--scheduler=rayon"]] {
        let ran = t.gzcc(options.iter().copied().chain(names.iter().map(String::as_str))).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        let stderr = ran.stderr();
        ran.assert(stderr.lines().count() == names.len(), "one line for each, without control characters");
        let line = |name| format!("gzcc: {name}: its header holds a name that cannot be used (");
        ran.assert(
            names.iter().all(|name| stderr.contains(&line(name))),
            "each is named, and refused for its name alone",
        );
        assert!(!stderr.bytes().any(|byte| byte.is_ascii_control() && byte != b'\n'), "{stderr:?}");
        assert_eq!(t.names(), before);
    }
    // Listing creates no files.
    let listed = t.gzcc(["-lN"].into_iter().chain(names.iter().map(String::as_str))).succeeds();
    let listed = String::from_utf8(listed).unwrap();
    assert!(listed.lines().count() == names.len() + 2 && listed.contains(" in/\\x1b[2Jx\n"), "{listed}");
    // Without -N, the stored name has no effect.
    t.gzcc(["-d"].into_iter().chain(names.iter().map(String::as_str))).succeeds();
}

#[test]
fn only_the_last_component_of_a_stored_path_is_used() {
    let t = Sandbox::new();
    t.write("victim", "as it was");
    let absolute = t.path("victim").into_os_string().into_encoded_bytes();
    std::os::unix::fs::symlink("..", t.path("up")).unwrap();
    let stored: [&[u8]; 6] = [b"../victim", b"../../victim", &absolute, b"./../victim", b"sub/victim", b"..//victim"];
    for (i, name) in stored.into_iter().enumerate() {
        let directory = format!("in{i}");
        t.write(format!("{directory}/a.gz"), named(name, b"evil"));
        t.gzcc(["-dNf", &format!("{directory}/a.gz")]).succeeds();
        assert_eq!(t.read(format!("{directory}/victim")), b"evil", "the last part of {name:?} is what counts");
        t.gzcc(["-dNf", "-Oout", &format!("{directory}/a.gz")]).succeeds();
        assert_eq!(t.read(format!("out/{directory}/victim")), b"evil");
    }
    assert_eq!(t.read("victim"), b"as it was");
    // A link under the output's name is replaced, not followed.
    std::os::unix::fs::symlink("../victim", t.path("in0/link")).unwrap();
    t.write("in0/a.gz", named(b"link", b"evil"));
    t.gzcc(["-dN", "in0/a.gz"]).says(2, &["gzcc: in0/a.gz: in0/link already exists; left alone (-f replaces it)"]);
    t.gzcc(["-dNf", "in0/a.gz"]).succeeds();
    assert_eq!((t.read("in0/link"), t.read("victim")), (b"evil".to_vec(), b"as it was".to_vec()));
}

#[test]
fn an_input_is_never_replaced_through_its_stored_name() {
    let t = Sandbox::new();
    let a = t.write("a.gz", named(b"a.gz", b"content"));
    let ran = t.gzcc(["-dNf", "--rm", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 1, "an error");
    assert!(t.read("a.gz") == a && t.names() == ["a.gz"]);
}

#[test]
fn the_second_input_with_the_same_stored_name_is_an_error() {
    for scheduler in SCHEDULERS {
        for jobs in ["-j1", "-j2", "-j4"] {
            let t = Sandbox::new();
            let names: Vec<String> = (0..10).map(|i| format!("{i}.gz")).collect();
            for name in &names {
                t.write(name, named(b"same", name.as_bytes()));
            }
            let options = ["-dNf", "--rm", scheduler, jobs];
            let ran = t.gzcc(options.into_iter().chain(names.iter().map(String::as_str))).run();
            ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 9, "all but one are named");
            let made = String::from_utf8(t.read("same")).unwrap();
            assert!(!t.exists(&made), "the existing output is gone");
            assert_eq!(t.names().len(), 10, "{scheduler} {jobs}: and the others have not");
        }
    }
}

//! Metadata of outputs: mode, owner, group, ACL and times.

use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use gzcc::settings::Settings;

use crate::harness::{Sandbox, command, is_root, log, run_and_intervene, skip};

const WAYS: [&[&str]; 2] = [&[], &["--named-temporaries"]];

/// Adds `entries` to the ACL of `name`. Returns `false`, and records the test as skipped, if the file system has no ACLs.
pub fn set_acl(t: &Sandbox, name: &str, entries: &str) -> bool {
    let set = t.command("setfacl", ["-m", entries, name]).run().status.success();
    if !set {
        skip(&format!("the file system of {} has no ACLs", t.path(name).display()));
    }
    set
}

/// The ACL of `name`, one entry per line.
pub fn acl(t: &Sandbox, name: &str) -> String {
    String::from_utf8(t.command("getfacl", ["-acnE", name]).succeeds()).unwrap().trim().to_owned()
}

#[test]
fn an_output_has_the_mode_and_times_of_its_original() {
    require!("bash");
    let t = Sandbox::new();
    for way in WAYS {
        for mode in [0o600, 0o640, 0o644, 0o664, 0o604, 0o400, 0o755, 0o4755] {
            let _ = std::fs::remove_file(t.path("a.gz"));
            let _ = std::fs::remove_file(t.path("a"));
            t.write("a", log(100));
            t.set_mode("a", mode);
            t.set_times("a", Duration::new(1_600_000_000, 987_654_321));
            if mode & 0o400 != 0 {
                t.shell(&format!("umask 077; gzcc {} a", way.join(" "))).succeeds();
                let output = t.path("a.gz").metadata().unwrap();
                assert_eq!(output.mode() & 0o7777, mode & 0o777, "{mode:o}");
                assert_eq!((output.mtime(), output.mtime_nsec()), (1_600_000_000, 987_654_321));
                assert_eq!((output.atime(), output.atime_nsec()), (1_600_000_000, 987_654_321));
            }
        }
    }
}

#[test]
fn an_output_has_the_owner_and_group_of_its_original_where_permitted() {
    if !is_root() {
        skip("only root gives files away");
        return;
    }
    let t = Sandbox::new();
    t.write("a", "x");
    t.set_owner("a", 12_345, 54_321);
    t.set_mode("a", 0o640);
    // New files in a setgid directory get its group. The output must not keep it.
    t.set_owner(".", 0, 777);
    t.set_mode(".", 0o2755);
    for way in WAYS {
        t.gzcc([way, &["-f", "a"]].concat()).succeeds();
        let output = t.path("a.gz").metadata().unwrap();
        assert_eq!((output.uid(), output.gid(), output.mode() & 0o7777), (12345, 54321, 0o640));
    }
}

#[test]
fn a_group_that_cannot_be_set_gets_only_what_other_has() {
    require!("setpriv");
    if !is_root() {
        skip("needs root to make a file of a group that the runner is not in");
        return;
    }
    let t = Sandbox::new();
    t.set_mode(".", 0o777);
    for (mode, narrowed) in [("640", 0o600), ("644", 0o644), ("604", 0o600)] {
        t.write("a", "x");
        // Owned by the user that runs gzcc, with a group that the user is not in.
        t.set_owner("a", 65_534, 54_321);
        t.command("chmod", [mode, "a"]).succeeds();
        // A copy that the other user can execute. `cp` makes it: a child that another test forks could inherit this
        // process's write descriptor, and exec would fail with ETXTBSY.
        t.command("cp", [env!("CARGO_BIN_EXE_gzcc"), "gzcc"]).succeeds();
        let words = ["--reuid=65534", "--regid=65534", "--clear-groups", "./gzcc", "-f", "a"];
        t.command("setpriv", words).succeeds();
        let output = t.path("a.gz").metadata().unwrap();
        assert_eq!((output.uid(), output.gid(), output.mode() & 0o7777), (65534, 65534, narrowed), "{mode}");
    }
}

/// The mode of a file, and the ACL entries that are then set.
const ACLS: [(&str, &str); 6] = [
    ("640", "u:12345:r"),
    // One user cannot read what all others can.
    ("644", "u:12345:-"),
    // One user can read what group and other cannot.
    ("600", "u:12345:r"),
    ("664", "u:12345:rw,u:54321:-,g:12345:r,g:54321:rw"),
    ("640", "u:12345:rw,g::rw,m::r"),
    // The mask removes all rights; a chmod would widen it.
    ("600", "u:12345:rw,m::-"),
];

#[test]
fn an_output_has_the_acl_of_its_original() {
    require!("setfacl", "getfacl");
    for (mode, entries) in ACLS {
        for inherits in [false, true] {
            for words in [&[][..], &["--named-temporaries"], &["--rm"], &["-O", "out"], &["-o", "x.gz"]] {
                let t = Sandbox::new();
                t.write("x", log(100));
                t.command("chmod", [mode, "x"]).succeeds();
                if !set_acl(&t, "x", entries) {
                    return;
                }
                if inherits {
                    t.command("setfacl", ["-d", "-m", "u:23456:rwx,g:23456:rwx", "."]).succeeds();
                }
                let (original, modified) = (acl(&t, "x"), t.path("x").metadata().unwrap().modified().unwrap());
                let name = if words.contains(&"-O") { "out/x.gz" } else { "x.gz" };
                t.gzcc([words, &["-j1", "x"]].concat()).succeeds();
                assert_eq!(acl(&t, name), original, "{mode} {entries} {words:?}");
                assert_eq!(t.path(name).metadata().unwrap().modified().unwrap(), modified);
                t.gzcc(["-d", "-o", "back", name]).succeeds();
                assert_eq!(acl(&t, "back"), original, "{mode} {entries} {words:?}");
            }
        }
    }
}

/// Named users and groups keep their rights. The output has another owning group than the original.
#[test]
fn an_acl_grants_no_new_rights_to_the_owning_group_that_replaces_the_originals() {
    require!("setpriv", "setfacl", "getfacl");
    if !is_root() {
        skip("needs root to make a file of a group that the runner is not in");
        return;
    }
    let t = Sandbox::new();
    t.set_mode(".", 0o777);
    t.command("cp", [env!("CARGO_BIN_EXE_gzcc"), "gzcc"]).succeeds();
    for (mode, entries, expected) in [
        ("640", "u:12345:r", "user::rw-\nuser:12345:r--\ngroup::---\nmask::r--\nother::---"),
        ("644", "g:12345:-", "user::rw-\ngroup::---\ngroup:12345:---\nmask::r--\nother::r--"),
        ("664", "u:12345:rw", "user::rw-\nuser:12345:rw-\ngroup::r--\nmask::rw-\nother::r--"),
    ] {
        t.write("a", "x");
        t.set_owner("a", 65_534, 54_321);
        t.command("setfacl", ["-b", "a"]).run();
        t.command("chmod", [mode, "a"]).succeeds();
        if !set_acl(&t, "a", entries) {
            return;
        }
        let words = ["--reuid=65534", "--regid=65534", "--clear-groups", "./gzcc", "-f", "a"];
        t.command("setpriv", words).succeeds();
        assert_eq!(acl(&t, "a.gz"), expected, "{mode} {entries}");
    }
}

#[test]
fn an_output_has_no_acl_inherited_from_its_directory() {
    require!("setfacl", "getfacl");
    let t = Sandbox::new();
    t.write("a", "x");
    t.set_mode("a", 0o640);
    t.command("setfacl", ["-d", "-m", "u:12345:rwx", "."]).succeeds();
    for way in WAYS {
        t.gzcc([way, &["-f", "a"]].concat()).succeeds();
        let acl = String::from_utf8(t.command("getfacl", ["-cn", "a.gz"]).succeeds()).unwrap();
        assert_eq!(acl.trim(), "user::rw-\ngroup::r--\nother::---", "{way:?}");
    }
}

/// P4: the owner of a directory can change what new files in it inherit at any time.
#[test]
fn a_directory_changed_during_the_run_does_not_change_the_rights_of_outputs() {
    require!("setfacl", "getfacl");
    if !is_root() {
        skip("needs root to work in another user's directory");
        return;
    }
    let changes: [(&str, &[&str]); 2] = [("chmod", &["g+s"]), ("setfacl", &["-d", "-m", "u:54321:rwx"])];
    for (program, words) in changes {
        let t = Sandbox::new();
        let mut inputs = Vec::new();
        for name in ["d/1", "d/2", "d/3"] {
            t.write(name, log(100));
            t.set_mode(name, 0o640);
            inputs.push(t.path(name).into());
        }
        t.set_owner("d", 54_321, 54_321);
        let directory = t.path("d");
        let settings = Settings { inputs, jobs: NonZeroUsize::MIN, ..Settings::default() };
        // During the second file: anything that gzcc caches about the directory comes from the first.
        let tally = run_and_intervene(settings, 1, move || {
            assert!(command(program).args(words).arg(&directory).status().unwrap().success());
        });
        assert_eq!((tally.done, tally.is_clean()), (3, true));
        for name in ["d/1.gz", "d/2.gz", "d/3.gz"] {
            let output = t.path(name).metadata().unwrap();
            assert_eq!((output.gid(), output.mode() & 0o7777), (0, 0o640), "{name}");
            let acl = String::from_utf8(t.command("getfacl", ["-cn", name]).succeeds()).unwrap();
            assert_eq!(acl.trim(), "user::rw-\ngroup::r--\nother::---", "{name}");
        }
    }
}

//! Who may read an output, and what it takes over from its original.

use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt;

use gzcc::outcome::Status;
use gzcc::settings::{Settings, Verbosity};

use crate::harness::{Sandbox, command, is_root, log, run_meddling, skip};

const WAYS: [&[&str]; 2] = [&[], &["--named-temporaries"]];

#[test]
fn mode_and_times_are_those_of_the_original() {
    require!("bash");
    let t = Sandbox::new();
    for way in WAYS {
        for mode in [0o600, 0o640, 0o644, 0o664, 0o604, 0o400, 0o755, 0o4755] {
            let _ = std::fs::remove_file(t.path("a.gz"));
            let _ = std::fs::remove_file(t.path("a"));
            t.write("a", log(100));
            t.command("chmod", [&format!("{mode:o}"), "a"]).succeeds();
            t.command("touch", ["-d", "@1600000000.987654321", "a"]).succeeds();
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
fn owner_and_group_are_kept_where_allowed() {
    if !is_root() {
        skip("only root gives files away");
        return;
    }
    let t = Sandbox::new();
    t.write("a", "x");
    t.command("chown", ["12345:54321", "a"]).succeeds();
    t.command("chmod", ["640", "a"]).succeeds();
    // Files made in a folder with setgid get its group, and must not keep it.
    t.command("chown", ["0:777", "."]).succeeds();
    t.command("chmod", ["2755", "."]).succeeds();
    for way in WAYS {
        t.gzcc([way, &["-f", "a"]].concat()).succeeds();
        let output = t.path("a.gz").metadata().unwrap();
        assert_eq!((output.uid(), output.gid(), output.mode() & 0o7777), (12345, 54321, 0o640));
    }
}

#[test]
fn a_group_that_cannot_be_kept_gets_nothing_that_others_have_not() {
    require!("setpriv");
    if !is_root() {
        skip("takes root to make a file of a group that the runner is not in");
        return;
    }
    let t = Sandbox::new();
    t.command("chmod", ["777", "."]).succeeds();
    for (mode, narrowed) in [("640", 0o600), ("644", 0o644), ("604", 0o600)] {
        t.write("a", "x");
        // Owned by the runner, of a group that it is not in.
        t.command("chown", ["65534:54321", "a"]).succeeds();
        t.command("chmod", [mode, "a"]).succeeds();
        // A copy that the other user may run, wherever the build is kept; not by std, as what this process has open
        // for writing, another test may be handing on to a child just now, and then it cannot be run.
        t.command("cp", [env!("CARGO_BIN_EXE_gzcc"), "gzcc"]).succeeds();
        let words = ["--reuid=65534", "--regid=65534", "--clear-groups", "./gzcc", "-f", "a"];
        t.command("setpriv", words).succeeds();
        let output = t.path("a.gz").metadata().unwrap();
        assert_eq!((output.uid(), output.gid(), output.mode() & 0o7777), (65534, 65534, narrowed), "{mode}");
    }
}

#[test]
fn an_acl_on_the_original_lets_nobody_new_read_the_output() {
    require!("setfacl");
    let t = Sandbox::new();
    // Someone named may not read what everybody else may; as "other" of the output it could.
    t.write("shut", "x");
    t.command("chmod", ["644", "shut"]).succeeds();
    t.command("setfacl", ["-m", "u:12345:---", "shut"]).succeeds();
    // Someone named may read what neither group nor others may; the mask makes the mode say 640.
    t.write("named", "x");
    t.command("chmod", ["600", "named"]).succeeds();
    t.command("setfacl", ["-m", "u:12345:r--", "named"]).succeeds();
    t.gzcc(["shut", "named"]).succeeds();
    for name in ["shut.gz", "named.gz"] {
        assert_eq!(t.path(name).metadata().unwrap().mode() & 0o7777, 0o600, "{name}");
    }
}

#[test]
fn an_acl_inherited_from_the_folder_is_gone_before_the_mode_is_set() {
    require!("setfacl", "getfacl");
    let t = Sandbox::new();
    t.write("a", "x");
    t.command("chmod", ["640", "a"]).succeeds();
    t.command("setfacl", ["-d", "-m", "u:12345:rwx", "."]).succeeds();
    for way in WAYS {
        t.gzcc([way, &["-f", "a"]].concat()).succeeds();
        let acl = String::from_utf8(t.command("getfacl", ["-cn", "a.gz"]).succeeds()).unwrap();
        assert_eq!(acl.trim(), "user::rw-\ngroup::r--\nother::---", "{way:?}");
    }
}

/// P4: whoever owns a folder can change what files made there are born with, at any time.
#[test]
fn a_folders_owner_gains_nothing_by_changing_it_in_the_middle() {
    require!("setfacl", "getfacl");
    if !is_root() {
        skip("takes root to work in somebody else's folder");
        return;
    }
    let changes: [(&str, &[&str]); 2] = [("chmod", &["g+s"]), ("setfacl", &["-d", "-m", "u:54321:rwx"])];
    for (program, words) in changes {
        let t = Sandbox::new();
        let mut inputs = Vec::new();
        for name in ["d/1", "d/2", "d/3"] {
            t.write(name, log(100));
            t.command("chmod", ["640", name]).succeeds();
            inputs.push(t.path(name).into());
        }
        t.command("chown", ["54321:54321", "d"]).succeeds();
        let folder = t.path("d");
        let settings =
            Settings { inputs, jobs: NonZeroUsize::MIN, verbosity: Verbosity::Silent, ..Settings::default() };
        // While the second is compressed: what there was to learn from the first one is known.
        let tally = run_meddling(settings, 1, move || {
            assert!(command(program).args(words).arg(&folder).status().unwrap().success());
        });
        assert_eq!((tally.done, tally.status), (3, Status::Success));
        for name in ["d/1.gz", "d/2.gz", "d/3.gz"] {
            let output = t.path(name).metadata().unwrap();
            assert_eq!((output.gid(), output.mode() & 0o7777), (0, 0o640), "{name}");
            let acl = String::from_utf8(t.command("getfacl", ["-cn", name]).succeeds()).unwrap();
            assert_eq!(acl.trim(), "user::rw-\ngroup::r--\nother::---", "{name}");
        }
    }
}

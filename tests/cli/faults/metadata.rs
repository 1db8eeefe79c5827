//! Metadata that cannot be kept, output names that cannot be synced, temporaries that cannot be removed, and workers
//! that cannot be started: the rule for each case.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::injection::inject;
use super::scenarios::modified;
use crate::harness::{Sandbox, is_root, log, skip};
use crate::metadata::{acl, set_acl};

/// A sandbox with an original of this mode, and its content.
fn original(mode: u32) -> (Sandbox, Vec<u8>) {
    let t = Sandbox::new();
    let content = t.write("a", log(3000));
    fs::File::options().write(true).open(t.path("a")).unwrap().set_modified(modified()).unwrap();
    fs::set_permissions(t.path("a"), Permissions::from_mode(mode)).unwrap();
    (t, content)
}

fn mode(t: &Sandbox, name: &str) -> u32 {
    fs::metadata(t.path(name)).unwrap().permissions().mode() & 0o777
}

/// P3: an original is never removed after a warning about it.
#[test]
fn a_mode_that_cannot_be_set_is_a_warning_and_keeps_the_original() {
    require!("bash", "strace");
    for (error, words) in [("EPERM", "Operation not permitted"), ("EOPNOTSUPP", "Operation not supported")] {
        for (args, input) in [(&["--rm", "a"][..], "a"), (&["a"], "a")] {
            let (t, content) = original(0o640);
            let (ran, hits) = inject(&t, &[&format!("fchmod:error={error}")], args);
            ran.assert(ran.status.code() == Some(2) && hits == 1, "a warning");
            ran.assert(ran.stderr() == format!("gzcc: a: a.gz: cannot set mode: {words}\n"), "one line");
            assert_eq!(t.read(input), content);
            t.assert_holds("a.gz", &content);
            assert_eq!(mode(&t, "a.gz"), 0o600, "its maker's alone, as it was born");
            assert_eq!(fs::metadata(t.path("a.gz")).unwrap().modified().unwrap(), modified(), "the times are set");
        }
    }
}

#[test]
fn times_that_cannot_be_set_are_a_warning_and_keep_the_original() {
    require!("bash", "strace");
    for (error, words) in [("EPERM", "Operation not permitted"), ("EOPNOTSUPP", "Operation not supported")] {
        let (t, content) = original(0o640);
        let (ran, hits) = inject(&t, &[&format!("utimensat:error={error}")], &["--rm", "a"]);
        ran.assert(ran.status.code() == Some(2) && hits == 1, "a warning");
        ran.assert(ran.stderr() == format!("gzcc: a: a.gz: cannot set times: {words}\n"), "one line");
        assert_eq!(t.read("a"), content);
        t.assert_holds("a.gz", &content);
        assert_eq!(mode(&t, "a.gz"), 0o640);
    }
}

/// Only root may change owners, and some file systems have none: a refusal causes no message.
#[test]
fn a_refused_owner_narrows_the_mode_and_a_failed_one_is_a_warning() {
    require!("bash", "strace");
    if !is_root() {
        skip("only root has files of others to compress");
        return;
    }
    for error in ["EPERM", "EACCES", "EINVAL", "EOPNOTSUPP", "ENOSYS"] {
        let (t, content) = original(0o664);
        chown(t.path("a"), Some(12_345), Some(12_345)).unwrap();
        // The first call sets owner and group, the second the group alone.
        let (ran, hits) = inject(&t, &[&format!("fchown:error={error}")], &["--rm", "a"]);
        ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty() && hits == 2, "success, without a word");
        t.assert_holds("a.gz", &content);
        assert_eq!((mode(&t, "a.gz"), t.exists("a")), (0o644, false), "{error}: group and other have what both had");
    }
    // Setting the owner is refused, setting the group succeeds.
    let (t, content) = original(0o664);
    chown(t.path("a"), Some(12_345), Some(12_345)).unwrap();
    let (ran, _) = inject(&t, &["fchown:error=EPERM:when=1"], &["--rm", "a"]);
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "success, without a word");
    t.assert_holds("a.gz", &content);
    let made = fs::metadata(t.path("a.gz")).unwrap();
    assert_eq!((made.uid(), made.gid(), mode(&t, "a.gz")), (0, 12_345, 0o664));
    // Other errors are reported.
    let (t, content) = original(0o664);
    chown(t.path("a"), Some(12_345), Some(12_345)).unwrap();
    let (ran, _) = inject(&t, &["fchown:error=EDQUOT"], &["--rm", "a"]);
    ran.assert(ran.status.code() == Some(2), "a warning");
    ran.assert(ran.stderr() == "gzcc: a: a.gz: cannot set owner: Disk quota exceeded\n", "one line");
    assert_eq!(t.read("a"), content);
    t.assert_holds("a.gz", &content);
    assert_eq!(mode(&t, "a.gz"), 0o644);
}

/// An ACL may grant less than the mode shows, so an unreadable one is treated as granting nothing.
#[test]
fn an_unreadable_acl_leaves_group_and_other_without_access() {
    require!("bash", "strace");
    let (t, content) = original(0o664);
    let acl = "fgetxattr:error=EIO";
    let (ran, hits) = inject(&t, &[acl], &["a"]);
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty() && hits > 0, "success, without a word");
    t.assert_holds("a.gz", &content);
    assert_eq!(mode(&t, "a.gz"), 0o600);
}

/// The owning group keeps its access, and named users get none. If the original is removed, the loss is permanent and
/// needs a warning.
#[test]
fn an_acl_that_cannot_be_set_leaves_the_owning_groups_access() {
    require!("bash", "strace", "setfacl", "getfacl");
    // The last case is a file system that stores ACLs and does not enforce them.
    for (fault, refused, words) in [
        ("error=EOPNOTSUPP", true, "Operation not supported"),
        ("error=EINVAL", true, "Invalid argument"),
        ("error=EPERM", true, "Operation not permitted"),
        ("error=ENOSPC", false, "No space left on device"),
        ("error=EIO", false, "Input/output error"),
        ("retval=0", true, "Operation not supported"),
    ] {
        for (entries, expected) in [("u:65534:r", 0o640), ("u:65534:-", 0o600), ("u:65534:rw,g::-", 0o600)] {
            for removes in [false, true] {
                let (t, content) = original(0o640);
                if !set_acl(&t, "a", entries) {
                    return;
                }
                let option = if removes { "--rm" } else { "-k" };
                let (ran, hits) = inject(&t, &[&format!("fsetxattr:{fault}")], &[option, "a"]);
                assert_eq!(hits, 1);
                if refused && !removes {
                    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "the original has it");
                } else {
                    ran.assert(ran.status.code() == Some(2), "a warning");
                    ran.assert(ran.stderr() == format!("gzcc: a: a.gz: cannot set ACL: {words}\n"), "one line");
                }
                assert_eq!(t.read("a"), content);
                t.assert_holds("a.gz", &content);
                assert_eq!(mode(&t, "a.gz"), expected, "{fault} {entries}");
                assert!(!acl(&t, "a.gz").contains("mask"), "{fault} {entries}");
            }
        }
    }
}

/// P3: after a failed fsync the state of the disk is unknown, so the original stays. The output is whole and keeps
/// its name.
#[test]
fn a_name_that_cannot_be_synced_is_an_error_and_the_original_stays() {
    require!("bash", "strace");
    for (nth, named) in [(1, false), (2, true)] {
        for option in ["--rm", "--sync"] {
            let (t, content) = original(0o640);
            let (ran, hits) = inject(&t, &[&format!("fsync:error=EIO:when={nth}")], &[option, "a"]);
            ran.assert(ran.status.code() == Some(1) && hits == 1, "an error");
            ran.assert(ran.stderr() == "gzcc: a: a.gz: Input/output error\n", "one line");
            assert_eq!(t.read("a"), content);
            assert_eq!(t.exists("a.gz"), named, "the output is synced before it is named, its directory afterwards");
            if named {
                t.assert_holds("a.gz", &content);
            }
        }
    }
}

/// Two faults: the sync before the rename fails, then the removal of the temporary file.
#[test]
fn a_temporary_file_remains_only_if_it_cannot_be_removed() {
    require!("bash", "strace");
    let (t, content) = original(0o640);
    let faults = ["fsync:error=EIO", "unlinkat:error=EIO"];
    let (ran, hits) = inject(&t, &faults, &["--rm", "--named-temporaries", "a"]);
    ran.assert(ran.status.code() == Some(1) && hits == 2, "an error");
    ran.assert(ran.stderr() == "gzcc: a: a.gz: Input/output error\n", "the first failure is reported");
    assert_eq!(t.read("a"), content);
    let [temporary, original] = &t.names()[..] else { panic!("{:?}", t.names()) };
    assert!(temporary.starts_with(".gzcc-") && original == "a");
}

/// On file systems without these calls, a fallback has the same result.
#[test]
fn calls_that_a_file_system_lacks_have_fallbacks() {
    require!("bash", "strace");
    for (fault, words) in [
        ("renameat2:error=EINVAL", &["--named-temporaries", "--rm"][..]),
        ("renameat2:error=ENOSYS", &["--named-temporaries", "--rm"]),
        ("openat2:error=ENOSYS", &["-r", "--rm"]),
        ("openat2:error=EPERM", &["-r", "--rm"]),
        ("linkat:error=ENOENT:when=1", &["--rm"]),
        ("fgetxattr:error=EOPNOTSUPP", &["--rm"]),
        ("fsync:error=EINVAL:when=2", &["--rm"]),
    ] {
        let t = Sandbox::new();
        let content = t.write("x/a", log(3000));
        let input = if words.contains(&"-r") { "x" } else { "x/a" };
        let (ran, hits) = inject(&t, &[fault], &[words, &[input]].concat());
        ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty() && hits > 0, fault);
        assert_eq!(t.names(), ["x", "x/a.gz"], "{fault}");
        t.assert_holds("x/a.gz", &content);
    }
}

#[test]
fn a_run_completes_without_the_workers_that_cannot_be_started() {
    require!("bash", "strace");
    for scheduler in ["threads", "rayon"] {
        for when in ["1", "2", "1+"] {
            let t = Sandbox::new();
            let contents: Vec<Vec<u8>> = (0..6).map(|i| t.write(format!("f{i}"), log(3000 + i))).collect();
            let faults = [&*format!("?clone:error=EAGAIN:when={when}"), &*format!("?clone3:error=EAGAIN:when={when}")];
            let words = ["-j4", "--scheduler", scheduler, "f0", "f1", "f2", "f3", "f4", "f5"];
            let (ran, hits) = inject(&t, &faults, &words);
            ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "all is done");
            ran.assert(hits > 0 || when == "2", "a worker was refused");
            for (i, content) in contents.iter().enumerate() {
                t.assert_holds(format!("f{i}.gz"), content);
            }
        }
    }
}

/// A directory that may be written and entered but not read cannot be opened for fsync.
#[test]
fn a_new_output_directory_works_below_an_unreadable_parent() {
    if is_root() {
        skip("root may read every directory");
        return;
    }
    let t = Sandbox::new();
    let content = t.write("a", log(3000));
    fs::create_dir(t.path("drop")).unwrap();
    fs::set_permissions(t.path("drop"), Permissions::from_mode(0o300)).unwrap();
    let ran = t.gzcc(["--rm", "-O", "drop/new", "a"]).run();
    fs::set_permissions(t.path("drop"), Permissions::from_mode(0o700)).unwrap();
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "it succeeds");
    t.assert_holds("drop/new/a.gz", &content);
    assert!(!t.exists("a"));
}

//! Rights on outputs for every way to make them, and ownership in directories that all users can write to.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::damage::cases::{Fields, member};
use crate::harness::{Sandbox, have, is_root, log, skip};
use crate::stopped::{Moment, stopped_at};

/// Every way to make an output for a single input: the words before it, whether an old output exists, and the names
/// of the output when compressing and decompressing.
const OUTPUT_CASES: [(&[&str], bool, [&str; 2]); 12] = [
    (&[], false, BESIDE),
    (&["-f"], true, BESIDE),
    (&["--named-temporaries"], false, BESIDE),
    (&["--named-temporaries", "-f"], true, BESIDE),
    (&["--rm"], false, BESIDE),
    (&["--rm", "-f", "--scheduler=rayon"], true, BESIDE),
    (&["-o", "out"], false, ["out"; 2]),
    (&["-f", "-o", "out"], true, ["out"; 2]),
    (&["-f", "-o", "out", "--named-temporaries"], true, ["out"; 2]),
    (&["-O", "new"], false, ["new/d/a.gz", "new/d/a"]),
    (&["-f", "-O", "new", "--named-temporaries"], false, ["new/d/a.gz", "new/d/a"]),
    (&["-r", "--rm", "-N"], false, BESIDE),
];

const BESIDE: [&str; 2] = ["d/a.gz", "d/a"];

/// Makes a sandbox with an input in the directory `d`, and `standing` as an old output that all users can read.
fn prepare(decompresses: bool, standing: Option<&str>) -> (Sandbox, &'static str) {
    let t = Sandbox::new();
    let input = if decompresses { "d/a.gz" } else { "d/a" };
    match decompresses {
        true => t.write(input, member(&log(3000), &Fields::default())),
        false => t.write(input, log(3000)),
    };
    if let Some(standing) = standing {
        t.write(standing, "old");
        t.set_mode(standing, 0o666);
    }
    (t, input)
}

/// Calls `with` for each of [`OUTPUT_CASES`], with the sandbox, gzcc's words, the input and the output.
fn for_every_output_case(with: impl Fn(&Sandbox, &[&str], &str, &str)) {
    for decompresses in [false, true] {
        for (words, replaces, outputs) in OUTPUT_CASES {
            let output = outputs[usize::from(decompresses)];
            let (t, input) = prepare(decompresses, replaces.then_some(output));
            let mode = if decompresses { "-d" } else { "-6" };
            with(&t, &[&["-j1", mode][..], words, &[input]].concat(), input, output);
        }
    }
}

/// P4: a file is created with mode 0600. gzcc removes an inherited ACL, sets owner, ACL or mode, and times, and then
/// the name.
#[test]
fn an_output_is_private_until_its_owner_is_set_however_it_is_made() {
    require!("bash", "strace");
    let acls = have("setfacl");
    assert_private_until_owned(acls, false);
    if acls {
        assert_private_until_owned(true, true);
    }
}

/// `inherits`: the directory has a default ACL. `has_acl`: the original has an ACL.
fn assert_private_until_owned(inherits: bool, has_acl: bool) {
    for_every_output_case(|t, words, input, _| {
        t.set_mode(input, 0o664);
        if has_acl {
            t.command("setfacl", ["-m", "u:12345:r", input]).succeeds();
        }
        if is_root() {
            t.set_owner(input, 12_345, 54_321);
        }
        if inherits {
            t.command("setfacl", ["-d", "-m", "u:12345:rwx,g:54321:rwx", "."]).succeeds();
            t.command("setfacl", ["-d", "-m", "u:12345:rwx,g:54321:rwx", "d"]).succeeds();
        }
        let traced = "trace=openat,openat2,creat,mkdirat,fchown,fremovexattr,fsetxattr,fchmod,utimensat,linkat,\
                      renameat,renameat2";
        let strace = format!("umask 0; exec strace -f -y -e {traced} -o trace \"$@\"");
        let words = [&["-c", &strace, "bash", env!("CARGO_BIN_EXE_gzcc")][..], words].concat();
        t.command("bash", &words).succeeds();
        let trace = String::from_utf8(t.read("trace")).unwrap();
        // The program reads its own status to set up signals, at any time.
        let is_done = |line: &&str| !line.contains(" = -1 ") && !line.contains("/proc/self/status");
        let done: Vec<&str> = trace.lines().filter(is_done).collect();
        let is_made = |line: &&str| line.contains("O_CREAT") || line.contains("O_TMPFILE") || line.contains("creat(");
        let made: Vec<usize> = (0..done.len()).filter(|&at| is_made(&done[at])).collect();
        assert!(made.len() == 1 && done[made[0]].contains(", 0600)"), "{words:?}\n{trace}");
        let directories: Vec<&&str> = done.iter().filter(|line| line.contains("mkdirat(")).collect();
        assert!(directories.iter().all(|line| line.contains(", 0700)")), "{words:?}\n{trace}");
        // The calls on the file after its creation, in order.
        let calls = done[made[0] + 1..].iter().filter_map(|line| line.split_whitespace().nth(1)?.split('(').next());
        let is_naming = |call: &&str| ["linkat", "renameat", "renameat2"].contains(call);
        let before_name: Vec<&str> = calls.take_while(|call| !is_naming(call)).collect();
        // Setting the ACL also sets the mode.
        let needed = ["fremovexattr", "fchown", if has_acl { "fsetxattr" } else { "fchmod" }, "utimensat"];
        let expected = needed.into_iter().filter(|call| match *call {
            "fchown" => is_root(),
            "fremovexattr" => inherits,
            _ => true,
        });
        assert_eq!(before_name, expected.collect::<Vec<_>>(), "{words:?}\n{trace}");
    });
}

/// The same from the view of another process: at each step it finds no name that it can read.
#[test]
fn a_named_temporary_never_has_a_mode_wider_than_0600() {
    require!("bash", "strace");
    for call in ["openat", "newfstatat"] {
        for way in [&["--named-temporaries"][..], &["--named-temporaries", "-f"]] {
            let (t, _) = prepare(false, way.contains(&"-f").then_some("d/a.gz"));
            t.set_mode("d/a", 0o666);
            let nth = if call == "openat" { 2 } else { 1 };
            stopped_at(&t, Moment::new("d", call, nth), &[way, &["-j1", "d/a"]].concat(), || {
                let modes = t.names().into_iter().filter(|name| name.contains(".gzcc-"));
                let modes: Vec<u32> = modes.map(|name| t.path(name).metadata().unwrap().mode() & 0o7777).collect();
                assert_eq!(modes, if call == "openat" { vec![0o600] } else { vec![] }, "{way:?}");
            });
            assert_eq!(t.path("d/a.gz").metadata().unwrap().mode() & 0o7777, 0o666);
        }
    }
}

/// P4: the output of an original with an ACL grants rights to no other user.
#[test]
fn an_output_with_an_acl_grants_no_new_rights_however_it_is_made() {
    require!("setfacl", "getfacl");
    for_every_output_case(|t, words, input, output| {
        for directory in [".", "d"] {
            t.command("setfacl", ["-d", "-m", "u:54321:rwx", directory]).succeeds();
        }
        // All users but one can read it. The directory's default ACL names another user.
        t.set_mode(input, 0o644);
        t.command("setfacl", ["-m", "u:12345:---", input]).succeeds();
        t.gzcc(words).succeeds();
        let acl = String::from_utf8(t.command("getfacl", ["-cn", output]).succeeds()).unwrap();
        let expected = "user::rw-\nuser:12345:---\ngroup::r--\nmask::r--\nother::r--";
        assert_eq!(acl.trim(), expected, "{words:?}");
    });
}

#[test]
fn a_mirrored_directory_grants_no_new_rights() {
    require!("setfacl", "getfacl");
    for (mode, acl, expected) in [
        ("750", None, "user::rwx\ngroup::r-x\nother::---"),
        ("755", Some("u:12345:---"), "user::rwx\nuser:12345:---\ngroup::r-x\nmask::r-x\nother::r-x"),
        ("770", Some("u:12345:rwx"), "user::rwx\nuser:12345:r-x\ngroup::r-x\nmask::r-x\nother::---"),
        ("777", None, "user::rwx\ngroup::r-x\nother::r-x"),
    ] {
        let (t, _) = prepare(false, None);
        t.command("chmod", [mode, "d"]).succeeds();
        acl.iter().for_each(|acl| drop(t.command("setfacl", ["-m", acl, "d"]).succeeds()));
        fs::create_dir(t.path("new")).unwrap();
        t.command("setfacl", ["-d", "-m", "u:54321:rwx", "new"]).succeeds();
        t.gzcc(["-O", "new", "d/a"]).succeeds();
        let acl = String::from_utf8(t.command("getfacl", ["-cna", "new/d"]).succeeds()).unwrap();
        assert_eq!(acl.trim(), expected, "{mode}");
        t.assert_holds("new/d/a.gz", &log(3000));
    }
}

/// Makes a copy of gzcc that any user can execute. `cp` makes it: a child that another test forks could inherit this
/// process's write descriptor, and exec would fail with ETXTBSY.
fn copy_of_gzcc(t: &Sandbox) {
    t.command("cp", [env!("CARGO_BIN_EXE_gzcc"), "gzcc"]).succeeds();
    t.set_mode(".", 0o755);
}

/// Arguments of setpriv that run gzcc as an unprivileged user.
const AS_UNPRIVILEGED: [&str; 4] = ["--reuid=65534", "--regid=65534", "--clear-groups", "./gzcc"];

fn can_drop_privileges() -> bool {
    if !is_root() {
        skip("needs root to work among other users' files");
        return false;
    }
    have("setpriv")
}

#[test]
fn a_group_that_cannot_be_set_gets_only_what_other_has_however_the_output_is_made() {
    if !can_drop_privileges() {
        return;
    }
    for (mode, narrowed) in [("640", 0o600), ("644", 0o644), ("604", 0o600), ("660", 0o600)] {
        for_every_output_case(|t, words, input, output| {
            copy_of_gzcc(t);
            t.command("chmod", ["-R", "a+rwX", "."]).succeeds();
            // Owned by the user that runs gzcc, with a group that the user is not in.
            t.set_owner(input, 65_534, 54_321);
            t.command("chmod", [mode, input]).succeeds();
            let ran = t.command("setpriv", AS_UNPRIVILEGED.iter().chain(words)).run();
            ran.assert(ran.status.success() && ran.stderr.is_empty(), mode);
            let output = t.path(output).metadata().unwrap();
            let found = (output.uid(), output.gid(), output.mode() & 0o7777);
            ran.assert(
                found == (65534, 65534, narrowed),
                &format!("{mode} becomes {narrowed:o}, and is {:o}", found.2),
            );
        });
    }
}

/// A sticky directory that all users can write to, like /tmp: only a file's owner can remove it.
fn sticky() -> Sandbox {
    let t = Sandbox::new();
    copy_of_gzcc(&t);
    for name in ["s/theirs", "s/mine", "s/taken"] {
        t.write(name, log(1000));
    }
    t.write("s/taken.gz", "theirs");
    for (owner, name) in [("54321:54321", "s/theirs"), ("65534:65534", "s/mine"), ("65534:65534", "s/taken")] {
        t.command("chown", [owner, name]).succeeds();
        t.set_mode(name, 0o644);
    }
    t.set_owner("s/taken.gz", 54_321, 54_321);
    t.set_mode("s/taken.gz", 0o666);
    t.set_mode("s", 0o1777);
    t
}

#[test]
fn in_a_sticky_directory_only_the_users_own_files_are_removed() {
    if !can_drop_privileges() {
        return;
    }
    for way in [&[][..], &["--named-temporaries"], &["--scheduler=rayon"]] {
        let t = sticky();
        let words = [&AS_UNPRIVILEGED, way, &["-f", "--rm", "s/theirs", "s/mine", "s/taken"]].concat();
        let denied = "Operation not permitted";
        t.command("setpriv", words).says(
            1,
            &[&format!("gzcc: s/theirs: original kept: {denied}"), &format!("gzcc: s/taken: s/taken.gz: {denied}")],
        );
        let names: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("s/")).collect();
        assert_eq!(names, ["s/mine.gz", "s/taken", "s/taken.gz", "s/theirs", "s/theirs.gz"], "{way:?}");
        assert_eq!(t.read("s/taken.gz"), b"theirs", "it is not written into either, though all may");
        for name in ["s/theirs.gz", "s/mine.gz"] {
            let output = t.path(name).metadata().unwrap();
            assert_eq!((output.uid(), output.gid(), output.mode() & 0o7777), (65534, 65534, 0o644), "{name}");
            t.assert_holds(name, &log(1000));
        }
    }
}

/// Another user's link must not redirect root's output.
#[test]
fn in_a_sticky_directory_root_follows_no_link_to_an_output() {
    if !can_drop_privileges() {
        return;
    }
    let t = sticky();
    t.write("precious", "precious");
    symlink("../precious", t.path("s/mine.gz")).unwrap();
    t.gzcc(["s/mine"]).says(2, &["gzcc: s/mine: s/mine.gz already exists; left alone (-f replaces it)"]);
    t.gzcc(["-f", "s/mine"]).succeeds();
    assert_eq!(t.read("precious"), b"precious");
    assert!(Path::new(&t.path("s/mine.gz")).symlink_metadata().unwrap().is_file());
    let output = t.path("s/mine.gz").metadata().unwrap();
    assert_eq!((output.uid(), output.gid()), (65534, 65534));
}

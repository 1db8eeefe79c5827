//! Restricted locations: read-only mounts, paths that are too long, and file systems without unnamed files or links.

use std::fs;

use crate::harness::{Call, Sandbox, have_all, is_root, log, skip};

/// Returns whether a mount namespace can be made; records the test as skipped if not.
fn can_mount(t: &Sandbox) -> bool {
    if !have_all(&["bash", "unshare", "mount"]) {
        return false;
    }
    let mount = ["-m", "mount", "-t", "tmpfs", "none", "."];
    let can = is_root() && t.command("unshare", mount).run().status.success();
    if !can {
        skip("nothing can be mounted here");
    }
    can
}

/// A call of `script` after `mounting`, in a mount namespace of its own. In the script, `gzcc` is the program.
fn mounted(t: &Sandbox, mounting: &str, script: &str) -> Call {
    let gzcc = format!("gzcc() {{ '{}' \"$@\"; }}", env!("CARGO_BIN_EXE_gzcc"));
    t.command("unshare", ["-m", "bash", "-c", &format!("{gzcc}; {{ {mounting}; }} || exit 99; {script}")])
}

#[test]
fn an_output_on_a_read_only_file_system_is_an_error_and_other_files_are_compressed() {
    require!("gzip");
    let t = Sandbox::new();
    if !can_mount(&t) {
        return;
    }
    t.write("elsewhere", log(1000));
    fs::create_dir(t.path("ro")).unwrap();
    let (a, b) = (t.write("ro/a", log(2000)), t.write("ro/sub/b", log(3000)));
    t.gzcc(["-k", "ro/a"]).succeeds();
    fs::rename(t.path("ro/a.gz"), t.path("ro/c.gz")).unwrap();
    // A read-only bind mount, and a read-only file system.
    let bound = "mount --bind ro ro && mount -o remount,bind,ro ro";
    let own = "cp -a ro was && mount -t tmpfs none ro && cp -a was/. ro && mount -o remount,ro ro && rm -r was";
    for mounting in [bound, own] {
        for way in ["", "--named-temporaries", "--scheduler=rayon", "-f --rm"] {
            let reason = "Read-only file system";
            let refused = |name: &str, output: &str| format!("gzcc: {name}: {output}: {reason}");
            let script = format!("gzcc {way} ro/a elsewhere ro/sub/b");
            let lines = [refused("ro/a", "ro/a.gz"), refused("ro/sub/b", "ro/sub/b.gz")];
            mounted(&t, mounting, &script).says(1, &lines.each_ref().map(String::as_str));
            t.assert_holds("elsewhere.gz", &log(1000));
            t.shell("rm elsewhere.gz").succeeds();
            t.write("elsewhere", log(1000));
            let walked = mounted(&t, mounting, &format!("gzcc {way} -r ro elsewhere")).run();
            let printed = walked.stderr();
            walked.assert(lines.iter().all(|line| printed.contains(line)), "a walk says the same");
            t.shell("rm elsewhere.gz").succeeds();
            t.write("elsewhere", log(1000));
            mounted(&t, mounting, &format!("gzcc -d {way} ro/c.gz")).says(1, &[&refused("ro/c.gz", "ro/c")]);
        }
        // A read-only original can be compressed to another directory, but not removed.
        let kept = "gzcc: ro/a: original kept: Read-only file system";
        mounted(&t, mounting, "gzcc --rm -f -O out ro/a").says(2, &[kept]);
        t.assert_holds("out/ro/a.gz", &a);
        assert!(mounted(&t, mounting, "gzcc -c ro/sub/b | gzip -dc").succeeds() == b);
    }
    assert_eq!(t.names(), ["elsewhere", "out", "out/ro", "out/ro/a.gz", "ro", "ro/a", "ro/c.gz", "ro/sub", "ro/sub/b"]);
}

/// Each level of the tree has a file. Deep levels exceed the length limit of paths.
#[test]
fn every_file_below_the_longest_path_is_compressed_or_named_in_an_error() {
    require!("bash", "find");
    const LEVELS: usize = 24;
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        for (words, gone) in [(&["-r"][..], false), (&["-r", "--rm"], true), (&["-r", "-O", "out"], false)] {
            let t = Sandbox::new();
            let directory = "d".repeat(200);
            fs::create_dir(t.path("t")).unwrap();
            let build =
                format!("cd t; for i in $(seq {LEVELS}); do echo $i > f; mkdir {directory}; cd {directory}; done");
            t.shell(&build).succeeds();
            let ran = t.gzcc([words, &[scheduler, "t"]].concat()).run();
            ran.assert(ran.status.code() == Some(1), "it cannot get to all of it, and says so");
            let printed = ran.stderr();
            let said: Vec<&str> = printed.lines().collect();
            let all_told =
                said.iter().all(|line| line.starts_with("gzcc: t/") && line.ends_with(": File name too long"));
            ran.assert(!said.is_empty() && all_told, "it says where and why");
            // find uses relative names, so it has no limit.
            let count = |name: &str| {
                let find =
                    format!("find {} -name {name} 2>&1 | wc -l", if words.contains(&"-O") { "out" } else { "t" });
                String::from_utf8(t.shell(&find).succeeds()).unwrap().trim().parse::<usize>().unwrap()
            };
            let done = count("f.gz");
            let files = said.iter().filter(|line| line.contains("/f: ")).count();
            // The limit of a path is 4,096 bytes; a level takes 201.
            ran.assert((18..=21).contains(&done), &format!("{done} are done, {files} named"));
            ran.assert(
                files + done >= 19 && said.len() > files,
                "the others, or the directory that they are in, are named",
            );
            if !words.contains(&"-O") {
                assert_eq!(count("f"), if gone { LEVELS - done } else { LEVELS });
            }
            assert_eq!(count("'.gzcc-*'"), 0);
        }
    }
}

/// A file system that lacks some system calls, simulated by injected errors.
struct LimitedFileSystem {
    what: &'static str,
    inject: &'static [&'static str],
    words: &'static [&'static str],
}

const NO_TMPFILE: &str = "inject=openat:error=EOPNOTSUPP:when=2";
const NO_NOREPLACE: &str = "inject=renameat2:error=EINVAL";

const LIMITED_FILE_SYSTEMS: [LimitedFileSystem; 7] = [
    LimitedFileSystem { what: "no files without a name", inject: &[NO_TMPFILE], words: &[] },
    // A kernel before O_TMPFILE takes the call for one that opens the directory to write.
    LimitedFileSystem { what: "a kernel before them", inject: &["inject=openat:error=EISDIR:when=2"], words: &[] },
    // NFS.
    LimitedFileSystem { what: "no NOREPLACE", inject: &[NO_NOREPLACE], words: &["--named-temporaries"] },
    LimitedFileSystem { what: "neither", inject: &[NO_TMPFILE, NO_NOREPLACE], words: &[] },
    LimitedFileSystem {
        what: "no links, but NOREPLACE",
        inject: &["inject=linkat:error=EPERM"],
        words: &["--named-temporaries"],
    },
    // FAT through some FUSE drivers.
    LimitedFileSystem {
        what: "neither links nor NOREPLACE",
        inject: &[NO_NOREPLACE, "inject=linkat:error=EPERM"],
        words: &["--named-temporaries"],
    },
    LimitedFileSystem {
        what: "none of all that",
        inject: &[NO_TMPFILE, NO_NOREPLACE, "inject=linkat:error=EOPNOTSUPP"],
        words: &[],
    },
];

impl LimitedFileSystem {
    fn call(&self, t: &Sandbox, words: &[&str]) -> Call {
        let on = fs::canonicalize(t.path(".")).unwrap();
        // The first call on the directory opens the input; the injection counts calls.
        let mut all = vec!["-f", "-o", "/dev/null", "-P", on.to_str().unwrap(), "-e", "trace=openat,linkat,renameat2"];
        self.inject.iter().for_each(|inject| all.extend(["-e", inject]));
        all.push(env!("CARGO_BIN_EXE_gzcc"));
        t.command("strace", [&all[..], &["-j1"], self.words, words].concat())
    }
}

#[test]
fn an_output_is_made_on_file_systems_without_unnamed_files_links_or_noreplace() {
    require!("strace");
    for foreign in &LIMITED_FILE_SYSTEMS {
        for (words, taken) in
            [(&[][..], false), (&["--rm"], false), (&["-f", "--rm"], false), (&["-f", "--rm"], true), (&[], true)]
        {
            let t = Sandbox::new();
            let a = t.write("a", log(5000));
            if taken {
                t.write("a.gz", "old");
            }
            let (force, removes) = (words.contains(&"-f"), words.contains(&"--rm"));
            let ran = foreign.call(&t, &[words, &["a"]].concat()).run();
            let case = format!("{}: {words:?}, taken: {taken}", foreign.what);
            let printed = ran.stderr();
            if taken && !force {
                let left = "gzcc: a: a.gz already exists; left alone (-f replaces it)\n";
                ran.assert(ran.status.code() == Some(2) && printed == left, &case);
                assert_eq!(t.read("a.gz"), b"old", "{case}");
            } else {
                ran.assert(ran.status.success() && printed.is_empty(), &case);
                t.assert_holds("a.gz", &a);
                assert_eq!(t.exists("a"), !removes, "{case}");
            }
            let left = t.names().into_iter().find(|name| name.starts_with(".gzcc-"));
            assert_eq!(left, None, "{case}");
        }
    }
}

/// NFS, as above: gzcc remembers that the file system lacks unnamed files.
#[test]
fn a_directory_without_unnamed_files_is_probed_once() {
    require!("strace");
    let t = Sandbox::new();
    for i in 0..4 {
        t.write(format!("f{i}"), log(100));
    }
    let strace = ["-f", "-o", "trace", "-e", "trace=openat"];
    let on = fs::canonicalize(t.path(".")).unwrap();
    let inject = ["-P", on.to_str().unwrap(), "-e", "inject=openat:error=EOPNOTSUPP:when=2"];
    let gzcc = [env!("CARGO_BIN_EXE_gzcc"), "-j1", "f0", "f1", "f2", "f3"];
    t.command("strace", [&strace[..], &inject, &gzcc].concat()).succeeds();
    let trace = String::from_utf8(t.read("trace")).unwrap();
    assert_eq!(trace.matches("O_TMPFILE").count(), 1, "{trace}");
    assert_eq!(trace.matches("O_CREAT|O_EXCL").count(), 4, "{trace}");
    (0..4).for_each(|i| t.assert_holds(format!("f{i}.gz"), &log(100)));
}

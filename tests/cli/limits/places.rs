//! Places that do not take everything: read-only mounts, paths that are too long, and file systems that know neither
//! files without a name nor links.

use std::fs;

use crate::harness::{Call, Sandbox, have_all, is_root, log, skip};

/// Whether mounts can be made that only a test's own processes see; else says so.
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

/// Runs a script in which `gzcc` is the program, after `mounting` where nobody else sees what it mounts.
fn mounted(t: &Sandbox, mounting: &str, script: &str) -> Call {
    let gzcc = format!("gzcc() {{ '{}' \"$@\"; }}", env!("CARGO_BIN_EXE_gzcc"));
    t.command("unshare", ["-m", "bash", "-c", &format!("{gzcc}; {{ {mounting}; }} || exit 99; {script}")])
}

#[test]
fn a_read_only_place_is_named_and_what_is_elsewhere_is_done() {
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
    // The folder itself made read-only, and a file system of its own.
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
            let told = walked.stderr();
            walked.assert(lines.iter().all(|line| told.contains(line)), "a walk says the same");
            t.shell("rm elsewhere.gz").succeeds();
            t.write("elsewhere", log(1000));
            mounted(&t, mounting, &format!("gzcc -d {way} ro/c.gz")).says(1, &[&refused("ro/c.gz", "ro/c")]);
        }
        // What is read from there can be written elsewhere, but is not removed.
        let kept = "gzcc: ro/a: original kept: Read-only file system";
        mounted(&t, mounting, "gzcc --rm -f -O out ro/a").says(2, &[kept]);
        t.assert_holds("out/ro/a.gz", &a);
        assert!(mounted(&t, mounting, "gzcc -c ro/sub/b | gzip -dc").succeeds() == b);
    }
    assert_eq!(t.names(), ["elsewhere", "out", "out/ro", "out/ro/a.gz", "ro", "ro/a", "ro/c.gz", "ro/sub", "ro/sub/b"]);
}

/// A tree that goes deeper than a path can say, with a file on each floor: every one is done, or named in an error.
#[test]
fn what_lies_deeper_than_a_path_can_tell_is_done_or_named() {
    require!("bash", "find");
    const FLOORS: usize = 24;
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        for (words, gone) in [(&["-r"][..], false), (&["-r", "--rm"], true), (&["-r", "-O", "out"], false)] {
            let t = Sandbox::new();
            let folder = "d".repeat(200);
            fs::create_dir(t.path("t")).unwrap();
            let build = format!("cd t; for i in $(seq {FLOORS}); do echo $i > f; mkdir {folder}; cd {folder}; done");
            t.shell(&build).succeeds();
            let ran = t.gzcc([words, &[scheduler, "t"]].concat()).run();
            ran.assert(ran.status.code() == Some(1), "it cannot get to all of it, and says so");
            let told = ran.stderr();
            let said: Vec<&str> = told.lines().collect();
            let all_told =
                said.iter().all(|line| line.starts_with("gzcc: t/") && line.ends_with(": File name too long"));
            ran.assert(!said.is_empty() && all_told, "it says where and why");
            // By relative names there is no end.
            let count = |name: &str| {
                let find =
                    format!("find {} -name {name} 2>&1 | wc -l", if words.contains(&"-O") { "out" } else { "t" });
                String::from_utf8(t.shell(&find).succeeds()).unwrap().trim().parse::<usize>().unwrap()
            };
            let done = count("f.gz");
            let files = said.iter().filter(|line| line.contains("/f: ")).count();
            // 4,096 bytes and a bit below 201 a floor.
            ran.assert((18..=21).contains(&done), &format!("{done} are done, {files} named"));
            ran.assert(
                files + done >= 19 && said.len() > files,
                "the others, or the folder that they are in, are named",
            );
            if !words.contains(&"-O") {
                assert_eq!(count("f"), if gone { FLOORS - done } else { FLOORS });
            }
            assert_eq!(count("'.gzcc-*'"), 0);
        }
    }
}

/// What system calls say where a file system does not know them, and what is still to be had.
struct Foreign {
    what: &'static str,
    inject: &'static [&'static str],
    words: &'static [&'static str],
}

const NO_TMPFILE: &str = "inject=openat:error=EOPNOTSUPP:when=2";
const NO_NOREPLACE: &str = "inject=renameat2:error=EINVAL";

const FOREIGN: [Foreign; 7] = [
    Foreign { what: "no files without a name", inject: &[NO_TMPFILE], words: &[] },
    Foreign { what: "a kernel before them", inject: &["inject=openat:error=EISDIR:when=2"], words: &[] },
    // NFS.
    Foreign { what: "no NOREPLACE", inject: &[NO_NOREPLACE], words: &["--named-temporaries"] },
    Foreign { what: "neither", inject: &[NO_TMPFILE, NO_NOREPLACE], words: &[] },
    Foreign {
        what: "no links, but NOREPLACE",
        inject: &["inject=linkat:error=EPERM"],
        words: &["--named-temporaries"],
    },
    // FAT by way of some FUSE.
    Foreign {
        what: "neither links nor NOREPLACE",
        inject: &[NO_NOREPLACE, "inject=linkat:error=EPERM"],
        words: &["--named-temporaries"],
    },
    Foreign {
        what: "none of all that",
        inject: &[NO_TMPFILE, NO_NOREPLACE, "inject=linkat:error=EOPNOTSUPP"],
        words: &[],
    },
];

impl Foreign {
    fn call(&self, t: &Sandbox, words: &[&str]) -> Call {
        let on = fs::canonicalize(t.path(".")).unwrap();
        // Calls on the folder are told apart by their number: the first opens the input.
        let mut all = vec!["-f", "-o", "/dev/null", "-P", on.to_str().unwrap(), "-e", "trace=openat,linkat,renameat2"];
        self.inject.iter().for_each(|inject| all.extend(["-e", inject]));
        all.push(env!("CARGO_BIN_EXE_gzcc"));
        t.command("strace", [&all[..], &["-j1"], self.words, words].concat())
    }
}

#[test]
fn a_file_system_that_knows_less_takes_the_output() {
    require!("strace");
    for foreign in &FOREIGN {
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
            let told = ran.stderr();
            if taken && !force {
                let left = "gzcc: a: a.gz already exists; left alone (-f replaces it)\n";
                ran.assert(ran.status.code() == Some(2) && told == left, &case);
                assert_eq!(t.read("a.gz"), b"old", "{case}");
            } else {
                ran.assert(ran.status.success() && told.is_empty(), &case);
                t.assert_holds("a.gz", &a);
                assert_eq!(t.exists("a"), !removes, "{case}");
            }
            let left = t.names().into_iter().find(|name| name.starts_with(".gzcc-"));
            assert_eq!(left, None, "{case}");
        }
    }
}

/// NFS again, and several files: that there are no files without a name is found out once.
#[test]
fn a_folder_that_makes_no_files_without_a_name_is_asked_once() {
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

//! P1, P2 and P3 on a full disk: a real one of 4 MB, quotas and /dev/full.

mod file_size;
mod standard_output;

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{Call, Finished, Sandbox, assert_member, gunzip, have_all, log, noise, skip};

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

/// Options for how an output is made and what happens to its original.
const VARIANTS: [&str; 4] = ["", "--named-temporaries", "--rm", "--rm -f --named-temporaries"];

/// The command that runs a program with private mounts, which end with its last process. If mounting is not
/// permitted, records a skip and returns `None`.
pub fn unshare() -> Option<&'static str> {
    if !have_all(&["bash", "unshare", "mount"]) {
        return None;
    }
    // With root's own rights if they suffice, else in a user namespace.
    let may_mount = |command: &&str| {
        let t = Sandbox::new();
        t.shell(&format!("mkdir disk && {command} mount -t tmpfs -o size=4m none disk")).run().status.success()
    };
    let command = ["unshare -m", "unshare -rm"].into_iter().find(may_mount);
    if command.is_none() {
        skip("nothing may be mounted here");
    }
    command
}

/// A directory whose files are copied to a small file system.
struct Disk {
    t: Sandbox,
    unshare: &'static str,
    /// The files in `in`.
    originals: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    fn new() -> Option<Self> {
        let unshare = unshare()?;
        let t = Sandbox::new();
        fs::create_dir(t.path("in")).unwrap();
        fs::create_dir(t.path("disk")).unwrap();
        Some(Self { t, unshare, originals: BTreeMap::new() })
    }

    /// Adds a file that the disk contains before the run.
    fn write(&mut self, name: &str, content: impl AsRef<[u8]>) {
        let content = self.t.write(format!("in/{name}"), content);
        self.originals.insert(name.to_owned(), content);
    }

    /// A call of `script` on a disk that holds the files of `in`; the disk's content is then copied to `after`.
    fn shell(&self, options: &str, script: &str) -> Call {
        let script = format!(
            "gzcc() {{ '{gzcc}' \"$@\"; }}\n\
             mount -t tmpfs -o size=4m{options} none disk && cp -a in/. disk && rm -rf after && mkdir after || exit 99\n\
             cd disk\n{script}\nstatus=$?\ncd ..; cp -a disk/. after || exit 98\nexit $status",
            gzcc = env!("CARGO_BIN_EXE_gzcc"),
        );
        let mut words: Vec<&str> = self.unshare.split(' ').skip(1).collect();
        words.extend(["bash", "-c", &script]);
        self.t.command("unshare", words)
    }

    /// All files on the disk after the run, by path.
    fn after(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.t.names().into_iter().filter(|name| self.t.path(name).is_file());
        files.filter_map(|name| Some((name.strip_prefix("after/")?.to_owned(), self.t.read(&name)))).collect()
    }

    /// Asserts that every original is unchanged, or, with `removing`, has a whole output; that every output is whole
    /// or the old file; and that no other file exists. Returns the number of outputs made.
    #[track_caller]
    fn assert_nothing_lost(&self, ran: &Finished, removing: bool) -> usize {
        let mut after = self.after();
        let mut made = 0;
        for (name, content) in &self.originals {
            let output = format!("{name}.gz");
            let found = after.remove(name);
            let output_is_old = self.originals.contains_key(&output);
            let gz = after.get(&output).filter(|gz| Some(*gz) != self.originals.get(&output)).cloned();
            if let Some(gz) = &gz {
                assert_member(gz, content);
                made += 1;
                if !output_is_old {
                    after.remove(&output);
                }
            }
            match found {
                // This is an old output that was replaced.
                Some(found) if found != *content => ran.assert(name.ends_with(".gz"), &format!("{name} is the same")),
                Some(_) => {}
                None => ran.assert(removing && gz.is_some(), &format!("{name} exists, or its complete output")),
            }
        }
        ran.assert(after.is_empty(), &format!("only originals and outputs exist: {:?}", after.keys()));
        made
    }
}

/// The small files fit; the big one between them does not.
fn nearly_full_disk() -> Option<Disk> {
    let mut disk = Disk::new()?;
    disk.write("a", log(5000));
    disk.write("big", noise(2_300_000, 1));
    disk.write("c", log(7000));
    disk.write("d", noise(100, 2));
    Some(disk)
}

#[test]
fn a_nearly_full_disk_fails_only_the_file_that_does_not_fit() {
    let Some(disk) = nearly_full_disk() else { return };
    for scheduler in SCHEDULERS {
        for variant in VARIANTS {
            let ran = disk.shell("", &format!("gzcc -j1 {scheduler} {variant} a big c d")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            ran.assert(ran.stderr() == "gzcc: big: big.gz: No space left on device\n", "the big one is named");
            ran.assert(ran.stdout == b"Compressed 3 files, 1 failed\n", "all are counted");
            let made = disk.assert_nothing_lost(&ran, variant.contains("--rm"));
            ran.assert(made == 3, "the others are done");
        }
    }
}

/// The space of the big output, and of removed originals, is free for those that come later.
#[test]
fn one_file_that_does_not_fit_affects_none_of_twenty_that_do() {
    let Some(mut disk) = Disk::new() else { return };
    disk.write("big", noise(1_900_000, 1));
    let names: Vec<String> = (0..20).map(|i| format!("small{i}")).collect();
    names.iter().zip(2..).for_each(|(name, seed)| disk.write(name, noise(60_000, seed)));
    let variants =
        ["-j1 --rm", "-j1 --rm -f --named-temporaries", "-j2 --rm", "-j4 --rm", "-j4 --rm --named-temporaries"];
    for scheduler in SCHEDULERS {
        for variant in variants {
            // 4 MB hold the originals and 1 MB more. The big output takes all of it before it fails.
            let words = format!("gzcc {scheduler} {variant} big {}", names.join(" "));
            let ran = disk.shell("", &words).run();
            ran.assert(ran.stderr() == "gzcc: big: big.gz: No space left on device\n", "one does not fit");
            ran.assert(ran.stdout == b"Compressed 20 files, 1 failed\n", "all others are done");
            assert_eq!(disk.assert_nothing_lost(&ran, true), 20);
        }
    }
}

#[test]
fn a_nearly_full_disk_keeps_old_outputs() {
    let Some(mut disk) = nearly_full_disk() else { return };
    for name in ["a.gz", "big.gz", "c.gz"] {
        disk.write(name, "old");
    }
    for scheduler in SCHEDULERS {
        for variant in VARIANTS {
            let ran = disk.shell("", &format!("gzcc -q -f -j1 {scheduler} {variant} a big c d")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let made = disk.assert_nothing_lost(&ran, variant.contains("--rm"));
            let after = disk.after();
            ran.assert(made == 3 && after["big.gz"] == b"old", "the old one stays");
        }
    }
}

#[test]
fn a_nearly_full_disk_affects_decompression_in_the_same_way() {
    require!("gzip");
    let Some(mut disk) = Disk::new() else { return };
    let t = Sandbox::new();
    let contents = [("a", log(5000)), ("big", log(6_000_000)), ("c", log(100))];
    for (name, content) in &contents {
        disk.write(&format!("{name}.gz"), t.command("gzip", ["-c"]).stdin(content).succeeds());
    }
    for scheduler in SCHEDULERS {
        for variant in VARIANTS {
            let ran = disk.shell("", &format!("gzcc -d -j1 {scheduler} {variant} a.gz big.gz c.gz")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            ran.assert(ran.stderr() == "gzcc: big.gz: big: No space left on device\n", "the big one is named");
            let mut expected = disk.originals.clone();
            for (name, content) in [&contents[0], &contents[2]] {
                expected.insert((*name).into(), content.clone());
                if variant.contains("--rm") {
                    expected.remove(&format!("{name}.gz"));
                }
            }
            ran.assert(disk.after() == expected, "the others are done, nothing else is changed");
        }
    }
}

/// A script that leaves no block free.
const FILL: &str = "cat /dev/zero > filler 2> /dev/null";

/// One line per file could be millions of lines.
#[test]
fn a_full_disk_stops_a_walk_with_one_line_per_argument() {
    let Some(mut disk) = Disk::new() else { return };
    for i in 0..30 {
        disk.write(&format!("t/{}/f{i}", i % 3), noise(100_000, i));
    }
    disk.write("u/g", "x");
    disk.write("v", "y");
    for (scheduler, jobs) in [(SCHEDULERS[0], 1), (SCHEDULERS[0], 4), (SCHEDULERS[1], 1), (SCHEDULERS[1], 4)] {
        // Removing originals would free space, so `--rm` is not tested.
        for variant in ["", "--named-temporaries", "--sync"] {
            let ran = disk.shell("", &format!("{FILL}; gzcc -r -j{jobs} {scheduler} {variant} t u v")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let stderr = ran.stderr();
            let (full, mut not_begun): (Vec<&str>, Vec<&str>) =
                stderr.lines().partition(|line| line.ends_with(".gz: No space left on device"));
            // Any worker may report an argument first.
            not_begun.sort();
            ran.assert((1..=jobs).contains(&full.len()), "at most one fails in each worker's hands");
            let messages = ["t: what is left in it is not", "u: what is left in it is not", "v: not"]
                .map(|rest| format!("gzcc: {rest} begun, as the disk is full"));
            ran.assert(not_begun == messages, "an argument a line");
            let line = format!("Compressed 0 files, {} failed\n", full.len() + 3);
            ran.assert(ran.stdout == line.as_bytes(), "all are counted");
            let mut after = disk.after();
            after.remove("filler");
            ran.assert(after == disk.originals, "nothing is changed");
        }
    }
}

#[test]
fn a_full_output_directory_costs_no_original_elsewhere() {
    let Some(mut disk) = Disk::new() else { return };
    disk.write("x", noise(3_900_000, 1));
    for scheduler in SCHEDULERS {
        for name in ["a", "b", "c"] {
            disk.t.write(format!("elsewhere/{name}"), noise(300_000, 3));
        }
        let words = format!("cd ../elsewhere; gzcc -q --rm -j1 {scheduler} -O ../disk/new a b c");
        let lines = ["a", "b", "c"].map(|name| format!("gzcc: {name}: ../disk/new/{name}.gz: No space left on device"));
        disk.shell("", &words).says(1, &lines.each_ref().map(String::as_str));
        for name in ["a", "b", "c"] {
            assert!(disk.t.read(format!("elsewhere/{name}")) == noise(300_000, 3));
        }
        assert_eq!(disk.after().keys().collect::<Vec<_>>(), ["x"]);
    }
}

#[test]
fn a_full_disk_leaves_no_partial_output_of_several_inputs() {
    let Some(disk) = nearly_full_disk() else { return };
    for scheduler in SCHEDULERS {
        for variant in ["", "--named-temporaries"] {
            disk.shell("", &format!("gzcc {scheduler} {variant} -o all.gz a big c")).says(
                1,
                &[
                    "gzcc: big: all.gz: No space left on device",
                    "gzcc: c: not written, as the output ended before it",
                    "gzcc: all.gz: not made, as it could not be finished",
                ],
            );
            assert!(disk.after() == disk.originals, "nothing is changed");
        }
    }
}

/// The file system has enough space but only five inodes: for the root directory and four files.
#[test]
fn a_disk_without_inodes_counts_as_full() {
    let Some(disk) = nearly_full_disk() else { return };
    for variant in VARIANTS {
        disk.shell(",nr_inodes=5", &format!("gzcc -q -j1 {variant} a c d")).says(
            1,
            &[
                "gzcc: a: a.gz: No space left on device",
                "gzcc: c: not begun, as the disk is full",
                "gzcc: d: not begun, as the disk is full",
            ],
        );
        assert!(disk.after() == disk.originals, "nothing is changed");
    }
}

/// An input that another worker has already opened is finished: here standard input, which stays open.
#[test]
fn files_in_progress_are_finished_after_the_disk_is_full() {
    require!("grep");
    let Some(disk) = nearly_full_disk() else { return };
    for scheduler in SCHEDULERS {
        let script = "{ for i in {1..600}; do grep -q 'No space' ../err && break; sleep 0.05; done; echo late; } | \
                      gzcc -j2 SCHEDULER - big c > ../out 2> ../err";
        disk.t.write("err", "");
        let ran = disk.shell("", &script.replace("SCHEDULER", scheduler)).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        assert_eq!(gunzip(&disk.t.read("out")), b"late\n", "{scheduler}");
        let lines = "gzcc: big: big.gz: No space left on device\n";
        assert_eq!(String::from_utf8(disk.t.read("err")).unwrap(), lines, "{scheduler}");
        assert_eq!(disk.assert_nothing_lost(&ran, false), 1);
    }
}

/// A quota, with errors as late as fsync, link or rename.
#[test]
fn an_exhausted_quota_fails_only_its_output_at_any_system_call() {
    require!("strace");
    let quota = "Disk quota exceeded";
    for (call, error, reason) in [
        ("write", "EDQUOT", quota),
        ("fsync", "EDQUOT", quota),
        ("fsync", "ENOSPC", "No space left on device"),
        ("linkat", "EDQUOT", quota),
        ("renameat2", "EDQUOT", quota),
    ] {
        let t = Sandbox::new();
        for name in ["a", "b", "c"] {
            t.write(name, log(5000));
        }
        let inject = format!("inject={call}:error={error}:when=1");
        let mut words = vec!["-o", "/dev/null", "-e", &inject, env!("CARGO_BIN_EXE_gzcc"), "-q", "-j1", "--rm"];
        if call == "renameat2" {
            words.push("--named-temporaries");
        }
        words.extend(["a", "b", "c"]);
        t.command("strace", words).says(1, &[&format!("gzcc: a: a.gz: {reason}")]);
        assert_eq!(t.names(), ["a", "b.gz", "c.gz"], "{call} {error}");
    }
}

#[test]
fn a_full_disk_does_not_affect_outputs_on_other_disks() {
    let Some(mut disk) = Disk::new() else { return };
    disk.write("big", noise(3 << 20, 1));
    disk.write("next", log(1000));
    let elsewhere = disk.t.write("elsewhere", log(1000));
    let ran = disk.shell("", "gzcc -j1 big next ../elsewhere - > ../piped").stdin("x").run();
    ran.assert(ran.status.code() == Some(1), "one does not fit");
    ran.assert(ran.stderr() == "gzcc: big: big.gz: No space left on device\n", "the full disk is reported");
    assert_eq!(disk.assert_nothing_lost(&ran, false), 1);
    disk.t.assert_holds("elsewhere.gz", &elsewhere);
    assert_member(&disk.t.read("piped"), b"x");
}

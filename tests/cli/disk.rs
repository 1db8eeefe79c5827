//! P1, P2, P3 on a disk with no room left: a real one of 4 MB, quotas, limits of a file's size, and /dev/full.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{BLOCK, Call, Finished, Sandbox, assert_member, gunzip, have_all, log, noise, skip};

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

/// Ways to make an output and to treat its original.
const WAYS: [&str; 4] = ["", "--named-temporaries", "--rm", "--rm -f --named-temporaries"];

/// How one gets a mount of one's own, which goes when its last process does; `None`, and said, where nobody may.
pub fn unshare() -> Option<&'static str> {
    if !have_all(&["bash", "unshare", "mount"]) {
        return None;
    }
    // As root where root may mount; else as the root of a world of one's own.
    let may_mount = |way: &&str| {
        let t = Sandbox::new();
        t.shell(&format!("mkdir disk && {way} mount -t tmpfs -o size=4m none disk")).run().status.success()
    };
    let way = ["unshare -m", "unshare -rm"].into_iter().find(may_mount);
    if way.is_none() {
        skip("nothing may be mounted here");
    }
    way
}

/// A folder whose files are put on a disk of their own.
struct Disk {
    t: Sandbox,
    unshare: &'static str,
    /// What `in` holds.
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

    /// Writes a file that the disk will hold at first.
    fn write(&mut self, name: &str, content: impl AsRef<[u8]>) {
        let content = self.t.write(format!("in/{name}"), content);
        self.originals.insert(name.to_owned(), content);
    }

    /// A call of `script` in the disk, on which everything in `in` is; what it holds afterwards is in `after`.
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

    /// Every file that the disk held afterwards, by its path.
    fn after(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.t.names().into_iter().filter(|name| self.t.path(name).is_file());
        files.filter_map(|name| Some((name.strip_prefix("after/")?.to_owned(), self.t.read(&name)))).collect()
    }

    /// Asserts that every original is there and the same, or, `removing`, its whole output is; that every output is
    /// whole or the old file; and that nothing else is there. Tells how many outputs were made.
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
                // The old output, replaced.
                Some(found) if found != *content => ran.assert(name.ends_with(".gz"), &format!("{name} is the same")),
                Some(_) => {}
                None => ran.assert(removing && gz.is_some(), &format!("{name} is there, or its whole output")),
            }
        }
        ran.assert(after.is_empty(), &format!("there is nothing but originals and outputs: {:?}", after.keys()));
        made
    }
}

/// Two small files fit; what lies between and behind them does not, or is not tried.
fn crowded() -> Option<Disk> {
    let mut disk = Disk::new()?;
    disk.write("a", log(5000));
    disk.write("big", noise(2_300_000, 1));
    disk.write("c", log(7000));
    disk.write("d", noise(100, 2));
    Some(disk)
}

#[test]
fn on_a_full_disk_no_further_file_is_begun_and_each_is_named() {
    let Some(disk) = crowded() else { return };
    for scheduler in SCHEDULERS {
        for way in WAYS {
            let call = disk.shell("", &format!("gzcc -j1 {scheduler} {way} a big c d"));
            let ran = call.run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let lines = "gzcc: big: big.gz: No space left on device\n\
                         gzcc: c: not begun, as the disk is full\n\
                         gzcc: d: not begun, as the disk is full\n";
            ran.assert(ran.stderr() == lines, "the disk is named, and what was not begun");
            ran.assert(ran.stdout == b"Compressed 1 file, 3 failed\n", "all are counted");
            let made = disk.assert_nothing_lost(&ran, way.contains("--rm"));
            ran.assert(made == 1, "only what came before is done");
        }
    }
}

#[test]
fn on_a_full_disk_an_old_output_stays() {
    let Some(mut disk) = crowded() else { return };
    for name in ["a.gz", "big.gz", "c.gz"] {
        disk.write(name, "old");
    }
    for scheduler in SCHEDULERS {
        for way in WAYS {
            let ran = disk.shell("", &format!("gzcc -q -f -j1 {scheduler} {way} a big c d")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let made = disk.assert_nothing_lost(&ran, way.contains("--rm"));
            let after = disk.after();
            ran.assert(made == 1 && after["big.gz"] == b"old" && after["c.gz"] == b"old", "the old ones stay");
        }
    }
}

#[test]
fn decompressing_onto_a_full_disk_is_no_different() {
    require!("gzip");
    let Some(mut disk) = Disk::new() else { return };
    let t = Sandbox::new();
    let contents = [("a", log(5000)), ("big", log(6_000_000)), ("c", log(100))];
    for (name, content) in &contents {
        disk.write(&format!("{name}.gz"), t.command("gzip", ["-c"]).stdin(content).succeeds());
    }
    for scheduler in SCHEDULERS {
        for way in WAYS {
            let ran = disk.shell("", &format!("gzcc -d -j1 {scheduler} {way} a.gz big.gz c.gz")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let lines = "gzcc: big.gz: big: No space left on device\n\
                         gzcc: c.gz: not begun, as the disk is full\n";
            ran.assert(ran.stderr() == lines, "the disk is named, and what was not begun");
            let mut expected = disk.originals.clone();
            expected.insert("a".into(), contents[0].1.clone());
            if way.contains("--rm") {
                expected.remove("a.gz");
            }
            ran.assert(disk.after() == expected, "one is done, nothing else is changed");
        }
    }
}

/// A tree may hold millions.
#[test]
fn of_a_walk_that_meets_a_full_disk_one_line_tells_what_is_not_begun() {
    let Some(mut disk) = Disk::new() else { return };
    for i in 0..30 {
        disk.write(&format!("t/{}/f{i}", i % 3), noise(100_000, i));
    }
    disk.write("u/g", "x");
    disk.write("v", "y");
    for (scheduler, jobs) in [(SCHEDULERS[0], 1), (SCHEDULERS[0], 4), (SCHEDULERS[1], 1), (SCHEDULERS[1], 4)] {
        // Without anything removed, as that makes room.
        for way in ["", "--named-temporaries", "--sync"] {
            let ran = disk.shell("", &format!("gzcc -r -j{jobs} {scheduler} {way} t u v")).run();
            ran.assert(ran.status.code() == Some(1), "status 1");
            let made = disk.assert_nothing_lost(&ran, false);
            let stderr = ran.stderr();
            let (full, mut not_begun): (Vec<&str>, Vec<&str>) =
                stderr.lines().partition(|line| line.ends_with(".gz: No space left on device"));
            // Each is told by whoever comes upon it.
            not_begun.sort();
            ran.assert((1..=jobs).contains(&full.len()), "at most one fails in each worker's hands");
            let told = ["t: what is left in it is not", "u: what is left in it is not", "v: not"]
                .map(|rest| format!("gzcc: {rest} begun, as the disk is full"));
            ran.assert(not_begun == told, "an argument a line");
            let line = format!("Compressed {made} files, {} failed\n", full.len() + 3);
            ran.assert(made > 0 && ran.stdout == line.as_bytes(), "all are counted");
        }
    }
}

#[test]
fn an_output_folder_on_a_full_disk_costs_no_original_elsewhere() {
    let Some(mut disk) = Disk::new() else { return };
    disk.write("x", noise(3_900_000, 1));
    for scheduler in SCHEDULERS {
        for name in ["a", "b", "c"] {
            disk.t.write(format!("elsewhere/{name}"), noise(300_000, 3));
        }
        let words = format!("cd ../elsewhere; gzcc -q --rm -j1 {scheduler} -O ../disk/new a b c");
        let not_begun = ["b", "c"].map(|name| format!("gzcc: {name}: not begun, as the disk is full"));
        let a = "gzcc: a: ../disk/new/a.gz: No space left on device";
        disk.shell("", &words).says(1, &[a, &not_begun[0], &not_begun[1]]);
        for name in ["a", "b", "c"] {
            assert!(disk.t.read(format!("elsewhere/{name}")) == noise(300_000, 3));
        }
        assert_eq!(disk.after().keys().collect::<Vec<_>>(), ["x"]);
    }
}

#[test]
fn one_output_for_several_inputs_is_not_made_on_a_full_disk() {
    let Some(disk) = crowded() else { return };
    for scheduler in SCHEDULERS {
        for way in ["", "--named-temporaries"] {
            disk.shell("", &format!("gzcc {scheduler} {way} -o all.gz a big c")).says(
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

/// The disk has room for bytes, but not for one more file: four of them and the folder are all it takes.
#[test]
fn a_disk_that_takes_no_more_files_is_as_full() {
    let Some(disk) = crowded() else { return };
    for way in WAYS {
        disk.shell(",nr_inodes=5", &format!("gzcc -q -j1 {way} a c d")).says(
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

/// What is in another worker's hands is done all the same: standard input, which is still open.
#[test]
fn what_was_begun_before_the_disk_was_full_is_finished() {
    require!("grep");
    let Some(disk) = crowded() else { return };
    for scheduler in SCHEDULERS {
        let script = "{ for i in {1..600}; do grep -q 'No space' ../err && break; sleep 0.05; done; echo late; } | \
                      gzcc -j2 SCHEDULER - big c > ../out 2> ../err";
        disk.t.write("err", "");
        let ran = disk.shell("", &script.replace("SCHEDULER", scheduler)).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        assert_eq!(gunzip(&disk.t.read("out")), b"late\n", "{scheduler}");
        let lines = "gzcc: big: big.gz: No space left on device\ngzcc: c: not begun, as the disk is full\n";
        assert_eq!(String::from_utf8(disk.t.read("err")).unwrap(), lines, "{scheduler}");
        assert!(disk.after() == disk.originals, "nothing is changed");
    }
}

/// A quota, and errors that come as late as a sync, a link or the making of a folder.
#[test]
fn a_quota_that_is_used_up_stops_the_run_wherever_it_shows() {
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
        t.command("strace", words).says(
            1,
            &[
                &format!("gzcc: a: a.gz: {reason}"),
                "gzcc: b: not begun, as the disk is full",
                "gzcc: c: not begun, as the disk is full",
            ],
        );
        assert_eq!(t.names(), ["a", "b", "c"], "{call} {error}");
    }
}

/// That a file may not be larger says nothing of the next one.
#[test]
fn the_limit_of_a_files_size_stops_no_other_file() {
    require!("bash");
    for scheduler in SCHEDULERS {
        for way in WAYS {
            for jobs in ["-j1", "-j4"] {
                let t = Sandbox::new();
                let mut names = Vec::new();
                for i in 0..12 {
                    let size = if i % 3 == 1 { 1_100_000 } else { 4000 };
                    t.write(format!("f{i}"), noise(size, i));
                    names.push(format!("f{i}"));
                }
                let ran = t.shell(&format!("ulimit -f 1000; gzcc {jobs} {scheduler} {way} {}", names.join(" "))).run();
                let mut lines: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
                lines.sort();
                let large = [10, 1, 4, 7];
                ran.assert(ran.status.code() == Some(1), "status 1");
                ran.assert(lines == large.map(|i| format!("gzcc: f{i}: f{i}.gz: File too large")), "four fail");
                ran.assert(ran.stdout == b"Compressed 8 files, 4 failed\n", "all others are done");
                for i in 0..12 {
                    let (name, output) = (format!("f{i}"), format!("f{i}.gz"));
                    let (is_large, removing) = (large.contains(&i), way.contains("--rm"));
                    ran.assert(t.exists(&name) == (is_large || !removing), &format!("{name} as it should be"));
                    ran.assert(t.exists(&output) != is_large, &format!("{output} as it should be"));
                }
                let left = if way.contains("--rm") { 12 } else { 12 + 8 };
                ran.assert(t.names().len() == left, "no litter");
            }
        }
    }
}

#[test]
fn what_expands_beyond_the_limit_of_a_files_size_stops_no_other_file() {
    require!("bash");
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        t.write("large", log(3 * BLOCK));
        t.write("small", log(5000));
        t.gzcc(["-q", "--rm", "large", "small"]).succeeds();
        t.shell(&format!("ulimit -f 1000; gzcc -dq --rm -j2 {scheduler} large.gz small.gz"))
            .says(1, &["gzcc: large.gz: large: File too large"]);
        assert_eq!(t.names(), ["large.gz", "small"]);
    }
}

/// Standard output is told of by its name, once, and the exit status tells as well.
#[test]
fn standard_output_that_takes_nothing_is_an_error_whatever_goes_there() {
    require!("bash", "gzip");
    let full = "No space left on device";
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        for name in ["a", "b"] {
            t.write(name, log(BLOCK + 10));
        }
        t.shell("gzip -k a b").succeeds();
        let says = |words: &str, lines: &[&str]| {
            t.shell(&format!("gzcc -j2 {scheduler} {words} > /dev/full")).says(1, lines);
        };
        let first = |input: &str| format!("gzcc: {input}: standard output: {full}");
        let alone = format!("gzcc: standard output: {full}");
        let after = |input: &str| format!("gzcc: {input}: not written, as the output ended before it");
        says("-c a b", &[&first("a"), &after("b")]);
        says("-dc a.gz b.gz", &[&first("a.gz"), &after("b.gz")]);
        says("< a", &[&first("standard input")]);
        says("-d < a.gz", &[&first("standard input")]);
        says("-l a.gz", &[&alone]);
        says("-l a.gz b.gz", &[&alone]);
        says("-lv a.gz b.gz a.gz", &[&alone]);
        says("-l --trailers a.gz b.gz", &[&alone]);
        says("-t a.gz b.gz", &[&alone]);
        says("-f a b", &[&alone]);
        says("-df a.gz b.gz", &[&alone]);
        assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz"]);
    }
}

/// It is not the disk that the others' outputs go to.
#[test]
fn a_full_standard_output_keeps_no_file_from_being_done() {
    require!("bash");
    for scheduler in SCHEDULERS {
        let t = Sandbox::new();
        let a = t.write("a", log(1000));
        let ran = t.shell(&format!("echo x | gzcc -j1 {scheduler} - a > /dev/full")).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        ran.assert(
            ran.stderr() == "gzcc: standard input: standard output: No space left on device\n",
            "one line for standard input",
        );
        t.assert_holds("a.gz", &a);
    }
}

#[test]
fn a_full_disk_keeps_nothing_from_being_done_on_another() {
    let Some(mut disk) = Disk::new() else { return };
    disk.write("big", noise(3 << 20, 1));
    disk.write("next", log(1000));
    let elsewhere = disk.t.write("elsewhere", log(1000));
    let ran = disk.shell("", "gzcc -j1 big next ../elsewhere - > ../piped").stdin("x").run();
    ran.assert(ran.status.code() == Some(1), "one has no room");
    let said = "gzcc: big: big.gz: No space left on device\ngzcc: next: not begun, as the disk is full\n";
    ran.assert(ran.stderr() == said, "that, and what else would have gone there, is told");
    disk.t.assert_holds("elsewhere.gz", &elsewhere);
    assert_member(&disk.t.read("piped"), b"x");
}

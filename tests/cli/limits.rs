//! Resource limits: descriptors, memory, threads, processors, lengths of names and paths; and very many files.

mod addresses;
mod places;

use std::fs;
use std::path::Path;

use crate::harness::{BLOCK, Sandbox, have, is_root, log, noise, repetitions, sample, skip};
use crate::stopped::count_calls;

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

/// A call of gzcc with these arguments after the shell command `limit`.
fn limited(t: &Sandbox, limit: &str, words: &[&str]) -> crate::harness::Call {
    let script = format!("{limit} || exit 99; exec \"$@\"");
    t.command("bash", [&["-c", &script, "bash", env!("CARGO_BIN_EXE_gzcc")], words].concat())
}

#[test]
fn a_descriptor_limit_reduces_the_workers_and_every_file_is_compressed() {
    require!("bash", "find");
    let t = Sandbox::new();
    let big = t.write("big", noise(3 * BLOCK, 1));
    let deep = (0..16).map(|i| format!("t/{}", "d/".repeat(i)));
    let names: Vec<String> = deep.map(|directory| format!("{directory}f")).collect();
    names.iter().for_each(|name| drop(t.write(name, name)));
    let named: Vec<&str> = names.iter().map(String::as_str).chain(["big"]).collect();
    // Smallest limits that work: descriptors for the input's directory and file, the output's file, and, where they
    // exist, the walk and the output's directory.
    for (limits, words) in [
        (&[8, 10, 12, 20, 40][..], [&["-f"], &named[..]].concat()),
        (&[16, 20, 40], [&["-f", "-O", "out"], &named[..]].concat()),
        (&[12, 20, 40], vec!["-rf", "t", "big"]),
        (&[20, 40], vec!["-rf", "-O", "out", "t", "big"]),
    ] {
        for (limit, scheduler) in limits.iter().flat_map(|limit| SCHEDULERS.map(|scheduler| (limit, scheduler))) {
            let printed = limited(&t, &format!("ulimit -n {limit}"), &[&["-j40", scheduler], &words[..]].concat());
            assert!(printed.succeeds().starts_with(b"Compressed 17 files"), "{limit}: {words:?}");
            t.shell("find . -name '*.gz' -delete").succeeds();
        }
    }
    t.gzcc(["big"]).succeeds();
    for scheduler in SCHEDULERS {
        let back = limited(&t, "ulimit -n 10", &["-dc", "-j40", scheduler, "big.gz"]);
        assert!(back.succeeds() == big, "{scheduler}");
    }
    // gzcc raises the soft limit to the hard limit, so a soft limit alone reduces no workers.
    for (limit, workers) in [("ulimit -n 20", 1), ("ulimit -n 52", 4), ("ulimit -Sn 20", 40)] {
        let line = format!("gzcc: {workers} worker{}, threads\n", if workers == 1 { "" } else { "s" });
        let ran = limited(&t, limit, &["-v", "-f", "-j40", "t/f"]).run();
        ran.assert(ran.status.success() && ran.stderr().starts_with(&line), &line);
    }
}

#[test]
fn a_small_stack_is_enough_for_every_mode_and_scheduler() {
    require!("bash");
    let t = Sandbox::new();
    let big = t.write("big", log(3 * BLOCK));
    for scheduler in SCHEDULERS {
        for words in ["-1", "-6", "-12", "--engine=flate2", "--verify"] {
            limited(&t, "ulimit -s 64", &["-f", "-j1", scheduler, words, "big"]).succeeds();
            t.assert_holds("big.gz", &big);
            let back = limited(&t, "ulimit -s 64", &["-dc", "-j1", scheduler, "big.gz"]).succeeds();
            assert!(back == big, "{scheduler} {words}");
        }
    }
    for words in [
        &["--help"][..],
        &["--man"],
        &["-l", "big.gz"],
        &["--benchmark=1", "-j1", "big"],
        &["-r", "--files-from", "/dev/null"],
    ] {
        limited(&t, "ulimit -s 64", words).succeeds();
    }
    let ran = limited(&t, "ulimit -s 64", &["--no-such-option"]).run();
    ran.assert(ran.status.code() == Some(1), "a usage error");
}

#[test]
fn a_memory_limit_leaves_no_partial_output_and_loses_no_original() {
    require!("bash");
    let t = Sandbox::new();
    let contents = [("big", noise(4 * BLOCK, 1)), ("a", log(1000)), ("b", log(5000))];
    let (mut whole, mut short) = (0, 0);
    for scheduler in SCHEDULERS {
        // In KiB: from too little to load the program to enough for the whole run.
        for limit in (2_000..40_000).step_by(2_000) {
            contents.iter().for_each(|(name, content)| drop(t.write(name, content)));
            let words = ["-j2", "--rm", scheduler, "big", "a", "b"];
            let ran = limited(&t, &format!("ulimit -c 0; ulimit -v {limit}"), &words).run();
            for (name, content) in &contents {
                let output = format!("{name}.gz");
                match t.exists(&output) {
                    true => t.assert_holds(&output, content),
                    false => {
                        ran.assert(t.exists(name) && t.read(name) == *content, &format!("{limit}: {name} is unchanged"))
                    }
                }
                let gone = !t.exists(name);
                ran.assert(!ran.status.success() || gone, &format!("{limit}: {name} is done where all is well"));
            }
            *if ran.status.success() { &mut whole } else { &mut short } += 1;
            let strange = t.names().into_iter().find(|name| name.starts_with('.'));
            ran.assert(strange.is_none(), &format!("{limit}: nothing else remains"));
            t.shell("rm -f *.gz").succeeds();
        }
    }
    assert!(whole > 0 && short > 0, "{whole} had enough memory, {short} had not: the limits must include both");
    // Both ends of the range were reached.
    contents.iter().for_each(|(name, content)| drop(t.write(name, content)));
    limited(&t, "ulimit -v 60000", &["-j2", "big", "a", "b"]).succeeds();
}

/// The limit counts the threads of a user and does not apply to root.
#[test]
fn a_thread_limit_reduces_the_workers() {
    require!("bash", "setpriv");
    if !is_root() {
        skip("needs root to become a user who has no processes yet");
        return;
    }
    let t = Sandbox::new();
    t.command("cp", [env!("CARGO_BIN_EXE_gzcc"), "gzcc"]).succeeds();
    let a = t.write("a", noise(4 * BLOCK, 1));
    t.write("b", log(1000));
    t.command("chown", ["-R", "60123:60123", "."]).succeeds();
    // The smallest limits: some stop all workers, some stop a part of them.
    for limit in sample(2, 1..6) {
        for scheduler in SCHEDULERS {
            for words in [&["a", "b"][..], &["-d", "a.gz", "b.gz"]] {
                let own = ["setpriv", "--reuid=60123", "--regid=60123", "--clear-groups", "./gzcc", "-f", "-j8"];
                let script = format!("ulimit -u {limit}; exec \"$@\"");
                let all = [&["-c", &script, "bash"], &own[..], &[scheduler], words].concat();
                t.command("bash", all).succeeds();
            }
            assert!(t.read("a") == a);
        }
    }
}

#[test]
fn an_affinity_of_one_processor_gives_one_worker_unless_j_asks_for_more() {
    require!("bash", "sed", "taskset");
    let t = Sandbox::new();
    t.write("a", "x");
    for (words, workers) in [(&["-v"][..], "1 worker, threads"), (&["-v", "-j3", SCHEDULERS[1]], "3 workers, rayon")] {
        // This process may be restricted to some processors: choose one of these.
        let one = t.command("bash", ["-c", "taskset -cp $$ | sed 's/.*: //; s/[,-].*//'"]).succeeds();
        let one = String::from_utf8(one).unwrap();
        let call = [&["-c", one.trim(), env!("CARGO_BIN_EXE_gzcc"), "-f"], words, &["a"]].concat();
        let ran = t.command("taskset", call).run();
        ran.assert(ran.status.success() && ran.stderr().starts_with(&format!("gzcc: {workers}\n")), workers);
    }
}

/// A cgroup with a quota of one processor.
struct Quota(std::path::PathBuf);

impl Quota {
    fn new() -> Option<Self> {
        let name = format!("gzcc-test-{}", std::process::id());
        let versions =
            [("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "100000"), ("/sys/fs/cgroup", "cpu.max", "100000 100000")];
        versions.into_iter().find_map(|(root, file, quota)| {
            let group = Path::new(root).join(&name);
            fs::create_dir(&group).ok()?;
            let group = Self(group);
            // Does not create the file: without the controller, the directory lacks it.
            let limit = fs::OpenOptions::new().write(true).open(group.0.join(file));
            limit.and_then(|mut limit| std::io::Write::write_all(&mut limit, quota.as_bytes())).ok().map(|()| group)
        })
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_quota_of_one_processor_gives_one_worker() {
    require!("bash");
    let Some(quota) = Quota::new() else {
        skip("no group of processes can be made here");
        return;
    };
    let t = Sandbox::new();
    t.write("a", "x");
    let enter = format!("echo $$ > {}", quota.0.join("cgroup.procs").display());
    let ran = limited(&t, &enter, &["-v", "a"]).run();
    if ran.status.code() == Some(99) {
        skip("the group cannot be entered");
        return;
    }
    ran.assert(ran.stderr().starts_with("gzcc: 1 worker, threads\n"), "the quota is heeded");
}

/// Number of files of the test with very many files.
fn very_many() -> usize {
    repetitions(20_000, 200_000)
}

/// P6: each file adds a few bytes of memory, whether it is named or found by a walk.
#[test]
fn very_many_files_are_compressed_in_bounded_memory() {
    require!("bash", "find", "python3");
    let many = very_many();
    // On a memory file system if there is one: a disk is slow with so many files.
    let t = tempfile::tempdir_in("/dev/shm").map_or_else(|_| Sandbox::new(), Sandbox::within);
    let peak = "import resource, subprocess, sys\nif subprocess.call(sys.argv[1:]): sys.exit(1)\n\
                print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    fs::create_dir(t.path("t")).unwrap();
    (0..many).for_each(|i| fs::write(t.path(format!("t/{i}")), b"x").unwrap());
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    // Directory or arguments, number of files, and allowed bytes per file: an argument is stored twice, and a third time
    // as the location of its output. The kernel limits arguments to about 2 MiB.
    for (words, many, bytes) in [("-r t", many, 64), ("--scheduler=rayon --rm --no-sync t/1????", 10_000, 300)] {
        // The kernel's limit for arguments is a quarter of the stack limit.
        let script = format!("ulimit -s 65536 2>&-; exec python3 -c '{peak}' '{gzcc}' -1 -j2 {words}");
        let ran = t.command("bash", ["-c", &script]).run();
        if ran.stderr().contains("Argument list too long") {
            skip(&format!("{words} is too long for this system"));
            continue;
        }
        let printed = String::from_utf8(ran.stdout.clone()).unwrap();
        let (count, used) = printed.trim().split_once('\n').unwrap_or_default();
        ran.assert(count == format!("Compressed {many} files") && ran.stderr.is_empty(), words);
        let (used, allowed) = (used.parse::<usize>().unwrap() * 1024, (24 << 20) + many * bytes);
        ran.assert(used < allowed, &format!("{words}: {used} of {allowed} bytes"));
        let made = fs::read_dir(t.path("t"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "gz"));
        assert_eq!(made.count(), many, "{words}");
        t.assert_holds("t/12345.gz", b"x");
        t.shell("find t -name '*.gz' -delete").succeeds();
    }
}

#[test]
fn names_of_252_bytes_are_compressed_and_longer_ones_are_refused_before_any_read() {
    let longest = "n".repeat(252);
    let outputs = [&["-k"][..], &["-f"], &["--named-temporaries"], &["--named-temporaries", "-f"], &["-O", "out"]];
    for way in outputs {
        let t = Sandbox::new();
        let content = t.write(&longest, log(1000));
        t.gzcc([way, &[&longest]].concat()).succeeds();
        let output = format!("{}{longest}.gz", if way[0] == "-O" { "out/" } else { "" });
        t.assert_holds(&output, &content);
        fs::remove_file(t.path(&longest)).unwrap();
        let back = if way[0] == "-O" { &["-O", "back"] } else { way };
        t.gzcc([&["-d"], back, &[&output]].concat()).succeeds();
        assert!(t.read(if way[0] == "-O" { format!("back/out/{longest}") } else { longest.clone() }) == content);
    }
    let too_long = "n".repeat(253);
    for way in outputs {
        let t = Sandbox::new();
        t.write(&too_long, log(1000));
        let shown = if way[0] == "-O" { "out/" } else { "" };
        let said = format!("gzcc: {too_long}: {shown}{too_long}.gz: File name too long");
        t.gzcc([way, &["--rm", &too_long]].concat()).says(1, &[&said]);
        assert!(t.read(&too_long) == log(1000));
        if have("strace") {
            let words = [way, &[&too_long]].concat();
            assert_eq!(count_calls(&t, &too_long, "pread64,read", &words, 1), 0, "{way:?}: nothing is read");
            assert_eq!(count_calls(&t, &too_long, "fstat", &words, 1), 1, "{way:?}: it is looked at");
        }
    }
}

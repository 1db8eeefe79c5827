//! The cost of starting and ending: a run over one small file.

use std::path::PathBuf;

use crate::harness::{Sandbox, log};
use crate::programs::{command, full, skip};

/// The system calls of a run with `words` over a file `a` of 1 KB.
fn calls(words: &[&str]) -> Vec<String> {
    let t = Sandbox::new();
    t.write("a", log(1000));
    t.write("directory/a", log(1000));
    let strace = ["-f", "-qq", "-o", "trace", env!("CARGO_BIN_EXE_gzcc")];
    t.command("strace", [&strace[..], words].concat()).succeeds();
    String::from_utf8(t.read("trace")).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_run_over_one_small_file_starts_no_thread_and_reads_no_system_file() {
    require!("strace");
    for words in [&["a"][..], &["-k9", "a"], &["-c", "a"], &["--level=1", "a"]] {
        let calls = calls(words);
        let unneeded = ["clone", "socketpair", "/proc/self/cgroup", "/proc/self/status", "/sys/", "locale"];
        let found: Vec<&String> = calls.iter().filter(|call| unneeded.iter().any(|what| call.contains(what))).collect();
        assert!(found.is_empty(), "{words:?}: {found:#?}");
        // 57, three of them only in a debug build, which checks descriptors before it closes them. The dynamic loader and
        // Rust's runtime make their calls before these.
        let main = calls.iter().rposition(|call| call.contains("SIGBUS")).unwrap();
        let own = &calls[main + 1..];
        assert!(own.len() <= 60, "{words:?}: {} calls\n{}", own.len(), own.join("\n"));
    }
}

#[test]
fn other_runs_handle_signals_and_use_all_processors() {
    require!("strace");
    let has = |words: &[&str], what: &str| calls(words).iter().any(|call| call.contains(what));
    for words in [&["-c", "a", "a"][..], &["--json", "a"], &["-r", "directory"], &["-o", "b", "a"]] {
        assert!(has(words, "clone") && has(words, "/proc/self/cgroup"), "{words:?}");
    }
    // A temporary name must not stay behind after a signal.
    assert!(has(&["--named-temporaries", "a"], "clone"));
}

/// Options, and the most instructions of the process from its first to its last, those of the dynamic loader (250,000) included.
/// Measured: 580,000 to 660,000.
const MAX_INSTRUCTIONS: [(&str, u64); 4] = [("-k", 660_000), ("-c", 650_000), ("-1c", 620_000), ("-9c", 690_000)];

#[test]
fn a_run_over_one_small_file_takes_few_instructions() {
    if !full() {
        return skip("only the long tier makes the release build, whose instructions are counted");
    }
    require!("valgrind");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned();
    let build = ["build", "--release", "--locked", "--bin", "gzcc", "--target-dir", target.to_str().unwrap()];
    assert!(command(env!("CARGO")).args(build).status().unwrap().success());
    let gzcc = target.join("release/gzcc");
    let t = Sandbox::new();
    t.write("a", log(1000));
    for (options, most) in MAX_INSTRUCTIONS {
        // The dynamic loader reads the whole environment, and cargo sets its path, so that it searches more directories.
        let path = format!("PATH={}", std::env::var("PATH").unwrap());
        let valgrind = ["-i", &path, "valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=counts"];
        t.command("env", [&valgrind[..], &[gzcc.to_str().unwrap(), options, "a"]].concat()).succeeds();
        let counts = String::from_utf8(t.read("counts")).unwrap();
        let total = counts.lines().find_map(|line| line.strip_prefix("totals: ")).unwrap();
        let total: u64 = total.trim().parse().unwrap();
        assert!(total <= most, "{options}: {total} instructions");
    }
}

//! `--only-smaller`: an output that saves too little is not kept, and gzcc stops compressing it early.

use crate::harness::{BLOCK, Sandbox, log, noise, sample};

#[test]
fn only_smaller_skips_files_that_do_not_shrink_and_changes_no_other_output() {
    let runs: [&[&str]; 6] =
        [&["-j1"], &["-j4"], &["-j4", "--scheduler=rayon"], &["--rsyncable"], &["-0"], &["--verify"]];
    let (compressible, incompressible) = (log(8 * BLOCK), noise(20 * BLOCK, 1));
    for options in sample(2, runs) {
        let t = Sandbox::new();
        t.write("log", &compressible);
        t.write("noise", &incompressible);
        t.write("short", "x");
        t.write("empty", "");
        let files = ["log", "noise", "short", "empty"];
        let usual = t.gzcc([&["-c"], options, &["log"]].concat()).succeeds();
        let said = t.gzcc([&["--only-smaller", "--rm"], options, &files[..]].concat()).succeeds();
        let stored = options == ["-0"];
        let counted = if stored { "Compressed 0 files, 4 skipped\n" } else { "Compressed 1 file, 3 skipped\n" };
        assert_eq!(String::from_utf8_lossy(&said), counted, "{options:?}");
        let left =
            if stored { vec!["empty", "log", "noise", "short"] } else { vec!["empty", "log.gz", "noise", "short"] };
        assert_eq!(t.names(), left, "{options:?}");
        assert!(stored || t.read("log.gz") == usual, "{options:?}");
    }
}

#[test]
fn only_smaller_needs_exactly_the_given_percentage() {
    let t = Sandbox::new();
    let content = t.write("a", log(3 * BLOCK));
    t.gzcc(["a"]).succeeds();
    let packed = t.read("a.gz").len();
    let saved = (content.len() - packed) * 100 / content.len();
    std::fs::remove_file(t.path("a.gz")).unwrap();
    let skipped = ["gzcc: 1 worker, threads", "gzcc: a: does not get as small as asked; left alone"];
    t.gzcc(["-vj1", &format!("--only-smaller={}", saved + 1), "a"]).says(0, &skipped);
    assert_eq!(t.names(), ["a"]);
    assert_eq!(t.gzcc([&format!("--only-smaller={saved}"), "a"]).succeeds(), b"Compressed 1 file\n");
    t.assert_holds("a.gz", &content);
    // An existing output stays.
    t.gzcc(["-f", "--only-smaller=99", "a"]).succeeds();
    t.assert_holds("a.gz", &content);
    let said = String::from_utf8(t.gzcc(["-f", "--only-smaller=99", "--json", "a"]).succeeds()).unwrap();
    assert!(
        said.contains("\"status\":\"skipped\",\"reason\":\"does not get as small as asked; left alone\""),
        "{said}"
    );
}

#[test]
fn an_outdated_output_that_stays_is_a_warning() {
    for words in [&["--update"][..], &["-f"], &["-f", "--rm"], &["-f", "-j4", "--scheduler=rayon"]] {
        let t = Sandbox::new();
        t.write("r", vec![0; 100_000]);
        t.gzcc(["r"]).succeeds();
        let old = t.read("r.gz");
        let new = t.write("r", noise(1000, 1));
        let said = "gzcc: r: does not get as small as asked; r.gz, which is outdated, stays";
        t.gzcc([&["--only-smaller"], words, &["r"]].concat()).says(2, &[said]);
        assert!(t.read("r.gz") == old && t.read("r") == new, "{words:?}");
    }
}

#[test]
fn a_big_file_that_does_not_shrink_is_not_read_to_its_end() {
    require!("strace");
    let t = Sandbox::new();
    t.write("big", noise(64 << 20, 3));
    let big = t.path("big");
    for options in [&["-j1"][..], &["-j4"], &["-j4", "--scheduler=rayon"], &["-j1", "--rsyncable"]] {
        let strace = ["-f", "-P", big.to_str().unwrap(), "-e", "trace=read,pread64", "-o", "trace"];
        let words = [&strace[..], &[env!("CARGO_BIN_EXE_gzcc"), "--only-smaller"], options, &["big"]].concat();
        assert_eq!(t.command("strace", words).succeeds(), b"Compressed 0 files, 1 skipped\n");
        let trace = String::from_utf8(t.read("trace")).unwrap();
        let got = trace.lines().filter_map(|line| line.rsplit_once(" = ")?.1.parse::<usize>().ok());
        let read: usize = got.sum();
        // Four blocks decide; the workers may have read more meanwhile.
        assert!((4 * BLOCK..16 << 20).contains(&read), "{options:?}: {} MiB", read >> 20);
    }
}

#[test]
fn only_smaller_is_refused_without_an_output_per_file() {
    let t = Sandbox::new();
    t.write("a", "x");
    let needs = "gzcc: --only-smaller needs an output for each file; see gzcc --help";
    for words in [&[][..], &["-c", "a"], &["-o", "x", "a"], &["a", "-"]] {
        assert_eq!(t.gzcc(["--only-smaller"].iter().chain(words)).says(1, &[needs]), "", "{words:?}");
    }
    for word in ["-d", "-t", "-l"] {
        t.gzcc(["--only-smaller", word, "a"]).says(1, &["gzcc: --only-smaller goes with compressing; see gzcc --help"]);
    }
    for value in ["100", "-1", "x", "", "1.5", "50%"] {
        let reason = "expected 0 to 99; see gzcc --help";
        let line = format!("gzcc: invalid value '{value}' for '--only-smaller[=<PCT>]': {reason}");
        t.gzcc([&format!("--only-smaller={value}"), "a"]).says(1, &[&line]);
    }
    // A separate word is not its value.
    t.gzcc(["--only-smaller", "50"]).says(1, &["gzcc: 50: No such file or directory"]);
    assert_eq!(t.names(), ["a"]);
}

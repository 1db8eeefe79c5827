//! The command line: accepted and refused arguments, and the exit status of each.

use std::time::Duration;

use crate::harness::{Sandbox, assert_member, every_level, gunzip, log};

#[test]
fn outputs_lie_next_to_their_inputs_and_are_counted() {
    let t = Sandbox::new();
    let (a, b) = (t.write("a.log", log(5000)), t.write("b.log", log(70_000)));
    assert_eq!(t.gzcc(["a.log", "b.log"]).succeeds(), b"Compressed 2 files\n");
    t.assert_holds("a.log.gz", &a);
    t.assert_holds("b.log.gz", &b);
    assert_eq!((t.read("a.log"), t.read("b.log")), (a, b), "originals are kept");
}

#[test]
fn the_count_of_one_file_is_singular() {
    let t = Sandbox::new();
    t.write("a", "x");
    assert_eq!(t.gzcc(["a"]).succeeds(), b"Compressed 1 file\n");
}

#[test]
fn without_files_or_with_a_dash_gzcc_filters_standard_input() {
    let t = Sandbox::new();
    let content = log(3000);
    for words in [&[][..], &["-"], &["-c"], &["-c", "-"], &["-o", "-"], &["--", "-"]] {
        assert_member(&t.gzcc(words).stdin(&content).succeeds(), &content);
    }
}

#[test]
fn levels_are_accepted_in_every_usual_spelling() {
    let t = Sandbox::new();
    let content = t.write("a", log(100_000));
    let at = |words: &[&str]| t.gzcc([words, &["-c", "a"]].concat()).succeeds();
    for level in every_level() {
        let (engine, short) = level.split_once(' ').unwrap();
        let long = at(&["--level", &short[1..], engine]);
        assert_member(&long, &content);
        assert!(long == at(&[engine, short]), "{level}");
    }
    assert!(at(&["--fast"]) == at(&["-1"]) && at(&["--best"]) == at(&["-9"]) && at(&[]) == at(&["-6"]));
    assert!(at(&["-9", "-1"]) == at(&["-1"]), "the last one wins");
    assert!(at(&["-k1f"]) == at(&["-1"]), "digits among other letters");
    assert!(at(&["-9"]).len() < at(&["-1"]).len() && at(&["-1"]).len() < at(&["-0"]).len());
}

#[test]
fn levels_above_9_need_the_native_engine_and_best_means_level_9() {
    let t = Sandbox::new();
    t.write("a", log(100_000));
    let needs = "gzcc: level 12 needs --engine native; see gzcc --help";
    t.gzcc(["-12", "--engine=flate2", "a"]).says(1, &[needs]);
    let beyond = "gzcc: invalid level '13': expected 0 to 12; see gzcc --help";
    t.gzcc(["--engine=native", "-13", "a"]).says(1, &[beyond]);
    assert_eq!(t.names(), ["a"]);
    for engine in ["native", "flate2"] {
        // The engine's name may be a separate argument after any unambiguous prefix of the option.
        let best = t.gzcc(["--eng", engine, "--best", "-c", "a"]).succeeds();
        assert!(best == t.gzcc(["-9", "-c", "a", "--engine", engine]).succeeds(), "{engine}");
    }
}

#[test]
fn options_and_files_mix_in_any_order_and_two_dashes_end_the_options() {
    let t = Sandbox::new();
    let (a, dash) = (t.write("a", "first"), t.write("-9", "second"));
    assert_eq!(t.gzcc(["a", "-v", "-q", "--", "-9"]).succeeds(), b"");
    t.assert_holds("a.gz", &a);
    t.assert_holds("-9.gz", &dash);
}

#[test]
fn invalid_arguments_fail_with_one_line_and_status_1_before_any_work() {
    let t = Sandbox::new();
    t.write("a", "x");
    for words in [
        &["-j", "0"][..],
        &["-j", "x"],
        &["-j", "3\n4"],
        &["-j", "65535"],
        &["-13"],
        &["--level", "13"],
        &["-10", "--engine", "flate2"],
        &["--engine", "zlib"],
        &["--scheduler", "fair"],
        &["-S", ""],
        &["-S", "a/b"],
        &["--rm", "-c"],
        &["--nonsense"],
        &["-o", ""],
        &["-O", ""],
    ] {
        let ran = t.gzcc([words, &["a"]].concat()).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        ran.assert(ran.stderr().starts_with("gzcc: ") && ran.stderr().lines().count() == 1, "one line");
        ran.assert(ran.stdout.is_empty(), "nothing on standard output");
    }
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn unambiguous_prefixes_of_long_options_are_accepted() {
    let t = Sandbox::new();
    t.write("a", "x");
    assert_eq!(t.gzcc(["--lev", "9", "--recurs", "a"]).succeeds(), b"Compressed 1 file\n");
    assert_eq!(t.gzcc(["--s", "a"]).run().status.code(), Some(1), "suffix, scheduler, sparse, stdout or sync");
}

#[test]
fn a_custom_suffix_names_outputs_and_identifies_compressed_inputs() {
    let t = Sandbox::new();
    let a = t.write("a", "x");
    t.gzcc(["-S", ".x", "a"]).succeeds();
    t.assert_holds("a.x", &a);
    let left_alone = "gzcc: a.x: already has the suffix; left alone";
    assert_eq!(t.gzcc(["-S.x", "a.x"]).says(2, &[left_alone]), "Compressed 0 files, 1 skipped\n");
    t.gzcc(["a.x"]).succeeds();
    assert_eq!(gunzip(&gunzip(&t.read("a.x.gz"))), a);
}

#[test]
fn name_and_time_are_stored_only_with_the_name_option() {
    let t = Sandbox::new();
    t.write("dir/a", "x");
    t.set_times("dir/a", Duration::from_secs(1_700_000_000));
    let plain = t.gzcc(["-c", "dir/a"]).succeeds();
    assert_eq!(plain[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    assert!(plain == t.gzcc(["-c", "-N", "-n", "dir/a"]).succeeds());
    let named = t.gzcc(["-c", "-N", "dir/a"]).succeeds();
    assert_eq!(named[..12], [&[0x1f, 0x8b, 8, 8][..], &1_700_000_000u32.to_le_bytes(), &[0, 3], b"a\0"].concat());
    assert_member(&named, b"x");
    assert!(t.gzcc(["-N"]).stdin("x").succeeds() == plain, "standard input has neither");
}

#[test]
fn both_schedulers_accept_any_number_of_workers() {
    let t = Sandbox::new();
    let a = t.write("a", log(2_000_000));
    for words in [["--scheduler=threads", "-j1"], ["--scheduler=rayon", "-p3"], ["--scheduler=rayon", "--processes=40"]]
    {
        t.gzcc([&words[..], &["-f", "a"]].concat()).succeeds();
        t.assert_holds("a.gz", &a);
    }
}

#[test]
fn an_unsupported_level_is_an_error_only_when_compressing() {
    for (words, variable) in [(&["-11"][..], None), (&["--level=12"], None), (&[], Some("12")), (&["-1"], Some("11"))] {
        for operation in
            [&["-t", "p.gz"][..], &["-dc", "p.gz"], &["-d", "p.gz"], &["-l", "p.gz"], &["-l", "--trailers", "p.gz"]]
        {
            let t = Sandbox::new();
            let content = t.write("p", "content");
            t.gzcc(["-q", "--rm", "p"]).succeeds();
            let mut call = t.gzcc([&["--engine", "flate2"], words, operation].concat());
            variable.into_iter().for_each(|level| call.set("GZCC_LEVEL", level));
            let stdout = call.succeeds();
            assert!(operation[0] != "-dc" || stdout == content);
            assert!(operation[0] != "-d" || t.read("p") == content);
        }
    }
    let t = Sandbox::new();
    t.write("a", "content");
    t.gzcc(["--engine", "flate2", "-11", "a"]).says(1, &["gzcc: level 11 needs --engine native; see gzcc --help"]);
}

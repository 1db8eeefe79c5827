//! gzcc under the names pigz and unpigz: gzip's rules and pigz's options.

use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::harness::{BLOCK, Call, Sandbox, gunzip, log};

/// A call of gzcc by another name.
fn called(t: &Sandbox, name: &str, words: &[&str]) -> Call {
    let link = t.path(format!("bin/{name}"));
    if !t.exists("bin") {
        std::fs::create_dir(t.path("bin")).unwrap();
    }
    if !t.exists(&link) {
        symlink(env!("CARGO_BIN_EXE_gzcc"), &link).unwrap();
    }
    t.command(link.to_str().unwrap(), words)
}

#[test]
fn pigz_and_unpigz_replace_originals_silently() {
    let t = Sandbox::new();
    let a = t.write("a", log(3 * BLOCK));
    assert!(called(&t, "pigz", &["-p", "2", "-9", "a"]).succeeds().is_empty());
    assert!(!t.exists("a"));
    t.assert_holds("a.gz", &a);
    assert!(called(&t, "unpigz", &["-p3", "a.gz"]).succeeds().is_empty());
    assert_eq!(t.read("a"), a);
    assert!(!t.exists("a.gz"));
}

#[test]
fn independent_blocks_do_not_refer_to_earlier_content() {
    let t = Sandbox::new();
    // Noise that repeats at a distance of 16 KiB compresses well only with the window before a block.
    let noise = crate::harness::noise(16 * 1024, 3);
    let content = t.write("a", noise.repeat(2 * BLOCK / noise.len()));
    let (joined, apart) = (called(&t, "pigz", &["-c", "a"]).succeeds(), called(&t, "pigz", &["-ci", "a"]).succeeds());
    crate::harness::assert_member(&apart, &content);
    // The second block must contain the noise again.
    assert!(apart.len() > joined.len() + noise.len() * 9 / 10, "{} and {}", apart.len(), joined.len());
}

#[test]
fn upper_case_r_means_rsyncable() {
    let t = Sandbox::new();
    let content = t.write("a", log(2 * BLOCK));
    let by_letter = called(&t, "pigz", &["-cR", "a"]).succeeds();
    assert!(by_letter == called(&t, "pigz", &["-c", "--rsyncable", "a"]).succeeds());
    assert!(by_letter != called(&t, "pigz", &["-c", "a"]).succeeds());
    assert_eq!(gunzip(&by_letter), content);
}

#[test]
fn name_and_time_are_stored_independently_of_each_other() {
    let t = Sandbox::new();
    t.write("a", "x");
    t.set_times("a", Duration::from_secs(1_700_000_000));
    let header = |words: &[&str]| {
        let gz = called(&t, "pigz", words).succeeds();
        (gz[3], u32::from_le_bytes([gz[4], gz[5], gz[6], gz[7]]))
    };
    assert_eq!(header(&["-c", "a"]), (8, 1_700_000_000));
    assert_eq!(header(&["-cm", "a"]), (8, 0));
    assert_eq!(header(&["-cn", "a"]), (0, 0));
    assert_eq!(header(&["-cnM", "a"]), (0, 1_700_000_000));
}

#[test]
fn unsupported_options_are_refused() {
    let t = Sandbox::new();
    t.write("a", "x");
    for words in [
        &["-10"][..],
        &["-12"],
        &["-b", "512"],
        &["--blocksize=512"],
        &["-K"],
        &["--zip"],
        &["-z"],
        &["-H"],
        &["-U"],
        &["-A", "x"],
        &["-C", "x"],
        &["-I", "5"],
        &["-p", "0"],
        &["-p", "x"],
    ] {
        let ran = called(&t, "pigz", &[words, &["a"]].concat()).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().starts_with("pigz: "), "it is refused");
        ran.assert(!t.exists("a.gz") && t.exists("a"), "nothing is done");
    }
}

#[test]
fn the_environment_variable_may_hold_options_but_no_files() {
    let t = Sandbox::new();
    let a = t.write("a", log(1000));
    let with = |variable: &str, value: &str, words: &[&str]| {
        let mut call = called(&t, "pigz", words);
        call.set(variable, value);
        call
    };
    with("PIGZ", "-k  -p 2", &["a"]).succeeds();
    assert_eq!((t.exists("a"), t.exists("a.gz")), (true, true));
    with("GZIP", "-dk", &["-f", "a.gz"]).succeeds();
    assert_eq!((t.read("a"), t.exists("a.gz")), (a, true));
    let try_help = "Try `pigz --help' for more information.";
    for (value, what) in [("-k a", "a: non-option"), ("--", "--: option not valid")] {
        let line = format!("pigz: {what} in PIGZ environment variable");
        with("PIGZ", value, &["a"]).says(1, &[&line, try_help]);
    }
}

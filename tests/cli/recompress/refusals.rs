//! Files and options that `--recompress` refuses.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::unix::fs::symlink;

use gzcc::command::run_with_engine;
use gzcc::deflate::{self, BlockCompressor, Window};
use gzcc::settings::{Mode, Settings};

use super::compressed;
use crate::harness::{BLOCK, Sandbox, assert_member, is_root, log, skip};

#[test]
fn damaged_data_and_other_formats_are_kept() {
    let t = Sandbox::new();
    let whole = compressed(&t, &[], &log(3 * BLOCK));
    let mut wrong_crc = whole.clone();
    let trailer = whole.len() - 8;
    wrong_crc[trailer] ^= 1;
    let cut = &whole[..whole.len() / 2];
    let cases = [
        ("garbage.gz", [&whole[..], b"garbage"].concat(), 2, "has trailing garbage, which would be lost; left alone"),
        ("cut.gz", cut.to_vec(), 1, &*format!("unexpected end of file at byte {}", cut.len())),
        ("plain.gz", b"plain text".to_vec(), 1, "not in gzip format"),
        ("empty.gz", Vec::new(), 1, "unexpected end of file at byte 0"),
        ("lzw.Z", b"\x1f\x9d\x90a\x00".to_vec(), 1, "not in gzip format"),
        ("plain", b"plain text".to_vec(), 2, "unknown suffix; left alone (-c decompresses it)"),
    ];
    for (name, content, status, reason) in &cases {
        t.write(name, content);
        for jobs in ["-j1", "-j3"] {
            t.gzcc(["--recompress", "-9", jobs, name]).says(*status, &[&format!("gzcc: {name}: {reason}")]);
            assert!(t.read(name) == *content, "{name}");
        }
    }
    t.write("crc.gz", &wrong_crc);
    let ran = t.gzcc(["--recompress", "-9", "crc.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().contains("damaged data before byte"), "the CRC is checked");
    assert!(t.read("crc.gz") == wrong_crc);
    assert_eq!(t.names().len(), cases.len() + 1, "nothing else is made");
    // Zeros after the last member are padding.
    t.write("padded.gz", [&whole[..], &[0; 512]].concat());
    t.gzcc(["--recompress", "padded.gz"]).succeeds();
    assert_member(&t.read("padded.gz"), &log(3 * BLOCK));
}

/// Damage and garbage at the end are found even if the output is too large long before.
#[test]
fn the_end_of_a_file_that_does_not_get_smaller_is_checked_by_any_number_of_workers() {
    let t = Sandbox::new();
    let whole = t.gzcc(["-9", "-c"]).stdin(log(8 * BLOCK)).succeeds();
    let mut wrong_crc = whole.clone();
    let trailer = whole.len() - 8;
    wrong_crc[trailer] ^= 1;
    let garbage = [&whole[..], b"garbage"].concat();
    let run = |content: &[u8], jobs: &str| {
        t.write("a.gz", content);
        let ran = t.gzcc(["--recompress", "-1", jobs, "a.gz"]).run();
        assert!(t.read("a.gz") == content && t.names() == ["a.gz"]);
        (ran.status.code(), ran.stderr())
    };
    for (content, status, reason) in
        [(&wrong_crc, 1, "damaged data before byte"), (&garbage, 2, "has trailing garbage")]
    {
        let expected = run(content, "-j1");
        assert!(expected.0 == Some(status) && expected.1.contains(reason), "{expected:?}");
        for jobs in ["-j2", "-j8"] {
            assert_eq!(run(content, jobs), expected, "{jobs}");
        }
    }
    assert_eq!(run(&whole, "-j8"), (Some(0), String::new()));
}

#[test]
fn links_and_special_modes_are_refused_as_with_rm() {
    let t = Sandbox::new();
    let (content, old) = (log(100_000), compressed(&t, &[], &log(100_000)));
    t.write("a.gz", &old);
    fs::hard_link(t.path("a.gz"), t.path("b.gz")).unwrap();
    symlink("a.gz", t.path("soft.gz")).unwrap();
    t.write("setuid.gz", &old);
    t.set_mode("setuid.gz", 0o4755);
    t.gzcc(["--recompress", "a.gz", "soft.gz", "setuid.gz"]).says(
        2,
        &[
            "gzcc: a.gz: has 2 hard links; left alone (-f takes it)",
            "gzcc: soft.gz: is a symbolic link; left alone",
            "gzcc: setuid.gz: is setuid, setgid or sticky; left alone (-f takes it)",
        ],
    );
    ["a.gz", "b.gz", "setuid.gz"].into_iter().for_each(|name| assert!(t.read(name) == old, "{name}"));
    // With -f the name gets a file of its own.
    t.gzcc(["--recompress", "-f", "a.gz"]).succeeds();
    t.assert_holds("a.gz", &content);
    assert!(t.read("a.gz").len() < old.len() && t.read("b.gz") == old);
}

#[test]
fn a_file_with_an_index_is_taken_only_if_a_format_is_given() {
    let t = Sandbox::new();
    let (content, old) = (log(200_000), compressed(&t, &[], &log(200_000)));
    t.write("d/a.gz", &old);
    t.gzcc(["-t", "--index", "d/a.gz"]).succeeds();
    let line = "gzcc: d/a.gz: has the index d/a.gz.gzidx, which would become wrong; left alone (--format takes it)";
    t.gzcc(["--recompress", "d/a.gz"]).says(2, &[line]);
    // A walk finds such files all the time, so this is no warning.
    t.gzcc(["-r", "--recompress", "d"]).succeeds();
    assert!(t.read("d/a.gz") == old);
    assert!(t.gzcc(["-dc", "--bytes=100-199", "d/a.gz"]).succeeds() == content[100..200]);
    t.gzcc(["--recompress", "--format=gzip", "d/a.gz"]).succeeds();
    t.assert_holds("d/a.gz", &content);
}

#[test]
fn a_file_in_a_directory_without_write_permission_is_kept() {
    if is_root() {
        skip("root may write to every directory");
        return;
    }
    let t = Sandbox::new();
    let old = compressed(&t, &[], &log(100_000));
    t.write("d/a.gz", &old);
    t.set_mode("d", 0o555);
    t.gzcc(["--recompress", "d/a.gz"]).says(1, &["gzcc: d/a.gz: d/a.gz: Permission denied"]);
    t.set_mode("d", 0o755);
    assert!(t.read("d/a.gz") == old);
}

/// An engine that makes valid data of other content.
struct WrongContent(Box<dyn BlockCompressor>);

impl BlockCompressor for WrongContent {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let shorter = block.start..block.end - 1.min(block.len());
        self.0.compress(window, shorter, last, out);
    }
}

#[test]
fn an_output_that_does_not_hold_the_content_is_found_by_verify() {
    let t = Sandbox::new();
    let old = compressed(&t, &[], &log(3 * BLOCK));
    t.write("a.gz", &old);
    let settings = Settings {
        mode: Mode::Recompress,
        inputs: vec![t.path("a.gz").into()],
        jobs: NonZeroUsize::new(2).unwrap(),
        verify: true,
        ..Settings::default()
    };
    let wrong: deflate::NewCompressor = |kind, level| Box::new(WrongContent(deflate::new_compressor(kind, level)));
    let tally = run_with_engine(settings.clone(), &(), wrong);
    assert_eq!((tally.done, tally.failed), (0, 1));
    assert!(t.read("a.gz") == old && t.names() == ["a.gz"]);
    assert_eq!(run_with_engine(settings, &(), deflate::new_compressor).done, 1);
}

/// An engine that panics in the second block.
struct Panicking(Box<dyn BlockCompressor>, usize);

impl BlockCompressor for Panicking {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        self.1 += 1;
        assert!(self.1 < 2, "this panic is part of the test");
        self.0.compress(window, block, last, out);
    }
}

#[test]
fn a_panic_keeps_the_file_and_ends_the_run() {
    let t = Sandbox::new();
    let old = compressed(&t, &[], &log(8 * BLOCK));
    for jobs in 1..4 {
        t.write("a.gz", &old);
        let settings = Settings {
            mode: Mode::Recompress,
            inputs: vec![t.path("a.gz").into()],
            jobs: NonZeroUsize::new(jobs).unwrap(),
            ..Settings::default()
        };
        let engine: deflate::NewCompressor = |kind, level| Box::new(Panicking(deflate::new_compressor(kind, level), 0));
        let tally = run_with_engine(settings, &(), engine);
        assert_eq!((tally.done, tally.failed), (0, 1), "{jobs}");
        assert!(t.read("a.gz") == old && t.names() == ["a.gz"]);
    }
}

#[test]
fn options_that_ask_for_another_output_are_refused() {
    let t = Sandbox::new();
    t.write("a.gz", compressed(&t, &[], b"content"));
    for option in
        ["--decompress", "--test", "--list", "--stdout", "--output=b", "--output-dir=b", "--rm", "--update", "--name"]
    {
        let name = option.split('=').next().unwrap();
        let line = format!("gzcc: {name} does not go with --recompress, which replaces each FILE.gz; see gzcc --help");
        t.gzcc(["--recompress", option, "a.gz"]).says(1, &[&line]);
    }
    for words in [&["--recompress"][..], &["--recompress", "-"]] {
        t.gzcc(words).says(1, &["gzcc: --recompress needs files, not standard input; see gzcc --help"]);
    }
    t.write("list", "a.gz\n");
    t.gzcc(["--recompress", "--files-from", "list"]).succeeds();
    assert_eq!(t.names(), ["a.gz", "list"]);
}

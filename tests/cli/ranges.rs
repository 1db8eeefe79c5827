//! `--bytes`, `--lines` and `--tail`: a part of the content, with an index and without one.

use crate::harness::{Sandbox, gunzip, log, noise, sample};
use crate::inflating::hostile_members::{content, flushed, mixed_blocks, random_members};

/// Text with lines of all lengths. The last one has no newline.
fn text() -> Vec<u8> {
    let mut text = [log(300_000), content(400_000), b"\n\n\n".to_vec(), vec![b'x'; 50_000], log(200_000)].concat();
    text.extend(b"the last line");
    text
}

/// Files with this content, of one member and of many. The last one is BGZF.
fn files(t: &Sandbox, text: &[u8]) -> Vec<&'static str> {
    t.write("one.gz", mixed_blocks(text, 40_000, 4));
    let (first, rest) = text.split_at(500_000);
    t.write("many.gz", [flushed(first, 20_000), random_members(rest, 5000, 3)].concat());
    t.write("blocks", text);
    t.gzcc(["-q", "--format=bgzf", "blocks"]).succeeds();
    vec!["one.gz", "many.gz", "blocks.gz"]
}

/// Settings of a run.
const SETTINGS: [&[&str]; 4] = [
    &["-j3", "--chunk-length=50K"],
    &["-j1"],
    &["-j2", "--scheduler=rayon", "--chunk-length=100K"],
    &["--engine=flate2"],
];

/// Writes these indexes beside the files.
fn write_indexes(t: &Sandbox, kind: &str, files: &[&str]) {
    for name in files {
        match kind {
            "gzidx" => drop(t.gzcc(["-q", "--index", "--index-spacing=60K", name]).succeeds()),
            "gzi" if *name == "blocks.gz" => drop(t.gzcc(["-qf", "--format=bgzf", "--index", "blocks"]).succeeds()),
            _ => {}
        }
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

#[test]
fn a_range_is_the_same_with_any_index_and_any_number_of_workers() {
    let text = text();
    let (length, lines) = (text.len(), lines(&text));
    for kind in ["none", "gzidx", "gzi"] {
        let t = Sandbox::new();
        let files = files(&t, &text);
        write_indexes(&t, kind, &files);
        for (name, settings) in sample(5, files.iter().flat_map(|name| SETTINGS.map(|settings| (name, settings)))) {
            let check = |option: &str, expected: &[u8]| {
                let read = t.gzcc(["-dc", option, name].iter().chain(settings)).succeeds();
                assert!(read == expected, "{kind}: {option} {name} {settings:?}: {} bytes", read.len());
            };
            for (from, to) in [(0, 0), (100_000, 450_000), (length - 100_000, length - 1), (700_000, length + 5)] {
                check(&format!("--bytes={from}-{to}"), &text[from..length.min(to + 1)]);
            }
            check(&format!("--bytes={}-", length - 10), &text[length - 10..]);
            check("--bytes=-99", &text[..100]);
            check(&format!("--bytes={length}-"), b"");
            for (from, to) in [(1, 1), (1000, 3000), (lines.len() - 2, lines.len()), (lines.len(), lines.len() + 9)] {
                check(&format!("--lines={from}-{to}"), &lines[from - 1..lines.len().min(to)].concat());
            }
            check("--lines=500+10", &lines[499..509].concat());
            for count in [0, 1, 5, 1000, lines.len() + 1] {
                check(&format!("--tail={count}"), &lines[lines.len().saturating_sub(count)..].concat());
            }
        }
    }
}

#[test]
fn ranges_of_several_files_and_of_a_pipe_follow_each_other() {
    let t = Sandbox::new();
    t.write("a", b"1\n2\n3\n");
    t.write("b", b"4\n5");
    t.gzcc(["-q", "a", "b"]).succeeds();
    assert_eq!(t.gzcc(["-dc", "--lines", "2-", "a.gz", "b.gz"]).succeeds(), b"2\n3\n5");
    assert_eq!(t.gzcc(["-dc", "--tail", "1", "a.gz", "b.gz"]).succeeds(), b"3\n5");
    assert_eq!(t.gzcc(["-d", "--bytes", "2+2"]).stdin(t.read("a.gz")).succeeds(), b"2\n");
    assert_eq!(t.shell("head -c 100000000 /dev/zero | gzcc -1 | gzcc -dc --bytes=-9 | wc -c").succeeds(), b"10\n");
}

#[test]
fn a_range_past_the_end_is_an_error_and_writes_nothing() {
    let t = Sandbox::new();
    let text = text();
    let files = files(&t, &text);
    for kind in ["none", "gzidx"] {
        write_indexes(&t, kind, &files);
        let (bytes, count) = (text.len(), lines(&text).len());
        for name in &files {
            let option = format!("--bytes={}-", bytes + 1);
            let said = t.gzcc(["-dc", &option, name]).says(1, &[&format!("gzcc: {name}: has only {bytes} bytes")]);
            assert_eq!(said, "");
            let option = format!("--lines={}-", count + 2);
            let said = t.gzcc(["-dc", &option, name]).says(1, &[&format!("gzcc: {name}: has only {count} lines")]);
            assert_eq!(said, "");
        }
    }
}

#[test]
fn the_last_lines_of_a_file_without_newlines_are_limited_to_64_mib() {
    let t = Sandbox::new();
    t.shell("head -c 100000000 /dev/zero | gzcc -1 > a.gz; head -c 60000000 /dev/zero | gzcc -1 > b.gz").succeeds();
    t.gzcc(["-dc", "--tail=1", "a.gz"]).says(1, &["gzcc: a.gz: its last lines have more than 64 MiB"]);
    assert_eq!(t.gzcc(["-dc", "--tail=1", "b.gz"]).succeeds().len(), 60_000_000);
    assert_eq!(t.gzcc(["-dc", "--lines=1", "b.gz"]).succeeds().len(), 60_000_000);
}

#[test]
fn an_index_that_is_damaged_stale_or_of_another_file_is_an_error() {
    let t = Sandbox::new();
    t.write("a.gz", mixed_blocks(&content(300_000), 20_000, 1));
    t.gzcc(["-q", "--index", "--index-spacing=50K", "a.gz"]).succeeds();
    let (gz, index) = (t.read("a.gz"), t.read("a.gz.gzidx"));
    let read = || t.gzcc(["-dc", "--bytes=200000+5", "a.gz"]);
    let expected = gunzip(&gz)[200_000..200_005].to_vec();
    assert_eq!(read().succeeds(), expected);
    let says = |what: &str| assert_eq!(read().says(1, &[&format!("gzcc: a.gz: a.gz.gzidx: {what}")]), "");
    let other = "index of another file, or of an earlier state of this one";
    t.write("a.gz", [&gz[..], &gz].concat());
    says(other);
    let mut changed = gz.clone();
    changed[gz.len() - 1] ^= 1;
    t.write("a.gz", changed);
    says(other);
    t.write("a.gz", &gz);
    t.write("a.gz.gzidx", &index[..index.len() / 2]);
    says("damaged index");
    t.write("a.gz.gzidx", "text");
    says("not an index");
    let mut later = index.clone();
    later[5] = 2;
    t.write("a.gz.gzidx", later);
    says("index of version 2, which is not supported");
    std::fs::remove_file(t.path("a.gz.gzidx")).unwrap();
    t.make_fifo("a.gz.gzidx");
    says("is not a regular file");
    // The whole content needs no index.
    assert!(t.gzcc(["-dc", "a.gz"]).succeeds() == gunzip(&gz));
}

#[test]
fn damage_behind_a_range_is_not_found_and_damage_before_it_is() {
    let t = Sandbox::new();
    let gz = mixed_blocks(&content(1_000_000), 20_000, 1);
    let mut changed = gz.clone();
    changed[gz.len() - 8] ^= 1;
    t.write("a.gz", &changed);
    let expected = gunzip(&gz)[100..200].to_vec();
    assert_eq!(t.gzcc(["-dc", "--bytes=100+100", "-j2", "--chunk-length=100K", "a.gz"]).succeeds(), expected);
    let ran = t.gzcc(["-dc", "--bytes=999990-", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().contains("damaged data"), "the CRC is compared");
    t.write("a.gz", &gz[..gz.len() / 2]);
    let ran = t.gzcc(["-dc", "--tail=1", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stdout.is_empty(), "the end is missing");
}

#[test]
fn ranges_go_only_with_decompression_to_standard_output() {
    let t = Sandbox::new();
    t.write("a.gz", mixed_blocks(&content(1000), 100, 1));
    for words in [&["-d"][..], &["-t"], &["-l"], &["-c"], &["-dc", "--index"], &["-d", "-o", "b"]] {
        let ran = t.gzcc(words.iter().chain(&["--tail=1", "a.gz"])).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().contains(" go with -dc;"), "it is a usage error");
    }
    let ran = t.gzcc(["-dc", "--max-size=10", "--tail=1", "a.gz"]).run();
    ran.assert(ran.stderr().contains("do not go with --max-size"), "it is a usage error");
    assert_eq!(t.names(), ["a.gz"]);
}

#[test]
fn an_index_of_bgzip_that_does_not_fit_is_an_error() {
    let t = Sandbox::new();
    t.write("a", noise(300_000, 1));
    t.gzcc(["-q", "--format=bgzf", "--index", "a"]).succeeds();
    let index = t.read("a.gz.gzi");
    let says = |what: &str| {
        t.gzcc(["-dc", "--bytes=250000+5", "a.gz"]).says(1, &[&format!("gzcc: a.gz: a.gz.gzi: {what}")]);
    };
    t.write("a.gz.gzi", &index[..index.len() - 1]);
    says("damaged index");
    let mut other = index.clone();
    other[8..].iter_mut().step_by(16).for_each(|low| *low = low.wrapping_add(1));
    t.write("a.gz.gzi", other);
    says("index of another file, or of an earlier state of this one");
}

//! `--format bgzf`: the blocks of the SAM specification, checked by htslib's own programs.

use std::time::Duration;

use crate::harness::{BLOCK, Sandbox, every_level, gunzip, log, noise, sample};

/// Most bytes of content in a block.
const CONTENT: usize = 0xff00;

/// The block that ends a file (SAM/BAM specification, section 4.1.2).
const END: &[u8] = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0";

/// The blocks of a file, split by the sizes in their headers; asserts that the end marker is the last.
#[track_caller]
fn blocks(mut file: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    while !file.is_empty() {
        assert_eq!((&file[..4], &file[10..16]), (&END[..4], &END[10..16]), "block {}", blocks.len());
        let (block, rest) = file.split_at(usize::from(u16::from_le_bytes([file[16], file[17]])) + 1);
        blocks.push(block);
        file = rest;
    }
    assert_eq!(blocks.pop(), Some(END));
    blocks
}

/// The length of the content that a block states.
fn content_length(block: &[u8]) -> usize {
    u32::from_le_bytes(*block.last_chunk().unwrap()) as usize
}

/// Content of every kind: text, noise, zeros.
fn mixed() -> Vec<u8> {
    [log(BLOCK), noise(BLOCK / 2, 2), vec![0; BLOCK / 2], log(BLOCK / 3)].concat()
}

#[test]
fn the_blocks_of_bgzf_are_full_but_the_last_and_hold_the_content() {
    let t = Sandbox::new();
    let many = 8 * CONTENT;
    for size in [0, 1, CONTENT - 1, CONTENT, CONTENT + 1, many - 1, many, many + 1, BLOCK, 2 * many, 2 * many + 5] {
        for content in [log(size), noise(size, 3)] {
            let made = t.gzcc(["--format=bgzf", "--verify"]).stdin(&content).succeeds();
            let lengths: Vec<usize> = blocks(&made).into_iter().map(content_length).collect();
            let full = lengths.iter().filter(|&&length| length == CONTENT).count();
            assert_eq!(full, size / CONTENT, "{size}");
            assert_eq!((lengths.len(), lengths.iter().sum()), (size.div_ceil(CONTENT), size));
            assert!(gunzip(&made) == content, "{size}");
        }
    }
}

#[test]
fn the_bytes_of_bgzf_do_not_depend_on_workers_or_source() {
    let t = Sandbox::new();
    let content = t.write("a", mixed());
    for level in sample(8, every_level()) {
        let level: Vec<&str> = level.split(' ').collect();
        let with = |words: &[&str]| t.gzcc([&["--format=bgzf"], &level[..], words].concat());
        let reference = with(&["-j1", "-c", "a"]).succeeds();
        for way in sample(2, ["-j1", "-j2", "-j4", "--scheduler=rayon"]) {
            with(&[way, "-f", "--verify", "a"]).succeeds();
            assert!(t.read("a.gz") == reference, "{way}, file");
            assert!(with(&[way]).stdin(&content).succeeds() == reference, "{way}, pipe");
            t.gzcc([way, "-d", "-f", "-o", "back", "a.gz"]).succeeds();
            assert!(t.read("back") == content, "{way}: it comes back");
        }
    }
}

#[test]
fn bgzip_reads_every_level_of_bgzf_and_gzcc_reads_every_level_of_bgzip() {
    require!("bgzip");
    let t = Sandbox::new();
    let content = t.write("a", mixed());
    for level in sample(4, every_level()) {
        t.gzcc(["-f", "--format=bgzf"].into_iter().chain(level.split(' ')).chain(["a"])).succeeds();
        t.command("bgzip", ["-t", "a.gz"]).succeeds();
        assert!(t.command("bgzip", ["-dc", "a.gz"]).succeeds() == content, "{level}");
    }
    for level in sample(3, 0..=9) {
        let made = t.command("bgzip", ["-c", "-l", &level.to_string(), "a"]).succeeds();
        t.write("b.gz", made);
        for jobs in ["-j1", "-j3"] {
            assert!(t.gzcc([jobs, "-dc", "b.gz"]).succeeds() == content, "{level}");
        }
    }
    t.write("empty", "");
    t.gzcc(["--format=bgzf", "empty"]).succeeds();
    t.command("bgzip", ["-t", "empty.gz"]).succeeds();
}

#[test]
fn several_inputs_become_bgzf_files_in_a_row() {
    let t = Sandbox::new();
    let contents: Vec<u8> =
        ["a", "b", "c"].into_iter().flat_map(|name| t.write(name, log(name.len() * 70_000))).collect();
    let each: Vec<u8> =
        ["a", "b", "c"].into_iter().flat_map(|name| t.gzcc(["--format=bgzf", "-c", name]).succeeds()).collect();
    let together = t.gzcc(["--format=bgzf", "-j4", "-c", "a", "b", "c"]).succeeds();
    assert!(together == each && gunzip(&together) == contents);
    t.gzcc(["--format=bgzf", "-o", "out.gz", "a", "b", "c"]).succeeds();
    assert!(t.read("out.gz") == each);
}

#[test]
fn bgzf_is_listed_with_the_size_of_all_blocks() {
    let t = Sandbox::new();
    t.write("a", log(1_234_567));
    t.gzcc(["--format=bgzf", "a"]).succeeds();
    for words in [&["-l"][..], &["-l", "--trailers"], &["-lv", "--trailers"]] {
        let said = String::from_utf8(t.gzcc(words.iter().chain(&["a.gz"])).succeeds()).unwrap();
        assert!(said.contains("1234567"), "{said}");
    }
}

#[test]
fn update_compares_the_size_of_all_blocks_of_bgzf() {
    let t = Sandbox::new();
    let time = Duration::from_secs(1_000_000_000);
    let update = |words: &[&str]| {
        let said = t.gzcc([&["--update", "a"], words].concat()).succeeds();
        String::from_utf8(said).unwrap()
    };
    let (made, none) = ("Compressed 1 file\n", "Compressed 0 files, 1 skipped\n");
    t.write("a", log(300_000));
    t.set_times("a", time);
    assert_eq!(update(&["--format=bgzf"]), made);
    assert_eq!(update(&["--format=bgzf"]), none);
    assert_eq!(update(&[]), none, "BGZF is gzip data");
    // The size of the last block alone stays the same.
    for size in [300_000 + CONTENT, 300_000 - CONTENT, 0, 1] {
        t.write("a", log(size));
        t.set_times("a", time);
        assert_eq!(update(&["--format=bgzf"]), made, "{size}");
        assert_eq!(update(&["--format=bgzf"]), none, "{size}");
    }
    // One member is not what was asked for.
    t.gzcc(["-f", "a"]).succeeds();
    assert_eq!(update(&["--format=bgzf"]), made);
    blocks(&t.read("a.gz"));
    // With --rm the content is compared.
    t.gzcc(["--update", "--rm", "--format=bgzf", "a"]).succeeds();
    assert_eq!(t.names(), ["a.gz"]);
}

#[test]
fn bgzf_goes_with_the_options_for_outputs() {
    let t = Sandbox::new();
    let content = t.write("d/a", log(400_000));
    t.write("d/noise", noise(100_000, 1));
    let said = t.gzcc(["--format=bgzf", "-r", "--rm", "--only-smaller", "--verify", "-O", "out", "d"]).succeeds();
    assert_eq!(said, b"Compressed 1 file, 1 skipped\n");
    assert_eq!(t.names(), ["d", "d/noise", "out", "out/d", "out/d/a.gz"]);
    assert!(gunzip(&t.read("out/d/a.gz")) == content);
}

#[test]
fn options_that_bgzf_has_no_place_for_are_refused() {
    let t = Sandbox::new();
    t.write("a", "content");
    let rejected = |option: &str, reason: &str| {
        let line = format!("gzcc: {reason}; see gzcc --help");
        t.gzcc(["--format", "bgzf", option, "a"]).says(1, &[&line]);
    };
    rejected("--rsyncable", "--rsyncable does not go with --format bgzf, whose blocks have a fixed length");
    rejected("--name", "--name does not go with --format bgzf, whose headers hold no name");
    assert_eq!(t.names(), ["a"]);
    t.gzcc(["--format=zip", "a"])
        .says(1, &["gzcc: invalid value 'zip' for '--format <KIND>': expected one of gzip, bgzf; see gzcc --help"]);
}

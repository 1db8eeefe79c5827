//! `--format bgzf --index`: the index that htslib's programs read, and when it gets its name.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use crate::harness::{BLOCK, Sandbox, log, noise, sample};

const BGZF: [&str; 2] = ["--format=bgzf", "--index"];

/// The index of a file of BGZF blocks, computed from the sizes in their headers and trailers.
fn expected(mut file: &[u8]) -> Vec<u8> {
    let (mut entries, mut offset, mut content) = (Vec::new(), 0u64, 0u64);
    while file.len() > 28 {
        if offset > 0 {
            entries.extend([offset.to_le_bytes(), content.to_le_bytes()].concat());
        }
        let (block, rest) = file.split_at(usize::from(u16::from_le_bytes([file[16], file[17]])) + 1);
        offset += block.len() as u64;
        content += u64::from(u32::from_le_bytes(*block.last_chunk().unwrap()));
        file = rest;
    }
    [&(entries.len() as u64 / 16).to_le_bytes()[..], &entries].concat()
}

#[test]
fn the_index_is_the_one_that_bgzip_makes_of_the_same_file() {
    let t = Sandbox::new();
    for size in [0, 1, 0xff00, 0xff01, BLOCK, 5 * BLOCK + 7] {
        for content in [log(size), noise(size, 1)] {
            t.write("a", content);
            for jobs in sample(1, ["-j1", "-j4"]) {
                t.gzcc(BGZF.iter().chain(&["-f", jobs, "a"])).succeeds();
                let index = t.read("a.gz.gzi");
                assert!(index == expected(&t.read("a.gz")), "{size}");
                // bgzip writes 2^64 - 1 as the number of entries of an empty file.
                if size > 0 && crate::programs::find("bgzip").is_some() {
                    t.command("bgzip", ["-r", "a.gz"]).succeeds();
                    assert!(t.read("a.gz.gzi") == index, "{size}");
                }
            }
        }
    }
}

#[test]
fn bgzip_and_tabix_read_ranges_with_the_index() {
    require!("bgzip", "tabix");
    let t = Sandbox::new();
    let content = t.write("a", log(3 * BLOCK));
    t.gzcc(BGZF.iter().chain(&["a"])).succeeds();
    for (at, size) in [(0, 10), (0xff00 - 1, 2), (1_000_000, 300_000), (content.len() - 5, 5)] {
        let range = t.command("bgzip", ["-b", &at.to_string(), "-s", &size.to_string(), "a.gz"]).succeeds();
        assert!(range == content[at..at + size], "{size} bytes at {at}");
    }
    let bed: String =
        (0..100_000).map(|i| format!("chr{}\t{}\t{}\n", i / 50_000, i % 50_000, i % 50_000 + 1)).collect();
    t.write("b.bed", &bed);
    t.gzcc(BGZF.iter().chain(&["b.bed"])).succeeds();
    t.command("tabix", ["-p", "bed", "b.bed.gz"]).succeeds();
    let found = t.command("tabix", ["b.bed.gz", "chr1:40001-40002"]).succeeds();
    assert_eq!(String::from_utf8(found).unwrap(), "chr1\t40000\t40001\nchr1\t40001\t40002\n");
}

#[test]
fn an_index_is_never_beside_a_file_that_it_does_not_belong_to() {
    let t = Sandbox::new();
    t.write("a", log(200_000));
    t.write("a.gz.gzi", "another index");
    let with = |words: &[&str]| t.gzcc([&BGZF, words, &["a"]].concat());
    with(&[]).says(2, &["gzcc: a: a.gz.gzi already exists; left alone (-f replaces it)"]);
    assert_eq!(t.names(), ["a", "a.gz.gzi"]);
    with(&["-f"]).succeeds();
    assert!(t.read("a.gz.gzi") == expected(&t.read("a.gz")));
    // An output that is refused leaves the old pair.
    let old = (t.read("a.gz"), t.read("a.gz.gzi"));
    t.write("a", log(300_000));
    with(&[]).says(2, &["gzcc: a: a.gz already exists; left alone (-f replaces it)"]);
    assert!((t.read("a.gz"), t.read("a.gz.gzi")) == old);
    // An index that is refused leaves the input without output.
    fs::remove_file(t.path("a.gz")).unwrap();
    fs::remove_file(t.path("a.gz.gzi")).unwrap();
    fs::create_dir(t.path("a.gz.gzi")).unwrap();
    with(&["-f"]).says(2, &["gzcc: a: a.gz.gzi is neither a regular file nor a symbolic link; left alone"]);
    assert_eq!(t.names(), ["a", "a.gz.gzi"]);
    // One that is an input as well.
    fs::remove_dir(t.path("a.gz.gzi")).unwrap();
    t.write("a.gz.gzi", "an input");
    let ran = with(&["-f", "a.gz.gzi"]).run();
    ran.assert(ran.status.code() == Some(1), "the input is protected");
    assert!(t.read("a.gz.gzi") == b"an input" && !t.exists("a.gz"));
}

#[test]
fn an_index_has_the_rights_and_times_of_the_original() {
    let t = Sandbox::new();
    t.write("a", log(200_000));
    t.set_mode("a", 0o640);
    t.set_times("a", Duration::from_secs(1_000_000_000));
    t.gzcc(BGZF.iter().chain(&["--rm", "a"])).succeeds();
    assert_eq!(t.names(), ["a.gz", "a.gz.gzi"]);
    let (file, index) = (t.path("a.gz").metadata().unwrap(), t.path("a.gz.gzi").metadata().unwrap());
    assert_eq!(index.permissions().mode() & 0o777, 0o640);
    assert_eq!((index.mtime(), index.mtime_nsec()), (file.mtime(), file.mtime_nsec()));
}

#[test]
fn update_makes_a_missing_index() {
    let t = Sandbox::new();
    t.write("a", log(200_000));
    for (lost, made) in [(None, 1), (None, 0), (Some("a.gz.gzi"), 1), (None, 0), (Some("a.gz"), 1)] {
        lost.into_iter().for_each(|name| fs::remove_file(t.path(name)).unwrap());
        let said = t.gzcc(BGZF.iter().chain(&["--update", "-f", "a"])).succeeds();
        assert!(said.starts_with(format!("Compressed {made} file").as_bytes()), "{lost:?}");
        assert!(t.read("a.gz.gzi") == expected(&t.read("a.gz")));
    }
    fs::remove_file(t.path("a.gz.gzi")).unwrap();
    t.gzcc(BGZF.iter().chain(&["--update", "--rm", "a"])).succeeds();
    assert_eq!(t.names(), ["a.gz", "a.gz.gzi"]);
}

/// htslib does not notice that an index is that of another file.
#[test]
fn update_makes_an_index_anew_that_does_not_belong_to_the_file() {
    let t = Sandbox::new();
    t.write("a", log(200_000));
    t.gzcc(BGZF.iter().chain(&["a"])).succeeds();
    let right = t.read("a.gz.gzi");
    let wrong = [
        vec![0; 8],
        b"garbage".to_vec(),
        right[..right.len() - 1].to_vec(),
        [&right[..], &[0; 16]].concat(),
        [&right[..8], &[1], &right[9..]].concat(),
    ];
    for (i, index) in wrong.into_iter().enumerate() {
        t.write("a.gz.gzi", index);
        t.gzcc(BGZF.iter().chain(&["--update", "-f", "a"])).succeeds();
        assert!(t.read("a.gz.gzi") == right, "index {i}");
    }
    fs::remove_file(t.path("a.gz.gzi")).unwrap();
    std::os::unix::fs::symlink("nowhere", t.path("a.gz.gzi")).unwrap();
    t.gzcc(BGZF.iter().chain(&["--update", "-f", "--rm", "a"])).succeeds();
    assert!(t.read("a.gz.gzi") == right);
    assert_eq!(t.names(), ["a.gz", "a.gz.gzi"]);
}

#[test]
fn a_walk_takes_no_index() {
    let t = Sandbox::new();
    t.write("d/a", log(200_000));
    t.write("d/b", log(200_000));
    for _ in 0..2 {
        t.gzcc(BGZF.iter().chain(&["-r", "-f", "-j1", "d"])).succeeds();
        assert_eq!(t.names(), ["d", "d/a", "d/a.gz", "d/a.gz.gzi", "d/b", "d/b.gz", "d/b.gz.gzi"]);
    }
    t.gzcc(BGZF.iter().chain(&["-r", "-O", "out", "d"])).succeeds();
    assert!(t.read("out/d/a.gz.gzi") == t.read("d/a.gz.gzi"));
}

#[test]
fn no_index_replaces_an_input_of_a_walk() {
    let t = Sandbox::new();
    t.write("d/a", log(200_000));
    t.write("d/a.gz.gzi", "an input");
    let ran = t.gzcc(BGZF.iter().chain(&["-rf", "-j1", "--all", "--exclude=*.gz", "d"])).run();
    ran.assert(ran.status.code() == Some(1), "the input is protected");
    assert!(t.read("d/a.gz.gzi") == b"an input" && !t.exists("d/a.gz"));
}

#[test]
fn an_output_that_is_discarded_has_no_index() {
    let t = Sandbox::new();
    t.write("a", noise(200_000, 1));
    t.gzcc(BGZF.iter().chain(&["--only-smaller", "a"])).succeeds();
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn an_index_needs_a_bgzf_file_of_one_input() {
    let t = Sandbox::new();
    t.write("a", "content");
    for (words, reason) in [
        (&["--format=bgzf", "--index", "-c", "a"][..], "--index needs an output for each file"),
        (&["--format=bgzf", "--index"], "--index needs an output for each file"),
        (&["--format=bgzf", "--index", "-o", "out", "a", "a"], "--index needs an output for each file"),
    ] {
        t.gzcc(words).says(1, &[&format!("gzcc: {reason}; see gzcc --help")]);
    }
    t.gzcc(["--format=bgzf", "--index", "-o", "out", "a"]).succeeds();
    assert_eq!(t.names(), ["a", "out", "out.gzi"]);
}

//! No output of a run is an input of it: walks and arguments that come across what the run itself writes.

use std::os::unix::fs::symlink;

use crate::damage::cases::{Fields, member};
use crate::harness::Sandbox;

fn gzip_member(content: &[u8]) -> Vec<u8> {
    member(content, &Fields::default())
}

/// A folder `t` of so many files that a walk is still under way when the first outputs are there.
fn crowd(suffix: &str, content: &[u8]) -> Sandbox {
    let t = Sandbox::new();
    for i in 0..CROWD {
        t.write(format!("t/{i}{suffix}"), content);
    }
    t
}

/// The names of a folder come in pieces of about 1,000.
const CROWD: usize = 3_000;

fn with_end(t: &Sandbox, end: &str) -> usize {
    t.names()
        .iter()
        .filter(|name| name.trim_start_matches(|c: char| c.is_ascii_digit() || "t/".contains(c)) == end)
        .count()
}

#[test]
fn a_walk_neither_takes_nor_counts_what_this_run_writes() {
    let once = gzip_member(b"once");
    let twice = gzip_member(&once);
    let all = |what: &str| format!("{what} {CROWD} files\n").into_bytes();
    for scheduler in ["threads", "rayon"] {
        let run = |t: &Sandbox, words: &[&str]| t.gzcc(["--scheduler", scheduler].iter().chain(words)).succeeds();
        // What is left of the inputs, and what comes out, by suffix.
        for (words, inputs) in
            [(&["-dr", "t"][..], CROWD), (&["-dr", "--rm", "--no-sync", "t"], 0), (&["-drf", "t"], CROWD)]
        {
            let t = crowd(".gz.gz", &twice);
            assert_eq!(run(&t, words), all("Decompressed"), "{words:?}");
            assert_eq!(
                (with_end(&t, ".gz.gz"), with_end(&t, ".gz"), with_end(&t, "")),
                (inputs, CROWD, 1),
                "{words:?}"
            );
        }
        for words in [&["-r", "t"][..], &["-r", "--rm", "--no-sync", "t"], &["-r", "-O", ".", "t"]] {
            let t = crowd("", b"plain");
            assert_eq!(run(&t, words), all("Compressed"), "{words:?}");
            assert_eq!(with_end(&t, ".gz"), CROWD, "{words:?}");
        }
        let t = crowd(".gz.gz", &twice);
        assert_eq!(run(&t, &["-dr", "-O", ".", "t"]), all("Decompressed"));
        assert_eq!((with_end(&t, ".gz"), with_end(&t, "")), (CROWD, 1));
        let t = crowd(".gz.gz", &twice);
        assert_eq!(run(&t, &["-dr", "-O", "t/out", "t"]), all("Decompressed"));
        assert!(t.exists("t/out/t/0.gz") && !t.exists("t/out/t/out"));
    }
    // The name in the header decides here.
    let t = crowd(".gz.gz", &once);
    for i in 0..CROWD {
        let named = format!("t/{i}.gz.gz");
        let name = format!("N{i}.gz");
        t.write(named, member(&once, &Fields { name: Some(name.as_bytes()), ..Fields::default() }));
    }
    assert_eq!(t.gzcc(["-drN", "t"]).succeeds(), all("Decompressed"));
    assert_eq!(t.names().len(), 1 + 2 * CROWD);
}

#[test]
fn a_walk_under_gzips_name_neither_takes_what_this_run_writes() {
    for (program, words, before, after) in [("gunzip", "-r", ".gz.gz", ".gz"), ("gzip", "-rf", ".gz", ".gz.gz")] {
        let t = crowd(before, &gzip_member(&gzip_member(b"once")));
        symlink(env!("CARGO_BIN_EXE_gzcc"), t.path(program)).unwrap();
        t.command(t.path(program).to_str().unwrap(), [words, "t"]).succeeds();
        assert_eq!((with_end(&t, before), with_end(&t, after)), (0, CROWD), "{program}");
    }
}

#[test]
fn a_file_under_an_outputs_name_is_an_input_all_the_same() {
    let (inner, outer) = (gzip_member(b"inner"), gzip_member(&gzip_member(b"outer")));
    for order in [["a.gz", "a.gz.gz"], ["a.gz.gz", "a.gz"]] {
        let t = Sandbox::new();
        t.write("t/a.gz", &inner);
        t.write("t/a.gz.gz", &outer);
        let in_the_way = "gzcc: t/a.gz.gz: t/a.gz already exists; left alone (-f replaces it)";
        let named: Vec<_> = order.iter().map(|name| format!("t/{name}")).collect();
        let told = t.gzcc(["-d", "-j1", &named[0], &named[1]]).says(2, &[in_the_way]);
        assert_eq!((told.as_str(), t.read("t/a")), ("Decompressed 1 file, 1 skipped\n", b"inner".to_vec()));
        std::fs::remove_file(t.path("t/a")).unwrap();
        let told = t.gzcc(["-dr", "-j1", "t"]).says(2, &[in_the_way]);
        assert_eq!((told.as_str(), t.read("t/a")), ("Decompressed 1 file, 1 skipped\n", b"inner".to_vec()));
    }
    let t = Sandbox::new();
    t.write("a.gz", &inner);
    t.write("a.gz.gz", &outer);
    for names in [["a.gz.gz", "a.gz"], ["a.gz", "a.gz.gz"]] {
        for workers in ["-j1", "-j2"] {
            let told = t.gzcc(["-df", workers].into_iter().chain(names));
            told.says(1, &["gzcc: a.gz.gz: a.gz is an input as well"]);
            assert_eq!((t.read("a"), t.read("a.gz")), (b"inner".to_vec(), inner.clone()));
        }
    }
}

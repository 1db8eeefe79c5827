//! P11: a walk and a list of arguments that meet an output of the same run do not use it as input.

use std::os::unix::fs::symlink;

use crate::damage::cases::{Fields, member};
use crate::harness::{Sandbox, repetitions, sample};

fn gzip_member(content: &[u8]) -> Vec<u8> {
    member(content, &Fields::default())
}

/// A directory `t` with enough files that the walk is still in progress when the first outputs have their names.
fn many_files(suffix: &str, content: &[u8]) -> Sandbox {
    let t = Sandbox::new();
    for i in 0..many() {
        t.write(format!("t/{i}{suffix}"), content);
    }
    t
}

/// The number of these files. getdents64 returns about 1,000 names per call, so a walk of this many needs several calls.
fn many() -> usize {
    repetitions(1_200, 3_000)
}

fn count_with_suffix(t: &Sandbox, end: &str) -> usize {
    t.names()
        .iter()
        .filter(|name| name.trim_start_matches(|c: char| c.is_ascii_digit() || "t/".contains(c)) == end)
        .count()
}

/// Each of `runs` with each scheduler; a sample in the default tier.
fn with_schedulers<T: Copy>(runs: &[T]) -> impl Iterator<Item = (&'static str, T)> {
    let all = ["threads", "rayon"].into_iter().flat_map(|scheduler| runs.iter().map(move |run| (scheduler, *run)));
    // A step of 5 includes both schedulers, and the first and the last of the runs.
    sample(5, all)
}

#[test]
fn decompressing_a_tree_neither_reads_nor_counts_outputs_of_the_same_run() {
    let twice = gzip_member(&gzip_member(b"once"));
    let all = many();
    // The number of inputs that are left after the run.
    let runs = [(&["-dr", "t"][..], all), (&["-dr", "--rm", "--no-sync", "t"], 0), (&["-drf", "t"], all)];
    for (scheduler, (words, inputs)) in with_schedulers(&runs) {
        let t = many_files(".gz.gz", &twice);
        let counted = t.gzcc(["--scheduler", scheduler].iter().chain(words)).succeeds();
        assert_eq!(counted, format!("Decompressed {all} files\n").into_bytes(), "{scheduler} {words:?}");
        assert_eq!(
            (count_with_suffix(&t, ".gz.gz"), count_with_suffix(&t, ".gz"), count_with_suffix(&t, "")),
            (inputs, all, 1),
            "{scheduler} {words:?}"
        );
    }
}

#[test]
fn compressing_a_tree_neither_reads_nor_counts_outputs_of_the_same_run() {
    let all = many();
    let runs = [&["-r", "t"][..], &["-r", "--rm", "--no-sync", "t"], &["-r", "-O", ".", "t"]];
    for (scheduler, words) in with_schedulers(&runs) {
        let t = many_files("", b"plain");
        let counted = t.gzcc(["--scheduler", scheduler].iter().chain(words)).succeeds();
        assert_eq!(counted, format!("Compressed {all} files\n").into_bytes(), "{scheduler} {words:?}");
        assert_eq!(count_with_suffix(&t, ".gz"), all, "{scheduler} {words:?}");
    }
}

#[test]
fn a_walk_does_not_read_the_outputs_in_an_output_directory_inside_its_tree() {
    let twice = gzip_member(&gzip_member(b"once"));
    let all = many();
    let all_runs = ["threads", "rayon"].iter().flat_map(|scheduler| [(scheduler, "."), (scheduler, "t/out")]);
    // One with each scheduler and each directory.
    for (scheduler, directory) in sample(3, all_runs) {
        let t = many_files(".gz.gz", &twice);
        let counted = t.gzcc(["--scheduler", scheduler, "-dr", "-O", directory, "t"]).succeeds();
        assert_eq!(counted, format!("Decompressed {all} files\n").into_bytes(), "{scheduler} {directory}");
        match directory {
            "." => assert_eq!((count_with_suffix(&t, ".gz"), count_with_suffix(&t, "")), (all, 1)),
            _ => assert!(t.exists("t/out/t/0.gz") && !t.exists("t/out/t/out")),
        }
    }
}

/// With -N, the name in the header names the output.
#[test]
fn a_walk_does_not_read_outputs_that_get_their_names_from_headers() {
    let once = gzip_member(b"once");
    let t = many_files(".gz.gz", &once);
    for i in 0..many() {
        let named = format!("t/{i}.gz.gz");
        let name = format!("N{i}.gz");
        t.write(named, member(&once, &Fields { name: Some(name.as_bytes()), ..Fields::default() }));
    }
    assert_eq!(t.gzcc(["-drN", "t"]).succeeds(), format!("Decompressed {} files\n", many()).into_bytes());
    assert_eq!(t.names().len(), 1 + 2 * many());
}

#[test]
fn a_walk_under_gzips_name_does_not_read_outputs_of_the_same_run() {
    for (program, words, before, after) in [("gunzip", "-r", ".gz.gz", ".gz"), ("gzip", "-rf", ".gz", ".gz.gz")] {
        let t = many_files(before, &gzip_member(&gzip_member(b"once")));
        symlink(env!("CARGO_BIN_EXE_gzcc"), t.path(program)).unwrap();
        t.command(t.path(program).to_str().unwrap(), [words, "t"]).succeeds();
        assert_eq!((count_with_suffix(&t, before), count_with_suffix(&t, after)), (0, many()), "{program}");
    }
}

#[test]
fn an_existing_file_with_the_name_of_an_output_is_an_input() {
    let (inner, outer) = (gzip_member(b"inner"), gzip_member(&gzip_member(b"outer")));
    for order in [["a.gz", "a.gz.gz"], ["a.gz.gz", "a.gz"]] {
        let t = Sandbox::new();
        t.write("t/a.gz", &inner);
        t.write("t/a.gz.gz", &outer);
        let in_the_way = "gzcc: t/a.gz.gz: t/a.gz already exists; left alone (-f replaces it)";
        let named: Vec<_> = order.iter().map(|name| format!("t/{name}")).collect();
        let printed = t.gzcc(["-d", "-j1", &named[0], &named[1]]).says(2, &[in_the_way]);
        assert_eq!((printed.as_str(), t.read("t/a")), ("Decompressed 1 file, 1 skipped\n", b"inner".to_vec()));
        std::fs::remove_file(t.path("t/a")).unwrap();
        let printed = t.gzcc(["-dr", "-j1", "t"]).says(2, &[in_the_way]);
        assert_eq!((printed.as_str(), t.read("t/a")), ("Decompressed 1 file, 1 skipped\n", b"inner".to_vec()));
    }
    let t = Sandbox::new();
    t.write("a.gz", &inner);
    t.write("a.gz.gz", &outer);
    for names in [["a.gz.gz", "a.gz"], ["a.gz", "a.gz.gz"]] {
        for workers in ["-j1", "-j2"] {
            let printed = t.gzcc(["-df", workers].into_iter().chain(names));
            printed.says(1, &["gzcc: a.gz.gz: a.gz is an input as well"]);
            assert_eq!((t.read("a"), t.read("a.gz")), (b"inner".to_vec(), inner.clone()));
        }
    }
}

/// The report grows while the walk reads the directory. Its file is left out silently, as the outputs are.
#[test]
fn a_walk_leaves_out_the_file_that_receives_the_report() {
    require!("bash");
    let t = Sandbox::new();
    for name in ["d/a", "d/b"] {
        t.write(name, b"content");
    }
    for (options, output) in [("", "d/report"), ("--json", "d/report"), ("--rm", "d/report"), ("-c", "d/data")] {
        let ran = t.shell(&format!("cp -r d e; cd e; gzcc -r {options} . > {}; ls", &output[2..])).run();
        ran.assert(ran.status.success() && ran.stderr.is_empty(), options);
        let name = &output[2..];
        let expected = match options {
            "--rm" => format!("a.gz\nb.gz\n{name}\n"),
            "-c" => format!("a\nb\n{name}\n"),
            _ => format!("a\na.gz\nb\nb.gz\n{name}\n"),
        };
        ran.assert(ran.stdout == expected.as_bytes(), options);
        assert!(!t.read(format!("e/{name}")).is_empty(), "{options}");
        t.shell("rm -r e").succeeds();
    }
}

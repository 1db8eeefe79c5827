//! `--shard`: several runs share one tree without communication.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Sandbox;

const FILES: usize = 60;

fn tree() -> Sandbox {
    let t = Sandbox::new();
    for i in 0..FILES {
        t.write(format!("t/{}/f{i}.log", i % 4), format!("content of {i}"));
    }
    t
}

/// Names with the suffix `.gz`, without the suffix.
fn made(t: &Sandbox) -> BTreeSet<String> {
    t.names().iter().filter_map(|name| name.strip_suffix(".gz")).map(str::to_owned).collect()
}

/// The files of a new tree that a shard compresses.
fn compressed_by(shard: &str, directory: &str, words: &[&str]) -> BTreeSet<String> {
    let t = tree();
    let mut command = t.gzcc([&["-rq", "--shard", shard][..], words].concat()).into_command();
    assert!(command.current_dir(t.path(directory)).status().unwrap().success());
    made(&t)
}

#[test]
fn shards_are_disjoint_and_cover_the_tree() {
    for of in [1, 2, 3, 7] {
        let mut all = BTreeSet::new();
        for number in 1..=of {
            let taken = compressed_by(&format!("{number}/{of}"), "", &["t"]);
            assert!(taken.is_disjoint(&all), "{number}/{of}");
            assert!(of > 3 || taken.len() > FILES / of / 3, "{number}/{of}: {}", taken.len());
            all.extend(taken);
        }
        assert_eq!(all.len(), FILES, "{of}");
    }
}

#[test]
fn a_shard_does_not_depend_on_how_the_directory_is_named_or_where_it_is() {
    let expected = compressed_by("2/3", "", &["t"]);
    assert!(!expected.is_empty());
    for (directory, name) in
        [("", "./t"), ("", "t/"), ("", "t//"), ("", "t/."), ("t", "."), ("t/0", ".."), ("t", "../t")]
    {
        assert_eq!(compressed_by("2/3", directory, &[name]), expected, "{name} in {directory}");
    }
    let t = tree();
    t.gzcc(["-rq", "--shard", "2/3", t.path("t").to_str().unwrap()]).succeeds();
    assert_eq!(made(&t), expected, "an absolute path");
}

#[test]
fn named_files_are_sharded_and_one_run_reports_a_missing_one() {
    let all = |names: &[String], printed: &str| {
        let t = tree();
        let mut lines = String::new();
        for number in 1..=4 {
            let ran = t.gzcc(["--shard", &format!("{number}/4"), "--files-from", "-"]).stdin(names.join("\n")).run();
            lines += &ran.stderr();
        }
        assert_eq!(lines, printed);
        made(&t)
    };
    let mut names: Vec<String> = (0..FILES).map(|i| format!("t/{}/f{i}.log", i % 4)).collect();
    let given: BTreeSet<String> = names.iter().cloned().collect();
    names.push("gone".to_owned());
    assert_eq!(all(&names, "gzcc: gone: No such file or directory\n"), given);
    // Another spelling of a name belongs to the same shard.
    let shard = |prefix: &str| {
        let t = tree();
        let list: String = given.iter().map(|name| format!("{prefix}{name}\n")).collect();
        t.gzcc(["-q", "--shard", "1/4", "--files-from", "-"]).stdin(list).succeeds();
        made(&t)
    };
    assert_eq!(shard("./"), shard(""));
    assert_eq!(shard(".//"), shard(""));
}

#[test]
fn a_new_file_belongs_to_one_shard_and_moves_no_other_file() {
    let t = tree();
    let run = |shard: &str| t.gzcc(["-rq", "--update", "--shard", shard, "t"]).succeeds();
    let before = compressed_by("1/3", "", &["t"]);
    run("1/3");
    assert_eq!(made(&t), before);
    for i in 0..20 {
        t.write(format!("t/new/{i}"), "x");
    }
    run("2/3");
    run("3/3");
    let left: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("t/new/")).collect();
    let done = left.iter().filter(|name| name.ends_with(".gz")).count();
    assert!(done > 0 && done < 20, "{done}: some belong to the first, which did not see them");
    assert_eq!(made(&t).iter().filter(|name| !name.starts_with("t/new/")).count(), FILES);
    // Another run of a shard completes the work of a host that failed or started too early.
    run("1/3");
    assert_eq!(made(&t).len(), FILES + 20);
    for shard in ["1/3", "2/3", "3/3"] {
        assert!(t.gzcc(["-r", "--update", "--shard", shard, "t"]).succeeds().starts_with(b"Compressed 0 files"));
    }
}

#[test]
fn shards_that_gnu_parallel_runs_compress_every_file_once() {
    require!("bash", "parallel");
    let t = tree();
    std::fs::create_dir(t.path("home")).unwrap();
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    let script = format!("HOME=$PWD/home parallel --will-cite -j4 {gzcc} -r --rm --shard {{}}/4 t ::: 1 2 3 4");
    let printed = String::from_utf8(t.shell(&script).succeeds()).unwrap();
    let counts: Vec<usize> = printed.lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<usize>()), (4, FILES), "{printed}");
    assert!(counts.iter().all(|&count| count > 0), "{printed}");
    for i in 0..FILES {
        t.assert_holds(format!("t/{}/f{i}.log.gz", i % 4), format!("content of {i}").as_bytes());
        assert!(!t.exists(format!("t/{}/f{i}.log", i % 4)));
    }
}

/// The commands of the man page that add up the reports of 16 shards, for another number of shards.
pub fn sum_of_reports(t: &Sandbox, shards: usize) -> Value {
    let page = String::from_utf8(t.gzcc(["--man"]).succeeds()).unwrap();
    // groff prints copyable minus signs as U+2212.
    let page = t.command("groff", ["-man", "-Tutf8", "-P-cbou"]).stdin(page).succeeds();
    let page = String::from_utf8(page).unwrap().replace('\u{2212}', "-");
    let lines = page.lines().map(str::trim).skip_while(|line| !line.starts_with("grep -h '\"type\""));
    let until_end = lines.scan(false, |ended, line| {
        (!*ended).then(|| {
            *ended = line.ends_with("}'");
            line
        })
    });
    let script = until_end.collect::<Vec<_>>().join("\n").replace("n 16", &format!("n {shards}"));
    serde_json::from_slice(&t.command("sh", ["-c", &script]).succeeds()).unwrap()
}

#[test]
fn the_reports_of_all_shards_add_up_and_missing_shards_are_named() {
    require!("groff", "jq", "bash", "grep");
    let t = tree();
    std::fs::create_dir(t.path("reports")).unwrap();
    let run = |shard: usize| {
        let report = format!("reports/{shard}.json");
        t.shell(&format!("gzcc --json -r --update --shard {shard}/12 t >> {report}")).succeeds();
    };
    (1..=12).filter(|shard| ![3, 11].contains(shard)).for_each(run);
    // The report of a run that was killed ends within a line, without a summary. A name may look like one.
    let name = r#"{"type":"file","input":"\"type\":\"summary\"","status":"done"}"#;
    t.write("reports/3.json", format!("{name}\n{}", r#"{"type":"file","inp"#));
    let before = sum_of_reports(&t, 12);
    assert_eq!((&before["missing"], &before["failed"]), (&json!([3, 11]), &json!(0)));
    assert_eq!(before["done"], made(&t).len());
    // Another run of a shard compresses nothing a second time, and its failures replace those of the run before.
    t.shell("echo >> reports/3.json; echo gone > list").succeeds();
    for shard in 1..=12 {
        let report = format!("reports/{shard}.json");
        t.shell(&format!("gzcc --json --shard {shard}/12 --files-from list >> {report} 2>> said || true")).succeeds();
    }
    let failed = sum_of_reports(&t, 12);
    assert_eq!((&failed["missing"], &failed["failed"]), (&json!([]), &json!(1)));
    (1..=12).for_each(run);
    let after = sum_of_reports(&t, 12);
    let content: usize = (0..FILES).map(|i| format!("content of {i}").len()).sum();
    let made: usize = made(&t).iter().map(|name| t.read(format!("{name}.gz")).len()).sum();
    assert_eq!((&after["missing"], &after["failed"], &after["done"]), (&json!([]), &json!(0), &json!(FILES)));
    assert_eq!((&after["bytes_in"], &after["bytes_out"]), (&json!(content), &json!(made)));
    assert_eq!(sum_of_reports(&t, 14)["missing"], json!([13, 14]));
}

#[test]
fn a_summary_names_its_shard() {
    let t = tree();
    let printed = t.gzcc(["--json", "-r", "--shard", "5/7", "t"]).succeeds();
    let summary: Value = serde_json::from_slice(printed.split(|&b| b == b'\n').rev().nth(1).unwrap()).unwrap();
    assert_eq!((&summary["type"], &summary["shard"], &summary["shards"]), (&json!("summary"), &json!(5), &json!(7)));
}

/// P11: shards must not replace each other's outputs whose originals are removed.
#[test]
fn no_shard_replaces_what_another_shard_decompressed() {
    let t = Sandbox::new();
    for name in ["x.tgz", "x.tar.gz", "x.taz"] {
        t.write("in", name);
        let packed = t.gzcc(["-c", "in"]).succeeds();
        t.write(format!("t/{name}"), packed);
    }
    let printed =
        "gzcc: --shard does not decompress with --force, as another part may make the same output; see gzcc --help";
    for words in [&["-rdf", "t"][..], &["-rdf", "--rm", "t"], &["-rdf", "-O", "out", "t"]] {
        t.gzcc([&["--shard", "1/7"], words].concat()).says(1, &[printed]);
    }
    for number in 1..=7 {
        let shard = format!("{number}/7");
        t.gzcc(["-rdq", "--rm", "--shard", &shard, "t"]).run();
    }
    // The first shard made the output; the other originals are still there.
    let made = t.read("t/x.tar");
    let left: Vec<String> = t.names().into_iter().filter(|name| name.starts_with("t/") && name != "t/x.tar").collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(!left.contains(&format!("t/{}", String::from_utf8(made).unwrap())));
    // Calls that replace nothing are accepted.
    for words in [&["-rdfc", "t"][..], &["-rt", "t"], &["-rf", "t"]] {
        t.gzcc([&["-q", "--shard", "1/1"], words].concat()).succeeds();
    }
}

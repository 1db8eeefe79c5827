//! A job array over shards in a real Slurm cluster, one of whose nodes fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use serde_json::{Value, json};

use super::namespaces::reaches;
use super::slurm::Slurm;
use super::{example, sandbox_in_memory};
use crate::harness::{Sandbox, full, have_all, is_root, skip};
use crate::shards::sum_of_reports;

const FILES: usize = 20_000;
const SHARDS: usize = 8;

/// A program `gzcc` that stalls within the first shard that starts: after 40 kB nothing reads its report. The one worker that
/// Slurm's variables allow waits for a reader then, after a fifth of the shard.
const STALLING: &str = r#"#!/bin/bash
if mkdir stalled.d 2> /dev/null; then
  GZCC "$@" | { head -c 40000; echo "$SLURM_ARRAY_TASK_ID $SLURMD_NODENAME" > stalled.d/task
                mv stalled.d/task stalled; exec sleep infinity; }
fi
exec GZCC "$@"
"#;

/// The name of a file of the tree.
fn name(i: usize) -> String {
    format!("tree/{}/host-{i:05}.log", i % 97)
}

fn content(i: usize) -> String {
    format!("{i}: {}\n", "request served ".repeat(i % 20))
}

/// A sandbox with the tree, the script of the array and the program that stalls.
fn sandbox() -> Sandbox {
    let t = sandbox_in_memory();
    (0..FILES).for_each(|i| drop(t.write(name(i), content(i))));
    t.write("bin/gzcc", STALLING.replace("GZCC", env!("CARGO_BIN_EXE_gzcc")));
    fs::set_permissions(t.path("bin/gzcc"), fs::Permissions::from_mode(0o755)).unwrap();
    t
}

/// A running cluster; records the test as skipped if there is none.
fn cluster(sandbox: fn() -> Sandbox) -> Option<Slurm> {
    if !full() || !is_root() {
        skip("only root starts a Slurm cluster, and only in the long tier");
        return None;
    }
    if !have_all(&["unshare", "nsenter", "ip", "mount", "hostname", "bash", "munged", "slurmctld", "slurmd", "sbatch"])
    {
        return None;
    }
    Slurm::start(sandbox()).inspect_err(|reason| skip(reason)).ok()
}

/// The inode numbers of all outputs.
fn outputs(t: &Sandbox) -> BTreeMap<String, u64> {
    let names = t.names().into_iter().filter(|name| name.ends_with(".gz"));
    names.map(|name| (name.clone(), t.path(&name).metadata().unwrap().ino())).collect()
}

/// The objects of files in a report; a line that is not complete is ignored.
fn files(report: &str) -> Vec<Value> {
    let objects = report.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    objects.filter(|object| object["type"] == "file").collect()
}

/// The names of inputs in a report that were done, or that were up to date.
fn inputs(report: &str, status: &str, reason: &str) -> Vec<String> {
    let all = files(report).into_iter();
    let matching =
        all.filter(|file| file["status"] == status && file["reason"].as_str().unwrap_or_default().ends_with(reason));
    matching.map(|file| file["input"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_slurm_array_whose_node_fails_compresses_every_file_once() {
    require!("groff", "jq", "grep");
    let Some(slurm) = cluster(sandbox) else { return };
    let t = slurm.sandbox();
    let array = format!("--array=1-{SHARDS}%4");
    let path = |name: &str| t.path(name).to_str().unwrap().to_owned();
    let job = slurm.submit(&[&array, &example("slurm-shards.sh"), "8", &path("tree"), &path("reports")]);

    // One shard stalls after a part of its files. Its node fails.
    assert!(reaches(|| t.exists("stalled")), "{}", slurm.logs());
    let stalled = String::from_utf8(t.read("stalled")).unwrap();
    let (shard, node) = stalled.trim().split_once(' ').unwrap();
    let report = path(&format!("reports/{shard}.json"));
    slurm.kill_node(node);
    let before = outputs(t);
    let killed = fs::read_to_string(&report).unwrap();
    slurm.call(&["scontrol", "update", &format!("NodeName={node}"), "State=DOWN", "Reason=killed"]).succeeds();
    let requeued = format!("JobId={job}_{shard}");
    // A task that was requeued starts after two minutes, unless its time is set. It can be set only while the task waits.
    let ended = reaches(|| {
        slurm.call(&["scontrol", "update", &requeued, "StartTime=now"]).run();
        slurm.pending().is_empty()
    });
    assert!(ended, "{:?}\n{}", slurm.pending(), slurm.logs());
    assert_eq!(slurm.states(), ["COMPLETED"; SHARDS], "{}", slurm.logs());

    // Every file has its output, and nothing else is in the tree.
    let after = outputs(t);
    let expected: BTreeSet<String> = (0..FILES).flat_map(|i| [name(i), name(i) + ".gz"]).collect();
    let found = t.names().into_iter().filter(|name| name.starts_with("tree/") && !t.path(name).is_dir());
    assert!(found.eq(expected), "files are missing, or there are others");
    for i in 0..FILES {
        let mut text = String::new();
        let gz = t.read(name(i) + ".gz");
        flate2::read::GzDecoder::new(&gz[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, content(i));
    }
    // No output was made twice: those of the run that was killed are the same files as before.
    assert!(before.iter().all(|(name, inode)| after[name] == *inode));
    assert_reports_are_right(t, shard, &killed);
    assert!(t.gzcc(["-r", "--update", "tree"]).succeeds().starts_with(b"Compressed 0 files"));
}

/// Asserts that the reports contain every file once. The files that the killed run compressed are those that the second run of its
/// shard finds up to date; the report of the killed run may lack the last of them.
fn assert_reports_are_right(t: &Sandbox, shard: &str, killed: &str) {
    let reports: BTreeMap<String, String> = fs::read_dir(t.path("reports"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    assert_eq!(reports.len(), SHARDS);
    let done_before = inputs(killed, "done", "");
    assert!(!done_before.is_empty() && !killed.contains(r#""type":"summary""#), "the run was killed within its shard");
    let up_to_date = inputs(&reports[shard], "skipped", "is up to date; left alone");
    assert!(done_before.iter().all(|input| up_to_date.contains(input)));
    assert!(up_to_date.len() < FILES / SHARDS * 9 / 10, "{}: the rest was left to the second run", up_to_date.len());

    let second = |(number, report): (&String, &String)| match number == shard {
        true => report[killed.len()..].to_owned(),
        false => report.clone(),
    };
    let mut all: Vec<String> = reports.iter().map(second).flat_map(|report| inputs(&report, "done", "")).collect();
    let sum = sum_of_reports(t, SHARDS);
    assert_eq!(sum["done"], all.len());
    all.extend(up_to_date);
    let unique: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), unique.len()), (FILES, FILES), "every file once");
    assert_eq!((&sum["missing"], &sum["failed"]), (&json!([]), &json!(0)));
    for report in reports.values() {
        let summaries: Vec<&str> = report.lines().filter(|line| line.contains(r#""type":"summary""#)).collect();
        assert_eq!(summaries.len(), 1);
        let summary: Value = serde_json::from_str(summaries[0]).unwrap();
        assert_eq!((&summary["workers"], &summary["shards"]), (&json!(1), &json!(SHARDS)), "one CPU for each task");
    }
}

#[test]
fn a_slurm_array_over_name_lists_compresses_every_file_once() {
    require!("find", "perl");
    let small = || {
        let t = sandbox_in_memory();
        (0..300).for_each(|i| drop(t.write(format!("tree/{}/{i}\n x", i % 7), content(i))));
        fs::create_dir(t.path("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("bin/gzcc")).unwrap();
        t
    };
    let Some(slurm) = cluster(small) else { return };
    let t = slurm.sandbox();
    t.command(&example("name-lists.sh"), ["tree", "lists", "10"]).succeeds();
    let path = |name: &str| t.path(name).to_str().unwrap().to_owned();
    // The last two tasks find no list.
    slurm.submit(&["--array=1-12%4", &example("slurm-lists.sh"), &path("lists"), &path("reports")]);
    assert!(reaches(|| slurm.pending().is_empty()), "{:?}\n{}", slurm.pending(), slurm.logs());
    assert_eq!(slurm.states(), ["COMPLETED"; 12], "{}", slurm.logs());
    let reports = (1..=10).map(|i| String::from_utf8(t.read(format!("reports/{i}.json"))).unwrap());
    let done: Vec<String> = reports.flat_map(|report| inputs(&report, "done", "")).collect();
    assert_eq!((done.len(), done.iter().collect::<BTreeSet<_>>().len()), (300, 300));
    assert_eq!((outputs(t).len(), t.exists("reports/11.json")), (300, false));
}

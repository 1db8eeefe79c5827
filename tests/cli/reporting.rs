//! Reports of a run: `--json`, and the summary line of `-v`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::pipe::{PipeFlags, pipe_with};
use serde_json::Value;

use crate::harness::{BLOCK, IN_ALL, Sandbox, log, not_utf8, spawn};

/// Parses a report into the objects of the files and the summary, which is the last line.
#[track_caller]
fn parse(stdout: &[u8]) -> (Vec<Value>, Value) {
    assert_eq!(stdout.last(), Some(&b'\n'), "the last line is whole");
    let lines = std::str::from_utf8(stdout).unwrap().lines();
    let mut objects: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = objects.pop().unwrap();
    assert_eq!(summary["type"], "summary");
    assert!(objects.iter().all(|object| object["type"] == "file"));
    (objects, summary)
}

/// The name in a field, from the field with its bytes if there is one.
fn name(object: &Value, field: &str) -> OsString {
    match object.get(format!("{field}_bytes")) {
        Some(bytes) => OsString::from_vec(serde_json::from_value(bytes.clone()).unwrap()),
        None => object[field].as_str().unwrap().into(),
    }
}

#[test]
fn each_file_has_an_object_and_a_summary_follows() {
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        let t = Sandbox::new();
        t.write("a", log(3 * BLOCK));
        t.write("b", log(100));
        t.write("old.gz", "old");
        let ran = t.gzcc(["--json", "-j3", scheduler, "a", "b", "old.gz", "missing"]).run();
        ran.assert(ran.status.code() == Some(1), "an error is an error");
        let said = ran.stderr();
        ran.assert(said.lines().count() == 2 && !said.contains("Compressed"), "messages go where they always go");
        let (files, summary) = parse(&ran.stdout);
        let by_name: BTreeMap<&str, &Value> = files.iter().map(|f| (f["input"].as_str().unwrap(), f)).collect();
        assert_eq!((files.len(), by_name.len()), (4, 4));
        let (mut bytes_in, mut bytes_out) = (0, 0);
        for input in ["a", "b"] {
            let file = by_name[input];
            assert_eq!((&file["status"], &file["reason"]), (&"done".into(), &Value::Null));
            assert_eq!(name(file, "output"), *format!("{input}.gz"));
            let sizes = [file["bytes_in"].as_u64().unwrap(), file["bytes_out"].as_u64().unwrap()];
            assert_eq!(sizes, [t.read(input).len() as u64, t.read(format!("{input}.gz")).len() as u64]);
            assert!((0.0..600.0).contains(&file["seconds"].as_f64().unwrap()));
            bytes_in += sizes[0];
            bytes_out += sizes[1];
        }
        assert!(by_name["a"]["seconds"].as_f64().unwrap() > 0.0);
        let left = |input: &str, status: &str, reason: &str| {
            let file = by_name[input];
            assert_eq!((&file["status"], &file["reason"]), (&status.into(), &reason.into()));
            assert!(file["output"].is_null() && file["bytes_in"].is_null() && file["bytes_out"].is_null());
        };
        left("old.gz", "skipped", "already has the suffix; left alone");
        left("missing", "failed", "No such file or directory");
        for (field, value) in [
            ("mode", Value::from("compress")),
            ("done", 2.into()),
            ("skipped", 1.into()),
            ("failed", 1.into()),
            ("bytes_in", bytes_in.into()),
            ("bytes_out", bytes_out.into()),
            ("workers", 3.into()),
            ("scheduler", scheduler[12..].into()),
            ("exit_status", 1.into()),
            ("shard", Value::Null),
            ("shards", Value::Null),
        ] {
            assert_eq!(summary[field], value, "{field}");
        }
        assert!(summary["seconds"].as_f64().unwrap() >= by_name["a"]["seconds"].as_f64().unwrap());
    }
}

#[test]
fn every_name_can_be_restored_from_its_object() {
    let t = Sandbox::new();
    let names = [OsStr::new("a\nb\"\\\t\u{202e}"), OsStr::new("ü 日本"), not_utf8(), OsStr::from_bytes(b"\xff\xfe")];
    names.iter().for_each(|name| drop(t.write(name, log(100))));
    let (files, _) = parse(&t.gzcc([&[OsStr::new("--json")], &names[..]].concat()).succeeds());
    for file in &files {
        let (input, mut output) = (name(file, "input"), name(file, "input"));
        output.push(".gz");
        assert!(names.contains(&&*input) && t.exists(&output) && name(file, "output") == output);
        assert_eq!(file.get("input_bytes").is_some(), input.to_str().is_none(), "bytes only where they are needed");
    }
    assert_eq!(files.len(), names.len());
}

#[test]
fn json_reports_decompression_tests_and_listings() {
    let t = Sandbox::new();
    let content = t.write("a", log(3000));
    t.write("bad.gz", "no gzip");
    t.gzcc(["a"]).succeeds();
    let packed = t.read("a.gz").len();
    for (words, mode) in
        [(&["-t"][..], "test"), (&["-l"], "list"), (&["-l", "--trailers"], "list"), (&["-df"], "decompress")]
    {
        let ran = t.gzcc([&["--json"], words, &["a.gz", "bad.gz"]].concat()).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().lines().count() == 1, "one of them is bad");
        let (files, summary) = parse(&ran.stdout);
        let done = files.iter().find(|file| file["input"] == "a.gz").unwrap();
        assert_eq!((&done["status"], &done["bytes_in"]), (&"done".into(), &packed.into()), "{words:?}");
        assert_eq!(done["bytes_out"], content.len(), "{words:?}");
        assert_eq!(done["output"].is_null(), mode != "decompress");
        assert_eq!((&summary["mode"], &summary["done"], &summary["failed"]), (&mode.into(), &1.into(), &1.into()));
    }
}

#[test]
fn a_file_is_reported_when_it_ends_and_not_at_the_end_of_the_run() {
    let t = Sandbox::new();
    t.write("a", log(3000));
    t.gzcc(["a"]).succeeds();
    // Standard input stays open until the test closes it.
    let mut command = t.gzcc(["--json", "-t", "-j2", "a.gz", "-"]).into_command();
    let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()));
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["input"], "a.gz");
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    let mut rest = Vec::new();
    stdout.read_to_end(&mut rest).unwrap();
    assert_eq!(parse(&rest).0[0]["input"], "standard input");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn each_file_is_reported_once_by_many_workers() {
    let t = Sandbox::new();
    for i in 0..400 {
        t.write(format!("t/{i}"), log(i));
    }
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        let (files, summary) = parse(&t.gzcc(["--json", "-rfj8", scheduler, "t"]).succeeds());
        let mut done: Vec<OsString> =
            files.iter().filter(|file| file["status"] == "done").map(|file| name(file, "input")).collect();
        done.sort();
        done.dedup();
        assert_eq!((done.len(), &summary["done"]), (400, &400.into()));
    }
}

#[test]
fn json_is_refused_where_standard_output_carries_data() {
    let t = Sandbox::new();
    t.write("a", "x");
    for words in [&["-c", "a"][..], &[], &["a", "-"], &["-d", "-"], &["-o", "-", "a"], &["-o", "/dev/stdout", "a"]] {
        let line = "gzcc: --json needs standard output for itself; see gzcc --help";
        assert_eq!(t.gzcc(["--json"].iter().chain(words)).says(1, &[line]), "", "{words:?}");
    }
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn a_closed_pipe_for_the_report_fails_no_file() {
    require!("bash");
    let t = Sandbox::new();
    for name in ["a", "b", "c"] {
        t.write(name, log(3000));
    }
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    drop(reader);
    let mut command = t.gzcc(["--json", "a", "b", "c"]).into_command();
    let output = spawn(command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()));
    let output = output.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), output.stderr), (Some(13), Vec::new()), "it dies as filters do");
    assert_eq!(t.names(), ["a", "a.gz", "b", "b.gz", "c", "c.gz"]);
    let full = t.shell("gzcc -f --json a b > /dev/full");
    full.says(1, &["gzcc: standard output: No space left on device"]);
}

/// The report makes one write per file.
#[test]
fn an_object_costs_one_system_call() {
    require!("strace");
    let t = Sandbox::new();
    for i in 0..50 {
        t.write(format!("t/{i}"), log(1000));
    }
    // The signal thread makes a varying number of calls, as the run may end while it starts. It never writes.
    let calls = |option: &[&str]| {
        let strace = ["-f", "-e", "trace=!futex,brk,mmap,munmap,mprotect,madvise,sched_yield", "-o", "trace"];
        let words = [&strace[..], &[env!("CARGO_BIN_EXE_gzcc"), "-j1", "-rO", "out"], option, &["t"]].concat();
        t.command("strace", words).succeeds();
        fs::remove_dir_all(t.path("out")).unwrap();
        let trace = String::from_utf8(t.read("trace")).unwrap();
        let mut by_thread: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in trace.lines().filter(|line| line.contains('(') && !line.contains("resumed>")) {
            let (thread, call) = line.split_once(' ').unwrap();
            by_thread.entry(thread).or_default().push(call.trim_start());
        }
        let writes = |calls: &&Vec<&str>| calls.iter().any(|call| call.starts_with("write("));
        by_thread.values().filter(writes).map(Vec::len).sum::<usize>()
    };
    // The summary replaces the count.
    assert_eq!(calls(&["--json"]) - calls(&[]), 50);
}

#[test]
fn v_ends_with_a_summary_line() {
    let t = Sandbox::new();
    let content = t.write("a", log(3 * BLOCK));
    t.write("b", "");
    let ran = t.gzcc(["-v", "-j3", "--scheduler=rayon", "a", "b", "missing"]).run();
    let said = ran.stderr();
    let line = said.lines().last().unwrap();
    let made = t.read("a.gz").len() + t.read("b.gz").len();
    let sizes = format!("{IN_ALL}2 files, {} -> {made} bytes (", content.len());
    ran.assert(line.starts_with(&sizes) && line.ends_with(" MB/s"), "sizes and speed");
    ran.assert(said.matches("3 workers, rayon").count() == 1, "workers and scheduler are named once");
    ran.assert(line.contains("%) in ") && line.contains(" s, "), "the share and the time");
    for words in [&["-f", "a"][..], &["-lv", "a.gz"], &["-qf", "a"]] {
        let ran = t.gzcc(words).run();
        ran.assert(!ran.stderr().contains(IN_ALL), "only -v has it, and no table");
    }
}

//! `--benchmark`: sizes equal those of real runs, nothing on disk changes, and only measured figures are printed.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{BLOCK, Sandbox, log, noise, sample};
use crate::stopped::{Moment, stopped_at};

/// Bytes of the header and trailer of a member without a name.
const MEMBER_OVERHEAD: usize = 18;

/// The header of a table, and the fields of its rows: level, speed and spread of both directions, space saved and
/// bytes.
#[track_caller]
fn table(stdout: &[u8]) -> (String, Vec<Vec<String>>) {
    let text = std::str::from_utf8(stdout).unwrap();
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_owned();
    let names = lines.next().unwrap();
    assert!(names.starts_with("level  compress MB/s") && names.ends_with("bytes"), "{text}");
    let rows: Vec<Vec<String>> =
        lines.clone().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert!(lines.all(|line| line.len() == names.len()), "columns end where their names do: {text}");
    (header, rows)
}

/// The JSON object of each level, and the summary object.
#[track_caller]
fn objects(stdout: &[u8]) -> (Vec<Value>, Value) {
    let lines = std::str::from_utf8(stdout).unwrap().lines();
    let mut objects: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = objects.pop().unwrap();
    assert_eq!((&summary["type"], &summary["mode"]), (&"summary".into(), &"benchmark".into()));
    assert!(objects.iter().all(|object| object["type"] == "level"));
    (objects, summary)
}

/// A directory with files of several blocks, of one block, and an empty one; with their total size.
fn sample_files() -> (Sandbox, usize) {
    let t = Sandbox::new();
    let sizes = [
        t.write("big", log(2 * BLOCK + 5)).len(),
        t.write("noise", noise(BLOCK / 8, 1)).len(),
        t.write("small", log(700)).len(),
        t.write("empty", "").len(),
    ];
    (t, sizes.iter().sum())
}

#[test]
fn the_table_has_the_requested_levels_and_the_sizes_of_real_runs() {
    let runs: [(&str, &[&str]); 5] = [
        ("threads", &["--rsyncable"]),
        ("rayon", &[]),
        ("threads", &[]),
        ("rayon", &["--engine=flate2"]),
        ("threads", &["--verify"]),
    ];
    for (scheduler, options) in sample(3, runs) {
        let (t, bytes) = sample_files();
        let all = ["big", "noise", "small", "empty"];
        let how = [options, &["-j3", "--scheduler", scheduler]].concat();
        let out = t.gzcc([&how[..], &["--benchmark=9,1-2"], &all].concat()).succeeds();
        let (header, rows) = table(&out);
        let engine = if options == ["--engine=flate2"] { "flate2" } else { "native" };
        let prefix = format!("4 files, {bytes} bytes; {engine}; 3 workers, {scheduler}; ");
        assert!(header.starts_with(&prefix) && header.ends_with(" rounds"), "{header}");
        let rounds: usize = header[prefix.len()..].trim_end_matches(" rounds").parse().unwrap();
        assert!((3..=15).contains(&rounds), "{header}");
        assert_eq!(rows.iter().map(|row| &*row[0]).collect::<Vec<_>>(), ["9", "1", "2"]);
        for row in rows {
            let real = t.gzcc([&how[..], &["-c", &format!("-{}", row[0])], &all].concat()).succeeds().len();
            assert_eq!(row[6], real.to_string(), "{row:?}");
            let data = (real - all.len() * MEMBER_OVERHEAD) as f64;
            assert_eq!(row[5], format!("{:.1}%", 100.0 - data * 100.0 / bytes as f64), "{row:?}");
            assert!([&row[1], &row[3]].iter().all(|speed| speed.parse::<f64>().unwrap() > 0.0), "{row:?}");
            assert!([&row[2], &row[4]].iter().all(|spread| spread.ends_with('%')), "{row:?}");
        }
        assert_eq!(t.names(), ["big", "empty", "noise", "small"], "nothing is made");
    }
}

#[test]
fn json_has_an_object_per_level_and_a_summary() {
    let (t, bytes) = sample_files();
    let ran = t.gzcc(["--benchmark=3,0", "--json", "-j2", "big", "missing", "noise", "small", "empty"]).run();
    ran.assert(ran.status.code() == Some(1), "an error is an error");
    ran.assert(ran.stderr() == "gzcc: missing: No such file or directory\n", "the missing file is named");
    let (levels, summary) = objects(&ran.stdout);
    assert_eq!(levels.iter().map(|level| level["level"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 0]);
    for level in &levels {
        assert_eq!((&level["bytes_in"], &level["status"]), (&bytes.into(), &"done".into()));
        let word = format!("-{}", level["level"]);
        let real = t.gzcc(["-c", &word, "big", "noise", "small", "empty"]).succeeds().len();
        assert_eq!(level["bytes_out"], real);
        for work in [&level["compress"], &level["decompress"]] {
            let figure = |name: &str| work[name].as_f64().unwrap();
            let (least, median, most) = (figure("seconds_min"), figure("seconds"), figure("seconds_max"));
            assert!(0.0 < least && least <= median && median <= most && most < 600.0, "{work}");
            let speed = bytes as f64 / 1e6 / median;
            assert!((figure("mb_per_second") - speed).abs() < speed / 1e6, "{work}");
        }
    }
    for (field, value) in [
        ("done", Value::from(4)),
        ("skipped", 0.into()),
        ("failed", 1.into()),
        ("bytes_in", bytes.into()),
        ("engine", "native".into()),
        ("rsyncable", false.into()),
        ("verify", false.into()),
        ("workers", 2.into()),
        ("scheduler", "threads".into()),
        ("exit_status", 1.into()),
    ] {
        assert_eq!(summary[field], value, "{field}");
    }
    assert!(summary["rounds"].as_u64().unwrap() >= 3 && summary["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn without_levels_the_usual_level_is_measured_on_the_files_that_a_run_would_compress() {
    require!("bash");
    let (t, _) = sample_files();
    t.write("d/a.log", log(3000));
    t.write("d/b.txt", log(2000));
    t.write("d/c.log.gz", "is passed by");
    let level = |words: &[&str]| table(&t.gzcc([&["--benchmark"], words].concat()).succeeds()).1[0][0].clone();
    assert_eq!(
        (level(&["small"]), level(&["-9", "small"]), level(&["small", "--fast"])),
        ("6".into(), "9".into(), "1".into())
    );
    let mut call = t.gzcc(["--benchmark", "small"]);
    call.set("GZCC_LEVEL", "4");
    assert_eq!(table(&call.succeeds()).1[0][0], "4");
    let header = |words: &[&str]| table(&t.gzcc([&["--benchmark"], words].concat()).succeeds()).0;
    assert!(header(&["-r", "d"]).starts_with("2 files, 5000 bytes; "));
    assert!(header(&["-r", "--include", "*.log", "d"]).starts_with("1 file, 3000 bytes; "));
    t.write("list", "d/a.log\nsmall\n");
    assert!(header(&["--files-from", "list"]).starts_with("2 files, 3700 bytes; "));
    let stdin = t.gzcc(["--benchmark", "-", "small"]).stdin(log(1000)).succeeds();
    assert!(table(&stdin).0.starts_with("2 files, 1700 bytes; "));
    let json = t.gzcc(["--benchmark", "--json"]).stdin(log(1000)).succeeds();
    assert_eq!(objects(&json).1["bytes_in"], 1000);
    let pipe = t.shell("gzcc --benchmark <(printf 12345)").succeeds();
    assert!(table(&pipe).0.starts_with("1 file, 5 bytes; "));
}

#[test]
fn unreadable_files_are_reported_and_the_others_are_measured() {
    let t = Sandbox::new();
    t.write("a", log(1000));
    t.write("b.gz", "x");
    t.write("d/e", "x");
    let messages = [
        "gzcc: missing: No such file or directory",
        "gzcc: b.gz: already has the suffix; left alone",
        "gzcc: d: is a directory; left alone (-r walks into it)",
    ];
    let out = t.gzcc(["--benchmark", "missing", "b.gz", "d", "a"]).says(1, &messages);
    assert!(table(out.as_bytes()).0.starts_with("1 file, 1000 bytes; "));
    assert!(table(t.gzcc(["--benchmark", "b.gz", "a"]).says(2, &messages[1..2]).as_bytes()).1.len() == 1);
    let nothing = "gzcc: --benchmark: there is nothing to measure";
    assert_eq!(t.gzcc(["--benchmark", "missing"]).says(1, &[messages[0], nothing]), "");
    let (levels, summary) =
        objects(t.gzcc(["--benchmark", "--json", "-r", "--include", "x", "d"]).says(1, &[nothing]).as_bytes());
    assert!(levels.is_empty());
    assert_eq!((&summary["done"], &summary["failed"], &summary["exit_status"]), (&0.into(), &1.into(), &1.into()));
    assert_eq!(t.names(), ["a", "b.gz", "d", "d/e"]);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_measured_as_it_was_and_a_changed_one_is_not() {
    require!("bash", "strace");
    let t = Sandbox::new();
    t.write("other", log(1000));
    let words = ["--benchmark=1", "a", "other"];
    let open = |append: bool| std::fs::File::options().append(append).write(true).open(t.path("a")).unwrap();
    let size = t.write("a", log(3 * BLOCK)).len();
    let ran = stopped_at(&t, Moment::new("a", "read", 1), &words, || {
        open(true).write_all(b"one more line\n").unwrap();
    });
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "it grew");
    assert!(table(&ran.stdout).0.starts_with(&format!("2 files, {} bytes; ", size + 1000)));
    t.write("a", log(3 * BLOCK));
    let ran = stopped_at(&t, Moment::new("a", "read", 1), &words, || open(false).write_all(b"line\n").unwrap());
    let changed = "gzcc: a: changed while it was read; no whole output made\n";
    ran.assert(ran.status.code() == Some(2) && ran.stderr() == changed, "it says so");
    assert!(table(&ran.stdout).0.starts_with("1 file, 1000 bytes; "));
}

#[test]
fn empty_content_has_neither_speed_nor_percentage() {
    let t = Sandbox::new();
    t.write("empty", "");
    let out = String::from_utf8(t.gzcc(["--benchmark", "empty"]).succeeds()).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("1 file, 0 bytes; ") && lines[1].starts_with("there is no content"), "{out}");
    assert_eq!(lines[3].split_whitespace().collect::<Vec<_>>(), ["6", "-", "-", "-", "-", "-", "20"]);
    let (levels, _) = objects(&t.gzcc(["--benchmark", "--json", "empty"]).succeeds());
    assert!(levels[0]["compress"]["mb_per_second"].is_null() && levels[0]["bytes_out"] == 20);
}

#[test]
fn options_that_write_or_remove_files_conflict_with_benchmark() {
    let t = Sandbox::new();
    t.write("a", log(100));
    for (word, option) in [
        ("-d", "--decompress"),
        ("-t", "--test"),
        ("-l", "--list"),
        ("-c", "--stdout"),
        ("-oout", "--output"),
        ("-Oout", "--output-dir"),
        ("--rm", "--rm"),
        ("-f", "--force"),
        ("--update", "--update"),
        ("--only-smaller", "--only-smaller"),
        ("-N", "--name"),
        ("--sync", "--sync"),
    ] {
        let line = format!("gzcc: {option} does not go with --benchmark; see gzcc --help");
        assert_eq!(t.gzcc(["--benchmark", word, "a"]).says(1, &[&line]), "");
    }
    for (levels, reason) in [
        ("0-20", "expected 0 to 12, or several levels (1-9, 1,6)"),
        ("9-1", "9 is above 1"),
        ("x", "expected 0 to 12, or several levels (1-9, 1,6)"),
        ("1,", "expected 0 to 12, or several levels (1-9, 1,6)"),
    ] {
        let line = format!("gzcc: invalid value '{levels}' for '--benchmark[=<LEVELS>]': {reason}; see gzcc --help");
        assert_eq!(t.gzcc([&format!("--benchmark={levels}"), "a"]).says(1, &[&line]), "");
    }
    // Without the `=`, `1-9` could be a file name.
    t.write("1-9", "x");
    let meant = "gzcc: 1-9 would be a file: levels are --benchmark=1-9, the file ./1-9; see gzcc --help";
    assert_eq!(t.gzcc(["--benchmark", "1-9", "a"]).says(1, &[meant]), "");
    t.gzcc(["--benchmark", "./1-9"]).succeeds();
    t.gzcc(["--benchmark=1", "1-9"]).succeeds();
    std::fs::remove_file(t.path("1-9")).unwrap();
    let engine = "gzcc: level 12 needs --engine native; see gzcc --help";
    t.gzcc(["--benchmark=1,12,3", "--engine=flate2", "a"]).says(1, &[engine]);
    t.gzcc(["--benchmark=1", "--max-size=1", "a"])
        .says(1, &["gzcc: --max-size goes with --decompress, --test or --list; see gzcc --help"]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let ran = t.command("./gzip", ["--benchmark", "a"]).run();
    ran.assert(ran.status.code() == Some(1) && ran.stderr().contains("--benchmark"), "gzip has no such option");
    assert_eq!(t.names(), ["a", "gzip"]);
}

#[test]
fn content_that_does_not_fit_into_memory_is_refused_before_it_is_read() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", noise(2 << 20, 1));
    let line =
        "gzcc: --benchmark: contents and outputs take 7M of memory or more, and --memory leaves 1M beside 1 worker";
    for words in [&["a"][..], &["-r", "."]] {
        let call = t.gzcc([&["--benchmark", "--memory=12M", "-j1"], words].concat());
        assert_eq!(call.says(1, &[line]), "");
    }
    let mut call = t.gzcc(["--benchmark", "-j1", "a"]);
    call.set("GZCC_MEMORY", "12M");
    assert_eq!(call.says(1, &[line]), "");
    t.gzcc(["--benchmark", "--memory=20M", "-j1", "a"]).succeeds();
    // The size of standard input is known only after it has been read.
    let stdin = t.gzcc(["--benchmark", "--memory=12M", "-j1"]).stdin(noise(2 << 20, 1)).run();
    stdin.assert(stdin.status.code() == Some(1) && stdin.stdout.is_empty(), "it is refused");
    stdin.assert(stdin.stderr().contains("and --memory leaves 1M beside 1 worker"), "it says why");
    // Larger than any machine's memory, and sparse on disk.
    std::fs::File::create(t.path("huge")).unwrap().set_len(1 << 42).unwrap();
    let huge = t.gzcc(["--benchmark", "huge"]).run();
    huge.assert(huge.status.code() == Some(1) && huge.stdout.is_empty(), "it is refused");
    huge.assert(huge.stderr().contains("what the machine or its container can spare leaves "), "it says why");
    (0..20).for_each(|i| drop(t.write(format!("d/{i}"), "x")));
    let line = "gzcc: --benchmark: 20 files in memory take 60 descriptors, and 23 are left beside 1 worker (ulimit -n)";
    t.shell("ulimit -n 60; gzcc --benchmark -j1 -r d").says(1, &[line]);
}

#[test]
fn a_signal_ends_the_benchmark_silently() {
    let t = Sandbox::new();
    t.write("a", noise(8 << 20, 1));
    let call = t.gzcc(["--benchmark=9-12", "a"]);
    let ran = call.run_while(Stdio::null(), |gzcc| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        kill_process(Pid::from_raw(gzcc as i32).unwrap(), Signal::INT).unwrap();
    });
    ran.assert(ran.status.signal() == Some(2), "it dies by the signal");
    ran.assert(ran.stdout.is_empty() && ran.stderr.is_empty(), "it prints nothing");
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn progress_always_shows_a_line_and_clears_it_at_the_end() {
    let t = Sandbox::new();
    t.write("a", log(1000));
    let ran = t.gzcc(["--benchmark=1-2", "--progress=always", "a"]).run();
    let stderr = ran.stderr();
    ran.assert(stderr.contains("warm-up, level 1") && stderr.contains("round 1, level 2"), "it shows its progress");
    ran.assert(stderr.ends_with("\r\u{1b}[J"), "and is gone at the end");
}

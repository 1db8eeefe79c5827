//! Output bytes: one member per file, in order, and independent of scheduler, worker count and source.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::damage::cases::{Fields, member};
use crate::harness::{BLOCK, Sandbox, assert_member, crc, every_level, gunzip, log, noise, repetitions, sample, spawn};

const ENGINES: [&str; 2] = ["--engine=native", "--engine=flate2"];

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

#[test]
fn sizes_around_every_edge_round_trip_and_files_and_pipes_give_the_same_bytes() {
    let t = Sandbox::new();
    let window = gzcc::deflate::WINDOW;
    let edges =
        [0, 1, 2, window - 1, window, window + 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1];
    for content in [log(2 * BLOCK + 1), noise(2 * BLOCK + 1, 9)] {
        for (size, engine) in edges.into_iter().flat_map(|size| ENGINES.map(|engine| (size, engine))) {
            let content = &content[..size];
            t.write("a", content);
            t.gzcc(["-f", "-j2", engine, "a"]).succeeds();
            t.assert_holds("a.gz", content);
            let piped = t.gzcc(["-j3", engine]).stdin(content).succeeds();
            assert!(piped == t.read("a.gz"), "{engine}: {size} bytes make other bytes in a pipe");
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_workers_scheduler_source_temporary_or_name() {
    let t = Sandbox::new();
    let content = t.write("a", [log(5 * BLOCK), noise(BLOCK, 1), log(3 * BLOCK / 2)].concat());
    t.write("other", &content);
    for (engine, level) in [(ENGINES[0], "-6"), (ENGINES[1], "-1")] {
        let reference = t.gzcc([engine, level, "-j1", "-c", "a"]).succeeds();
        assert_member(&reference, &content);
        let all = ["-j1", "-j2", "-j3", "-j8"].map(|jobs| SCHEDULERS.map(|scheduler| (jobs, scheduler)));
        // A step of 3 includes one worker and both schedulers.
        for (jobs, scheduler) in sample(3, all.concat()) {
            let options = [engine, level, jobs, scheduler];
            assert!(t.gzcc(options).stdin(&content).succeeds() == reference, "{options:?}, pipe");
            t.gzcc([&options[..], &["-f", "--named-temporaries", "a", "other"]].concat()).succeeds();
            assert!(t.read("a.gz") == reference && t.read("other.gz") == reference, "{options:?}, files");
        }
    }
}

/// The same for every level, with fewer workers and less content.
#[test]
fn the_bytes_of_no_level_depend_on_workers_scheduler_or_source() {
    let t = Sandbox::new();
    let content = t.write("a", [log(BLOCK + 70_000), noise(10_000, 1), log(BLOCK)].concat());
    // A step of 4 includes levels of every parser: 0, 4, 8 and 12 of one engine, 3 and 7 of the other.
    for level in sample(4, every_level()) {
        let at = |words: &[&str]| t.gzcc(level.split(' ').chain(words.iter().copied()));
        let reference = at(&["-j1", "-c", "a"]).succeeds();
        assert_member(&reference, &content);
        assert!(at(&["-j2"]).stdin(&content).succeeds() == reference, "{level}, pipe");
        at(&["-j3", "--scheduler=rayon", "-f", "a"]).succeeds();
        assert!(t.read("a.gz") == reference, "{level}, file");
    }
}

#[test]
fn short_reads_from_a_pipe_give_the_same_bytes() {
    require!("bash");
    let t = Sandbox::new();
    let content = t.write("a", log(BLOCK + 5000));
    let dribbled = t.shell(
        "for i in 1 3 10000 70000; do head -c $i; sleep 0.01; done < a > /dev/null; \
                            { head -c 1; sleep 0.02; head -c 99999; sleep 0.02; cat; } < a | gzcc -j2 -c > b; cat b",
    );
    assert!(dribbled.succeeds() == t.gzcc(["-c", "a"]).succeeds());
    drop(content);
}

#[test]
fn c_writes_members_in_argument_order() {
    let t = Sandbox::new();
    let mut names = Vec::new();
    let mut all = Vec::new();
    for i in 0..repetitions(20, 60) {
        let size = [0, 10, 4000, BLOCK, 2 * BLOCK + 3][i % 5];
        names.push(format!("f{i}"));
        all.extend(t.write(format!("f{i}"), noise(size, i as u64)));
    }
    let reference: Vec<u8> = names.iter().flat_map(|name| t.gzcc(["-c", name]).succeeds()).collect();
    for (jobs, scheduler) in [("1", "threads"), ("4", "threads"), ("1", "rayon"), ("3", "rayon")] {
        let words = ["-c", "-j", jobs, "--scheduler", scheduler].into_iter().chain(names.iter().map(String::as_str));
        let joined = t.gzcc(words).succeeds();
        assert!(joined == reference, "{scheduler} -j{jobs}: each input is one member, the same as alone");
    }
    assert_eq!(crc(&gunzip(&reference)), crc(&all));
}

#[test]
fn c_writes_the_other_inputs_if_one_is_missing() {
    let t = Sandbox::new();
    t.write("a", "1");
    t.write("b", "2");
    let ran = t.gzcc(["-c", "a", "missing", "b"]).run();
    ran.assert(ran.status.code() == Some(1), "status 1");
    ran.assert(ran.stderr() == "gzcc: missing: No such file or directory\n", "it is named");
    assert_eq!(gunzip(&ran.stdout), b"12");
}

#[test]
fn standard_input_is_read_once() {
    let t = Sandbox::new();
    let a = t.write("a", log(1000));
    for scheduler in ["threads", "rayon"] {
        let content = log(3 * BLOCK);
        let ran = t.gzcc(["-f", "--scheduler", scheduler, "-", "a", "-"]).stdin(&content).run();
        ran.assert(ran.status.code() == Some(1), "status 1");
        ran.assert(ran.stderr() == "gzcc: standard input: can be read only once\n", "the second is named");
        assert_member(&ran.stdout, &content);
        t.assert_holds("a.gz", &a);
    }
}

#[test]
fn c_reads_pipes_devices_and_files_that_hide_their_size() {
    require!("bash");
    let t = Sandbox::new();
    t.shell("gzcc -c <(echo one) /dev/null <(echo two) > out").succeeds();
    assert_eq!(gunzip(&t.read("out")), b"one\ntwo\n");
    let version = std::fs::read("/proc/version").unwrap();
    assert_member(&t.gzcc(["-c", "/proc/version"]).succeeds(), &version);
    t.shell("mkfifo p; echo late > p & gzcc -c p > fifo.gz; wait").succeeds();
    t.assert_holds("fifo.gz", b"late\n");
    t.gzcc(["-c", "."]).says(2, &["gzcc: .: is a directory; left alone (-r walks into it)"]);
}

#[test]
fn incompressible_content_grows_by_at_most_a_ten_thousandth_and_32_bytes() {
    let t = Sandbox::new();
    let content = noise(3 * BLOCK + 100, 5);
    for level in sample(3, every_level()) {
        let size = t.gzcc(level.split(' ')).stdin(&content).succeeds().len();
        assert!(size <= content.len() + content.len() / 10_000 + 32, "{level}: {} to {size}", content.len());
    }
}

#[test]
fn sigpipe_ends_c_silently_when_the_reader_exits() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", noise(20 * BLOCK, 1));
    t.write("b", "x");
    for scheduler in ["threads", "rayon"] {
        let mut command = t.gzcc(["-c", "--scheduler", scheduler, "a", "b"]).into_command();
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut some = [0; 1000];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(13), "{scheduler}: {:?}", output.status);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let helped = t.shell("gzcc --help | head -1 > /dev/null; echo ${PIPESTATUS[0]}").run();
    helped.assert(helped.stderr.is_empty(), "help ends as quietly");
}

#[test]
fn a_full_non_blocking_pipe_loses_no_data() {
    require!("bash", "python3");
    let t = Sandbox::new();
    let content = t.write("a", noise(4 * BLOCK, 2));
    let script = "import os,subprocess,sys\n\
        os.set_blocking(1, False)\n\
        sys.exit(subprocess.call([sys.argv[1], '-c', 'a']))";
    let script = format!("python3 -c \"{script}\" {} | {{ sleep 0.2; cat; }} > out", env!("CARGO_BIN_EXE_gzcc"));
    t.command("bash", ["-c", &script]).succeeds();
    t.assert_holds("out", &content);
}

#[test]
fn a_fifo_without_a_writer_does_not_block_other_inputs() {
    use rustix::fs::{CWD, Mode, OFlags, mkfifoat, open};
    let t = Sandbox::new();
    for scheduler in ["threads", "rayon"] {
        for fifo in ["first", "second"] {
            let _ = std::fs::remove_file(t.path(fifo));
            mkfifoat(CWD, t.path(fifo), Mode::RWXU).unwrap();
        }
        let words = ["-t", "-j2", "--scheduler", scheduler, "first", "second"];
        let mut child = spawn(t.gzcc(words).into_command().stdout(Stdio::piped()));
        // A non-blocking open for writing fails as long as the FIFO has no reader.
        let open = |fifo: &str| {
            let tries = std::iter::repeat_with(|| {
                std::thread::sleep(std::time::Duration::from_millis(10));
                open(t.path(fifo), OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty())
            });
            std::fs::File::from(
                tries.take(1_000).find_map(Result::ok).unwrap_or_else(|| panic!("{fifo} has no reader")),
            )
        };
        for fifo in ["second", "first"] {
            open(fifo).write_all(&member(b"content", &Fields::default())).unwrap();
        }
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((said.as_str(), child.wait().unwrap().code()), ("Tested 2 files\n", Some(0)), "{scheduler}");
    }
}

/// There are more files than the queue of results holds.
#[test]
fn any_number_of_files_is_listed_in_order_after_a_slow_one() {
    const FILES: usize = 17_000;
    let t = Sandbox::new();
    let gz = member(b"content", &Fields::default());
    for i in 0..FILES {
        t.write(format!("t/{i}.gz"), &gz);
    }
    for scheduler in sample(2, SCHEDULERS) {
        let words = ["-lr", "-j2", scheduler, "-", "t"];
        let mut command = t.gzcc(words).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        std::thread::sleep(std::time::Duration::from_millis(500));
        child.stdin.take().unwrap().write_all(&gz).unwrap();
        let mut listed = String::new();
        child.stdout.take().unwrap().read_to_string(&mut listed).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(listed.lines().count(), FILES + 3, "a header, standard input, totals");
        assert!(listed.lines().nth(1).unwrap().ends_with(" stdout"));
    }
}

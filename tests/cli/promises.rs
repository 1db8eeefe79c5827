//! Promises that need special setups: panics, terminals, traces of system calls.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex};
use std::thread::sleep;
use std::time::Duration;

use gzcc::command::run_with_engine;
use gzcc::deflate::{self, BlockCompressor, Window};
use gzcc::settings::{Destination, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, log, noise, skip, spawn};
use crate::terminal::terminal;

/// An engine that panics at a block that starts with "boom".
struct Faulty(Box<dyn BlockCompressor>);

impl BlockCompressor for Faulty {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        assert!(!window.bytes(block.clone()).starts_with(b"boom"), "as the test wants it");
        self.0.compress(window, block, last, out);
    }
}

/// P1, P2: a panic in a worker fails its file. The other files are compressed, and no temporary remains.
#[test]
fn a_panic_fails_only_its_own_file() {
    for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
        for jobs in [1, 2, 5] {
            for boom_at in [0, BLOCK, 6 * BLOCK] {
                let t = Sandbox::new();
                let mut bad = log(8 * BLOCK);
                bad[boom_at..boom_at + 4].copy_from_slice(b"boom");
                t.write("bad", &bad);
                let mut inputs = vec![t.path("bad").into_os_string()];
                for i in 0..6 {
                    t.write(format!("good{i}"), log(i * BLOCK / 2 + 10));
                    inputs.push(t.path(format!("good{i}")).into_os_string());
                }
                inputs.rotate_left(3);
                let settings = Settings {
                    inputs,
                    scheduler,
                    jobs: jobs.try_into().unwrap(),
                    level: 1,
                    unnamed_temporaries: jobs != 2,
                    ..Settings::default()
                };
                let tally = run_with_engine(settings, &(), |kind, level| {
                    Box::new(Faulty(deflate::new_compressor(kind, level)))
                });
                assert_eq!((tally.done, tally.failed), (6, 1));
                for i in 0..6 {
                    t.assert_holds(format!("good{i}.gz"), &t.read(format!("good{i}")));
                }
                assert_eq!(t.names().len(), 7 + 6, "{:?}", t.names());
            }
        }
    }
}

/// As gzip does.
#[test]
fn compressed_data_is_written_to_a_terminal_only_with_f() {
    let t = Sandbox::new();
    t.write("a", "x");
    let (_master, slave) = terminal();
    let run = |words: &[&str]| {
        let mut command: Command = t.gzcc(words).into_command();
        command.stdin(Stdio::null()).stdout(slave.try_clone().unwrap()).stderr(Stdio::piped());
        let output = spawn(&mut command).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let refused = "compressed data not written to a terminal; use -f to force, --help for help\n";
    assert_eq!(run(&["-c", "a"]), (Some(1), format!("gzcc: a: {refused}")));
    // The same message points a user who types only the command's name to the help.
    for words in [&[][..], &["-"], &["-c"], &["-9", "-"]] {
        assert_eq!(run(words), (Some(1), format!("gzcc: {refused}")), "{words:?}");
    }
    assert_eq!(run(&["-f", "-c", "a"]), (Some(0), String::new()));
    assert_eq!(run(&["a"]), (Some(0), String::new()), "a file's output is a file");
}

/// The system calls per small file, each with its reason.
#[test]
fn a_small_file_takes_exactly_these_system_calls() {
    require!("strace");
    let t = Sandbox::new();
    for i in 0..4 {
        t.write(format!("f{i}"), log(6000));
        t.set_mode(format!("f{i}"), 0o644);
    }
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    let calls_for = |option: &[&str], names: [&str; 4]| -> Vec<String> {
        let words = [&["-o", "trace", gzcc, "-j1"][..], option, &names].concat();
        // A file that changes in the tick in which a run starts may be an output of that run, and is looked at more closely.
        sleep(Duration::from_millis(50));
        t.command("strace", words).succeeds();
        let trace = String::from_utf8(t.read("trace")).unwrap();
        // From the open of the third file to that of the fourth: leaves out the calls at the start and end of a run.
        let lines: Vec<&str> = trace.lines().collect();
        let opening =
            |file: &str| lines.iter().position(|line| line.contains(&format!("\"{file}\", O_RDONLY"))).unwrap();
        let between = &lines[opening(names[2])..opening(names[3])];
        let called = between.iter().map(|line| line.split('(').next().unwrap().to_owned());
        // std's debug builds check with fcntl before each close that the descriptor is open; brk grows the heap.
        called.filter(|call| call != "fcntl" && call != "brk").collect()
    };
    let calls = |option: &[&str]| calls_for(option, ["f0", "f1", "f2", "f3"]);
    let begins = [
        "openat",     // the input
        "fstat",      // its kind, size, times and links
        "newfstatat", // whether the output exists, before any work
        "fgetxattr",  // whether it has an ACL beyond its mode
        "openat",     // the output, unnamed
        "pread64",    // the whole input
        "write",      // header, data and trailer
        "fstat",      // whether the input has changed
        "fchmod",     // the original's mode
        "utimensat",  // the original's times
    ];
    let kept = [
        "close",  // a duplicate of the output, which reports errors that come at close
        "linkat", // the name
        "close",  // the output
        "openat", // by the final name: an event for watchers of the directory
        "close",  // the same descriptor
        "close",  // the input
    ];
    assert_eq!(calls(&["-k"]), [&begins[..], &kept].concat());
    // Decompression reads in order, up to the size that the file had when it was opened.
    let read = begins.iter().map(|&call| if call == "pread64" { "read" } else { call });
    let decompressed: Vec<&str> = read.chain(kept).collect();
    for i in 0..4 {
        fs::remove_file(t.path(format!("f{i}"))).unwrap();
    }
    assert_eq!(calls_for(&["-dk"], ["f0.gz", "f1.gz", "f2.gz", "f3.gz"]), decompressed);
    for i in 0..4 {
        fs::remove_file(t.path(format!("f{i}.gz"))).unwrap();
    }
    let removed = [
        "fsync",      // the output, before its name
        "close",      // a duplicate of the output, which reports errors that come at close
        "linkat",     // the name
        "fsync",      // the directory, before the original is removed
        "close",      // the output
        "openat",     // by the final name: an event for watchers of the directory
        "close",      // the same descriptor
        "newfstatat", // whether the name still refers to the file that was read
        "unlinkat",   // the original
        "close",      // the input
    ];
    assert_eq!(calls(&["--rm"]), [&begins[..], &removed].concat());
}

/// P3: the data is synced, then the output is named, then the directory is synced, and only then the original is removed.
#[test]
fn an_original_is_removed_after_data_name_and_directory_are_synced() {
    require!("strace");
    let t = Sandbox::new();
    symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let mut input = "a";
    t.write(input, log(3 * BLOCK));
    // Each call's input is the output of the previous call.
    for (words, output) in [
        (&[env!("CARGO_BIN_EXE_gzcc"), "-q", "--rm", "a"][..], "a.gz"),
        (&[env!("CARGO_BIN_EXE_gzcc"), "-dq", "--rm", "a.gz"], "a"),
        (&["./gzip", "a"], "a.gz"),
        (&["./gzip", "-d", "a.gz"], "a"),
    ] {
        let strace = ["-f", "-e", "trace=write,fsync,linkat,unlinkat", "-o", "trace"];
        t.command("strace", [&strace[..], words].concat()).succeeds();
        let trace = String::from_utf8(t.read("trace")).unwrap();
        let calls: Vec<&str> = ["write(", "fsync(", "linkat(", "unlinkat("]
            .into_iter()
            .flat_map(|call| {
                trace.match_indices(&format!(" {call}")).map(move |(at, _)| (at, call)).collect::<Vec<_>>()
            })
            .collect::<std::collections::BTreeMap<_, _>>()
            .into_values()
            .collect();
        let tail: Vec<&str> = calls.iter().copied().skip_while(|call| *call == "write(").collect();
        assert_eq!(tail, ["fsync(", "linkat(", "fsync(", "unlinkat("], "{words:?}\n{trace}");
        assert_eq!(t.names(), [output, "gzip", "trace"], "{input} is gone");
        input = output;
    }
}

/// P3: new directories of the output directory are on the disk before an original is removed.
#[test]
fn an_original_is_removed_after_new_directories_are_synced() {
    require!("strace");
    let t = Sandbox::new();
    t.write("x/y/a", log(100));
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    let words = ["-f", "-y", "-e", "trace=fsync,unlinkat", "-o", "trace", gzcc, "--rm", "-O", "new/out", "x/y/a"];
    t.command("strace", words).succeeds();
    let trace = String::from_utf8(t.read("trace")).unwrap();
    let before = trace.split("unlinkat(").next().unwrap();
    for directory in ["", "/new", "/new/out", "/new/out/x", "/new/out/x/y"] {
        let synced = format!("{}{directory}>)", fs::canonicalize(t.path(".")).unwrap().display());
        assert!(before.contains(&synced), "{synced} in\n{trace}");
    }
    assert!(!t.exists("x/y/a"));
}

/// P4: a temporary has mode 0600, whatever the umask and the original's mode.
#[test]
fn a_temporary_is_private() {
    require!("bash", "strace");
    let t = Sandbox::new();
    t.write("a", log(100));
    t.set_mode("a", 0o666);
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    for way in [&[][..], &["--named-temporaries"]] {
        for input in [&["a"][..], &["-d", "a.gz"]] {
            let strace = ["-f", "-e", "trace=openat,fchmod,linkat,renameat2", "-o", "trace", gzcc, "-f"];
            let words = [&strace[..], way, input].concat();
            t.shell(&format!("umask 0; strace {}", words.join(" "))).succeeds();
            let trace = String::from_utf8(t.read("trace")).unwrap();
            let created: Vec<&str> =
                trace.lines().filter(|line| line.contains("O_CREAT") || line.contains("O_TMPFILE")).collect();
            assert!(created.len() == 1 && created[0].contains(", 0600)"), "{trace}");
        }
    }
}

/// The work is complete even if the system starts no thread.
#[test]
fn one_worker_does_the_work_if_the_system_starts_no_thread() {
    require!("bash");
    if crate::harness::is_root() {
        skip("root is not limited");
        return;
    }
    let t = Sandbox::new();
    let a = t.write("a", noise(3 * BLOCK, 1));
    for scheduler in ["threads", "rayon"] {
        t.shell(&format!("ulimit -u 1; exec '{}' -f -j8 --scheduler {scheduler} a", env!("CARGO_BIN_EXE_gzcc")))
            .succeeds();
        t.assert_holds("a.gz", &a);
    }
}

/// Number of workers in the run below.
const WORKERS: usize = 3;

/// The threads that have compressed a block in the run below, and a signal for each new one.
static COMPRESSING: (Mutex<BTreeSet<String>>, Condvar) = (Mutex::new(BTreeSet::new()), Condvar::new());

/// An engine whose blocks wait until every worker has one. The time limit ends a run in which some worker gets none.
struct Gathering(Box<dyn BlockCompressor>);

impl BlockCompressor for Gathering {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let (threads, added) = &COMPRESSING;
        let mut threads = threads.lock().unwrap();
        threads.insert(format!("{:?}", std::thread::current().id()));
        added.notify_all();
        drop(added.wait_timeout_while(threads, Duration::from_secs(60), |threads| threads.len() < WORKERS).unwrap());
        self.0.compress(window, block, last, out);
    }
}

/// One worker at a time reads a pipe, but all of them compress at the same time.
#[test]
fn all_workers_compress_blocks_of_a_pipe() {
    for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
        let t = Sandbox::new();
        let content = log(6 * BLOCK);
        rustix::fs::mkfifoat(rustix::fs::CWD, t.path("fifo"), rustix::fs::Mode::RWXU).unwrap();
        let settings = Settings {
            inputs: vec![t.path("fifo").into()],
            destination: Destination::File(t.path("out")),
            scheduler,
            jobs: WORKERS.try_into().unwrap(),
            level: 0,
            ..Settings::default()
        };
        COMPRESSING.0.lock().unwrap().clear();
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(t.path("fifo"), &content).unwrap());
            let tally =
                run_with_engine(settings, &(), |kind, level| Box::new(Gathering(deflate::new_compressor(kind, level))));
            assert_eq!(tally.done, 1);
        });
        assert_eq!(COMPRESSING.0.lock().unwrap().len(), WORKERS, "{scheduler:?}");
        t.assert_holds("out", &content);
    }
}

/// A worker that waits for a slow pipe must not prevent the others from writing completed blocks.
#[test]
fn completed_blocks_are_written_while_the_input_pipe_is_still_open() {
    use std::io::{Read, Write};
    let t = Sandbox::new();
    for scheduler in ["threads", "rayon"] {
        let mut command = t.gzcc(["-0", "-j2", "--scheduler", scheduler]).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdin.write_all(&vec![b'x'; BLOCK + 1]).unwrap();
        let mut block = vec![0; BLOCK];
        // Blocks until the limit of the harness if the block is held back.
        stdout.read_exact(&mut block).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

//! The promises that take more than one call to break: kills, panics, terminals, system calls.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gzcc::command::run_with_engine;
use gzcc::deflate::{self, BlockCompressor, Window};
use gzcc::settings::{Destination, Scheduler, Settings};

use crate::harness::{BLOCK, Sandbox, log, noise, skip, spawn};
use crate::terminal::terminal;

/// An engine that panics at a block beginning with "boom".
struct Faulty(Box<dyn BlockCompressor>);

impl BlockCompressor for Faulty {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        assert!(!window.bytes(block.clone()).starts_with(b"boom"), "as the test wants it");
        self.0.compress(window, block, last, out);
    }
}

/// P1, P2: a panic in a worker is that file's error; the others are done, and nothing is left over.
#[test]
fn a_panic_costs_its_own_file_and_no_other() {
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

/// Compressed bytes do not go to a terminal unless forced.
#[test]
fn a_terminal_gets_no_compressed_bytes_unless_forced() {
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
    // Whoever types only the command's name is pointed to the help.
    for words in [&[][..], &["-"], &["-c"], &["-9", "-"]] {
        assert_eq!(run(words), (Some(1), format!("gzcc: {refused}")), "{words:?}");
    }
    assert_eq!(run(&["-f", "-c", "a"]), (Some(0), String::new()));
    assert_eq!(run(&["a"]), (Some(0), String::new()), "a file's output is a file");
}

/// The system calls that one more small file costs, each for its reason; none can be spared.
#[test]
fn a_small_file_costs_these_system_calls_and_no_more() {
    require!("strace");
    let t = Sandbox::new();
    for i in 0..4 {
        t.write(format!("f{i}"), log(6000));
        t.command("chmod", ["644", &format!("f{i}")]).succeeds();
    }
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    let calls_for = |option: &[&str], names: [&str; 4]| -> Vec<String> {
        let words = [&["-o", "trace", gzcc, "-j1"][..], option, &names].concat();
        t.command("strace", words).succeeds();
        let trace = String::from_utf8(t.read("trace")).unwrap();
        // From the opening of the third file to that of the fourth: caches are warm, the end is not in it.
        let lines: Vec<&str> = trace.lines().collect();
        let opening =
            |file: &str| lines.iter().position(|line| line.contains(&format!("\"{file}\", O_RDONLY"))).unwrap();
        let between = &lines[opening(names[2])..opening(names[3])];
        let called = between.iter().map(|line| line.split('(').next().unwrap().to_owned());
        // std's debug builds ask before each close whether the descriptor is open; the heap grows now and then.
        called.filter(|call| call != "fcntl" && call != "brk").collect()
    };
    let calls = |option: &[&str]| calls_for(option, ["f0", "f1", "f2", "f3"]);
    let begins = [
        "openat",     // the input
        "fstat",      // what it is: kind, size, times, links
        "newfstatat", // whether the output's name is taken, to spare the work
        "fgetxattr",  // whether an ACL says more than its mode
        "openat",     // the output, without a name
        "pread64",    // all of it
        "write",      // header, data and trailer
        "fstat",      // whether it changed meanwhile
        "fchmod",     // the original's mode
        "utimensat",  // and times
    ];
    let kept = [
        "close",  // a duplicate of the output: errors that are reported at close
        "linkat", // the name
        "close",  // the output
        "openat", // under the name, for watchers of the folder
        "close",  // the same
        "close",  // the input
    ];
    assert_eq!(calls(&["-k"]), [&begins[..], &kept].concat());
    // Decompressing reads in order, up to the size that the file had when it was opened.
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
        "close",      // a duplicate of the output: errors that are reported at close
        "linkat",     // the name
        "fsync",      // the folder, before the original goes
        "close",      // the output
        "openat",     // under the name, for watchers of the folder
        "close",      // the same
        "newfstatat", // whether the name is still that of the file that was read
        "unlinkat",   // the original
        "close",      // the input
    ];
    assert_eq!(calls(&["--rm"]), [&begins[..], &removed].concat());
}

/// P3: data on the disk, then the name, then the folder, and only then the original goes.
#[test]
fn an_original_goes_after_data_name_and_folder_are_synced() {
    require!("strace");
    let t = Sandbox::new();
    symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let mut input = "a";
    t.write(input, log(3 * BLOCK));
    // Each call takes what the one before has made.
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

/// P3: new folders of the output folder are on the disk as well before an original goes.
#[test]
fn an_original_goes_after_new_folders_are_synced() {
    require!("strace");
    let t = Sandbox::new();
    t.write("x/y/a", log(100));
    let gzcc = env!("CARGO_BIN_EXE_gzcc");
    let words = ["-f", "-y", "-e", "trace=fsync,unlinkat", "-o", "trace", gzcc, "--rm", "-O", "new/out", "x/y/a"];
    t.command("strace", words).succeeds();
    let trace = String::from_utf8(t.read("trace")).unwrap();
    let before = trace.split("unlinkat(").next().unwrap();
    for folder in ["", "/new", "/new/out", "/new/out/x", "/new/out/x/y"] {
        let synced = format!("{}{folder}>)", fs::canonicalize(t.path(".")).unwrap().display());
        assert!(before.contains(&synced), "{synced} in\n{trace}");
    }
    assert!(!t.exists("x/y/a"));
}

/// P4: an output under way is its maker's alone, whatever the umask and the original's mode.
#[test]
fn an_output_under_way_is_private() {
    require!("bash", "strace");
    let t = Sandbox::new();
    t.write("a", log(100));
    t.command("chmod", ["666", "a"]).succeeds();
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

/// The work is done where no more threads can be had.
#[test]
fn fewer_workers_do_where_the_system_has_no_threads_left() {
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

/// Blocks done by each thread of the run below.
static BY_THREAD: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// An engine that counts, and takes its time without taking the processor's.
struct Counting(Box<dyn BlockCompressor>);

impl BlockCompressor for Counting {
    fn compress(&mut self, window: Window<'_>, block: Range<usize>, last: bool, out: &mut Vec<u8>) {
        let thread = format!("{:?}", std::thread::current().id());
        *BY_THREAD.lock().unwrap().entry(thread).or_default() += 1;
        std::thread::sleep(Duration::from_millis(20));
        self.0.compress(window, block, last, out);
    }
}

/// A pipe is read by one at a time, but compressed by all.
#[test]
fn every_worker_has_its_share_of_a_pipe() {
    for scheduler in [Scheduler::Threads, Scheduler::Rayon] {
        let t = Sandbox::new();
        let content = log(36 * BLOCK);
        rustix::fs::mkfifoat(rustix::fs::CWD, t.path("fifo"), rustix::fs::Mode::RWXU).unwrap();
        let settings = Settings {
            inputs: vec![t.path("fifo").into()],
            destination: Destination::File(t.path("out")),
            scheduler,
            jobs: 3.try_into().unwrap(),
            level: 0,
            ..Settings::default()
        };
        BY_THREAD.lock().unwrap().clear();
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(t.path("fifo"), &content).unwrap());
            let tally =
                run_with_engine(settings, &(), |kind, level| Box::new(Counting(deflate::new_compressor(kind, level))));
            assert_eq!(tally.done, 1);
        });
        let shares: Vec<usize> = BY_THREAD.lock().unwrap().values().copied().collect();
        assert!(shares.len() == 3 && shares.iter().all(|&share| share >= 9), "{scheduler:?}: {shares:?} of 37");
        t.assert_holds("out", &content);
    }
}

/// A worker that waits for a slow pipe must not keep the others from writing what they have.
#[test]
fn what_is_compressed_is_written_while_the_pipe_is_still_open() {
    use std::io::{Read, Write};
    let t = Sandbox::new();
    for scheduler in ["threads", "rayon"] {
        let mut command = t.gzcc(["-0", "-j2", "--scheduler", scheduler]).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdin.write_all(&vec![b'x'; BLOCK + 1]).unwrap();
        let mut block = vec![0; BLOCK];
        let watchdog = Instant::now();
        stdout.read_exact(&mut block).unwrap();
        assert!(watchdog.elapsed() < Duration::from_secs(60), "{scheduler}");
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

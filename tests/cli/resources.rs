//! Memory and descriptors: bounded by the workers, whatever the input.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Sandbox, noise, spawn};

/// Peak resident memory of a running process in bytes.
pub fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// P6. The limit is 32 MiB and 8 MiB per worker.
#[test]
fn memory_does_not_grow_with_the_input() {
    let t = Sandbox::new();
    for (jobs, scheduler) in [(2, "threads"), (2, "rayon"), (6, "threads")] {
        let mut command = t.gzcc(["-1", "-j", &jobs.to_string(), "--scheduler", scheduler]).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()));
        let mut stdin = child.stdin.take().unwrap();
        let chunk = noise(1 << 20, 4);
        for _ in 0..160 {
            stdin.write_all(&chunk).unwrap();
        }
        let used = peak(child.id());
        drop(stdin);
        assert!(child.wait().unwrap().success());
        let allowed = (32 + 8 * jobs) << 20;
        assert!(used < allowed, "{scheduler} -j{jobs}: {} MiB", used >> 20);
    }
}

/// Workers must wait for a slow reader instead of buffering their output.
#[test]
fn memory_does_not_grow_with_a_slow_reader() {
    use std::io::Read;
    let t = Sandbox::new();
    t.write("a", noise(96 << 20, 6));
    for scheduler in ["threads", "rayon"] {
        let mut command = t.gzcc(["-0", "-c", "-j4", "--scheduler", scheduler, "a"]).into_command();
        let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut vec![0; 1 << 20]).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let used = peak(child.id());
        assert!(used < (32 + 8 * 4) << 20, "{scheduler}: {} MiB", used >> 20);
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_soft_descriptor_limit_below_the_need_of_all_workers_is_no_error() {
    require!("bash");
    let t = Sandbox::new();
    for i in 0..100 {
        t.write(format!("f{i}"), noise(50_000, i));
    }
    let counted = t.shell("ulimit -Sn 20; gzcc -j40 f*").succeeds();
    assert_eq!(counted, b"Compressed 100 files\n");
}

#[test]
fn a_directory_is_closed_after_its_last_output() {
    require!("bash");
    let t = Sandbox::new();
    for i in 0..200 {
        t.write(format!("t/{i}/a"), noise(100, i));
    }
    // The last run replaces the outputs of the one before.
    for options in ["-r", "-rf", "-rf --named-temporaries", "-rf"] {
        let ran = t.shell(&format!("ulimit -n 60; gzcc -j2 {options} t")).run();
        ran.assert(ran.status.success() && ran.stderr.is_empty(), options);
    }
}

/// P6. Each worker has a stream of its own, and compresses what that has submitted before it inflates more.
#[test]
fn memory_of_a_recompression_does_not_grow_with_the_square_of_the_workers() {
    require!("python3");
    let t = Sandbox::new();
    let (jobs, gz) = (24, t.gzcc(["-1"]).stdin(vec![0; 8 << 20]).succeeds());
    for i in 0..jobs {
        t.write(format!("{i}.gz"), &gz);
    }
    let peak = "import resource, subprocess, sys\nif subprocess.call(sys.argv[1:]): sys.exit(1)\n\
                print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let gzcc = [env!("CARGO_BIN_EXE_gzcc"), "-qr", "--recompress", "-6", "-j", &jobs.to_string(), "."];
    let said = t.command("python3", ["-c", peak].into_iter().chain(gzcc)).succeeds();
    let used = String::from_utf8(said).unwrap().trim().parse::<usize>().unwrap() / 1024;
    assert!(used < 32 + 8 * jobs, "{used} MiB");
}

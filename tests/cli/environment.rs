//! Environment variables and resource limits: workers, level and memory, and no setting that could remove a file.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::harness::{BLOCK, Sandbox, log, noise, sample, skip, spawn};
use crate::resources::peak;

/// The part of the `-v` output that states the number of workers, for these arguments in this environment.
fn workers(t: &Sandbox, variables: &[(&str, &str)], words: &[&str]) -> String {
    t.write("a", "a");
    let mut call = t.gzcc([&["-v", "-f", "a"], words].concat());
    variables.iter().for_each(|(name, value)| call.set(name, value));
    let ran = call.run();
    ran.assert(ran.status.success(), "it succeeds");
    let stderr = ran.stderr();
    let line = stderr.lines().next().unwrap_or_default();
    line.trim_start_matches("gzcc: ").trim_end_matches(", threads").to_owned()
}

#[test]
fn a_variable_applies_unless_an_option_overrides_it() {
    let t = Sandbox::new();
    let content = t.write("x", log(50_000));
    assert_eq!(workers(&t, &[("GZCC_JOBS", "5")], &[]), "5 workers");
    assert_eq!(workers(&t, &[("GZCC_JOBS", "5")], &["-j3"]), "3 workers");
    let compressed = |level: Option<&str>, words: &[&str]| {
        let mut call = t.gzcc([words, &["-c", "x"]].concat());
        level.iter().for_each(|level| call.set("GZCC_LEVEL", level));
        call.succeeds()
    };
    assert_eq!(compressed(Some("1"), &[]), compressed(None, &["-1"]));
    assert_eq!(compressed(Some("12"), &[]), compressed(None, &["-12"]));
    assert_eq!(compressed(Some("1"), &["--best"]), compressed(None, &["-9"]));
    assert_eq!(compressed(Some(""), &[]), compressed(None, &["-6"]), "empty is not set");
    assert_ne!(compressed(Some("1"), &[]), compressed(None, &[]));
    assert_eq!(crate::harness::gunzip(&compressed(Some("0"), &[])), content);
}

/// The default number of workers is that of the CPUs, which a test cannot raise; one CPU is always below or equal to it.
#[test]
fn a_batch_system_lowers_the_default_number_of_workers_and_an_option_overrides_it() {
    require!("taskset", "grep");
    let t = Sandbox::new();
    let all = workers(&t, &[], &[]);
    for variables in [
        &[("SLURM_CPUS_PER_TASK", "1")][..],
        &[("SLURM_CPUS_ON_NODE", "1")],
        &[("PBS_JOBID", "7.host"), ("NCPUS", "1")],
        &[("PBS_NUM_PPN", "1")],
        &[("LSB_DJOB_NUMPROC", "1")],
        &[("JOB_ID", "9"), ("NSLOTS", "1")],
        &[("SLURM_CPUS_ON_NODE", "5000"), ("SLURM_CPUS_PER_TASK", "1")],
    ] {
        assert_eq!(workers(&t, variables, &[]), "1 worker", "{variables:?}");
        assert_eq!(workers(&t, variables, &["-j3"]), "3 workers", "{variables:?}");
        assert_eq!(workers(&t, &[variables, &[("GZCC_JOBS", "5")]].concat(), &[]), "5 workers", "{variables:?}");
    }
    for value in ["", "0", "-1", "many", "2(x4)", "1.5", " 1", "5000", "99999999999999999999999"] {
        assert_eq!(workers(&t, &[("SLURM_CPUS_PER_TASK", value)], &[]), all, "{value:?} lowers nothing");
    }
    assert_eq!(workers(&t, &[("NCPUS", "1"), ("NSLOTS", "1")], &[]), all, "these names are not those of a job");
    // The affinity is a limit of its own.
    let first = t.command("sh", ["-c", "taskset -cp $$ | grep -o '[0-9]*' | tail -n 1"]).succeeds();
    let first = String::from_utf8(first).unwrap();
    let mut call = t.command("taskset", ["-c", first.trim(), env!("CARGO_BIN_EXE_gzcc"), "-vf", "a"]);
    call.set("SLURM_CPUS_PER_TASK", "64");
    let ran = call.run();
    ran.assert(ran.stderr().starts_with("gzcc: 1 worker, threads\n"), "a batch system does not raise the number");
}

/// No variable of a batch system is read as an option of gzip, but its CPUs are the limit under every name.
#[test]
fn a_batch_system_lowers_the_number_of_workers_under_gzips_names() {
    require!("strace");
    let t = Sandbox::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("pigz")).unwrap();
    let threads = |variables: &[(&str, &str)], words: &[&str]| {
        t.write("a", noise(3 * BLOCK, 3));
        let strace = ["-f", "-qq", "-o", "trace", "-e", "trace=clone,clone3", "./pigz", "-f", "a"];
        let mut call = t.command("strace", [&strace[..], words].concat());
        variables.iter().for_each(|(name, value)| call.set(name, value));
        call.succeeds();
        fs::read_to_string(t.path("trace")).unwrap().lines().filter(|line| line.contains("CLONE_THREAD")).count()
    };
    let one = threads(&[], &["-p1"]);
    assert_eq!(threads(&[("SLURM_CPUS_PER_TASK", "1")], &[]), one);
    assert_eq!(threads(&[("SLURM_CPUS_PER_TASK", "1")], &["-p3"]), one + 2);
}

#[test]
fn an_invalid_variable_is_an_error_that_names_it_before_any_work() {
    let t = Sandbox::new();
    t.write("a", "a");
    for (name, value, message) in [
        ("GZCC_JOBS", "0", "invalid value '0' for GZCC_JOBS: expected 1 to 1024"),
        ("GZCC_JOBS", "many", "invalid value 'many' for GZCC_JOBS: expected 1 to 1024"),
        ("GZCC_LEVEL", "13", "invalid value '13' for GZCC_LEVEL: expected 0 to 12"),
        ("GZCC_LEVEL", "-9", "invalid value '-9' for GZCC_LEVEL: expected 0 to 12"),
        ("GZCC_MEMORY", "1\n", r"invalid value '1\n' for GZCC_MEMORY: expected a size such as 500, 64K or 10G"),
        ("GZCC_MEMORY", "1M", "there has to be memory for one worker (11M at this level); see gzcc --help"),
    ] {
        for words in [&["a"][..], &["-j2", "-6", "a"]] {
            let mut call = t.gzcc(words);
            call.set(name, value);
            call.says(1, &[&format!("gzcc: {message}")]);
        }
    }
    let mut call = t.gzcc(["--engine", "flate2", "a"]);
    call.set("GZCC_LEVEL", "11");
    call.says(1, &["gzcc: level 11 of GZCC_LEVEL needs --engine native; see gzcc --help"]);
    assert_eq!(t.names(), ["a"]);
    for (words, message) in [
        ("--memory 1M a", "there has to be memory for one worker (11M at this level)"),
        ("--memory 21M -12 a", "there has to be memory for one worker (22M at this level)"),
        ("--memory x a", "invalid value 'x' for '--memory <SIZE>': expected a size such as 500, 64K or 10G"),
    ] {
        t.gzcc(words.split(' ')).says(1, &[&format!("gzcc: {message}; see gzcc --help")]);
    }
}

#[test]
fn other_variables_have_no_effect_and_none_applies_under_gzips_names() {
    require!("bash", "cmp");
    let t = Sandbox::new();
    t.write("a", "a");
    let mut call = t.gzcc(["a"]);
    for (name, value) in
        [("GZCC_RM", "1"), ("GZCC_FORCE", "1"), ("GZCC_OPTIONS", "--rm -f"), ("GZIP", "--rm"), ("GZCC", "--rm")]
    {
        call.set(name, value);
    }
    call.succeeds();
    assert_eq!(t.names(), ["a", "a.gz"]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let script = "GZCC_LEVEL=x GZCC_JOBS=0 GZCC_MEMORY=1 ./gzip -c a | cmp - <(./gzip -c a)";
    t.command("bash", ["-c", script]).succeeds();
}

#[test]
fn the_memory_limit_reduces_workers_and_does_not_change_the_output() {
    let t = Sandbox::new();
    let content = t.write("big", noise(9 * BLOCK, 3));
    for (memory, words, expected) in [
        ("11M", &["-j8"][..], "1 worker"),
        ("22M", &["-j8"], "3 workers"),
        ("1G", &["-j8"], "8 workers"),
        ("22M", &["-j8", "-10"], "1 worker"),
        ("38M", &["-j8", "-12"], "2 workers"),
    ] {
        assert_eq!(workers(&t, &[], &[words, &["--memory", memory]].concat()), expected, "{memory} {words:?}");
        assert_eq!(workers(&t, &[("GZCC_MEMORY", memory)], words), expected, "{memory} {words:?}");
    }
    assert_eq!(workers(&t, &[("GZCC_MEMORY", "11M")], &["-j8", "--memory", "1G"]), "8 workers");
    // The memory that a high level needs does not count when decompressing.
    t.gzcc(["-d", "-12", "--memory", "11M", "-c", "a.gz"]).succeeds();
    let gz = t.gzcc(["-c", "-j8", "big"]).succeeds();
    assert!(t.gzcc(["-c", "-j8", "--memory=11M", "big"]).succeeds() == gz);
    assert!(crate::harness::gunzip(&gz) == content);
}

/// Peak memory of a run whose output is not read for a while, so that all blocks that may wait do wait.
fn peak_with_blocked_output(t: &Sandbox, words: &str) -> usize {
    let mut command = t.gzcc(words.split(' ').chain(["-c", "-j64", "big"])).into_command();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()));
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 1]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let used = peak(child.id());
    stdout.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().unwrap().success(), "{words}");
    used
}

#[test]
fn a_run_stays_within_its_memory_limit() {
    let t = Sandbox::new();
    t.write("big", noise(30 * BLOCK, 5));
    let runs = [(11, "-6"), (26, "-6"), (26, "-9 --engine flate2"), (26, "-1"), (26, "-6 --verify")];
    for (memory, words) in sample(2, runs) {
        let used = peak_with_blocked_output(&t, &format!("--memory {memory}M {words}"));
        assert!(used < memory << 20, "{memory} MiB, {words}: {} KiB", used >> 10);
    }
    t.write("big", log(4 * BLOCK));
    let used = peak_with_blocked_output(&t, "--memory 38M -12");
    assert!(used < 38 << 20, "{} KiB", used >> 10);
}

/// A memory control group with a limit; `None` if none can be created.
struct MemoryGroup(std::path::PathBuf);

impl MemoryGroup {
    fn new(limit: u64) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        for (root, file) in [("memory", "memory.limit_in_bytes"), ("", "memory.max")] {
            let line = own.lines().find(|line| match root {
                "" => line.starts_with("0::"),
                _ => line.split(':').nth(1).is_some_and(|names| names.split(',').any(|name| name == root)),
            });
            let Some(path) = line.and_then(|line| line.splitn(3, ':').nth(2)) else { continue };
            let name = format!("gzcc-test-{}", std::process::id());
            let group = std::path::Path::new("/sys/fs/cgroup").join(root).join(path.trim_start_matches('/')).join(name);
            if fs::create_dir(&group).is_ok() {
                let group = Self(group);
                if fs::write(group.0.join(file), limit.to_string()).is_ok() {
                    return Some(group);
                }
            }
        }
        None
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn the_containers_memory_limits_the_default_number_of_workers() {
    require!("bash");
    let t = Sandbox::new();
    t.write("a", "a");
    let Some(group) = MemoryGroup::new(16 << 20) else {
        return skip("no control group can be created here; the unit tests of resources.rs cover the limits");
    };
    let script = format!(
        "echo $$ > {}/cgroup.procs && {gzcc} -vf a 2>&1 | head -n 1; {gzcc} -vf -j7 a 2>&1 | head -n 1",
        group.0.display(),
        gzcc = env!("CARGO_BIN_EXE_gzcc")
    );
    let stdout = t.command("bash", ["-c", &script]).succeeds();
    // Three quarters of 16 MiB suffice for one worker. An explicit number of workers is used unchanged.
    assert_eq!(String::from_utf8_lossy(&stdout), "gzcc: 1 worker, threads\ngzcc: 7 workers, threads\n");
}

#[test]
fn no_limit_is_read_when_the_number_of_workers_is_given() {
    require!("strace");
    let t = Sandbox::new();
    t.write("a", "a");
    let reads = |words: &[&str]| {
        let strace = ["-f", "-qq", "-o", "trace", "-e", "trace=openat", env!("CARGO_BIN_EXE_gzcc"), "-f", "a"];
        t.command("strace", [&strace[..], words].concat()).succeeds();
        fs::read_to_string(t.path("trace")).unwrap().matches("/proc/self/cgroup").count()
    };
    assert_eq!(reads(&["-j2"]), 0);
    assert!(reads(&["--json"]) > 0, "without this, the test is void");
}

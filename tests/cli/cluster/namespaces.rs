//! Namespaces for the daemons of a test: nothing in them is visible outside, or outlives the test.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{ChildStdin, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Call, Sandbox};
use crate::programs::{Running, spawn_within};

/// How long a cluster may exist, and how long a test waits for a state. The slowest test takes a minute on an idle machine.
const LIMIT: Duration = Duration::from_secs(1200);

/// The first process of the namespaces. It ends with its standard input, which the test holds open, and reaps orphans.
const INIT: &str = "set -e
mount -t tmpfs none /run
ip link set lo up
# The C library resolves no address on a host without one.
ip address add 10.213.0.1/32 dev lo
hostname head
echo ready
while read -r; do :; done";

/// Namespaces for network, processes, mounts, host name and IPC, with an empty /run and one host: `head`.
pub(super) struct Namespaces {
    sandbox: Sandbox,
    /// The first process, by its number outside.
    init: u32,
    _stdin: ChildStdin,
    _unshare: Running,
}

impl Namespaces {
    /// Creates them; the reason if that is impossible here.
    pub(super) fn new(sandbox: Sandbox) -> Result<Self, String> {
        let namespaces = ["-n", "-p", "-m", "-u", "-i", "--fork", "--kill-child", "--mount-proc", "bash", "-c", INIT];
        let mut command = sandbox.command("unshare", namespaces).into_command();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut unshare = spawn_within(LIMIT, command);
        let (stdin, stdout) = (unshare.stdin.take().unwrap(), unshare.stdout.take().unwrap());
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        if line != "ready\n" {
            let mut said = String::new();
            unshare.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            return Err(format!("no namespaces can be made here: {}", said.trim()));
        }
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", unshare.id())).unwrap();
        let init = children.trim().parse().unwrap();
        Ok(Self { sandbox, init, _stdin: stdin, _unshare: unshare })
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// A call in the namespaces.
    pub(super) fn command(&self, words: &[&str]) -> Call {
        let (init, directory) = (self.init.to_string(), self.sandbox.path(""));
        let enter = ["-t", &init, "-m", "-u", "-i", "-n", "-p", "env", "--chdir", directory.to_str().unwrap()];
        self.sandbox.command("nsenter", [&enter[..], words].concat())
    }

    /// A call of a script in the namespaces.
    pub(super) fn shell(&self, script: &str) -> Call {
        self.command(&["bash", "-c", script])
    }

    /// The path outside of a file in the namespaces.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.init))
    }

    /// The running processes in the namespaces.
    pub(super) fn processes(&self) -> Vec<Process> {
        let namespace = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = namespace(self.init);
        let numbers =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        numbers.filter(|&pid| own.is_some() && namespace(pid) == own).filter_map(Process::of).collect()
    }
}

/// A process that has not ended.
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) parent: u32,
    /// Its arguments, separated by spaces.
    pub(super) words: String,
    /// Its environment: lines `NAME=value`.
    pub(super) environment: String,
}

impl Process {
    fn of(pid: u32) -> Option<Self> {
        let text = |file: &str| {
            let bytes = fs::read(format!("/proc/{pid}/{file}")).ok()?;
            Some(String::from_utf8_lossy(&bytes).replace('\0', if file == "cmdline" { " " } else { "\n" }))
        };
        let status = text("status")?;
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
        let is_zombie = status.lines().any(|line| line.starts_with("State:\tZ"));
        (!is_zombie).then_some(Self { pid, parent, words: text("cmdline")?, environment: text("environ")? })
    }

    pub(super) fn kill(&self) {
        let _ = kill_process(Pid::from_raw(self.pid as i32).unwrap(), Signal::KILL);
    }
}

/// Waits for a state; whether it was reached. The limit only ends a test that fails.
pub(super) fn reaches(mut state: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !state() {
        if start.elapsed() > LIMIT / 4 {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    true
}

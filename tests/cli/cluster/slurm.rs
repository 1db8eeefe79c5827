//! A Slurm cluster of four nodes on one machine, with its own configuration, key and sockets.

use std::fs;

use super::namespaces::{Namespaces, Process, reaches};
use crate::harness::{Call, Sandbox};

/// `head` runs the controller and all nodes. SlurmdTimeout is long, so that a busy machine does not lose a node; the test itself
/// declares a node to be down.
const CONFIGURATION: &str = "ClusterName=test
SlurmctldHost=head(127.0.0.1)
SlurmctldPort=17000
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=/run/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=600
SlurmdTimeout=600
MessageTimeout=100
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmctldLogFile=/run/slurm/slurmctld.log
StateSaveLocation=/run/slurm/state
SlurmdPidFile=/run/slurm/%n.pid
SlurmdLogFile=/run/slurm/%n.log
SlurmdSpoolDir=/run/slurm/%n
NodeName=n[1-4] NodeHostname=head NodeAddr=127.0.0.1 Port=[17001-17004] CPUs=1 RealMemory=100
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
";

const START: &str = "set -e
mkdir -p /run/munge /run/slurm/state
chmod 755 /run/munge
(umask 077; head -c 1024 /dev/urandom > /run/munge/key)
{
  munged --key-file=/run/munge/key --socket=/run/munge/socket --pid-file=/run/munge/pid \\
    --log-file=/run/munge/log --seed-file=/run/munge/seed
  slurmctld
  for node in n1 n2 n3 n4; do slurmd -N $node; done
} > /run/slurm/start.log 2>&1 < /dev/null";

/// The running cluster.
pub(super) struct Slurm {
    namespaces: Namespaces,
}

impl Slurm {
    /// Starts it and waits for all nodes; the reason if it does not start.
    pub(super) fn start(sandbox: Sandbox) -> Result<Self, String> {
        sandbox.write("configuration/slurm.conf", CONFIGURATION);
        let slurm = Self { namespaces: Namespaces::new(sandbox)? };
        let started = slurm.set(slurm.namespaces.shell(START)).run().status.success();
        let nodes = || slurm.call(&["sinfo", "-h", "-o", "%T %D"]).run().stdout;
        match started && reaches(|| nodes() == b"idle 4\n") {
            true => Ok(slurm),
            false => Err(format!("Slurm does not start here: {}", slurm.logs())),
        }
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        self.namespaces.sandbox()
    }

    /// A call of one of Slurm's commands.
    pub(super) fn call(&self, words: &[&str]) -> Call {
        self.set(self.namespaces.command(words))
    }

    fn set(&self, mut call: Call) -> Call {
        call.set("SLURM_CONF", self.sandbox().path("configuration/slurm.conf").to_str().unwrap());
        call
    }

    /// Submits an array and returns the number of its job. Tasks find programs of the sandbox's directory `bin` first.
    pub(super) fn submit(&self, options: &[&str]) -> String {
        let mut call = self.call(&[&["sbatch", "--parsable"], options].concat());
        let (bin, path) = (self.sandbox().path("bin"), std::env::var("PATH").unwrap_or_default());
        call.set("PATH", &format!("{}:{path}", bin.display()));
        String::from_utf8(call.succeeds()).unwrap().trim().to_owned()
    }

    /// The tasks of all jobs that have not ended, each as its number and state.
    pub(super) fn pending(&self) -> Vec<String> {
        let queue = self.call(&["squeue", "-h", "-r", "-o", "%K %T"]).succeeds();
        String::from_utf8(queue).unwrap().lines().map(str::to_owned).collect()
    }

    /// The states of all tasks, also of those that have ended.
    pub(super) fn states(&self) -> Vec<String> {
        let states = self.call(&["squeue", "-h", "-r", "-t", "all", "-o", "%T"]).succeeds();
        String::from_utf8(states).unwrap().lines().map(str::to_owned).collect()
    }

    /// Kills the daemon of a node and all processes of its jobs, as a power failure does.
    pub(super) fn kill_node(&self, node: &str) {
        let variable = format!("SLURMD_NODENAME={node}");
        let daemon = format!("slurmd -N {node} ");
        // A node that is starting a process can start it while the others are killed.
        let killed = reaches(|| {
            let processes = self.namespaces.processes();
            let is_of_job = |process: &Process| process.environment.lines().any(|line| line == variable);
            let of_jobs: Vec<&Process> = processes.iter().filter(|process| is_of_job(process)).collect();
            let has_job = |process: &Process| of_jobs.iter().any(|job| job.parent == process.pid);
            let is_step = |process: &Process| process.words.starts_with("slurmstepd: ") && has_job(process);
            let victims = processes.iter().filter(|p| p.words == daemon || is_of_job(p) || is_step(p));
            victims.map(Process::kill).count() == 0
        });
        assert!(killed, "{node} is running: {}", self.logs());
    }

    /// The ends of all logs.
    pub(super) fn logs(&self) -> String {
        let files = fs::read_dir(self.namespaces.path("/run/slurm")).into_iter().flatten();
        let logs = files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|e| e == "log"));
        let ends = logs.map(|log| {
            let text = fs::read_to_string(&log).unwrap_or_default();
            let from = text.lines().count().saturating_sub(8);
            let lines: Vec<&str> = text.lines().skip(from).collect();
            format!("{}:\n{}\n", log.file_name().unwrap().display(), lines.join("\n"))
        });
        ends.collect()
    }
}

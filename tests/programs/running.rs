//! A started program, which does not outlive its test.

use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long a program may take. The slowest takes half a minute on a busy machine.
const LIMIT: Duration = Duration::from_secs(300);

/// A program that is killed, with all that it started, after a limit or when this value is dropped.
pub struct Running {
    child: Option<Child>,
    /// Dropped when the program has ended, which ends the thread that waits for the limit.
    _ended: Sender<()>,
}

/// Starts a program that may take [`LIMIT`].
#[track_caller]
pub fn spawn(command: &mut Command) -> Running {
    spawn_within(LIMIT, command)
}

/// Starts a program in a process group of its own, so that what it starts can be killed with it.
#[track_caller]
pub fn spawn_within(limit: Duration, command: &mut Command) -> Running {
    // setsid makes a group itself; the leader of another one would have to fork for that.
    if command.get_program() != "setsid" {
        command.process_group(0);
    }
    // The system does not start a program that some process may still write to. A program that a test has just made is
    // open in the programs that other tests start at this moment, until these call exec.
    let start = Instant::now();
    let child = loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && start.elapsed() < LIMIT => {
                thread::sleep(Duration::from_millis(5));
            }
            child => break child.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display())),
        }
    };
    let (ended, watched) = mpsc::channel();
    let (group, shown) = (Pid::from_child(&child), format!("{command:?}"));
    thread::spawn(move || {
        if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            super::note(format_args!("killed after {limit:?}: {shown}"));
            let _ = kill_process_group(group, Signal::KILL);
        }
    });
    Running { child: Some(child), _ended: ended }
}

impl Running {
    /// Waits for the end and for all output.
    pub fn wait_with_output(mut self) -> io::Result<Output> {
        self.child.take().expect("it is there until this or drop").wait_with_output()
    }
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.child.as_ref().expect("it is there until it is consumed")
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        self.child.as_mut().expect("it is there until it is consumed")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that did not wait for the end has failed.
        if let Some(child) = &mut self.child
            && matches!(child.try_wait(), Ok(None))
        {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = child.wait();
        }
    }
}

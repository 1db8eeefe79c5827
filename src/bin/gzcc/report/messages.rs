//! gzcc's own messages about inputs, one line each on standard error.
//!
//! `gnu_messages` has those under gzip's names. Nothing here counts, or decides about the exit status.

use std::io::{self, Write};
use std::path::Path;

use gzcc::EscapedName;
use gzcc::command::NOT_REACHED;
use gzcc::outcome::{Done, Loss};
use gzcc::settings::{Mode, OverwritePolicy, Settings};
use gzcc::{Ended, ErrorKind, Outcome};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::question::Question;
use super::reasons::{ErrorReason, SkipReason};
use super::sizes::Sizes;
use super::terminal_line;
use super::wording::{self, counted};
use crate::presentation::{Presentation, Rules, Verbosity};

/// The properties of a run that determine the number and the wording of messages.
#[derive(Debug)]
pub(super) struct Messages {
    pub(super) program: &'static str,
    pub(super) rules: Rules,
    pub(super) mode: Mode,
    pub(super) verbosity: Verbosity,
    /// Originals are removed.
    pub(super) removes: bool,
    /// Originals are kept on request (`-k`).
    pub(super) keeps: bool,
    /// Outputs are replaced.
    pub(super) force: bool,
    /// gzip's question about an existing output.
    pub(super) question: Question,
    /// The number of workers, and the scheduler.
    pub(super) workers: String,
}

impl Messages {
    /// The messages of a run with these settings.
    pub(super) fn new(settings: &Settings, presentation: &Presentation) -> Self {
        let Presentation { program, rules, verbosity, keeps, presumes_terminal, .. } = *presentation;
        let (mode, removes) = (settings.mode, settings.removes());
        let force = settings.overwrite == OverwritePolicy::Replace;
        let workers = format!("{}, {}", counted(settings.jobs.get() as u64, "worker"), settings.scheduler.name());
        let question = Question { program, presumes_terminal };
        Self { program, rules, mode, verbosity, removes, keeps, force, question, workers }
    }

    /// Prints gzcc's own lines about an input.
    pub(super) fn print(&self, ended: &Ended) {
        let name = EscapedName::path(&ended.name);
        match &ended.outcome {
            Outcome::Done(done) => {
                let lists = matches!(self.mode, Mode::List | Mode::ListTrailers);
                if self.verbosity >= Verbosity::Verbose && !lists {
                    print_message(format_args!("{name}: {}", FileFigures(done, self.mode)));
                }
                for warning in &done.warnings {
                    self.warn(format_args!("gzcc: {name}: {warning}"));
                }
            }
            // A skip that the options request is not a warning; only -v prints it.
            Outcome::Skipped(reason) if self.verdict(reason).printed || self.verbosity >= Verbosity::Verbose => {
                self.warn(format_args!("gzcc: {name}: {}", SkipReason(reason)));
            }
            // The user named no file, so the message has no name.
            Outcome::Failed(error)
                if ended.is_stdin && matches!(error.kind(), ErrorKind::InputRefused | ErrorKind::OutputRefused) =>
            {
                print_message(format_args!("gzcc: {}", ErrorReason(error)));
            }
            Outcome::Failed(error) => print_message(format_args!("gzcc: {name}: {}", ErrorReason(error))),
            Outcome::NotReached => print_message(format_args!("gzcc: {name}: {NOT_REACHED}")),
            _ => {}
        }
    }

    /// Prints a loss of a damaged input.
    pub(super) fn print_loss(&self, input: &Path, loss: &Loss) {
        self.warn(format_args!("gzcc: {}: {}", EscapedName::path(input), wording::loss(loss)));
    }

    /// Prints a warning.
    pub(super) fn warn(&self, line: std::fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Silent {
            print_message(line);
        }
    }
}

/// Prints one line on standard error. An error is ignored: it cannot be reported anywhere.
pub(crate) fn print_message(line: std::fmt::Arguments<'_>) {
    let _ = terminal_line::above(|| io::stderr().write_all(format!("{line}\n").as_bytes()));
}

/// Prints one line on standard error if that is possible without waiting for a reader of the pipe or for another worker.
pub(super) fn try_print_message(line: &[u8]) {
    let stderr = rustix::stdio::stderr();
    let mut ready = [PollFd::from_borrowed_fd(stderr, PollFlags::OUT)];
    if poll(&mut ready, Some(&Timespec::default())).is_ok_and(|ready| ready > 0) {
        // An error is ignored: the process ends, and no other place to report it is left.
        let _ = rustix::io::write(stderr, line);
    }
}

/// The figures of one input: `595119 -> 60115 bytes (89.9%), a.log.gz`. The percentage is the space saved.
struct FileFigures<'a>(&'a Done, Mode);

impl std::fmt::Display for FileFigures<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(done, mode) = self;
        f.write_str(&wording::sizes(done.bytes_in, done.bytes_out, Sizes::of(done, *mode)))?;
        match &done.output {
            Some(output) => write!(f, ", {}", EscapedName::path(output)),
            None if *mode == Mode::Test => f.write_str(", OK"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_file_are_its_sizes_the_percentage_and_the_output() {
        let figures = |bytes_in, bytes_out, overhead, output: Option<&str>, mode| {
            let mut done = Done::default();
            (done.bytes_in, done.bytes_out, done.stats.overhead) = (bytes_in, bytes_out, overhead);
            done.output = output.map(Into::into);
            FileFigures(&done, mode).to_string()
        };
        assert_eq!(figures(1000, 141, 18, Some("a.gz"), Mode::Compress), "1000 -> 141 bytes (87.7%), a.gz");
        assert_eq!(figures(0, 20, 0, None, Mode::Compress), "0 -> 20 bytes");
        assert_eq!(figures(141, 1000, 18, None, Mode::Test), "141 -> 1000 bytes (87.7%), OK");
    }
}

//! What is said and what is counted: outcomes become lines on standard error, a tally and an exit status.
//!
//! The only room of the library that prints. A line is one write, so lines of different workers never mix.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::outcome::{Chain, Done, Outcome, Status, Verdict};
use crate::settings::Verbosity;
use crate::shown::Shown;

/// Takes in outcomes as they come about.
#[derive(Debug)]
pub struct Report {
    verbosity: Verbosity,
    tally: Mutex<Tally>,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Inputs compressed.
    pub done: u64,
    /// Inputs left alone.
    pub skipped: u64,
    /// Inputs that failed.
    pub failed: u64,
    /// The worst that happened.
    pub status: Status,
    /// The reader of standard output went away.
    pub reader_gone: bool,
}

impl Report {
    /// A report that says as much as `verbosity` wants.
    pub fn new(verbosity: Verbosity) -> Self {
        Self { verbosity, tally: Mutex::default() }
    }

    /// Takes in what became of the input `name`.
    pub fn outcome(&self, name: &Path, outcome: Outcome) {
        let name = Shown::path(name);
        match outcome {
            Outcome::Done(done) => {
                let status = if done.shortfall.is_some() { Status::Warning } else { Status::Success };
                self.count(status, |tally| tally.done += 1);
                if self.verbosity >= Verbosity::Verbose {
                    say(format_args!("{name}: {}", Figures(&done)));
                }
                if let Some(shortfall) = &done.shortfall {
                    self.warn(format_args!("gzcc: {name}: {shortfall}"));
                }
            }
            Outcome::Skipped(reason) => {
                let Verdict { said, status } = reason.verdict();
                self.count(status, |tally| tally.skipped += 1);
                // What is expected and not worth a warning is told when every file is.
                if said || self.verbosity >= Verbosity::Verbose {
                    self.warn(format_args!("gzcc: {name}: {reason}"));
                }
            }
            Outcome::Failed(error) => {
                self.count(Status::Error, |tally| tally.failed += 1);
                say(format_args!("gzcc: {name}: {}", Chain(&error)));
            }
            Outcome::NotReached => {
                self.count(Status::Error, |tally| tally.failed += 1);
                // Nobody is told what a reader that went away has missed.
                if !self.tally().reader_gone {
                    say(format_args!("gzcc: {name}: not written, as the output ended before it"));
                }
            }
            Outcome::ReaderGone => self.count(Status::Error, |tally| tally.reader_gone = true),
        }
    }

    /// What the run has come to so far.
    pub fn tally(&self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, status: Status, add: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut tally);
        tally.status = tally.status.max(status);
    }

    fn warn(&self, line: std::fmt::Arguments<'_>) {
        if self.verbosity > Verbosity::Quiet {
            say(line);
        }
    }
}

impl Tally {
    /// The line that ends a run: `Compressed 3 files, 1 skipped`.
    pub fn line(&self) -> String {
        let mut line = format!("Compressed {} file{}", self.done, if self.done == 1 { "" } else { "s" });
        for (count, what) in [(self.skipped, "skipped"), (self.failed, "failed")] {
            if count > 0 {
                line += &format!(", {count} {what}");
            }
        }
        line
    }
}

/// Prints one line on standard error. If that fails there is nobody left to tell.
pub fn say(line: std::fmt::Arguments<'_>) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// A done input's figures: `595119 -> 60115 bytes (10.1%), a.log.gz`.
struct Figures<'a>(&'a Done);

impl std::fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Done { bytes_in, bytes_out, output, .. } = self.0;
        write!(f, "{bytes_in} -> {bytes_out} bytes")?;
        if *bytes_in > 0 {
            write!(f, " ({:.1}%)", *bytes_out as f64 * 100.0 / *bytes_in as f64)?;
        }
        match output {
            Some(output) => write!(f, ", {}", Shown::path(output)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_and_leaves_out_what_is_zero() {
        let tally = |done, skipped, failed| Tally { done, skipped, failed, ..Tally::default() }.line();
        assert_eq!(tally(0, 0, 0), "Compressed 0 files");
        assert_eq!(tally(1, 0, 0), "Compressed 1 file");
        assert_eq!(tally(2, 1, 0), "Compressed 2 files, 1 skipped");
        assert_eq!(tally(2, 1, 3), "Compressed 2 files, 1 skipped, 3 failed");
    }

    #[test]
    fn figures_hold_sizes_percent_and_output() {
        let done = Done { bytes_in: 1000, bytes_out: 123, output: Some("a.gz".into()), shortfall: None };
        assert_eq!(Figures(&done).to_string(), "1000 -> 123 bytes (12.3%), a.gz");
        let empty = Done { bytes_in: 0, bytes_out: 20, output: None, shortfall: None };
        assert_eq!(Figures(&empty).to_string(), "0 -> 20 bytes");
    }
}

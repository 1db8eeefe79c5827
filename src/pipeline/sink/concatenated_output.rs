//! One output file for several inputs. It gets its name when all inputs are done.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::per_input::refused;
use super::{Ending, Sink, file_failure, write_to_file};
use crate::error::Error;
use crate::io::output::{OutputFile, OverwriteCheck, Refusal};
use crate::outcome::{NamedOutcome, Outcome, Reason};

/// One output file for several inputs. It gets its name when all inputs are done.
#[derive(Debug)]
pub(crate) struct Concatenated {
    /// The file.
    pub output: OutputFile,
    /// Which file it may replace.
    pub overwrite: OverwriteCheck,
    /// Whether file and directory are synced.
    pub sync: bool,
    /// Whether removal of the originals is requested. It is refused.
    pub remove: bool,
    /// Set when an input is the file that the output would replace.
    pub is_an_input: Arc<AtomicBool>,
}

/// An output file of several inputs, as a sink. `None` after the file is named or removed.
#[derive(Debug)]
pub(crate) struct ConcatenatedSink(Option<Concatenated>);

impl From<Concatenated> for ConcatenatedSink {
    fn from(file: Concatenated) -> Self {
        Self(Some(file))
    }
}

impl Sink for ConcatenatedSink {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        write_to_file(self.0.as_mut().map(|file| &mut file.output), bytes)
    }

    fn failure(&self, error: io::Error) -> Outcome {
        file_failure(self.0.as_ref().map(|file| &file.output), error)
    }

    fn close(&mut self, ending: Ending) -> Option<NamedOutcome> {
        self.0.take()?.close(ending)
    }
}

impl Concatenated {
    fn close(self, ending: Ending) -> Option<NamedOutcome> {
        let Self { output, overwrite, sync, remove, is_an_input } = self;
        let name = output.output_name();
        let shown = name.path.clone();
        let outcome = match ending {
            Ending::Complete if is_an_input.load(Ordering::Relaxed) => {
                Outcome::Failed(Error::other("not made, as it is an input as well"))
            }
            Ending::Complete => match output.commit(&overwrite, sync) {
                Ok(()) if remove => Outcome::Skipped(Reason::SharedOutput),
                Ok(()) => return None,
                Err(Refusal::Exists) => {
                    Outcome::Failed(Error::other("was made by somebody else meanwhile; left alone"))
                }
                // The outcome already has the output's name.
                Err(Refusal::System(error)) => error.into(),
                Err(refusal) => refused(refusal, name),
            },
            Ending::Incomplete => Outcome::Failed(Error::other("not made, as it could not be finished")),
            Ending::Empty => Outcome::Skipped(Reason::NoInput),
        };
        Some(NamedOutcome { shown, outcome })
    }
}

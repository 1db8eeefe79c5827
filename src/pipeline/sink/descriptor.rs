//! A descriptor that is written in place: standard output, or a device or FIFO that is named as the output.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use super::{Ending, Sink, closed};
use crate::error::Error;
use crate::io::closing;
use crate::io::transfer::write_all;
use crate::outcome::{NamedOutcome, Outcome};

/// An output that is written in place.
#[derive(Debug)]
pub(crate) struct Descriptor {
    /// `None` after it is closed.
    fd: Option<OwnedFd>,
    /// Its name in messages.
    shown: PathBuf,
}

impl Descriptor {
    /// Writes to `fd`, which messages call `shown`.
    pub(crate) fn new(fd: OwnedFd, shown: PathBuf) -> Self {
        Self { fd: Some(fd), shown }
    }
}

impl Sink for Descriptor {
    fn write(&mut self, bytes: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        let fd = self.fd.as_ref().ok_or_else(closed)?;
        write_all(fd.as_fd(), &bytes)?;
        Ok(Some(bytes))
    }

    fn failure(&self, error: io::Error) -> Outcome {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
            _ => Outcome::Failed(Error::from(error).about(self.shown.as_path())),
        }
    }

    fn is_descriptor(&self) -> bool {
        true
    }

    fn close(&mut self, ending: Ending) -> Option<NamedOutcome> {
        let fd = self.fd.take()?;
        if ending == Ending::Incomplete {
            // The error that made it incomplete has been recorded.
            return None;
        }
        let error = closing::flush(&fd).and_then(|()| closing::close(fd)).err()?;
        let outcome = match error.kind() {
            io::ErrorKind::BrokenPipe => Outcome::ReaderGone,
            _ => error.into(),
        };
        Some(NamedOutcome::new(self.shown.clone(), outcome))
    }
}

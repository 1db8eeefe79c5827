//! Inflates the data of a decoder with several workers.
//!
//! The caller reads the source and pushes its data to a stream, which divides it into chunks as it does with a pipe. The workers
//! are threads, and never read the source: it may block, and the caller may drop the decoder at any time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::NextContent;
use super::content_channel::{ContentChannel, Delivery};
use crate::deflate;
use crate::error::ErrorKind;
use crate::format::gzip::ReadError;
use crate::inflate::{CompressedSource, Trailing};
use crate::io::input::Input;
use crate::observer::Observer;
use crate::outcome::{InputId, Outcome, Warning};
use crate::pipeline::outcomes::Outcomes;
use crate::pipeline::scheduler::CallerWorker;
use crate::pipeline::stream::{ArrivingData, MAX_CHUNK, Member, Reader, Stream, Writer};
use crate::settings::StreamSettings;

/// Bytes read from the source at a time.
const READ: usize = 256 * 1024;

/// Bytes of the source for each worker that are read ahead: a chunk.
const AHEAD: u64 = MAX_CHUNK;

pub(super) struct SharedInflation {
    data: Arc<ArrivingData>,
    channel: Arc<ContentChannel>,
    /// Owns the workers. Only the owner of the decoder uses it; the lock makes it `Sync`.
    caller: Mutex<CallerWorker>,
    buffer: Box<[u8]>,
    /// Bytes read from the source.
    read: u64,
    /// Number of workers that are started.
    started: u64,
    /// The number of workers to start.
    workers: u64,
    /// The error that ended the source.
    source_error: Option<io::Error>,
}

impl SharedInflation {
    /// Starts the first worker. `None` if the system has no thread for it.
    pub(super) fn start(settings: StreamSettings) -> Option<Self> {
        let data = Arc::new(ArrivingData::pushed());
        let channel = Arc::new(ContentChannel::new(Arc::clone(&data)));
        let workers = settings.jobs.get() as u64 - 1;
        let outcomes = Outcomes::new(Arc::clone(&channel) as Arc<dyn Observer>);
        let id = InputId { shown: "the data".into(), position: Some(0), is_stdin: false, started: None };
        let member = Member::with_header(Input::written(id), Vec::new());
        let reader = Reader::pushed(member, Arc::clone(&data));
        let stream = Arc::new(Stream::new(reader, Writer::new(Box::new(Arc::clone(&channel)))));
        let mut caller = CallerWorker::new(settings, outcomes, stream, deflate::new_compressor);
        let is_started = caller.start_another();
        let (caller, buffer) = (Mutex::new(caller), vec![0; READ].into_boxed_slice());
        let inflation = Self { data, channel, caller, buffer, read: 0, started: 1, workers, source_error: None };
        is_started.then_some(inflation)
    }

    /// The next content. Reads the source while the workers need data. `returned` is an earlier part, to be reused.
    pub(super) fn next(&mut self, source: &mut dyn CompressedSource, returned: Vec<u8>) -> NextContent {
        self.caller().reuse_buffer(returned);
        let enough = AHEAD * (self.workers + 1);
        loop {
            match self.channel.take() {
                Some(Delivery::Part(part)) => return NextContent { bytes: part, end: None },
                Some(Delivery::Outcome(outcome)) => {
                    return NextContent { bytes: Vec::new(), end: Some(self.end(outcome)) };
                }
                None => {}
            }
            if self.data.wait_for_demand(enough, || self.channel.has_any()) {
                self.read(source);
            }
        }
    }

    /// Reads the source once, and pushes the data.
    fn read(&mut self, source: &mut dyn CompressedSource) {
        match source.read_some(&mut self.buffer) {
            Ok(0) => self.data.end(None),
            Ok(length) => {
                self.read += length as u64;
                if let Err(error) = self.data.push(&self.buffer[..length]) {
                    self.data.end(Some(error));
                }
                // One worker for each chunk, so that short data starts only one.
                while self.started < self.workers && self.started * AHEAD < self.read {
                    self.started += 1;
                    self.caller().start_another();
                }
            }
            Err(error) => {
                self.source_error = Some(error);
                self.data.end(Some(io::Error::other("the source failed")));
            }
        }
        self.caller().wake_others();
    }

    fn end(&mut self, outcome: Outcome) -> Result<Trailing, ReadError> {
        match outcome {
            Outcome::Done(done) if done.warnings.iter().any(|warning| matches!(warning, Warning::TrailingGarbage)) => {
                Ok(Trailing::Garbage)
            }
            Outcome::Done(_) => Ok(Trailing::Nothing),
            Outcome::Failed(error) => Err(match (error.kind(), self.source_error.take()) {
                (ErrorKind::Damage(damage), _) => ReadError::Damage(damage),
                (_, Some(error)) => ReadError::Source(error),
                _ => ReadError::Source(error.into()),
            }),
            _ => Err(ReadError::Source(io::Error::other("internal error: the data was not read"))),
        }
    }

    fn caller(&mut self) -> &mut CallerWorker {
        self.caller.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SharedInflation {
    /// Ends the stream, so that the workers end. Dropping the caller then joins them.
    fn drop(&mut self) {
        self.channel.cancel();
        self.data.end(Some(io::Error::other("the decoder is dropped")));
        self.caller().wake_others();
    }
}

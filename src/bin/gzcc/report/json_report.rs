//! The report of `--json`: one JSON object per line, for each input as it ends and for the whole run.
//!
//! The man page has the schema (section JSON). Fields may be added; the meaning of a field never changes.
//!
//! The worker that is writing also writes the lines that other workers add in the meantime. So a slow reader blocks one worker
//! and not all of them.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;

use gzcc::command::{NOT_REACHED, lock};
use gzcc::outcome::{Done, Loss, Warning};
use gzcc::settings::{Mode, Settings, Shard};
use gzcc::{Ended, Outcome, Tally};

use super::reasons::{ErrorReason, SkipReason};
use super::{Status, stdout};

/// The JSON report of a run.
#[derive(Debug)]
pub(super) struct JsonReport {
    mode: &'static str,
    workers: usize,
    scheduler: &'static str,
    shard: Option<Shard>,
    lines: Mutex<Lines>,
}

/// Lines that are not written yet.
#[derive(Debug, Default)]
struct Lines {
    pending: Vec<u8>,
    /// A worker is writing. It writes the pending lines next. Stays set after an error, so that nothing more is written.
    writing: bool,
}

/// The object of one input.
#[derive(Serialize)]
struct FileObject<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    input: InputFields<'a>,
    #[serde(flatten)]
    output: OutputFields<'a>,
    bytes_in: Option<u64>,
    bytes_out: Option<u64>,
    seconds: f64,
    status: &'static str,
    reason: Option<String>,
}

/// The object of one loss in a damaged input.
#[derive(Serialize)]
struct LossObject<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    input: InputFields<'a>,
    reason: String,
    /// The bytes of the input that contain the damage.
    input_start: u64,
    input_end: u64,
    /// Offset in the output at which content is missing.
    output: u64,
    /// Bytes before it that may be wrong, and bytes after it that are unknown.
    suspect: u64,
    unknown: u64,
}

/// The name of the input, and its bytes if it is not UTF-8.
#[derive(Serialize)]
struct InputFields<'a> {
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_bytes: Option<&'a [u8]>,
}

/// The same for the output, if there is one.
#[derive(Serialize)]
struct OutputFields<'a> {
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_bytes: Option<&'a [u8]>,
}

/// The first fields of every summary.
#[derive(Serialize)]
pub(crate) struct SummaryHead {
    pub(crate) r#type: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) done: u64,
    pub(crate) skipped: u64,
    pub(crate) failed: u64,
    pub(crate) bytes_in: u64,
}

/// The object of the whole run.
#[derive(Serialize)]
struct SummaryObject {
    #[serde(flatten)]
    head: SummaryHead,
    bytes_out: u64,
    seconds: f64,
    workers: usize,
    scheduler: &'static str,
    exit_status: u8,
    /// The number of the shard and that of all shards.
    shard: Option<u32>,
    shards: Option<u32>,
}

impl JsonReport {
    pub(super) fn new(settings: &Settings) -> Self {
        let mode = match settings.mode {
            Mode::Compress => "compress",
            Mode::Decompress => "decompress",
            Mode::Recompress => "recompress",
            Mode::Test => "test",
            Mode::List | Mode::ListTrailers => "list",
            Mode::Salvage => "salvage",
        };
        let (workers, scheduler) = (settings.jobs.get(), settings.scheduler.name());
        Self { mode, workers, scheduler, shard: settings.filter.shard, lines: Mutex::default() }
    }

    /// Writes the object of an input.
    pub(super) fn input(&self, ended: &Ended) -> io::Result<()> {
        let (status, reason) = match &ended.outcome {
            Outcome::Done(done) => ("done", reason_of(&done.warnings)),
            Outcome::Skipped(reason) => ("skipped", Some(SkipReason(reason).to_string())),
            Outcome::Failed(error) => ("failed", Some(ErrorReason(error).to_string())),
            Outcome::NotReached => ("failed", Some(NOT_REACHED.into())),
            // Standard output has no reader.
            _ => return Ok(()),
        };
        let done = if let Outcome::Done(done) = &ended.outcome { Some(done) } else { None };
        let JsonName { text: input, bytes: input_bytes } = JsonName::of(&ended.name);
        let output = done.and_then(|done| done.output.as_deref()).map(JsonName::of);
        let (output, output_bytes) = output.map_or((None, None), |name| (Some(name.text), name.bytes));
        self.write(&FileObject {
            r#type: "file",
            input: InputFields { input, input_bytes },
            output: OutputFields { output, output_bytes },
            bytes_in: done.map(|done: &Done| done.bytes_in),
            bytes_out: done.map(|done| done.bytes_out),
            seconds: ended.started.map_or(0.0, |started| started.elapsed().as_secs_f64()),
            status,
            reason,
        })
    }

    /// Writes the object of a loss.
    pub(super) fn loss(&self, input: &Path, loss: &Loss) -> io::Result<()> {
        let JsonName { text: input, bytes: input_bytes } = JsonName::of(input);
        self.write(&LossObject {
            r#type: "loss",
            input: InputFields { input, input_bytes },
            reason: loss.damage.to_string(),
            input_start: loss.input.start,
            input_end: loss.input.end,
            output: loss.output,
            suspect: loss.suspect,
            unknown: loss.unknown,
        })
    }

    /// Writes the summary.
    pub(super) fn summary(&self, tally: &Tally, exit: Status, time: Duration) -> io::Result<()> {
        let Tally { done, skipped, failed, bytes_in, bytes_out, .. } = *tally;
        self.write(&SummaryObject {
            head: SummaryHead { r#type: "summary", mode: self.mode, done, skipped, failed, bytes_in },
            bytes_out,
            seconds: time.as_secs_f64(),
            workers: self.workers,
            scheduler: self.scheduler,
            exit_status: exit.code(),
            shard: self.shard.map(Shard::number),
            shards: self.shard.map(Shard::of),
        })
    }

    /// Writes an object as a line, or leaves it to the worker that is writing.
    fn write(&self, object: &impl Serialize) -> io::Result<()> {
        let line = json_line(object)?;
        let mut lines = lock(&self.lines);
        lines.pending.extend_from_slice(line.as_bytes());
        if lines.writing {
            return Ok(());
        }
        lines.writing = true;
        let mut written = Ok(());
        while written.is_ok() && !lines.pending.is_empty() {
            let pending = std::mem::take(&mut lines.pending);
            drop(lines);
            written = stdout::print(&pending);
            lines = lock(&self.lines);
        }
        lines.writing = written.is_err();
        if lines.writing {
            lines.pending = Vec::new();
        }
        written
    }
}

/// The reason of an input with warnings.
fn reason_of(warnings: &[Warning]) -> Option<String> {
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    (!warnings.is_empty()).then(|| warnings.join("; "))
}

/// An object as a line.
pub(crate) fn json_line(object: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(object).map(|json| json + "\n")
}

/// A name in the report.
struct JsonName<'a> {
    /// With U+FFFD for invalid UTF-8.
    text: String,
    /// Its bytes, if they are not UTF-8.
    bytes: Option<&'a [u8]>,
}

impl<'a> JsonName<'a> {
    fn of(path: &'a Path) -> Self {
        let bytes = path.to_str().is_none().then(|| path.as_os_str().as_bytes());
        Self { text: path.to_string_lossy().into_owned(), bytes }
    }
}

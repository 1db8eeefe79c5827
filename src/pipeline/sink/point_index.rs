//! The index that a run writes beside a compressed file, in the format GZIDX (`format::gzidx`).
//!
//! The writer of a stream passes the candidates of the workers in order, and `PointSelection` selects points with enough content between
//! them. Their number, which comes before the windows in the file, is known at the end. So the windows go to a second file without a name,
//! and are copied.

use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use crate::error::{About, Error};
use crate::format::gzidx::{self, FILE_END};
use crate::inflate::{ContentPoint, PointSelection};
use crate::io::input::{Change, Input};
use crate::io::metadata::{Metadata, Original};
use crate::io::output::{OutputFile, OverwriteCheck};
use crate::io::transfer::read_at_least;
use crate::outcome::{Outcome, Reason};
use crate::pipeline::sink::per_input::refused;

/// Bytes copied at a time.
const COPIED: usize = 256 * 1024;

/// An index that is being written.
#[derive(Debug)]
pub(crate) struct PointIndex {
    /// The index.
    pub file: OutputFile,
    /// The windows, until the number of points is known. It never gets a name.
    pub windows: OutputFile,
    /// Which file the index may replace.
    pub overwrite: OverwriteCheck,
    /// The metadata of the compressed file.
    pub metadata: Metadata,
    /// Whether file and directory are synced.
    pub sync: bool,
    pub selection: PointSelection,
}

impl PointIndex {
    /// Adds a part of the content, with its candidates and the number of its newlines.
    pub(crate) fn add(&mut self, candidates: &[ContentPoint], content: &[u8], lines: u64) -> Result<(), Error> {
        let windows = self.selection.add(candidates, content, lines);
        let written = windows.iter().try_for_each(|window| self.windows.write(window));
        written.about(self.file.output_name())
    }

    /// Gives the index its name, which is returned. `change` says how the compressed file has changed.
    pub(crate) fn finish(self, input: &Input, change: Change) -> Result<PathBuf, Outcome> {
        if change != Change::None {
            return Err(Outcome::Skipped(Reason::Changed));
        }
        let Self { mut file, mut windows, overwrite, metadata, sync, mut selection } = self;
        let name = file.output_name();
        let length = input.size.unwrap_or(0);
        if let Some(window) = selection.take_last_window() {
            windows.write(&window).about(name.clone())?;
        }
        let (table, section) = selection.into_parts(length, file_end(input, length)?);
        file.write(&table).about(name.clone())?;
        copy(&windows, &mut file).about(name.clone())?;
        file.write(&section).about(name.clone())?;
        file.apply(&metadata, Original::Kept).map_err(|error| error.about(name.clone()))?;
        let shown = name.path.clone();
        file.commit(&overwrite, sync).map_err(|refusal| refused(refusal, name))?;
        Ok(shown)
    }
}

/// CRC-32 of the end of a file of this length.
pub(crate) fn file_end(input: &Input, length: u64) -> io::Result<u32> {
    let mut bytes = [0; FILE_END as usize];
    let start = length.saturating_sub(FILE_END);
    let got = read_at_least(input.fd()?, &mut bytes[..(length - start) as usize], (length - start) as usize, start)?;
    Ok(gzidx::crc(&[&bytes[..got]]))
}

/// Copies all of `windows` to `file`.
fn copy(windows: &OutputFile, file: &mut OutputFile) -> io::Result<()> {
    let mut buffer = vec![0; COPIED];
    let mut offset = 0;
    loop {
        let got = read_at_least(windows.as_fd(), &mut buffer, COPIED, offset)?;
        if got == 0 {
            return Ok(());
        }
        file.write(&buffer[..got])?;
        offset += got as u64;
    }
}

//! The index of a BGZF file in htslib's format `.gzi`: where each member begins, in the file and in its content.
//!
//! All numbers are little-endian and have 64 bits: first the number of entries, then for each member after the first its offset in
//! the file and the offset of its content. The end marker has no entry. The index is a file of its own, written while the members are
//! written, so its memory does not depend on their number.

use std::io;
use std::os::fd::AsFd;

use rustix::io::retry_on_intr;

use crate::error::OutputName;
use crate::io::metadata::{Metadata, Original};
use crate::io::output::{OutputFile, OverwriteCheck, Refusal};
use crate::pipeline::stream::MemberSizes;

/// Bytes of entries that are written at once.
const BUFFER: usize = 64 * 1024;

/// An index without its final name.
#[derive(Debug)]
pub(crate) struct MemberIndex {
    output: OutputFile,
    /// Which file it may replace.
    overwrite: OverwriteCheck,
    /// What is not yet written.
    buffer: Vec<u8>,
    /// Number of members so far.
    members: u64,
    /// Bytes of the file and of the content so far.
    compressed: u64,
    content: u64,
}

impl MemberIndex {
    /// An index that is written to `output`.
    pub(crate) fn new(output: OutputFile, overwrite: OverwriteCheck) -> Self {
        // The number of entries is not known yet.
        let buffer = vec![0; size_of::<u64>()];
        Self { output, overwrite, buffer, members: 0, compressed: 0, content: 0 }
    }

    /// Adds the next members of the file.
    pub(crate) fn add(&mut self, members: &[MemberSizes]) -> io::Result<()> {
        for member in members {
            if self.members > 0 {
                self.buffer.extend_from_slice(&self.compressed.to_le_bytes());
                self.buffer.extend_from_slice(&self.content.to_le_bytes());
            }
            self.members += 1;
            self.compressed += u64::from(member.compressed);
            self.content += u64::from(member.content);
        }
        if self.buffer.len() >= BUFFER { self.write_buffer() } else { Ok(()) }
    }

    /// Completes the content, and gives it the metadata of the original.
    pub(crate) fn end(&mut self, metadata: Option<&Metadata>, original: Original) -> io::Result<()> {
        self.write_buffer()?;
        let entries = self.members.saturating_sub(1).to_le_bytes();
        let written = retry_on_intr(|| rustix::io::pwrite(self.output.as_fd(), &entries, 0))?;
        if written < entries.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        // The same as for the output, where a failure is a warning.
        metadata.map_or(Ok(()), |metadata| self.output.apply(metadata, original)).or(Ok(()))
    }

    /// Removes the index of an older output, so that it is never beside a new one.
    pub(crate) fn remove_previous(&self) -> Result<(), Refusal> {
        let (directory, name) = (self.output.directory(), self.output.name());
        let Some(existing) = directory.lstat(name)? else { return Ok(()) };
        self.overwrite.allows(&existing, directory, name)?;
        Ok(directory.remove_file(name)?)
    }

    /// Gives the index its name.
    pub(crate) fn commit(self, sync: bool) -> Result<(), Refusal> {
        self.output.commit(&self.overwrite, sync)
    }

    /// The final name, for errors.
    pub(crate) fn output_name(&self) -> OutputName {
        self.output.output_name()
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        self.output.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

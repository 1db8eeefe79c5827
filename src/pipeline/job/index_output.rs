//! The index of a BGZF output, which is a second output of its input.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::fs::OFlags;

use super::Jobs;
use super::output_path::OutputPath;
use crate::format::bgzf;
use crate::io::file_status::is_regular;
use crate::io::input::Input;
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::io::stated_length::visit_blocks;
use crate::outcome::Outcome;
use crate::pipeline::sink::member_index::MemberIndex;

impl Jobs {
    /// Creates the index of the output of `input` at `path`, if the settings ask for one and no existing file prevents it. `force`
    /// means that existing files may be replaced.
    pub(super) fn create_index(
        &self,
        input: &Input,
        path: &OutputPath,
        force: bool,
        initial_mode: InitialMode,
    ) -> Result<Option<Box<MemberIndex>>, Outcome> {
        if !self.settings.index || self.settings.decompresses() {
            return Ok(None);
        }
        let index = OutputPath::new(Arc::clone(&path.directory), index_name(&path.name, bgzf::INDEX_SUFFIX));
        self.claim_index(&index)?;
        // Whether the walk processes a file of the output's name says nothing about the name of the index.
        let overwrite = OverwriteCheck { force, ..self.overwrite_check(input, None) };
        index.check(&overwrite)?;
        let output = index.create(initial_mode, &self.settings)?;
        self.record(&output)?;
        Ok(Some(Box::new(MemberIndex::new(output, overwrite))))
    }
}

impl OutputPath {
    /// Whether `file`, which has `size` bytes and this name, has an index with the offsets of all its blocks. A run without an
    /// index may have replaced the file, and htslib does not notice an index of another file.
    pub(super) fn has_index(&self, file: &File, size: u64) -> io::Result<bool> {
        let name = index_name(&self.name, bgzf::INDEX_SUFFIX);
        if !self.directory.lstat(&name)?.as_ref().is_some_and(is_regular) {
            return Ok(false);
        }
        let index = File::from(self.directory.open_file(&name, OFlags::NOFOLLOW | OFlags::NONBLOCK)?);
        is_index_of(BufReader::new(index), file, size)
    }
}

/// Whether `index` is that of the BGZF `file` of `size` bytes.
fn is_index_of(mut index: impl Read, file: &File, size: u64) -> io::Result<bool> {
    let (mut blocks, mut entries, mut is_equal) = (0, 0, true);
    let mut count = [0; size_of::<u64>()];
    let has_count = read_number(&mut index, &mut count)?;
    let is_bgzf = visit_blocks(file.as_fd(), size, |offsets| {
        blocks += 1;
        // The first block has no entry, and neither has the end marker.
        if blocks > 1 && offsets.block + (bgzf::END_MARKER.len() as u64) < size {
            entries += 1;
            for expected in [offsets.block, offsets.content] {
                let mut stored = [0; size_of::<u64>()];
                is_equal &= read_number(&mut index, &mut stored)? && u64::from_le_bytes(stored) == expected;
            }
        }
        Ok(())
    })?;
    let ends = index.read(&mut [0])? == 0;
    Ok(has_count && is_bgzf.is_some() && is_equal && ends && u64::from_le_bytes(count) == entries)
}

/// Reads a number. `false` if the data ends before it.
fn read_number(index: &mut impl Read, number: &mut [u8; size_of::<u64>()]) -> io::Result<bool> {
    match index.read_exact(number) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// The name of the index of the file `name`, in the format that `suffix` belongs to.
pub(super) fn index_name(name: &OsStr, suffix: &str) -> OsString {
    let mut index = name.to_owned();
    index.push(suffix);
    index
}

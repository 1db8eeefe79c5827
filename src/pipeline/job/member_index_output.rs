//! Creates the index of a BGZF output (`.gzi`), which is a second output of its input, and checks an existing one.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::fs::OFlags;

use super::Jobs;
use super::output_path::{OutputPath, index_name};
use crate::format::bgzf;
use crate::io::bgzf_blocks::{BgzfBlocks, BlockOffsets};
use crate::io::file_status::is_regular;
use crate::io::input::Input;
use crate::io::output::{InitialMode, OverwriteCheck};
use crate::outcome::Outcome;
use crate::pipeline::sink::member_index::MemberIndex;

impl Jobs {
    /// Creates the index of the output of `input` at `path`, if the settings ask for one and no existing file prevents it. `force`
    /// means that existing files may be replaced.
    pub(super) fn create_member_index(
        &self,
        input: &Input,
        path: &OutputPath,
        force: bool,
        initial_mode: InitialMode,
    ) -> Result<Option<Box<MemberIndex>>, Outcome> {
        if !self.settings.index || self.settings.reads_gzip() {
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
    let Some(count) = read_number(&mut index)? else { return Ok(false) };
    let (mut blocks, mut entries) = (BgzfBlocks::of(file.as_fd(), size), 0);
    // The first block has no entry, and neither has the end marker.
    blocks.next()?;
    while let Some(BlockOffsets { block, content }) = blocks.next()? {
        if block + bgzf::END_MARKER.len() as u64 >= size {
            continue;
        }
        entries += 1;
        if read_number(&mut index)? != Some(block) || read_number(&mut index)? != Some(content) {
            return Ok(false);
        }
    }
    let ends = index.read(&mut [0])? == 0;
    Ok(blocks.content_length()?.is_some() && ends && count == entries)
}

/// Reads a number. `None` if the data ends before it.
fn read_number(index: &mut impl Read) -> io::Result<Option<u64>> {
    let mut number = [0; size_of::<u64>()];
    match index.read_exact(&mut number) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(u64::from_le_bytes(number))),
    }
}

//! Where the decompression of a range starts: at a point of the index beside the input, or at a member of a BGZF file.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::bgzf_start;
use super::output_path::index_name;
use crate::deflate::Engine;
use crate::error::{About, Error};
use crate::format::{bgzf, gzidx};
use crate::inflate::{Index, ResumePoint};
use crate::io::bgzf_blocks::BlockOffsets;
use crate::io::file_status::{is_regular, stat_of};
use crate::io::input::{Input, Location};
use crate::io::positioned_file::PositionedFile;
use crate::io::transfer::read_at_least;
use crate::outcome::Outcome;
use crate::pipeline::stream::StartPoint;
use crate::settings::{ContentRange, Settings, Span};

/// Most compressed bytes of a range for which a second worker gains nothing. It would decode what is behind the range.
const SHORT: u64 = 2 << 20;

/// Bytes at the beginning of a file that show whether it is BGZF.
const BGZF_HEADER: usize = 64;

/// Where the decompression of an input starts. `None` is its beginning.
pub(super) fn range_start(input: &Input, settings: &Settings) -> Result<Option<StartPoint>, Outcome> {
    let (Some(range), Some(size), Some(location)) = (settings.range, input.size, input.location()) else {
        return Ok(None);
    };
    if let Some((file, path)) = open_beside(&location, gzidx::SUFFIX)? {
        let index = Index::read_from(file).map_err(|error| Error::from(error).about(path.as_path()))?;
        return Ok(start_in(index, range, input, settings).map_err(|error| error.about(path.as_path()))?);
    }
    let mut header = [0; BGZF_HEADER];
    let got = read_at_least(input.fd()?, &mut header, BGZF_HEADER, 0)?;
    if bgzf::parse_header(&header[..got]).is_none() {
        return Ok(None);
    }
    let BlockOffsets { block: offset, content: skipped } = match range {
        ContentRange::Bytes(span) => match open_beside(&location, bgzf::INDEX_SUFFIX)? {
            Some((index, path)) => bgzf_start::find_in_gzi(&index, span.start, input, size).about(path.as_path())?,
            None => bgzf_start::find_byte(input, size, span.start)?,
        },
        ContentRange::Tail(lines) => BlockOffsets { block: bgzf_start::find_tail(input, size, lines)?, content: 0 },
        ContentRange::Lines(_) => return Ok(None),
    };
    Ok(Some(StartPoint { point: ResumePoint::Member(offset), skipped, is_short: false }))
}

/// Opens the file whose name adds `suffix` to that of the input, if there is one.
fn open_beside(location: &Location<'_>, suffix: &str) -> Result<Option<(File, PathBuf)>, Outcome> {
    let name = index_name(location.name, suffix);
    let path = location.directory.display_path(&name);
    let fd = match location.directory.open_file(&name, OFlags::NONBLOCK) {
        Ok(fd) => fd,
        Err(Errno::NOENT | Errno::NAMETOOLONG) => return Ok(None),
        Err(error) => return Err(Error::from(io::Error::from(error)).about(path.as_path()).into()),
    };
    match is_regular(&stat_of(&fd)?) {
        true => Ok(Some((File::from(fd), path))),
        false => Err(Error::other("is not a regular file").about(path.as_path()).into()),
    }
}

/// The point of an index before the range.
fn start_in(
    mut index: Index,
    range: ContentRange,
    input: &Input,
    settings: &Settings,
) -> Result<Option<StartPoint>, Error> {
    let (fd, size) = (input.fd()?, input.size.unwrap_or(0));
    index.check(PositionedFile::new(fd, size))?;
    let (point, end) = match range {
        ContentRange::Bytes(Span { start, end }) => {
            (index.point_at(start), end.map(|end| index.file_offset_after(end)))
        }
        ContentRange::Lines(Span { start, end }) => {
            (index.point_before_line(start), end.map(|end| index.file_offset_after_line(end)))
        }
        ContentRange::Tail(lines) => {
            // One more newline shows where the first of the lines begins.
            let before = index.newlines().map(|newlines| newlines.saturating_sub(lines.saturating_add(1)));
            (before.and_then(|line| index.point_before_line(line)), Some(size))
        }
    };
    let (start, content) = index.start(point, PositionedFile::new(fd, size))?;
    if settings.engine != Engine::Native && matches!(start, ResumePoint::Block(_)) {
        // flate2 starts only at members.
        return Ok(None);
    }
    let skipped = match range {
        ContentRange::Bytes(_) => content,
        ContentRange::Lines(_) | ContentRange::Tail(_) => index.newlines_before(point),
    };
    let is_short = end.is_some_and(|end| end.saturating_sub(start.offset()) <= SHORT);
    Ok(Some(StartPoint { point: start, skipped, is_short }))
}

//! Recompression in place: which files are recompressed, and the header of what replaces them.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::io::Errno;

use super::Jobs;
use super::output_path::index_name;
use crate::error::Error;
use crate::format::gzidx;
use crate::format::gzip::{self, Damage, Header, MemberStart, ParsedHeader};
use crate::io::input::{Input, Location};
use crate::outcome::{Outcome, Reason};
use crate::pipeline::sink::Sink;
use crate::pipeline::stream::{ContentSubmitter, Member, Reader, Recompression, SizeLimit, Stream, Writer};
use crate::settings::{Format, Settings};

/// Longest name that is copied from a header: PATH_MAX.
const MAX_COPIED_NAME: usize = 4096;

/// What replaces a file.
pub(super) struct Replacement {
    header: Vec<u8>,
    limit: SizeLimit,
}

impl Replacement {
    /// What replaces `input`, a regular file.
    ///
    /// # Errors
    /// If it is not gzip data, or is not to be recompressed.
    pub(super) fn of(input: &Input, settings: &Settings) -> Result<Self, Outcome> {
        let header = match input.gzip_header().transpose()? {
            Some(MemberStart::Member(header)) => header,
            Some(MemberStart::End) => return Err(Error::from(Damage::Truncated(0)).into()),
            Some(MemberStart::Foreign(_)) | None => return Err(Error::from(Damage::NotGzip).into()),
        };
        let is_bgzf = input.is_bgzf()?;
        if is_bgzf && !settings.recompresses_bgzf {
            return Err(Outcome::Skipped(Reason::Bgzf { recursive: settings.recursive }));
        }
        let has_format = is_bgzf == (settings.format == Format::Bgzf);
        match gzip::recompressed_level(header.extra_flags) {
            Some(level) if level >= settings.level && has_format => {
                return Err(Outcome::Skipped(Reason::Recompressed(level)));
            }
            _ => {}
        }
        if !settings.recompresses_bgzf
            && let Some(index) = index_of(input)?
        {
            return Err(Outcome::Skipped(Reason::Indexed { index, recursive: settings.recursive }));
        }
        // A file that is converted to BGZF usually grows, and is not smaller than a BGZF file that is converted back.
        let limit = match has_format || settings.only_smaller.is_some() {
            true => SizeLimit::Saves(settings.only_smaller.unwrap_or(0), input.size.unwrap_or(0)),
            false => SizeLimit::None,
        };
        Ok(Self { header: copied_header(header, settings), limit })
    }
}

/// The index beside `input`, which says where to start to decompress a range.
fn index_of(input: &Input) -> io::Result<Option<PathBuf>> {
    let Some(Location { directory, name }) = input.location() else { return Ok(None) };
    let name = index_name(name, gzidx::SUFFIX);
    match directory.lstat(&name) {
        // The name is too long for an index.
        Err(error) if error.raw_os_error() == Some(Errno::NAMETOOLONG.raw_os_error()) => Ok(None),
        found => Ok(found?.map(|_| directory.display_path(&name))),
    }
}

impl Jobs {
    /// The stream that recompresses `input`.
    pub(super) fn recompress(&self, input: Input, replacement: Replacement, sink: Box<dyn Sink>) -> Box<Stream> {
        let Replacement { header, limit } = replacement;
        let settings = &self.stream_settings;
        let recompression = Recompression::new(settings, input.id.clone(), header);
        let writer = Writer::recompressing(sink, ContentSubmitter::new(Arc::clone(&recompression), limit));
        let stream = Stream::new(Reader::single(Member::new(input, settings), settings), writer);
        Box::new(stream.with_recompression(recompression))
    }
}

/// The gzip header of the output: with the name and the time of the input's first header. The workers write the headers of BGZF.
fn copied_header(header: ParsedHeader, settings: &Settings) -> Vec<u8> {
    let mut copied = Vec::new();
    if settings.format == Format::Gzip {
        let name = header.name.filter(|name| name.len() <= MAX_COPIED_NAME).map(OsString::from_vec);
        let mtime = Some(header.mtime.into());
        gzip::write_header(&Header { name: name.as_deref(), mtime, level: settings.level }, &mut copied);
    }
    copied
}

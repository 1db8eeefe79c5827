//! Outputs that are written in place: standard output, and devices and FIFOs that `-o` names. They cannot be created under
//! another name first.

use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{About, Error, ErrorKind};
use crate::escaped_name::EscapedName;
use crate::io::file_status::{Identity, file_type, stat_of};
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::pipeline::sink::descriptor::Descriptor;
use crate::settings::Settings;

/// A sink, and the identity of the file behind it.
pub(super) struct IdentifiedSink {
    pub(super) sink: Box<dyn Sink>,
    /// No input may have it. `None` if the output may be an input at the same time, or is new.
    pub(super) identity: Option<Identity>,
}

/// A sink for `path` if it is a device or FIFO, or a link to one.
pub(super) fn special_file(path: &Path, settings: &Settings) -> Result<Option<IdentifiedSink>, Outcome> {
    match retry_on_intr(|| rustix::fs::stat(path)) {
        Ok(stat) if is_special(&stat) => {}
        Ok(_) | Err(Errno::NOENT | Errno::LOOP) => return Ok(None),
        // The path may be a link to a device, which must not be replaced.
        Err(error) => return Err(Error::from(io::Error::from(error)).about(path).into()),
    }
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())).map_err(io::Error::from);
    let fd = opened.about(path)?;
    // If the name belongs to a file now, that file must not be written in place.
    if !is_special(&stat_of(&fd).about(path)?) {
        return Err(Outcome::Failed(Error::other(format_args!(
            "{} changed while it was opened",
            EscapedName::path(path)
        ))));
    }
    descriptor(fd, path, settings).map(Some)
}

fn is_special(stat: &Stat) -> bool {
    matches!(file_type(stat), FileType::CharacterDevice | FileType::BlockDevice | FileType::Fifo)
}

/// A sink for standard output.
pub(super) fn standard_output(settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    let fd = rustix::stdio::stdout().try_clone_to_owned()?;
    descriptor(fd, Path::new("standard output"), settings)
}

/// A sink for `fd`. Compressed data is not written to a terminal.
fn descriptor(fd: OwnedFd, shown: &Path, settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    if !settings.decompresses() && !settings.terminal_output && fd.is_terminal() {
        return Err(Outcome::Failed(Error::new(
            ErrorKind::TerminalOutput,
            "compressed data not written to a terminal; use -f to force, --help for help",
        )));
    }
    let identity = identity(&fd).about(shown)?;
    Ok(IdentifiedSink { sink: Box::new(Descriptor::new(fd, shown.to_owned())), identity })
}

/// The identity of a file or disk, which must not be read while it is written. A terminal or /dev/null may be input and output
/// at once.
fn identity(fd: &OwnedFd) -> io::Result<Option<Identity>> {
    let stat = stat_of(fd)?;
    let is_stored = matches!(file_type(&stat), FileType::RegularFile | FileType::BlockDevice);
    Ok(is_stored.then(|| Identity::of(&stat)))
}

//! Outputs that are written in place: standard output, and devices and FIFOs that `-o` names. They cannot be created under
//! another name first.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, PROC_SUPER_MAGIC, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{About, Error, ErrorKind};
use crate::escaped_name::EscapedName;
use crate::io::file_status::{file_type, stat_of};
use crate::io::known_file::KnownFile;
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::pipeline::sink::descriptor::Descriptor;
use crate::settings::Settings;

/// A sink, and the file behind it.
pub(super) struct IdentifiedSink {
    pub(super) sink: Box<dyn Sink>,
    /// No input may be this file. `None` if the output may be an input at the same time, or is new.
    pub(super) file: Option<KnownFile>,
}

/// A sink for `path` if it is a device or FIFO, or a link to one.
pub(super) fn special_file(path: &Path, settings: &Settings) -> Result<Option<IdentifiedSink>, Outcome> {
    match retry_on_intr(|| rustix::fs::stat(path)) {
        Ok(stat) if is_special(&stat) => {}
        Ok(_) if is_in_proc(path) => {
            let error = Error::new(ErrorKind::DescriptorName, "is not a file that can be replaced");
            return Err(error.about(path).into());
        }
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

/// Whether the name itself is in /proc, as the names in /dev/fd are. They lead to files that cannot be replaced there.
fn is_in_proc(path: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::statfs(parent).is_ok_and(|status| status.f_type == PROC_SUPER_MAGIC)
}

fn is_special(stat: &Stat) -> bool {
    matches!(file_type(stat), FileType::CharacterDevice | FileType::BlockDevice | FileType::Fifo)
}

/// A sink for standard output.
pub(super) fn standard_output(settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    let fd = rustix::stdio::stdout().try_clone_to_owned()?;
    descriptor(fd, Path::new("standard output"), settings)
}

/// The file behind standard output, if it receives a report of the run.
pub(super) fn report_file(settings: &Settings) -> Option<KnownFile> {
    let stdout = rustix::stdio::stdout();
    if settings.reports_to_stdout && settings.recursive { stored_file(&stdout).ok()? } else { None }
}

/// A sink for `fd`. The settings decide whether compressed data may be written to it.
fn descriptor(fd: OwnedFd, shown: &Path, settings: &Settings) -> Result<IdentifiedSink, Outcome> {
    if !settings.reads_gzip() && !(settings.accepts_output)(fd.as_fd()) {
        return Err(Outcome::Failed(Error::new(
            ErrorKind::OutputRefused,
            "compressed data is not written to this descriptor",
        )));
    }
    let file = stored_file(&fd).about(shown)?;
    Ok(IdentifiedSink { sink: Box::new(Descriptor::new(fd, shown.to_owned())), file })
}

/// The file or disk behind `fd`, which must not be read while it is written. A terminal or /dev/null may be input and output
/// at once.
fn stored_file(fd: &impl AsFd) -> io::Result<Option<KnownFile>> {
    let stat = stat_of(fd)?;
    let is_stored = matches!(file_type(&stat), FileType::RegularFile | FileType::BlockDevice);
    Ok(is_stored.then(|| KnownFile::opened(fd.as_fd(), &stat)))
}

//! Sinks that are written in place, as they are nobody's file under a name: standard output, and devices and FIFOs that
//! `-o` names.

use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::{About, Error, ErrorKind};
use crate::escaped_name::EscapedName;
use crate::io::input::{Identity, identity_of, stat_of};
use crate::outcome::Outcome;
use crate::pipeline::sink::Sink;
use crate::settings::Settings;

/// A sink that writes `path` in place, if it is, or links to, a device or FIFO; and the identity that no input
/// may have.
pub(super) fn special_file(path: &Path, settings: &Settings) -> Result<Option<(Sink, Option<Identity>)>, Outcome> {
    match retry_on_intr(|| rustix::fs::stat(path)) {
        Ok(stat) if is_special(&stat) => {}
        Ok(_) | Err(Errno::NOENT | Errno::LOOP) => return Ok(None),
        // It may be a link to a device, which must not be replaced.
        Err(error) => return Err(Error::from(io::Error::from(error)).about(path).into()),
    }
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty())).map_err(io::Error::from);
    let fd = opened.about(path)?;
    // The name may have been given to a file meanwhile, which is not to be written in place.
    if !is_special(&stat_of(&fd).about(path)?) {
        return Err(Outcome::Failed(Error::other(format_args!(
            "{} changed while it was opened",
            EscapedName::path(path)
        ))));
    }
    descriptor(fd, path, settings).map(Some)
}

fn is_special(stat: &Stat) -> bool {
    let kind = FileType::from_raw_mode(stat.st_mode);
    matches!(kind, FileType::CharacterDevice | FileType::BlockDevice | FileType::Fifo)
}

/// Standard output, and the identity that no input may have.
pub(super) fn standard_output(settings: &Settings) -> Result<(Sink, Option<Identity>), Outcome> {
    let fd = rustix::stdio::stdout().try_clone_to_owned()?;
    descriptor(fd, Path::new("standard output"), settings)
}

/// A sink that writes into `fd`, unless that is a terminal, which compressed bytes would only confuse; and the
/// identity that no input may have.
fn descriptor(fd: OwnedFd, shown: &Path, settings: &Settings) -> Result<(Sink, Option<Identity>), Outcome> {
    if !settings.decompresses() && !settings.terminal_output && fd.is_terminal() {
        return Err(Outcome::Failed(Error::new(
            ErrorKind::TerminalOutput,
            "compressed data not written to a terminal; use -f to force, --help for help",
        )));
    }
    let itself = identity(&fd).about(shown)?;
    Ok((Sink::Descriptor { fd, shown: shown.to_owned() }, itself))
}

/// Device and inode of what must not be read while it is written: a file or a disk. A terminal or /dev/null may
/// well be both at once.
fn identity(fd: &OwnedFd) -> io::Result<Option<Identity>> {
    let stat = stat_of(fd)?;
    let stored = matches!(FileType::from_raw_mode(stat.st_mode), FileType::RegularFile | FileType::BlockDevice);
    Ok(stored.then(|| identity_of(&stat)))
}

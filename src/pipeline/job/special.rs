//! Sinks that are written in place, as they are nobody's file under a name: standard output, and devices and FIFOs that
//! `-o` names.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use anyhow::{Context, anyhow};
use rustix::fs::{FileType, Mode, OFlags, Stat};

use crate::escaped_name::Shown;
use crate::io::input::{Identity, identity_of, stat_of};
use crate::outcome::{Outcome, Terminal};
use crate::pipeline::sink::Sink;
use crate::settings::Settings;

/// A sink that writes `path` in place, if it is, or links to, a device or FIFO; and the identity that no input
/// may have.
pub(super) fn special_file(path: &Path, settings: &Settings) -> Result<Option<(Sink, Option<Identity>)>, Outcome> {
    if !rustix::fs::stat(path).is_ok_and(|stat| is_special(&stat)) {
        return Ok(None);
    }
    let flags = OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from);
    let fd = opened.with_context(|| Shown::path(path).to_string())?;
    // The name may have been given to a file meanwhile, which is not to be written in place.
    if !rustix::fs::fstat(&fd).is_ok_and(|stat| is_special(&stat)) {
        return Err(Outcome::Failed(anyhow!("{} changed while it was opened", Shown::path(path))));
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
    // To gzip, whoever says -c and names a file means it.
    let meant = settings.force || settings.as_gzip() && settings.inputs.iter().any(|input| input != "-");
    if !settings.decompresses() && fd.is_terminal() && !meant {
        return Err(Outcome::Failed(Terminal::Written.into()));
    }
    let itself = identity(fd.as_fd());
    Ok((Sink::Descriptor { fd: Some(fd), shown: shown.to_owned() }, itself))
}

/// Device and inode of what must not be read while it is written: a file or a disk. A terminal or /dev/null may
/// well be both at once.
fn identity(fd: impl AsFd) -> Option<Identity> {
    let stat = stat_of(&fd).ok()?;
    let stored = matches!(FileType::from_raw_mode(stat.st_mode), FileType::RegularFile | FileType::BlockDevice);
    stored.then(|| identity_of(&stat))
}

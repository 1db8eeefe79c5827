//! Opens the inputs of a run over files, unless the settings refuse them.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::Errno;

use super::{Input, InputFile, Source, size_of};
use crate::error::{Error, ErrorKind};
use crate::io::directory::Directory;
use crate::io::file_status::{file_type, is_symlink, stat_of};
use crate::io::known_file::KnownFile;
use crate::outcome::{InputId, Outcome, Reason};
use crate::settings::Settings;

/// The error of an input that is the output.
pub(crate) const IS_THE_OUTPUT: &str = "is the output as well";

impl Input {
    /// Opens standard input.
    fn stdin(id: InputId, settings: &Settings) -> Result<Self, Outcome> {
        let fd = rustix::stdio::stdin().try_clone_to_owned()?;
        if settings.reads_gzip() && !(settings.accepts_stdin)(fd.as_fd()) {
            return Err(Outcome::Failed(Error::new(
                ErrorKind::InputRefused,
                "compressed data is not read from this descriptor",
            )));
        }
        let stat = stat_of(&fd)?;
        Ok(Self { id, source: Source::Stdin, file: Some(InputFile { fd, stat }), through_link: false, size: None })
    }

    /// Opens an input that is not a name in a directory.
    fn unnamed(id: InputId, source: Source, settings: &Settings) -> Result<Self, Outcome> {
        let Source::Memory(file) = &source else {
            return Self::stdin(id, settings);
        };
        let fd = file.open()?;
        let stat = stat_of(&fd)?;
        let size = size_of(&stat);
        Ok(Self { id, source, file: Some(InputFile { fd, stat }), through_link: false, size })
    }

    /// Opens an input that gets its own output, so the original may be removed later. Only a regular file is opened.
    pub(crate) fn open_regular(id: InputId, source: Source, settings: &Settings) -> Result<Self, Outcome> {
        let Source::File { directory, name, walked } = &source else {
            return Self::unnamed(id, source, settings);
        };
        // Opening a FIFO must not wait for a writer.
        let mut flags = OFlags::NONBLOCK;
        if *walked || settings.refuses(settings.symlinks) {
            flags |= OFlags::NOFOLLOW;
        }
        let fd = directory.open_file(name, flags).map_err(|error| match error {
            Errno::LOOP if flags.contains(OFlags::NOFOLLOW) && is_link(directory, name) => {
                Outcome::Skipped(Reason::SymbolicLink)
            }
            // A socket, or a device without driver.
            Errno::NXIO => Outcome::Skipped(Reason::NotRegular),
            error => io::Error::from(error).into(),
        })?;
        let stat = stat_of(&fd)?;
        match file_type(&stat) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(Outcome::Skipped(Reason::Directory)),
            _ => return Err(Outcome::Skipped(Reason::NotRegular)),
        }
        refuse_special(&stat, settings)?;
        let size = size_of(&stat);
        let through_link = settings.removes() && !flags.contains(OFlags::NOFOLLOW) && is_link(directory, name);
        Ok(Self { id, source, file: Some(InputFile { fd, stat }), through_link, size })
    }

    /// Opens an input that becomes a member of a concatenated output. Anything that can be read is opened, except
    /// `output` itself. Opening a FIFO waits for its writer.
    pub(crate) fn open_any(
        id: InputId,
        source: Source,
        output: Option<&KnownFile>,
        settings: &Settings,
    ) -> Result<Self, Outcome> {
        let Source::File { directory, name, walked } = &source else {
            let input = Self::unnamed(id, source, settings)?;
            return input.unless_it_is(output);
        };
        let flags = if *walked { OFlags::NOFOLLOW | OFlags::NONBLOCK } else { OFlags::empty() };
        let fd = directory.open_file(name, flags).map_err(io::Error::from)?;
        let stat = stat_of(&fd)?;
        match file_type(&stat) {
            FileType::Directory => return Err(Outcome::Skipped(Reason::Directory)),
            FileType::RegularFile => {}
            _ if *walked => return Err(Outcome::Skipped(Reason::NotRegular)),
            _ => {}
        }
        let size = size_of(&stat);
        Self { id, source, file: Some(InputFile { fd, stat }), through_link: false, size }.unless_it_is(output)
    }

    /// Whether it is `file`.
    pub(crate) fn is(&self, file: &KnownFile) -> bool {
        self.opened().is_some_and(|opened| file.is(opened.fd, opened.then))
    }

    /// Refuses the input if it is the output itself.
    pub(crate) fn unless_it_is(self, output: Option<&KnownFile>) -> Result<Self, Outcome> {
        if output.is_some_and(|output| self.is(output)) {
            return Err(match self.source {
                Source::File { walked: true, .. } => Outcome::Skipped(Reason::WalkedOutput),
                _ => Outcome::Failed(Error::other(IS_THE_OUTPUT)),
            });
        }
        Ok(self)
    }
}

/// Skips a file if the settings refuse its mode bits or hard links.
fn refuse_special(stat: &Stat, settings: &Settings) -> Result<(), Outcome> {
    let refused = [(settings.setid, 0o6000), (settings.sticky, 0o1000)];
    let bits = refused.into_iter().filter(|(policy, _)| settings.refuses(*policy)).fold(0, |all, (_, bits)| all | bits);
    if stat.st_mode & bits != 0 {
        return Err(Outcome::Skipped(Reason::SpecialMode(stat.st_mode & bits)));
    }
    if settings.refuses(settings.hard_links) && stat.st_nlink > 1 {
        return Err(Outcome::Skipped(Reason::HardLinks(stat.st_nlink as _)));
    }
    Ok(())
}

fn is_link(directory: &Directory, name: &OsString) -> bool {
    directory.lstat(name).ok().flatten().as_ref().is_some_and(is_symlink)
}

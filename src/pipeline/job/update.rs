//! `--update`: what happens to an input whose output exists already.
//!
//! An output has its original's modification time, so a time that differs in either direction means that the original
//! changed. With equal times the size decides: that in the last trailer, or in BGZF the sum over all blocks. As in rsync, a change
//! that keeps both is not detected.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{OFlags, Stat};

use super::output_path::OutputPath;
use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::commit_gate;
use crate::io::file_status::{Identity, change_time, is_regular, modification_time, same_content, stat_of};
use crate::io::input::Input;
use crate::io::stated_length::StatedLength;
use crate::outcome::{Done, Outcome, Reason};
use crate::pipeline::compare;
use crate::pipeline::sink::per_input::remove_original;
use crate::settings::{FileTime, Format, OverwritePolicy, Settings};

/// A regular file under the name of an input's output, which a previous run may have created.
pub(super) struct PreviousOutput<'a> {
    input: &'a Input,
    path: &'a OutputPath,
    stat: Stat,
}

/// What to do about an existing output.
pub(super) enum Decision {
    /// Replace the output.
    Replace,
    /// Skip the input.
    Keep(Reason),
    /// Remove the original, because this output contains the same: a run was killed after it named the output and before it
    /// removed the original.
    RemoveOriginal(File),
}

impl<'a> PreviousOutput<'a> {
    /// The regular file at `path`, if there is one.
    pub(super) fn find(input: &'a Input, path: &'a OutputPath) -> io::Result<Option<Self>> {
        let existing = path.directory.lstat(&path.name)?.filter(is_regular);
        Ok(existing.map(|stat| Self { input, path, stat }))
    }

    /// Decides by time and size; by content if the original is to be removed and is not newer. Changes nothing.
    pub(super) fn decide(&self, settings: &Settings) -> Result<Decision, Outcome> {
        if !settings.removes() {
            return Ok(if self.is_up_to_date(settings.format)? && self.has_index_of(settings, &self.open()?)? {
                Decision::Keep(Reason::UpToDate(self.shown()))
            } else {
                Decision::Replace
            });
        }
        if self.stored_time() < self.input_time() && !self.has_time_of_input() {
            return Ok(Decision::Replace);
        }
        let file = self.open()?;
        Ok(if compare::contains(&file, self.input)? {
            match self.is_readable_as(settings.format, &file)? && self.has_index_of(settings, &file)? {
                true => Decision::RemoveOriginal(file),
                // Nothing is lost, because the new output has the same content.
                false => Decision::Replace,
            }
        } else if settings.overwrite == OverwritePolicy::Replace {
            Decision::Replace
        } else {
            Decision::Keep(Reason::OutputDiffers(self.shown()))
        })
    }

    /// Whether it has the time and the size of its input, and can be read as `format`. BGZF can be read as gzip.
    pub(super) fn is_up_to_date(&self, format: Format) -> Result<bool, Outcome> {
        if !self.has_time_of_input() {
            return Ok(false);
        }
        let file = self.open()?;
        let has_size = self.stated_length(&file)?.is_some_and(|stated| stated.is(self.input.size.unwrap_or(0)));
        Ok(has_size && self.is_readable_as(format, &file)?)
    }

    /// Whether readers of `format` can read this `file`.
    fn is_readable_as(&self, format: Format, file: &File) -> Result<bool, Outcome> {
        Ok(format == Format::Gzip || matches!(self.stated_length(file)?, Some(StatedLength::Bgzf(_))))
    }

    fn stated_length(&self, file: &File) -> Result<Option<StatedLength>, Outcome> {
        StatedLength::read(file.as_fd(), self.stat.st_size as u64).map_err(|error| self.failed(error))
    }

    /// Whether this `file` has its index, if the settings ask for one.
    fn has_index_of(&self, settings: &Settings, file: &File) -> io::Result<bool> {
        Ok(!settings.index || self.path.has_index(file, self.stat.st_size as u64)?)
    }

    fn has_time_of_input(&self) -> bool {
        is_stored_as(self.input_time(), self.stored_time(), change_time(&self.stat).nanoseconds)
    }

    /// The modification time of this file.
    fn stored_time(&self) -> FileTime {
        modification_time(&self.stat)
    }

    /// The modification time of the input.
    fn input_time(&self) -> FileTime {
        self.input.modified().unwrap_or(self.stored_time())
    }

    /// Removes the original, whose content is in `compared`. The run that created that file may have ended before the file and
    /// its name were on the disk, so both are synced first.
    pub(super) fn remove_original(&self, compared: &File, settings: &Settings) -> Result<Done, Outcome> {
        let _gate = commit_gate::enter();
        let read = stat_of(compared)?;
        if settings.syncs() {
            let synced = compared.sync_all().and_then(|()| self.path.directory.sync(compared.as_fd()));
            synced.map_err(|error| self.failed(error))?;
        }
        // The name must still belong to the file that was compared, and that file must be unchanged.
        let same = |stat: &Stat| Identity::of(stat) == Identity::of(&self.stat) && same_content(stat, &self.stat);
        if !same(&read) || !self.path.directory.lstat(&self.path.name)?.as_ref().is_some_and(same) {
            return Err(Outcome::Failed(Error::other(format_args!(
                "{} changed while it was compared",
                EscapedName::path(&self.shown())
            ))));
        }
        let warnings = remove_original(self.input).into_iter().collect();
        let (bytes_in, bytes_out) = (self.input.size.unwrap_or(0), self.stat.st_size as u64);
        Ok(Done { bytes_in, bytes_out, output: Some(self.shown()), warnings, ..Done::default() })
    }

    fn open(&self) -> Result<File, Outcome> {
        let opened = self.path.directory.open_file(&self.path.name, OFlags::NOFOLLOW | OFlags::NONBLOCK);
        opened.map(File::from).map_err(|error| self.failed(error.into()))
    }

    fn failed(&self, error: io::Error) -> Outcome {
        Outcome::Failed(Error::from(error).about(self.shown().as_path()))
    }

    fn shown(&self) -> PathBuf {
        self.path.shown().path
    }
}

/// Whether an output exists that does not have the time and size of the input. One that cannot be read counts as outdated.
pub(super) fn has_outdated_output(input: &Input, path: &OutputPath, format: Format) -> io::Result<bool> {
    let previous = PreviousOutput::find(input, path)?;
    Ok(previous.is_some_and(|previous| !previous.is_up_to_date(format).unwrap_or(false)))
}

/// Whether a file system that was given the time `modified` may have stored `stored`. File systems round down to their
/// resolution, which no system call returns. `changed` are the nanoseconds of the stored file's ctime. Users cannot set the
/// ctime, so it shows whether the file system stores finer times. Without this check, an original whose time was set to a whole
/// second, and which changed within that second, would seem unchanged.
fn is_stored_as(modified: FileTime, stored: FileTime, changed: u64) -> bool {
    /// Resolutions in nanoseconds: NTFS and SMB, UDF, protocols with milliseconds, exFAT, ext4 with inodes of 128 bytes, FAT.
    const RESOLUTIONS: [u64; 6] = [100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000];
    /// Resolution of the ctime on FAT, whose modification times are coarser.
    const FINEST_COARSE: u64 = 10_000_000;
    let nanoseconds = |time: FileTime| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    let (modified, stored) = (nanoseconds(modified), nanoseconds(stored));
    modified == stored
        || RESOLUTIONS.iter().any(|&resolution| {
            changed.is_multiple_of(resolution.min(FINEST_COARSE))
                && modified - modified.rem_euclid(resolution.into()) == stored
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time((seconds, nanoseconds): (i64, u64)) -> FileTime {
        FileTime { seconds, nanoseconds }
    }

    #[test]
    fn a_time_equals_itself_rounded_down_to_a_resolution() {
        let modified = (1_700_000_001, 123_456_789);
        for (stored, changed) in [
            (modified, 1),
            ((1_700_000_001, 123_456_700), 987_654_300),
            ((1_700_000_001, 123_456_000), 987_654_000),
            ((1_700_000_001, 123_000_000), 987_000_000),
            ((1_700_000_001, 120_000_000), 0),
            ((1_700_000_001, 0), 0),
            ((1_700_000_000, 0), 0),
            ((1_700_000_000, 0), 430_000_000),
        ] {
            assert!(is_stored_as(time(modified), time(stored), changed), "{stored:?}");
        }
        assert!(is_stored_as(time((-1, 5)), time((-1, 0)), 0), "before 1970");
        assert!(is_stored_as(time((-1, 5)), time((-2, 0)), 0), "before 1970");
    }

    #[test]
    fn other_times_are_a_change() {
        let modified = (1_700_000_001, 123_456_789);
        for (stored, changed) in [
            ((1_700_000_001, 0), 123_456_789),
            ((1_700_000_000, 0), 1),
            ((1_700_000_001, 123_456_700), 1),
            ((1_700_000_001, 120_000_000), 1_000_000),
            ((1_700_000_001, 123_456_788), 0),
            ((1_700_000_001, 123_456_790), 0),
            ((1_700_000_001, 130_000_000), 0),
            ((1_700_000_002, 0), 0),
            ((1_699_999_999, 0), 0),
            ((1_699_999_998, 0), 0),
        ] {
            assert!(!is_stored_as(time(modified), time(stored), changed), "{stored:?}");
        }
        assert!(!is_stored_as(time((1_700_000_001, 0)), time((1_700_000_001, 1)), 0), "rounded down, not up");
    }
}

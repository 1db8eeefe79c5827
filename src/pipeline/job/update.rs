//! `--update`: what becomes of an input whose output is there already.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use anyhow::{Context, anyhow};
use rustix::fs::{FileType, OFlags, Stat};

use crate::escaped_name::Shown;
use crate::io::directory::Folder;
use crate::io::input::{Input, identity_of, same_content, stat_of};
use crate::io::interrupt;
use crate::outcome::{Done, Outcome, Reason};
use crate::pipeline::compare;
use crate::pipeline::sink::remove_original;
use crate::settings::Settings;

/// Whether `name` in `folder` is an output of `input` that is older than it, and so to be replaced. One that is not older
/// settles the matter: the input is left alone; or removed, where that is wanted and the output holds it: a run was killed
/// when it had made the one and not yet removed the other.
pub(super) fn is_outdated(input: &Input, folder: &Folder, name: &OsStr, settings: &Settings) -> Result<bool, Outcome> {
    let Some(standing) = folder.look(name)? else {
        return Ok(false);
    };
    if FileType::from_raw_mode(standing.st_mode) != FileType::RegularFile {
        // Nothing that a run has made.
        return Ok(false);
    }
    let made = (standing.st_mtime as _, standing.st_mtime_nsec as _);
    if input.modified().is_some_and(|modified| made < modified) {
        return Ok(true);
    }
    let shown = folder.shown(name);
    if !settings.removes() {
        return Err(Outcome::Skipped(Reason::UpToDate(shown)));
    }
    let context = || Shown::path(&shown).to_string();
    let opened = folder.open_file(name, OFlags::NOFOLLOW | OFlags::NONBLOCK).map_err(io::Error::from);
    let packed = File::from(opened.with_context(context)?);
    let read = stat_of(&packed)?;
    if !compare::holds(&packed, input)? {
        // Whatever made it, it is newer than the input.
        return if settings.force { Ok(true) } else { Err(Outcome::Skipped(Reason::HoldsOther(shown))) };
    }
    let _finishing = interrupt::finish();
    if settings.syncs() {
        // The run that made it may have ended before either was on the disk.
        packed.sync_all().and_then(|()| folder.sync(packed.as_fd())).with_context(context)?;
    }
    // What goes by its name now has to be what was compared.
    let same = |now: &Stat| identity_of(now) == identity_of(&read) && same_content(now, &read);
    if !folder.look(name)?.as_ref().is_some_and(same) {
        return Err(Outcome::Failed(anyhow!("{} changed while it was compared", Shown::path(&shown))));
    }
    let shortfall = remove_original(input);
    let bytes_in = input.size.unwrap_or(0);
    Err(Outcome::Done(Done {
        bytes_in,
        bytes_out: standing.st_size as u64,
        output: Some(shown),
        shortfall,
        ..Done::default()
    }))
}

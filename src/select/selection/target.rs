//! Where an input's output goes, and under which name, as far as names alone can tell.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::directory::Directory;
use crate::io::memory_file::MemoryFile;
use crate::outcome::{Outcome, Reason};
use crate::select::output_registry::OutputRegistry;
use crate::select::suffix;
use crate::settings::{CompressedFiles, Destination, Settings};

/// Where an input's output goes.
#[derive(Debug)]
pub enum Target {
    /// Into the one output that takes all.
    Concatenated,
    /// None, as its name is what keeps it from being done.
    Refused(Reason),
    /// Nowhere: it is tested or listed.
    Discard,
    /// Under this name, beside the input.
    Beside(OsString),
    /// Under this name in this folder below the output folder.
    InTree(PathBuf, OsString),
    /// Into the file that was named for it.
    Named(PathBuf),
    /// Into this file in memory.
    Memory(MemoryFile),
}

/// Whether it could_be_input who made a file of this name: it would be done, or counted by a walk that passes it by.
pub fn could_be_input(name: &OsStr, settings: &Settings) -> bool {
    settings.recursive || output_name(name, settings).is_ok()
}

/// The name of an input's output.
pub(super) fn output_name(name: &OsStr, settings: &Settings) -> Result<OsString, Reason> {
    if settings.decompresses() {
        let recursive = settings.recursive;
        return suffix::decompressed(name, &settings.suffix).ok_or(Reason::UnknownSuffix { recursive });
    }
    refused(name, settings).map_or_else(|| Ok(suffix::compressed(name, &settings.suffix)), Err)
}

/// Whether a walk passes `name` by for what it is called.
pub(super) fn is_passed_by(name: &OsStr, settings: &Settings) -> bool {
    match settings.destination {
        Destination::Stdout | Destination::File(_) => false,
        _ if settings.decompresses() => suffix::split_suffix(name, &settings.suffix).is_none(),
        _ => refused(name, settings).is_some(),
    }
}

/// Why `name` is not compressed, if it tells that it is already.
fn refused(name: &OsStr, settings: &Settings) -> Option<Reason> {
    let packed = settings.filter.compressed_files;
    let spared = |end: &OsStr| match packed {
        CompressedFiles::Include if !settings.update => false,
        CompressedFiles::SkipGnu => true,
        CompressedFiles::Include | CompressedFiles::SkipGzip | CompressedFiles::SkipAll => {
            end.as_bytes().starts_with(b".") || end == settings.suffix
        }
    };
    match suffix::split_suffix(name, &settings.suffix) {
        Some((_, end, _)) if spared(end) => {
            Some(Reason::HasSuffix { suffix: end.to_owned(), recursive: settings.recursive })
        }
        _ if packed == CompressedFiles::SkipAll && suffix::is_compressed_format(name) => Some(Reason::CompressedFormat),
        _ => None,
    }
}

/// Makes sure that no other input of the run has this output; `directory` is the input's.
pub fn claim(outputs: &OutputRegistry, target: &Target, directory: &Directory) -> Result<(), Outcome> {
    let (free, output) = match target {
        Target::Beside(output) => (outputs.place(directory, output), directory.shown(output)),
        Target::InTree(path, output) => {
            let path = path.join(output);
            (outputs.mirrored(&path), path)
        }
        Target::Concatenated | Target::Refused(_) | Target::Discard | Target::Named(_) | Target::Memory(_) => {
            return Ok(());
        }
    };
    match free {
        true => Ok(()),
        false => Err(Outcome::Failed(Error::other(format_args!(
            "{} is the output of another input already",
            EscapedName::path(&output)
        )))),
    }
}

/// The folder of `path` as it is mirrored below the output folder: without `.`, and without the root's slash.
pub(super) fn mirrored_directory(path: &Path) -> Result<PathBuf, Outcome> {
    let parts = path.parent().unwrap_or(Path::new("")).components();
    parts
        .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
        .map(|part| match part {
            Component::Normal(name) => Ok(name),
            _ => Err(Outcome::Failed(Error::other("a path with .. cannot be mirrored in the output folder"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_paths_stay_below_the_output_folder() {
        let mirrored = |p: &str| mirrored_directory(Path::new(p)).ok();
        assert_eq!(mirrored("/var/log/a"), Some("var/log".into()));
        assert_eq!(mirrored("./x/./a"), Some("x".into()));
        assert_eq!(mirrored("a"), Some("".into()));
        assert_eq!(mirrored("../a"), None);
        assert_eq!(mirrored("x/../a"), None);
    }
}

//! The destination and the name of an input's output, where they follow from the input's name.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::io::directory::Directory;
use crate::io::memory_file::MemoryFile;
use crate::outcome::{Outcome, Reason};
use crate::select::output_registry::OutputRegistry;
use crate::select::suffix::{self, SuffixedName};
use crate::settings::{CompressedFiles, Destination, Settings};

/// Where an input's output is written.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// To the one output of all inputs.
    Concatenated,
    /// Nowhere: the input is skipped because of its name. It is opened all the same, as it may be missing or not a file.
    Refused(Reason),
    /// Nowhere: the input is tested or listed.
    Discard,
    /// To a file of its own.
    File(FileTarget),
    /// To this file in memory.
    Memory(MemoryFile),
}

/// An output file with a single input.
#[derive(Clone, Debug)]
pub(crate) enum FileTarget {
    /// A file whose name derives from the input's.
    Derived(DerivedOutput),
    /// The file of `-o`.
    Named(PathBuf),
}

/// An output file whose name derives from its input's. Its directory is the input's, or one in the tree of `-O`, as the
/// settings say for the whole run.
#[derive(Clone, Debug)]
pub(crate) struct DerivedOutput {
    /// The directory of the input.
    pub directory: Arc<Directory>,
    /// The directory below the output directory; empty if there is none.
    pub path_in_tree: PathBuf,
    /// The name of the output.
    pub name: OsString,
}

/// Whether a file of this name could be an input, so that it matters whether it is an output of this run.
pub(crate) fn could_be_input(name: &OsStr, settings: &Settings) -> bool {
    settings.recursive || output_name(name, settings).is_ok()
}

/// The name of the output of the input `name`, or the reason why it has none.
pub(super) fn output_name(name: &OsStr, settings: &Settings) -> Result<OsString, Reason> {
    if settings.reads_gzip() {
        let recursive = settings.recursive;
        if settings.recompresses() && suffix::split_suffix(name, &settings.suffix).is_some() {
            return Ok(name.to_owned());
        }
        return suffix::decompressed(name, &settings.suffix).ok_or(Reason::UnknownSuffix { recursive });
    }
    compressed_already(name, settings).map_or_else(|| Ok(suffix::compressed(name, &settings.suffix)), Err)
}

/// Whether names of inputs can be skipped because of their suffix.
fn skips_for_name(settings: &Settings) -> bool {
    !matches!(settings.destination, Destination::Stdout | Destination::File(_))
}

/// Whether inputs that the command line names can be skipped because of their suffix. Files are tested and listed under any name.
pub(super) fn skips_named(settings: &Settings) -> bool {
    skips_for_name(settings) && settings.destination != Destination::Discard
}

/// Whether a walk skips `name` because of its suffix.
pub(super) fn is_skipped_for_name(name: &OsStr, settings: &Settings) -> bool {
    match settings.destination {
        _ if !skips_for_name(settings) => false,
        _ if settings.reads_gzip() => suffix::split_suffix(name, &settings.suffix).is_none(),
        _ => compressed_already(name, settings).is_some(),
    }
}

/// The reason why `name` is not compressed, if its suffix says that it is compressed already.
fn compressed_already(name: &OsStr, settings: &Settings) -> Option<Reason> {
    let policy = settings.filter.compressed_files;
    let is_skipped = |end: &OsStr| match policy {
        CompressedFiles::Include if !settings.update => false,
        CompressedFiles::SkipGnu => true,
        CompressedFiles::Include | CompressedFiles::SkipGzip | CompressedFiles::SkipAll => {
            end.as_bytes().starts_with(b".") || end == settings.suffix
        }
    };
    match suffix::split_suffix(name, &settings.suffix) {
        Some(SuffixedName { suffix, .. }) if is_skipped(suffix) => {
            Some(Reason::HasSuffix { suffix: suffix.to_owned(), recursive: settings.recursive })
        }
        _ if policy == CompressedFiles::SkipAll && suffix::is_compressed_format(name) => Some(Reason::CompressedFormat),
        _ => None,
    }
}

/// Claims an output.
///
/// # Errors
/// If it is the output of another input already.
pub(crate) fn claim(outputs: &OutputRegistry, output: &DerivedOutput, settings: &Settings) -> Result<(), Outcome> {
    let DerivedOutput { directory, path_in_tree, name } = output;
    let (is_free, output) = match settings.destination {
        Destination::Directory(_) => {
            let path = path_in_tree.join(name);
            (outputs.claim_path(&path), path)
        }
        _ => (outputs.claim_name(directory, name), directory.display_path(name)),
    };
    match is_free {
        true => Ok(()),
        false => Err(Outcome::Failed(Error::other(format_args!(
            "{} is the output of another input already",
            EscapedName::path(&output)
        )))),
    }
}

/// The directory of `path` below the output directory: its components without `.` and the root. `..` is refused.
pub(super) fn mirrored_directory(path: &Path) -> Result<PathBuf, Outcome> {
    let components = path.parent().unwrap_or(Path::new("")).components();
    components
        .filter(|component| !matches!(component, Component::RootDir | Component::CurDir))
        .map(|component| match component {
            Component::Normal(name) => Ok(name),
            _ => Err(Outcome::Failed(Error::other("a path with .. cannot be mirrored in the output directory"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_paths_stay_below_the_output_directory() {
        let mirrored = |p: &str| mirrored_directory(Path::new(p)).ok();
        assert_eq!(mirrored("/var/log/a"), Some("var/log".into()));
        assert_eq!(mirrored("./x/./a"), Some("x".into()));
        assert_eq!(mirrored("a"), Some("".into()));
        assert_eq!(mirrored("../a"), None);
        assert_eq!(mirrored("x/../a"), None);
    }
}

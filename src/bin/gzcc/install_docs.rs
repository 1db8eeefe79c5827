//! `--install-docs`: writes the manual pages and completions where man and the shells look. `args` has their texts and paths.

use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use gzcc::command::InstallTree;
use gzcc::{Error, EscapedName};

use crate::args::{Document, UsageError};

/// The data directory for all users. man, bash-completion, zsh and fish look there by default.
const FOR_ALL_USERS: &str = "/usr/local/share";

/// The result of an installation.
pub(crate) struct Installation {
    /// A line for each file that was written, and what the user has to set so that the files are found.
    pub(crate) text: String,
    /// The files that were not written.
    pub(crate) errors: Vec<Error>,
}

/// Writes the documents below `directory`, or below the default one.
pub(crate) fn install(directory: Option<PathBuf>, documents: &[Document]) -> Result<Installation, UsageError> {
    let is_default = directory.is_none();
    let directory = directory.map_or_else(default_directory, Ok)?;
    let tree = InstallTree::open(&directory)
        .map_err(|error| UsageError(format!("gzcc: {}: {error}", EscapedName::path(&directory))))?;
    let (mut text, mut errors) = (String::new(), Vec::new());
    for document in documents.iter().filter(|document| document.program.is_none_or(is_gzcc)) {
        match tree.write(Path::new(&document.path), document.text.as_bytes()) {
            Ok(()) => {
                let path = directory.join(&document.path);
                let _ = writeln!(text, "Wrote {}", EscapedName::path(&path));
            }
            Err(error) => errors.push(error),
        }
    }
    if is_default && !text.is_empty() {
        text += &setup(&directory);
    }
    Ok(Installation { text, errors })
}

/// The data directory of all users for root, else that of the user (XDG Base Directory Specification).
fn default_directory() -> Result<PathBuf, UsageError> {
    if rustix::process::geteuid().is_root() {
        return Ok(FOR_ALL_USERS.into());
    }
    // The specification says to ignore relative paths.
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let directory = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    let none = "gzcc: neither XDG_DATA_HOME nor HOME is set; name a directory: --install-docs DIR";
    directory.ok_or_else(|| UsageError(none.to_owned()))
}

/// Whether the shell starts gzcc for `program`.
fn is_gzcc(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_executable = |file: &Metadata| file.is_file() && file.permissions().mode() & 0o111 != 0;
    let files = env::split_paths(&path).filter_map(|directory| fs::metadata(directory.join(program)).ok());
    let (found, gzcc) = (files.into_iter().find(is_executable), fs::metadata("/proc/self/exe"));
    matches!((found, gzcc), (Some(found), Ok(gzcc)) if (found.dev(), found.ino()) == (gzcc.dev(), gzcc.ino()))
}

/// What the user has to set so that man and the shells find the files in `directory`.
fn setup(directory: &Path) -> String {
    let mut text = String::new();
    let mut line = |before: &str, path: &Path, after: &str| {
        let _ = writeln!(text, "{before}{}{after}", EscapedName::path(path));
    };
    if directory != Path::new(FOR_ALL_USERS) {
        if let Some(bin) = directory.parent().map(|parent| parent.join("bin")).filter(|bin| !is_in_path(bin)) {
            line("man: add ", &bin, " to PATH");
        }
        line("zsh: in .zshrc, before compinit: fpath=(", &directory.join("zsh/site-functions"), " $fpath)");
    }
    text + "elvish: in rc.elv: use gzcc\n"
}

/// Whether PATH contains `directory`. man derives the directories of manual pages from those of programs.
fn is_in_path(directory: &Path) -> bool {
    let path: OsString = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|entry| entry == directory)
}

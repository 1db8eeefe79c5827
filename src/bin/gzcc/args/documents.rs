//! The files of `--install-docs`: manual pages and completions, with their paths below a data directory such as /usr/share.

use std::ffi::OsString;

use clap_complete::Shell;

use super::completions::script;
use super::manual;
use super::{Request, UsageError, definition, rejected};

/// A file to install.
pub(crate) struct Document {
    /// The path below the data directory.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The page describes gzcc under this name of gzip's. It is installed only where gzcc has that name; elsewhere it would hide
    /// the page of another program.
    pub(crate) program: Option<&'static str>,
}

/// Where each shell looks below a data directory: the documented places of bash-completion, zsh and fish, and the modules of
/// elvish, which loads completions only on request. PowerShell has no such place.
const COMPLETIONS: [(Shell, &str); 4] = [
    (Shell::Bash, "bash-completion/completions/gzcc"),
    (Shell::Zsh, "zsh/site-functions/_gzcc"),
    (Shell::Fish, "fish/vendor_completions.d/gzcc.fish"),
    (Shell::Elvish, "elvish/lib/gzcc.elv"),
];

/// The request of `--install-docs`.
pub(super) fn request(directory: Option<OsString>, files: &[OsString]) -> Result<Request, UsageError> {
    if !files.is_empty() {
        return Err(rejected("--install-docs takes no FILE"));
    }
    let directory = directory.map(|directory| super::non_empty(directory, "--install-docs")).transpose()?;
    Ok(Request::InstallDocs { directory, documents: all() })
}

/// All documents.
fn all() -> Vec<Document> {
    let page = Document { path: "man/man1/gzcc.1".to_owned(), text: manual::page(definition()), program: None };
    let gzip_pages = crate::gnu::names().map(|name| Document {
        path: format!("man/man1/{name}.1"),
        text: manual::gzip_page(name),
        program: Some(name),
    });
    let completions = COMPLETIONS.map(|(shell, path)| Document {
        path: path.to_owned(),
        text: script(shell, definition()),
        program: None,
    });
    [page].into_iter().chain(gzip_pages).chain(completions).collect()
}

//! The methods to give a finished output its name without replacing a file, and which of them a file system supports.
//!
//! If a file system refuses one method, the next is tried. The method that worked is recorded, so that later files do
//! not repeat the calls that fail. This module makes no system calls: `output::naming` does.

use std::sync::atomic::{AtomicU8, Ordering};

use rustix::io::Errno;

/// The methods, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NamingMethod {
    /// Link an unnamed file (O_TMPFILE). A killed process leaves no file.
    LinkUnnamed,
    /// Rename a temporary with RENAME_NOREPLACE.
    RenameNoReplace,
    /// Link the temporary under the final name and remove the temporary name. NFS has no RENAME_NOREPLACE.
    LinkTemporary,
    /// Reserve the final name with an empty file (O_EXCL) and rename the temporary over it. For file systems with
    /// neither links nor RENAME_NOREPLACE. Between the two calls, the final name holds an empty file.
    Placeholder,
}

impl NamingMethod {
    const ALL: [Self; 4] = [Self::LinkUnnamed, Self::RenameNoReplace, Self::LinkTemporary, Self::Placeholder];

    /// The next method to try. `None` after the last.
    pub(crate) fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|&method| method > self)
    }
}

/// The first method that is not known to fail. The directories of one file system share it.
#[derive(Debug, Default)]
pub(crate) struct KnownMethod(AtomicU8);

impl KnownMethod {
    /// The method to try first.
    pub(crate) fn get(&self) -> NamingMethod {
        NamingMethod::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    /// Records that `method` worked after the methods before it failed.
    pub(crate) fn worked(&self, method: NamingMethod) {
        self.0.fetch_max(method as u8, Ordering::Relaxed);
    }
}

/// Whether the error reports an exhausted resource, so that every other method would fail as well.
pub(crate) fn is_shortage(error: Errno) -> bool {
    matches!(error, Errno::NOSPC | Errno::DQUOT | Errno::MFILE | Errno::NFILE | Errno::NOMEM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_worked_is_tried_first_and_earlier_ones_never_again() {
        let known = KnownMethod::default();
        assert_eq!(known.get(), NamingMethod::LinkUnnamed);
        known.worked(NamingMethod::LinkTemporary);
        known.worked(NamingMethod::RenameNoReplace);
        assert_eq!(known.get(), NamingMethod::LinkTemporary);
        let order: Vec<_> = std::iter::successors(Some(NamingMethod::LinkUnnamed), |method| method.next()).collect();
        assert_eq!(order, NamingMethod::ALL);
    }
}

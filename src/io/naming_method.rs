//! The ways to give a finished output its name without overwrite a file, and which of them a file system supports.
//!
//! A file system that refuses one way is asked for the next. What works is recorded, so that later files do not repeat
//! the calls that fail. Decides nothing and calls nothing: see `output::naming`.

use std::sync::atomic::{AtomicU8, Ordering};

use rustix::io::Errno;

/// The ways, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamingMethod {
    /// A file without a name (O_TMPFILE) is linked: a run that is killed leaves nothing behind.
    LinkUnnamed,
    /// A temporary name is renamed with RENAME_NOREPLACE.
    RenameNoReplace,
    /// The file gets its final name as a second link, and loses the temporary name. NFS has no RENAME_NOREPLACE.
    LinkTemporary,
    /// An empty file reserves the final name (O_EXCL), and the temporary is renamed over it. For file systems with
    /// neither links nor RENAME_NOREPLACE. In between, the final name holds an empty file.
    Placeholder,
}

impl NamingMethod {
    const ALL: [Self; 4] = [Self::LinkUnnamed, Self::RenameNoReplace, Self::LinkTemporary, Self::Placeholder];

    /// The next one to try; `None` after the last.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|&method| method > self)
    }
}

/// The first method that is not known to fail, shared by the directories of one file system.
#[derive(Debug, Default)]
pub struct KnownMethod(AtomicU8);

impl KnownMethod {
    /// The method to try first.
    pub fn get(&self) -> NamingMethod {
        NamingMethod::ALL[usize::from(self.0.load(Ordering::Relaxed))]
    }

    /// Records that `method` worked after those before it had failed.
    pub fn worked(&self, method: NamingMethod) {
        self.0.fetch_max(method as u8, Ordering::Relaxed);
    }
}

/// Whether an error says that something is used up, so that another method would fail as well.
pub fn is_shortage(error: Errno) -> bool {
    matches!(error, Errno::NOSPC | Errno::DQUOT | Errno::MFILE | Errno::NFILE | Errno::NOMEM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_worked_is_tried_first_and_those_before_it_no_more() {
        let known = KnownMethod::default();
        assert_eq!(known.get(), NamingMethod::LinkUnnamed);
        known.worked(NamingMethod::LinkTemporary);
        known.worked(NamingMethod::RenameNoReplace);
        assert_eq!(known.get(), NamingMethod::LinkTemporary);
        let order: Vec<_> = std::iter::successors(Some(NamingMethod::LinkUnnamed), |method| method.next()).collect();
        assert_eq!(order, NamingMethod::ALL);
    }
}

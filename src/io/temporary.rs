//! The name that an output has until it gets its own: `.gzcc-` and 16 hexadecimal digits.
//!
//! Only where a file cannot be made without one, and for the moment in which a file is replaced. Whoever holds
//! a [`Temporary`] holds the duty to remove it; what is alive is known to the process, so that a signal leaves none.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use rustix::io::{Errno, retry_on_intr};

use crate::io::directory::Directory;
use crate::sync::lock;

/// How a temporary's name begins; 16 hexadecimal digits follow. 22 bytes fit beside any name.
const PREFIX: &str = ".gzcc-";

/// Tries to find a free name. Of 2^64 names the first is free; this only bounds the loop.
const MOST_TRIES: u32 = 100;

/// Those that there are, or are about to be. A signal asks for them, which has no run to ask: so this is the process'.
static ALIVE: Mutex<Vec<(Arc<Directory>, OsString)>> = Mutex::new(Vec::new());

/// Held while an empty file has a final name, and for good when the process is about to end.
static PLACING: RwLock<()> = RwLock::new(());

/// Waits until an empty file may reserve a final name. While the guard is alive, a signal does not end the process.
pub fn placing() -> RwLockReadGuard<'static, ()> {
    PLACING.read().unwrap_or_else(PoisonError::into_inner)
}

/// A file's temporary name. Removed when dropped.
#[derive(Debug)]
pub struct Temporary {
    directory: Arc<Directory>,
    name: OsString,
    /// There is no file of that name, or it is not ours: nothing to remove.
    forgotten: bool,
}

impl Temporary {
    /// Calls `make` with names in `directory` until one is free.
    pub fn make<T>(
        directory: &Arc<Directory>,
        mut make: impl FnMut(&OsStr) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<(Self, T)> {
        for _ in 0..MOST_TRIES {
            // std seeds the first RandomState of a thread from the system's randomness and varies the next ones.
            let name = OsString::from(format!("{PREFIX}{:016x}", RandomState::new().hash_one(())));
            // Known before it is there: there is no moment in which it would be forgotten.
            alive().push((Arc::clone(directory), name.clone()));
            let temporary = Self { directory: Arc::clone(directory), name, forgotten: false };
            match retry_on_intr(|| make(&temporary.name)) {
                Ok(made) => return Ok((temporary, made)),
                Err(error) => {
                    // There is nothing, or it is somebody else's.
                    temporary.forget();
                    if error != Errno::EXIST {
                        return Err(error);
                    }
                }
            }
        }
        Err(Errno::EXIST)
    }

    /// The name.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// The file has another name now.
    pub fn forget(mut self) {
        self.forgotten = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.forgotten {
            // Nobody is left to tell: whatever made the output fail has been reported.
            let _ = self.directory.remove(&self.name);
        }
        alive().retain(|(directory, name)| !(*name == self.name && Arc::ptr_eq(directory, &self.directory)));
    }
}

/// Removes every temporary of this process, which is about to end. Nobody makes another one after that.
pub fn remove_all() {
    // Whoever has reserved a final name takes it first.
    std::mem::forget(PLACING.write().unwrap_or_else(PoisonError::into_inner));
    let mut alive = alive();
    for (directory, name) in alive.drain(..) {
        let _ = directory.remove(&name);
    }
    std::mem::forget(alive);
}

/// Whether `name` is one that temporaries have.
pub fn is_temporary(name: &OsStr) -> bool {
    name.as_bytes()
        .strip_prefix(PREFIX.as_bytes())
        .is_some_and(|digits| digits.len() == 16 && digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

fn alive() -> MutexGuard<'static, Vec<(Arc<Directory>, OsString)>> {
    lock(&ALIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporaries_are_known_by_their_name() {
        assert!(is_temporary(OsStr::new(".gzcc-0123456789abcdef")));
        for other in [".gzcc-0123456789abcde", ".gzcc-0123456789ABCDEF", "x.gzcc-0123456789abcdef", ".gzcc-"] {
            assert!(!is_temporary(OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn a_temporary_goes_with_whoever_holds_it_unless_it_has_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(dir.path()).unwrap());
        let make = || {
            Temporary::make(&directory, |name| {
                std::fs::write(dir.path().join(name), "x").unwrap();
                Ok(())
            })
            .unwrap()
            .0
        };
        let (dropped, kept) = (make(), make());
        let known = |name: &OsStr| alive().iter().any(|(_, other)| other == name);
        let names = [dropped.name().to_owned(), kept.name().to_owned()];
        assert!(names.iter().all(|name| known(name) && dir.path().join(name).exists()));
        drop(dropped);
        kept.forget();
        assert_eq!(Arc::strong_count(&directory), 1, "nobody holds the folder open any longer");
        assert!(!names.iter().any(|name| known(name)));
        assert_eq!(names.map(|name| dir.path().join(name).exists()), [false, true]);
    }

    #[test]
    fn what_could_not_be_made_is_nobodys_to_remove() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(dir.path()).unwrap());
        let mut tried = Vec::new();
        let refused = Temporary::make(&directory, |name| {
            std::fs::write(dir.path().join(name), "somebody else's").unwrap();
            tried.push(name.to_owned());
            Err::<(), _>(if tried.len() < 3 { Errno::EXIST } else { Errno::NOSPC })
        });
        assert_eq!(refused.unwrap_err(), Errno::NOSPC);
        assert!(tried.len() == 3 && tried.iter().all(|name| dir.path().join(name).exists()));
    }
}

//! Temporary names of outputs: `.gzcc-` and 16 hexadecimal digits.
//!
//! Used only if the file system cannot create files without a name, and for the moment in which a file is replaced.
//! Dropping a [`Temporary`] removes its file. The process keeps a register of all temporaries, so that a signal removes
//! them as well.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::io::{Errno, retry_on_intr};

use crate::io::directory::Directory;
use crate::sync::lock;

/// Prefix of a temporary's name; 16 hexadecimal digits follow.
const PREFIX: &str = ".gzcc-";

/// Attempts to find a free name. The first of 2^64 random names is practically always free: this only bounds the loop.
const MAX_ATTEMPTS: u32 = 100;

/// The temporaries of this process. A static, because a signal concerns the whole process.
static REGISTER: Mutex<Register> = Mutex::new(Register { names: Vec::new(), placeholders: 0, phase: Phase::Open });

/// Signalled when a placeholder ends. Threads that wait for a closed register wait on it too, and never continue.
static CHANGED: Condvar = Condvar::new();

/// Called before the first temporary or placeholder exists.
static BEFORE_FIRST: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Sets the function to call before the first temporary or placeholder exists.
pub(crate) fn before_first(call: Box<dyn FnOnce() + Send>) {
    *lock(&BEFORE_FIRST) = Some(call);
}

/// Calls the function that [`before_first`] has set. Other threads wait until it returns.
fn call_before_first() {
    let mut call = lock(&BEFORE_FIRST);
    if let Some(call) = call.take() {
        call();
    }
}

/// The temporaries and placeholders that exist.
struct Register {
    /// Names of temporaries that exist or are being created.
    names: Vec<TemporaryName>,
    /// Threads that have reserved a final name with an empty file.
    placeholders: usize,
    phase: Phase,
}

/// The name of a temporary in its directory.
#[derive(Clone, Debug)]
struct TemporaryName {
    directory: Arc<Directory>,
    name: OsString,
}

/// The state of the process, which may be about to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The process runs.
    Open,
    /// It ends when no placeholder is left. New placeholders wait forever.
    Closing,
    /// It ends now. Every change to the register waits forever.
    Closed,
}

/// An empty file has a final name, or is about to. While this exists, [`remove_all`] waits.
#[derive(Debug)]
pub(crate) struct Placeholder(());

/// Waits until a final name may be reserved with an empty file.
pub(crate) fn begin_placeholder() -> Placeholder {
    call_before_first();
    let mut register = lock(&REGISTER);
    while register.phase != Phase::Open {
        register = CHANGED.wait(register).unwrap_or_else(PoisonError::into_inner);
    }
    register.placeholders += 1;
    Placeholder(())
}

impl Drop for Placeholder {
    fn drop(&mut self) {
        lock(&REGISTER).placeholders -= 1;
        CHANGED.notify_all();
    }
}

/// The temporary name of a file. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Temporary {
    name: TemporaryName,
    /// The name does not exist, or refers to another file: dropping removes nothing.
    released: bool,
}

impl Temporary {
    /// Calls `create` with random names in `directory` until one is free.
    pub(crate) fn create<T>(
        directory: &Arc<Directory>,
        mut create: impl FnMut(&OsStr) -> rustix::io::Result<T>,
    ) -> rustix::io::Result<(Self, T)> {
        call_before_first();
        for _ in 0..MAX_ATTEMPTS {
            // std seeds the first RandomState of a thread from the system's randomness and varies the next ones.
            let name = OsString::from(format!("{PREFIX}{:016x}", RandomState::new().hash_one(())));
            // Registered before it exists, so that a signal at any time removes it.
            let name = TemporaryName { directory: Arc::clone(directory), name };
            register().names.push(name.clone());
            let temporary = Self { name, released: false };
            match retry_on_intr(|| create(temporary.name())) {
                Ok(created) => return Ok((temporary, created)),
                Err(error) => {
                    // The file does not exist, or belongs to another process.
                    temporary.release();
                    if error != Errno::EXIST {
                        return Err(error);
                    }
                }
            }
        }
        Err(Errno::EXIST)
    }

    /// The name.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name.name
    }

    /// Gives up the name without removing a file, after the file got another name.
    pub(crate) fn release(mut self) {
        self.released = true;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.released {
            // The failure of the output has been reported already; this one adds nothing.
            let _ = self.name.directory.remove_file(&self.name.name);
        }
        let TemporaryName { directory, name } = &self.name;
        register().names.retain(|other| !(other.name == *name && Arc::ptr_eq(&other.directory, directory)));
    }
}

/// Removes all temporaries of this process, which is about to end. Waits for placeholders first. No temporary can be
/// created after this.
pub(crate) fn remove_all() {
    let mut register = lock(&REGISTER);
    register.phase = Phase::Closing;
    while register.placeholders > 0 {
        register = CHANGED.wait(register).unwrap_or_else(PoisonError::into_inner);
    }
    register.phase = Phase::Closed;
    for TemporaryName { directory, name } in register.names.drain(..) {
        let _ = directory.remove_file(&name);
    }
}

/// Whether `name` has the form of a temporary's name.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    name.as_bytes()
        .strip_prefix(PREFIX.as_bytes())
        .is_some_and(|digits| digits.len() == 16 && digits.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Locks the register. Waits forever once it is closed.
fn register() -> MutexGuard<'static, Register> {
    let mut register = lock(&REGISTER);
    while register.phase == Phase::Closed {
        register = CHANGED.wait(register).unwrap_or_else(PoisonError::into_inner);
    }
    register
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn temporaries_are_recognised_by_their_name() {
        assert!(is_temporary(OsStr::new(".gzcc-0123456789abcdef")));
        for other in [".gzcc-0123456789abcde", ".gzcc-0123456789ABCDEF", "x.gzcc-0123456789abcdef", ".gzcc-"] {
            assert!(!is_temporary(OsStr::new(other)), "{other}");
        }
    }

    #[test]
    fn dropping_a_temporary_removes_its_file_and_releasing_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(dir.path()).unwrap());
        let create = || {
            Temporary::create(&directory, |name| {
                std::fs::write(dir.path().join(name), "x").unwrap();
                Ok(())
            })
            .unwrap()
            .0
        };
        let (dropped, released) = (create(), create());
        let registered = |name: &OsStr| register().names.iter().any(|other| other.name == name);
        let names = [dropped.name().to_owned(), released.name().to_owned()];
        assert!(names.iter().all(|name| registered(name) && dir.path().join(name).exists()));
        drop(dropped);
        released.release();
        assert_eq!(Arc::strong_count(&directory), 1, "the register does not keep the directory open");
        assert!(!names.iter().any(|name| registered(name)));
        assert_eq!(names.map(|name| dir.path().join(name).exists()), [false, true]);
    }

    #[test]
    fn the_first_temporary_is_announced_before_it_exists() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(dir.path()).unwrap());
        let announced = Arc::new(AtomicBool::new(false));
        let called = Arc::clone(&announced);
        before_first(Box::new(move || called.store(true, Ordering::SeqCst)));
        // A test that runs at the same time may be announced first; `create` waits for that.
        for _ in 0..2 {
            let create = |_: &OsStr| Ok(announced.load(Ordering::SeqCst));
            let (temporary, announced_before) = Temporary::create(&directory, create).unwrap();
            temporary.release();
            assert!(announced_before);
        }
    }

    #[test]
    fn a_file_that_another_process_created_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        let directory = Arc::new(Directory::open(dir.path()).unwrap());
        let mut attempts = Vec::new();
        let refused = Temporary::create(&directory, |name| {
            std::fs::write(dir.path().join(name), "another process's").unwrap();
            attempts.push(name.to_owned());
            Err::<(), _>(if attempts.len() < 3 { Errno::EXIST } else { Errno::NOSPC })
        });
        assert_eq!(refused.unwrap_err(), Errno::NOSPC);
        assert!(attempts.len() == 3 && attempts.iter().all(|name| dir.path().join(name).exists()));
    }
}

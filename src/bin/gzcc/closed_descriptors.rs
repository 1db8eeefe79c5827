//! Standard descriptors that are closed when the process starts.
//!
//! The Rust runtime opens /dev/null in their place before `main`, so a closed input would read as empty, and output to a
//! closed descriptor would be discarded without an error. This initialiser runs earlier and puts a symbolic link there, opened
//! with O_PATH. The numbers are then in use, so a file that is opened later cannot get one of them. Each read or write fails
//! with `EBADF` (Bad file descriptor), as on a closed descriptor, and opening /dev/stdin or /dev/fd/1 fails with `ELOOP`.
//!
//! The initialiser needs `unsafe`: in `main`, the runtime's /dev/null cannot be distinguished from one that the user opened.
#![allow(unsafe_code)]

use std::os::fd::IntoRawFd;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

// SAFETY: every function in this section is called once, by the C runtime before `main`, with the C calling convention.
// This one only makes system calls: it uses nothing that the Rust runtime initialises, allocates nothing and cannot panic.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_THE_RUNTIME: extern "C" fn() = occupy;

/// Occupies the number of each closed standard descriptor.
extern "C" fn occupy() {
    let link = || open("/proc/self", OFlags::PATH | OFlags::NOFOLLOW, Mode::empty());
    for (descriptor, unusable) in [(stdin(), OFlags::WRONLY), (stdout(), OFlags::RDONLY), (stderr(), OFlags::RDONLY)] {
        // open() returns the lowest free number. Without /proc, /dev/null in the opposite mode fails in the same way, but can be
        // opened again by name. Without /dev/null, the runtime ends the process later.
        if fcntl_getfd(descriptor) == Err(Errno::BADF)
            && let Ok(opened) = link().or_else(|_| open("/dev/null", unusable, Mode::empty()))
        {
            // The descriptor stays open for the life of the process.
            let _ = opened.into_raw_fd();
        }
    }
}

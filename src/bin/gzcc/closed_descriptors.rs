//! Standard descriptors that are closed when the process starts.
//!
//! The Rust runtime opens /dev/null in their place before `main`: an input that is not there would be an empty one, and
//! output would vanish without an error. This file is earlier, and opens /dev/null the wrong way round: standard input
//! for writing, the other two for reading. The numbers are taken, so no file that is opened later gets one of them, and
//! each read or write fails with `EBADF` (Bad file descriptor), as it does on a closed descriptor.
//!
//! The initialiser needs `unsafe`: once `main` runs, nothing distinguishes the runtime's /dev/null from a user's.
#![allow(unsafe_code)]

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stderr, stdin, stdout};

// SAFETY: every function in this section is called once, by the C runtime before `main`, with the C calling convention.
// This one makes system calls only: it needs nothing that the Rust runtime sets up, allocates nothing and cannot panic.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_THE_RUNTIME: extern "C" fn() = occupy;

/// Opens something that cannot be read or written, respectively, in place of each closed standard descriptor.
extern "C" fn occupy() {
    for (descriptor, access) in [(stdin(), OFlags::WRONLY), (stdout(), OFlags::RDONLY), (stderr(), OFlags::RDONLY)] {
        // An opened file gets the lowest free number. Where there is no /dev/null, the runtime ends the process.
        if fcntl_getfd(descriptor) == Err(Errno::BADF)
            && let Ok(opened) = open("/dev/null", access, Mode::empty())
        {
            std::mem::forget(opened);
        }
    }
}

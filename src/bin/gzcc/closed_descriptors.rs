//! Standard descriptors that are closed when the process starts.
//!
//! The Rust runtime opens /dev/null in their place before `main`, so a closed input would read as empty, and output to a
//! closed descriptor would be discarded without an error. This initialiser runs earlier and opens /dev/null in the opposite
//! mode: standard input for writing, the other two for reading. The numbers are then in use, so a file that is opened later
//! cannot get one of them, and each read or write fails with `EBADF` (Bad file descriptor), as on a closed descriptor.
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

/// Opens /dev/null in the opposite mode for each closed standard descriptor.
extern "C" fn occupy() {
    for (descriptor, access) in [(stdin(), OFlags::WRONLY), (stdout(), OFlags::RDONLY), (stderr(), OFlags::RDONLY)] {
        // open() returns the lowest free number. Without /dev/null, the runtime ends the process later.
        if fcntl_getfd(descriptor) == Err(Errno::BADF)
            && let Ok(opened) = open("/dev/null", access, Mode::empty())
        {
            // The descriptor stays open for the life of the process.
            let _ = opened.into_raw_fd();
        }
    }
}

//! Whether the process was started with SIGPIPE ignored, as services of systemd are.
//!
//! The Rust runtime ignores SIGPIPE itself before `main`, so the inherited disposition is read by an initialiser that runs
//! earlier. It must not do anything else.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGPIPE;

/// `SIG_IGN` of the C library, on every system that Rust supports.
const SIG_IGN: usize = 1;

static IS_IGNORED: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// signal(2) with the handler as a number; returns the previous handler.
    safe fn signal(number: i32, handler: usize) -> usize;
}

// SAFETY: every function in this section is called once, by the C runtime before `main`, with the C calling convention.
// This one makes one system call and stores a flag: it uses nothing that the Rust runtime initialises, allocates nothing and
// cannot panic.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_THE_RUNTIME: extern "C" fn() = read_disposition;

/// Reads the disposition by setting it to the value that the Rust runtime sets next.
extern "C" fn read_disposition() {
    IS_IGNORED.store(signal(SIGPIPE, SIG_IGN) == SIG_IGN, Ordering::Relaxed);
}

/// Whether the process was started with SIGPIPE ignored.
pub(crate) fn is_ignored() -> bool {
    IS_IGNORED.load(Ordering::Relaxed)
}

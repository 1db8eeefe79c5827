//! The entry point of the process, in place of the one of Rust's runtime.
//!
//! Before `main`, the runtime looks up the bounds of the main thread's stack, to recognise an overflow. For that, glibc reads and
//! parses /proc/self/maps: 0.1 ms and 100,000 instructions, a tenth of the time and a sixth of the instructions of a run over one
//! file of 1 KB. Without it, an overflow ends the process by the same signal, without a message.
//!
//! The runtime would also ignore SIGPIPE, which this function does instead, and replace closed standard descriptors, which
//! `closed_descriptors` does. `std::env::args_os` works without it: std has an initialiser for glibc. On other systems the
//! program keeps Rust's entry point.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::panic::catch_unwind;

/// From signal.h.
const SIGPIPE: c_int = 13;
const SIG_IGN: usize = 1;

/// The exit status of a panic of the main thread, as in Rust's runtime.
const PANICKED: c_int = 101;

unsafe extern "C" {
    fn signal(signal: c_int, handler: usize) -> usize;
}

// SAFETY: the C runtime calls the symbol `main` once, after the initialisers, with this signature. No other item of the program has
// that symbol, because `no_main` removes Rust's.
#[unsafe(no_mangle)]
extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    // SAFETY: signal(2) has this signature: a handler is as large as a pointer. `SIG_IGN` is a valid handler, and no other thread
    // exists.
    unsafe {
        signal(SIGPIPE, SIG_IGN);
    }
    // A panic must not cross the boundary to C.
    catch_unwind(crate::exit_status).map_or(PANICKED, c_int::from)
}

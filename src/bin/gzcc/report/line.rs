//! The one line of standard error that changes, and messages that come above it.
//!
//! Whoever writes to the terminal takes the line away first, and it comes back when it is drawn next. No colours, and
//! nothing of a terminal but `\r` and "erase to the end", so that there is nothing to be left behind.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Back to the beginning of the line, and erase what stands there.
const ERASE: &[u8] = b"\r\x1b[K";

/// Held by whoever writes to the terminal, once there may be a line.
static TERMINAL: Mutex<()> = Mutex::new(());

/// The line can be seen.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Does `write` with the line taken away.
pub(super) fn above<T>(write: impl FnOnce() -> T) -> T {
    let _terminal = take();
    erase();
    write()
}

/// Draws the line anew. If that fails there is nobody to see it.
pub(super) fn draw(text: &str) {
    let _terminal = take();
    SHOWN.store(true, Relaxed);
    let _ = io::stderr().write_all(&[ERASE, text.as_bytes()].concat());
}

/// Takes the line away for good, past whoever waits to write: nobody draws it any more. What is to be written first.
pub(super) fn end_at_once() -> &'static [u8] {
    // Whoever has it now writes, and who wants it later waits for ever.
    std::mem::forget(TERMINAL.try_lock());
    if SHOWN.load(Relaxed) { ERASE } else { b"" }
}

fn erase() {
    if SHOWN.swap(false, Relaxed) {
        // Where it fails, what follows on standard error fails as well.
        let _ = io::stderr().write_all(ERASE);
    }
}

fn take() -> MutexGuard<'static, ()> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The one line of standard error that changes, and messages that come above it.
//!
//! Whoever writes to the terminal erases the line first, and it appears again when it is drawn next. No colours.
//!
//! The cursor stays at the beginning of the line. When a window becomes narrower, most terminals wrap the line to several
//! rows and keep the cursor at the same character; from the first character, the erase reaches all of these rows. A line
//! that is drawn before the new width is known is cut off, as it is drawn without automatic wrapping.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Moves to the beginning of the line and erases from there to the end of the screen.
const ERASE: &[u8] = b"\r\x1b[J";

/// Turns automatic wrapping off and on (DECAWM). Both are in one write with the line, so that it is never left off.
const WRAP_OFF: &[u8] = b"\x1b[?7l";
const WRAP_ON: &[u8] = b"\x1b[?7h";

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
    let _ = io::stderr().write_all(&[WRAP_OFF, ERASE, text.as_bytes(), b"\r", WRAP_ON].concat());
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

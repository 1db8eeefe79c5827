//! The progress line on standard error, and the lock that keeps messages and the line apart.
//!
//! Every write to the terminal erases the line first; it appears again when it is drawn next. There are no colours.
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

/// Held while writing to the terminal.
static TERMINAL: Mutex<()> = Mutex::new(());

/// The line is on the screen.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// The process is about to end: nothing more is written.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Erases the line and calls `write`.
pub(super) fn above<T>(write: impl FnOnce() -> T) -> T {
    let _terminal = lock_terminal();
    if SHOWN.swap(false, Relaxed) {
        // If this fails, so does the write that follows.
        let _ = io::stderr().write_all(ERASE);
    }
    write()
}

/// Erases the line.
pub(super) fn erase() {
    above(|| ());
}

/// Draws the line. Errors are ignored: the line is not part of the result.
pub(super) fn draw(text: &str) {
    let _terminal = lock_terminal();
    SHOWN.store(true, Relaxed);
    let _ = io::stderr().write_all(&[WRAP_OFF, ERASE, text.as_bytes(), b"\r", WRAP_ON].concat());
}

/// Ends all output to the terminal, without waiting for a write in progress. Later writes block until the process ends. Returns the
/// bytes that erase the line, which the caller writes before its own last line.
pub(super) fn end_at_once() -> &'static [u8] {
    ENDED.store(true, Relaxed);
    if SHOWN.load(Relaxed) { ERASE } else { b"" }
}

/// Blocks until the process ends.
pub(super) fn block_until_exit() -> ! {
    loop {
        std::thread::park();
    }
}

fn lock_terminal() -> MutexGuard<'static, ()> {
    let terminal = TERMINAL.lock().unwrap_or_else(PoisonError::into_inner);
    if ENDED.load(Relaxed) {
        drop(terminal);
        block_until_exit();
    }
    terminal
}

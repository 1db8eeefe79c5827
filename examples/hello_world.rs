//! Two functions that run concurrently, and a caller that waits for both.
//!
//! In Go this takes `go hello()`, `go world()` and a WaitGroup. `thread::scope` replaces all three: it returns when all its
//! threads have ended, so threads can borrow from the caller.
//!
//! `cargo run --example hello_world`

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

/// How often each word is printed.
const TIMES: usize = 5;

/// The pause after each word, in which the other thread runs: the words mostly alternate.
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    match say_both().and_then(|()| writeln!(io::stdout(), "both have been said {TIMES} times")) {
        // The reader of the pipe has exited, as `head` does. `println!` would panic.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Prints both words, and returns when both threads have ended.
fn say_both() -> io::Result<()> {
    thread::scope(|scope| {
        let both = [scope.spawn(hello), scope.spawn(world)];
        both.into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked"))))
    })
}

fn hello() -> io::Result<()> {
    say("hello")
}

fn world() -> io::Result<()> {
    say("world")
}

fn say(word: &str) -> io::Result<()> {
    for _ in 0..TIMES {
        writeln!(io::stdout(), "{word}")?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

//! Two functions at the same time, and a caller that waits for both.
//!
//! In Go it takes `go hello()`, `go world()` and a WaitGroup; a scope is all three: no thread in it can outlive it, so it
//! ends when both have ended, and what they borrow is still there.
//!
//! `cargo run --example hello_world`

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

/// How often each is said.
const TIMES: usize = 5;

/// Between two times, so that the other one has its turn: what is said alternates, more or less.
const PAUSE: Duration = Duration::from_millis(10);

fn main() -> io::Result<()> {
    match say_both().and_then(|()| writeln!(io::stdout(), "both have been said {TIMES} times")) {
        // The reader, such as head, has read enough; `println!` would panic.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        ended => ended,
    }
}

/// Says both, and returns when all has been said.
fn say_both() -> io::Result<()> {
    thread::scope(|scope| {
        let both = [scope.spawn(hello), scope.spawn(world)];
        both.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("it panicked"))))
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

//! Two functions at the same time, and a caller that waits for both.
//!
//! In Go it takes `go hello()`, `go world()` and a WaitGroup; a scope is all three: no thread in it can outlive it, so it
//! ends when both have ended, and what they borrow is still there.
//!
//! `cargo run --example hello_world`

#![allow(clippy::print_stdout, reason = "it is what a program in a shell does")]

use std::thread;
use std::time::Duration;

/// How often each is said.
const TIMES: usize = 5;

/// Between two times, so that the other one has its turn: what is said alternates, more or less.
const PAUSE: Duration = Duration::from_millis(10);

fn main() {
    say_both();
    println!("both have been said {TIMES} times");
}

/// Says both, and returns when all has been said.
fn say_both() {
    thread::scope(|scope| {
        scope.spawn(hello);
        scope.spawn(world);
    });
}

fn hello() {
    say("hello");
}

fn world() {
    say("world");
}

fn say(word: &str) {
    for _ in 0..TIMES {
        println!("{word}");
        thread::sleep(PAUSE);
    }
}

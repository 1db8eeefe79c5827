//! A background thread: it counts once per period, and main returns before it has finished.
//!
//! The handle is dropped, not joined, so the process ends with main, whatever the thread is doing. In Go it would be a
//! goroutine. As in Go, main receives the counts through a channel.
//!
//! `cargo run --example count_to_ten [MILLISECONDS [LEAVE [LAST]]]`, by default 1000 7 10.

use std::io::{self, ErrorKind, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match count() {
        // The reader of the pipe has exited, as `head` does. `println!` would panic.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => Ok(()),
        result => result,
    }
}

fn count() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (period, leave, last) = (Duration::from_millis(number(1000)?), number(7)?, number(10)?);

    let (sender, counts) = mpsc::channel();
    thread::spawn(move || {
        for count in 1..=last {
            thread::sleep(period);
            // The receiver is dropped: main has returned.
            if sender.send(count).is_err() {
                return;
            }
        }
    });

    // The iterator also ends if the thread ends first, because that drops the sender.
    let mut received = 0;
    for count in counts.iter().take(leave.try_into()?) {
        writeln!(io::stdout(), "{count}")?;
        received += 1;
    }
    writeln!(io::stdout(), "main leaves after {received} of {last}")?;
    Ok(())
}

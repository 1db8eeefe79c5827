//! What a thread in the background is: it counts, once a period, and main leaves before it is done.
//!
//! Nobody waits for the thread (its handle is dropped, not joined), so it ends with main, wherever it is. In Go it would be
//! a goroutine; what main hears of it comes through a channel there as here.
//!
//! `cargo run --example count_to_ten [MILLISECONDS [LEAVE [LAST]]]`, by default 1000 7 10.

use std::io::{self, ErrorKind, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match count() {
        // The reader, such as head, has read enough; `println!` would panic.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => Ok(()),
        ended => ended,
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
            // Main has left: there is nobody to count for.
            if sender.send(count).is_err() {
                return;
            }
        }
    });

    // The channel ends when the thread does, should that be first.
    let mut heard = 0;
    for count in counts.iter().take(leave.try_into()?) {
        writeln!(io::stdout(), "{count}")?;
        heard += 1;
    }
    writeln!(io::stdout(), "main leaves after {heard} of {last}")?;
    Ok(())
}

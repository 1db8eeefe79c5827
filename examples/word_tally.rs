//! Many threads, one map: one thread for each file, and a mutex around the common counts.
//!
//! A thread counts into its own map and takes the lock once, at the end, so threads rarely wait for each other. Files whose
//! names end in .gz are decompressed.
//!
//! `cargo run --example word_tally FILE...` prints the words that occur more than once, with their counts, sorted.

#![allow(clippy::print_stderr, reason = "a command prints its errors")]

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use gzcc::Decoder;

/// The number of occurrences of each word.
type Tally = BTreeMap<String, u64>;

fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let all = Mutex::new(Tally::new());
    let failed = thread::scope(|scope| {
        let count = |file| {
            let all = &all;
            scope.spawn(move || count_in(file, all))
        };
        // All threads are started before the first one is joined.
        let threads: Vec<_> = files.iter().map(|file| (file, count(file))).collect();
        let mut failed = false;
        for (file, thread) in threads {
            let result = thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")));
            if let Err(error) = result {
                eprintln!("word_tally: {}: {error}", file.display());
                failed = true;
            }
        }
        failed
    });
    let printed = print(&all.into_inner().unwrap_or_else(PoisonError::into_inner));
    match printed {
        // The reader of the pipe has exited, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => {
            eprintln!("word_tally: standard output: {error}");
            return ExitCode::FAILURE;
        }
        Ok(()) => {}
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints the words that occur more than once. `println!` would panic if the reader of the pipe has exited.
fn print(words: &Tally) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for (word, times) in words.iter().filter(|(_, times)| **times > 1) {
        writeln!(out, "{times}\t{word}")?;
    }
    out.flush()
}

/// Adds the words of a file to the common counts, or none of them if reading fails.
fn count_in(file: &Path, all: &Mutex<Tally>) -> io::Result<()> {
    let words = words_of(open(file)?)?;
    // If a thread panicked with the lock held, only words of its file are missing; the other files still count.
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    for (word, times) in words {
        *all.entry(word).or_default() += times;
    }
    Ok(())
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    let content = File::open(file)?;
    let compressed = file.extension().and_then(OsStr::to_str).is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    Ok(if compressed { Box::new(Decoder::new(content)) } else { Box::new(BufReader::new(content)) })
}

/// The words in lower case, separated by whitespace. Invalid UTF-8 is replaced by U+FFFD.
fn words_of(content: impl BufRead) -> io::Result<HashMap<String, u64>> {
    let mut words = HashMap::new();
    for line in content.split(b'\n') {
        for word in String::from_utf8_lossy(&line?).split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(words)
}

//! Many threads, one map: each file has a thread of its own, and what they count is behind a mutex.
//!
//! A thread counts for itself and takes the lock once, when it is done: what is shared for a moment is not waited for
//! long. Files that end in .gz are read as what they were compressed from.
//!
//! `cargo run --example word_tally FILE...` prints the words that occur more than once, with their counts, sorted.

#![allow(clippy::print_stderr, reason = "it is what a program in a shell does")]

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use gzcc::Decoder;

/// How often each word occurs.
type Tally = BTreeMap<String, u64>;

fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let all = Mutex::new(Tally::new());
    let failed = thread::scope(|scope| {
        let count = |file| {
            let all = &all;
            scope.spawn(move || count_in(file, all))
        };
        // All are begun before the first is waited for.
        let threads: Vec<_> = files.iter().map(|file| (file, count(file))).collect();
        let mut failed = false;
        for (file, thread) in threads {
            let ended = thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")));
            if let Err(error) = ended {
                eprintln!("word_tally: {}: {error}", file.display());
                failed = true;
            }
        }
        failed
    });
    let printed = print(&all.into_inner().unwrap_or_else(PoisonError::into_inner));
    match printed {
        // The reader, such as head, has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => {
            eprintln!("word_tally: standard output: {error}");
            return ExitCode::FAILURE;
        }
        Ok(()) => {}
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints the words that occur more than once. `println!` would panic when the reader is gone.
fn print(words: &Tally) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for (word, times) in words.iter().filter(|(_, times)| **times > 1) {
        writeln!(out, "{times}\t{word}")?;
    }
    out.flush()
}

/// Adds the words of a file to all others, if it can be read to its end.
fn count_in(file: &Path, all: &Mutex<Tally>) -> io::Result<()> {
    let words = words_of(open(file)?)?;
    // A thread that panicked with the lock held has added some words twice at worst; the others still count.
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    for (word, times) in words {
        *all.entry(word).or_default() += times;
    }
    Ok(())
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    let content = File::open(file)?;
    let packed = file.extension().and_then(OsStr::to_str).is_some_and(|end| end.eq_ignore_ascii_case("gz"));
    Ok(if packed { Box::new(Decoder::new(content)) } else { Box::new(BufReader::new(content)) })
}

/// The words, which whitespace parts, in lower case. What is no UTF-8 is read as well as can be.
fn words_of(content: impl BufRead) -> io::Result<HashMap<String, u64>> {
    let mut words = HashMap::new();
    for line in content.split(b'\n') {
        for word in String::from_utf8_lossy(&line?).split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(words)
}

//! Lists the tests that the test binaries before this one skipped. libtest has nothing that runs at the end, but cargo
//! runs the test binaries in the order of their names, and this one has the last.

#![allow(clippy::print_stdout, reason = "it is a program that prints")]

#[allow(unused_macros, reason = "no test here")]
#[path = "programs/mod.rs"]
mod programs;

use std::collections::BTreeSet;
use std::fs;

fn main() {
    // It has no tests to list.
    if std::env::args().any(|word| word == "--list") {
        return;
    }
    let record = programs::record();
    let lines = fs::read_to_string(&record).unwrap_or_default();
    let _ = fs::remove_file(record);
    let lines: BTreeSet<&str> = lines.lines().collect();
    match lines.len() {
        0 => println!("\nno test was skipped\n"),
        skipped => println!("\nskipped, {skipped} in all:"),
    }
    lines.iter().for_each(|line| println!("    {line}"));
    if !lines.is_empty() {
        println!();
    }
}

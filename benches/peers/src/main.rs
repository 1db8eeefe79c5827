//! Races gzcc's engines against everybody else's: in memory, on one core, in turn, on the files given.
//!
//! Owns the order of things: read, race, print. See README.md.

mod arguments;
mod contenders;
mod domination;
mod groups;
mod race;
mod table;
mod targets;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use arguments::Arguments;
use groups::Group;
use race::Race;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let groups = groups::read(&arguments.files)?;
    let field = contenders::field(arguments)?;
    for group in &groups {
        let race = race::run(&field, group, arguments).with_context(|| format!("group {}", group.name))?;
        print(&race, group, arguments);
    }
    Ok(())
}

fn print(race: &Race, group: &Group, arguments: &Arguments) {
    let (files, bytes) = (group.files.len(), group.bytes);
    println!("\n{}: {files} files, {bytes} bytes; medians of {} rounds\n", group.name, arguments.rounds);
    table::print(&["engine", "MB/s", "ratio", "bytes"], &race.rows(group));
    println!("\n{}: targets of {}, measured factor against required\n", group.name, arguments.ours);
    table::print(&["level", "speed", "size", "met"], &targets::rows(race, group, arguments));
    if arguments.domination {
        println!();
        for finding in domination::findings(race) {
            println!("{}: {finding}", group.name);
        }
    }
}

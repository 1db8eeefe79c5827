//! Compares gzcc's engines with other DEFLATE libraries on the given files: in memory, on one core, interleaved.
//!
//! Reads the files, measures, prints. See README.md.

mod args;
mod bounds;
mod engines;
mod groups;
#[path = "../../data/made/mod.rs"]
mod made;
mod measurements;
mod pareto;
mod sizes;
mod slow;
mod table;
mod targets;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use args::Args;
use groups::Group;
use measurements::Measurements;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    if args.bounds {
        return bounds::print();
    }
    let mut groups = groups::read(&args.files)?;
    if args.made {
        groups::add_made(&mut groups, args.sizes);
    }
    let cases = engines::cases(args)?;
    if args.sizes {
        return sizes::run(&cases, &groups, args);
    }
    let mut all = Vec::new();
    for group in &groups {
        let measurements = Measurements::take(&cases, group, args).with_context(|| format!("group {}", group.name))?;
        print(&measurements, group, args);
        all.push((group.name.as_str(), measurements));
    }
    if let Some(reference) = &args.slow_against {
        slow::print(&all, reference)?;
    }
    Ok(())
}

fn print(measurements: &Measurements, group: &Group, args: &Args) {
    let (files, bytes) = (group.files.len(), group.bytes);
    println!("\n{}: {files} files, {bytes} bytes; medians of {} rounds\n", group.name, args.rounds);
    table::print(&["engine", "MB/s", "ratio", "bytes"], &measurements.rows(group));
    println!("\n{}: targets of {}, measured and required factors\n", group.name, args.ours);
    table::print(&["level", "speed", "size", "met"], &targets::rows(measurements, group, args));
    if args.domination {
        println!();
        for finding in pareto::findings(measurements) {
            println!("{}: {finding}", group.name);
        }
    }
}

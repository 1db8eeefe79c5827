//! Sizes alone: a table for each engine that gzcc is compared with, and what is wrong with the levels.
//!
//! Sizes do not depend on the load of the machine. Those of other engines never change, so a file can keep them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::engines::{self, Case, Peer};
use crate::groups::Group;
use crate::table;

/// A higher level may be larger than a lower one by this factor.
const MAX_GROWTH: f64 = 1.002;

/// The compressed sizes of the files of all groups, by the case.
type Sizes = BTreeMap<Case, Vec<Vec<u64>>>;

/// Compresses all files with all cases, and prints the tables.
pub fn run(cases: &[Case], groups: &[Group], args: &Args) -> Result<()> {
    let mut known = Known::read(args.known_sizes.as_deref())?;
    let mut sizes = Sizes::new();
    for &case in cases {
        let of_groups: Result<Vec<_>> = groups.iter().map(|group| known.sizes(case, group)).collect();
        sizes.insert(case, of_groups.with_context(|| case.to_string())?);
    }
    known.write(args.known_sizes.as_deref())?;
    for peer in [Peer::Libdeflate, Peer::Zlib, Peer::Isal, Peer::Flate2] {
        print_ratios(&sizes, (args.ours, peer), groups);
    }
    print_bytes(&sizes, args.ours, groups);
    for finding in growth(&sizes, args.ours, groups) {
        println!("{finding}");
    }
    Ok(())
}

/// Prints the sizes of our engine as multiples of those of a peer at the same level.
fn print_ratios(sizes: &Sizes, (ours, peer): (Peer, Peer), groups: &[Group]) {
    let mut rows = Vec::new();
    for (case, theirs) in sizes.iter().filter(|(case, _)| case.peer == peer) {
        let Some(ours) = sizes.get(&Case { level: case.level, peer: ours }) else { continue };
        let sum = |of: &[Vec<u64>]| of.iter().flatten().sum::<u64>() as f64;
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| {
            let ratio = |ours: u64, theirs: u64| ours as f64 / theirs as f64;
            let worst = ours.iter().zip(theirs).map(|(&ours, &theirs)| ratio(ours, theirs)).fold(0.0, f64::max);
            format!("{:.4} ({worst:.3})", ratio(ours.iter().sum(), theirs.iter().sum()))
        });
        let all = format!("{:.4}", sum(ours) / sum(theirs));
        rows.push([case.level.to_string()].into_iter().chain(ratios).chain([all]).collect());
    }
    if !rows.is_empty() {
        println!("\nsize of {ours} / {peer} at the same level (largest of a file)\n");
        table::print(&headings(groups), &rows);
    }
}

fn headings(groups: &[Group]) -> Vec<&str> {
    let names = groups.iter().map(|group| group.name.as_str());
    ["level"].into_iter().chain(names).chain(["all"]).collect()
}

fn print_bytes(sizes: &Sizes, ours: Peer, groups: &[Group]) {
    let rows: Vec<Vec<String>> = (sizes.iter().filter(|(case, _)| case.peer == ours))
        .map(|(case, sizes)| {
            let sums: Vec<u64> = sizes.iter().map(|files| files.iter().sum()).collect();
            let all = sums.iter().sum::<u64>();
            [case.level.into()].into_iter().chain(sums).chain([all]).map(|it: u64| it.to_string()).collect()
        })
        .collect();
    println!("\nbytes of {ours}\n");
    table::print(&headings(groups), &rows);
    println!();
}

/// One line for each file that a level of our engine makes larger than the level below.
fn growth(sizes: &Sizes, ours: Peer, groups: &[Group]) -> Vec<String> {
    let levels: Vec<_> = sizes.iter().filter(|(case, _)| case.peer == ours).collect();
    let mut findings = Vec::new();
    for pair in levels.windows(2) {
        let [(_, below), (case, above)] = pair else { continue };
        for (i, group) in groups.iter().enumerate() {
            for (k, name) in group.names.iter().enumerate() {
                let factor = above[i][k] as f64 / below[i][k] as f64;
                if factor > MAX_GROWTH {
                    findings.push(format!("{}/{name}: {case} is {factor:.4} x the level below", group.name));
                }
            }
        }
    }
    findings
}

/// Sizes that were measured before: of other engines' cases, by level, engine, and the size and checksum of the file.
struct Known(BTreeMap<String, u64>);

impl Known {
    fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| path.exists()) else { return Ok(Self(BTreeMap::new())) };
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        Ok(Self(lines.filter_map(|(key, size)| Some((key.to_owned(), size.parse().ok()?))).collect()))
    }

    fn write(&self, path: Option<&Path>) -> Result<()> {
        let Some(path) = path else { return Ok(()) };
        let text: String = self.0.iter().map(|(key, size)| format!("{key} {size}\n")).collect();
        fs::write(path, text).with_context(|| path.display().to_string())
    }

    /// The compressed size of each file of a group.
    fn sizes(&mut self, case: Case, group: &Group) -> Result<Vec<u64>> {
        let mut compressor = None;
        let mut sizes = Vec::new();
        for file in &group.files {
            let mut crc = flate2::Crc::new();
            crc.update(file);
            let key = format!("{case} {} {:08x}", file.len(), crc.sum());
            if let Some(&size) = self.0.get(&key) {
                sizes.push(size);
                continue;
            }
            if compressor.is_none() {
                // Each file is one block, as for the programs.
                let largest = group.files.iter().map(Vec::len).max().unwrap_or(1);
                compressor = Some(engines::compressor(case, largest)?);
            }
            let mut size = 0;
            let compressor = compressor.as_mut().expect("it was just created");
            compressor.compress(file, &mut |output| size += output.len() as u64)?;
            if !matches!(case.peer, Peer::Native | Peer::Flate2) {
                self.0.insert(key, size);
            }
            sizes.push(size);
        }
        Ok(sizes)
    }
}

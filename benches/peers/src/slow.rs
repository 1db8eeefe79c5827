//! Contents on which a level is much slower than on a reference content.

use anyhow::{Context, Result};

use crate::engines::Peer;
use crate::measurements::Measurements;
use crate::table;

/// A level may take this many times as long for a byte as on the reference content.
const MAX_SLOWNESS: f64 = 2.0;

/// Prints a row for each group and level of gzcc's own engine that is more than [`MAX_SLOWNESS`] times as slow as on the group
/// `reference`, with the same factor of the other engines at that level.
pub fn print(groups: &[(&str, Measurements)], reference: &str) -> Result<()> {
    let (_, reference) = groups.iter().find(|(name, _)| *name == reference).context("--slow-against: no such group")?;
    let mut rows = Vec::new();
    for (name, measurements) in groups {
        for ours in measurements.all().iter().filter(|it| it.case.peer == Peer::Native) {
            let same_level = measurements.all().iter().filter(|it| it.case.level == ours.case.level);
            let slowness = same_level.map(|it| {
                let on_reference = reference.of(it.case).context("every group has the same cases")?;
                Ok((it, on_reference.speed() / it.speed()))
            });
            let slowness = slowness.collect::<Result<Vec<_>>>()?;
            if slowness.iter().any(|(it, factor)| it.case == ours.case && *factor > MAX_SLOWNESS) {
                let others = slowness.iter().filter(|(it, _)| it.case.peer != Peer::Native);
                let others: Vec<String> = others.map(|(it, factor)| format!("{} {factor:.1}", it.case.peer)).collect();
                let own = on_group(&slowness);
                rows.push(vec![name.to_string(), ours.case.level.to_string(), own, others.join(", ")]);
            }
        }
    }
    println!("\ntime for a byte, as a multiple of that on the reference, where it is above {MAX_SLOWNESS}\n");
    table::print(&["content", "level", "native", "others"], &rows);
    Ok(())
}

/// The factor and the speed of our own engine.
fn on_group(slowness: &[(&crate::measurements::Measurement, f64)]) -> String {
    let own = slowness.iter().find(|(it, _)| it.case.peer == Peer::Native);
    own.map_or(String::new(), |(it, factor)| format!("{factor:.1} ({:.0} MB/s)", it.speed() / 1e6))
}

//! Whether every level of gzcc's engines is of use: none slower than another without being smaller, sizes that fall.

use crate::contenders::Peer;
use crate::race::{Lane, Race};

/// A line for each level that is of no use, or one that says that there is none, for each of gzcc's engines that ran.
pub fn findings(race: &Race) -> Vec<String> {
    let levels = |peer| race.lanes().iter().filter(|lane| lane.entry.peer == peer).collect::<Vec<_>>();
    let engines = [Peer::Native, Peer::Flate2].map(|peer| (peer, levels(peer)));
    let raced = engines.iter().filter(|(_, levels)| !levels.is_empty());
    raced.flat_map(|(peer, levels)| of_engine(*peer, levels)).collect()
}

/// The findings for one engine's levels, in order.
fn of_engine(peer: Peer, levels: &[&Lane]) -> Vec<String> {
    let mut findings = Vec::new();
    for level in levels {
        for other in levels {
            let (speed, size) = (level.speed_over(other), level.size_over(other));
            if speed < 1.0 && size >= 1.0 {
                let (level, other) = (level.entry, other.entry);
                findings.push(format!("{level} is dominated by {other}: {speed:.3} x its speed, {size:.4} x its size"));
            }
        }
    }
    for pair in levels.windows(2) {
        let size = pair[1].size_over(pair[0]);
        if size >= 1.0 {
            let (lower, higher) = (pair[0].entry, pair[1].entry);
            findings.push(format!("{higher} is not smaller than {lower}: {size:.4} x its size"));
        }
    }
    if findings.is_empty() {
        findings.push(format!("{peer}: no level is dominated, and sizes fall from level to level"));
    }
    findings
}

//! Whether every level of gzcc's engines is useful: no level is slower than another without being smaller, and a higher level
//! is smaller.

use crate::engines::Peer;
use crate::measurements::{Measurement, Measurements};

/// One line for each violation, or one line that reports none, for each of gzcc's engines that was measured.
pub fn findings(measurements: &Measurements) -> Vec<String> {
    let levels = |peer| measurements.all().iter().filter(|it| it.case.peer == peer).collect::<Vec<_>>();
    let engines = [Peer::Native, Peer::Flate2].map(|peer| (peer, levels(peer)));
    let measured = engines.iter().filter(|(_, levels)| !levels.is_empty());
    measured.flat_map(|(peer, levels)| findings_of(*peer, levels)).collect()
}

/// The findings for one engine, whose levels are in ascending order.
fn findings_of(peer: Peer, levels: &[&Measurement]) -> Vec<String> {
    let mut findings = Vec::new();
    for level in levels {
        for other in levels {
            let (speed, size) = (level.speed_over(other), level.size_over(other));
            if speed < 1.0 && size >= 1.0 {
                let (level, other) = (level.case, other.case);
                findings.push(format!("{level} is dominated by {other}: {speed:.3} x its speed, {size:.4} x its size"));
            }
        }
    }
    for pair in levels.windows(2) {
        let size = pair[1].size_over(pair[0]);
        if size >= 1.0 {
            let (lower, higher) = (pair[0].case, pair[1].case);
            findings.push(format!("{higher} is not smaller than {lower}: {size:.4} x its size"));
        }
    }
    if findings.is_empty() {
        findings.push(format!("{peer}: no level is dominated, and each level is smaller than the one below"));
    }
    findings
}

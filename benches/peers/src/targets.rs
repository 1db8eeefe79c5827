//! The targets of gzcc's own engine, and whether the measurements meet them.

use crate::args::Args;
use crate::engines::{Case, Peer};
use crate::groups::Group;
use crate::measurements::Measurements;

/// The target of a level, relative to other engines.
struct Target {
    level: u8,
    /// The required speed as a multiple of each reference's speed.
    speed: &'static [(f64, Case)],
    /// The largest size allowed as a multiple of the reference's size.
    size: (f64, Case),
    /// The same limit for the group called `logs`.
    size_on_logs: f64,
}

const fn libdeflate(level: u8) -> Case {
    Case { level, peer: Peer::Libdeflate }
}

const ISAL_1: Case = Case { level: 1, peer: Peer::Isal };

const TARGETS: [Target; 5] = [
    Target { level: 1, speed: &[(0.85, ISAL_1), (1.6, libdeflate(1))], size: (0.98, ISAL_1), size_on_logs: 0.98 },
    Target { level: 2, speed: &[(1.2, libdeflate(1))], size: (1.0, libdeflate(1)), size_on_logs: 1.01 },
    Target { level: 6, speed: &[(1.0, libdeflate(6))], size: (1.0, libdeflate(6)), size_on_logs: 1.0 },
    Target { level: 9, speed: &[(1.0, libdeflate(9))], size: (1.0, libdeflate(9)), size_on_logs: 1.0 },
    Target { level: 12, speed: &[(1.0, libdeflate(12))], size: (1.0, libdeflate(12)), size_on_logs: 1.0 },
];

/// The references of a level's targets.
pub fn references(level: u8) -> impl Iterator<Item = Case> {
    let target = TARGETS.iter().filter(move |target| target.level == level);
    target.flat_map(|target| target.speed.iter().chain([&target.size]).map(|&(_, reference)| reference))
}

/// The rows of the table: one for each selected level that has a target.
pub fn rows(measurements: &Measurements, group: &Group, args: &Args) -> Vec<Vec<String>> {
    let selected = TARGETS.iter().filter(|target| args.levels.0.contains(&target.level));
    selected.map(|target| target.row(measurements, group, args.ours)).collect()
}

impl Target {
    fn row(&self, measurements: &Measurements, group: &Group, peer: Peer) -> Vec<String> {
        let ours = measurements.of(Case { level: self.level, peer });
        let pair = |reference| Some((ours?, measurements.of(reference)?));
        let speeds = self.speed.iter().map(|&(required, reference)| {
            let measured = pair(reference).map(|(ours, theirs)| ours.speed_over(theirs));
            Factor { reference, required, measured, met: measured.map(|it| it >= required) }
        });
        let speeds: Vec<Factor> = speeds.collect();
        let (required, reference) = self.size;
        let required = if group.name == "logs" { self.size_on_logs } else { required };
        let measured = pair(reference).map(|(ours, theirs)| ours.size_over(theirs));
        let size = Factor { reference, required, measured, met: measured.map(|it| it <= required) };
        let met: Vec<&str> = speeds.iter().chain([&size]).map(Factor::met).collect();
        let speed: Vec<String> = speeds.iter().map(|it| it.text(">=", 3)).collect();
        vec![self.level.to_string(), speed.join(", "), size.text("<=", 4), met.join(", ")]
    }
}

/// A required factor and the measured one, if both cases were measured.
struct Factor {
    reference: Case,
    required: f64,
    measured: Option<f64>,
    met: Option<bool>,
}

impl Factor {
    fn text(&self, relation: &str, decimals: usize) -> String {
        let measured = self.measured.map_or("?".into(), |it| format!("{it:.decimals$}"));
        format!("{measured} ({relation} {:.2}) x {}", self.required, self.reference)
    }

    fn met(&self) -> &'static str {
        match self.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "?",
        }
    }
}

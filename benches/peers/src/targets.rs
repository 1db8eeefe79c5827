//! The targets that gzcc's own engine has to meet, and whether it does.

use crate::arguments::Arguments;
use crate::contenders::{Entry, Peer};
use crate::groups::Group;
use crate::race::Race;

/// What a level has to be, against whom.
struct Target {
    level: u8,
    /// At least so many times as fast as each of these.
    speed: &'static [(f64, Entry)],
    /// At most so many times as large as this.
    size: (f64, Entry),
    /// The same for the group called `logs`.
    size_on_logs: f64,
}

const fn libdeflate(level: u8) -> Entry {
    Entry { level, peer: Peer::Libdeflate }
}

const ISAL_1: Entry = Entry { level: 1, peer: Peer::Isal };

const TARGETS: [Target; 5] = [
    Target { level: 1, speed: &[(0.85, ISAL_1), (1.6, libdeflate(1))], size: (0.98, ISAL_1), size_on_logs: 0.98 },
    Target { level: 2, speed: &[(1.2, libdeflate(1))], size: (1.0, libdeflate(1)), size_on_logs: 1.01 },
    Target { level: 6, speed: &[(1.0, libdeflate(6))], size: (1.0, libdeflate(6)), size_on_logs: 1.0 },
    Target { level: 9, speed: &[(1.0, libdeflate(9))], size: (1.0, libdeflate(9)), size_on_logs: 1.0 },
    Target { level: 12, speed: &[(1.0, libdeflate(12))], size: (1.0, libdeflate(12)), size_on_logs: 1.0 },
];

/// Whom a level is held against.
pub fn rivals(level: u8) -> impl Iterator<Item = Entry> {
    let target = TARGETS.iter().filter(move |target| target.level == level);
    target.flat_map(|target| target.speed.iter().chain([&target.size]).map(|&(_, rival)| rival))
}

/// The table: a row for each level raced that has a target.
pub fn rows(race: &Race, group: &Group, arguments: &Arguments) -> Vec<Vec<String>> {
    let raced = TARGETS.iter().filter(|target| arguments.levels.0.contains(&target.level));
    raced.map(|target| target.row(race, group, arguments.ours)).collect()
}

impl Target {
    fn row(&self, race: &Race, group: &Group, peer: Peer) -> Vec<String> {
        let ours = race.lane(Entry { level: self.level, peer });
        let lanes = |rival| Some((ours?, race.lane(rival)?));
        let speeds = self.speed.iter().map(|&(required, rival)| {
            let measured = lanes(rival).map(|(ours, theirs)| ours.speed_over(theirs));
            Factor { rival, required, measured, met: measured.map(|it| it >= required) }
        });
        let speeds: Vec<Factor> = speeds.collect();
        let (required, rival) = self.size;
        let required = if group.name == "logs" { self.size_on_logs } else { required };
        let measured = lanes(rival).map(|(ours, theirs)| ours.size_over(theirs));
        let size = Factor { rival, required, measured, met: measured.map(|it| it <= required) };
        let met: Vec<&str> = speeds.iter().chain([&size]).map(Factor::met).collect();
        let speed: Vec<String> = speeds.iter().map(|it| it.shown(">=", 3)).collect();
        vec![self.level.to_string(), speed.join(", "), size.shown("<=", 4), met.join(", ")]
    }
}

/// One requirement, and what was measured, if both ran.
struct Factor {
    rival: Entry,
    required: f64,
    measured: Option<f64>,
    met: Option<bool>,
}

impl Factor {
    fn shown(&self, relation: &str, decimals: usize) -> String {
        let measured = self.measured.map_or("?".into(), |it| format!("{it:.decimals$}"));
        format!("{measured} ({relation} {:.2}) x {}", self.required, self.rival)
    }

    fn met(&self) -> &'static str {
        match self.met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "?",
        }
    }
}
